"""Streamlit's own modules, from which nothing else in this project imports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.components.v2 import manifest_scanner

if TYPE_CHECKING:
    from streamlit.components.v2.bidi_component import ComponentResult
    from streamlit.components.v2.types import ComponentRenderer
    from streamlit.elements.lib.column_types import ButtonColumnResult, ColumnConfig

# Types, for annotations only, and functions.
__all__ = [
    "ButtonColumnResult",
    "ColumnConfig",
    "ComponentRenderer",
    "ComponentResult",
    "key_for",
    "skip_component_scan",
    "static_folder",
]


def skip_component_scan() -> None:
    """Keep Streamlit from looking through all packages for components: a sixth of the time until the first page is
    there. Ours are in no package.
    """
    manifest_scanner.scan_component_manifests = _no_manifests


def _no_manifests(max_workers: int | None = None) -> list[tuple[manifest_scanner.ComponentManifest, Path]]:
    return []


def static_folder() -> Path:
    """Return the folder with the index.html of Streamlit's pages."""
    return Path(st.__file__).with_name("static")


def key_for(name: str, id: str) -> str:
    """Return the key of a component that shows the thing with this random id.

    Streamlit keeps two underscores for itself: a component with them in its key raises an error (streamlit 1.67,
    `EVENT_DELIM`), and in one of 160 ids they come about.
    """
    return f"{name}-{id.replace('_', '.')}"

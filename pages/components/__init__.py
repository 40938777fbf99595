"""Components (version 2 of Streamlit's), a folder each: its Python, HTML, CSS and scripts; `shared/` is for several."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_HERE = Path(__file__).parent


def component(name: str, *scripts: str, constants: Mapping[str, object] | None = None) -> ComponentRenderer:
    """Register the component of the folder `name`: index.html, index.css and `scripts` (default: its index.js).

    Several scripts are joined to one module, so they see each other's functions; the last one has the default
    export. `constants` are what Python and the scripts share, by their names there. The component lies in the page
    itself, not in a shadow tree, so that find-in-page, labels and tests reach it; every class begins with `stt-`.
    """
    folder = _HERE / name
    parts = [f"const {constant} = {json.dumps(value)};" for constant, value in (constants or {}).items()]
    parts += [_HERE.joinpath(script).read_text("utf-8") for script in scripts or (f"{name}/index.js",)]
    return st.components.v2.component(
        f"stt_{name}",
        html=folder.joinpath("index.html").read_text("utf-8"),
        css=folder.joinpath("index.css").read_text("utf-8"),
        js="\n".join(parts),
        isolate_styles=False,
    )


def key_for(name: str, id: str) -> str:
    """The key of a component that shows the thing with this random id.

    Streamlit keeps two underscores for itself: a component with them in its key raises an error (streamlit 1.67,
    `EVENT_DELIM`), and in one of 160 ids they come about.
    """
    return f"{name}-{id.replace('_', '.')}"

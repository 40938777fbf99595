"""Functions and types from Streamlit's internal modules. No other file of this project imports those modules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from streamlit.components.v2 import manifest_scanner
from streamlit.web.server.starlette import starlette_routes

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send
    from streamlit.components.v2.bidi_component import ComponentResult
    from streamlit.components.v2.types import ComponentRenderer
    from streamlit.elements.lib.column_types import ButtonColumnResult, ColumnConfig

# The types `ButtonColumnResult`, `ColumnConfig`, `ComponentRenderer` and `ComponentResult` can be used in annotations
# only, because they are not imported at run time.
__all__ = [
    "ButtonColumnResult",
    "ColumnConfig",
    "ComponentRenderer",
    "ComponentResult",
    "WithoutDialogs",
    "key_for",
    "skip_component_scan",
    "static_folder",
]


def skip_component_scan() -> None:
    """Keep Streamlit from scanning all installed packages for components: this app uses no components from packages.

    The scan would take a sixth of the time from the start of the server to the first page.
    """
    manifest_scanner.scan_component_manifests = _no_manifests


def _no_manifests(max_workers: int | None = None) -> list[tuple[manifest_scanner.ComponentManifest, Path]]:
    return []


class WithoutDialogs:
    """ASGI middleware that disables Streamlit's own error dialogs.

    It changes the configuration that a page requests before it connects to the server. Otherwise, three seconds after
    the server becomes unavailable, Streamlit would open a dialog over the page. The dialog takes the keyboard focus
    from a visitor who is typing, and names the command that starts a server. `pages/sections/banner.py` draws a notice
    instead.
    """

    def __init__(self, app: ASGIApp) -> None:
        (theirs,) = starlette_routes.create_host_config_routes(None)
        assert isinstance(theirs, Route)
        self.app, self.path, self._theirs = app, theirs.path, theirs.endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != self.path or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        found = json.loads((await self._theirs(Request(scope))).body)
        changed = JSONResponse({**found, "blockErrorDialogs": True}, headers={"Cache-Control": "no-cache"})
        await changed(scope, receive, send)


def static_folder() -> Path:
    """Return the folder with the index.html of Streamlit's pages."""
    return Path(st.__file__).with_name("static")


def key_for(name: str, id: str) -> str:
    """Return the key of the component `name` for the object with the random id `id`.

    Underscores become dots, because Streamlit raises an error for a key with two underscores in a row (streamlit 1.67,
    `EVENT_DELIM`). One random id in 160 contains two underscores in a row.
    """
    return f"{name}-{id.replace('_', '.')}"

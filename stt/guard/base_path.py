"""Serve the app under a path such as /stt (Streamlit's `server.baseUrlPath`); none by default.

Within the app, addresses do not include the path: it is stripped from each request first, and prepended to each address
in a response.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

_MARK = "stt.guard.base_path"  # key in the scope of requests whose path was stripped
_path = ""


def serve_under(path: str | None) -> None:
    """Set the path, with or without slashes at its ends. Call it once, at startup."""
    global _path
    inner = (path or "").strip("/")
    _path = f"/{inner}" if inner else ""


def at(address: str) -> str:
    """Return the address of a page or route of this server, such as /history, as a browser needs it."""
    return _path + address


class StripBasePath:
    """Strip the path. Paths without it are passed on unchanged, as a proxy may have stripped it already."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _path and scope["type"] in ("http", "websocket") and f"{scope['path']}/".startswith(f"{_path}/"):
            rest = scope["path"][len(_path) :] or "/"
            scope = {**scope, "path": rest, "raw_path": rest.encode(), _MARK: True}
        await self.app(scope, receive, send)


class RestoreBasePath:
    """Restore the path for all but our own routes: Streamlit's routes include it."""

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute]) -> None:
        self.app, self.routes = app, routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        inner = _path and scope["type"] in ("http", "websocket")
        if inner and all(route.matches(scope)[0] is Match.NONE for route in self.routes):
            path = _path + scope["path"]
            scope = {**scope, "path": path, "raw_path": path.encode()}
        await self.app(scope, receive, send)

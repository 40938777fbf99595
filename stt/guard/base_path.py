"""Serve the app under a base path such as /stt (Streamlit's `server.baseUrlPath`). By default there is no base path.

Inside the app, URLs do not include the base path. It is stripped from each request before the request is handled, and
prepended to each URL in a response. Only Streamlit's routes include it (see RestoreBasePath).
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

_path = ""


def serve_under(path: str | None) -> None:
    """Set the base path; `path` may begin and end with slashes. Call this once, at startup."""
    global _path
    inner = (path or "").strip("/")
    _path = f"/{inner}" if inner else ""


def at(address: str) -> str:
    """Prepend the base path to `address`, the URL path of a page or route such as /history, for use in a browser."""
    return _path + address


class StripBasePath:
    """ASGI middleware that strips the base path from requests.

    Requests without the base path are passed on unchanged, because a proxy may already have stripped the base path.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _path and scope["type"] in ("http", "websocket") and f"{scope['path']}/".startswith(f"{_path}/"):
            rest = scope["path"][len(_path) :] or "/"
            scope = {**scope, "path": rest, "raw_path": rest.encode()}
        await self.app(scope, receive, send)


class RestoreBasePath:
    """ASGI middleware that prepends the base path again to requests for Streamlit's routes, which include it.

    Requests for `routes`, the routes that this app adds, are passed on without the base path.
    """

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute]) -> None:
        self.app, self.routes = app, routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        inner = _path and scope["type"] in ("http", "websocket")
        if inner and all(route.matches(scope)[0] is Match.NONE for route in self.routes):
            path = _path + scope["path"]
            scope = {**scope, "path": path, "raw_path": path.encode()}
        await self.app(scope, receive, send)

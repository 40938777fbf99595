"""Starlette: what its routes do inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.routing import request_response
from starlette.types import ASGIApp


def application(handler: Callable[..., Any]) -> ASGIApp:
    """Return an ASGI application of a request handler, as `Route` makes one; an endpoint class is one already."""
    return handler if isinstance(handler, type) else request_response(handler)

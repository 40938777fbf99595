"""Internals of Starlette's routes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.routing import request_response
from starlette.types import ASGIApp


def application(handler: Callable[..., Any]) -> ASGIApp:
    """Convert a request handler to an ASGI application, like `Route` does. Return an endpoint class unchanged."""
    return handler if isinstance(handler, type) else request_response(handler)

"""Let pages of the sites in STT_CORS_ORIGINS call the REST API, with a token and without this app's cookies."""

from __future__ import annotations

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from stt.errors import NAME_HEADER
from stt.settings import settings

PATHS = ("/v1/",)


def origins() -> list[str]:
    """Return the allowed origins, such as https://app.example.org; ["*"] allows all origins."""
    return [origin.rstrip("/") for origin in (settings().cors_origins or "").replace(",", " ").split()]


def may_call(scope: Scope, origin: str | None) -> bool:
    """Return whether a request is for the REST routes, and pages of the site `origin` may call these routes."""
    allowed = origins()
    return origin is not None and scope["path"].startswith(PATHS) and ("*" in allowed or origin in allowed)


class CrossOrigin:
    """ASGI middleware that adds CORS headers to responses of the REST API, and answers preflight requests."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        allowed = origins()
        self._answering = allowed and CORSMiddleware(
            app,
            allow_origins=allowed,
            allow_methods=("GET", "POST", "DELETE"),
            # OpenAI's clients send more than ten headers of their own. Cookies are never among the allowed headers.
            allow_headers=("*",),
            expose_headers=(
                *(NAME_HEADER, "X-Request-Id", "Retry-After", "Content-Disposition"),
                *("X-Generation-Id", "X-Ignored-Fields", "X-Should-Retry"),
            ),
            max_age=600,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._answering and scope["type"] == "http" and scope["path"].startswith(PATHS):
            await self._answering(scope, receive, send)
        else:
            await self.app(scope, receive, send)

"""Serve the scripts, styles and fonts of Streamlit's pages from memory.

A browser requests more than a hundred of these files for its first page, so they are kept in memory.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stt.compat import streamlit

# Browsers may cache a file for a year, because its name contains a hash of its content.
HEADERS = {"Cache-Control": "public, max-age=31536000, immutable"}


class Assets:
    """ASGI middleware that serves the files below `folder`/static, and passes all other requests on to Streamlit.

    The files are listed at the start. Each file is read once, at its first request and without a thread. Streamlit
    would read each file again for every browser, block by block in threads. On a busy machine, these reads would take a
    sixth of the time of the first page view.

    A response with a page gets a `Link` header that tells the browser to preload some scripts, so that they are loaded
    before the browser draws the drop zone.
    """

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self.app = app
        self._files = streamlit.hashed_files(folder)
        self._ahead = ", ".join(f"<{address}>; rel=modulepreload" for address in streamlit.scripts_ahead(folder))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_page(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    headers.append("link", self._ahead)
            await send(message)

        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
        elif (path := scope["path"]) in self._files:
            await _response(self._files[path])(scope, receive, send)
        else:
            await self.app(scope, receive, send_page if self._ahead else send)


@cache
def _response(file: Path) -> Response:
    return Response(file.read_bytes(), media_type=FileResponse(file).media_type, headers=HEADERS)

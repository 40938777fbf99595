"""Serve the scripts, styles and fonts of Streamlit's pages from memory: a first page requests more than a hundred."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stt.compat import streamlit

# Each name contains the hash of the file's content.
HEADERS = {"Cache-Control": "public, max-age=31536000, immutable"}


class Assets:
    """Serve the files below `folder`/static, and pass all other requests on to Streamlit.

    Files are listed once, and each is read once, without a thread. Streamlit reads them for each browser, in threads
    and blocks, which takes a sixth of a first view on a busy machine.

    A page's response links the scripts that it will need, so that they are loaded before the drop zone is drawn.
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

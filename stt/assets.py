"""The scripts, styles and fonts of Streamlit's pages, from memory: a first page asks for over a hundred of them."""

from __future__ import annotations

import os
from pathlib import Path

from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

# Every name has the hash of what is in the file.
HEADERS = {"Cache-Control": "public, max-age=31536000, immutable"}


class Assets:
    """Answers for the files below `folder`/static; for all else, Streamlit does.

    They are looked for once, and each is read once, which is quicker than handing it to a thread. Read for every
    browser anew, in threads and blocks, they take a sixth of a first view while the machine is busy.
    """

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self.app = app
        found = ((Path(place), name) for place, _, names in os.walk(folder / "static") for name in names)
        self._files = {f"/{(place / name).relative_to(folder).as_posix()}": place / name for place, name in found}
        self._answers: dict[str, Response] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = None
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"] in self._files:
            path = scope["path"]
            answer = self._answers.get(path) or self._read(path)
        await (answer or self.app)(scope, receive, send)

    def _read(self, path: str) -> Response:
        file = self._files[path]
        kind = FileResponse(file).media_type
        self._answers[path] = Response(file.read_bytes(), media_type=kind, headers=HEADERS)
        return self._answers[path]

"""The scripts, styles and fonts of Streamlit's pages, from memory: a first page asks for over a hundred of them."""

from __future__ import annotations

import posixpath
from pathlib import Path
from stat import S_ISREG

from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

PATH = "/static/"
# Every name has the hash of what is in the file.
HEADERS = {"Cache-Control": "public, max-age=31536000, immutable"}


class Assets:
    """Answers for the files below `folder`/static; for all else, Streamlit does.

    Each file is read once. Read for every browser anew, in threads and blocks, they take a sixth of a first view while
    the machine is busy.
    """

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self.app = app
        self._files = StaticFiles(directory=folder)
        self._answers: dict[str, Response] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = None
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"].startswith(PATH):
            path = scope["path"]
            answer = self._answers.get(path) or await run_in_threadpool(self._read, path)
        await (answer or self.app)(scope, receive, send)

    def _read(self, path: str) -> Response | None:
        # One way to write each name: nothing is kept twice.
        if posixpath.normpath(path) != path:
            return None
        file, found = self._files.lookup_path(path.lstrip("/"))
        if found is None or not S_ISREG(found.st_mode):
            return None
        kind = FileResponse(file).media_type
        self._answers[path] = Response(Path(file).read_bytes(), media_type=kind, headers=HEADERS)
        return self._answers[path]

"""Handle `/transcripts/{id}/edits`: the player's requests while somebody edits a transcript."""

from __future__ import annotations

from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from stt.editing import requests as steps
from stt.editing import revisions
from stt.errors import BadOption, SttError, UploadBroken
from stt.library import vocabulary
from stt.web.endpoints import refusal
from stt.web.transcripts import requests

LONGEST_BODY = 4 << 20  # maximum size of a body, bytes: a text of the longest paragraph, with its previous text


async def edit(request: Request) -> Response:
    """Handle `POST /transcripts/{id}/edits`: perform a step (`stt.editing.requests`), for the owner only.

    `{"key", "based_on", "step"}`. 200, and 409 if the paragraph was changed meanwhile, with `revision`, how many steps
    to `undo` and `redo`, and the `splices` since `based_on`.
    """
    try:
        content = await requests.body(request, LONGEST_BODY)
    except ClientDisconnect:
        return refusal(UploadBroken())
    except SttError as error:
        return requests.refused(error)
    return await requests.answer(request, lambda id, owner: _edit(id, owner, content))


async def news(request: Request) -> Response:
    """Handle `GET /transcripts/{id}/edits?since=N`: the changes since revision N, in the form of `edit`."""
    return await requests.answer(
        request, lambda id, owner: revisions.news(id, owner, _revision(request.query_params.get("since", "")))
    )


def _edit(generation_id: str, owner: str, content: bytes) -> dict[str, Any]:
    return revisions.edit(generation_id, owner, steps.read(requests.loaded(content)), vocabulary.note)


def _revision(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise BadOption("`since` must be a revision.")
    return int(text)

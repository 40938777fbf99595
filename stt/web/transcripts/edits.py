"""Handle `/transcripts/{id}/edits`: requests that the transcript player sends while a user edits the text."""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from stt.editing import requests as steps
from stt.editing import revisions
from stt.errors import BadOption
from stt.library import vocabulary
from stt.web.transcripts import requests

LONGEST_BODY = 4 << 20  # maximum size of a body, bytes; a body may have the old and the new text of a long paragraph


async def edit(request: Request) -> Response:
    """Handle `POST /transcripts/{id}/edits`: perform an editing step (see `stt.editing.requests`), for the owner only.

    The body is `{"key", "based_on", "step"}`. The status is 200, or 409 if the paragraph was changed meanwhile. The
    response has the new `revision`, the number of steps that can be undone (`undo`) and redone (`redo`), the `splices`,
    which are the changes of the text since the revision `based_on`, and the position of the `caret`.
    """
    return await requests.answer_body(request, _edit, LONGEST_BODY)


async def news(request: Request) -> Response:
    """Handle `GET /transcripts/{id}/edits?since=N`: return the changes since revision N.

    The response has the same format as that of `edit`.
    """
    return await requests.answer(request, partial(_news, request.query_params.get("since", "")))


def _edit(content: bytes, generation_id: str, owner: str) -> dict[str, Any]:
    return revisions.edit(generation_id, owner, steps.read(requests.loaded(content)), vocabulary.note)


def _news(since: str, generation_id: str, owner: str) -> dict[str, Any]:
    if not (since.isascii() and since.isdecimal() and len(since) < 10):
        raise BadOption("`since` must be a revision.")
    return revisions.news(generation_id, owner, int(since))

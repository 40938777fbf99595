"""Handle `/transcripts/{id}/notes`: list, save and delete notes on a transcript, for its owner only."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from stt.notes import book
from stt.transcript.notes import Note
from stt.web.transcripts import requests


async def listed(request: Request) -> Response:
    """Handle `GET /transcripts/{id}/notes`: return `{"notes"}`, each note with id, start, end, text and colour."""
    return await requests.answer(request, lambda id, owner: {"notes": [asdict(note) for note in book.of(id, owner)]})


async def put(request: Request) -> Response:
    """Handle `PUT /transcripts/{id}/notes/{note_id}`: save the note `{"start", "end", "text", "colour"}`.

    The browser chooses the note's id, so repeating the request creates no second note. The response is 200 with the
    stored note.
    """
    return await requests.answer_body(request, partial(_put, request.path_params["note_id"]))


async def delete(request: Request) -> Response:
    """Handle `DELETE /transcripts/{id}/notes/{note_id}`: delete a note. Return 204 even if the note does not exist."""
    note_id = request.path_params["note_id"]
    return await requests.answer(request, lambda id, owner: book.delete(id, owner, note_id))


def _put(note_id: str, content: bytes, generation_id: str, owner: str) -> dict[str, Any]:
    fields = requests.fields(content)
    colour = fields.text("colour") if fields.value("colour", None) is not None else None
    note = Note(note_id, requests.seconds(fields, "start"), fields.seconds("end"), fields.text("text"), colour)
    return asdict(book.put(generation_id, owner, note))

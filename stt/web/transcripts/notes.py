"""Handle `/transcripts/{id}/notes`: the player lists, saves and deletes notes, for the owner only."""

from __future__ import annotations

from dataclasses import asdict

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from stt.errors import SttError, UploadBroken
from stt.notes import book
from stt.transcript.notes import Note
from stt.web.endpoints import refusal
from stt.web.transcripts import requests


async def listed(request: Request) -> Response:
    """Handle `GET /transcripts/{id}/notes`: `{"notes"}`, each with id, start, end, text and colour."""
    return await requests.answer(request, lambda id, owner: {"notes": [asdict(note) for note in book.of(id, owner)]})


async def put(request: Request) -> Response:
    """Handle `PUT /transcripts/{id}/notes/{note_id}`: save a note, `{"start", "end", "text", "colour"}`.

    The browser chooses the id, so a repeated request changes nothing. 200 with the note as stored.
    """
    try:
        content = await requests.body(request)
    except ClientDisconnect:
        return refusal(UploadBroken())
    except SttError as error:
        return requests.refused(error)
    note_id = request.path_params["note_id"]
    return await requests.answer(request, lambda id, owner: asdict(book.put(id, owner, _note(note_id, content))))


async def delete(request: Request) -> Response:
    """Handle `DELETE /transcripts/{id}/notes/{note_id}`: 204, also if it does not exist."""
    note_id = request.path_params["note_id"]
    return await requests.answer(request, lambda id, owner: book.delete(id, owner, note_id))


def _note(note_id: str, content: bytes) -> Note:
    """Return the note in a body. Raises BadOption."""
    given = requests.fields(content)
    colour = given.text("colour") if given.value("colour", None) is not None else None
    return Note(note_id, requests.seconds(given, "start"), given.seconds("end"), given.text("text"), colour)

"""The routes of OpenAI's speech API. A request creates an ordinary job, and is answered when the job is done."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from stt import errors
from stt.aiml import offered as models
from stt.background.diarization import results
from stt.errors import Cancelled, NotFound, SttError
from stt.guard.limiters import LOOKUPS, OPEN_UPLOADS, RESULTS
from stt.jobs import idempotency
from stt.jobs.service import Progress
from stt.kinds import CANCELLED, FAILED
from stt.transcript.model import Transcript
from stt.web.multipart import BadForm, Form
from stt.web.openai import bodies, form
from stt.web.openai.form import SpeechRequest
from stt.web.v1 import contract, creating
from stt.web.v1.creating import Sender
from stt.web.v1.rest import Endpoint, offered, receive

POLLS = (0.1, 1.0)  # polling interval of a job, seconds: initial, maximum
SLOWER = 1.15  # factor by which the polling interval grows after each poll
RETRIES = "x-stainless-retry-count"  # header of OpenAI's clients: how often this request was sent before
NEEDED = "Send a form with “file” and “model”."
ALIVE = 15.0  # seconds without an event until a stream sends a comment, so that no proxy closes the connection


class OpenAIEndpoint(Endpoint):
    """A route that returns errors in OpenAI's format.

    If the request has created a job, the response has the job's id. By default, OpenAI's clients repeat a request up to
    twice. The response tells them not to if `request.state.final` is set: the job itself has failed, or a repetition
    would create and pay another job. After other errors, such as a database outage, a repetition gets the same job.
    """

    def refused(self, error: SttError, request: Request) -> Response:
        generation_id = getattr(request.state, "generation_id", None)
        headers = {"X-Generation-Id": generation_id} if generation_id else {}
        if getattr(request.state, "final", False):
            headers["X-Should-Retry"] = "false"
        return JSONResponse(bodies.refusal(error), status_code=error.status, headers=headers)


class Speech(OpenAIEndpoint):
    """`POST /v1/audio/transcriptions`: transcribe the recording `file` in a form with the model that `model` names.

    The response is sent when the job is done. With `stream`, the text is sent while the job runs.
    """

    translate = False

    async def post(self, request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "multipart/form-data":
            raise BadForm("The Content-Type is not multipart/form-data.", guidance=NEEDED)
        owner = request.state.owner
        with OPEN_UPLOADS.place(owner, request):
            create = partial(_create, self.translate, request.headers.get(RETRIES))
            generation_id, wanted = await receive(request, create)
        request.state.generation_id, request.state.final = generation_id, wanted.cancel_on_disconnect
        headers = {"X-Generation-Id": generation_id}
        if wanted.ignored:
            headers["X-Ignored-Fields"] = ", ".join(wanted.ignored)
        follow = _Following(request, generation_id, owner)
        if wanted.stream:
            headers |= {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
            return StreamingResponse(_events(follow, wanted), headers=headers, media_type="text/event-stream")
        transcript = await follow.result(cancel=wanted.cancel_on_disconnect)
        content, kind = await RESULTS.run_for(owner, bodies.body, wanted, transcript)
        await follow.answered()
        return Response(content, headers={**headers, "Cache-Control": "no-store"}, media_type=kind)


class Translations(Speech):
    """`POST /v1/audio/translations`: transcribe a file like `Speech`, and translate the text to English."""

    translate = True


class Model(OpenAIEndpoint):
    """`GET /v1/models/{model}`: return the model with this id or alias. The route needs no token."""

    public = True

    def get(self, request: Request) -> Response:
        models.refresh()
        name = str(request.path_params["model"])
        listed = contract.models(offered(), models.default().id)["data"]
        for each in listed:
            if name == each["id"] or name in each["aliases"]:
                return JSONResponse(each, headers={"Cache-Control": "no-cache"})
        raise NotFound(f"There is no model {name[:80]!r}.", guidance="See /v1/models.")


def _create(translate: bool, retries: str | None, sent: Form, sender: Sender) -> tuple[str, SpeechRequest]:
    """Create the job of a form, or find the job that the same request created before.

    `retries` is the value of the header RETRIES, or None if the client does not send it.
    """
    wanted = form.read(sent.fields, translate=translate)
    if sent.intake is None:
        raise BadForm("The recording is missing.", guidance="Send it in the field “file”.")
    # If a closed connection cancels the job, a client that repeats the request needs a new job.
    repeats = None if retries is None or wanted.cancel_on_disconnect else retries != "0"
    sender = replace(sender, route="translations" if translate else None, repeats=repeats)
    return creating.from_recording(sent, wanted.model, wanted.options, sender), wanted


class _Following:
    """A poller of a job: it reads the job's state repeatedly, until the transcript is ready.

    If the client closes the connection, the job continues, unless the form has `cancel_on_disconnect`.
    """

    def __init__(self, request: Request, generation_id: str, owner: str) -> None:
        self._request, self.id, self.owner = request, generation_id, owner

    async def progress(self, *, texts: bool) -> AsyncIterator[Progress]:
        """Yield the job's progress repeatedly, until the job and its diarization have ended.

        Afterwards, raises the error of a failed job, and Cancelled if the job was cancelled.

        With `texts`, the progress of a running job includes the text that was transcribed so far. While diarization
        runs, the text no longer changes, so only the first progress includes it.
        """
        pause = POLLS[0]
        while True:
            now = await LOOKUPS.run_for(self.owner, self._current, texts)
            yield now
            if not now.job.pending and not now.awaited:
                break
            texts = texts and now.job.pending
            await asyncio.sleep(pause)
            pause = min(pause * SLOWER, POLLS[1])
        if now.job.state in (FAILED, CANCELLED):
            await self.answered()
            self._request.state.final = True
            raise errors.from_dict(now.job.error) if now.job.error is not None else Cancelled()

    async def answered(self) -> None:
        """Note that the connected client gets the job's outcome, so a later call with the same form gets a new job."""
        if "idempotency-key" not in self._request.headers:  # a key is valid for a day, even if it was answered
            await LOOKUPS.run_for(self.owner, idempotency.call_answered, self.id)

    def _current(self, texts: bool) -> Progress:
        from stt.jobs import service

        return service.get(self.id, owner=self.owner, texts=texts)

    async def result(self, *, cancel: bool) -> Transcript:
        """Return the finished transcript.

        Raises the error of a failed job, Cancelled if the job was cancelled, and ClientDisconnect if the client closes
        the connection.
        """
        async for now in self.progress(texts=False):
            last = now
            if await self._request.is_disconnected():
                if cancel and now.job.pending:
                    await self.cancel()
                raise ClientDisconnect()
        return finished(last)

    async def cancel(self) -> None:
        from stt.jobs import service

        await LOOKUPS.run(service.cancel, self.id, owner=self.owner)


def finished(progress: Progress) -> Transcript:
    """Return the transcript of a finished job.

    If diarization was requested but the transcript names no speaker, all text is assigned to "Speaker 1".
    """
    transcript = progress.transcript
    assert transcript is not None  # every finished job has a transcript
    if results.wants_speakers(progress.job.options) and not transcript.speakers:
        return transcript.spoken_by(bodies.SPEAKER)
    return transcript


async def _events(follow: _Following, wanted: SpeechRequest) -> AsyncIterator[bytes]:
    """Yield server-sent events with new text as it is transcribed, then a last event with the full text.

    If the engine changes text that was sent already, only the last event contains the changed text.
    """
    sent, sent_at, ended = "", time.monotonic(), False
    try:
        async for now in follow.progress(texts=True):
            text, last = now.text, now
            if len(text) > len(sent) and text.startswith(sent):
                yield bodies.event({"type": "transcript.text.delta", "delta": text[len(sent) :]})
                sent, sent_at = text, time.monotonic()
            elif time.monotonic() - sent_at > ALIVE:
                yield b": still transcribing\n\n"
                sent_at = time.monotonic()
        ended = True
        transcript = await RESULTS.run_for(follow.owner, finished, last)
        if wanted.response_format == "diarized_json":
            for segment in bodies.spoken_segments(transcript):
                yield bodies.event(dict(segment))
        done: dict[str, Any] = {"type": "transcript.text.done", **bodies.text(wanted, transcript)}
        await follow.answered()
        yield bodies.event(done)
    except SttError as error:
        ended = True
        yield bodies.event(dict(bodies.refusal(error)))
    finally:
        if not ended and wanted.cancel_on_disconnect:
            await asyncio.shield(follow.cancel())

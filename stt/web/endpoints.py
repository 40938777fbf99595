"""Handle uploads, audio, waveforms, the download of all data, health and metrics."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from stt.auth import visitors
from stt.errors import LimitReached, NotFound
from stt.files import dates, names
from stt.guard.limiters import (
    AUDIO,
    EXPORTS,
    HEALTH,
    IMPORTS,
    LOOKUPS,
    OPEN_EXPORTS,
    OPEN_UPLOADS,
    PROBES,
    UPLOADS,
    WAVEFORMS,
)
from stt.library import sharing
from stt.ops import health, metrics
from stt.store import playback_copies, recordings, records, waveforms
from stt.store.recordings import Recording
from stt.web.handling import answers_errors, client_has, owner_of, refusal

# If a browser opens an uploaded file as a page, that page must not run scripts, send forms or use this site's cookies.
SANDBOX = "sandbox; default-src 'none'; media-src 'self'"


@answers_errors
async def upload(request: Request) -> Response:
    """Handle `POST /upload`: store a recording. The body is the file itself, and is streamed to disk.

    `X-File-Name` is the file's name (percent-encoded). `X-File-Modified` is the time of the file's last change in
    milliseconds since 1970, if the browser knows it. The response is 201 with the recording's id and name.
    """
    owner = await LOOKUPS.run(owner_of, request)
    length = request.headers.get("content-length", "")
    name = names.of_header(request.headers.get("x-file-name", ""))
    changed = dates.of_change(request.headers.get("x-file-modified"))
    expected = int(length) if length.isdecimal() else None
    with OPEN_UPLOADS.place(owner, request):
        intake = await UPLOADS.run(recordings.Intake, name, owner, expected, changed)
        try:
            async for block in request.stream():
                await UPLOADS.run(intake.write, block)
            recording = await PROBES.run_for(owner, intake.finish)
        finally:  # `close` deletes the file if it is not complete
            await UPLOADS.run(intake.close)
    return JSONResponse({"id": recording.id, "name": recording.name}, status_code=201)


@answers_errors
async def audio(request: Request) -> Response:
    """Handle `GET /audio/{id}`: send the audio of a job's recording to the job's owner. Byte ranges are supported.

    The playback copy is sent if there is one. `?original` requests the recording itself, and `?download` requests the
    recording as a file that the browser saves. `GET /audio/shared?share={token}` sends the audio of a shared
    transcript, if the share link includes the audio.
    """
    recording, path, copied = await AUDIO.run(_recording_and_file, request)
    # The ETag is a hash of a name and not of the content, because neither a recording nor its copy ever changes.
    name = f"copy of {recording.id}" if copied else recording.id
    headers = {
        "Cache-Control": _caching(request),
        "Content-Security-Policy": SANDBOX,
        "ETag": f'"{hashlib.sha256(name.encode()).hexdigest()[:32]}"',
    }
    if client_has(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    saved = "download" in request.query_params
    return FileResponse(
        path,
        media_type=playback_copies.MIME if copied else recording.mime,
        headers=headers,
        filename=recording.name if saved else None,
        content_disposition_type="attachment" if saved else "inline",
    )


@answers_errors
async def audio_state(request: Request) -> Response:
    """Handle `GET /audio/{id}/state`: return whether the playback copy that `/audio/{id}` sends is ready.

    The response is `{"state": "original" | "making" | "ready" | "failed", "percent": 0 to 100}`, where "original" means
    that no copy is needed. If the copy is missing, the request starts to make it; if making it failed with a transient
    error some time ago, the request starts to make it again.
    The route also works for a shared transcript.
    """
    found = await WAVEFORMS.run(_audio_state, request)
    return JSONResponse({"state": found.state, "percent": found.percent}, headers={"Cache-Control": "no-store"})


def _audio_state(request: Request) -> playback_copies.Playback:
    recording, track = _recording_and_track(request)
    found = playback_copies.playback_of(recording, track)
    if found is None or found.state in (playback_copies.MAKING, playback_copies.FAILED):
        from stt.background.playback import copying  # imports dbos, which is slow
        from stt.jobs import service

        service.start()
        copying.begin(recording, track)
        found = playback_copies.playback_of(recording, track)
    return found or playback_copies.Playback(playback_copies.MAKING)


@answers_errors
async def waveform(request: Request) -> Response:
    """Handle `GET /audio/{id}/waveform`: return the waveform of a recording, also for a shared transcript.

    The response is `{"peaks": [0 to 1, …]}`, or 202 while the waveform is computed.
    """
    found = await WAVEFORMS.run(_waveform, request)
    if isinstance(found, Future):
        found = await _result_within(waveforms.REQUEST_TIMEOUT, found)
    if found is None:
        return JSONResponse({"peaks": None}, status_code=202, headers={"Cache-Control": "no-store"})
    peaks = [round(peak, 3) for peak in waveforms.steps(found)]
    return JSONResponse({"peaks": peaks}, headers={"Cache-Control": _caching(request)})


def _waveform(request: Request) -> bytes | Future[bytes] | None:
    return waveforms.stored_or_started(*_recording_and_track(request))


async def _result_within(seconds: float, work: Future[bytes]) -> bytes | None:
    """Return the result of `work`, or None if `work` takes longer than `seconds`. No thread is blocked meanwhile.

    After the timeout, `work` continues, because other requests may wait for it.
    """
    done, _ = await asyncio.wait([waiting := asyncio.wrap_future(work)], timeout=seconds)
    if not done:
        # Retrieve an exception that `work` raises later, because asyncio logs exceptions that were never retrieved.
        waiting.add_done_callback(lambda late: late.cancelled() or late.exception())
        return None
    return waiting.result()


def _recording_and_file(request: Request) -> tuple[Recording, Path, bool]:
    """Return the recording, the file to send, and whether that file is the playback copy."""
    recording, track = _recording_and_track(request)
    if not {"download", "original"} & request.query_params.keys():
        copy = playback_copies.copy_of(recording, track)
        if copy is not None:
            return recording, copy, True
    return recording, recording.path, False


def _recording_and_track(request: Request) -> tuple[Recording, str]:
    """Return the recording of the job in the path or of the share link in the query, and the track to play.

    Raises NotFound if the client may not access the recording, or the recording is no longer kept.
    """
    name, share = request.path_params["id"], request.query_params.get("share")
    if name == "shared" and share:
        recording, job = sharing.audio_of(share)
    else:
        owner = visitors.owner_of(visitors.visitor(request.cookies))
        if owner is None:
            raise NotFound()
        job = records.load(name, owner)
        recording = recordings.find(job.recording_id, owner)
    if not recording.kept:
        raise NotFound("The recording is no longer kept.")
    return recording, playback_copies.track_of(recording, job.options)


def _caching(request: Request) -> str:
    """Return the `Cache-Control` header of audio and waveforms.

    A browser must ask the server before each use of a cached response, and must not store a response to a share link
    at all. So nobody can play audio from a browser's cache after a sign-out or a deletion.
    """
    return "private, no-store" if "share" in request.query_params else "private, no-cache"


@answers_errors
async def my_data(request: Request) -> Response:
    """Handle `GET /my-data.zip`: send all data of the visitor in a ZIP (see `stt.library.takeout`).

    The ZIP is produced while it is sent.
    """
    owner = await LOOKUPS.run(owner_of, request)
    headers = {"Cache-Control": "private, no-store", "Content-Disposition": 'attachment; filename="my-data.zip"'}
    takeout = await IMPORTS.run(import_module, "stt.library.takeout")  # slow, because it imports the export formats
    takeout.check_room()
    pieces = EXPORTS.iterate(owner, takeout.everything(owner))
    return _InPlace(OPEN_EXPORTS.place(owner, request), pieces, media_type="application/zip", headers=headers)


class _InPlace(StreamingResponse):
    """A streaming response that counts towards a limit of open requests (`limiters.Open`) while it is sent.

    If too many requests are open, an error is sent instead.
    """

    def __init__(self, place: AbstractContextManager[None], content: AsyncIterator[bytes], **more: Any) -> None:
        super().__init__(content, **more)
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with self._place:
                await super().__call__(scope, receive, send)
        except LimitReached as error:
            await refusal(error)(scope, receive, send)


async def healthz(_request: Request) -> Response:
    """Handle `GET /healthz`: return 200 if the process is ready, or 503 with a list of what is missing."""
    status, answer = await HEALTH.run(health.answer)
    return JSONResponse(answer, status_code=status)


async def prometheus_metrics(_request: Request) -> Response:
    """Handle `GET /metrics`: return the metrics of this server for Prometheus."""
    return Response(await HEALTH.run(metrics.page), media_type=metrics.TYPE)

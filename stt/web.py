"""What the routes beside the pages answer: uploads, audio, health and figures."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse

from stt import access, health, metrics, recordings, records, sharing, waveform
from stt.errors import (
    Conflict,
    InputError,
    LimitReached,
    NotFound,
    SetupError,
    SttError,
    TooLarge,
    UploadBroken,
)
from stt.recordings import Recording

# An upload opened as a page of its own is nothing but sound: no script, no form, no cookie of this site.
SANDBOX = "sandbox; default-src 'none'; media-src 'self'"
_STATUS = [(NotFound, 404), (Conflict, 409), (TooLarge, 413), (LimitReached, 429), (InputError, 422), (SetupError, 507)]


async def upload(request: Request) -> Response:
    """`POST /upload`, the file as the raw body, its name in `X-File-Name` (percent-encoded): 201 and the recording.

    The body goes to disk as it comes; nothing is held in memory.
    """
    owner = await run_in_threadpool(_owner, request)
    if owner is None:
        return refusal(NotFound("This browser has no cookie of this site.", guidance="Allow cookies, then reload."))
    length = request.headers.get("content-length", "")
    name = unquote(request.headers.get("x-file-name", ""))
    try:
        with recordings.Intake(name, owner, int(length) if length.isdecimal() else None) as intake:
            async for block in request.stream():
                await run_in_threadpool(intake.write, block)
            recording = await run_in_threadpool(intake.finish)
    except ClientDisconnect:
        return refusal(UploadBroken())  # nobody reads it; the part is gone from the disk
    except SttError as error:
        return refusal(error)
    return JSONResponse({"id": recording.id, "name": recording.name}, status_code=201)


def audio(request: Request) -> Response:
    """`GET /audio/{id}`: the recording of a transcription, for its owner, with byte ranges; `?download` to save it.

    `GET /audio/shared?share={token}`: that of a shared one, if the link lets hear it.
    """
    try:
        recording = _recording(request)
    except NotFound as error:
        return refusal(error)
    headers = {
        "Cache-Control": _caching(request),
        "Content-Security-Policy": SANDBOX,
    }
    saved = "download" in request.query_params
    return FileResponse(
        recording.path,
        media_type=recording.mime,
        headers=headers,
        filename=recording.name if saved else None,
        content_disposition_type="attachment" if saved else "inline",
    )


def loudness(request: Request) -> Response:
    """`GET /audio/{id}/waveform`, also of a shared one: `{"peaks": [0 to 1, …]}`; 202 while it is worked out."""
    try:
        peaks = waveform.of(_recording(request))
    except NotFound as error:
        return refusal(error)
    if peaks is None:
        return JSONResponse({"peaks": None}, status_code=202, headers={"Cache-Control": "no-store"})
    return JSONResponse({"peaks": [round(peak, 3) for peak in peaks]}, headers={"Cache-Control": _caching(request)})


def _recording(request: Request) -> Recording:
    """The recording that the path names, if whoever asks may hear it. Raises NotFound."""
    name, share = request.path_params["id"], request.query_params.get("share")
    if name == "shared" and share:
        recording = sharing.audio_of(share)
    else:
        owner = _owner(request)
        if owner is None:
            raise NotFound()
        job = records.load(name, owner)
        recording = recordings.find(job.recording_id or "", owner)
    if not recording.kept:
        raise NotFound("The recording is no longer kept.")
    return recording


def _caching(request: Request) -> str:
    """What is shared may be withdrawn: no browser should still have it then."""
    return "private, no-store" if "share" in request.query_params else "private, max-age=3600"


def my_data(request: Request) -> Response:
    """`GET /my-data.zip`: all that is the visitor's, made while it is sent (see `stt.takeout`)."""
    from stt import takeout  # brings the formats: only when somebody asks

    owner = _owner(request)
    if owner is None:
        return refusal(NotFound("This browser has no cookie of this site.", guidance="Allow cookies, then reload."))
    headers = {"Cache-Control": "private, no-store", "Content-Disposition": 'attachment; filename="my-data.zip"'}
    return StreamingResponse(takeout.everything(owner), media_type="application/zip", headers=headers)


def healthz(_request: Request) -> Response:
    """`GET /healthz`: 200 once the database answers and the job engine runs; 503 until then, with what is missing."""
    status, answer = health.answer()
    return JSONResponse(answer, status_code=status)


def figures(_request: Request) -> Response:
    """`GET /metrics` for Prometheus."""
    return Response(metrics.page(), media_type=metrics.TYPE)


def _owner(request: Request) -> str | None:
    return access.owner_of(access.visitor(request.cookies))


def refusal(error: SttError) -> JSONResponse:
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
    return JSONResponse(error.to_dict(), status_code=status)

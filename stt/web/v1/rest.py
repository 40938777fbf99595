"""The REST routes under `/v1`, for programs with a token. Requests and responses have the formats of the AI/ML API."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from starlette.endpoints import HTTPEndpoint
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from stt.aiml import offered as models
from stt.aiml.catalog import Model
from stt.auth import clients, tokens, visitors
from stt.auth.tokens import Token
from stt.db import json_pieces
from stt.db.engine import DB_UNAVAILABLE
from stt.errors import (
    NAME_HEADER,
    DatabaseUnavailable,
    MethodNotAllowed,
    NotFound,
    ReadOnly,
    SttError,
    TooLarge,
    Unauthorized,
    UploadBroken,
)
from stt.guard.limiters import CREATES, LOOKUPS, OPEN_LINKS, OPEN_UPLOADS, PROBES, RESULTS, UPLOADS
from stt.jobs import idempotency
from stt.ops import logs
from stt.settings import settings
from stt.store.recordings import Intake, megabytes
from stt.web.handling import body_of, client_has
from stt.web.multipart import LONGEST_FIELDS, BadForm, Form
from stt.web.v1 import contract, creating, shapes
from stt.web.v1.creating import Sender

LONGEST_JSON = 1 << 20  # maximum size of a JSON body, bytes
T = TypeVar("T")

log = logging.getLogger("stt.web.v1.rest")


class Endpoint(HTTPEndpoint):
    """A route that requires a token unless it is `public`, and returns errors in the format of the AI/ML API.

    The methods `get`, `post` and `delete` receive the request, with the token's owner in `request.state.owner`, and in
    `request.state.read_only` whether the token is read-only. Only `post` is asynchronous.
    """

    public = False
    get: Callable[[Request], Response]
    delete: Callable[[Request], Response]
    post: Callable[[Request], Awaitable[Response]]

    async def dispatch(self) -> None:
        request = Request(self.scope, receive=self.receive, send=self.send)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            response = self.refused(UploadBroken(), request)  # the client is gone, so nobody reads this response
        except Exception as error:  # noqa: BLE001 - every failure gets a response; unexpected failures are logged
            response = self.refused(_as_ours(error), request)
        # The server closes a connection that is idle for 5 seconds. When clients reused connections, 1 in 60 requests
        # that were sent at that moment failed. So each connection is closed after one response.
        response.headers["Connection"] = "close"
        await response(self.scope, self.receive, self.send)

    async def _answer(self, request: Request) -> Response:
        if request.method not in self._allowed_methods:
            allowed = ", ".join(self._allowed_methods)
            response = self.refused(MethodNotAllowed(f"This address takes {allowed}."), request)
            response.headers["Allow"] = allowed
            return response
        if not self.public:
            token = await LOOKUPS.run(token_of, request)
            if token.read_only and request.method != "GET":
                raise ReadOnly("This token may only read.")
            request.state.owner, request.state.read_only = token.owner, token.read_only
        if request.method == "POST":
            return await self.post(request)
        handler = self.delete if request.method == "DELETE" else self.get
        return await RESULTS.run_for(getattr(request.state, "owner", None), handler, request)

    def refused(self, error: SttError, request: Request) -> Response:
        """Return the response that reports `error`."""
        headers = {NAME_HEADER: type(error).__name__}
        headers |= {"WWW-Authenticate": "Bearer"} if isinstance(error, Unauthorized) else {}
        body = contract.refusal(error, request.url.path, logs.request_id.get())
        return _json_answer(body, headers, error.status)


class Create(Endpoint):
    """`POST /v1/stt/create`: create a job from JSON with `url`, or from a form with the file in `audio` or `file`.

    The response has the status 201 and the generation id. Repeating the request with the same `Idempotency-Key` gives
    the same response, and creates no second job.
    """

    async def post(self, request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "multipart/form-data":
            with OPEN_UPLOADS.place(request.state.owner, request):
                generation_id = await receive(request, creating.from_form)
        elif kind == "application/json":
            sender = _sender(request)
            with OPEN_LINKS.place(sender.owner, request):
                body = await json_body(request)
                generation_id = await CREATES.run_for(sender.owner, creating.from_link, body, sender)
        else:
            raise BadForm("The Content-Type is neither application/json nor multipart/form-data.")
        return JSONResponse({"generation_id": generation_id, "status": "queued"}, status_code=201)


async def receive(request: Request, create: Callable[[Form, Sender], T]) -> T:
    """Receive a form with a recording, and return `create(form, sender)`.

    Raises BadForm if the form is malformed, TooLarge if the form or the recording is too large, BadKey if there is more
    than one Idempotency-Key, ClientDisconnect if the client closes the connection, and the errors of `create` and of
    Intake.
    """
    limit = settings().upload_limit
    if _length(request) > limit + LONGEST_FIELDS:
        raise TooLarge(f"The recording is larger than the limit of {megabytes(limit)}.")
    sender = _sender(request)
    form = Form(request.headers["content-type"], lambda name: Intake(name, sender.owner))
    try:
        async for block in request.stream():
            await UPLOADS.run(form.write, block)
        form.end()
        return await PROBES.run_for(sender.owner, create, form, sender)
    finally:
        await UPLOADS.run(form.close)


class Generation(Endpoint):
    """`GET /v1/stt/{generation_id}`: return the state of a job, and its result once the job is completed.

    `DELETE /v1/stt/{generation_id}`: stop and delete the job, and return 204. The recording is deleted with the job,
    unless another job uses it.
    """

    def get(self, request: Request) -> Response:
        from stt.jobs import service

        progress = service.get(_generation_id(request), owner=request.state.owner, texts=False)
        answer = contract.job(progress.job, progress.transcript, progress.speakers, awaited=progress.awaited)
        return _json_answer(answer, {"Cache-Control": "no-store"})

    def delete(self, request: Request) -> Response:
        from stt.library import history

        history.delete(_generation_id(request), request.state.owner)
        return Response(status_code=204)


class Models(Endpoint):
    """`GET /v1/models`: return the models of this server with their prices. The route needs no token.

    The status is 304 if the request's `If-None-Match` header contains the ETag of the current list.
    """

    public = True

    def get(self, request: Request) -> Response:
        models.refresh()
        body = contract.models(offered(), models.default().id)
        headers = {"ETag": contract.etag(body), "Cache-Control": "no-cache"}
        if client_has(request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return _json_answer(body, headers)


class Document(Endpoint):
    """`GET /v1/openapi.json`: return the OpenAPI document of the REST routes. This route needs no token."""

    public = True

    def get(self, _request: Request) -> Response:
        from stt.web.v1 import openapi

        return _json_answer(openapi.document())


class Nothing(Endpoint):
    """Every other path below /v1: return 404 as JSON. Without this route, Streamlit would send a page."""

    public = True

    async def _answer(self, request: Request) -> Response:
        raise NotFound("There is nothing at this address.", guidance="See /v1/openapi.json.")


def token_of(request: Request) -> Token:
    """Return the token in the request's `Authorization` header.

    Raises Unauthorized if the token is missing, invalid or revoked, or its owner may no longer sign in.
    """
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    token = tokens.find(text.strip()) if scheme.lower() == "bearer" and text.strip() else None
    if token is None or not _has_access(token.owner):
        raise Unauthorized("The token is missing, invalid or revoked.")
    return token


def _has_access(owner: str) -> bool:
    """Return whether tokens of this owner are valid.

    If STT_ACCESS is `login`, the owner must be a user who may still sign in. So the tokens that visitors created while
    STT_ACCESS had another value are invalid.
    """
    if settings().access != "login":
        return True
    # The name of a `user:` owner has no "@" if `stt token NAME` created the token, or if the user's email address is
    # not verified. Such a name is not looked up in STT_ALLOWED_EMAILS.
    return owner.startswith("user:") and ("@" not in owner or visitors.allowed(owner))


def _generation_id(request: Request) -> str:
    generation_id: str = request.path_params["generation_id"]
    if not re.fullmatch(shapes.ID, generation_id):  # checked here, because a database may reject some characters
        raise NotFound("There is no such transcript.")
    return generation_id


def _sender(request: Request) -> Sender:
    """Return who sends this request. Raises BadKey if there is more than one Idempotency-Key."""
    keys = request.headers.getlist("idempotency-key")
    if len(keys) > 1:
        raise idempotency.BadKey("The header occurs more than once.")
    key, address = keys[0] if keys else None, clients.address_of(request)
    return Sender(request.state.owner, key, address, partial(token_of, request))


def offered() -> list[tuple[Model, Model]]:
    """Return a pair for each model that can be requested: the requested model, and the model that then runs."""
    offered = []
    for model in models.known().models:
        try:
            offered.append((model, models.choose(model.id, None)[0]))
        except SttError:
            continue
    return offered


async def json_body(request: Request) -> Any:
    """Return the JSON value of the request's body.

    Raises TooLarge if the body has more than LONGEST_JSON bytes, BadForm if it is not valid JSON, and ClientDisconnect
    if the client closes the connection.
    """
    too_large = TooLarge("The body is larger than 1 MB.", guidance="Send the recording as a form or as a link.")
    if _length(request) > LONGEST_JSON:
        raise too_large
    body = await body_of(request, LONGEST_JSON, too_large)
    try:
        return json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadForm("The body is not valid JSON.", guidance="See /v1/openapi.json for what can be sent.") from error


def _length(request: Request) -> int:
    length = request.headers.get("content-length", "")
    return int(length) if re.fullmatch("[0-9]{1,18}", length) else 0


def _as_ours(error: Exception) -> SttError:
    """Return `error` if it is an SttError, or else the SttError that is reported to the client instead."""
    if isinstance(error, SttError):
        return error
    if isinstance(error, DB_UNAVAILABLE):
        return DatabaseUnavailable(detail=repr(error))
    log.exception("a request failed", exc_info=error)
    return SttError()


def _json_answer(body: Mapping[str, object], headers: dict[str, str] | None = None, code: int = 200) -> Response:
    # The JSON is ASCII, because a message may quote half a surrogate pair, which UTF-8 cannot encode.
    content = json_pieces.dumps(body, ensure_ascii=True, allow_nan=False)
    return Response(content, status_code=code, headers=headers, media_type="application/json")

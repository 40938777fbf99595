"""Generate the OpenAPI document of the REST routes from `stt.web.v1.shapes`, which also validates requests."""

from __future__ import annotations

from typing import Any

from stt import errors
from stt.guard import base_path
from stt.web.openai import shapes as speech
from stt.web.v1 import shapes

_PROBLEMS: dict[type[errors.SttError], str] = {
    errors.InputError: "The request is invalid; `message` says which part.",
    errors.Unauthorized: "The token is missing, invalid or revoked.",
    errors.ReadOnly: "The token may only read.",
    errors.NotFound: "There is no such job, or it belongs to somebody else.",
    errors.TooSlow: "The body stopped coming, or came too slowly.",
    errors.CreateRepeated: "The Idempotency-Key was sent with another body, or its first request is still running.",
    errors.TooLarge: "The recording is larger than this server takes.",
    errors.LimitReached: "A quota is used up; `message` says when it resets.",
    errors.SttError: "Internal server error.",
    errors.SetupError: "The database or the store of recordings does not answer; try again in a minute.",
    errors.DiskFull: "The server's disk is full.",
}

_SPEECH = ("SpeechText", "SpeechVerbose", "SpeechDiarized")
_MODEL = {"name": "model", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
_REPEATABLE = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "description": "A key of your choice for this job.",
}
_ID = "kJ8sXn0Q2cT7vYw3LbR5eZ1aUoM"
_WORDS: list[shapes.Word] = [
    {"word": "ask", "start": 0.0, "end": 0.4, "confidence": 0.99, "punctuated_word": "Ask"},
    {"word": "not", "start": 0.4, "end": 0.9, "confidence": 0.97, "punctuated_word": "not"},
]
_PARAGRAPHS = {"transcript": "Ask not", "paragraphs": []}
_CHANNEL: shapes.Channel = {
    "alternatives": [{"transcript": "Ask not", "confidence": 0.98, "words": _WORDS, "paragraphs": _PARAGRAPHS}],
    "detected_language": "en",
}
_DONE: shapes.Transcription = {
    "id": _ID,
    "generation_id": _ID,
    "status": "completed",
    "result": {"metadata": {"request_id": _ID, "duration": 0.9, "channels": 1}, "results": {"channels": [_CHANNEL]}},
    "error": None,
}
_PROBLEM: shapes.Problem = {
    "message": "The token is missing, invalid or revoked. Send “Authorization: Bearer” and a token.",
    "path": "/v1/stt/create",
    "requestId": "9f86d081884c7d65",
    "statusCode": errors.Unauthorized.status,
    "timestamp": "2027-01-15T08:00:00.000Z",
}
# Example response bodies by operation id; "problem" is the body of an error.
EXAMPLES = {
    "createTranscription": {"generation_id": _ID, "status": "queued"},
    "getTranscription": _DONE,
    "problem": _PROBLEM,
}


def document(server: str | None = None) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the REST routes; `server` is the base URL of the routes, by default /v1."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "STT Studio",
            "version": "1",
            "description": "Speech to text under the contract of the AI/ML API: create a job, then get it until it is "
            "completed. Tokens are made on the Settings page.",
        },
        "servers": [{"url": server or base_path.at("/v1")}],
        "security": [{"token": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {**shapes.schemas(), **speech.schemas()},
        },
    }


def _paths() -> dict[str, Any]:
    text, job = {"type": "string"}, (errors.Unauthorized, errors.NotFound, errors.SttError, errors.SetupError)
    generation_id = {"name": "generation_id", "in": "path", "required": True, "schema": {**text, "pattern": shapes.ID}}
    state = {"200": _response("The state of the job.", "Transcription")}
    summary = "Get the state of a transcription, and its result once it is completed"
    get = _operation("getTranscription", summary, state, *job)
    deleted = {"204": {"description": "The job was deleted."}}
    summary = "Stop a transcription and delete it with its recording"
    delete = _operation("deleteTranscription", summary, deleted, errors.ReadOnly, *job)
    models = _operation(
        "listModels",
        "List the models that this server answers",
        {"200": _response("The list.", "Models"), "304": {"description": "The list has not changed."}},
        errors.SttError,
        security=[],
        parameters=[
            {"name": "include", "in": "query", "schema": text, "description": "Prices are always included."},
            {"name": "If-None-Match", "in": "header", "schema": text, "description": "The ETag of a list you have."},
        ],
    )
    found = {"200": _response("The model.", "Model")}
    for problem in (errors.NotFound, errors.SttError):
        found[str(problem.status)] = _response(_PROBLEMS[problem], "OpenAIProblem")
    model = _operation("getModel", "Get one model of the list", found, security=[])
    itself = {"description": "OpenAPI 3.1.", "content": {"application/json": {"schema": {"type": "object"}}}}
    return {
        "/stt/create": {"post": _create()},
        "/stt/{generation_id}": {"parameters": [generation_id], "get": get, "delete": delete},
        "/models": {"get": models},
        "/models/{model}": {"parameters": [_MODEL], "get": model},
        "/audio/transcriptions": {
            "post": _speech("createSpeechTranscription", "Transcribe a file and wait for the text")
        },
        "/audio/translations": {"post": _speech("createSpeechTranslation", "The same, translated to English")},
        **_webhooks(),
        "/openapi.json": {"get": _operation("getDescription", "This document", {"200": itself}, security=[])},
    }


def _webhooks() -> dict[str, Any]:
    known = (errors.Unauthorized, errors.SttError, errors.SetupError)
    all_of = {"200": _response("The webhook URL, the signing secret and the last deliveries.", "Webhooks")}
    get = _operation("getWebhooks", "Get the webhook URL and the last deliveries", all_of, *known)
    body = {"required": True, "content": _body("WebhookAddress")}
    invalid = (errors.InputError, errors.TooLarge, errors.TooSlow, errors.ReadOnly)
    summary = "Save or delete the webhook URL"
    save = _operation("saveWebhook", summary, all_of, *invalid, *known, requestBody=body)
    name = {"type": "string", "pattern": shapes.ID}
    delivery_id = {"name": "delivery_id", "in": "path", "required": True, "schema": name}
    sent = {"202": _response("The delivery is queued.", "Delivery")}
    again = _operation("sendAgain", "Send a delivery again", sent, errors.ReadOnly, errors.NotFound, *known)
    return {
        "/webhooks": {"get": get, "post": save},
        "/webhooks/deliveries/{delivery_id}": {"parameters": [delivery_id], "post": again},
    }


def _create() -> dict[str, Any]:
    links = {
        name: {"operationId": name, "parameters": {"generation_id": "$response.body#/generation_id"}}
        for name in ("getTranscription", "deleteTranscription")
    }
    return _operation(
        "createTranscription",
        "Create a transcription of a link (JSON) or a file (form)",
        {"201": {**_response("The job is queued.", "Created"), "links": links}},
        *(kind for kind in _PROBLEMS if kind is not errors.NotFound),
        description="Without a key for the AI/ML API this server answers `#g1_whisper-base` itself; settings that "
        "its own engine does not know are then left out. Send an `Idempotency-Key`, such as a UUID, to repeat "
        "a request whose answer was lost: for 24 hours the same key with the same body has the same answer, and makes "
        "no second job.",
        parameters=[_REPEATABLE],
        requestBody={
            "required": True,
            "content": {**_body("CreateFromLink"), **_body("CreateFromFile", "multipart/form-data")},
        },
    )


def _speech(name: str, summary: str) -> dict[str, Any]:
    """Return the OpenAPI operation of a route of OpenAI's speech API."""
    texts = {kind: {"schema": {"type": "string"}} for kind in ("text/plain", "text/event-stream")}
    several = {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in _SPEECH]}
    done = {"description": "The text.", "content": {"application/json": {"schema": several}, **texts}}
    failures = {str(status): _response(text, "OpenAIProblem") for status, text in _speech_failures().items()}
    return _operation(
        name,
        summary,
        {"200": done, **failures},
        description="As OpenAI's clients call it. The job is one like any other: it appears in the history, and "
        "goes on if the connection is closed.",
        parameters=[_REPEATABLE],
        requestBody={"required": True, "content": _body("SpeechForm", "multipart/form-data")},
    )


def _speech_failures() -> dict[int, str]:
    """Return a sentence for each HTTP status that a speech route may return for an error.

    These are the statuses of all error classes, because the response also reports the error of a failed job.
    """
    kinds, texts = [errors.SttError], {kind.status: text for kind, text in _PROBLEMS.items()}
    for kind in kinds:
        kinds += kind.__subclasses__()
        texts.setdefault(kind.status, f"{kind.title}.")
    return dict(sorted(texts.items()))


def _operation(
    name: str, summary: str, answers: dict[str, Any], *problems: type[errors.SttError], **more: Any
) -> dict[str, Any]:
    refusals = {str(kind.status): _response(_PROBLEMS[kind], "Problem") for kind in problems}
    return {"operationId": name, "summary": summary, **more, "responses": {**answers, **refusals}}


def _response(description: str, schema: str) -> dict[str, Any]:
    return {"description": description, "content": _body(schema)}


def _body(schema: str, kind: str = "application/json") -> dict[str, Any]:
    return {kind: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}

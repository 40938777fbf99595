"""The OpenAPI document of the REST routes, and the check of a request against it: what it says is what holds."""

from __future__ import annotations

from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from stt.aiml import catalog
from stt.aiml.catalog import Option
from stt.errors import InputError
from stt.guard import base_path

ID = "^[A-Za-z0-9_-]{1,64}$"
_PROBLEMS = {
    "400": "What was sent does not fit; the message says which part.",
    "401": "The token is missing, wrong or withdrawn.",
    "404": "There is no such job, or it belongs to somebody else.",
    "408": "The body stopped coming, or came too slowly.",
    "409": "The Idempotency-Key was sent with another body, or the first request with it is not over.",
    "413": "The recording is larger than this server takes.",
    "429": "A limit of this server is reached; the message says when it frees.",
    "500": "This server's side.",
    "503": "The database or the store of recordings does not answer; try again in a minute.",
    "507": "The server's disk is full.",
}

# How answers look, for people; by operation, and the body of every refusal.
EXAMPLES: dict[str, Any] = {
    "createTranscription": {"generation_id": "kJ8sXn0Q2cT7vYw3LbR5eZ1aUoM", "status": "queued"},
    "getTranscription": {
        "id": "kJ8sXn0Q2cT7vYw3LbR5eZ1aUoM",
        "generation_id": "kJ8sXn0Q2cT7vYw3LbR5eZ1aUoM",
        "status": "completed",
        "result": {
            "metadata": {"request_id": "kJ8sXn0Q2cT7vYw3LbR5eZ1aUoM", "duration": 0.9, "channels": 1},
            "results": {
                "channels": [
                    {
                        "alternatives": [
                            {
                                "transcript": "Ask not",
                                "confidence": 0.98,
                                "words": [
                                    {
                                        "word": "ask",
                                        "start": 0.0,
                                        "end": 0.4,
                                        "confidence": 0.99,
                                        "punctuated_word": "Ask",
                                    },
                                    {
                                        "word": "not",
                                        "start": 0.4,
                                        "end": 0.9,
                                        "confidence": 0.97,
                                        "punctuated_word": "not",
                                    },
                                ],
                                "paragraphs": {"transcript": "Ask not", "paragraphs": []},
                            }
                        ],
                        "detected_language": "en",
                    }
                ]
            },
        },
        "error": None,
    },
    "problem": {
        "message": "The token is missing, wrong or withdrawn. Send “Authorization: Bearer” and a token.",
        "path": "/v1/stt/create",
        "requestId": "9f86d081884c7d65",
        "statusCode": 401,
        "timestamp": "2027-01-15T08:00:00.000Z",
    },
}


class BadBody(InputError):
    title = "Body validation error"
    guidance = "See /v1/openapi.json for what can be sent."


def document(server: str | None = None) -> dict[str, Any]:
    """The description of the routes under `server`, as OpenAPI 3.1."""
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
        "paths": {
            "/stt/create": {"post": _create()},
            "/stt/{generation_id}": {"parameters": [_parameter()], "get": _get(), "delete": _delete()},
            "/models": {"get": _models()},
            "/openapi.json": {"get": _itself()},
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(),
        },
    }


def check_create(body: Any, *, of_form: bool = False) -> None:
    """Raise BadBody if the JSON body of a create is not as the document says.

    The fields of a form are all texts, so of those only the names are checked here.
    """
    for error in _validator().iter_errors(body):
        where = ".".join(map(str, error.absolute_path))
        if (of_form and where) or (of_form and error.validator == "required"):
            continue
        raise BadBody(f"{where[:80]}: {error.message[:200]}" if where else f"{error.message[:300]}")


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(_schemas()["CreateFromLink"])


def _create() -> dict[str, Any]:
    body = {
        "application/json": {"schema": _ref("CreateFromLink")},
        "multipart/form-data": {"schema": _ref("CreateFromFile")},
    }
    made = _answer("The job is queued.", "Created")
    made["links"] = {
        name: {"operationId": name, "parameters": {"generation_id": "$response.body#/generation_id"}}
        for name in ("getTranscription", "deleteTranscription")
    }
    return {
        "operationId": "createTranscription",
        "summary": "Create a transcription of a link (JSON) or a file (form)",
        "description": "Without a key for the AI/ML API this server answers `#g1_whisper-base` itself; settings that "
        "its own engine does not know are then left out. Send an `Idempotency-Key`, such as a UUID, to repeat "
        "a request whose answer was lost: for 24 hours the same key with the same body has the same answer, and makes "
        "no second job.",
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
                "description": "A key of your choice for this job.",
            }
        ],
        "requestBody": {"required": True, "content": body},
        "responses": {"201": made, **_problems("400", "401", "408", "409", "413", "429", "500", "503", "507")},
    }


def _get() -> dict[str, Any]:
    return {
        "operationId": "getTranscription",
        "summary": "Get the state of a transcription, and its result once it is completed",
        "responses": {"200": _answer("How far it is.", "Transcription"), **_problems("401", "404", "500", "503")},
    }


def _delete() -> dict[str, Any]:
    return {
        "operationId": "deleteTranscription",
        "summary": "Stop a transcription and delete it with its recording",
        "responses": {"204": {"description": "It is gone."}, **_problems("401", "404", "500", "503")},
    }


def _models() -> dict[str, Any]:
    return {
        "operationId": "listModels",
        "summary": "List the models that this server answers",
        "security": [],
        "parameters": [
            {"name": "include", "in": "query", "schema": _TEXT, "description": "Prices are always included."},
            {"name": "If-None-Match", "in": "header", "schema": _TEXT, "description": "The ETag of a list you have."},
        ],
        "responses": {
            "200": _answer("The list.", "Models"),
            "304": {"description": "Your list is still right."},
            **_problems("500"),
        },
    }


def _itself() -> dict[str, Any]:
    return {
        "operationId": "getDescription",
        "summary": "This document",
        "security": [],
        "responses": {
            "200": {"description": "OpenAPI 3.1.", "content": {"application/json": {"schema": {"type": "object"}}}}
        },
    }


def _parameter() -> dict[str, Any]:
    return {"name": "generation_id", "in": "path", "required": True, "schema": {"type": "string", "pattern": ID}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _answer(description: str, schema: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": _ref(schema)}}}


def _problems(*codes: str) -> dict[str, Any]:
    return {code: _answer(_PROBLEMS[code], "Problem") for code in codes}


def _schemas() -> dict[str, Any]:
    options = {name: _option(option) for name, option in _every_option().items()}
    model = {"type": "string", "minLength": 1, "maxLength": 100, "examples": [catalog.FIRST]}
    url = {"type": "string", "pattern": "^https?://", "maxLength": 4096, "format": "uri"}
    sound = {"type": "string", "format": "binary"}
    return {
        "CreateFromLink": _object(
            {"model": model, "url": url, **options}, required=["model", "url"], additionalProperties=False
        ),
        "CreateFromFile": _object(
            {"model": model, "audio": sound, "file": sound, **options},
            required=["model"],
            additionalProperties=False,
            oneOf=[{"required": ["audio"]}, {"required": ["file"]}],
        ),
        "Created": _full({"generation_id": _TEXT, "status": {"const": "queued"}}),
        "Transcription": _full(
            {
                "id": _TEXT,
                "generation_id": _TEXT,
                "status": {"enum": ["waiting", "active", "completed", "error"]},
                "result": {"anyOf": [_ref("Result"), {"type": "null"}]},
                "error": {"anyOf": [_full({"name": _TEXT, "message": _TEXT}), {"type": "null"}]},
            }
        ),
        "Result": _full({"metadata": {"type": "object"}, "results": _ref("Results")}),
        "Results": _object(
            {"channels": _list(_ref("Channel")), "utterances": _list({"type": "object"})}, required=["channels"]
        ),
        "Channel": _object(
            {"alternatives": _list(_ref("Alternative")), "detected_language": _TEXT}, required=["alternatives"]
        ),
        "Alternative": _full(
            {"transcript": _TEXT, "confidence": _SHARE, "words": _list(_ref("Word")), "paragraphs": {"type": "object"}}
        ),
        "Word": _object(
            {
                "word": _TEXT,
                "start": _NUMBER,
                "end": _NUMBER,
                "confidence": _SHARE,
                "punctuated_word": _TEXT,
                "speaker": {"type": "integer"},
                "language": {"type": "string", "description": "Where several are spoken."},
            },
            required=["word", "start", "end", "confidence", "punctuated_word"],
        ),
        "Models": _full({"object": {"const": "list"}, "data": _list(_ref("Model"))}),
        "Model": _full(
            {
                "id": _TEXT,
                "aliases": _list(_TEXT),
                "type": _TEXT,
                "info": {"type": "object"},
                "tags": _list(_TEXT),
                "pricing": {"type": ["object", "null"]},
            }
        ),
        "Problem": _full(
            {"message": _TEXT, "path": _TEXT, "requestId": _TEXT, "statusCode": {"type": "integer"}, "timestamp": _TEXT}
        ),
    }


_TEXT, _NUMBER = {"type": "string"}, {"type": "number"}
_SHARE = {"type": ["number", "null"], "minimum": 0, "maximum": 1}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _object(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, **more}


def _full(properties: dict[str, Any]) -> dict[str, Any]:
    """An object that always has all of its properties."""
    return _object(properties, required=list(properties))


def _every_option() -> dict[str, Option]:
    """The options of all models by name; which model takes which, the catalog knows."""
    return {option.name: option for model in catalog.packaged().models for option in model.options}


def _option(option: Option) -> dict[str, Any]:
    kinds: dict[str, dict[str, Any]] = {
        "switch": {"type": "boolean"},
        "number": {"type": "integer" if option.whole else "number"},
        "choice": {"type": "string"},
        "text": {"type": "string"},
        "list": {"type": ["string", "array"], "items": {"type": "string"}},
        "json": {"type": "object"} if option.name == catalog.EXTRA else {},
    }
    kind = {"type": ["string", "integer"]} if option.name == catalog.TRACK else kinds[option.kind]
    return {**kind, "description": option.help}

"""Define the request and response bodies of the REST routes, for mypy, for validation and for the OpenAPI document.

Responses are plain dictionaries. Only mypy compares them with these types. They are not validated at run time, because
that would take long for a long transcript.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal, NotRequired

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model
from pydantic.json_schema import GenerateJsonSchema
from typing_extensions import TypedDict  # pydantic accepts `typing.TypedDict` only from Python 3.12

from stt.aiml import catalog
from stt.errors import InputError

WEBHOOK = "webhook_url"  # name of the field of a create request that has the URL to notify when the job ends
ID = "^[A-Za-z0-9_-]{1,64}$"
TRANSCRIPT = (
    "A transcript that exists already: subtitles, JSON, text in UTF-8 or a Word document, up to 1 MB. It is aligned "
    "with the recording in place of a transcription. `language` and `track` are its only options."
)
Share = Annotated[float, Field(ge=0, le=1)] | None


class BadBody(InputError):
    """A JSON body that does not match the OpenAPI document."""

    title = "Body validation error"
    guidance = "See /v1/openapi.json for what can be sent."


class Created(TypedDict):
    generation_id: str
    status: Literal["queued"]


class Spoken(TypedDict, total=False):
    speaker: int
    language: Annotated[str, Field(description="Where several are spoken.")]


class Word(Spoken):
    word: str
    start: float
    end: float
    confidence: Share
    punctuated_word: str


class Alternative(TypedDict):
    transcript: str
    confidence: Share
    words: list[Word]
    paragraphs: dict[str, Any]
    languages: NotRequired[list[str]]


class Channel(TypedDict):
    alternatives: list[Alternative]
    detected_language: NotRequired[str]
    language_confidence: NotRequired[Share]


class Findings(TypedDict, total=False):
    summary: dict[str, Any]
    topics: dict[str, Any]
    intents: dict[str, Any]
    sentiments: dict[str, Any]


class Results(Findings):
    channels: list[Channel]
    utterances: NotRequired[list[dict[str, Any]]]


class Result(TypedDict):
    metadata: dict[str, Any]
    results: Results


class Failure(TypedDict):
    """Say why a job failed. If `submitted` is true, the AI/ML API has or may have accepted the job, and may bill it."""

    name: str
    message: str
    submitted: bool


class Transcription(TypedDict):
    id: str
    generation_id: str
    status: Literal["waiting", "active", "completed", "error"]
    result: Result | None
    error: Failure | None


class Model(TypedDict):
    id: str
    aliases: list[str]
    type: str
    object: Literal["model"]  # `object`, `created` and `owned_by` are for OpenAI's clients
    created: int
    owned_by: str
    info: dict[str, Any]
    tags: list[str]
    pricing: dict[str, Any] | None


class Models(TypedDict):
    object: Literal["list"]
    data: list[Model]


Address = Annotated[str, Field(pattern="^https?://", max_length=4096)]  # the rest may be non-ASCII


class WebhookAddress(TypedDict):
    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]  # pydantic's way to configure a TypedDict

    url: Address | None


class Delivery(TypedDict):
    id: str
    generation_id: str | None
    type: str
    url: str
    state: str
    created: str
    attempts: int
    status: int | None
    answer: str | None
    next_attempt: str | None


class Webhooks(TypedDict):
    url: str | None
    secret: Annotated[str | None, Field(description="Signs the messages; null for a read-only token.")]
    deliveries: list[Delivery]


class Problem(TypedDict):
    message: str
    path: str
    requestId: str
    statusCode: int
    timestamp: str


def check_create(body: Any, *, of_form: bool = False) -> None:
    """Raise BadBody if the body of a create request does not match the OpenAPI document.

    With `of_form`, only the names of the fields are checked here, because all values in a form are text.
    """
    try:
        if not isinstance(body, dict):
            raise BadBody("The body is not a JSON object.")
        own = {"transcript"} if of_form else set()  # fields that only a form has
        _create("CreateFromLink").model_validate({name: value for name, value in body.items() if name not in own})
    except ValidationError as error:
        for found in error.errors(include_url=False):
            if not of_form or found["type"] == "extra_forbidden":
                value = "" if found["type"] == "missing" else f": {found['input']!r}"
                raise BadBody(f"{str(found['loc'][0])[:80]}: {found['msg']}{value[:200]}") from error


@cache
def schemas() -> dict[str, Any]:
    """Return the JSON schemas of all bodies, by name."""
    creates: tuple[Any, ...] = (_create("CreateFromLink"), _create("CreateFromFile"))
    return named_schemas(
        [
            (kind.__name__, TypeAdapter(kind))
            for kind in (*creates, Created, Transcription, Models, WebhookAddress, Webhooks, Delivery, Problem)
        ]
    )


def named_schemas(kinds: list[tuple[str, TypeAdapter[Any]]]) -> dict[str, Any]:
    """Return the JSON schemas of types by name, including those of nested types."""
    _, found = TypeAdapter.json_schemas(
        [(name, "validation", adapter) for name, adapter in kinds],
        ref_template="#/components/schemas/{model}",
        schema_generator=_Plain,
    )
    return dict(found["$defs"])


class _Plain(GenerateJsonSchema):
    """A schema generator that omits redundant titles and defaults."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])


@cache
def _create(name: Literal["CreateFromLink", "CreateFromFile"]) -> type[BaseModel]:
    """Return the pydantic model of a create request's body, with the options of all speech models.

    Not every speech model has all these options. `stt.web.v1.creating` checks the options of the requested model later.
    """
    options = {option.name: option for model in catalog.packaged().models for option in model.options}
    fields: dict[str, Any] = {"model": Annotated[str, Field(min_length=1, max_length=100, examples=[catalog.FIRST])]}
    more: dict[str, Any] = {}
    if name == "CreateFromLink":
        uri = Field(pattern="^https?://", max_length=4096, json_schema_extra={"format": "uri"})
        fields["url"] = Annotated[str, uri]
    else:
        fields |= {"audio": (bytes, None), "file": (bytes, None)}
        fields["transcript"] = Annotated[str, Field(description=TRANSCRIPT)], None
        more["oneOf"] = [{"required": ["audio"]}, {"required": ["file"]}]
    description = "URL to notify when this job ends; default: the webhook URL on the Settings page."
    fields[WEBHOOK] = Annotated[Address, Field(description=description)], None
    for option in options.values():
        fields[option.name] = Annotated[_type(option), Field(description=option.help)], None
    return create_model(name, __config__=ConfigDict(extra="forbid", strict=True, json_schema_extra=more), **fields)


def _type(option: catalog.Option) -> Any:
    # A whole number may arrive as a float, because JSON Schema also counts 1.0 as an integer.
    whole = Annotated[float, Field(multiple_of=1, json_schema_extra={"type": "integer"})]
    if option.name in (catalog.EXTRA, catalog.TRACK, catalog.SPEAKERS):
        return dict[str, Any] if option.name == catalog.EXTRA else str | whole
    number = whole if option.whole else float
    return {"switch": bool, "number": number, "list": str | list[str], "json": Any}.get(option.kind, str)

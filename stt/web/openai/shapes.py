"""Define the request and response bodies of OpenAI's speech API, for mypy and for the OpenAPI document."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal, NotRequired, get_args

from pydantic import ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict  # pydantic accepts `typing.TypedDict` only from Python 3.12

from stt.web.v1 import shapes

ResponseFormat = Literal["json", "text", "srt", "verbose_json", "vtt", "diarized_json"]
FORMATS: tuple[ResponseFormat, ...] = get_args(ResponseFormat)
Granularity = Literal["word", "segment"]


@with_config(ConfigDict(extra="forbid"))
class SpeechForm(TypedDict):
    """The fields of a request's multipart form."""

    file: bytes
    model: Annotated[str, Field(description="A model of /v1/models, or whisper-1 for this server's default.")]
    language: NotRequired[Annotated[str, Field(description="A code such as en; missing means detect.")]]
    prompt: NotRequired[Annotated[str, Field(description="Ignored if the model takes no prompt.")]]
    temperature: NotRequired[
        Annotated[float, Field(ge=0, le=1, description="Taken and ignored: the engine chooses its own.")]
    ]
    response_format: NotRequired[ResponseFormat]
    stream: NotRequired[Annotated[bool, Field(description="Server-sent events, while the text appears.")]]
    chunking_strategy: NotRequired[
        Annotated[str, Field(description="Taken and ignored: speech is found first anyway.")]
    ]
    speakers_expected: NotRequired[Annotated[int, Field(ge=1, le=12, description="With diarized_json.")]]
    vocabulary: NotRequired[
        Annotated[str, Field(description="Names and terms to recognise, one a line; “Cyril → Cyrille” replaces words.")]
    ]
    cancel_on_disconnect: NotRequired[
        Annotated[bool, Field(description="Cancel the job when the connection is closed; else it goes on.")]
    ]


class SpeechUsage(TypedDict):
    type: Literal["duration"]
    seconds: float


class SpeechLogProb(TypedDict):
    token: str
    logprob: float
    bytes: list[int]


class SpeechText(TypedDict):
    text: str
    usage: SpeechUsage
    logprobs: NotRequired[list[SpeechLogProb]]


class SpeechSegment(TypedDict):
    id: int
    seek: int
    start: float
    end: float
    text: str
    tokens: list[int]
    temperature: float
    avg_logprob: float | None
    compression_ratio: float
    no_speech_prob: float


class SpeechWord(TypedDict):
    word: str
    start: float
    end: float


class SpeechVerbose(TypedDict):
    task: Literal["transcribe", "translate"]
    language: str
    duration: float
    text: str
    segments: NotRequired[list[SpeechSegment]]
    words: NotRequired[list[SpeechWord]]
    usage: SpeechUsage


class SpokenSegment(TypedDict):
    type: Literal["transcript.text.segment"]
    id: str
    start: float
    end: float
    text: str
    speaker: str


class SpeechDiarized(TypedDict):
    task: Literal["transcribe"]
    duration: float
    text: str
    segments: list[SpokenSegment]
    usage: SpeechUsage


class OpenAIReason(TypedDict):
    message: str
    type: str
    param: str | None
    code: str | None


class OpenAIProblem(TypedDict):
    error: OpenAIReason


@cache
def schemas() -> dict[str, Any]:
    """Return the JSON schemas of the bodies of OpenAI's speech API, by name."""
    kinds: tuple[Any, ...] = (SpeechForm, SpeechText, SpeechVerbose, SpeechDiarized, OpenAIProblem)
    found = shapes.named_schemas([(kind.__name__, TypeAdapter(kind)) for kind in kinds])
    form = found["SpeechForm"]["properties"]
    for name, values in (("timestamp_granularities[]", ["word", "segment"]), ("include[]", ["logprobs"])):
        form[name] = {"type": "array", "items": {"type": "string", "enum": values}}
    return found

"""Read the fields of a request to OpenAI's speech API."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from stt.aiml import catalog
from stt.aiml import offered as models
from stt.aiml.catalog import Model
from stt.aiml.options import clean_options, take_vocabulary
from stt.errors import BadOption
from stt.files.json_values import share
from stt.web.openai.shapes import FORMATS, Granularity, ResponseFormat
from stt.web.v1.contract import OPENAI_DEFAULT

STREAMED = ("json", "text", "diarized_json")
CHUNKING = "chunking_strategy"
IGNORED = ("temperature", CHUNKING)
FIELDS = (
    "model", "language", "prompt", "response_format", "stream", "cancel_on_disconnect", "speakers_expected",
    "timestamp_granularities", "include", "vocabulary", *IGNORED,
)  # fmt: skip
# Fields of OpenAI's API that become an option of the job, each with the possible names of that option, because models
# name it differently.
OPTIONS = {"language": ("language", "language_code"), "prompt": ("prompt",)}
DIARIZE = (catalog.SPEAKERS, "diarize", "speaker_labels", "diarization")


@dataclass(frozen=True)
class SpeechRequest:
    """A parsed request: the `model` and the `options` of the job, and the format of the response."""

    model: str
    options: dict[str, Any]
    task: Literal["transcribe", "translate"]
    response_format: ResponseFormat = "json"
    granularities: frozenset[Granularity] = frozenset(["segment"])
    logprobs: bool = False
    stream: bool = False
    cancel_on_disconnect: bool = False
    ignored: tuple[str, ...] = ()  # names of the fields that were sent, but have no effect


def read(sent: Mapping[str, str | list[str]], *, translate: bool) -> SpeechRequest:
    """Parse the fields of a form into a request.

    Raises BadOption if a field is unknown or invalid, and KeyMissing if the model needs a key for the AI/ML API and the
    server has none.
    """
    fields = _named(sent)
    name = _one(fields, "model")
    if not name:
        raise BadOption("The field “model” is missing.", guidance=f"Send one of /v1/models, or {OPENAI_DEFAULT[0]}.")
    name = models.default().id if name in OPENAI_DEFAULT else name
    answering, _ = models.choose(name, None)
    form = _one(fields, "response_format") or "json"
    if form not in FORMATS or (translate and form == "diarized_json"):
        raise BadOption(f"response_format cannot be {form[:40]!r}.", guidance=f"Choose one of {', '.join(FORMATS)}.")
    stream = _switch(fields, "stream")
    if stream and (form not in STREAMED or translate):
        raise BadOption(f"{form} is not streamed.", guidance=f"Choose one of {', '.join(STREAMED)}, or stream=false.")
    temperature = _one(fields, "temperature")
    if temperature and share(temperature) is None:
        raise BadOption("temperature must be from 0 to 1.")
    options, ignored = _options(fields, answering, translate=translate, diarize=form == "diarized_json")
    granularities = _listed(fields, "timestamp_granularities", ("word", "segment")) or ["segment"]
    return SpeechRequest(
        model=name,
        options=options,
        task="translate" if translate else "transcribe",
        response_format=form,
        granularities=frozenset(cast("list[Granularity]", granularities)),
        logprobs="logprobs" in _listed(fields, "include", ("logprobs",)),
        stream=stream,
        cancel_on_disconnect=_switch(fields, "cancel_on_disconnect"),
        ignored=tuple(ignored),
    )


def _options(
    fields: dict[str, list[str]], model: Model, *, translate: bool, diarize: bool
) -> tuple[dict[str, Any], list[str]]:
    """Return the options of the job, and the names of the sent fields that have no effect with this model."""
    options: dict[str, Any] = {}
    ignored = [name for name in IGNORED if any(value.strip() for value in fields.get(name, []))]
    for name, names in OPTIONS.items():
        if value := _one(fields, name):
            if own := _option_of(model, names):
                options[own] = value
            else:
                ignored.append(name)
    if translate:
        if not model.option("translate"):
            raise BadOption(f"{model.name} does not translate.", guidance=f"Choose {models.default().id}.")
        options["translate"] = True
    expected = _one(fields, "speakers_expected")
    if diarize:
        own = _option_of(model, DIARIZE)
        if own is None:
            raise BadOption(f"{model.name} does not tell speakers apart.", guidance=f"Choose {models.default().id}.")
        options[own] = (expected or "auto") if own == catalog.SPEAKERS else True
        if expected and own != catalog.SPEAKERS and model.option("speakers_expected"):
            options["speakers_expected"] = expected
    elif expected:
        ignored.append("speakers_expected")
    options = clean_options(model, options)
    if terms := take_vocabulary({"vocabulary": "\n".join(fields.get("vocabulary", []))}):
        options["vocabulary"] = terms
    return options, ignored


def _option_of(model: Model, names: Iterable[str]) -> str | None:
    """Return the first of `names` that is an option of the model, or None."""
    return next((name for name in names if model.option(name)), None)


def _named(sent: Mapping[str, str | list[str]]) -> dict[str, list[str]]:
    """Return the list of values of each field, by the field's name. Raises BadOption for an unknown field.

    Clients may add the suffix "[]" to the names of fields with several values. The suffix is removed. OpenAI's clients
    send the object of `chunking_strategy` as several fields, such as `chunking_strategy[type]`.
    """
    found: dict[str, list[str]] = {}
    for name, value in sent.items():
        bare = CHUNKING if re.fullmatch(rf"{CHUNKING}\[\w+\]", name) else name.removesuffix("[]")
        if bare not in FIELDS:
            raise BadOption(f"There is no field {name[:60]!r}.", guidance="Remove it. See /v1/openapi.json.")
        found.setdefault(bare, []).extend(value if isinstance(value, list) else [value])
    return found


def _one(fields: dict[str, list[str]], name: str) -> str:
    values = fields.get(name, [""])
    if len(values) > 1:
        raise BadOption(f"The field {name!r} occurs more than once.")
    return values[0].strip()


def _switch(fields: dict[str, list[str]], name: str) -> bool:
    text = _one(fields, name).lower()
    if text not in ("", "true", "false", "1", "0"):
        raise BadOption(f"{name} is either true or false.")
    return text in ("true", "1")


def _listed(fields: dict[str, list[str]], name: str, allowed: tuple[str, ...]) -> list[str]:
    values = [each.strip() for value in fields.get(name, []) for each in value.split(",") if each.strip()]
    if wrong := next((value for value in values if value not in allowed), None):
        raise BadOption(f"{name} cannot be {wrong[:40]!r}.", guidance=f"Choose from {', '.join(allowed)}.")
    return values

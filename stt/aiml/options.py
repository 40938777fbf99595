"""Check the options of a transcription: convert types, remove empty values, refuse options that the model lacks."""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import Any, Literal

from stt.aiml.catalog import EXTRA, LOCAL, SPEAKERS, TRACK, Model, Option, packaged
from stt.errors import BadOption
from stt.files.json_values import clean, signed
from stt.vocabulary import terms

LONGEST_VALUE = 20_000  # maximum length of an option's value, characters
# Names of options that accept vocabulary terms, each with its maximum number of terms. A model that has several of
# these options gets the terms in the first one. `prompt` is limited by its length instead (MOST_PROMPT).
TERM_OPTIONS = {"keyterm": 100, "keyterms_prompt": 500, "keywords": 100, "word_boost": 500, "prompt": 0}
MOST_PROMPT = 1000  # maximum total length of the terms in a prompt, characters
RESERVED = {"model", "url", "audio", "file"}
_TRUE, _FALSE = {"true", "1", "yes", "on"}, {"false", "0", "no", "off"}


def clean_options(
    model: Model, options: dict[str, Any], *, unknown: Literal["raise", "drop"] = "raise"
) -> dict[str, Any]:
    """Return the parameters to send to the model, converted to their types and without empty values.

    The option `extra` is a JSON object with further parameters, which are added to the result. Strings from a form are
    parsed ("true", "0.5", "one, two", JSON). Raises BadOption for an invalid value, and for an option that the model
    does not have. With `unknown="drop"`, an option that the model does not have is dropped instead, because it may have
    been set for another model.
    """
    options = dict(options)
    further = options.pop(EXTRA, None) if model.option(EXTRA) else None
    cleaned: dict[str, Any] = {}
    for name, value in options.items():
        option = model.option(name)
        if option is None and unknown == "raise":
            raise BadOption(f"{model.name} does not take {name[:60]!r}.", guidance="Remove this setting.")
        if name in (TRACK, SPEAKERS) and isinstance(value, float) and value.is_integer():
            value = int(value)  # JSON Schema counts 2.0 as an integer, too
        if name in (TRACK, SPEAKERS) and isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        read = _languages if option is not None and model.local and name == "language" else _value
        if option is not None and (read_as := read(option, value)) not in (None, "", []):
            cleaned[name] = read_as
    for spoken, detect in (("language", "detect_language"), ("language_code", "language_detection")):
        if cleaned.get(spoken):
            cleaned.pop(detect, None)  # the provider accepts a language or language detection, but not both
    if further not in (None, "", {}):
        cleaned |= _further(model, further)
    return cleaned


def take_track(options: dict[str, Any]) -> str | None:
    """Remove `track` from the options and return its value; None if it is not set. Raises BadOption if it is invalid.

    This server extracts the track from the recording for every model, so no model receives the option.
    """
    track = {TRACK: options.pop(TRACK)} if TRACK in options else {}
    return clean_options(packaged().find(LOCAL), track).get(TRACK)


def take_vocabulary(options: dict[str, Any]) -> list[str]:
    """Remove `vocabulary` from the options and return its lines. Raises BadOption if it is invalid.

    This server applies the vocabulary to the transcript of every model, so no model receives the option itself.
    """
    lines = options.pop(terms.OPTION, None)
    if lines is None:
        return []
    if isinstance(lines, str):
        lines = re.split(r"[,\n]", lines)
    if not isinstance(lines, list | tuple) or not all(isinstance(line, str) for line in lines):
        raise BadOption(
            "The vocabulary is a list of texts.", guidance='For example, send ["Cyrille", "Cyril → Cyrille"].'
        )
    return [term.line for term in terms.read(lines)]


def with_vocabulary(model: Model, options: dict[str, Any], wanted: list[str]) -> tuple[dict[str, Any], list[str]]:
    """Return the options of a provider's model with the terms in `wanted` added, and the terms that did not fit.

    The name of the option for the terms depends on the model (see `TERM_OPTIONS`). A model without such an option gets
    no terms. If the user has already set terms in the option, the terms in `wanted` follow them. In the option
    `prompt`, the user's own prompt follows the terms.
    """
    name = next((name for name in TERM_OPTIONS if model.option(name)), None)
    if name is None or not wanted:
        return options, list(wanted)
    if name == "prompt":
        lengths = accumulate(len(term) + 2 for term in wanted)
        count = sum(length <= MOST_PROMPT for length in lengths)
        glossary = f"Glossary: {', '.join(wanted[:count])}. {options.get(name) or ''}"
        return options | {name: glossary.strip()}, wanted[count:]
    own_terms = list(options.get(name) or [])
    # The option `keywords` of older Deepgram models accepts single words, not phrases.
    each = {
        term: [term] if name != "keywords" else [w for w in term.split() if len(w) > 2] or [term] for term in wanted
    }
    found = dict.fromkeys(own_terms)
    left = []
    for term, parts in each.items():
        if len(found.keys() | set(parts)) > TERM_OPTIONS[name]:
            left.append(term)
        else:
            found |= dict.fromkeys(parts)
    return options | {name: list(found)}, left


def with_speakers(options: dict[str, Any]) -> dict[str, Any]:
    """Replace the provider's options `diarize` and `speakers_expected` by `speakers`, the option of local models.

    Raises BadOption if `diarize` or `speakers_expected` has an invalid value.
    """
    diarize = Option("diarize", "switch", "Speakers", "")
    expected = Option("speakers_expected", "number", "Number of speakers", "", minimum=1, whole=True)
    found = {name: value for name, value in options.items() if name not in (diarize.name, expected.name)}
    wanted = _value(diarize, options.get(diarize.name))
    count = _value(expected, options.get(expected.name))
    if wanted and SPEAKERS not in found:
        found[SPEAKERS] = str(count) if count else "auto"
    return found


def _languages(option: Option, value: Any) -> str | None:
    """Return language codes as text with commas between them, without duplicates; None if there are none.

    `value` is a list of codes, or text with commas between the codes. Raises BadOption if a code is invalid.
    """
    codes = value.split(",") if isinstance(value, str) else value
    if not isinstance(codes, list | tuple):
        code: str | None = _value(option, codes)
        return code
    cleaned = [_value(option, code) for code in codes]
    return ",".join(dict.fromkeys(str(code) for code in cleaned if code)) or None


def _further(model: Model, further: Any) -> dict[str, Any]:
    further = _json("Further parameters", further)
    if not isinstance(further, dict):
        raise BadOption('Further parameters must be a JSON object such as {"name": "value"}.')
    for name in further:
        if name in RESERVED or not re.fullmatch(r"[A-Za-z_][\w.\-\[\]]{0,63}", name):
            raise BadOption(f"{name[:60]!r} cannot be a further parameter.")
    known = {name: option for name in further if name != EXTRA and (option := model.option(name))}
    return {n: _value(known[n], v) if n in known else v for n, v in further.items() if v is not None}


def _value(option: Option, value: Any) -> Any:
    """Convert `value` to the type of `option`; return None for an empty value. Raises BadOption if it is invalid."""
    _check_length(option.label, value)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if option.kind == "switch":
        word = str(value).strip().lower()
        if not isinstance(value, bool) and word not in _TRUE | _FALSE:
            raise BadOption(f"{option.label} is either true or false.")
        return value if isinstance(value, bool) else word in _TRUE
    if option.kind == "number":
        return _number(option, value)
    if option.kind == "json":
        return _json(option.label, value)
    if option.kind == "list":
        values = re.split(r"[,\n]", value) if isinstance(value, str) else value
        if not isinstance(values, list | tuple) or not all(isinstance(v, str | int | float) for v in values):
            raise BadOption(f"{option.label} is a list of words.")
        return [text for v in values if (text := clean(str(v)).strip())]
    if not isinstance(value, str):
        raise BadOption(f"{option.label} must be text.")
    text = clean(value).strip()
    if option.kind == "choice" and text not in dict(option.choices):
        if not option.free or not re.fullmatch(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*", text):
            raise BadOption(f"{option.label} cannot be {text[:40]!r}.")
    return text


def _number(option: Option, value: Any) -> float | int:
    read_as = signed(value)
    if read_as is None or (option.whole and not read_as.is_integer()):
        raise BadOption(f"{option.label} must be a {'whole ' if option.whole else ''}number.")
    low, high = option.minimum, option.maximum
    if (low is not None and read_as < low) or (high is not None and read_as > high):
        bounds = f"from {low:g} to {high:g}" if None not in (low, high) else f"at least {low:g}"
        raise BadOption(f"{option.label} must be {bounds}.")
    return int(read_as) if option.whole or (read_as.is_integer() and isinstance(value, int)) else read_as


def _check_length(label: str, value: Any) -> None:
    length = len(value) if isinstance(value, str) else 0
    if isinstance(value, list | tuple):
        length = sum(len(str(one)) + 1 for one in value)
    if length > LONGEST_VALUE:
        raise BadOption(f"{label} takes at most {LONGEST_VALUE:,} characters.", guidance="Shorten it.")


def _json(label: str, value: Any) -> Any:
    try:
        _check_length(label, value)
        read_as = json.loads(value) if isinstance(value, str) else value
        _check_length(label, json.dumps(read_as, allow_nan=False))
    except (ValueError, TypeError, RecursionError) as error:
        raise BadOption(f"{label} is not valid JSON.") from error
    return read_as

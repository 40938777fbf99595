"""Encode and decode the JSON of long transcripts in pieces.

The functions of the standard library hold the interpreter lock during the whole call: for a transcript of ten hours of
speech, no other thread can run for half a second.
"""

from __future__ import annotations

import json
import re
from typing import Any

ITEMS_PER_PIECE = 200  # maximum number of list items encoded in one call; an item is a segment of about 12 words
SMALL_LENGTH = 1 << 18  # length below which a text is decoded in one call, characters
# Nesting depth from which a list or an object is decoded in one call. A transcript is an object (depth 0) with lists
# (depth 1) of segments (depth 2).
MAX_DEPTH = 2
_decoder = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")


def dumps(value: Any, **how: Any) -> str:
    """Return what `json.dumps` returns, but let other threads run between pieces."""
    if isinstance(value, dict):
        named = (f"{json.dumps(str(name), **how)}: {dumps(each, **how)}" for name, each in value.items())
        return "{" + ", ".join(named) + "}"
    if isinstance(value, list) and len(value) > ITEMS_PER_PIECE:
        blocks = (value[at : at + ITEMS_PER_PIECE] for at in range(0, len(value), ITEMS_PER_PIECE))
        return "[" + ", ".join(json.dumps(block, **how)[1:-1] for block in blocks) + "]"
    if isinstance(value, list) and any(isinstance(each, dict) for each in value):
        return "[" + ", ".join(dumps(each, **how) for each in value) + "]"
    return json.dumps(value, **how)


def loads(text: str | bytes) -> Any:
    """Return what `json.loads` returns, but let other threads run between pieces.

    Raises ValueError if `text` is not valid JSON.
    """
    text = text if isinstance(text, str) else text.decode()
    if len(text) < SMALL_LENGTH:
        return json.loads(text)
    try:
        value, at = _value(text, _after_space(text, 0), 0)
        if _after_space(text, at) == len(text):
            return value
    except IndexError:
        pass
    return json.loads(text)  # the text is invalid, so this raises the standard library's error


def _value(text: str, at: int, depth: int) -> tuple[Any, int]:
    """Return the value that begins at index `at`, and the index after it.

    Lists and objects that are nested less deeply than MAX_DEPTH are decoded item by item.
    """
    first = text[at]
    if first not in "[{" or depth == MAX_DEPTH:
        return _decoder.raw_decode(text, at)
    found: list[Any] = []
    at = _after_space(text, at + 1)
    while text[at] not in "]}":
        if first == "{":
            name, at = _decoder.raw_decode(text, at)
            at = _after_space(text, at)
            if not isinstance(name, str) or text[at] != ":":
                raise json.JSONDecodeError("Expecting ':' delimiter", text, at)
            value, at = _value(text, _after_space(text, at + 1), depth + 1)
            found.append((name, value))
        else:
            value, at = _value(text, at, depth + 1)
            found.append(value)
        at = _after_space(text, at)
        if text[at] == ",":
            at = _after_space(text, at + 1)
            if text[at] in "]}":
                raise json.JSONDecodeError("Expecting value", text, at)
        elif text[at] not in "]}":
            raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
    if (first == "{") != (text[at] == "}"):
        raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
    return (dict(found) if first == "{" else found), at + 1


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at

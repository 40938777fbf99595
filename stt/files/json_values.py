"""Read values of untrusted JSON, where any value may be missing or of another type."""

from __future__ import annotations

import math
import unicodedata
from typing import Any


def items(value: Any) -> list[dict[str, Any]]:
    """Return the JSON objects in the list `value`.

    A single object becomes a list of one object, and any other value becomes an empty list.
    """
    if isinstance(value, dict):
        return [value]
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def fields(value: Any) -> dict[str, Any]:
    """Return `value` if it is a JSON object, else an empty dictionary."""
    return value if isinstance(value, dict) else {}


def clean(value: Any) -> str:
    r"""Return the text `value` in a form that every database and file accepts, or "" if `value` is not a text.

    Lone surrogates are replaced, and control characters except \n and \t are removed.
    """
    if not isinstance(value, str) or value.isprintable():
        return value if isinstance(value, str) else ""
    value = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return "".join(c for c in value if c in "\n\t" or unicodedata.category(c) != "Cc")


def signed(value: Any) -> float | None:
    """Return `value` as a finite number, or None if it is not one. A text such as "1.5" is accepted."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        read_as = float(value)
    except (ValueError, OverflowError):
        return None
    return read_as if math.isfinite(read_as) else None


def number(value: Any) -> float | None:
    """Return `value` as a finite number of at least 0, or None if it is not one."""
    read_as = signed(value)
    return read_as if read_as is not None and read_as >= 0 else None


def share(value: Any) -> float | None:
    """Return `value` as a number from 0 to 1, or None if it is not one."""
    read_as = number(value)
    return read_as if read_as is not None and read_as <= 1 else None

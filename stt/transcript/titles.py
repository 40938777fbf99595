"""Provide the titles of transcripts, and keys for sorting them.

Titles are sorted naturally: "Episode 2" before "Episode 10", Ä beside A, capitals beside small letters. The sort key of
each title is stored as bytes, because SQLite and PostgreSQL compare bytes in the same way.
"""

from __future__ import annotations

import re
import unicodedata

from stt.files import names
from stt.transcript import folding

MAX_LENGTH = 300  # maximum length of a title, characters
_RUN = re.compile(r"([0-9]+)|([\s_]+)|(.)", re.DOTALL)
# A table for `str.translate`: katakana to hiragana, and voice marks removed, so that ガ is sorted beside か.
_KANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)} | {0x3099: None, 0x309A: None}
# Bytes in a sort key for the end of the title, a space, a sign (punctuation or symbol) and a number. Each is less than
# the first letter, "a" (0x61).
_END, _SPACE, _SIGN, _NUMBER = b"\0", b"\2", b"\3", b"0"


def of_name(name: str) -> str:
    """Return the title of a recording from its file name, without the extension of a sound or video file."""
    return tidy(names.split(name)[0]) or tidy(name) or names.UNNAMED


def tidy(text: str) -> str:
    """Return a title on one line, without invisible characters and with at most MAX_LENGTH characters."""
    return names.shorten(_plain(text), MAX_LENGTH)


def _plain(text: str) -> str:
    return names.visible(" ".join(text.encode("utf-8", "ignore").decode().split())).strip()


def is_too_long(text: str) -> bool:
    """Return whether `tidy` would shorten a title."""
    return len(_plain(text)) > MAX_LENGTH


def key(title: str) -> bytes:
    """Return a sort key for a title. Different titles have different keys."""
    whole = unicodedata.normalize("NFC", title)
    # In Unicode, й is и with an accent. It must not be folded to и, because it is a separate letter sorted after и.
    letters = "й".join(map(folding.fold, re.split("[йЙ]", whole))).translate(_KANA).strip()
    return b"".join(_weight(*run) for run in _RUN.findall(letters)) + _END + whole.encode("utf-8", "replace")


def _weight(digits: str, space: str, other: str) -> bytes:
    if digits:
        number = digits.lstrip("0").encode()
        return _NUMBER + min(len(number), 0xFFFF).to_bytes(2) + number
    if space:
        return _SPACE
    content = other.encode("utf-8", "replace")
    return _SIGN + content if unicodedata.category(other)[0] in "PSC" else content

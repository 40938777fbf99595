"""Check the text that is read from a reference file."""

from __future__ import annotations

from stt.imports.references import reader
from stt.transcript.alignment import align
from stt.transcript.comparison import tokens_of_text

REFERENCE_TEXT = "And so, my fellow Americans: ask not what your country can do for you & ask what you can do."
ASS = "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname\nStyle: Default,Arial\n\n[Events]\n"


def keys(text: str) -> list[str]:
    return [token.key for token in tokens_of_text(text)]


def assert_says(data: bytes, name: str, words: str) -> None:
    """Check that the reference file `name` with the bytes `data` is read as the words `words`."""
    read = keys(reader.read(data, name).text)
    assert read == keys(words) and align(read, keys(words)).word_error_rate == 0

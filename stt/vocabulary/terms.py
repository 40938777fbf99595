"""Read the terms of a vocabulary, one per line: "Cyrille", or "Cyril → Cyrille" to replace Cyril by Cyrille."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from stt.errors import BadOption
from stt.transcript import scripts

OPTION = "vocabulary"  # name of the job option that has the lines of the job's vocabulary
MOST = 500  # maximum number of terms of a job, or of one list of an owner
LONGEST = 100  # maximum characters of a term, or of the text that a term replaces
LONGEST_TEXT = MOST * 2 * (LONGEST + 2)  # maximum characters of all lines together
# Maximum characters of a line before its spaces are reduced and its accents are composed. A few combining marks per
# letter and wide columns of spaces fit in.
LONGEST_LINE = 20 * LONGEST
_ARROW = re.compile("→|⟶|⇒|->|=>")  # spaces around an arrow are removed later: a pattern for them takes quadratic time
# Control characters, halves of surrogate pairs, and marks that change the direction of text.
_UNUSABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Term:
    """A name or term. `replaces` is the text that `text` replaces after transcription, or None."""

    text: str
    replaces: str | None = None

    @property
    def line(self) -> str:
        return f"{self.replaces} → {self.text}" if self.replaces else self.text


def read(lines: str | Iterable[str]) -> list[Term]:
    """Return the terms of `lines` in order, without empty lines and duplicates.

    Raises BadOption if there are more than MOST terms, or if a line is unusable; the message has the line's number.
    """
    lines = re.split(r"\r\n|\r|\n", lines) if isinstance(lines, str) else list(lines)
    found: dict[Term, None] = {}
    for number, line in enumerate(lines, 1):
        if line.strip():
            found[_term(line.replace("\t", " "), number)] = None
            if len(found) > MOST:
                raise BadOption(f"A vocabulary has at most {MOST} terms.", guidance="Remove some.")
    return list(found)


def of(options: Mapping[str, Any]) -> list[Term]:
    """Return the vocabulary terms in a job's options."""
    return read(options.get(OPTION) or [])


class Given(TypedDict):
    """The hints for Whisper: terms, and a prompt that shows style or script."""

    terms: list[str]
    prompt: str


def given(options: Mapping[str, Any]) -> Given:
    """Return the hints for Whisper in a job's options."""
    return {"terms": texts(of(options)), "prompt": str(options.get("prompt") or "")}


def texts(terms: Iterable[Term]) -> list[str]:
    """Return the `text` of each term, without duplicates."""
    return list(dict.fromkeys(term.text for term in terms))


def _term(line: str, number: int) -> Term:
    if len(line) > LONGEST_LINE:
        raise _too_long(number)
    if _UNUSABLE.search(line):
        raise BadOption(f"Line {number} has a control character.", guidance="Type this line again.")
    parts = [" ".join(unicodedata.normalize("NFC", part).split()) for part in _ARROW.split(line)]
    if len(parts) > 2:
        raise BadOption(f"Line {number} has several arrows.", guidance="Write one replacement a line.")
    for part in parts:
        if len(part) > LONGEST:
            raise _too_long(number)
        if not scripts.is_word(part):
            where = " on one side of the arrow" if len(parts) == 2 else ""
            message = f"Line {number} has no letters or digits{where}."
            raise BadOption(message, guidance="Complete or remove this line.")
    if len(parts) == 1 or parts[0] == parts[1]:
        return Term(parts[-1])
    return Term(parts[1], parts[0])


def _too_long(number: int) -> BadOption:
    return BadOption(f"Line {number} is too long: a term takes at most {LONGEST} characters.")

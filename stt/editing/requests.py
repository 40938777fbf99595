"""Parse an editing request from the browser: the step, the request's key, and the revision the step is based on."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from stt.editing import texts
from stt.errors import BadOption, TooLarge
from stt.transcript.model import Segment

TEXT, SPLIT, MERGE, DELETE, UNDO, REDO = "text", "split", "merge", "delete", "undo", "redo"
SPEAKER, TIMES, REPLACE, WORD = "speaker", "times", "replace", "word"
PASSAGE = "passage"  # the replacement of a passage that was transcribed again; only the server creates such a step
TYPED = (TEXT, SPLIT, MERGE, WORD)
OF_PARAGRAPHS = (*TYPED, DELETE, SPEAKER, TIMES)
KINDS = (*OF_PARAGRAPHS, REPLACE, UNDO, REDO)
LONGEST_FIND = 1000  # maximum length of a text to find, a replacement or a word, characters
MOST_PLACES = 100_000  # maximum length of the lists `paragraphs` and `only` in a request to replace a text
LONGEST_KEY = 64  # maximum length of the key of a request and of the `typing` value of a step, characters
MOST_INTEGER = 2**31 - 1  # maximum value of an integer in a request
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Step:
    """A step of editing. Its `kind` determines which of the other fields are used.

    `was` is the text of the paragraph before the step and `text` the text after it, both with normalised white space.
    `paragraph` is the number of the paragraph at the revision that the step is based on. If `of` is the key of an
    earlier step, `paragraph` counts the paragraphs that this earlier step made.
    TEXT: `typing` is the same in all steps of typing without a break, or None.
    SPLIT: `at` is the index in `text` at which the paragraph is split. If the transcript has no paragraphs and `was` is
    empty, `text` becomes its only paragraph.
    SPEAKER: `marked` is the span of `was` (index of the first character, index after the last) that gets the speaker;
    None means the whole paragraph.
    TIMES: `start` and `end` are the new times in seconds; None keeps the old time.
    WORD: a word is corrected or confirmed; `marked` is the span of the word in `text`.
    REPLACE: `text` replaces the matches of `find`: all of them, or only those in the paragraphs with the numbers
    `paragraphs`, or only those at the spans in `only` (paragraph number, index of the first character, index after the
    last). `Finder` explains `case` and `words`.
    PASSAGE: `segments` replace the words between `start` and `end` in seconds. If their speakers are channels or
    tracks, `original` has the engine's segments, from which the present speakers follow.
    """

    kind: str
    paragraph: int = 0
    was: str = ""
    text: str = ""
    of: str | None = None
    typing: str | None = None
    at: int = 0
    speaker: str = ""
    marked: tuple[int, int] | None = None
    start: float | None = None
    end: float | None = None
    find: str = ""
    case: bool = False
    words: bool = False
    paragraphs: frozenset[int] | None = None
    only: frozenset[tuple[int, int, int]] | None = None
    segments: tuple[Segment, ...] = ()
    original: tuple[Segment, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    key: str
    based_on: int
    step: Step


def read(body: object) -> Request:
    """Parse the JSON body of an editing request.

    Raises TooLarge if the typed text of a paragraph is too long, and BadOption if a field is missing or invalid.
    """
    outer = Fields(body, "The body")
    key = outer.text("key")
    if not 0 < len(key) <= LONGEST_KEY:
        raise BadOption(f"`key` must have 1 to {LONGEST_KEY} characters.")
    return Request(key, outer.whole("based_on"), _step(Fields(outer.value("step"), "`step`")))


def _step(fields: Fields) -> Step:
    kind = fields.text("do")
    if kind not in KINDS:
        raise BadOption(f"`do` must be one of {', '.join(KINDS)}.")
    if kind in (UNDO, REDO):
        return Step(kind)
    if kind == REPLACE:
        return _replacement(fields)
    of = None if fields.value("of", None) is None else fields.text("of")
    step = Step(kind, fields.whole("paragraph"), " ".join(fields.text("was").split()), of=of)
    if kind == DELETE:
        return step
    if kind == TIMES:
        return replace(step, start=fields.seconds("start"), end=fields.seconds("end"))
    if kind == SPEAKER:
        name = texts.tidy(fields.text("speaker"), texts.LONGEST_NAME, "A name")
        if fields.value("from", None) is None or fields.value("to", None) is None:
            return replace(step, speaker=name)
        return replace(step, speaker=name, marked=(fields.whole("from"), fields.whole("to")))
    if kind == WORD:
        return _word(fields, step)
    typed = fields.text("text")
    if len(typed) > texts.LONGEST_TEXT:
        raise TooLarge(f"A paragraph takes at most {texts.LONGEST_TEXT:,} characters.", guidance="Split it.")
    text = texts.paragraph_text(typed)
    if kind == SPLIT:
        # Leading and repeated spaces are removed from the text, so `at` must not count them.
        before = texts.paragraph_text(typed[: fields.whole("at")])
        return replace(step, text=text, at=len(before))
    if kind == TEXT and (typing := fields.value("typing", None)) is not None:
        if not isinstance(typing, str) or len(typing) > LONGEST_KEY:
            raise BadOption(f"`typing` must be a text of at most {LONGEST_KEY} characters.")
        return replace(step, text=text, typing=typing or None)
    return replace(step, text=text)


def _word(fields: Fields, step: Step) -> Step:
    word, first, after = fields.text("text"), fields.whole("from"), fields.whole("to")
    if not first < after <= len(step.was):
        raise BadOption("`from` and `to` must be positions in `was`.")
    word = texts.tidy(word, LONGEST_FIND, "A word")
    text = texts.paragraph_text(step.was[:first] + word + step.was[after:])
    return replace(step, text=text, marked=(first, first + len(word)))


def _replacement(fields: Fields) -> Step:
    find, text = fields.text("find"), texts.tidy(fields.text("with"), LONGEST_FIND, "A replacement")
    if not 0 < len(find) <= LONGEST_FIND:
        raise BadOption(f"`find` must have 1 to {LONGEST_FIND:,} characters.")
    step = Step(REPLACE, find=find, text=text, case=fields.yes("case"), words=fields.yes("words"))
    if (paragraphs := fields.value("paragraphs", None)) is not None:
        own = [Fields({"paragraph": each}, "`paragraphs`").whole("paragraph") for each in _items(paragraphs)]
        step = replace(step, paragraphs=frozenset(own))
    if (only := fields.value("only", None)) is not None:
        places = [Fields(each, "`only`") for each in _items(only)]
        spans = [(each.whole("paragraph"), each.whole("from"), each.whole("to")) for each in places]
        step = replace(step, only=frozenset(spans))
    return step


def _items(value: object) -> list[Any]:
    if not isinstance(value, list) or len(value) > MOST_PLACES:
        raise BadOption(f"A list has at most {MOST_PLACES:,} entries.")
    return value


class Fields:
    """A JSON object in the body of a request. Each method returns the value of the field `name`.

    `text` and `whole` raise BadOption if the field is missing or has another type. `seconds` returns None for a missing
    field, and `yes` returns True only for the JSON value true. `value` accepts every type.
    """

    def __init__(self, value: object, name: str) -> None:
        if not isinstance(value, dict):
            raise BadOption(f"{name} must be a JSON object.")
        self._fields: dict[str, Any] = value

    def value(self, name: str, otherwise: object = _MISSING) -> Any:
        found = self._fields.get(name, otherwise)
        if found is _MISSING:
            raise BadOption(f"`{name}` is missing.")
        return found

    def text(self, name: str) -> str:
        found = self.value(name)
        if not isinstance(found, str):
            raise BadOption(f"`{name}` must be a text.")
        return texts.clean(found)

    def whole(self, name: str) -> int:
        found = self.value(name)
        if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found <= MOST_INTEGER:
            raise BadOption(f"`{name}` must be a whole number from 0.")
        return found

    def yes(self, name: str) -> bool:
        return self.value(name, False) is True

    def seconds(self, name: str) -> float | None:
        found = self.value(name, None)
        if found is None:
            return None
        if not isinstance(found, int | float) or isinstance(found, bool) or not math.isfinite(found):
            raise BadOption(f"`{name}` must be a number of seconds.")
        return float(found)

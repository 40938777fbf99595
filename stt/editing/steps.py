"""Pure functions that change the segments of a paragraph and return the new segments.

A paragraph is a tuple of segments. The first segment has `begins=True`, the other segments have `begins=False`. The
text of a paragraph is the text that the browser shows, with normalised white space.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from stt.transcript import scripts
from stt.transcript.model import Segment, Word, all_worded, joined
from stt.transcript.retiming import rewritten

Paragraph = tuple[Segment, ...]


def text_of(paragraph: Iterable[Segment]) -> str:
    """Return the text of a paragraph: the text of its words if it has any, else the text of its segments."""
    segments = tuple(paragraph)
    words = "".join(word.text for segment in segments for word in segment.words)
    return " ".join((words if words.strip() else joined(segment.text for segment in segments)).split())


def span(paragraph: Paragraph) -> tuple[float, float]:
    """Return the start and end of a paragraph in seconds."""
    return paragraph[0].start, max(segment.end for segment in paragraph)


def retyped(paragraph: Paragraph, text: str) -> Paragraph:
    """Return the paragraph with the new text `text`, or an empty paragraph if `text` is empty.

    Unchanged words keep their times and confidence.
    """
    return paragraph if text == text_of(paragraph) else rewritten(paragraph, text)


def split(paragraph: Paragraph, at: int) -> tuple[Paragraph, Paragraph]:
    """Split a paragraph before the character at index `at` of its text. The first or the second part may be empty.

    The time of the split is taken from the words. If the paragraph has no words, it is estimated from the position of
    the split in the text.
    """
    letters = len("".join(text_of(paragraph)[: max(0, at)].split()))
    left: list[Segment] = []
    right: list[Segment] = []
    worded = any(word.text.strip() for segment in paragraph for word in segment.words)
    for segment in paragraph:
        size = _letters("".join(word.text for word in segment.words) if worded else segment.text)
        if letters >= size:
            left.append(segment)
        elif letters <= 0:
            right.append(segment)
        else:
            one, other = _cut(segment, letters) if worded else _cut_text(segment, letters)
            left.append(one)
            right.append(other)
        letters -= size
    return one_paragraph(left), one_paragraph(right)


def merge(upper: Paragraph, lower: Paragraph) -> Paragraph:
    """Merge two consecutive paragraphs into one, with the speaker of the upper paragraph."""
    if not upper or not lower:
        return one_paragraph(upper or lower)
    speaker = upper[0].speaker
    before = next((word.text for s in reversed(upper) for word in reversed(s.words)), upper[-1].text)
    following = [spoken_by(segment, speaker) for segment in all_worded([*upper, *lower])[len(upper) :]]
    following[0] = spaced(following[0], before)
    return one_paragraph([*upper, *following])


def assigned(paragraph: Paragraph, speaker: str | None, marked: tuple[int, int] | None = None) -> list[Paragraph]:
    """Assign a speaker to a paragraph, and return the resulting one to three paragraphs.

    `marked` is a span of the paragraph's text: (index of the first character, index after the last). If it is given,
    only the words that overlap the span get the speaker, and these words become a separate paragraph.
    """
    if marked is None:
        return [tuple(spoken_by(segment, speaker) for segment in paragraph)]
    first, after = _whole_words(text_of(paragraph), *marked)
    head, rest = split(paragraph, first)
    middle, tail = split(rest, after - len(text_of(head)) - _gap(head, rest)) if rest else ((), ())
    given = tuple(spoken_by(segment, speaker) for segment in middle)
    return [part for part in (head, given, tail) if part]


def timed(paragraph: Paragraph, start: float, end: float) -> Paragraph:
    """Return the paragraph with a new `start` and `end` in seconds. The times of its words are moved in proportion."""
    first, last = span(paragraph)
    scale = (end - start) / (last - first) if last > first else 0.0

    def moved(at: float) -> float:
        if at >= last:
            return end
        return min(end, max(start, start + (at - first) * scale))

    found = []
    for segment in paragraph:
        words = tuple(replace(w, start=moved(w.start), end=moved(w.end)) for w in segment.words)
        found.append(replace(segment, start=moved(segment.start), end=moved(segment.end), words=words))
    return (replace(found[0], start=start), *found[1:])


def confirmed(paragraph: Paragraph, first: int, after: int) -> Paragraph:
    """Remove the confidence of the words, confirmed by a person, that overlap the characters `first` to `after`."""
    letters, ending = (len("".join(text_of(paragraph)[:place].split())) for place in (first, after))
    found, at = [], 0
    for segment in paragraph:
        words = []
        for word in segment.words:
            begun, at = at, at + _letters(word.text)
            touched = begun < ending and at > letters
            words.append(replace(word, confidence=None) if touched else word)
        found.append(replace(segment, words=tuple(words)))
    return tuple(found)


def spoken_by(segment: Segment, speaker: str | None) -> Segment:
    """Return the segment with `speaker` as the speaker of the segment and all its words."""
    return replace(segment, speaker=speaker, words=tuple(replace(word, speaker=speaker) for word in segment.words))


def reduced(segment: Segment, words: Sequence[Word]) -> list[Segment]:
    """Return a list with the segment reduced to `words`, or an empty list if `words` is empty."""
    if len(words) == len(segment.words):
        return [segment]
    if not words:
        return []
    times = words[0].start, max(word.end for word in words)
    return [replace(segment, start=times[0], end=times[1], text="".join(w.text for w in words), words=tuple(words))]


def one_paragraph(segments: Sequence[Segment]) -> Paragraph:
    """Make one paragraph of the segments: set `begins` to True for the first segment, and to False for all others.

    If some segments have words, the text of the others becomes words too (see `all_worded`).
    """
    return tuple(replace(segment, begins=not place) for place, segment in enumerate(all_worded(segments)))


def _letters(text: str) -> int:
    return len("".join(text.split()))


def _gap(head: Paragraph, rest: Paragraph) -> int:
    """Return the number of spaces between the texts of two parts of a paragraph: 0 or 1."""
    if not head:
        return 0
    return len(text_of((*head, *rest))) - len(text_of(head)) - len(text_of(rest))


def _whole_words(text: str, first: int, after: int) -> tuple[int, int]:
    """Extend the span of characters from `first` to `after` to the whole words that it touches."""
    touched = [m.span() for m in scripts.PIECE.finditer(text) if m.start() < after and m.end() > first]
    return (touched[0][0], touched[-1][1]) if touched else (first, max(first, after))


def _cut(segment: Segment, letters: int) -> tuple[Segment, Segment]:
    """Cut a segment after `letters` characters of its words, not counting spaces."""
    left: list[Word] = []
    right: list[Word] = []
    for word in segment.words:
        size = _letters(word.text)
        if letters >= size and (letters > 0 or not right):
            left.append(word)
        elif letters <= 0:
            right.append(word)
        else:
            one, other = _cut_word(word, letters)
            left.append(one)
            right.append(other)
        letters -= size
    middle = max(word.end for word in left)
    upper = replace(segment, end=middle, text="".join(word.text for word in left), words=tuple(left))
    start = min(word.start for word in right)
    return upper, replace(segment, start=start, text="".join(word.text for word in right), words=tuple(right))


def _cut_word(word: Word, letters: int) -> tuple[Word, Word]:
    place, share = _place(word.text, letters)
    middle = word.start + (word.end - word.start) * share
    return replace(word, text=word.text[:place], end=middle), replace(word, text=word.text[place:], start=middle)


def _cut_text(segment: Segment, letters: int) -> tuple[Segment, Segment]:
    place, share = _place(segment.text, letters)
    middle = segment.start + (segment.end - segment.start) * share
    return (
        replace(segment, end=middle, text=segment.text[:place].rstrip()),
        replace(segment, start=middle, text=segment.text[place:].lstrip()),
    )


def _place(text: str, letters: int) -> tuple[int, float]:
    """Return the index in `text` after `letters` non-space characters, and `letters` as a share of all of them."""
    share = letters / _letters(text)
    for place, character in enumerate(text):
        if not letters:
            return place, share
        letters -= not character.isspace()
    return len(text), share


def spaced(segment: Segment, before: str) -> Segment:
    """Return the segment, with a space added at its start if it needs one. `before` is the text before the segment.

    No space is needed if `before` is empty, if there is a space between the two texts already, or if the script at the
    end of `before` is written without spaces.
    """
    first = segment.words[0].text if segment.words else segment.text
    if not before or not first or before[-1].isspace() or first[0].isspace() or scripts.is_unspaced(before[-1]):
        return segment
    if not segment.words:
        return replace(segment, text=f" {first}")
    words = (replace(segment.words[0], text=f" {first}"), *segment.words[1:])
    return replace(segment, text=f" {segment.text}", words=words)

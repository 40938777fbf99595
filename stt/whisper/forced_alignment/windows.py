"""Group the words of a plan into windows, each of which Whisper aligns at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stt.whisper.forced_alignment.plan import Guess

LONGEST = 24.0  # maximum length of a window, seconds; Whisper's own limit is 30 s
PAUSE = 0.8  # minimum length of a pause at which a window ends, seconds
# Seconds of sound in a window before its first word and after its last word. A word outside the window that is nearer
# reduces them.
LEAD = 0.2
MOST_CHARACTERS = 700  # maximum number of characters in a window, because Whisper takes at most 448 tokens


@dataclass(frozen=True, slots=True)
class Window:
    """Words `first` to `last` (exclusive) of a plan, and the span of sound that contains them (seconds)."""

    first: int
    last: int
    start: float
    end: float


def windows(words: Sequence[Guess], first: int, last: int, start: float, end: float) -> list[Window]:
    """Return windows for the words `first` to `last` (exclusive), whose sound is from `start` to `end` (seconds).

    Words that do not fit the sound are in no window.
    """
    found: list[Window] = []
    at, before = first, start  # `before` is the latest end of the words so far
    while at < last:
        if not words[at].fits:
            before = max(before, words[at].end)
            at += 1
            continue
        upto = _end(words, at, last)
        after = words[upto].start if upto < last else end
        begin = max(start, words[at].start - LEAD, min(before, words[at].start))
        finish = min(end, words[upto - 1].end + LEAD, max(after, words[upto - 1].end))
        if finish > begin:
            found.append(Window(at, upto, begin, finish))
        before = max(before, *(word.end for word in words[at:upto]))
        at = upto
    return found


def _end(words: Sequence[Guess], at: int, last: int) -> int:
    """Return the number of the first word after the window that begins with word `at`.

    The window ends at a pause before a firm word, or before a word that does not fit the sound. A window that would be
    too long ends before the last firm word that starts more than LONGEST / 2 seconds after the window's start. Without
    such a word, the window ends at the longest gap before a firm word. Without any firm word, it ends before the word
    that makes it too long.
    """
    characters, best, gap = 0, at + 1, -1.0
    for number in range(at, last):
        word = words[number]
        if number > at:
            silence = word.start - words[number - 1].end
            if not word.fits or (word.firm and silence >= PAUSE):
                return number
            if word.firm and (silence > gap or word.start - words[at].start > LONGEST / 2):
                best, gap = number, max(silence, 0.0)
        characters += len(word.text)
        if number > at and (word.end - words[at].start > LONGEST or characters > MOST_CHARACTERS):
            return best if gap >= 0 else number
    return last

"""Define words, sentence ends, line breaks and scripts without spaces, for all modules of the application.

A *piece* is a run of characters without spaces. In a script without spaces, a piece is one character with its
combining marks, or one number. A *word* is a piece with a letter or digit, plus adjacent punctuation: `cold-hearted`,
`$1,000`, `don't`, `3.5`, `U.S.` and "really -" are one word each. All functions take linear time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import pairwise

# Code points of scripts without spaces: Thai, Lao, Burmese, Khmer, Tai Le, New Tai Lue, Tai Tham, kana, bopomofo …
_RANGES = [
    *((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x1950, 0x19FF), (0x1A20, 0x1AAF), (0x3005, 0x3007)),
    *((0x3021, 0x302F), (0x3031, 0x3035), (0x3038, 0x303C), (0x3041, 0x312F), (0x31A0, 0x31FF), (0xA9E0, 0xA9FF)),
    *((0xAA60, 0xAA7F), (0xFF66, 0xFF9F), (0x1AFF0, 0x1B2FF)),
]
_IDEOGRAPHS = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00016fe3-\U00018dff\U00020000-\U0003fffd"


def _class(kinds: str) -> str:
    """Return the code points of _RANGES in the Unicode categories `kinds`, as text to put inside [] in a regex."""
    runs: list[list[int]] = []
    for code in (code for first, last in _RANGES for code in range(first, last + 1)):
        if not unicodedata.category(chr(code)).startswith(tuple(kinds.split())):
            continue
        if runs and code == runs[-1][1] + 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in runs)


SPACELESS = _class("L M N") + _IDEOGRAPHS  # characters of scripts without spaces, as text to put inside [] in a regex
# Characters that belong to the character before them: combining marks, two vowels that Unicode classes as letters, the
# voice marks of half-width kana, and variation selectors. UNIT also joins two consonants that have a stacking virama
# (U+1039 or U+17D2) between them.
MARKS = _class("M") + "\u0e33-\u0e33\u0eb3-\u0eb3\uff9e-\uff9f\ufe00-\ufe0f\U000e0100-\U000e01ef"
_DIGITS = _class("Nd")
UNIT = rf"[{_DIGITS}]+(?:[.,][{_DIGITS}]+)*|[{SPACELESS}](?:[\u1039\u17d2][{SPACELESS}]|[{MARKS}])*"
# Punctuation that separates two words even without a space: "well—that", "well--that", "wait…what", "wait...what".
_BREAK = r"(?:[\u2014\u2015\u2026\u2e3a\u2e3b]|--|\.\.\.)(?=\w)"
# PIECE has no possessive quantifier, because Python 3.11.2 (Debian 12) ends a match too early if a group has one.
PIECE = re.compile(rf"{UNIT}|(?:(?!{_BREAK})[^\s{SPACELESS}])*{_BREAK}|[^\s{SPACELESS}]+")
_LETTER = re.compile(r"[^\W_]")
# Ranges of code points that have all combining marks.
_MARKED = (
    *((0x300, 0x3100), (0xA600, 0xAC00), (0xFB00, 0xFE30)),
    *((0x10000, 0x12000), (0x16A00, 0x1F000), (0xE0100, 0xE01F0)),
)
_UNSPACED = re.compile(rf"[{SPACELESS}\u3000-\u303f\uff00-\uffef]")
_STARTS_UNIT, _ALL_SPACELESS = re.compile(UNIT), re.compile(f"[{SPACELESS}]+")
_DICTIONARY = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\ua9e0-\ua9ff\uaa60-\uaa7f]+"
)
# Ideographs and kana between which a line may end. Small kana and marks are left out, because no line may begin with
# one of them.
_FREELY = "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003fffd" + "".join(
    kana
    for kana in map(chr, range(0x3042, 0x30FB))
    if (name := unicodedata.name(kana, "")).split()[1:2] == ["LETTER"] and "SMALL" not in name
)
_FREE = re.compile(f"(?<=[{_FREELY}])(?=[{_FREELY}])")
_STARTS_SPACELESS = re.compile(f"[{SPACELESS}]")

STOPS = ".!?…。！？｡．؟۔።፧।॥။៕។։‼⁇⁈⁉‽"
_STOPS_WITHOUT_SPACE = "。！？｡．។៕။"  # stops that end a sentence even if no space follows
_PAUSES = ",;:،؛、，；：၊–—"
_CLOSERS = "\"'”’“‘»›)]}」』）］】》〉﹂﹄"
_OPENERS = "\"'“‘„‚«‹([{¿¡「『（［【《〈"
# The lookbehind lets a match begin only at the start of a run of stops. Without the lookbehind, long
# runs would take quadratic time.
_STOP = re.compile(
    rf"(?<![{STOPS}])[{STOPS}]+[{re.escape(_CLOSERS)}]*(?=\s|$)|[{_STOPS_WITHOUT_SPACE}]+[{re.escape(_CLOSERS)}]*"
)
_TITLES = frozenset(
    (
        "mr mrs ms mx dr prof rev hon st sr jr gen col capt lt sgt gov sen rep mt ft vol fig inc ltd corp "
        "approx dept vs nr hr fr bzw ca mme mlle sra srta dra av uds jan feb apr jun jul aug sept oct nov"
    ).split()
)
# Abbreviations such as U.S., e.g. and z.B., and initials except "I.", which usually ends a sentence.
_DOTTED = re.compile(r"(?:\w\.)+\w?\.|[^\W\da-zI]\.")
_INITIALS = re.compile(r"(?:\w\.){2,}")  # compared without combining marks, because Hindi initials have some ("पी.")
_LONGEST_ABBREVIATION = 12  # maximum length of an abbreviation, characters
_PAUSE = 0.2  # minimum pause after an abbreviation that indicates the end of a sentence, seconds

_BLOCK, _BLOCKS = 200, 10  # maximum characters per call of uniseg, and maximum calls per text without spaces
# Thai and Lao vowels. No line may end after one of _BEFORE_VOWEL or begin with one of _AFTER_VOWEL.
_BEFORE_VOWEL, _AFTER_VOWEL = "เแโใไເແໂໃໄ", "ะาำๅะາຳ"


def words(text: str) -> list[str]:
    """Return the words of a text, each with its adjacent punctuation and without outer spaces."""
    return [text[start:end] for start, end in word_spans(text)]


def count(text: str) -> int:
    """Return the number of words in a text."""
    return sum(1 for piece in PIECE.finditer(text) if is_word(piece[0]))


def runs(text: str) -> list[str]:
    """Return the runs of letters, digits, underscores and combining marks in a text: "don" and "t" for "don't".

    A run does not begin with a mark, so an emoji with a variation selector has no run. The regex "\\w+" would cut words
    of Indic scripts at each vowel sign, because these are combining marks.
    """
    return run_pattern().findall(text)


@cache
def run_pattern() -> re.Pattern[str]:
    """Return the pattern of a run (see `runs`)."""
    return re.compile(rf"\w[\w{''.join(f'{chr(first)}-{chr(last)}' for first, last in marks())}]*")


def marks() -> Iterator[tuple[int, int]]:
    """Yield the combining marks of all scripts as ranges of code points (first, last)."""
    first = last = 0
    for code in (code for begin, end in _MARKED for code in range(begin, end)):
        if unicodedata.category(chr(code))[0] != "M":
            continue
        if first and code > last + 1:
            yield first, last
        first, last = (first, code) if first and code == last + 1 else (code, code)
    yield first, last


def is_word(piece: str) -> bool:
    """Return whether a piece has a letter or digit. A dash, a musical note or an emoji alone is not a word."""
    return _LETTER.search(piece) is not None


def word_spans(text: str) -> list[tuple[int, int]]:
    """Return the start and end index of each word.

    If the text has any word, every character that is not a space belongs to one of the words.
    """
    spans: list[tuple[int, int]] = []
    lead: int | None = None  # start index of punctuation that belongs to the next word, if there is such punctuation
    for match in PIECE.finditer(text):
        start, end = match.span()
        if is_word(match[0]):
            spans.append((start if lead is None else lead, end))
            lead = None
        elif lead is None and spans and match[0][0] not in _OPENERS:
            spans[-1] = spans[-1][0], end
        elif lead is None:
            lead = start
    if lead is not None and spans:
        spans[-1] = spans[-1][0], len(text.rstrip())
    return spans


def is_spaceless(character: str) -> bool:
    """Return whether a character belongs to a script without spaces between words."""
    return _STARTS_SPACELESS.match(character) is not None


def is_unspaced(character: str) -> bool:
    """Return whether a character is a letter or punctuation of a script without spaces, so that no space follows it."""
    return _UNSPACED.match(character) is not None


def ends_sentence(text: str, following: str = "", pause: float = 0.0) -> bool:
    """Return whether a sentence ends at the end of `text`.

    `following` is the text after `text`, and `pause` is the silence between the two texts in seconds. "Mr.", "U.S." and
    initials end a sentence only if `following` is empty or the pause is at least _PAUSE.
    """
    bare = text[-_LONGEST_ABBREVIATION * 4 :].rstrip().rstrip(_CLOSERS).rstrip()
    if not bare or bare[-1] not in STOPS:
        return False
    following = following[:8].lstrip().lstrip(_OPENERS)
    if bare[-1] not in ".…" or not following:
        return True
    if following[0].islower():
        return False
    return not _is_abbreviation(bare) or pause >= _PAUSE


def ends_clause(text: str) -> bool:
    """Return whether `text` ends with punctuation between parts of a sentence, such as a comma or a dash."""
    bare = text.rstrip().rstrip(_CLOSERS)
    return bool(bare) and bare[-1] in _PAUSES


def sentences(text: str) -> list[str]:
    """Split a text into sentences without outer spaces."""
    ends = [0, *sentence_ends(text), len(text)]
    return [sentence for begin, end in pairwise(ends) if (sentence := text[begin:end].strip())]


def sentence_ends(text: str) -> list[int]:
    """Return the index after the end of each sentence. A last sentence without a stop is not included."""
    ends, begin = [], 0
    for match in _STOP.finditer(text):
        end = match.end()
        if ends_sentence(text[max(begin, end - 60) : end], text[end : end + 60]):
            ends.append(end)
            begin = end
    return ends


def line_parts(token: str) -> Iterator[str]:
    """Split a text without spaces into parts. A line may end after each part.

    The library uniseg takes 0.1 ms per character, so it is called only if necessary. Ideographs and kana do not need
    it, because a line may end between any two of them, nor do ASCII words, which are never split. Thai, Lao, Burmese
    and Khmer are not split either, because that requires a dictionary.
    """
    blocks = 0
    for part in _FREE.split(token):
        if len(part) == 1 or (part.isascii() and part.isalnum()) or _DICTIONARY.fullmatch(part):
            yield part
            continue
        for begin in range(0, len(part), _BLOCK):
            blocks += 1
            block = part[begin : begin + _BLOCK]
            yield from _line_break_units(block) if blocks <= _BLOCKS else [block]


def clusters(text: str) -> Iterator[str]:
    """Yield each character of a text together with its combining marks, which must be on the same line.

    After `_BLOCK * _BLOCKS` characters, marks are yielded alone, except in scripts without spaces: uniseg is slow.
    """
    if text.isascii():
        yield from text
    elif _ALL_SPACELESS.fullmatch(text):
        yield from (match[0] for match in _STARTS_UNIT.finditer(text))
    else:
        from uniseg.graphemecluster import grapheme_clusters

        head = text[: _BLOCK * _BLOCKS]
        for begin in range(0, len(head), _BLOCK):
            yield from grapheme_clusters(head[begin : begin + _BLOCK])
        yield from text[len(head) :]


@lru_cache(maxsize=4096)
def _line_break_units(text: str) -> tuple[str, ...]:
    from uniseg.linebreak import line_break_units  # imported here because only subtitles need it

    return tuple(line_break_units(text))


def may_part(before: str, after: str) -> bool:
    """Return whether a line may end between the graphemes `before` and `after` of a script without spaces."""
    return (
        before[-1] not in _BEFORE_VOWEL and after[0] not in _AFTER_VOWEL and after[0] not in STOPS + _PAUSES + _CLOSERS
    )


def _is_abbreviation(text: str) -> bool:
    last = text[-_LONGEST_ABBREVIATION:].rsplit(maxsplit=1)[-1].lstrip(_OPENERS)
    if _DOTTED.fullmatch(last) or last[:-1].lower() in _TITLES:
        return True
    return not last.isascii() and _INITIALS.fullmatch("".join(filter(_is_no_mark, last))) is not None


def _is_no_mark(character: str) -> bool:
    return unicodedata.category(character)[0] != "M"

"""Fold text for search: remove differences of case, accents, strokes and keyboard variants.

The tables IGNORED and SPECIAL define the folding. Python, SQL and the player's script use these tables, and tests check
that all three fold alike. Each character is folded separately: it is decomposed (NFKD) and made lower case, then the
characters in IGNORED are removed and those in SPECIAL are replaced.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from stt.transcript import scripts

# Ranges of removed code points: accents, Hebrew points, Arabic vowel signs and hamza above or below, tatweel,
# half-spaces and other zero-width characters, variation selectors. Marks of Indic and other scripts are not removed,
# because they are parts of words.
IGNORED = [
    *((0x00AD, 0x00AD), (0x0300, 0x036F), (0x0483, 0x0489), (0x0591, 0x05BD), (0x05BF, 0x05BF), (0x05C1, 0x05C2)),
    *((0x05C4, 0x05C5), (0x05C7, 0x05C7), (0x0610, 0x061A), (0x061C, 0x061C), (0x0640, 0x0640), (0x064B, 0x065F)),
    *((0x0670, 0x0670), (0x06D6, 0x06DC), (0x06DF, 0x06E4), (0x06E7, 0x06E8), (0x06EA, 0x06ED), (0x08D3, 0x08E1)),
    *((0x08E3, 0x08FF), (0x180B, 0x180E), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x200B, 0x200F), (0x202A, 0x202E)),
    *((0x2060, 0x2064), (0x2066, 0x206F), (0x20D0, 0x20F0), (0xFE00, 0xFE0F), (0xFE20, 0xFE2F), (0xFEFF, 0xFEFF)),
    *((0xE0001, 0xE0001), (0xE0020, 0xE007F), (0xE0100, 0xE01EF)),
]

_QUOTES = dict.fromkeys("‘’‚‛′‵´ʹʼʻʽʾʿ׳", "'") | dict.fromkeys("“”„‟″‶«»‹›ʺ״", '"')
_DASHES = dict.fromkeys("‐‑‒–—―−⁃﹘־", "-")
_ZEROS = (0x660, 0x6F0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50, 0xED0, 0x1040, 0x17E0)
SPECIAL = {
    **_QUOTES,
    **_DASHES,
    **{"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ŧ": "t", "ƀ": "b", "ɓ": "b", "ƈ": "c", "ȼ": "c", "ɖ": "d", "ɗ": "d"},
    **{"ɇ": "e", "ɠ": "g", "ǥ": "g", "ɨ": "i", "ı": "i", "ɉ": "j", "ƙ": "k", "ƚ": "l", "ɫ": "l", "ⱡ": "l", "ŋ": "n"},
    **{"ɲ": "n", "ƞ": "n", "ɵ": "o", "ƥ": "p", "ɍ": "r", "ƭ": "t", "ʈ": "t", "ⱦ": "t", "ʉ": "u", "ʋ": "v", "ɏ": "y"},
    **{"ƴ": "y", "ƶ": "z", "ȥ": "z", "ⱥ": "a", "ð": "d", "ĸ": "k"},
    **{"æ": "ae", "œ": "oe", "ß": "ss", "þ": "th", "ς": "σ"},
    # Variants of Arabic letters in Persian, Urdu and Uyghur. IGNORED removes hamza and madda, like accents.
    **dict.fromkeys("ىیےۍ", "ي"),
    **dict.fromkeys("کڪ", "ك"),
    **dict.fromkeys("ةہھەۃ", "ه"),
    **{"ٱ": "ا"},
    # Digits of Arabic, Persian and the scripts of India and South East Asia.
    **{chr(zero + digit): str(digit) for zero in _ZEROS for digit in range(10)},
}


# A regex that matches, in folded text, one character of a script without spaces together with its combining marks.
UNIT = rf"[{scripts.SPACELESS}](?:[\u1039\u17d2][{scripts.SPACELESS}]|[{scripts.MARKS}])*"


class _Folded(dict[int, str]):
    """A table for `str.translate`. The entry of a character is added when the character is first folded."""

    def __missing__(self, code: int) -> str:
        plain = unicodedata.normalize("NFKD", chr(code)).lower()
        self[code] = "".join(SPECIAL.get(c, c) for c in plain if not _ignored(ord(c)))
        return self[code]


_folded = _Folded()


def fold(text: str) -> str:
    """Return the folded text. Each character of the NFC form of `text` is replaced by none, one or several."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text).translate(_folded)


def original(text: str, place: int) -> int:
    """Return the index in `text` (in NFC) of the character that is folded to index `place` of the folded text."""
    first, last, before = 0, len(text), 0  # `before` is the number of characters that text[:first] becomes
    while first < last:
        middle = (first + last + 1) // 2
        count = before + len(fold(text[first:middle]))
        if count <= place:
            first, before = middle, count
        else:
            last = middle - 1
    return first


def rules() -> dict[str, object]:
    """Return the folding tables for the player's script: "special" maps characters to their replacements.

    "ignored" and "spaceless" are sets of characters, as text to put inside [] in a regex.
    """
    return {"ignored": _class(iter(IGNORED)), "special": SPECIAL, "spaceless": scripts.SPACELESS}


def words(text: str | None) -> list[str]:
    """Return the folded words of a text, in the form that the search index stores."""
    return word_pattern().findall(fold(text or ""))


@cache
def word_pattern() -> re.Pattern[str]:
    """Return the pattern of a word in folded text. In scripts without spaces, a word is a character with its marks."""
    return re.compile(rf"{UNIT}|(?:[^\W_{scripts.SPACELESS}]|[{_class(_marks())}])+")


def _marks() -> Iterator[tuple[int, int]]:
    """Yield the combining marks of scripts with spaces between words, each as a code point range (first, last)."""
    for first, last in scripts.marks():
        for code in range(first, last + 1):
            if not scripts.is_spaceless(chr(code)):
                yield code, code


def _class(ranges: Iterator[tuple[int, int]]) -> str:
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


def _ignored(code: int) -> bool:
    return any(first <= code <= last for first, last in IGNORED)

"""Detect a text file's encoding.

The encoding is certain if the file is valid in the encoding of its byte order mark, or is valid UTF-8 without escape
sequences of ISO-2022. Otherwise the encoding is guessed.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from stt.errors import BadOption
from stt.transcript import scripts

MARKS = [  # byte order marks; UTF-32 is first, because the UTF-32 LE mark begins with the UTF-16 LE mark
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
]  # fmt: skip
LATIN = {  # codecs for Latin scripts and their common names, the most common codec first
    "cp1252": "Windows-1252 (Western European)", "cp1250": "Windows-1250 (Central European)",
    "cp1254": "Windows-1254 (Turkish)", "cp1257": "Windows-1257 (Baltic)", "cp1258": "Windows-1258 (Vietnamese)",
    "iso8859_2": "ISO 8859-2 (Central European)", "iso8859_15": "ISO 8859-15 (Western European)",
    "mac_roman": "Mac Roman (Western European)", "cp850": "DOS 850 (Western European)",
    "cp852": "DOS 852 (Central European)",
}  # fmt: skip
OTHER = {
    "cp1251": "Windows-1251 (Cyrillic)", "cp932": "Shift JIS (Japanese)", "gb18030": "GB 18030 (Chinese)",
    "big5": "Big5 (Chinese)", "cp949": "EUC-KR (Korean)", "euc_jp": "EUC-JP (Japanese)", "koi8_r": "KOI8-R (Cyrillic)",
    "koi8_u": "KOI8-U (Cyrillic)", "cp866": "DOS 866 (Cyrillic)", "iso8859_5": "ISO 8859-5 (Cyrillic)",
    "mac_cyrillic": "Mac Cyrillic", "cp1253": "Windows-1253 (Greek)", "cp1255": "Windows-1255 (Hebrew)",
    "cp1256": "Windows-1256 (Arabic)", "cp874": "Windows-874 (Thai)",
}  # fmt: skip
SEVEN_BITS = {"iso2022_jp_2": "ISO-2022-JP (Japanese)", "iso2022_kr": "ISO-2022-KR (Korean)"}
WIDE = {"utf-16-le": "UTF-16 LE", "utf-16-be": "UTF-16 BE", "utf-32-le": "UTF-32 LE", "utf-32-be": "UTF-32 BE"}
UNICODE = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf-16": "UTF-16", "utf-32": "UTF-32"}
NAMES = UNICODE | WIDE | LATIN | OTHER | SEVEN_BITS
SAMPLE = 32 << 10  # number of bytes on which a guess is based
MOST_CHOICES = 12  # maximum number of likely encodings offered to the user
LOST = "\ufffd"  # replaces bytes that are invalid in the encoding

_UNLIKELY = re.compile("[\x80-\x9f\ue000-\uf8ff]")  # C1 controls and private use characters, which no text has
_CONTROL = re.compile("[\x00-\x08\x0e-\x19\x1b-\x1f\x7f]")
_LETTER, _HIGH = re.compile(rb"[A-Za-z]"), re.compile(rb"[\x80-\xff]")
_HIGH_BESIDE_LETTER = re.compile(rb"(?<=[A-Za-z])[\x80-\xff]|[\x80-\xff](?=[A-Za-z])")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text and `encoding`, the codec with which it was decoded.

    If `sure` is False, the codec is a guess, and `choices` lists the likely codecs, beginning with `encoding`.
    """

    text: str
    encoding: str
    sure: bool = True
    choices: tuple[str, ...] = ()

    @property
    def lost(self) -> int:
        """Return how many LOST characters the text has; 0 if the encoding is certain."""
        return 0 if self.sure else self.text.count(LOST)


def decoded(data: bytes, spoken: Collection[str] = ()) -> Decoded | None:
    """Decode the bytes of a text file, or return None if it is not text.

    `spoken` are case-folded words that the text probably contains. If the encoding must be guessed, the one that yields
    most of these words is chosen.
    """
    for mark, codec in MARKS:
        if data.startswith(mark):
            text = _strictly(data, codec)
            damaged = text is None
            text = data.decode(codec, "replace") if text is None else text
            return Decoded(text, codec, not damaged, (codec,) if damaged else ()) if _is_text(text) else None
    if b"\x00" in data:
        return _likeliest(data, WIDE, spoken)
    if (text := _strictly(data, "utf-8")) is not None:
        found = _likeliest(data, SEVEN_BITS, spoken) if b"\x1b$" in data else None
        return found or (Decoded(text, "utf-8") if _is_text(text) else None)
    text = data.decode("utf-8", "replace")
    # Text in another encoding rarely has many valid UTF-8 sequences, so a text with many is damaged UTF-8.
    if sum(not character.isascii() for character in text) > 10 * text.count(LOST):
        others = _likeliest(data, _ranked(data), ())
        choices = ("utf-8", *(others.choices if others else ()))
        return Decoded(text, "utf-8", False, choices) if _is_text(text) else None
    return _likeliest(data, _ranked(data), spoken)


def decoded_as(data: bytes, codec: str) -> str:
    """Decode the bytes with the codec that the user chose. Raises BadOption if it is not in NAMES."""
    if codec not in NAMES:
        raise BadOption(f"There is no encoding {codec[:40]!r}.", guidance="Choose one of the list.")
    return data.decode(codec, "replace").removeprefix("\ufeff")


def _likeliest(data: bytes, candidates: Iterable[str], spoken: Collection[str]) -> Decoded | None:
    """Return the text decoded with the codec that yields the most words of `spoken`, or None if no codec is valid.

    If several codecs yield the same number of these words, the first one in `candidates` is used. Codecs of WIDE are
    compared by the number of spaces and line ends instead. `choices` of the result lists at most MOST_CHOICES of the
    valid codecs.
    """
    known = frozenset(spoken)
    found: dict[str, int] = {}
    seen: set[int] = set()  # hashes of the decoded texts; the texts themselves would take too much memory
    for codec in candidates:
        text = _strictly(data, codec)
        if text is None or hash(text) in seen or not _is_text(text) or _UNLIKELY.search(text):
            continue
        seen.add(hash(text))
        # Of the WIDE codecs, the one with the most spaces and line ends wins: in the wrong byte order, these become
        # ideographs.
        found[codec] = text.count(" ") + text.count("\n") if codec in WIDE else _shared(text[: 8 * SAMPLE], known)
    if not found:
        return None
    order = sorted(found, key=lambda codec: -found[codec])[:MOST_CHOICES]
    return Decoded(data.decode(order[0]), order[0], sure=False, choices=tuple(order))


def _shared(text: str, known: frozenset[str]) -> int:
    """Return the number of words in `known` with non-ASCII letters that are in the text.

    A single character of a script from Thai on, such as an ideograph, is also counted as a word.
    """
    if not known:
        return 0
    words = {word for word in scripts.runs(unicodedata.normalize("NFC", text).casefold()) if not word.isascii()}
    return len(words & known) + len({letter for word in words for letter in word if letter > "\u0e00"} & known)


def _ranked(data: bytes) -> Iterator[str]:
    """Yield the codecs of LATIN and OTHER, the most probable codec for `data` first."""
    from charset_normalizer import from_bytes

    sample = _sample(data)
    # In Latin scripts, few letters are non-ASCII, and most of them are adjacent to ASCII letters.
    high, beside = len(_HIGH.findall(sample)), len(_HIGH_BESIDE_LETTER.findall(sample))
    names, rest = (LATIN, OTHER) if high < len(_LETTER.findall(sample)) and beside > 0.6 * high else (OTHER, LATIN)
    found = from_bytes(sample, cp_isolation=list(names), threshold=0.5)
    matches = {codec: match for match in reversed(list(found)) for codec in match.could_be_from_charset}

    def unlikely(codec: str) -> tuple[float, float]:
        match = matches.get(codec)
        return (round(match.chaos, 2), -match.coherence) if match else (9.0, 0.0)

    yield from sorted(names, key=unlikely)
    yield from rest


def _sample(data: bytes) -> bytes:
    """Return at most SAMPLE bytes from the lines with non-ASCII bytes, cut at a space, comma or line end if any."""
    lines = b"\n".join(line[: 2 * SAMPLE] for line in data.splitlines()[: 20 * SAMPLE] if not line.isascii())
    if len(lines) <= SAMPLE:
        return lines
    cut = max(lines.rfind(end, 0, SAMPLE) for end in (b" ", b"\n", b","))
    return lines[: cut if cut > 0 else SAMPLE]


def _strictly(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeError:
        return None


def _is_text(text: str) -> bool:
    """Return whether a text has few control characters and no NUL."""
    return "\x00" not in text and len(_CONTROL.findall(text)) * 100 <= len(text)

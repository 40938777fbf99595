"""Read display names of files from HTTP headers, in every encoding that clients and servers use.

A display name is only a label. The files on this server have other names.
"""

from __future__ import annotations

import re
import unicodedata
from email.errors import HeaderParseError
from email.header import decode_header
from urllib.parse import unquote_to_bytes

LONGEST = 200  # maximum length of a display name, characters
_HEADER = 8192  # maximum length of a header, characters; the rest is ignored
UNNAMED = "Recording"
# Extensions that are cut off a name to make a title. Anything else after a dot belongs to the title: "1.1 Lesson".
EXTENSIONS = frozenset(
    (
        "3g2 3ga 3gp 3gpp 8svx aa aac aax ac3 adts aif aifc aiff amr ape asf at3 au avi awb bwf caf divx ds2 "
        "dss dts dv eac3 ec3 f4a f4b f4v flac flv g722 gsm gxf ircam m1a m2a m2t m2ts m2v m4a m4b m4p m4r m4v "
        "mk3d mka mkv mlp mov mp2 mp3 mp4 mpa mpc mpe mpeg mpg mts mxf nist oga ogg ogv ogx opus qcp qt ra "
        "rf64 rm rmvb snd sph spx tak thd ts tta voc vob vqf w64 wav wave weba webm wma wmv wv"
    ).split()
)
_JOINERS = "\u200c\u200d"  # zero-width joiners, which Persian and Indian words and emoji need
# Format characters (Cf) that are visible: the number marks of Arabic, Syriac and Kaithi.
_SEEN = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
# The flags of England, Scotland and Wales have tag characters. Everywhere else, tag characters only hide text.
_FLAG = re.compile("(\U0001f3f4[\U000e0030-\U000e007a]{3,6}\U000e007f)")
_PARAMETER = re.compile(r""";\s*+([^\s=;"]++)\s*+=\s*+("(?:[^"\\]|\\.)*"?|[^;]*+)""", re.DOTALL)


def visible(text: str) -> str:
    """Return the text without invisible characters: control characters, bidi overrides, hidden text.

    Zero-width joiners are kept only within a word or an emoji, and after a combining mark.
    """
    parts = _FLAG.split(text)  # the parts at odd indexes are the flags that the pattern matched
    shown = "".join(part if at % 2 else "".join(filter(_seen, part)) for at, part in enumerate(parts))
    return "".join(
        c for at, c in enumerate(shown) if c not in _JOINERS or _joins(shown[at - 1 : at], shown[at + 1 : at + 2])
    )


def _seen(character: str) -> bool:
    if unicodedata.category(character) in _HIDDEN:
        return character in _JOINERS or character in _SEEN
    return ord(character) & 0xFFFE != 0xFFFE  # False for noncharacters, which XML refuses


def _joins(before: str, after: str) -> bool:
    if not before or before.isspace() or before in _JOINERS:
        return False
    # At the end of a word, a joiner is kept only after a combining mark, such as the virama in Malayalam or Sinhala.
    return unicodedata.category(before)[0] == "M" or (bool(after) and not after.isspace())


def clean(name: str) -> str:
    """Return the last part of a path as a display name of at most LONGEST characters, without invisible characters.

    Return UNNAMED if only spaces and dots remain.
    """
    shown = visible(name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]).strip()
    if not shown.strip(" ."):
        return UNNAMED
    stem, extension = split(shown)
    return shorten(stem, LONGEST - len(extension)) + extension


def split(name: str) -> tuple[str, str]:
    """Return a file's name without its extension, and the extension with its dot, if EXTENSIONS has the extension.

    If the extension is not in EXTENSIONS, return the whole name and "".
    """
    stem, dot, extension = name.rpartition(".")
    known = dot and extension.lower() in EXTENSIONS and stem.strip(" .")
    return (stem, dot + extension) if known else (name, "")


def shorten(text: str, longest: int) -> str:
    """Return at most the first `longest` characters, without splitting an emoji or a letter from its accents."""
    if len(text) <= longest:
        return text
    end = longest
    while end and (unicodedata.category(text[end])[0] == "M" or text[end] in _JOINERS or text[end - 1] == "\u200d"):
        end -= 1
    return text[: end or longest].rstrip()


def of_header(value: str) -> str:
    """Return the file name in a header that holds only the name, percent-encoded or raw.

    `value` is the header as an HTTP library returns it. HTTP libraries decode headers as Latin-1.
    """
    return text_of(unquote_to_bytes(_raw(value[:_HEADER])))


def of_path(path: str) -> str:
    """Return the last part of a URL's path as a display name, or "" if it has no visible characters."""
    last = clean(text_of(_percent_decoded(path.rstrip("/").rpartition("/")[2]))).strip(" .")
    return "" if last == UNNAMED else last


def disposition(header: str) -> dict[str, str]:
    """Return the parameters of a Content-Disposition header, such as `name` and `filename`. Never raises.

    `header` is as HTTP libraries return it: decoded as Latin-1. `filename` may have any encoding that clients and
    servers use: RFC 5987 (`filename*`, which takes precedence), the parts of RFC 2231, the encoded words of RFC 2047,
    raw UTF-8 or Latin-1, or percent-encoding.
    """
    raw: dict[str, str] = {}
    for name, value in _PARAMETER.findall(";" + header[:_HEADER].partition(";")[2]):
        raw.setdefault(name.lower(), _unquoted(value))
    plain = {name: _decoded(value) for name, value in raw.items() if "*" not in name}
    starred = {name.partition("*")[0] for name in raw if "*" in name}
    return plain | {name: text for name in starred if (text := _extended(name, raw))}


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value.strip()
    return re.sub(r'\\(["\\])', r"\1", value[1:].removesuffix('"'))


def _extended(name: str, raw: dict[str, str]) -> str | None:
    """Return the decoded value of `name*=UTF-8''…`, or of its parts `name*0*`, `name*1` …; None if unreadable."""
    parts = [(f"{name}*", raw[f"{name}*"])] if f"{name}*" in raw else []
    while not parts or parts[0][0] != f"{name}*":
        at = f"{name}*{len(parts)}"
        found = next((key for key in (f"{at}*", at) if key in raw), None)
        if found is None:
            break
        parts.append((found, raw[found]))
    if not parts:
        return None
    charset, first, content = "", True, b""
    for key, value in parts:
        if key.endswith("*"):
            if first and value.count("'") >= 2:
                charset, _, value = value.split("'", 2)
            content += unquote_to_bytes(_raw(value))
        else:
            content += _raw(value)
        first = False
    try:
        return content.decode(charset or "utf-8")
    except (LookupError, ValueError):  # ValueError: invalid bytes, or a null character in the name of the encoding
        return None


def _decoded(value: str) -> str:
    text = text_of(_raw(value))
    if "=?" in text:
        text = _words(text)
    if "%" in text and "\ufffd" not in (plain := _percent_decoded(text).decode("utf-8", "replace")):
        return plain  # browsers percent-encode quotation marks and line ends; other programs encode the whole name
    return text


def _words(text: str) -> str:
    """Return the text with its encoded words (RFC 2047) decoded, if there are any."""
    try:
        pieces = decode_header(text)
        if not all(piece for piece, _ in pieces):
            return text
        return "".join(
            piece if isinstance(piece, str) else piece.decode(charset or "raw-unicode-escape")
            for piece, charset in pieces
        )
    except (HeaderParseError, LookupError, ValueError):
        return text


def text_of(content: bytes) -> str:
    """Decode bytes of an unknown encoding: as UTF-8, else as Windows-1252, else as Latin-1."""
    for encoding in ("utf-8", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def _percent_decoded(text: str) -> bytes:
    """Return the bytes of a percent-encoded text. Lone surrogates, which UTF-8 cannot encode, become `?`."""
    return unquote_to_bytes(text.encode("utf-8", "replace"))


def _raw(value: str) -> bytes:
    """Return the bytes of a text that an HTTP library decoded as latin-1."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace")

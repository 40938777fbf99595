"""Test that file names and titles from every client are decoded correctly and lose their invisible characters."""

from __future__ import annotations

import time
import unicodedata
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st
from requests_toolbelt import MultipartEncoder

from stt.files import names
from stt.store.recordings import Intake
from stt.transcript import titles
from stt.web.multipart import Form

FAMILY = "👨\u200d👩\u200d👧"
ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("talk.mp3", "talk"),
        ("talk.MP3", "talk"),
        ("1.1 Lesson", "1.1 Lesson"),
        ("1.1 Lesson.m4a", "1.1 Lesson"),
        ("Meeting 12.05.2024", "Meeting 12.05.2024"),
        ("Meeting 12.05.2024.wav", "Meeting 12.05.2024"),
        ("v1.2.3", "v1.2.3"),
        ("Dr. Who", "Dr. Who"),
        ("e.g. this. And that.", "e.g. this. And that."),
        ("talk.final.mxf", "talk.final"),
        ("talk.mp3.mp3", "talk.mp3"),
        ("notes.txt", "notes.txt"),
        ("talk .mp3", "talk"),
        (".mp3", ".mp3"),
        ("..wav", "..wav"),
        ("", "Recording"),
        (" \u200b ", "Recording"),
    ],
)
def test_only_the_extension_of_a_recording_is_cut_off_a_title(name: str, title: str):
    assert titles.of_name(names.clean(name)) == title


@pytest.mark.parametrize(
    "name",
    [
        *("1.1 Lesson", "Meeting 12.05.2024", f"{FAMILY} family", "❤\ufe0f\u200d🔥", ENGLAND, "👍🏽", "🇩🇪 Berlin"),
        *(
            "می\u200cخواهم",
            "क्\u200dष",
            "ന\u0d4d\u200d",
            "ශ්\u200dරී",
            "नि\u200cक",
            "۝١٢",
            "a.b.c",
            "50 % – “so”",
            "AC∕DC",
        ),
    ],
)
def test_dots_joiners_and_emoji_stay(name: str):
    assert names.visible(name) == titles.tidy(name) == titles.of_name(f"{name}.mp3") == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("talk\u202e3pm.exe", "talk3pm.exe"),  # U+202E reverses the text after it, which would be shown as talkexe.mp3
        ("\u2066a\u2069\u061c\u200e\u200fb\u202a\u202c", "ab"),
        ("a\x00b\x1bc\x7fd\x9f", "abcd"),
        ("a\u200bb\u2060c\ufeffd\u00ade", "abcde"),
        ("a\U000e0041\U000e0042b", "ab"),  # tag characters, which can hide a text
        ("🏴\U000e0041b", "🏴b"),
        ("\u200da\u200c", "a"),
        ("a\u200d\u200d\u200db", "a\u200db"),
        ("a \u200d b", "a  b"),
        ("a\u2028b\u2029c", "abc"),
        ("a\ue000b\uffffc", "abc"),
    ],
)
def test_invisible_characters_are_removed(name: str, shown: str):
    assert names.visible(name) == shown
    assert "\u202e" not in titles.tidy(name) and "\u202e" not in names.clean(name)


@given(st.text(max_size=400))
@example("\u200d" * 400)
@example("a" + "\u0301" * 400)
@example("/..\\../")
def test_any_name_becomes_short_visible_and_free_of_path_separators(name: str):
    cleaned = names.clean(name)
    assert 0 < len(cleaned) <= names.LONGEST and not set(cleaned) & set("/\\") and cleaned == names.clean(cleaned)
    hidden = {c for c in cleaned if unicodedata.category(c) in ("Cc", "Cs", "Co", "Zl", "Zp")}
    assert not hidden and not unicodedata.bidirectional(cleaned[0]).startswith(("RLO", "LRO"))
    title = titles.of_name(cleaned)
    assert 0 < len(title) <= titles.MAX_LENGTH and titles.tidy(title) == title


def test_long_name_keeps_its_extension_and_splits_no_emoji():
    assert names.clean("a" * 300 + ".mp3") == "a" * 196 + ".mp3"
    long = names.clean("x" * 195 + FAMILY + ".mp3")
    assert long == "x" * 195 + ".mp3"
    assert names.clean("e\u0301" * 300).endswith("e\u0301")


# Program or standard: (Content-Disposition header in its style, file name that the header means).
HEADERS = {
    "browsers": ('form-data; name="file"; filename="talk.mp3"', "talk.mp3"),
    "browsers, raw UTF-8": ('form-data; name="file"; filename="Mün 日本.mp3"', "Mün 日本.mp3"),
    "browsers, quotation marks": ('form-data; name="file"; filename="a %22b%22.mp3"', 'a "b".mp3'),
    "browsers, a line break": ('form-data; name="file"; filename="a%0D%0Ab.mp3"', "a\r\nb.mp3"),
    "curl, quotation marks": (r'form-data; name="file"; filename="a \"b\".mp3"', 'a "b".mp3'),
    "curl, a backslash": (r'form-data; name="file"; filename="a\\b.mp3"', r"a\b.mp3"),
    "old Internet Explorer, a path": (r'form-data; name="file"; filename="C:\Talks\a.mp3"', r"C:\Talks\a.mp3"),
    "RFC 5987": ("form-data; name=file; filename*=UTF-8''M%C3%BCn.mp3", "Mün.mp3"),
    "RFC 5987 with a language": ("attachment; filename*=utf-8'de'M%C3%BCn.mp3", "Mün.mp3"),
    "RFC 5987 in latin-1": ("attachment; filename*=iso-8859-1''M%FCn.mp3", "Mün.mp3"),
    "RFC 5987 in quotation marks": ("attachment; filename*=\"UTF-8''M%C3%BCn.mp3\"", "Mün.mp3"),
    "RFC 5987, other case": ("ATTACHMENT; FileName*=UTF-8''%e2%82%ac.mp3", "€.mp3"),
    "both parameters, filename* last": ("attachment; filename=\"M?n.mp3\"; filename*=UTF-8''M%C3%BCn.mp3", "Mün.mp3"),
    "both parameters, filename* first": ("attachment; filename*=UTF-8''M%C3%BCn.mp3; filename=\"M_n.mp3\"", "Mün.mp3"),
    "both parameters, invalid filename*": ("attachment; filename=\"a.mp3\"; filename*=UTF-8''%FF%FE.mp3", "a.mp3"),
    "both parameters, unknown encoding": ("attachment; filename=\"a.mp3\"; filename*=klingon''a%FF.mp3", "a.mp3"),
    "both parameters, encoded word in filename": (
        "attachment; filename=\"=?utf-8?Q?x?=\"; filename*=UTF-8''M%C3%BCn.mp3",
        "Mün.mp3",
    ),
    "RFC 2231 in parts": ("attachment; filename*0*=UTF-8''M%C3%BC; filename*1=\"n 1.mp\"; filename*2*=3", "Mün 1.mp3"),
    "RFC 2231, a character split between parts": (
        "attachment; filename*0*=UTF-8''M%C3; filename*1*=%BCn.mp3",
        "Mün.mp3",
    ),
    "RFC 2047, base 64": ('attachment; filename="=?UTF-8?B?TcO8bi5tcDM=?="', "Mün.mp3"),
    "RFC 2047, quoted": ("attachment; filename==?utf-8?Q?M=C3=BCn_1.mp3?=", "Mün 1.mp3"),
    "RFC 2047, latin-1": ('attachment; filename="=?iso-8859-1?Q?M=FCn=2Emp3?="', "Mün.mp3"),
    "RFC 2047, two encoded words": ('attachment; filename="=?UTF-8?B?TcO8?= =?UTF-8?B?bi5tcDM=?="', "Mün.mp3"),
    "RFC 2047, an encoded word and plain text": ('attachment; filename="=?UTF-8?Q?M=C3=BCn?= 1.mp3"', "Mün 1.mp3"),
    "RFC 2047, broken": ('attachment; filename="=?UTF-8?B?%%%?=.mp3"', "=?UTF-8?B?%%%?=.mp3"),
    "raw latin-1": (b'attachment; filename="M\xfcn.mp3"', "Mün.mp3"),
    "raw Windows-1252": (b'attachment; filename="\x80 \x96 \x93M\xfcn\x94.mp3"', "€ – “Mün”.mp3"),
    "percent-encoded": ('attachment; filename="M%C3%BCn%201.mp3"', "Mün 1.mp3"),
    "aiohttp": ('form-data; name="file"; filename="M%C3%BCn%20100%25.mp3"', "Mün 100%.mp3"),
    "a percent sign": ('attachment; filename="100% sure.mp3"', "100% sure.mp3"),
    "a percent sign and two letters": ('attachment; filename="100%ab.mp3"', "100%ab.mp3"),
    "no quotation marks": ("attachment; filename=my talk.mp3; size=3", "my talk.mp3"),
    "a semicolon in the name": ('attachment; filename="a; b.mp3"; size=3', "a; b.mp3"),
    "spaces around the name": ('attachment ;  filename = "a.mp3" ', "a.mp3"),
    "unclosed quotation mark": ('attachment; filename="a.mp3', "a.mp3"),
    "two file names": ('attachment; filename="a.mp3"; filename="b.mp3"', "a.mp3"),
    "empty file name": ('attachment; filename=""', ""),
    "no file name": ("attachment", None),
    "inline": ('inline; filename="a.mp3"', "a.mp3"),
}


@pytest.mark.parametrize("kind", HEADERS)
def test_name_in_a_header_is_read_as_the_client_meant_it(kind: str):
    header, name = HEADERS[kind]
    content = header if isinstance(header, bytes) else header.encode()
    assert names.disposition(content.decode("latin-1")).get("filename") == name


@given(st.text(max_size=200))
@example("=?utf-7?Q?+2AA-?=%41.mp3")  # decodes to a lone surrogate
@example("=?utf-8?q?a?= \ud800 %41")
@example("\ud800%41")
@example("a\"; filename*=utf\0008''abc")
def test_any_header_is_read_without_an_error(header: str):
    names.disposition(header)
    names.disposition(f'form-data; name="file"; filename="{header}"')
    names.of_header(header)
    names.of_path(header)


@pytest.mark.parametrize("piece", [";", '"', "\\", "=?", ";a", ";*=", "%", '; filename*0="', "; a=\\", " ;"])
def test_header_of_a_megabyte_is_read_within_half_a_second(piece: str):
    began = time.process_time()
    names.disposition("form-data; filename=" + piece * 500_000)
    assert time.process_time() - began < 0.5


SENT_NAMES = [
    "talk.mp3",
    "Mün 日本.mp3",
    'a "b".mp3',
    "100% sure.mp3",
    f"{FAMILY} 12.05.2024.mp3",
    "می\u200cخواهم.mp3",
    "a; b.mp3",
    "C'est ça.mp3",
]


def by_requests(name: str) -> tuple[str, bytes]:
    request = requests.Request("POST", "http://x.example", files={"audio": (name, b"RIFF")}).prepare()
    return request.headers["content-type"], request.body


def by_httpx(name: str) -> tuple[str, bytes]:
    request = httpx.Request("POST", "http://x.example", files={"audio": (name, b"RIFF")})
    return request.headers["content-type"], request.read()


def by_toolbelt(name: str) -> tuple[str, bytes]:
    encoder = MultipartEncoder({"audio": (name, b"RIFF", "audio/wav")})
    return encoder.content_type, encoder.read()


def by_hand(parameter: str) -> tuple[str, bytes]:
    head = f'--b\r\nContent-Disposition: form-data; name="audio"; {parameter}\r\n\r\nRIFF\r\n--b--\r\n'
    return "multipart/form-data; boundary=b", head.encode()


def by_both(name: str) -> tuple[str, bytes]:
    plain = name.encode("ascii", "replace").decode().replace('"', "'")
    return by_hand(f"filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}")


def by_extended_alone(name: str) -> tuple[str, bytes]:
    return by_hand(f"filename*=UTF-8''{quote(name, safe='')}")


@pytest.mark.parametrize("client", [by_requests, by_httpx, by_toolbelt, by_both, by_extended_alone])
@pytest.mark.parametrize("name", SENT_NAMES)
def test_the_name_of_a_file_arrives_from_every_client(data: Path, client, name: str):
    kind, body = client(name)
    with closing(Form(kind, lambda sent: Intake(sent, "visitor:ann"))) as form:
        for at in range(0, len(body), 7):  # small pieces, because the network may split the body anywhere
            form.write(body[at : at + 7])
        form.end()
        assert form.intake and form.intake.name == name


# Each list has titles in the order in which the app must sort them.
ORDER = {
    "numbers": ["Episode", "Episode 1", "Episode 2", "Episode 10", "Episode 10b", "Episode 100"],
    "numbers in the middle": ["S1 E2 a", "S1 E10 a", "S2 E1 a", "S10 E1 a"],
    "sections": ["1 Lesson", "1.1 Lesson", "1.2 Lesson", "1.10 Lesson", "2 Lesson", "10 Lesson"],
    "leading zeros": ["1 a", "02 a", "3 a", "010 a", "011 a"],
    "dates": ["2024-05-02", "2024-05-12", "2024-11-01", "2025-01-01"],
    "digits of other scripts": ["Folge ١", "Folge 2", "Folge ３", "Folge १०", "Folge 11"],
    "very long numbers": ["9" * 30, "1" + "0" * 30, "2" + "0" * 30],
    "German": ["Affe", "Äpfel", "Apfelmus", "Ofen", "Öl", "straße", "Strassen", "Übung", "Unfall", "Zug"],
    "French": ["cœur", "côte", "coteau", "école", "Ecran", "élan", "zèle"],
    "Polish": ["Ład", "lalka", "Łódź", "lotnisko", "zając", "Źle"],
    "case": ["apple", "Banana", "cherry", "Date"],
    "scripts": ["Zebra", "Ωmega", "Яблоко", "שלום", "مرحبا", "あか"],
    "Russian": ["ежик", "ёлка", "если", "игра", "ирис", "йод", "кот"],
    "kana": ["あさ", "アシ", "かき", "ガク", "けむし"],
    "symbols": ["#1", "(a)", "🎉 party", "1 a", "a"],
    "spaces": ["a b", "a-b", "aa", "ab"],
}


@pytest.mark.parametrize("kind", ORDER)
def test_titles_are_sorted_as_people_expect(kind: str):
    expected = ORDER[kind]
    assert sorted(reversed(expected), key=titles.key) == expected
    assert sorted(expected, key=titles.key) == expected


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=8))
def test_sorted_order_does_not_depend_on_the_previous_order(texts: list[str]):
    different = {unicodedata.normalize("NFC", each) for each in texts}
    assert len({titles.key(each) for each in different}) == len(different)
    ordered = sorted(different, key=titles.key)
    assert sorted(reversed(ordered), key=titles.key) == ordered


def test_length_of_a_title_is_checked_without_invisible_characters():
    assert titles.is_too_long("x" * 301) and not titles.is_too_long("x" * 300 + "\u200b  ")

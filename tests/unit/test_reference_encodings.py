"""Test references in any text encoding: the encoding is recognised with certainty, or guessed with alternatives."""

from __future__ import annotations

import pytest

from stt.errors import BadOption
from stt.imports.references import encodings, reader
from tests.references import keys

GERMAN = "Grüße aus Köln, das Wetter ist schön und die Straße ist trocken."
RUSSIAN = "Привет, как дела? Сегодня мы поговорим о погоде и природе."
JAPANESE = "こんにちは、今日はいい天気ですね。散歩に行きましょう。"


@pytest.mark.parametrize("text", [GERMAN, RUSSIAN, JAPANESE])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_is_detected_without_other_choices(text: str, codec: str):
    read = reader.read(text.encode(codec), "a.txt")
    assert (read.text, read.choices, read.lost) == (text, (), 0)


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (GERMAN, "cp1252"), (GERMAN, "mac_roman"), (GERMAN, "cp850"), (RUSSIAN, "cp1251"), (RUSSIAN, "koi8_r"), (RUSSIAN, "cp866"),
        ("Příliš žluťoučký kůň úpěl ďábelské ódy.", "cp1250"), ("Καλημέρα, πώς είσαι σήμερα;", "cp1253"),
        ("Günaydın, bugün nasılsınız? Işık çok güzel.", "cp1254"), (JAPANESE, "cp932"), (JAPANESE, "iso2022_jp"),
        ("你好，今天天气很好，我们去公园散步吧。", "gb18030"), ("안녕하세요, 오늘 날씨가 좋네요.", "cp949"),
        (GERMAN, "utf-16-le"), (RUSSIAN, "utf-16-be"), (GERMAN, "utf-32-le"), ("Grüße", "cp1252"),
    ],
)  # fmt: skip
def test_other_encoding_is_detected_and_marked_as_a_guess(text: str, codec: str):
    read = reader.read(text.encode(codec), "a.txt")
    assert read.text == text
    assert read.encoding == read.choices[0] and set(read.choices) <= encodings.NAMES.keys()


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("Привет", "koi8_r"), ("שלום, מה שלומך היום?", "cp1255"), ("مرحبا، كيف حالك اليوم؟", "cp1256"), ("สวัสดีครับ วันนี้อากาศดีมาก", "cp874"),
        ("こんにちは", "euc_jp"), ("Labas rytas, šiandien gražus oras, ačiū.", "cp1257"), ("Zażółć gęślą jaźń", "iso8859_2"),
        ("ti\u00ea\u0301ng Vi\u00ea\u0323t", "cp1258"),
    ],
)  # fmt: skip
def test_words_of_the_transcript_determine_the_encoding_of_a_short_text(text: str, codec: str):
    assert reader.read(text.encode(codec), "a.txt", spoken=keys(text)).text == text


@pytest.mark.parametrize("codec", ["cp1252", "cp1251", "cp932"])
def test_subtitles_are_read_in_every_encoding(codec: str):
    text = {"cp1252": GERMAN, "cp1251": RUSSIAN, "cp932": JAPANESE}[codec]
    srt = f"1\n00:00:01,000 --> 00:00:02,000\n<i>{text}</i>\n"
    assert reader.read(srt.encode(codec), "a.srt").text == text


def test_another_encoding_can_be_chosen_from_the_offered_ones():
    data = RUSSIAN.encode("cp1251")
    read = reader.read(data, "a.txt")
    assert read.encoding == "cp1251" and {"koi8_r", "mac_cyrillic"} <= set(read.choices)
    chosen = reader.read(data, "a.txt", encoding="koi8_r")
    assert (chosen.text, chosen.encoding) == (data.decode("koi8_r"), "koi8_r")
    with pytest.raises(BadOption):
        reader.read(data, "a.txt", encoding="zlib")


def test_damaged_file_is_read_and_lost_characters_are_counted():
    read = reader.read((GERMAN * 9).encode() + b"\xff\n", "a.txt")
    assert (read.text, read.encoding, read.choices[0], read.lost) == (GERMAN * 9 + "\ufffd", "utf-8", "utf-8", 1)
    read = reader.read("Grüße".encode("utf-16") + b"x", "a.txt")
    assert (read.text, read.choices, read.lost) == ("Grüße\ufffd", ("utf-16",), 1)

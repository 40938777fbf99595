"""Test the translation of the pages' texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from pages import texts
from tests import catalogue

POLISH = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);\\n"

msgid "Cancel"
msgstr "Anuluj"

msgid "{count} word of {title}"
msgid_plural "{count} words of {title}"
msgstr[0] "{count} słowo w {title}"
msgstr[1] "{count} słowa w {title}"
msgstr[2] "{count} słów w {title}"

msgid "Takes {duration}"
msgstr "Trwa {time}"

msgid "Saved {day}"
msgstr "{day.__class__}"

msgid "Broken {day}"
msgstr "Zepsute {day"

msgid "Empty"
msgstr ""

#, fuzzy
msgid "Guessed"
msgstr "Zgadywane"
"""


@pytest.fixture
def polish(tmp_path: Path) -> texts.Translation:
    (tmp_path / "pl.po").write_text(POLISH, "utf-8")
    return texts.find("pl-PL", tmp_path)


def test_a_file_translates_texts_and_their_plural_forms(polish):
    assert polish.texts["Cancel"] == ("Anuluj",)
    forms = polish.texts["{count} word of {title}"]
    counts = (0, 1, 2, 5, 12, 22, 112, 122)
    nouns = [forms[polish.plurals[count]].split()[1] for count in counts]
    assert nouns == ["słów", "słowo", "słowa", "słów", "słów", "słowa", "słów", "słowa"]


def test_missing_and_invalid_translations_stay_english(polish):
    assert set(polish.texts) == {"Cancel", "{count} word of {title}"}


@pytest.mark.parametrize("locale", ["de", "../pl", "pl/..", "", "."])
def test_other_locales_are_english(polish, tmp_path, locale):
    assert texts.find(locale, tmp_path) is texts.ENGLISH


def test_english_texts_are_filled_in():
    assert texts.tr("Takes {duration}", duration="{day}") == "Takes {day}"
    assert texts.tr("Literally {this}") == "Literally {this}"
    assert texts.trn("{count} word", "{count:,} words", 1) == "1 word"
    assert texts.trn("{count} word", "{count:,} words", 1200) == "1,200 words"


def test_list_of_texts_equals_the_texts_of_the_pages():
    assert catalogue.LIST.read_bytes() == catalogue.catalogue()

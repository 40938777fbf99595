"""Translate the texts of the pages, which are written in English in the code.

`locales/stt.pot` lists all of these texts. A translation is a file made from that list, such as `de.po` for browsers
set to German. It is stored in `locales/` or in the folder `STT_TRANSLATIONS`. A file `en.po` changes the English texts.
Texts missing in a translation stay English. Sentences from the package `stt`, such as error messages, are not
translated.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from functools import lru_cache
from gettext import c2py
from html import escape
from pathlib import Path
from string import Formatter

import streamlit as st

from stt.settings import settings

LOCALES = Path(__file__).parent / "locales"
# Number of counts, from 0 on, whose plural form is stored. A larger count has the same plural form as 100 plus the
# count's last two digits.
COUNTS = 200
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Translation:
    """Hold the translated forms of each English text (`texts`), and the index of the form for each count (`plurals`).

    A text has several forms only if it contains a count.
    """

    texts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    plurals: tuple[int, ...] = ()


ENGLISH = Translation()


def tr(text: str, /, **values: object) -> str:
    """Return a text in the visitor's language, with `values` in place of the names in braces."""
    (found, *_) = _translation().texts.get(text, (text,))
    return found.format(**values) if values else found


def trn(one: str, several: str, count: int, /, **values: object) -> str:
    """Return the form of a text for `count`, in the visitor's language, with the count in place of `{count}`.

    `one` and `several` are the English singular and plural.
    """
    translation = _translation()
    if forms := translation.texts.get(one):
        form = forms[translation.plurals[count if count < COUNTS else 100 + count % 100]]
    else:
        form = one if count == 1 else several
    return form.format(count=count, **values)


def for_scripts() -> None:
    """Write the translation into the page, where `shared/texts.js` reads it; write nothing if the texts are English."""
    if (translation := _translation()) is not ENGLISH:
        data = json.dumps({"texts": translation.texts, "plurals": translation.plurals})
        st.html(f'<div class="stt-texts" hidden data-texts="{escape(data)}"></div>')


def _translation() -> Translation:
    return find(st.context.locale or "en", settings().translations)


@lru_cache(maxsize=64)
def find(locale: str, more: Path | None) -> Translation:
    """Return the translation for a browser's locale: for "pt-BR" from pt-BR.po, else from pt.po, else ENGLISH.

    A file in the host's folder `more` takes precedence over a file with the same name in `LOCALES`.
    """
    for language in (locale, locale.partition("-")[0]):
        for folder in (more, LOCALES):
            if language.replace("-", "").isalnum() and folder and (path := folder / f"{language}.po").is_file():
                return _read(path)
    return ENGLISH


def _read(path: Path) -> Translation:
    """Read a translation file. Omit translations that are marked as fuzzy or are incomplete.

    Also omit a translation that has a name in braces that the English text lacks, because formatting would fail.
    """
    from babel.messages.pofile import read_po

    with open(path, "rb") as file:
        catalogue = read_po(file)
    texts = {}
    for message in catalogue:
        english = (message.id,) if isinstance(message.id, str) else tuple(message.id)
        forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        if not english[0] or message.fuzzy or not forms or not all(forms):
            continue
        if all(_names(form) <= _names(english[-1]) for form in forms):
            texts[english[0]] = forms
        else:
            log.warning("left out a text of %s: %s", path.name, english[0])
    form_of = c2py(catalogue.plural_expr)
    return Translation(texts, tuple(form_of(count) for count in range(COUNTS)))


def _names(text: str) -> set[str]:
    """Return the names in braces in `text`, or {"{"} if its braces are invalid."""
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError:
        return {"{"}

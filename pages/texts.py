"""Translate the texts of the pages. The code contains them in English.

`locales/stt.pot` lists them all. A file made from it, such as `de.po` beside it or in the folder `STT_TRANSLATIONS`,
translates them for browsers of that language; `en.po` rewords them. Texts missing in a file stay English. Sentences
from `stt`, such as those of errors, are not included.
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
COUNTS = 200  # number of counts with stored plural forms; a larger one has the form of 100 plus its last two digits
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Translation:
    """Hold the forms of each text (one if it has no count), and the index of the form for each count."""

    texts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    plurals: tuple[int, ...] = ()


ENGLISH = Translation()


def tr(text: str, /, **values: object) -> str:
    """Return a text in the visitor's language, with `values` in place of the names in braces."""
    (found, *_) = _translation().texts.get(text, (text,))
    return found.format(**values) if values else found


def trn(one: str, several: str, count: int, /, **values: object) -> str:
    """Return the form of a text for this count, with the count in place of `{count}`."""
    translation = _translation()
    if forms := translation.texts.get(one):
        form = forms[translation.plurals[count if count < COUNTS else 100 + count % 100]]
    else:
        form = one if count == 1 else several
    return form.format(count=count, **values)


def for_scripts() -> None:
    """Pass the translation to the components, whose `shared/texts.js` reads it. English needs none."""
    if (translation := _translation()) is not ENGLISH:
        data = json.dumps({"texts": translation.texts, "plurals": translation.plurals})
        st.html(f'<div class="stt-texts" hidden data-texts="{escape(data)}"></div>')


def _translation() -> Translation:
    return find(st.context.locale or "en", settings().translations)


@lru_cache(maxsize=64)
def find(locale: str, more: Path | None) -> Translation:
    """Return the translation for a browser's locale, for "pt-BR" or else "pt": the host's file before ours."""
    for language in (locale, locale.partition("-")[0]):
        for folder in (more, LOCALES):
            if language.replace("-", "").isalnum() and folder and (path := folder / f"{language}.po").is_file():
                return _read(path)
    return ENGLISH


def _read(path: Path) -> Translation:
    """Read a translation. A text with names in braces that the original lacks would fail, so it is omitted."""
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
    """Return the names in braces; "{" stands for invalid braces."""
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError:
        return {"{"}

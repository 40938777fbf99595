"""Search titles and texts: parse a query, match it, and show a hit in its context.

Queries and texts are split into words by `stt.transcript.folding`: case, accents and punctuation are ignored, and
each character of Chinese, Japanese or Thai is a word.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import TypeAlias

import sqlalchemy as sa

from stt.transcript import folding, scripts

# A query that returns the `number` of transcriptions.
Numbers: TypeAlias = "sa.Select[int] | sa.CompoundSelect[int]"
_BARE = re.compile(r"\S+")
_TERM = re.compile(r'"([^"]*)"?|([^\s"]+)')
_SHORTEST_BEGINNING = 4  # letters; a shorter word does not match as a prefix
MAX_QUERY, MAX_WORDS = 200, 8  # maximum number of characters and words of a query that are used
MAX_HIT = 200  # maximum length of a hit, characters

CONTEXT_BEFORE, CONTEXT_AFTER = 24, 100  # characters around a hit; few go before it, so that narrow columns show it


@dataclass(frozen=True, slots=True)
class Term:
    """Consecutive words of a query. With `beginning`, the last word matches as a prefix."""

    words: tuple[str, ...]
    beginning: bool


@dataclass(frozen=True, slots=True)
class Snippet:
    """A hit with the text before and after it."""

    before: str
    hit: str
    after: str

    def __str__(self) -> str:
        return f"{self.before}{self.hit}{self.after}"


def terms(query: str) -> list[Term]:
    """Return the terms of a query: all must match, in any order. Words in double quotes form one term.

    Any text is a valid query; a text without words has no terms. Only the part that `bounded` returns is used.
    """
    found = []
    for quoted, bare in _TERM.findall(bounded(query)):
        inside = tuple(folding.words(quoted or bare))
        if inside:
            found.append(Term(inside, beginning=bool(bare) and _may_be_beginning(inside[-1])))
    return found


def bounded(query: str) -> str:
    """Return the part of a query that is used: its first 8 words, at most 200 characters, stripped.

    The cost of a search grows with the number of its words, and other visitors wait while it runs.
    """
    ends = [match.end() for match in islice(_BARE.finditer(query[:MAX_QUERY]), MAX_WORDS)]
    return query[: ends[-1]].strip() if ends else ""


def is_cut(query: str) -> bool:
    """Return whether a query is longer than the part that is used."""
    return bounded(query) != query.strip()


def is_query(text: str) -> bool:
    """Return whether the text contains a word to search for."""
    return bool(terms(text))


def matching(dialect: str, owner: str, query: str) -> Numbers:
    """Return a query for the `number` of the owner's transcriptions whose title or text contains all terms."""
    query_terms = terms(query)
    return _sqlite_match(owner, query_terms) if dialect == "sqlite" else _postgresql_match(owner, query_terms)


def snippet(text: str, query: str) -> Snippet | None:
    """Return a hit of `query` in `text` with its context, or None.

    The longest term is the most specific, so it is tried first. The run time is linear in the length of the text.
    """
    text = unicodedata.normalize("NFC", text)
    folded = folding.fold(text)
    # Put a space on either side of each word, so that plain string search finds whole words and phrases.
    spaced = " ".join(["", *folding.word_pattern().findall(folded), ""])
    for term in sorted(terms(query), key=lambda term: -sum(map(len, term.words))):
        found = spaced.find(" " + " ".join(term.words) + ("" if term.beginning else " "))
        if found >= 0:
            start, end = _span(text, folded, spaced.count(" ", 0, found), len(term.words))
            end = min(end, start + MAX_HIT)
            return Snippet(_before(text, start), _one_line(text[start:end]), _after(text, end))
    return None


def _span(text: str, folded: str, first: int, count: int) -> tuple[int, int]:
    """Return start and end in `text` of a run of words in `folded`: `count` words from word number `first` on."""
    run = list(islice(folding.word_pattern().finditer(folded), first, first + count))
    start, end = run[0].start(), run[-1].end()
    if text.isascii():
        return start, end
    # `ends` has the position in `folded` at which each character of `text` ends.
    ends = list(accumulate(map(folding.folded_length, text)))
    return bisect_right(ends, start), bisect_right(ends, end - 1) + 1


def _sqlite_match(owner: str, query_terms: list[Term]) -> Numbers:
    # Inside double quotes nothing is an operator, and the words themselves contain no quotes.
    expression = " AND ".join(
        '"' + " ".join(term.words) + '"' + ("*" if term.beginning else "") for term in query_terms
    )
    index = sa.table("search", sa.column("rowid"))
    match = sa.text("search MATCH :match").bindparams(match=f'"_{owner.encode().hex()}" AND {expression}')
    return sa.select(index.c.rowid.label("number")).where(match)


def _postgresql_match(owner: str, query_terms: list[Term]) -> Numbers:
    from sqlalchemy.dialects.postgresql import TSQUERY  # imported late: not needed with SQLite

    index = sa.table("search", sa.column("number"), sa.column("words"))

    def where(term: Term) -> sa.Select[int]:
        *first, last = [f"'{word}'" for word in term.words]
        expression = " <-> ".join([*first, last + (":*" if term.beginning else "")])
        whole = sa.cast(sa.literal(f"'o{owner.encode().hex()}' & ({expression})"), TSQUERY)
        return sa.select(index.c.number).where(index.c.words.op("@@")(whole))

    return sa.intersect(*map(where, query_terms)) if len(query_terms) > 1 else where(query_terms[0])


def _may_be_beginning(word: str) -> bool:
    return len(word) >= _SHORTEST_BEGINNING or not (word.isascii() or scripts.is_spaceless(word[0]))


def _before(text: str, start: int) -> str:
    if start <= CONTEXT_BEFORE:
        return _one_line(text[:start].lstrip())
    cut = text[start - CONTEXT_BEFORE : start]
    gap = cut.find(" ")
    return "…" + _one_line(cut[gap + 1 if 0 <= gap < CONTEXT_BEFORE - 1 else 0 :])


def _after(text: str, end: int) -> str:
    if len(text) - end <= CONTEXT_AFTER:
        return _one_line(text[end:].rstrip())
    cut = text[end : end + CONTEXT_AFTER]
    gap = cut.rfind(" ")
    return _one_line(cut[: gap if gap > CONTEXT_AFTER // 2 else CONTEXT_AFTER]) + "…"


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)

"""Full-text search: what a query asks for, and a hit in its context. `stt.db.fulltext_index` keeps the index.

Queries and texts become words alike, in `stt.transcript.folding`: case, accents and punctuation do not count, and a
character of Chinese, Japanese or Thai is a word by itself.
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

# A query of the `number` of transcriptions.
Numbers: TypeAlias = "sa.Select[int] | sa.CompoundSelect[int]"
_BARE = re.compile(r"\S+")
_TERM = re.compile(r'"([^"]*)"?|([^\s"]+)')
_SHORTEST_BEGINNING = 4  # letters: a shorter word is looked for as it is, a longer one also as a word's beginning
LONGEST_QUERY, MOST_WORDS = 200, 8  # characters and words of a query that count
LONGEST_HIT = 200  # characters of a hit that are shown

BEFORE, AFTER = 24, 100  # characters shown around a hit: it stands near the beginning, where narrow columns show it


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand one after the other. The last one may go on when `beginning`."""

    words: tuple[str, ...]
    beginning: bool


@dataclass(frozen=True, slots=True)
class Snippet:
    """A hit and the text on both sides of it."""

    before: str
    hit: str
    after: str

    def __str__(self) -> str:
        return f"{self.before}{self.hit}{self.after}"


def terms(query: str) -> list[Term]:
    """What a query asks for: all of its terms must be there, in any order. "…" keeps words together.

    Any text is a query; what holds no word asks for nothing. Only what `bounded` leaves counts.
    """
    found = []
    for quoted, bare in _TERM.findall(bounded(query)):
        inside = tuple(folding.words(quoted or bare))
        if inside:
            found.append(Term(inside, beginning=bool(bare) and _may_go_on(inside[-1])))
    return found


def bounded(query: str) -> str:
    """Return the part of a query that counts: its first 8 words, at most 200 characters, without outer spaces.

    The work of a search grows with the words of its query, and everybody waits for it.
    """
    ends = [match.end() for match in islice(_BARE.finditer(query[:LONGEST_QUERY]), MOST_WORDS)]
    return query[: ends[-1]].strip() if ends else ""


def is_cut(query: str) -> bool:
    """Return whether a query is longer than what counts of it."""
    return bounded(query) != query.strip()


def is_query(text: str) -> bool:
    """Whether there is a word in it to look for."""
    return bool(terms(text))


def matching(dialect: str, owner: str, query: str) -> Numbers:
    """The `number` of each of the owner's transcriptions in whose title or text all terms of `query` are."""
    wanted = terms(query)
    return _sqlite_match(owner, wanted) if dialect == "sqlite" else _postgresql_match(owner, wanted)


def snippet(text: str, query: str) -> Snippet | None:
    """A hit of `query` in `text` with its surroundings; None if none of its terms is there.

    The longest term says most about the place, so it is tried first. The time is linear in the text, whatever is in it.
    """
    text = unicodedata.normalize("NFC", text)
    folded = folding.fold(text)
    # A space on either side of each word, so that plain string search finds whole words and phrases.
    spaced = " ".join(["", *folding.word_pattern().findall(folded), ""])
    for term in sorted(terms(query), key=lambda term: -sum(map(len, term.words))):
        found = spaced.find(" " + " ".join(term.words) + ("" if term.beginning else " "))
        if found >= 0:
            start, end = _span(text, folded, spaced.count(" ", 0, found), len(term.words))
            end = min(end, start + LONGEST_HIT)
            return Snippet(_before(text, start), _one_line(text[start:end]), _after(text, end))
    return None


def _span(text: str, folded: str, first: int, count: int) -> tuple[int, int]:
    """Where `count` words of `folded`, from the word number `first` on, stand in `text`."""
    run = list(islice(folding.word_pattern().finditer(folded), first, first + count))
    start, end = run[0].start(), run[-1].end()
    if text.isascii():
        return start, end
    ends = list(accumulate(map(folding.folded_length, text)))  # of each character, in `folded`
    return bisect_right(ends, start), bisect_right(ends, end - 1) + 1


def _sqlite_match(owner: str, wanted: list[Term]) -> Numbers:
    # Inside double quotes nothing is an operator, and words hold no quote.
    asked = " AND ".join('"' + " ".join(term.words) + '"' + ("*" if term.beginning else "") for term in wanted)
    index = sa.table("search", sa.column("rowid"))
    match = sa.text("search MATCH :match").bindparams(match=f'"_{owner.encode().hex()}" AND {asked}')
    return sa.select(index.c.rowid.label("number")).where(match)


def _postgresql_match(owner: str, wanted: list[Term]) -> Numbers:
    from sqlalchemy.dialects.postgresql import TSQUERY  # a process with SQLite does without

    index = sa.table("search", sa.column("number"), sa.column("words"))

    def where(term: Term) -> sa.Select[int]:
        *first, last = [f"'{word}'" for word in term.words]
        asked = " <-> ".join([*first, last + (":*" if term.beginning else "")])
        whole = sa.cast(sa.literal(f"'o{owner.encode().hex()}' & ({asked})"), TSQUERY)
        return sa.select(index.c.number).where(index.c.words.op("@@")(whole))

    return sa.intersect(*map(where, wanted)) if len(wanted) > 1 else where(wanted[0])


def _may_go_on(word: str) -> bool:
    return len(word) >= _SHORTEST_BEGINNING or not (word.isascii() or scripts.is_spaceless(word[0]))


def _before(text: str, start: int) -> str:
    if start <= BEFORE:
        return _one_line(text[:start].lstrip())
    cut = text[start - BEFORE : start]
    gap = cut.find(" ")
    return "…" + _one_line(cut[gap + 1 if 0 <= gap < BEFORE - 1 else 0 :])


def _after(text: str, end: int) -> str:
    if len(text) - end <= AFTER:
        return _one_line(text[end:].rstrip())
    cut = text[end : end + AFTER]
    gap = cut.rfind(" ")
    return _one_line(cut[: gap if gap > AFTER // 2 else AFTER]) + "…"


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)

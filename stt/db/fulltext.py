"""Search titles and texts: parse a query, match it, and show a hit in its context.

Queries and texts are split into words by `stt.transcript.folding`: case, accents and punctuation are ignored, and
each character of Chinese, Japanese or Thai is a word.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

import sqlalchemy as sa

from stt.transcript import folding, scripts

# An SQL query (not a search query) for the `number` of transcriptions.
Numbers: TypeAlias = "sa.Select[int] | sa.CompoundSelect[int]"
_BARE = re.compile(r"\S+")
_TERM = re.compile(r'"([^"]*)"?|([^\s"]+)')
_SHORTEST_BEGINNING = 4  # minimum length of an ASCII word that also matches as a prefix, characters
MAX_QUERY, MAX_WORDS = 200, 8  # maximum number of characters, and of words, of a query; the rest is ignored
MAX_HIT = 200  # maximum length of a hit, characters
# Maximum number of occurrences that `_find` examines for each spelling of a term. If none of them is a hit, `_find`
# splits the whole text into words.
_MOST_PLACES = 50
_FARTHEST_SPACE = 500  # maximum number of characters between an occurrence and the last space before it

# Maximum length of the context before and after a hit, characters. The context before the hit is short, so that a
# narrow column still shows the hit.
CONTEXT_BEFORE, CONTEXT_AFTER = 24, 100


@dataclass(frozen=True, slots=True)
class Term:
    """Consecutive words of a query. If `beginning` is true, the last word also matches words that start with it."""

    words: tuple[str, ...]
    beginning: bool

    def fits(self, words: list[str]) -> bool:
        """Return whether `words` match the term. There must be as many `words` as the term has."""
        *first, last = self.words
        return words[:-1] == first and (words[-1].startswith(last) if self.beginning else words[-1] == last)


@dataclass(frozen=True, slots=True)
class Snippet:
    """A hit with the text before and after it."""

    before: str
    hit: str
    after: str

    def __str__(self) -> str:
        return f"{self.before}{self.hit}{self.after}"


def terms(query: str) -> list[Term]:
    """Return the terms of a query. A text matches if it contains all of them, in any order.

    A word is a term, and so are several words in double quotes.

    Any text is a valid query; a text without words has no terms. Only the part of the query that `bounded` returns is
    used.
    """
    found = []
    for quoted, bare in _TERM.findall(bounded(query)):
        inside = tuple(folding.words(quoted or bare))
        if inside:
            found.append(Term(inside, beginning=bool(bare) and _may_be_beginning(inside[-1])))
    return found


def bounded(query: str) -> str:
    """Return the part of a query that is used: its first MAX_WORDS words within its first MAX_QUERY characters.

    The cost of a search grows with the number of words in the query, and other visitors wait while the search runs.
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
    """Return a hit in `text` with its context, or None if `text` contains no term of the query.

    The longest term is the most specific, so it is tried first. The run time is linear in the length of the text.
    """
    text = unicodedata.normalize("NFC", text)
    folded = folding.fold(text)
    for term in sorted(terms(query), key=lambda term: -sum(map(len, term.words))):
        if found := _find(folded, term):
            start = folding.original(text, found[0])
            end = min(folding.original(text, found[1] - 1) + 1, start + MAX_HIT)
            return Snippet(_before(text, start), _one_line(text[start:end]), _after(text, end))
    return None


def _find(folded: str, term: Term) -> tuple[int, int] | None:
    """Return start and end of a hit of a term in folded text, or None.

    Splitting a whole text into words takes long. Therefore a plain string search first finds occurrences of the term,
    or of its first word, and only the text at these occurrences is split, to check whether whole words match. If none
    of the first _MOST_PLACES occurrences is a hit, the whole text is split once.
    """
    joined = " ".join(term.words)
    # The first spelling has spaces around it: without spaces, a short term would also occur inside many longer words.
    for letters in (f" {joined} ", joined, term.words[0]):
        at = -1
        for _ in range(_MOST_PLACES):
            at = folded.find(letters, at + 1)
            if at < 0:
                break
            begin = at + (letters[0] == " ")
            space = folded.rfind(" ", max(0, begin - _FARTHEST_SPACE), begin)  # a word cannot contain a space
            if space < 0 and begin > _FARTHEST_SPACE:
                break  # the script probably has no spaces, so no word boundary before the occurrence is known
            words = (word for word in folding.word_pattern().finditer(folded, space + 1) if word.end() > begin)
            run = list(islice(words, len(term.words)))
            if len(run) == len(term.words) and run[0].start() == begin and term.fits([word[0] for word in run]):
                return begin, run[-1].end()
    if at < 0:  # all occurrences of the term's first word were examined, and none is a hit
        return None
    # Put a space on either side of each word, so that plain string search finds whole words and phrases.
    spaced = " ".join(["", *folding.word_pattern().findall(folded), ""])
    place = spaced.find(f" {joined}" + ("" if term.beginning else " "))
    if place < 0:
        return None
    first = spaced.count(" ", 0, place)
    run = list(islice(folding.word_pattern().finditer(folded), first, first + len(term.words)))
    return run[0].start(), run[-1].end()


def _sqlite_match(owner: str, query_terms: list[Term]) -> Numbers:
    # Put each term in double quotes, so that FTS5 reads no word as an operator. The words themselves contain no quotes.
    expression = " AND ".join(
        '"' + " ".join(term.words) + '"' + ("*" if term.beginning else "") for term in query_terms
    )
    index = sa.table("search", sa.column("rowid"))
    match = sa.text("search MATCH :match").bindparams(match=f'"_{owner.encode().hex()}" AND {expression}')
    return sa.select(index.c.rowid.label("number")).where(match)


def _postgresql_match(owner: str, query_terms: list[Term]) -> Numbers:
    from sqlalchemy.dialects.postgresql import TSQUERY  # imported only here, because SQLite does not need it

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

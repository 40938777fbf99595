"""Store the vocabulary of each owner, and learn terms from corrections.

An owner has a main list of terms, and a list for each tag that has terms. A job stores the terms that it was created
with among its options; the lists stored here are offered for the next job.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from stt.db import queries
from stt.db.engine import database
from stt.db.tables import vocabulary, word_corrections
from stt.errors import BadOption
from stt.transcript.folding import fold
from stt.vocabulary import terms
from stt.vocabulary.terms import Term
from stt.vocabulary.words import bare_words

ASK_AFTER = 3  # number of identical corrections after which a term is suggested
MOST_LEARNED = 1000  # maximum number of different word corrections stored per owner; the oldest are deleted
MOST_LISTS = 100  # maximum number of tags with terms
SHORTEST_PLAIN = 6  # minimum number of letters of a suggested lower-case term: most shorter words are common words
_v, _c = vocabulary.c, word_corrections.c


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A term to suggest: the owner has often corrected the word `before` to `after`."""

    before: str
    after: str


def terms_of(owner: str, tag: str | None = None) -> list[Term]:
    """Return the terms of the owner's main list, or of the list of `tag`, in order."""
    query = sa.select(_v.text, _v.replaces).where(_list(owner, tag)).order_by(_v.place, _v.id)
    return list(dict.fromkeys(Term(*row) for row in queries.rows(query)))[: terms.MOST]


def tags_with_terms(owner: str) -> dict[str, int]:
    """Return the tags that have a list, sorted, each with the number of its terms."""
    pairs = sa.select(_v.tag, _v.text, _v.replaces).where(_v.owner == owner, _v.tag.is_not(None)).distinct()
    counts = Counter(row.tag for row in queries.rows(pairs))
    return {tag: min(counts[tag], terms.MOST) for tag in sorted(counts, key=str.casefold)}


def combined(owner: str, tags: Iterable[str]) -> list[Term]:
    """Return the terms of the tags' lists, followed by those of the main list.

    The terms of tags are first because they are more specific: an engine that takes fewer terms drops the last terms.
    """
    return list(dict.fromkeys(term for tag in [*tags, None] for term in terms_of(owner, tag)))


def save(owner: str, text: str, tag: str | None = None) -> list[Term]:
    """Replace the owner's main list, or the list of `tag`, by the terms in `text`, one per line. Return the terms.

    Raises BadOption if `text` has too many terms or an unusable line, or if too many tags have terms.
    """
    found = terms.read(text)
    if found and tag is not None and len({*tags_with_terms(owner), tag}) > MOST_LISTS:
        raise BadOption(f"At most {MOST_LISTS} tags can have terms.", guidance="Empty the list of another tag.")
    with database().begin() as connection:
        connection.execute(vocabulary.delete().where(_list(owner, tag)))
        if found:
            rows = [{"owner": owner, "tag": tag, "place": place, **asdict(term)} for place, term in enumerate(found)]
            connection.execute(vocabulary.insert(), [{"id": secrets.token_hex(12), **row} for row in rows])
    return found


def add(owner: str, term: Term) -> None:
    """Add a term at the end of the owner's main list, unless the list has it already.

    Raises BadOption if the list is full.
    """
    known = terms_of(owner)
    if term not in known:
        save(owner, "\n".join(each.line for each in [*known, term]))


def delete_all(owner: str) -> None:
    """Delete the vocabulary of an owner, and the counts of the owner's corrections."""
    with database().begin() as connection:
        for table in (vocabulary, word_corrections):
            connection.execute(table.delete().where(table.c.owner == owner))


def note(connection: sa.Connection, owner: str, before: str, after: str, noted: str | None = None) -> None:
    """Count each word of `before` that a person has changed to another word in `after`.

    Runs in the transaction of the correction. While somebody types, or when somebody undoes a change, the function is
    called again with the same `before`: `noted` is then the `after` of the earlier call, whose counts are taken back.
    """
    changed = Counter(_changed_words(before, after))
    known = Counter(_changed_words(before, before if noted is None else noted))
    for pair in (known - changed).elements():
        _forget_one(connection, owner, *pair)
    for one, other in (changed - known).elements():
        same = sa.and_(_c.owner == owner, _c.before == one, _c.after == other)
        counted = word_corrections.update().where(same).values(times=_c.times + 1, at=time.time())
        if connection.execute(counted).rowcount:
            continue
        row = {"id": secrets.token_hex(12), "owner": owner, "before": one, "after": other, "times": 1}
        connection.execute(word_corrections.insert().values(**row, at=time.time(), refused=False))
        oldest = sa.select(_c.id).where(_c.owner == owner).order_by(_c.at.desc()).offset(MOST_LEARNED)
        connection.execute(word_corrections.delete().where(_c.id.in_(list(connection.execute(oldest).scalars()))))


def _forget_one(connection: sa.Connection, owner: str, one: str, other: str) -> None:
    same = sa.and_(_c.owner == owner, _c.before == one, _c.after == other)
    connection.execute(word_corrections.update().where(same, _c.times > 0).values(times=_c.times - 1))
    connection.execute(word_corrections.delete().where(same, _c.times == 0, sa.not_(_c.refused)))


def suggestion(owner: str) -> Suggestion | None:
    """Return the newest correction to suggest as a term, or None.

    The correction was made at least ASK_AFTER times and was not refused, and its new word is not in the main list.
    """
    known = {fold(text) for text in terms.texts(terms_of(owner))}
    # Sum up the rows of each correction: after a merge of two histories, a correction may have two rows.
    query = (
        sa.select(_c.before, _c.after)
        .where(_c.owner == owner)
        .group_by(_c.before, _c.after)
        .having(sa.func.sum(_c.times) >= ASK_AFTER, sa.func.max(sa.cast(_c.refused, sa.Integer)) == 0)
        .order_by(sa.func.max(_c.at).desc())
    )
    return next((Suggestion(*row) for row in queries.rows(query) if fold(row.after) not in known), None)


def accept(owner: str, offered: Suggestion) -> None:
    """Add a suggested term to the owner's main list. Raises BadOption if the list is full."""
    add(owner, Term(offered.after))


def refuse(owner: str, offered: Suggestion) -> None:
    """Record that a suggestion was refused, so that it is never made again."""
    same = sa.and_(_c.owner == owner, _c.before == offered.before, _c.after == offered.after)
    queries.write(word_corrections.update().where(same).values(refused=True))


def _list(owner: str, tag: str | None) -> sa.ColumnElement[bool]:
    return sa.and_(_v.owner == owner, _v.tag.is_(None) if tag is None else _v.tag == tag)


def _changed_words(before: str, after: str) -> Iterable[tuple[str, str]]:
    """Yield (old word, new word) for each single word of `before` that a single word of `after` replaces.

    New words that cannot be terms are left out.
    """
    from stt.transcript import alignment  # imported only when needed, because it would delay the first page

    old, new = bare_words(before), bare_words(after)
    for run in alignment.align([fold(word) for word in old], [fold(word) for word in new]).runs:
        if run.kind != alignment.CHANGED or run.last - run.first != 1 or run.end - run.start != 1:
            continue
        one, other = old[run.first], new[run.start]
        if max(len(one), len(other)) <= terms.LONGEST and _is_a_term(other):
            yield one, other


def _is_a_term(word: str) -> bool:
    letters = [character for character in word if character.isalnum()]
    return len(letters) > 1 and (len(letters) >= SHORTEST_PLAIN or any(not letter.islower() for letter in letters))

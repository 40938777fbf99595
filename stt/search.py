"""Full-text search: what is looked for, how each database keeps its index in step, and the hit in its context.

Titles and texts are cut to words here, once for the index and once for the query, so both always agree: case, accents
and punctuation do not count, and every Chinese, Japanese or Thai character is a word of its own. Triggers keep the
index: whatever writes a title or a text, the index follows in the same transaction.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate, islice

import sqlalchemy as sa

# Scripts written without spaces: kana, ideographs, Thai, Lao, Burmese, Khmer, and wide forms.
_SPACELESS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
# Accents, Hebrew points and Arabic vowel signs do not count. Signs of Indian scripts do: they are parts of words.
_MARKS = "\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
_SIGNS = "\u0900-\u0963\u0966-\u0dff"
_WORD = re.compile(rf"[{_SPACELESS}]|(?:[^\W_{_SPACELESS}]|[{_SIGNS}])+")
_MARK = re.compile(f"[{_MARKS}]")
_BARE = re.compile(r"\S+")
_TERM = re.compile(r'"([^"]*)"?|([^\s"]+)')
_SHORTEST_BEGINNING = 4  # letters: a shorter word is looked for as it is, a longer one also as a word's beginning
LONGEST_QUERY, MOST_WORDS = 200, 8  # characters and words of a query that count
LONGEST_HIT = 200  # characters of a hit that are shown
MERGED = 500  # pages of SQLite's index that are merged in one step

BEFORE, AFTER = 24, 100  # characters shown around a hit: it stands near the beginning, where narrow columns show it
# Characters: PostgreSQL forgets where words stand in long texts, so it gets short ones that overlap. Words that are
# cut through at their ends are left out: the piece before or after has them whole.
_PIECE, _OVERLAP = 2000, 300


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


def words(text: str | None) -> list[str]:
    """The words of a text as the index knows them: lower case, without accents."""
    return _WORD.findall(_plain(text or ""))


def terms(query: str) -> list[Term]:
    """What a query asks for: all of its terms must be there, in any order. "…" keeps words together.

    Any text is a query; what holds no word asks for nothing. Only what `bounded` leaves counts.
    """
    found = []
    for quoted, bare in _TERM.findall(bounded(query)):
        inside = tuple(words(quoted or bare))
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


def matching(dialect: str, owner: str, query: str) -> sa.Select:
    """The `number` of each of the owner's transcriptions in whose title or text all terms of `query` are."""
    wanted = terms(query)
    return _sqlite_match(owner, wanted) if dialect == "sqlite" else _postgresql_match(owner, wanted)


def snippet(text: str, query: str) -> Snippet | None:
    """A hit of `query` in `text` with its surroundings; None if none of its terms is there.

    The longest term says most about the place, so it is tried first. The time is linear in the text, whatever is in it.
    """
    text = unicodedata.normalize("NFC", text)
    folded = _folded(text)
    # A space on either side of each word, so that plain string search finds whole words and phrases.
    spaced = " ".join(["", *_WORD.findall(folded), ""])
    for term in sorted(terms(query), key=lambda term: -sum(map(len, term.words))):
        found = spaced.find(" " + " ".join(term.words) + ("" if term.beginning else " "))
        if found >= 0:
            start, end = _span(text, folded, spaced.count(" ", 0, found), len(term.words))
            end = min(end, start + LONGEST_HIT)
            return Snippet(_before(text, start), _one_line(text[start:end]), _after(text, end))
    return None


def _span(text: str, folded: str, first: int, count: int) -> tuple[int, int]:
    """Where `count` words of `folded`, from the word number `first` on, stand in `text`."""
    run = list(islice(_WORD.finditer(folded), first, first + count))
    start, end = run[0].start(), run[-1].end()
    if text.isascii():
        return start, end
    ends = list(accumulate(len(_letters[ord(character)]) for character in text))  # of each character, in `folded`
    return bisect_right(ends, start), bisect_right(ends, end - 1) + 1


def prepare(connection: sa.Connection) -> None:
    """Make the index and its triggers where they are missing."""
    statements = _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL
    for statement in statements:
        connection.exec_driver_sql(statement)


def purge(connection: sqlite3.Connection) -> None:
    """Leave nothing of deleted texts in the index of a SQLite database: it keeps their words until parts are merged.

    In steps, so that writers wait for milliseconds. Does nothing to a database without this index.
    """
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'search'").fetchone():
        return
    pages = -MERGED  # negative: all parts, also those that are not many yet
    while True:
        before = connection.total_changes
        connection.execute("INSERT INTO search(search, rank) VALUES ('merge', ?)", (pages,))
        if connection.total_changes - before < 2:  # how FTS5 says that nothing was left to do
            return
        pages = MERGED


def teach(connection) -> None:
    """Give a SQLite connection the function that the triggers call."""
    connection.create_function("stt_words", 1, lambda text: " ".join(words(text)), deterministic=True)


# The text is words between spaces already, so SQLite's simplest tokenizer is the right one: letters beyond ASCII are
# parts of words to it. The owner is a word too, one that nobody says: other people's texts are not even looked at.
_SQLITE = [
    "CREATE VIRTUAL TABLE IF NOT EXISTS search USING fts5(owner, title, text, tokenize = \"ascii tokenchars '_'\")",
    """
    CREATE TRIGGER IF NOT EXISTS search_new AFTER INSERT ON transcriptions BEGIN
      INSERT INTO search(rowid, owner, title, text) VALUES (new.number, '_' || hex(new.owner), stt_words(new.title),
        coalesce((SELECT stt_words(text) FROM transcripts WHERE id = new.id), ''));
    END
    """,
    """
    CREATE TRIGGER IF NOT EXISTS search_renamed AFTER UPDATE OF owner, title ON transcriptions BEGIN
      UPDATE search SET owner = '_' || hex(new.owner), title = stt_words(new.title) WHERE rowid = new.number;
    END
    """,
    """
    CREATE TRIGGER IF NOT EXISTS search_deleted AFTER DELETE ON transcriptions BEGIN
      DELETE FROM search WHERE rowid = old.number;
    END
    """,
    """
    CREATE TRIGGER IF NOT EXISTS search_text_new AFTER INSERT ON transcripts BEGIN
      UPDATE search SET text = stt_words(new.text)
        WHERE rowid = (SELECT number FROM transcriptions WHERE id = new.id);
    END
    """,
    """
    CREATE TRIGGER IF NOT EXISTS search_text_changed AFTER UPDATE OF text ON transcripts BEGIN
      UPDATE search SET text = stt_words(new.text)
        WHERE rowid = (SELECT number FROM transcriptions WHERE id = new.id);
    END
    """,
    """
    CREATE TRIGGER IF NOT EXISTS search_text_deleted AFTER DELETE ON transcripts BEGIN
      UPDATE search SET text = '' WHERE rowid = (SELECT number FROM transcriptions WHERE id = old.id);
    END
    """,
]

# The parser of PostgreSQL makes odd things of hyphens, links and numbers, so punctuation is gone before it reads.
_PUNCTUATION = (
    "\\u0001-\\u002f\\u003a-\\u0040\\u005b-\\u0060\\u007b-\\u00a9\\u00ab-\\u00b1\\u00b4\\u00b6-\\u00b8\\u00bb\\u00bf"
    "\\u00d7\\u00f7\\u2000-\\u206f\\u2190-\\u2bff\\u2e00-\\u2e7f\\u3000-\\u3004\\u3008-\\u3020\\ufe00-\\ufe6f"
    "\\ue000-\\uf8ff\\ufeff\\ufff0-\\uffff\\U0001f000-\\U0001faff\\U000e0000-\\U0010ffff"  # private use, pictures, tags
)
_POSTGRESQL = [
    "SELECT pg_advisory_xact_lock(7826001)",  # several servers may start at once
    """
    CREATE TABLE IF NOT EXISTS search (
      number integer NOT NULL, source char(1) NOT NULL, piece integer NOT NULL, words tsvector NOT NULL,
      PRIMARY KEY (number, source, piece))
    """,
    "CREATE INDEX IF NOT EXISTS search_words ON search USING gin (words)",
    rf"""
    CREATE OR REPLACE FUNCTION stt_words(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
      SELECT regexp_replace(regexp_replace(normalize(regexp_replace(normalize(
        replace(replace(lower(t), 'ß', 'ss'), 'ς', 'σ'),
        NFKD), '[{_MARKS}]', '', 'g'), NFKC),
        '([{_SPACELESS}])', ' \1 ', 'g'), '[{_PUNCTUATION}]+', ' ', 'g')
    $$
    """,
    rf"""
    CREATE OR REPLACE FUNCTION stt_index(n integer, s char, owner text, t text) RETURNS void LANGUAGE sql AS $$
      DELETE FROM search WHERE number = n AND source = s;
      INSERT INTO search SELECT n, s, at, to_tsvector('simple',
          'o' || encode(convert_to(owner, 'UTF8'), 'hex') || ' ' || stt_words(regexp_replace(regexp_replace(
            substr(t, at, {_PIECE + _OVERLAP}),
            CASE WHEN at > 1 THEN '^\S{{1,60}}' ELSE '^$' END, ''),
            CASE WHEN at + {_PIECE + _OVERLAP} <= length(t) THEN '\S{{1,60}}$' ELSE '^$' END, '')))
        FROM generate_series(1, greatest(length(t), 1), {_PIECE}) AS at;
    $$
    """,
    """
    CREATE OR REPLACE FUNCTION stt_job_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF TG_OP = 'DELETE' THEN
        DELETE FROM search WHERE number = old.number;
      ELSE
        PERFORM stt_index(new.number, 'i', new.owner, new.title);
        IF TG_OP = 'UPDATE' AND old.owner <> new.owner THEN
          PERFORM stt_index(new.number, 't', new.owner, text) FROM transcripts WHERE id = new.id;
        END IF;
      END IF;
      RETURN NULL;
    END $$
    """,
    """
    CREATE OR REPLACE FUNCTION stt_text_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF TG_OP = 'DELETE' THEN
        DELETE FROM search WHERE source = 't'
          AND number = (SELECT number FROM transcriptions WHERE id = old.id);
      ELSE
        PERFORM stt_index(number, 't', owner, new.text) FROM transcriptions WHERE id = new.id;
      END IF;
      RETURN NULL;
    END $$
    """,
    """
    CREATE OR REPLACE TRIGGER search_job AFTER INSERT OR DELETE OR UPDATE OF owner, title ON transcriptions
      FOR EACH ROW EXECUTE FUNCTION stt_job_changed()
    """,
    """
    CREATE OR REPLACE TRIGGER search_text AFTER INSERT OR DELETE OR UPDATE OF text ON transcripts
      FOR EACH ROW EXECUTE FUNCTION stt_text_changed()
    """,
]


def _sqlite_match(owner: str, wanted: list[Term]) -> sa.Select:
    # Inside double quotes nothing is an operator, and words hold no quote.
    asked = " AND ".join('"' + " ".join(term.words) + '"' + ("*" if term.beginning else "") for term in wanted)
    index = sa.table("search", sa.column("rowid"))
    match = sa.text("search MATCH :match").bindparams(match=f'"_{owner.encode().hex()}" AND {asked}')
    return sa.select(index.c.rowid.label("number")).where(match)


def _postgresql_match(owner: str, wanted: list[Term]) -> sa.Select:
    index = sa.table("search", sa.column("number"), sa.column("words"))

    def where(term: Term) -> sa.Select:
        *first, last = [f"'{word}'" for word in term.words]
        asked = " <-> ".join([*first, last + (":*" if term.beginning else "")])
        whole = _tsquery(f"o{owner.encode().hex()} & ({asked})")
        # PostgreSQL leaves out what is no word to it, and an empty query must not mean everything.
        return sa.select(index.c.number).where(index.c.words.op("@@")(whole), sa.func.numnode(_tsquery(asked)) > 0)

    return sa.intersect(*map(where, wanted)) if len(wanted) > 1 else where(wanted[0])


def _tsquery(text: str) -> sa.ColumnElement:
    return sa.func.to_tsquery(sa.text("'simple'"), text)


def _plain(text: str) -> str:
    """Lower case, without accents, in composed form."""
    if text.isascii():
        return text.lower()
    bare = _MARK.sub("", unicodedata.normalize("NFKD", text.casefold()))
    return unicodedata.normalize("NFKC", bare)


class _Letters(dict):
    """For `str.translate`: what each character is to the index."""

    def __missing__(self, code: int) -> str:
        self[code] = _plain(chr(code))
        return self[code]


_letters = _Letters()


def _folded(text: str) -> str:
    return text.lower() if text.isascii() else text.translate(_letters)


def _may_go_on(word: str) -> bool:
    return len(word) >= _SHORTEST_BEGINNING or not (word.isascii() or _spaceless(word))


def _spaceless(word: str) -> bool:
    return re.match(f"[{_SPACELESS}]", word) is not None


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

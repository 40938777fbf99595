"""Maintain the full-text index in SQLite or PostgreSQL, and rebuild it after the folding rules change.

`stt.transcript.folding` splits titles, texts and queries into words. PostgreSQL splits titles and texts with an SQL
function that gives the same words; a test compares the SQL function with `folding` for every character. Triggers update
the index in the transaction that writes a title or a text.
"""

from __future__ import annotations

import logging
import sqlite3
import time
import unicodedata
from functools import cache

import sqlalchemy as sa

from stt.db.locks import SEARCH_LOCK
from stt.transcript import folding

MERGE_PAGES = 500  # maximum number of pages of SQLite's index that one step merges
# Distance between the starts of two neighbouring pieces of a text, and overlap of these pieces, in characters.
# PostgreSQL stores word positions only up to a maximum, so long texts are split into overlapping pieces. A word that may
# be cut off at the start or end of a piece is omitted there, because the neighbouring piece contains the whole word.
_PIECE, _OVERLAP = 2000, 300
_LONGEST_WORD = 250  # length to which words in PostgreSQL's index are cut, characters; a query is always shorter
# Maximum length of the texts that one transaction indexes, characters, unless a single text is longer. Other writers to
# SQLite wait until the transaction ends.
RENEW_CHARACTERS = 50_000
RENEW_SECONDS = 240.0  # time after which a run of `renew` begins no new transaction, seconds; the next run continues
# PostgreSQL's collations that can convert all letters to lower case. The first one that a server has is used.
_COLLATIONS = ("pg_c_utf8", "C.utf8", "C.UTF-8", "und-x-icu", "en-x-icu")

log = logging.getLogger("stt.db.fulltext")

# The table `search_old` lists the transcriptions that must be indexed again, because code with older folding rules has
# indexed them.
_OLD = "CREATE TABLE IF NOT EXISTS search_old (number integer PRIMARY KEY)"


def prepare(connection: sa.Connection) -> None:
    """Create the index and its triggers if they are missing."""
    for statement in _SQLITE if connection.dialect.name == "sqlite" else [*_stt_words(connection), *_POSTGRESQL]:
        connection.exec_driver_sql(statement)


def outdate(connection: sa.Connection) -> None:
    """Mark all transcriptions for indexing again in the background.

    A migration calls this if the rules that split and fold words have changed.
    """
    connection.exec_driver_sql(_OLD)
    connection.exec_driver_sql(
        "INSERT INTO search_old SELECT number FROM transcriptions WHERE number NOT IN (SELECT number FROM search_old)"
    )


def renew(engine: sa.Engine, seconds: float = RENEW_SECONDS) -> int:
    """Index outdated transcriptions again, newest first, for at most `seconds`; return how many were indexed."""
    deadline, count = time.monotonic() + seconds, 0
    while time.monotonic() < deadline and (done := _renew_some(engine)):
        count += done
    if count:
        log.info("rebuilt the index words of %d transcripts", count)
    return count


def _renew_some(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT o.number, coalesce(length(x.text), 0) FROM search_old o LEFT JOIN transcriptions t ON t.number = o.number "
            "LEFT JOIN transcripts x ON x.id = t.id ORDER BY o.number DESC LIMIT 50"
        ).all()
    numbers: list[int] = []
    size = 0
    for number, length in rows:
        if numbers and size + length > RENEW_CHARACTERS:
            break
        numbers.append(number)
        size += length
    if not numbers:
        return 0
    few = ", ".join(str(int(number)) for number in numbers)
    with engine.begin() as connection:
        # Delete the rows of `search_old` first: this takes SQLite's write lock. On PostgreSQL, the first statements of
        # _RENEW_POSTGRESQL lock the rows. So a concurrent writer waits, and then replaces the words written here.
        connection.exec_driver_sql(f"DELETE FROM search_old WHERE number IN ({few})")
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(_RENEW_SQLITE.format(few))
        else:
            for statement in _RENEW_POSTGRESQL:
                connection.exec_driver_sql(statement.format(few))
    return len(numbers)


_RENEW_SQLITE = """
    UPDATE search SET title = (SELECT stt_words(t.title) FROM transcriptions t WHERE t.number = search.rowid),
      text = coalesce((SELECT stt_words(x.text) FROM transcripts x, transcriptions t
        WHERE x.id = t.id AND t.number = search.rowid), '')
    WHERE rowid IN ({0}) AND rowid IN (SELECT number FROM transcriptions WHERE number IN ({0}))
"""
_RENEW_POSTGRESQL = [
    "SELECT number FROM transcriptions WHERE number IN ({0}) ORDER BY number FOR UPDATE",
    "SELECT id FROM transcripts WHERE id IN (SELECT id FROM transcriptions WHERE number IN ({0})) ORDER BY id FOR UPDATE",
    "SELECT stt_index(number, 'i', owner, title) FROM transcriptions WHERE number IN ({0})",
    "SELECT stt_index(t.number, 't', t.owner, x.text) FROM transcriptions t JOIN transcripts x USING (id) WHERE t.number IN ({0})",
]


def purge(connection: sqlite3.Connection) -> None:
    """Remove the words of deleted texts from SQLite's index, which keeps them until its segments are merged.

    The merge runs in steps, so that other writers wait only milliseconds. A database without the index is not changed.
    """
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'search'").fetchone():
        return
    pages = -MERGE_PAGES  # a negative number makes FTS5 merge all segments, even if they are few
    while True:
        before = connection.total_changes
        connection.execute("INSERT INTO search(search, rank) VALUES ('merge', ?)", (pages,))
        if connection.total_changes - before < 2:  # FTS5 changes fewer than two rows if nothing is left to merge
            return
        pages = MERGE_PAGES


def register_functions(connection: sqlite3.Connection) -> None:
    """Register the function that SQLite's triggers call."""
    connection.create_function("stt_words", 1, lambda text: " ".join(folding.words(text)), deterministic=True)


def _stt_words(connection: sa.Connection) -> list[str]:
    """Return the SQL statements that create the PostgreSQL function `stt_words`.

    Like `folding.words`, this function splits a text into folded words; it returns the words joined by spaces.
    """
    available = (
        connection.exec_driver_sql("SELECT collname FROM pg_collation WHERE collencoding IN (-1, 6)").scalars().all()
    )
    collation = next((f' COLLATE "{name}"' for name in _COLLATIONS if name in available), "")  # "": the default one
    single = {a: b for a, b in folding.SPECIAL.items() if len(b) == 1 and a.isalnum()}
    source, target = "".join(single), "".join(single.values()).replace("'", " ").replace('"', " ")
    several = {a: b for a, b in folding.SPECIAL.items() if len(b) > 1}
    special = "translate(t, '" + source + "', '" + target + "')"
    for letter, letters in several.items():
        special = f"replace({special}, '{letter}', '{letters}')"
    return [
        f"SELECT pg_advisory_xact_lock({SEARCH_LOCK})",  # other servers that start at the same moment must wait
        rf"""
    CREATE OR REPLACE FUNCTION stt_special(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
      SELECT CASE WHEN t ~ '[{_escaped(sorted(map(ord, [*single, *several])))}]' THEN {special} ELSE t END
    $$
    """,
        rf"""
    CREATE OR REPLACE FUNCTION stt_words(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
      SELECT regexp_replace(CASE WHEN t ~ '[^\u0001-\u007f]' THEN
          regexp_replace(stt_special(regexp_replace(lower(normalize(t, NFKD){collation}),
            '[{_ranges(folding.IGNORED)}]', '', 'g')), '({folding.UNIT})', ' \1 ', 'g')
        ELSE lower(t) END, '[{_no_words()}]+', ' ', 'g')
    $$
    """,
    ]


@cache
def _no_words() -> str:
    """Return all characters that are neither letters, marks nor numbers, for use in a character class of a regex."""
    codes = (code for code in range(1, 0x110000) if not 0xD800 <= code < 0xE000)
    return _escaped([code for code in codes if unicodedata.category(chr(code))[0] not in "LMN"])


def _escaped(codes: list[int]) -> str:
    runs: list[list[int]] = []
    for code in codes:
        if runs and code == runs[-1][1] + 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return _ranges([(first, last) for first, last in runs])


def _ranges(ranges: list[tuple[int, int]]) -> str:
    return "".join(rf"\U{first:08x}-\U{last:08x}" for first, last in ranges)


# The indexed text already consists of words separated by spaces, so SQLite's simplest tokenizer is enough: it treats
# all letters beyond ASCII as parts of words. The owner's id is indexed as a word that no text contains. A search includes
# this word, so it does not read texts of other owners.
_SQLITE = [
    _OLD,
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

_POSTGRESQL = [
    _OLD,
    """
    CREATE TABLE IF NOT EXISTS search (
      number integer NOT NULL, source char(1) NOT NULL, piece integer NOT NULL, words tsvector NOT NULL,
      PRIMARY KEY (number, source, piece))
    """,
    "CREATE INDEX IF NOT EXISTS search_words ON search USING gin (words)",
    rf"""
    CREATE OR REPLACE FUNCTION stt_index(n integer, s char, owner text, t text) RETURNS void LANGUAGE sql AS $$
      DELETE FROM search WHERE number = n AND source = s;
      INSERT INTO search SELECT n, s, at, ('''o' || encode(convert_to(owner, 'UTF8'), 'hex') || ''' ' || coalesce((
          SELECT string_agg('''' || left(word, {_LONGEST_WORD}) || ''':' || place, ' ' ORDER BY place)
          FROM regexp_split_to_table(stt_words(regexp_replace(regexp_replace(
            substr(t, at, {_PIECE + _OVERLAP}),
            CASE WHEN at > 1 THEN '^\S{{1,60}}' ELSE '^$' END, ''),
            CASE WHEN at + {_PIECE + _OVERLAP} <= length(t) THEN '\S{{1,60}}$' ELSE '^$' END, '')), ' ')
            WITH ORDINALITY AS found(word, place) WHERE word <> ''), ''))::tsvector
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

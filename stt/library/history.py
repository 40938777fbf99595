"""List, sort, count and delete an owner's transcripts. All functions stay fast with 100,000 transcripts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, TypedDict, Unpack

import sqlalchemy as sa

from stt import kinds
from stt.db import fulltext, queries
from stt.db.engine import database, lock_sqlite
from stt.db.fulltext import Snippet
from stt.db.tables import chunks, tags, transcriptions, transcripts
from stt.store import quotas, recordings, records, removals
from stt.store.records import Job

_t = transcriptions.c
NEWEST = "created"
# Columns by which the history can be sorted. `title_key` sorts titles as people expect (see `stt.transcript.titles`).
SORTS = {
    NEWEST: _t.created,
    "title": _t.title_key,
    **{
        name: _t[name]
        for name in ("duration", "words", "language", "model", "engine", "confidence", "cost", "state", "dated")
    },
}
_BLOCK = 500  # maximum number of rows that one statement selects


class Filter(TypedDict, total=False):
    """Conditions for transcriptions: a transcription must meet each condition that is given.

    `text` is searched for in titles and transcripts (see `stt.db.fulltext`). `since` and `until` bound the creation
    time, in seconds since 1970; `shortest` and `longest` bound the duration, in seconds of audio. `since` and
    `shortest` are inclusive, `until` and `longest` are exclusive.
    """

    text: str
    models: Collection[str]
    engines: Collection[str]
    languages: Collection[str]
    tags: Collection[str]
    states: Collection[str]
    since: float | None
    until: float | None
    shortest: float | None
    longest: float | None


@dataclass(frozen=True, slots=True)
class Totals:
    """Number of transcripts, seconds of audio, words, and US dollars (None if no transcript has a price)."""

    count: int
    seconds: float
    words: int
    cost: float | None


@dataclass(frozen=True, slots=True)
class Choices:
    """The distinct models, languages and tags of the owner's transcriptions, sorted."""

    models: list[str]
    languages: list[str]
    tags: list[str]


def find(
    owner: str,
    *,
    sort: str = NEWEST,
    descending: bool = True,
    limit: int | None = None,
    offset: int = 0,
    **filters: Unpack[Filter],
) -> list[Job]:
    """Return the owner's transcriptions, sorted by the column `SORTS[sort]`.

    Transcriptions without a value in this column are last, in ascending and in descending order.
    """
    key = SORTS[sort]
    by_key = (key.desc() if descending else key.asc()).nulls_last()
    order: list[sa.ColumnElement[Any]] = [by_key, _t.created.desc(), _t.number.desc()]
    if sort == NEWEST:  # `created` is never NULL, so `nulls_last` is left out: the index provides this order
        order = [_t.created.desc(), _t.number.desc()] if descending else [_t.created, _t.number]
    numbers = sa.select(_t.number).where(*_conditions(owner, filters)).order_by(*order)
    if limit is not None:
        numbers = numbers.limit(limit).offset(offset)
    with database().connect() as connection:
        return _jobs(connection, owner, connection.execute(numbers).scalars().all())


def totals(owner: str, **filters: Unpack[Filter]) -> Totals:
    """Return the totals of all transcriptions that `find` returns with these filters."""
    query = sa.select(
        sa.func.count(), sa.func.coalesce(sa.func.sum(_t.duration), 0.0), sa.func.coalesce(sa.func.sum(_t.words), 0),
        sa.func.sum(_t.cost),
    ).where(*_conditions(owner, filters))  # fmt: skip
    return Totals(*queries.single(query))


def totals_of(jobs: Iterable[Job]) -> Totals:
    jobs = list(jobs)
    costs = [job.cost for job in jobs if job.cost is not None]
    return Totals(
        len(jobs), sum(j.duration or 0.0 for j in jobs), sum(j.words or 0 for j in jobs), sum(costs) if costs else None
    )


def in_context(jobs: Iterable[Job], text: str) -> dict[str, Snippet]:
    """Return a snippet per job, keyed by job id: a hit of the query `text` in the transcript, with its context.

    Jobs without a hit are left out. Titles are not searched.
    """
    ids = [job.id for job in jobs]
    if not ids or not fulltext.is_query(text):
        return {}
    query = sa.select(transcripts.c.id, transcripts.c.text).where(transcripts.c.id.in_(ids))
    with database().connect() as connection:  # read one text at a time: all texts together may be large
        found = {row.id: fulltext.snippet(row.text, text) for row in connection.execute(query)}
    return {id: snippet for id, snippet in found.items() if snippet}


def choices(owner: str) -> Choices:
    """Return the models, languages and tags that the owner can filter by."""
    own = sa.exists().where(_t.id == tags.c.id, _t.owner == owner)
    tagged = sa.select(tags.c.tag).where(own).distinct()
    with database().connect() as connection:
        return Choices(
            list(_each(connection, owner, _t.model)),
            list(_each(connection, owner, _t.language)),
            sorted(connection.execute(tagged).scalars(), key=str.casefold),
        )


def minutes_by_day(owner: str, zone: tzinfo, **filters: Unpack[Filter]) -> dict[tuple[date, str], float]:
    """Return the minutes of audio of all transcriptions that match the filters, keyed by (day in `zone`, model)."""
    # The database sums up hours, and this code sums up days, because a day has 23 hours when summer time begins.
    shift = int((datetime.now(zone).utcoffset() or timedelta()).total_seconds()) % 3600
    hour = _whole((_t.created + shift) / 3600).label("hour")
    query = (
        sa.select(hour, _t.model, sa.func.sum(_t.duration).label("seconds"))
        .where(*_conditions(owner, filters), _t.duration > 0)
        .group_by(hour, _t.model)
    )
    minutes: dict[tuple[date, str], float] = {}
    for row in queries.rows(query):
        day = datetime.fromtimestamp(row.hour * 3600 - shift, zone).date()
        minutes[day, row.model] = minutes.get((day, row.model), 0.0) + row.seconds / 60
    return minutes


def delete(generation_id: str, owner: str) -> None:
    """Delete a transcription, and its recording unless another transcription uses that recording.

    A running job stops within two seconds. The record disappears at once; the recording's files and the job's workflows
    are usually erased within a minute (see `stt.store.erasure`). Raises NotFound if the owner has no such
    transcription.
    """
    job = records.load(generation_id, owner)
    # A job at a provider may begin at this moment, so only the change of its state tells that it has not.
    never_begun = records.transition(generation_id, (kinds.QUEUED,), kinds.CANCELLED)
    if never_begun or (job.pending and job.engine in kinds.HERE):
        quotas.release(job, sent=False)
    deleted = False
    with database().begin() as connection:
        # Read the recording's id only now, with the row locked: a running job for a link gets a recording when its
        # download ends, which may be after `load` above.
        lock_sqlite(connection)
        mine = sa.select(_t.recording_id).where(_t.id == generation_id).with_for_update()
        recording_id = connection.execute(mine).scalar()
        for table in (transcriptions, transcripts, chunks):
            connection.execute(table.delete().where(table.c.id == generation_id))
        removals.note(connection, removals.JOB, generation_id)
        removals.note_pages(connection, removals.RECORDS, generation_id)
        if recording_id is not None:
            recordings.lock(connection, recording_id)  # another version may be being deleted at the same moment
            used = sa.select(sa.exists().where(_t.recording_id == recording_id))
            deleted = not connection.execute(used).scalar() and recordings.delete(connection, recording_id, owner)
    removals.wakeup.set()
    if recording_id is not None and deleted:
        removals.remove_audio(recording_id)


def _conditions(owner: str, filters: Filter) -> list[sa.ColumnElement[bool]]:
    where = [_t.owner == owner]
    text = filters.get("text") or ""
    if fulltext.is_query(text):
        where.append(_t.number.in_(fulltext.matching(database().dialect.name, owner, text)))
    elif text.strip():
        where.append(sa.false())  # a text without words matches nothing, because the index contains only words
    for column, values in (
        (_t.model, filters.get("models")),
        (_t.engine, filters.get("engines")),
        (_t.language, filters.get("languages")),
        (_t.state, filters.get("states")),
    ):
        if values:
            where.append(column.in_(list(values)))
    if filters.get("tags"):
        where.append(_t.id.in_(sa.select(tags.c.id).where(tags.c.tag.in_(list(filters["tags"])))))
    for column, first, end in (
        (_t.created, filters.get("since"), filters.get("until")),
        (_t.duration, filters.get("shortest"), filters.get("longest")),
    ):
        if first is not None:
            where.append(column >= first)
        if end is not None:
            where.append(column < end)
    return where


def _each(connection: sa.Connection, owner: str, column: sa.Column[str]) -> Iterator[str]:
    """Yield the owner's distinct values of an indexed column.

    Each query jumps to the next value in the index; SELECT DISTINCT would read all rows.
    """
    last: str | None = ""
    while (last := connection.execute(sa.select(sa.func.min(column)).where(column > last)).scalar()) is not None:
        if connection.execute(sa.select(sa.exists().where(column == last, _t.owner == owner))).scalar():
            yield last


def _jobs(connection: sa.Connection, owner: str, numbers: Sequence[int]) -> list[Job]:
    """Return the owner's jobs whose row numbers are `numbers`, in the order of `numbers`. Only these rows are read."""
    columns = [_t[field.name] for field in fields(Job)]
    jobs: dict[int, Job] = {}
    for at in range(0, len(numbers), _BLOCK):
        block = numbers[at : at + _BLOCK]
        # Check the owner in Python: with a condition on the owner, SQLite would scan all rows of the owner.
        for number, *values in connection.execute(sa.select(_t.number, *columns).where(_t.number.in_(block))):
            job = Job(*values)
            if job.owner == owner:
                jobs[number] = job
    return [jobs[number] for number in numbers if number in jobs]


def _whole(value: sa.ColumnElement[float | Decimal]) -> sa.ColumnElement[int]:
    """Return an SQL expression that rounds a positive `value` down: a cast on SQLite, which may lack `floor`."""
    return sa.cast(value if database().dialect.name == "sqlite" else sa.func.floor(value), sa.Integer)

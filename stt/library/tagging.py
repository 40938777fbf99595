"""Read and set the tags of transcripts.

The first page offers tags and must load fast. Therefore this module is separate from `corrections`, which imports the
job engine.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from stt.db import queries
from stt.db.engine import database
from stt.db.tables import tags, transcriptions
from stt.editing import texts
from stt.errors import BadOption
from stt.store import records

LONGEST = 60  # maximum characters of a tag
MOST = 50  # maximum tags of a transcript


def tags_of(generation_id: str, owner: str) -> list[str]:
    """Return the tags of a transcript, sorted. Raises NotFound if the owner has no such transcript."""
    records.load(generation_id, owner)
    query = sa.select(tags.c.tag).where(tags.c.id == generation_id)
    return sorted(queries.values(query), key=str.casefold)


def tags_of_all(generation_ids: list[str], owner: str) -> list[str]:
    """Return the tags that all these transcripts of the owner have, sorted. Ids of other transcripts are ignored."""
    mine = transcriptions.c.owner == owner, transcriptions.c.id.in_(generation_ids)
    own, count = sa.select(transcriptions.c.id).where(*mine), sa.select(sa.func.count()).where(*mine).scalar_subquery()
    query = sa.select(tags.c.tag).where(tags.c.id.in_(own)).group_by(tags.c.tag).having(sa.func.count() == count)
    return sorted(queries.values(query), key=str.casefold)


def set_tags(generation_id: str, owner: str, wanted: Iterable[str], was: Iterable[str] = ()) -> None:
    """Add the tags in `wanted`, and remove the tags in `was` that are not in `wanted`.

    `was` has the tags that were shown before the change, so tags that another browser tab has added meanwhile stay.
    Raises NotFound if the owner has no such transcript, BadOption if a tag is too long or there are too many tags.
    """
    records.load(generation_id, owner)
    tidy = {texts.tidy(tag, LONGEST, "A tag") for tag in wanted} - {""}
    here = tags.c.id == generation_id
    with database().begin() as connection:
        records.lock(connection, generation_id)
        connection.execute(tags.delete().where(here, tags.c.tag.in_(set(was) - tidy)))
        known = set(connection.execute(sa.select(tags.c.tag).where(here)).scalars())
        if len(known | tidy) > MOST:
            raise BadOption(f"A transcript takes at most {MOST} tags.", guidance="Remove some.")
        if tidy - known:
            connection.execute(tags.insert(), [{"id": generation_id, "tag": tag} for tag in sorted(tidy - known)])

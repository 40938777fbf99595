"""Read and set the tags of transcripts.

This module is separate from `corrections`, which imports the job engine: the first page offers tags, but must load
fast.
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
    """Return the tags of a transcript, sorted. Raises NotFound."""
    records.load(generation_id, owner)
    query = sa.select(tags.c.tag).where(tags.c.id == generation_id)
    return sorted(queries.values(query), key=str.casefold)


def tags_of_all(generation_ids: list[str], owner: str) -> list[str]:
    """Return the tags common to all transcripts, sorted; no tags if one of the transcripts is not the owner's."""
    wanted = len(set(generation_ids))
    own = sa.select(transcriptions.c.id).where(transcriptions.c.owner == owner, transcriptions.c.id.in_(generation_ids))
    query = sa.select(tags.c.tag).where(tags.c.id.in_(own)).group_by(tags.c.tag).having(sa.func.count() == wanted)
    return sorted(queries.values(query), key=str.casefold)


def set_tags(generation_id: str, owner: str, wanted: Iterable[str], was: Iterable[str] = ()) -> None:
    """Add the tags in `wanted` and remove those that are only in `was`. Tags added in another browser tab stay.

    Raises NotFound or BadOption.
    """
    records.load(generation_id, owner)
    tidy = {texts.tidy(tag, LONGEST, "A tag") for tag in wanted} - {""}
    here = tags.c.id == generation_id
    with database().begin() as connection:
        connection.execute(tags.delete().where(here, tags.c.tag.in_(set(was) - tidy)))
        known = set(connection.execute(sa.select(tags.c.tag).where(here)).scalars())
        if len(known | tidy) > MOST:
            raise BadOption(f"A transcript takes at most {MOST} tags.", guidance="Remove some.")
        if tidy - known:
            connection.execute(tags.insert(), [{"id": generation_id, "tag": tag} for tag in sorted(tidy - known)])

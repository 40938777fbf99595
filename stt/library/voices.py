"""Known voices: voiceprints that an owner has stored, so that names can be suggested in later transcripts.

No voice is stored unless the owner asks for it. Voices of different owners are never compared.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa

from stt.db import queries
from stt.db.engine import database
from stt.db.tables import voices
from stt.errors import BadOption, NotFound
from stt.settings import settings
from stt.speakers import likeness
from stt.store import removals

MOST = 200  # maximum number of voices per owner
LIKELY = 0.6  # minimum likeness of a speaker and a known voice, 0 to 1, at which the voice is suggested
_v = voices.c


@dataclass(frozen=True, slots=True)
class Voice:
    """A known voice without its voiceprint. `created` is seconds since 1970."""

    id: str
    name: str
    created: float


@dataclass(frozen=True, slots=True)
class Guess:
    """A known voice that may be the voice of a speaker. `voice` is the id of the known voice; `likeness` is 0 to 1."""

    voice: str
    name: str
    likeness: float


def allowed() -> bool:
    """Return whether the host allows voices to be remembered."""
    return settings().known_voices


def all_of(owner: str) -> list[Voice]:
    """Return the voices of an owner, sorted by name."""
    found = queries.rows(sa.select(_v.id, _v.name, _v.created).where(_v.owner == owner))
    return sorted((Voice(*row) for row in found), key=lambda voice: (voice.name.casefold(), voice.created))


def remember(owner: str, name: str, voiceprint: np.ndarray) -> None:
    """Store a voice, replacing an earlier voice with the same name.

    Raises BadOption if the owner has too many voices, or the host does not allow voices to be remembered.
    """
    if not allowed():
        raise BadOption("Voices are not remembered on this server.", guidance="Ask whoever runs it.")
    row = {"id": secrets.token_hex(12), "owner": owner, "name": name, "created": time.time()}
    rounded = [round(float(one), 5) for one in voiceprint]
    with database().begin() as connection:
        connection.execute(voices.delete().where(_v.owner == owner, _v.name == name))
        count = connection.execute(sa.select(sa.func.count()).where(_v.owner == owner)).scalar_one()
        if count >= MOST:
            raise BadOption(f"At most {MOST} voices are remembered.", guidance="Delete some on the Settings page.")
        connection.execute(voices.insert().values(**row, voiceprint=rounded))


def delete(voice_id: str, owner: str) -> None:
    """Delete a known voice. Raises NotFound if the owner has no such voice."""
    with database().begin() as connection:
        if connection.execute(voices.delete().where(_v.id == voice_id, _v.owner == owner)).rowcount != 1:
            raise NotFound("There is no such voice.", guidance="Reload the page.")
        removals.note_pages(connection, removals.RECORDS, voice_id)
    removals.wakeup.set()


def delete_all(owner: str) -> None:
    """Delete all voices of an owner."""
    queries.write(voices.delete().where(_v.owner == owner))


def guess(owner: str, voiceprints: dict[str, np.ndarray], refused: set[tuple[str, str]]) -> dict[str, Guess]:
    """Return the known voice that each speaker may have, keyed by speaker name.

    Each known voice is returned for at most one speaker; the most similar pairs are matched first. `voiceprints` are
    keyed by speaker name. `refused` has the pairs (speaker name, voice id) that the owner has rejected.
    """
    if not voiceprints or not allowed():
        return {}
    known = queries.rows(sa.select(_v.id, _v.name, _v.voiceprint).where(_v.owner == owner))
    pairs = [
        (alike, speaker, voice)
        for voice in known
        for speaker, print_ in voiceprints.items()
        if (speaker, voice.id) not in refused
        and (alike := likeness(print_, np.array(voice.voiceprint, np.float32))) >= LIKELY
    ]
    found: dict[str, Guess] = {}
    taken: set[str] = set()
    for alike, speaker, voice in sorted(pairs, key=lambda pair: -pair[0]):
        if speaker not in found and voice.id not in taken:
            found[speaker] = Guess(voice.id, voice.name, alike)
            taken.add(voice.id)
    return found

"""Idempotency-Keys: the same create sent again makes no second job.

A key counts for its owner and for 24 hours. The table holds keyed hashes, so neither the key nor what was sent can be
read from it. That the job is recorded and that its key is done are one transaction.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from stt.auth.signing import signing_secret
from stt.cluster import processes
from stt.db.engine import AWAY, database
from stt.db.tables import creates
from stt.errors import InputError, KeyReused, StillCreating
from stt.store import recordings

KEPT = 24 * 3600  # seconds
LONGEST = 255  # characters
STUCK = 900.0  # seconds after which a create of another process is given up
TRIES = 5  # of many at once one goes first; the others find its entry

_c = creates.c
_busy: set[str] = set()  # hashes of the keys that this process is at work on


class BadKey(InputError):
    title = "The Idempotency-Key cannot be used"
    guidance = f"Send 1 to {LONGEST} visible ASCII characters, such as a UUID."


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to make the job of a key, under this id; or, with `made`, the id that it was made under."""

    hash: str
    generation_id: str
    made: bool

    def note(self, connection: sa.Connection) -> None:
        """The job is recorded in this transaction. Raises StillCreating if another process has the claim by now."""
        if connection.execute(creates.update().where(*self._this).values(done=True)).rowcount != 1:
            raise StillCreating()

    def forget(self, connection: sa.Connection) -> None:
        """No job was made: the next one with this key makes it."""
        connection.execute(creates.delete().where(*self._this))

    @property
    def _this(self) -> tuple[sa.ColumnElement[bool], ...]:
        return _c.hash == self.hash, _c.generation_id == self.generation_id


@contextmanager
def claim(owner: str, key: str | None, body: bytes) -> Iterator[Claim | None]:
    """Make the job of this key inside, unless it was made; None without a key. `body` says what was sent.

    Raises BadKey, KeyReused for another body, StillCreating.
    """
    if key is None:
        yield None
        return
    if not re.fullmatch(rf"[!-~]{{1,{LONGEST}}}", key):
        raise BadKey(
            f"It has {len(key)} characters." if len(key) > LONGEST else "It holds a space or a control character."
        )
    claimed = _claimed(_hash(owner.encode() + b"\0" + key.encode()), _hash(body))
    if claimed.made:
        yield claimed
        return
    try:
        yield claimed
    except BaseException:
        # If the database is away, nobody is at work on it any more, and the next one takes the claim over.
        with suppress(*AWAY), database().begin() as connection:
            connection.execute(creates.delete().where(*claimed._this, sa.not_(_c.done)))
        raise
    finally:
        _busy.discard(claimed.hash)


def _claimed(hash: str, body: str) -> Claim:
    for _ in range(TRIES):
        new = Claim(hash, recordings.new_id(), made=False)
        if _inserted(new, body):
            _busy.add(hash)
            return new
        with database().connect() as connection:
            found = connection.execute(creates.select().where(_c.hash == hash)).first()
        if found is None:
            continue
        if found.body != body:
            raise KeyReused("It came with another body.")
        if found.done:
            return Claim(hash, found.generation_id, made=True)
        if _at_work(found):
            break
        this = sa.and_(_c.hash == hash, _c.generation_id == found.generation_id, sa.not_(_c.done))
        again = {"generation_id": new.generation_id, "process": processes.NAME, "at": time.time()}
        with database().begin() as connection:
            if connection.execute(creates.update().where(this).values(**again)).rowcount == 1:
                _busy.add(hash)
                return new
    raise StillCreating()


def _inserted(claim: Claim, body: str) -> bool:
    now = time.time()
    row = {"hash": claim.hash, "body": body, "generation_id": claim.generation_id, "process": processes.NAME}
    try:
        with database().begin() as connection:
            connection.execute(creates.delete().where(_c.at < now - KEPT))
            connection.execute(creates.insert().values(**row, done=False, at=now))
    except sa.exc.IntegrityError:
        return False
    return True


def _at_work(found: sa.Row[*tuple[Any, ...]]) -> bool:
    if found.process == processes.NAME:
        return found.hash in _busy
    return time.time() - found.at < STUCK and found.process in processes.alive()


def _hash(content: bytes) -> str:
    return hmac.new(signing_secret().encode(), b"stt-create" + content, hashlib.sha256).hexdigest()

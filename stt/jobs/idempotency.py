"""Idempotency-Keys: a create request that is repeated with the same key creates no second job.

A key is valid for one owner and for 24 hours. The table `creates` holds keyed hashes, so neither the key nor the
request can be read from it. One transaction records the job and marks its key as done.

OpenAI's clients send no key, but say in a header whether they repeat a request, so `claim_call` needs no key.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from stt.auth.signing import signing_secret
from stt.cluster import processes
from stt.db import queries
from stt.db.engine import DB_UNAVAILABLE, database
from stt.db.tables import creates, transcriptions
from stt.errors import InputError, KeyReused, StillCreating
from stt.store import recordings

KEY_LIFETIME = 24 * 3600  # time for which a key is valid, seconds
CALL_LIFETIME = 3600  # time for which a call without a key can be repeated, seconds
MAX_KEY_LENGTH = 255  # maximum length of a key, characters
ABANDONED_AFTER = 900.0  # age in seconds at which another process's unfinished claim counts as abandoned
# Maximum number of attempts to claim a key. An attempt fails if another request deletes or replaces the key's row
# between two statements.
MAX_ATTEMPTS = 5

_c = creates.c
_in_progress: set[str] = set()  # hashes of the keys whose job this process is creating


class BadKey(InputError):
    title = "The Idempotency-Key cannot be used"
    guidance = f"Send 1 to {MAX_KEY_LENGTH} visible ASCII characters, such as a UUID."


@dataclass(frozen=True, slots=True)
class Claim:
    """Represent the right to create the job of one Idempotency-Key.

    The job gets the id `generation_id`. `made` tells whether an earlier request has already created the job.
    """

    hash: str
    generation_id: str
    made: bool

    def note(self, connection: sa.Connection) -> None:
        """Mark the key as done in the transaction of `connection`.

        Raises StillCreating if another request has claimed the key meanwhile.
        """
        if connection.execute(creates.update().where(*self._this).values(done=True)).rowcount != 1:
            raise StillCreating()

    def forget(self, connection: sa.Connection) -> None:
        """Delete the claim, because no job was created: the next request with this key creates the job."""
        connection.execute(creates.delete().where(*self._this))

    @property
    def _this(self) -> tuple[sa.ColumnElement[bool], ...]:
        return _c.hash == self.hash, _c.generation_id == self.generation_id


@contextmanager
def claim(owner: str, key: str | None, body: bytes) -> Iterator[Claim | None]:
    """Yield a claim to the Idempotency-Key `key`, or None if `key` is None.

    `body` is the content of the request. It includes the name of the route if other routes make another job of the same
    content.

    Raises BadKey if the key is too long or has invalid characters, StillCreating if another request with the key has
    not finished, and KeyReused if the key was used with a different body.
    """
    if key is None:
        yield None
        return
    if not re.fullmatch(rf"[!-~]{{1,{MAX_KEY_LENGTH}}}", key):
        raise BadKey(
            f"It has {len(key)} characters."
            if len(key) > MAX_KEY_LENGTH
            else "It holds a space or a control character."
        )
    claimed = _claimed(_hash(owner.encode() + b"\0" + key.encode()), _hash(body))
    if claimed.made:
        yield claimed
        return
    try:
        yield claimed
    except BaseException:
        # If the database is unavailable, the claim stays in the table. A later request with the key finds that the
        # claim is abandoned, and replaces it.
        with suppress(*DB_UNAVAILABLE):
            queries.write(creates.delete().where(*claimed._this, sa.not_(_c.done)))
        raise
    finally:
        _in_progress.discard(claimed.hash)


@contextmanager
def claim_call(owner: str, body: bytes, *, repeated: bool) -> Iterator[Claim]:
    """Yield a claim for a request without a key, from a client that says whether it has sent the request before.

    A repeated request gets the claim of the owner's newest unanswered call with this body that is at most CALL_LIFETIME
    old, if there is one and its job was not deleted. Any other request creates a new job, even if an equal request was
    made before. Pass the job's id to `call_answered` when the client gets the outcome of the job.

    Raises StillCreating if the request that is repeated has not finished.
    """
    body = b"call\0" + owner.encode() + b"\0" + body
    if repeated:
        there = sa.not_(_c.done) | sa.exists().where(transcriptions.c.id == _c.generation_id)
        this = _c.body == _hash(body), _c.at > time.time() - CALL_LIFETIME, there
        found = queries.one(creates.select().where(*this).order_by(_c.at.desc()).limit(1))
        if found is not None and found.done:
            yield Claim(found.hash, found.generation_id, made=True)
            return
        if found is not None and _is_in_progress(found):
            raise StillCreating()
    with claim(owner, str(uuid.uuid4()), body) as new:
        assert new is not None
        yield new


def call_answered(generation_id: str) -> None:
    """Note that the client of `claim_call` gets the outcome of this job, so an equal call is no repetition of it."""
    queries.write(creates.delete().where(_c.generation_id == generation_id))


def _claimed(hash: str, body: str) -> Claim:
    for _ in range(MAX_ATTEMPTS):
        new = Claim(hash, recordings.new_id(), made=False)
        if _inserted(new, body):
            _in_progress.add(hash)
            return new
        found = queries.one(creates.select().where(_c.hash == hash))
        if found is None:
            continue
        if found.body != body:
            raise KeyReused("This key was sent before with a different request body, or for a translation.")
        if found.done:
            return Claim(hash, found.generation_id, made=True)
        if _is_in_progress(found):
            break
        this = sa.and_(_c.hash == hash, _c.generation_id == found.generation_id, sa.not_(_c.done))
        claimed_by = {"generation_id": new.generation_id, "process": processes.NAME, "at": time.time()}
        if queries.write(creates.update().where(this).values(**claimed_by)) == 1:
            _in_progress.add(hash)
            return new
    raise StillCreating()


def _inserted(claim: Claim, body: str) -> bool:
    now = time.time()
    row = {"hash": claim.hash, "body": body, "generation_id": claim.generation_id, "process": processes.NAME}
    try:
        with database().begin() as connection:
            connection.execute(creates.delete().where(_c.at < now - KEY_LIFETIME))
            connection.execute(creates.insert().values(**row, done=False, at=now))
    except sa.exc.IntegrityError:
        return False
    return True


def _is_in_progress(found: sa.Row[*tuple[Any, ...]]) -> bool:
    if found.process == processes.NAME:
        return found.hash in _in_progress
    return time.time() - found.at < ABANDONED_AFTER and found.process in processes.alive()


def _hash(content: bytes) -> str:
    return hmac.new(signing_secret().encode(), b"stt-create" + content, hashlib.sha256).hexdigest()

"""Give another browser access to a history by a recovery code, or restore a history after its cookie was lost.

Recovery codes are for the setting STT_ACCESS=private, where nobody signs in and a history belongs to a browser's
cookie. A code is shown only once, when it is created, and is stored as a hash. Codes can be listed and revoked.

A browser that uses a code keeps its cookie; the database maps the cookie's visitor to the code's history. Several
browsers can share a history, and each of them can stop using it. The browser's former history stays separate unless the
visitor merges it into the shared history.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

import sqlalchemy as sa

from stt.db import queries
from stt.db.engine import database, lock_sqlite
from stt.db.tables import (
    browsers,
    dismissals,
    merges,
    recordings,
    recovery_codes,
    tokens,
    transcriptions,
    usage,
    vocabulary,
    voices,
    webhook_deliveries,
    webhooks,
    word_corrections,
)
from stt.errors import BadOption, LimitReached, NotFound

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no letters that are easily confused when typed
LENGTH, GROUP = 25, 5  # characters of a code (5 bits each, 125 in all), and characters between two hyphens
MOST = 10  # maximum number of codes of one history
LINK = "#recover="  # start of the fragment with the code in a link; a browser does not send the fragment to a server
# Maximum number of wrong codes within WINDOW seconds, per visitor and per network address. A visitor or address at the
# maximum cannot look up any code. The limit protects the database from load. A code cannot be guessed even without it.
WINDOW, WRONG_OF_VISITOR, WRONG_OF_ADDRESS = 600.0, 10, 100
WATCHED = 10_000  # maximum number of visitors and addresses whose wrong codes are counted
ENOUGH = 3  # minimum number of finished transcripts before a recovery code is suggested
HINT = "recovery"
_OWNED = (
    transcriptions,
    recordings,
    tokens,
    usage,
    recovery_codes,
    voices,
    vocabulary,
    word_corrections,
    webhooks,
    webhook_deliveries,
)  # all tables whose records get a new owner in a merge; share links and tags belong to transcriptions

_tries: OrderedDict[str, list[float]] = OrderedDict()
_trying = threading.Lock()


@dataclass(frozen=True, slots=True)
class Code:
    """A recovery code without its secret. Times are seconds since 1970; `used` is None until the first use."""

    id: str
    created: float
    used: float | None


@dataclass(frozen=True, slots=True)
class Offer:
    """Describe the history that a code gives access to: its `owner` and its number of `transcripts`.

    `mine` is the number of transcripts in the browser's present history. `anything` is true if the present history has
    records of any kind.
    """

    owner: str
    transcripts: int
    mine: int
    anything: bool


def native(visitor_name: str) -> str:
    """Return the owner name of a visitor who has used no recovery code."""
    return f"visitor:{visitor_name}"


def owner_of(visitor_name: str) -> str:
    """Return the owner of the history that this browser uses: its own, or one that a code gave access to."""
    query = sa.select(browsers.c.owner).where(browsers.c.visitor == visitor_name)
    return queries.value(query) or native(visitor_name)


def create(owner: str) -> str:
    """Create a code of 125 random bits and return its text, which is not stored.

    Raises BadOption if the history of `owner` has MOST codes already.
    """
    text = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    row = {"id": secrets.token_hex(8), "owner": owner, "hash": _hash(text), "created": time.time()}
    with database().begin() as connection:
        count = sa.select(sa.func.count()).where(recovery_codes.c.owner == owner)
        if connection.execute(count).scalar_one() >= MOST:
            raise BadOption(
                f"A history has at most {MOST} recovery codes.", guidance="Revoke one that you do not need."
            )
        connection.execute(recovery_codes.insert().values(row))
    return "-".join(text[at : at + GROUP] for at in range(0, LENGTH, GROUP))


def codes_of(owner: str) -> list[Code]:
    """Return the codes of a history, newest first."""
    c = recovery_codes.c
    query = sa.select(c.id, c.created, c.used).where(c.owner == owner).order_by(c.created.desc())
    return [Code(*row) for row in queries.rows(query)]


def revoke(code_id: str, owner: str) -> None:
    """Revoke a code. Browsers that have used the code keep access to the history.

    Raises NotFound if `owner` has no such code.
    """
    mine = sa.and_(recovery_codes.c.id == code_id, recovery_codes.c.owner == owner)
    if not queries.write(recovery_codes.delete().where(mine)):
        raise NotFound("There is no such code.", guidance="It may have been revoked already.")


def offer(text: str, visitor_name: str, address: str | None = None) -> Offer:
    """Look up the code `text` without using it. `address` is the visitor's network address.

    Raises NotFound if there is no such code, and LimitReached if the visitor or the address has tried too many wrong
    codes.
    """
    names = {f"visitor {visitor_name}": WRONG_OF_VISITOR}
    names |= {f"address {address}": WRONG_OF_ADDRESS} if address else {}
    _check_tries(names)
    mine = owner_of(visitor_name)
    with database().connect() as connection:
        owner = connection.execute(_owner_of_code(text)).scalar()
        if owner is not None:
            theirs, ours = (connection.execute(_count(name)).scalar_one() for name in (owner, mine))
            any_of = sa.or_(*(sa.exists().where(table.c.owner == mine) for table in _OWNED))
            return Offer(owner, theirs, ours, bool(connection.execute(sa.select(any_of)).scalar()))
    _note_wrong(names)
    raise _no_code()


def use(text: str, visitor_name: str, *, add_history: bool) -> None:
    """Give this visitor's browser access to the history of the code `text`. Raises NotFound if there is no such code.

    With `add_history`, all records of the browser's former history move to the code's history; running jobs continue.
    Other browsers that used the former history then use the code's history, too. Without `add_history`, the former
    history stays unchanged.
    """
    before = owner_of(visitor_name)
    with database().begin() as connection:
        used = recovery_codes.update().where(recovery_codes.c.hash == _hash(text)).values(used=time.time())
        if not connection.execute(used).rowcount:
            raise _no_code()
        after = connection.execute(_owner_of_code(text)).scalar_one()
        if after == before:
            return
        if add_history:
            _merge(connection, before, after)
        _give(connection, visitor_name, after)


def leave(visitor_name: str) -> None:
    """Return this browser to the history that it had before it used a recovery code.

    Records that were merged into another history stay there.
    """
    with database().begin() as connection:
        connection.execute(browsers.delete().where(browsers.c.visitor == visitor_name))
        connection.execute(merges.delete().where(merges.c.owner == native(visitor_name)))


def uses_other_since(visitor_name: str) -> float | None:
    """Return when this browser began to use another history (seconds since 1970), or None if it uses its first one."""
    return queries.value(sa.select(browsers.c.since).where(browsers.c.visitor == visitor_name))


def others(owner: str, visitor_name: str) -> int:
    """Return how many browsers other than this visitor's use this history through a code."""
    query = sa.select(sa.func.count()).where(browsers.c.owner == owner, browsers.c.visitor != visitor_name)
    return queries.value(query) or 0


def disconnect_others(owner: str, visitor_name: str) -> None:
    """Remove all other browsers' access to this history. Each of these browsers uses its own history again.

    Records that were merged into this history stay there. New records of these browsers do not.
    """
    them = sa.and_(browsers.c.owner == owner, browsers.c.visitor != visitor_name)
    with database().begin() as connection:
        connection.execute(browsers.delete().where(them))
        _drop_ended_merges(connection)


def forget(owner: str) -> None:
    """Delete the recovery codes and the dismissed hints of a history that is being deleted."""
    with database().begin() as connection:
        for table in (recovery_codes, dismissals):
            connection.execute(table.delete().where(table.c.owner == owner))


def current(owner: str) -> str:
    """Return `owner`, or the owner of the history into which the history of `owner` was merged."""
    if not owner.startswith("visitor:"):
        return owner
    return queries.value(sa.select(merges.c.into).where(merges.c.owner == owner)) or owner


def reconcile() -> None:
    """Move records that merged histories still own, because the records were being created during the merge."""
    with database().begin() as connection:
        _drop_ended_merges(connection)  # earlier versions kept the merge of a browser that was disconnected
    for before in queries.values(sa.select(merges.c.owner)):
        with database().begin() as connection:
            # Read here and locked, because the browser may be disconnected, or merged elsewhere, in the meantime.
            lock_sqlite(connection)
            into = sa.select(merges.c.into).where(merges.c.owner == before).with_for_update()
            after = connection.execute(into).scalar()
            if after is not None:
                _move(connection, before, after)


def is_worth_a_hint(owner: str) -> bool:
    """Return whether to suggest a recovery code to `owner`.

    It is suggested if the history has ENOUGH finished transcripts, has no recovery code, is used by no other browser,
    and the owner has not dismissed the hint.
    """
    done = sa.and_(transcriptions.c.owner == owner, transcriptions.c.state == "done")
    third = sa.select(transcriptions.c.number).where(done).limit(1).offset(ENOUGH - 1).scalar_subquery()
    dismissed = sa.exists().where(dismissals.c.owner == owner, dismissals.c.hint == HINT)
    has_code = sa.exists().where(recovery_codes.c.owner == owner)
    shared = sa.exists().where(browsers.c.owner == owner)
    return bool(queries.value(sa.select(sa.and_(third.is_not(None), ~dismissed, ~has_code, ~shared))))


def dismiss_hint(owner: str) -> None:
    with database().begin() as connection:
        connection.execute(dismissals.delete().where(dismissals.c.owner == owner, dismissals.c.hint == HINT))
        connection.execute(dismissals.insert().values(owner=owner, hint=HINT))


def _merge(connection: sa.Connection, before: str, after: str) -> None:
    """Move all records of `before` to `after`, and record the merge, so that `reconcile` can move later records."""
    _move(connection, before, after)
    connection.execute(dismissals.delete().where(dismissals.c.owner == before))
    connection.execute(browsers.update().where(browsers.c.owner == before).values(owner=after))
    _give(connection, before.partition(":")[2], after)  # `before` is `visitor:` and the name of a visitor
    connection.execute(merges.update().where(merges.c.into == before).values(into=after))
    connection.execute(merges.delete().where(merges.c.owner.in_([before, after])))
    connection.execute(merges.insert().values(owner=before, into=after))


def _drop_ended_merges(connection: sa.Connection) -> None:
    """Delete the merges of the histories whose browsers use their own history again."""
    elsewhere = sa.select(sa.literal(native("")) + browsers.c.visitor)
    connection.execute(merges.delete().where(merges.c.owner.not_in(elsewhere)))


def _move(connection: sa.Connection, before: str, after: str) -> None:
    for table in _OWNED:
        connection.execute(table.update().where(table.c.owner == before).values(owner=after))


def _give(connection: sa.Connection, visitor_name: str, owner: str) -> None:
    connection.execute(browsers.delete().where(browsers.c.visitor == visitor_name))
    if owner != native(visitor_name):
        connection.execute(browsers.insert().values(visitor=visitor_name, owner=owner, since=time.time()))


def _count(owner: str) -> sa.Select[int]:
    return sa.select(sa.func.count()).select_from(transcriptions).where(transcriptions.c.owner == owner)


def _owner_of_code(text: str) -> sa.Select[str]:
    return sa.select(recovery_codes.c.owner).where(recovery_codes.c.hash == _hash(text))


def _hash(text: str) -> str:
    """Return the SHA-256 of a recovery code; `text` is the code as entered, or a link that contains it."""
    typed = re.sub(r"[^0-9A-Z]", "", text[-200:].rpartition("=")[2].upper())
    # The hash needs no salt and may be fast, because a long random code cannot be guessed.
    return hashlib.sha256(typed.replace("O", "0").replace("I", "1").replace("L", "1").encode()).hexdigest()


def _no_code() -> NotFound:
    return NotFound("There is no such recovery code.", guidance="Look for a wrong character. It may have been revoked.")


def _check_tries(names: dict[str, int]) -> None:
    since = time.monotonic() - WINDOW
    with _trying:
        for name, most in names.items():
            if len([moment for moment in _tries.get(name, []) if moment > since]) >= most:
                raise LimitReached("Too many wrong recovery codes.", guidance="Try again in ten minutes.")


def _note_wrong(names: dict[str, int]) -> None:
    with _trying:
        for name, most in names.items():
            _tries[name] = [*_tries.get(name, []), time.monotonic()][-most:]
            _tries.move_to_end(name)
        while len(_tries) > WATCHED:
            _tries.popitem(last=False)

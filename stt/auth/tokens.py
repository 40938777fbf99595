"""Tokens of the REST routes: made once and shown once, kept as a hash, withdrawn by their owner."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass

import sqlalchemy as sa

from stt.db.engine import database
from stt.db.tables import tokens
from stt.errors import BadOption, NotFound

PREFIX = "stt_"  # says what it is to whoever finds one in a file
NAMED = 100  # characters of a name
FRESH = 60.0  # seconds for which a use is not noted again: programs poll, and a read should not become a write


@dataclass(frozen=True, slots=True)
class Token:
    """A token without its secret. `created` and `used` in seconds since 1970; `used` is None until the first use."""

    id: str
    owner: str
    name: str
    created: float
    used: float | None


_COLUMNS = (tokens.c.id, tokens.c.owner, tokens.c.name, tokens.c.created, tokens.c.used)


def make(name: str, owner: str) -> str:
    """A new token of `owner`: 256 random bits. Its text is nowhere but in this answer. Raises BadOption."""
    name = " ".join(name.split())
    if not name or len(name) > NAMED or not name.isprintable():
        wanted = f"A token needs a name of 1 to {NAMED} characters."
        raise BadOption(wanted, guidance="Name the program that will use it.")
    text = PREFIX + secrets.token_urlsafe(32)
    row = {"id": secrets.token_hex(8), "owner": owner, "name": name, "hash": _hash(text), "created": time.time()}
    with database().begin() as connection:
        connection.execute(tokens.insert().values(row))
    return text


def find(text: str) -> Token | None:
    """The token with this text, and note that it was used; None if there is none, or no longer."""
    with database().connect() as connection:
        row = connection.execute(sa.select(*_COLUMNS).where(tokens.c.hash == _hash(text))).mappings().first()
    if row is None:
        return None
    if row["used"] is None or time.time() - row["used"] > FRESH:
        with database().begin() as connection:
            connection.execute(tokens.update().where(tokens.c.id == row["id"]).values(used=time.time()))
    return Token(**row)


def all_of(owner: str | None) -> list[Token]:
    """The tokens of `owner`, newest first; with None everybody's, for whoever runs this server."""
    query = sa.select(*_COLUMNS).order_by(tokens.c.created.desc())
    if owner is not None:
        query = query.where(tokens.c.owner == owner)
    with database().connect() as connection:
        return [Token(**row) for row in connection.execute(query).mappings()]


def withdraw(token_id: str, owner: str | None) -> None:
    """Make a token of `owner` worthless from now on; None is this server itself. Raises NotFound."""
    where = tokens.c.id == token_id
    if owner is not None:
        where = sa.and_(where, tokens.c.owner == owner)
    with database().begin() as connection:
        if not connection.execute(tokens.delete().where(where)).rowcount:
            raise NotFound("There is no such token.", guidance="It may have been withdrawn already.")


def _hash(text: str) -> str:
    # No salt and no slow hash: the text is random and long, so there is nothing to guess.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

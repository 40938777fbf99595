"""Create, find and revoke tokens of the REST API. A token is shown only once, and stored as a hash."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass

import sqlalchemy as sa

from stt.db import queries
from stt.db.tables import tokens
from stt.errors import BadOption, NotFound

PREFIX = "stt_"  # every token starts with it, so that people and scanners recognise a token in a file
MAX_NAME = 100  # maximum length of a name, characters
USE_NOTED_EVERY = 60.0  # minimum seconds between two updates of `used`, so that a program that polls causes few writes


@dataclass(frozen=True, slots=True)
class Token:
    """A token without its secret. Times are seconds since 1970; `used` is None until the first use.

    A `read_only` token cannot create, change or delete anything.
    """

    id: str
    owner: str
    name: str
    created: float
    used: float | None
    read_only: bool = False


_COLUMNS = (tokens.c.id, tokens.c.owner, tokens.c.name, tokens.c.created, tokens.c.used, tokens.c.read_only)


def create(name: str, owner: str, *, read_only: bool = False) -> str:
    """Create a token of `owner` and return its text of 256 random bits, which is not stored.

    Raises BadOption if `name` is empty, too long or not printable.
    """
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME or not name.isprintable():
        message = f"A token needs a name of 1 to {MAX_NAME} characters."
        raise BadOption(message, guidance="Name the program that will use it.")
    text = PREFIX + secrets.token_urlsafe(32)
    row = {"id": secrets.token_hex(8), "owner": owner, "name": name, "hash": hash_of(text), "created": time.time()}
    queries.write(tokens.insert().values(**row, read_only=read_only))
    return text


def find(text: str) -> Token | None:
    """Return the token with this text and record its use. Return None if there is no such token, or it was revoked."""
    row = queries.one(sa.select(*_COLUMNS).where(tokens.c.hash == hash_of(text)))
    if row is None:
        return None
    token = Token(*row)
    if token.used is None or time.time() - token.used > USE_NOTED_EVERY:
        queries.write(tokens.update().where(tokens.c.id == token.id).values(used=time.time()))
    return token


def all_of(owner: str | None) -> list[Token]:
    """Return the tokens of `owner`, newest first. With `owner=None`, return all tokens, for administrators."""
    query = sa.select(*_COLUMNS).order_by(tokens.c.created.desc())
    if owner is not None:
        query = query.where(tokens.c.owner == owner)
    return [Token(*row) for row in queries.rows(query)]


def revoke(token_id: str, owner: str | None) -> None:
    """Revoke a token of `owner`. With `owner=None`, revoke anybody's token, for administrators.

    Raises NotFound if there is no such token.
    """
    where = tokens.c.id == token_id
    if owner is not None:
        where = sa.and_(where, tokens.c.owner == owner)
    if not queries.write(tokens.delete().where(where)):
        raise NotFound("There is no such token.", guidance="It may have been revoked already.")


def hash_of(text: str) -> str:
    """Return the SHA-256 of a token. A long random text needs neither a salt nor a slow hash."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

"""Store the webhook URL of each owner and of each job, and the secrets that sign messages."""

from __future__ import annotations

import base64
import secrets
import time
from dataclasses import dataclass

import sqlalchemy as sa
from pydantic import SecretStr

from stt.auth import keys
from stt.db import queries
from stt.db.engine import database
from stt.db.tables import webhook_deliveries, webhook_jobs, webhooks
from stt.errors import KeyMissing
from stt.links import download
from stt.settings import settings

PREFIX = "whsec_"  # prefix of a secret in Standard Webhooks
SECRET_BYTES = 32
_w = webhooks.c
# Order of the rows of an owner, of which the first is used. After a merge of two histories there may be several. A row
# with only a secret must not hide the URL of another row.
_FIRST = (_w.url.is_(None), _w.created.desc())


@dataclass(frozen=True, slots=True)
class Subscription:
    """Hold the owner's webhook URL, or None, and the secret that signs all messages about the owner's jobs."""

    url: str | None
    secret: str


def of(owner: str) -> Subscription:
    """Return the owner's webhook URL and secret.

    The first call creates the secret. A secret that can no longer be decrypted is replaced by a new one.
    """
    row = queries.one(sa.select(_w.url, _w.secret).where(_w.owner == owner).order_by(*_FIRST))
    if row is not None:
        try:
            return Subscription(row.url, keys.unseal(row.secret).get_secret_value())
        except KeyMissing:  # the secret cannot be decrypted, because STT_SECRET has changed
            return Subscription(row.url, renew_secret(owner))
    return Subscription(None, renew_secret(owner))


def url_of(owner: str) -> str | None:
    """Return the owner's webhook URL, or None."""
    return queries.value(sa.select(_w.url).where(_w.owner == owner).order_by(*_FIRST))


def save(owner: str, url: str) -> str | None:
    """Save `url` as the owner's webhook URL and return it. An empty text removes the stored webhook URL.

    Raises BadLink if `check` refuses the URL.
    """
    address = check(url) if url.strip() else None
    of(owner)
    queries.write(webhooks.update().where(_w.owner == owner).values(url=address))
    return address


def renew_secret(owner: str) -> str:
    """Create a secret for the owner in place of the old one, if any, and return it. It signs all later messages."""
    secret = PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    sealed = keys.seal(SecretStr(secret))
    with database().begin() as connection:
        if not connection.execute(webhooks.update().where(_w.owner == owner).values(secret=sealed)).rowcount:
            row = {"id": secrets.token_hex(8), "owner": owner, "secret": sealed, "created": time.time()}
            connection.execute(webhooks.insert().values(row))
    return secret


def check(url: str) -> str:
    """Check a webhook URL without resolving its host name, and return it in the form of `download.well_formed`.

    Raises BadLink for the reasons of `download.acceptable`.
    """
    return download.acceptable(url, allow_private=settings().allow_private_urls)


def expect(connection: sa.Connection, generation_id: str, url: str | None, owner: str) -> None:
    """Record a job's webhook URL: `url`, or else the owner's, if there is one.

    `connection` has the open transaction in which the job is recorded.
    """
    if url:
        connection.execute(webhook_jobs.insert().values(id=generation_id, url=url, reported=0))
        return
    # Creating a job should not wait for another query, so the owner's URL is copied in this statement.
    first = sa.select(_w.url).where(_w.owner == owner).order_by(*_FIRST).limit(1).subquery()
    row = sa.select(sa.literal(generation_id), first.c.url, sa.literal(0)).where(first.c.url.is_not(None))
    connection.execute(webhook_jobs.insert().from_select(["id", "url", "reported"], row))


def delete_all(owner: str) -> None:
    """Delete the owner's webhook URL, secret and deliveries."""
    with database().begin() as connection:
        for table in (webhooks, webhook_deliveries):
            connection.execute(table.delete().where(table.c.owner == owner))

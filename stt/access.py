"""Who is who: every browser is a visitor with a signed cookie, and sees its own."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from functools import lru_cache

from itsdangerous import BadSignature, URLSafeSerializer

from stt.database import data_folder
from stt.settings import settings

COOKIE = "stt_visitor"
COOKIE_AGE = 400 * 24 * 3600  # seconds; browsers keep cookies no longer than 400 days
LOCAL = "local"  # the owner of what Python code makes through `stt.create`
SHARED = "shared"


def visitor(cookies: Mapping[str, str]) -> str | None:
    """The visitor that these cookies name, or None if there is no cookie or its signature is wrong."""
    try:
        name = _signer().loads(cookies.get(COOKIE, ""))
    except BadSignature:
        return None
    return name if isinstance(name, str) else None


def new_visitor() -> str:
    return secrets.token_urlsafe(16)


def cookie_for(name: str) -> str:
    """The signed value of the cookie for this visitor."""
    return _signer().dumps(name)


def owner_of(visitor_name: str | None) -> str | None:
    """Whose things this visitor sees: its own, or everybody's when STT_ACCESS is `shared`."""
    if settings().stt_access == "shared":
        return SHARED
    return f"visitor:{visitor_name}" if visitor_name else None


@lru_cache
def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(signing_secret(), salt="stt-visitor")


def signing_secret() -> str:
    """STT_SECRET, or the secret that was made once and lies in the data folder."""
    given = settings().stt_secret
    if given:
        return given.get_secret_value()
    path = data_folder() / "secret"
    try:
        # Made once, readable by this user only; "x" so that two processes cannot both make one.
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return path.read_text()

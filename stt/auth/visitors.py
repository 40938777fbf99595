"""Who is who: every browser is a visitor with a signed cookie, and sees its own."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from functools import lru_cache

from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer

from stt.auth.signing import signing_secret
from stt.settings import settings

COOKIE = "stt_visitor"
COOKIE_AGE = 400 * 24 * 3600  # seconds; browsers keep cookies no longer than 400 days
WANTED = "stt_wanted"  # the page that somebody asked for before they had signed in
WANTED_AGE = 15 * 60  # seconds
LOCAL = "local"  # the owner of what Python code makes through `stt.create`
SHARED = "shared"
# One name and a query: never another host, never a path of Streamlit's or of ours that is no page.
_A_PAGE = re.compile(r"/[a-z][a-z-]{0,40}(\?[A-Za-z0-9_.=&%-]{0,300})?")


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
    """Whose things this visitor sees; None if nobody's.

    Those of the history that its browser has, everybody's when STT_ACCESS is `shared`, or when it is `login` those of
    whoever has signed in.
    """
    if settings().stt_access == "shared":
        return SHARED
    if not visitor_name:
        return None
    if settings().stt_access == "login":
        from stt.auth import sign_ins  # brings the database, which no other visitor's cookie needs

        user = sign_ins.user_of(visitor_name)
        return user if user and allowed(user) else None
    from stt.auth import recovery

    return recovery.owner_of(visitor_name)


def must_sign_in(visitor_name: str | None) -> bool:
    return settings().stt_access == "login" and owner_of(visitor_name) is None


def user(claims: Mapping[str, object]) -> str | None:
    """The owner that an identity provider's claims name; None if STT_ALLOWED_EMAILS does not let them in.

    An address that the provider does not say is verified is no address: anybody can claim one. Where it says nothing
    at all, with no `email_verified` among the claims, as many organisations' own providers do, the address counts.
    """
    email, subject = str(claims.get("email") or "").strip().lower(), str(claims.get("sub") or "")
    if not _verified(claims):
        # Some providers let people choose the subject: one that reads like an address must not stand for it either.
        email, subject = "", "" if "@" in subject else subject
    name = email or subject
    found = f"user:{name}"[:200]
    return found if name and allowed(found) else None


def _verified(claims: Mapping[str, object]) -> bool:
    """Only true, or "true" as some providers write it; false, "false", 0, null and anything else are not."""
    said = claims.get("email_verified", True)
    return said is True or (isinstance(said, str) and said.strip().lower() == "true")


def allowed(owner: str) -> bool:
    """Whether STT_ALLOWED_EMAILS lets this `user:…` in: by address, or by the domain of the address."""
    entries = {entry.lstrip("@") for entry in (settings().stt_allowed_emails or "").lower().replace(",", " ").split()}
    email = owner.removeprefix("user:")
    name, at, domain = email.rpartition("@")
    return not entries or bool(at and name and (email in entries or domain in entries))


def wish(path: str, query: str) -> str | None:
    """The signed value of the cookie that remembers this page; None if it is the first page, or none of ours."""
    wanted = f"{path}?{query}" if query else path
    return _wishes().dumps(wanted) if path != "/" and _A_PAGE.fullmatch(wanted) else None


def wanted(cookies: Mapping[str, str]) -> str | None:
    """The page to go to after the sign-in: a path on this site."""
    try:
        path = _wishes().loads(cookies.get(WANTED, ""), max_age=WANTED_AGE)
    except BadSignature:
        return None
    return path if isinstance(path, str) and _A_PAGE.fullmatch(path) else None


def _wishes() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(signing_secret(), salt="stt-wanted")


@lru_cache
def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(signing_secret(), salt="stt-visitor")

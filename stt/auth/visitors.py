"""Identify each browser as a visitor by a signed cookie, and map visitors to owners."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from functools import lru_cache

from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer

from stt.auth.signing import signing_secret
from stt.settings import settings

COOKIE = "stt_visitor"
COOKIE_AGE = 400 * 24 * 3600  # lifetime of the cookie COOKIE, seconds: 400 days, the maximum that browsers allow
RETURN_TO = "stt_wanted"  # the cookie with the page that somebody requested before signing in
RETURN_TO_AGE = 15 * 60  # lifetime of the cookie RETURN_TO, seconds
LOCAL = "local"  # the owner of jobs that Python code creates with `stt.create`
SHARED = "shared"  # the owner of all records if STT_ACCESS is `shared`
# A path of one segment, perhaps with a query. No such path leads to another host or to Streamlit's internal routes.
_PAGE_PATH = re.compile(r"/[a-z][a-z-]{0,40}(\?[A-Za-z0-9_.=&%-]{0,300})?")


def visitor(cookies: Mapping[str, str]) -> str | None:
    """Return the visitor that these cookies name, or None without a valid cookie."""
    try:
        name = _signer().loads(cookies.get(COOKIE, ""))
    except BadSignature:
        return None
    return name if isinstance(name, str) else None


def new_visitor() -> str:
    return secrets.token_urlsafe(16)


def cookie_for(name: str) -> str:
    """Return the signed value of this visitor's cookie."""
    return _signer().dumps(name)


def owner_of(visitor_name: str | None) -> str | None:
    """Return the owner whose records this visitor sees, or None.

    If STT_ACCESS is `private`, the result is the owner of the browser's history. With `shared`, all visitors have the
    same owner. With `login`, the owner is the signed-in user, or None if nobody is signed in.
    """
    if settings().access == "shared":
        return SHARED
    if not visitor_name:
        return None
    if settings().access == "login":
        from stt.auth import sign_ins  # imported here, because it imports the database, which `shared` does not need

        user = sign_ins.user_of(visitor_name)
        return user if user and allowed(user) else None
    from stt.auth import recovery

    return recovery.owner_of(visitor_name)


def must_sign_in(visitor_name: str | None) -> bool:
    return settings().access == "login" and owner_of(visitor_name) is None


def user(claims: Mapping[str, object]) -> str | None:
    """Return the owner that an identity provider's claims name, or None.

    None means that the claims name nobody, or that STT_ALLOWED_EMAILS excludes the user.

    An email address is ignored if the claim `email_verified` says that the address is unverified, because a user could
    enter anybody's address. If that claim is missing, the address is used: many organisations' own providers send no
    such claim.
    """
    email, subject = str(claims.get("email") or "").strip(), str(claims.get("sub") or "")
    if not _verified(claims):
        # Some providers let people choose the subject, so a subject that looks like an email address is ignored.
        email, subject = "", "" if "@" in subject else subject
    found = _owner_with_email(email) if email else _owner_with_name(subject)
    return found if (email or subject) and allowed(found) else None


def owner_of_token(name: str) -> str:
    """Return the owner of a token that the command line creates for `name`.

    If visitors sign in, an email address is that of a user, who sees the jobs of the token.
    """
    name = " ".join(name.split())
    if settings().access == "shared":
        return SHARED
    return _owner_with_email(name) if settings().access == "login" and "@" in name else _owner_with_name(name)


def _owner_with_email(email: str) -> str:
    return _owner_with_name(email.lower())


def _owner_with_name(name: str) -> str:
    return f"user:{name}"[:200]


def _verified(claims: Mapping[str, object]) -> bool:
    """Return whether the claim `email_verified` is missing, true, or the text "true", which some providers send."""
    verified = claims.get("email_verified", True)
    return verified is True or (isinstance(verified, str) and verified.strip().lower() == "true")


def allowed(owner: str) -> bool:
    """Return whether STT_ALLOWED_EMAILS lists the address or the domain of this owner (`user:…`), or is empty."""
    entries = {entry.lstrip("@") for entry in (settings().allowed_emails or "").lower().replace(",", " ").split()}
    email = owner.removeprefix("user:")
    name, at, domain = email.rpartition("@")
    return not entries or bool(at and name and (email in entries or domain in entries))


def return_cookie(path: str, query: str) -> str | None:
    """Return the signed cookie value that stores a page to open after the sign-in.

    Return None for the start page, and for a path that cannot be a page of this app.
    """
    page = f"{path}?{query}" if query else path
    return _return_signer().dumps(page) if path != "/" and _PAGE_PATH.fullmatch(page) else None


def return_path(cookies: Mapping[str, str]) -> str | None:
    """Return the path on this site to open after the sign-in; None without a valid cookie."""
    try:
        path = _return_signer().loads(cookies.get(RETURN_TO, ""), max_age=RETURN_TO_AGE)
    except BadSignature:
        return None
    return path if isinstance(path, str) and _PAGE_PATH.fullmatch(path) else None


def _return_signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(signing_secret(), salt="stt-wanted")


@lru_cache
def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(signing_secret(), salt="stt-visitor")

"""Name our cookies in a browser, and choose which of them to accept.

Behind HTTPS their names begin with `__Host-`: no other host and no page without HTTPS can set one. Code behind the
middleware sees their plain names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

from stt.auth import visitors
from stt.settings import settings

PREFIX = "__Host-"


@dataclass(frozen=True, slots=True)
class Jar:
    """Hold the cookies of one request. `old`: an HTTPS visitor sent a cookie of the plain name, without the prefix."""

    secure: bool
    header: str
    old: bool


def is_https(headers: Mapping[str, str], scheme: str) -> bool:
    """Return whether the browser uses HTTPS, to this server or to the first proxy."""
    protocol = headers.get("x-forwarded-proto", scheme).partition(",")[0].strip().lower()
    return protocol in ("https", "wss")


def sort(values: Iterable[str], *, secure: bool) -> Jar:
    """Return the accepted cookies of these `Cookie` headers, ours by their plain names.

    Behind HTTPS, a visitor's cookie of the plain name is accepted if there is none with the prefix, so that nobody
    loses their history; but not with `login`, where an attacker could set one and wait for a sign-in.
    """
    pieces = [piece.strip() for value in values for piece in value.split(";") if piece.strip()]
    ours = {prefix + name: "" for name in (visitors.COOKIE, visitors.RETURN_TO) for prefix in ("", PREFIX)}
    others = []
    for piece in pieces:
        name, _, value = piece.partition("=")
        if name.strip() in ours:
            ours[name.strip()] = value.strip()
        else:
            others.append(piece)
    old = bool(secure and ours[visitors.COOKIE])
    for name in (visitors.COOKIE, visitors.RETURN_TO):
        plain = ours[name] if not secure or (name == visitors.COOKIE and settings().access != "login") else ""
        if value := ours[PREFIX + name] or plain:
            others.append(f"{name}={value}")
    return Jar(secure, "; ".join(others), old)


def visitor(value: str, *, secure: bool) -> str:
    """Return the `Set-Cookie` header of a visitor's cookie with this signed value."""
    return _header(visitors.COOKIE, value, visitors.COOKIE_AGE, secure=secure)


def return_to(value: str, *, secure: bool) -> str:
    return _header(visitors.RETURN_TO, value, visitors.RETURN_TO_AGE, secure=secure)


def forget_old() -> str:
    """Return the `Set-Cookie` header that removes a visitor's cookie of the plain name."""
    return _header(visitors.COOKIE, "", 0, secure=False)


def _header(name: str, value: str, age: int, *, secure: bool) -> str:
    name = f"{PREFIX}{name}" if secure else name
    cookie = SimpleCookie()
    cookie[name] = value
    attributes: Any = {"path": "/", "httponly": True, "samesite": "Lax", "max-age": age, "secure": secure}
    cookie[name].update(attributes)
    return cookie[name].OutputString()

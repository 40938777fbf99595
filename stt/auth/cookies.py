"""Name this app's cookies, and choose which cookies of a request to accept.

Behind HTTPS, the names of this app's cookies begin with `__Host-`. Browsers let no other host, and no page without
HTTPS, set such a cookie. The middleware removes this prefix, so all other code uses the plain names.
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
    """Represent the accepted cookies of one request, as the text of a `Cookie` header.

    `secure` is true if the browser uses HTTPS. `old` is true if a browser that uses HTTPS still sent the visitor cookie
    without the `__Host-` prefix.
    """

    secure: bool
    header: str
    old: bool


def is_https(headers: Mapping[str, str], scheme: str) -> bool:
    """Return whether the browser uses HTTPS to connect to this server, or to the first proxy in front of it."""
    protocol = headers.get("x-forwarded-proto", scheme).partition(",")[0].strip().lower()
    return protocol in ("https", "wss")


def sort(values: Iterable[str], *, secure: bool) -> Jar:
    """Return the accepted cookies in `values`, the `Cookie` headers of a request.

    `__Host-` is removed from the names of this app's cookies. All other cookies are accepted unchanged.

    A browser that uses HTTPS may still have a visitor cookie without `__Host-`, set over HTTP or by an older version.
    That cookie is accepted if there is no visitor cookie with the prefix, so that nobody loses their history. It is
    refused if STT_ACCESS is `login`, because an attacker could set such a cookie and wait for the visitor to sign in.
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
    """Return the `Set-Cookie` header that sets the visitor cookie to the signed `value`."""
    return _header(visitors.COOKIE, value, visitors.COOKIE_AGE, secure=secure)


def return_to(value: str, *, secure: bool) -> str:
    return _header(visitors.RETURN_TO, value, visitors.RETURN_TO_AGE, secure=secure)


def forget_old() -> str:
    """Return the `Set-Cookie` header that deletes the visitor cookie without the `__Host-` prefix."""
    return _header(visitors.COOKIE, "", 0, secure=False)


def _header(name: str, value: str, age: int, *, secure: bool) -> str:
    name = f"{PREFIX}{name}" if secure else name
    cookie = SimpleCookie()
    cookie[name] = value
    attributes: Any = {"path": "/", "httponly": True, "samesite": "Lax", "max-age": age, "secure": secure}
    cookie[name].update(attributes)
    return cookie[name].OutputString()

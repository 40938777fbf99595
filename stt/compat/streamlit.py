"""Internals of Streamlit: the names of its cookies, routes, files and loggers.

Nothing here imports Streamlit, because workers run without it. Code that must import it is in `pages.compat.streamlit`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from itsdangerous import URLSafeTimedSerializer

if TYPE_CHECKING:
    from starlette.types import Scope

LOGGER = "streamlit"  # the parent of Streamlit's loggers; Streamlit adds a handler to each logger
TAB = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # Streamlit's id of a browser tab in its log

SIGN_IN, SIGN_OUT, SIGNED_IN = "/auth/login", "/auth/logout", "/oauth2callback"
HEALTH, METRICS = "/_stcore/health", "/_stcore/metrics"
# Routes for files of pages, which Streamlit serves to everybody who has the address, and for uploads, which Streamlit
# stores in memory without limit.
FILES = ("/media/", "/_stcore/upload_file/")
ICON = "/favicon.png"  # URL path of the icon that the browser shows for Streamlit's page

SIGN_IN_COOKIE = "_streamlit_user"
MOST_PARTS = 50  # maximum number of parts of SIGN_IN_COOKIE that are read

# Hash of the only inline script in Streamlit's index.html, for a Content-Security-Policy.
INLINE_SCRIPT = "'sha256-THxz9J9+wf7rhwR2YkXJoSZ13UCmYyC+3lNDv2+8ugA='"
# Names of the scripts that draw components and HTML. By default, the browser requests these scripts only when the first
# component or HTML is drawn.
_LATE_SCRIPTS = ("BidiComponent", "Html")
_IMPORTED = re.compile(r'\bimport\b[^;"]*"\./([^"]+)"')


def sign_in_parts(cookies: Mapping[str, str]) -> list[str] | None:
    """Return the values of the parts of Streamlit's sign-in cookie, or None if the cookie or a part is missing.

    If the content is long, the cookie has a value such as `chunks-2`, and the content is in the cookies
    `_streamlit_user_1`, `_streamlit_user_2` and so on. No signature is checked.
    """
    first = cookies.get(SIGN_IN_COOKIE)
    if not first:
        return None
    _, value = URLSafeTimedSerializer("").loads_unsafe(first)
    cut = re.fullmatch(r"chunks-(\d{1,3})", value) if isinstance(value, str) else None
    names = [f"{SIGN_IN_COOKIE}_{number}" for number in range(1, min(int(cut[1]), MOST_PARTS) + 1)] if cut else []
    values = [first, *(cookies.get(name, "") for name in names)]
    return values if all(values) else None


def as_same_origin(scope: Scope, origin: str) -> Scope:
    """Return the ASGI scope of an accepted websocket with its Host header replaced by the host of `origin`.

    Streamlit compares the Host and Origin headers character by character. If they differ, Streamlit asks an external
    service for the public address of this server.
    """
    netloc = origin.partition("://")[2].encode("latin-1")
    others = [(name, value) for name, value in scope["headers"] if name != b"host"]
    return {**scope, "headers": [*others, (b"host", netloc)]}


def hashed_files(folder: Path) -> dict[str, Path]:
    """Return the scripts, styles and fonts of Streamlit's pages, as {URL path: file}.

    Every file name contains a hash of the file's content. `folder` is the folder that contains Streamlit's index.html.
    """
    return {
        f"/{file.relative_to(folder).as_posix()}": file for file in (folder / "static").rglob("*") if file.is_file()
    }


def scripts_ahead(folder: Path) -> list[str]:
    """Return the URLs of the scripts _LATE_SCRIPTS, and of all scripts that these scripts import.

    Scripts that index.html names are not included. `folder` contains index.html. The URLs are relative to index.html.
    """
    page = folder.joinpath("index.html").read_text("utf-8")
    scripts = [script for name in _LATE_SCRIPTS for script in folder.glob(f"static/js/{name}.*.js")]
    for script in scripts:
        needed = [script.with_name(name) for name in _IMPORTED.findall(script.read_text("utf-8")) if name not in page]
        scripts += [one for one in needed if one.is_file() and one not in scripts]
    return [f"./{script.relative_to(folder).as_posix()}" for script in scripts]

"""Streamlit's cookies, routes, files and log, by name: nothing here imports Streamlit, which workers run without.

`pages.compat.streamlit` has what must import it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from itsdangerous import URLSafeTimedSerializer

if TYPE_CHECKING:
    from starlette.types import Scope

LOGGER = "streamlit"  # the parent of its loggers, each of which gets a handler
TAB = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # its id of a browser's tab, as its log shows it

SIGN_IN, SIGN_OUT, SIGNED_IN = "/auth/login", "/auth/logout", "/oauth2callback"
HEALTH, METRICS = "/_stcore/health", "/_stcore/metrics"
# Files of pages, served to everybody who has the address; and uploads, which it keeps in memory without limit.
FILES = ("/media/", "/_stcore/upload_file/")
ICON = "/favicon.png"  # where its page looks for the browser's icon

SIGN_IN_COOKIE = "_streamlit_user"
MOST_PARTS = 50  # maximum number of parts of that cookie

# The one inline script of its page, as a source for a Content-Security-Policy.
INLINE_SCRIPT = "'sha256-THxz9J9+wf7rhwR2YkXJoSZ13UCmYyC+3lNDv2+8ugA='"
# Scripts that draw components and HTML; a browser would request each only for the first component or HTML.
_LATE_SCRIPTS = ("BidiComponent", "Html")
_IMPORTED = re.compile(r'\bimport\b[^;"]*"\./([^"]+)"')


def sign_in_parts(cookies: Mapping[str, str]) -> list[str] | None:
    """Return the values of the sign-in cookie, one for each of its parts; None without one, or if a part is missing.

    A long cookie says `chunks-2`, and the rest is in `_streamlit_user_1` …. No signature is checked.
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
    """Return the scope of a websocket that was accepted, with `origin` as its host.

    Streamlit compares the two character by character, and looks up its own address at an outside server if they differ.
    """
    netloc = origin.partition("://")[2].encode("latin-1")
    others = [(name, value) for name, value in scope["headers"] if name != b"host"]
    return {**scope, "headers": [*others, (b"host", netloc)]}


def hashed_files(folder: Path) -> dict[str, Path]:
    """Return the scripts, styles and fonts of its pages by address. Every name has the hash of the content.

    `folder` is the one with its index.html.
    """
    return {
        f"/{file.relative_to(folder).as_posix()}": file for file in (folder / "static").rglob("*") if file.is_file()
    }


def scripts_ahead(folder: Path) -> list[str]:
    """Return addresses, relative to the page, of scripts that it needs but does not name, with all that they import."""
    page = folder.joinpath("index.html").read_text("utf-8")
    scripts = [script for name in _LATE_SCRIPTS for script in folder.glob(f"static/js/{name}.*.js")]
    for script in scripts:
        needed = [script.with_name(name) for name in _IMPORTED.findall(script.read_text("utf-8")) if name not in page]
        scripts += [one for one in needed if one.is_file() and one not in scripts]
    return [f"./{script.relative_to(folder).as_posix()}" for script in scripts]

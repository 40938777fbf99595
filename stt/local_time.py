"""Format times in a visitor's time zone."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

_NAME = re.compile(r"[A-Za-z0-9_+-]{1,40}(/[A-Za-z0-9_+-]{1,40}){0,2}")  # allows no `..` in a path


def zone(name: str | None) -> ZoneInfo:
    """Return the time zone of this name, such as `Europe/Berlin`, or UTC."""
    try:
        return ZoneInfo(name) if name and _NAME.fullmatch(name) else ZoneInfo("UTC")
    except (LookupError, ValueError, OSError):  # OSError: the name is that of a folder
        return ZoneInfo("UTC")


def when(seconds: float, place: ZoneInfo) -> str:
    """Return a time such as "22 Nov 2026, 14:05"."""
    moment = datetime.fromtimestamp(seconds, place)
    return f"{moment.day} {moment:%b %Y, %H:%M}"

"""Format times in a visitor's time zone."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

_NAME = re.compile(r"[A-Za-z0-9_+-]{1,40}(/[A-Za-z0-9_+-]{1,40}){0,2}")  # no dots, so that no name is a path with `..`


def zone(name: str | None) -> ZoneInfo:
    """Return the time zone called `name`, such as `Europe/Berlin`, or UTC if there is no such time zone."""
    try:
        return ZoneInfo(name) if name and _NAME.fullmatch(name) else ZoneInfo("UTC")
    except (LookupError, ValueError, OSError):  # OSError is raised for the name of a folder, such as "Europe"
        return ZoneInfo("UTC")


def when(seconds: float, place: ZoneInfo) -> str:
    """Format `seconds` since 1970 in the time zone `place`, such as "22 Nov 2026, 14:05"."""
    moment = datetime.fromtimestamp(seconds, place)
    return f"{moment.day} {moment:%b %Y, %H:%M}"

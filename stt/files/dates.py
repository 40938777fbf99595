"""Find the date of a recording: from tags in its file, or else from the file's last change.

If no plausible date is found, the date is unknown. No date is guessed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from stt import local_time

# Kinds of dates. MOMENT: a point in time. CLOCK: a date and time in an unknown time zone. DAY: a day without a time.
# CHANGE: the point in time when the file was last changed.
MOMENT, CLOCK, DAY, CHANGE = "moment", "clock", "day", "change"
_TAGS = ("com.apple.quicktime.creationdate", "creation_time", "date_recorded", "date", "icrd", "idit")
_LONGEST = 40  # maximum length of a tag with a date, characters
_TIME = re.compile(r"\d\d:\d\d(:\d\d)?")
_WRITTEN = re.compile(
    r"(\d{4})[-:/.]?(\d\d)[-:/.]?(\d\d)(?:[T ]+(\d\d):?(\d\d)(?::?(\d\d)(?:[.,]\d+)?)? ?(Z|UTC|[+-]\d\d:?\d\d)?)?",
    re.IGNORECASE,
)
# Days that recorders write if the clock was never set or the date field is zero. They are treated as an unknown date.
_NEVER = {date(*day) for day in (
    *((1899, 12, 30), (1899, 12, 31), (1900, 1, 1), (1903, 12, 31), (1904, 1, 1), (1904, 1, 2), (1969, 12, 31)),
    *((1970, 1, 1), (1970, 1, 2), (1979, 12, 31), (1980, 1, 1), (1980, 1, 6), (2000, 1, 1), (2001, 1, 1)),
)}  # fmt: skip
FIRST_DAY = date(1877, 1, 1)  # earliest plausible day of a recording
FIRST_CLOCK = date(1990, 1, 1)  # earliest plausible date with a time of day, because older recorders have no clock
AHEAD = 900.0  # maximum seconds by which a MOMENT or CHANGE may lie in the future, due to a fast clock
FARTHEST = 14 * 3600.0  # maximum seconds by which a CLOCK or DAY may lie in the future, due to its time zone
JUST_NOW = 60.0  # a file change within the last JUST_NOW seconds is ignored (see `of_change`)


class Dated(NamedTuple):
    """A date and its kind. `at` is in seconds since 1970, where a CLOCK or a DAY is treated as a time in UTC."""

    at: float
    kind: str


def in_tags(tags: Iterable[Mapping[str, str]]) -> str | None:
    """Return the recording date from the tags of a file and its tracks, as ISO 8601 text, or None without a date.

    The text is as precise as the tag: a day, a date with time, or a date with time and time zone.
    """
    for found in tags:
        known = {name.lower(): value for name, value in found.items() if len(value) <= _LONGEST}
        for name in _TAGS:
            if dated := _iso(known.get(name, ""), known):
                return dated
    return None


def _iso(text: str, known: Mapping[str, str]) -> str | None:
    text = text.strip().strip("\0")
    with suppress(ValueError):  # AVI files have dates such as "Sun May 12 10:02:00 2024"
        text = datetime.strptime(text, "%a %b %d %H:%M:%S %Y").isoformat()
    if not (match := _WRITTEN.fullmatch(text)):
        return None
    year, month, day, hour, minute, second, offset = match.groups()
    date_text = f"{year}-{month}-{day}"
    if hour:
        date_text += f"T{hour}:{minute}:{second or '00'}{_zone(offset)}"
    elif _TIME.fullmatch(clock_time := known.get("creation_time", "")):  # the time tag of broadcast wave files
        date_text += f"T{clock_time if clock_time.count(':') == 2 else clock_time + ':00'}"
    return date_text


def _zone(offset: str | None) -> str:
    if not offset:
        return ""
    return "+00:00" if offset.upper() in ("Z", "UTC") else f"{offset[:3]}:{offset[-2:]}"


def of_file(text: str | None, now: float | None = None) -> Dated | None:
    """Parse a text that `in_tags` returned. Return None for an implausible date, such as 1904-01-01 or next week."""
    if not text or len(text) > _LONGEST:
        return None
    try:
        moment = datetime.fromisoformat(text)
        kind = DAY if len(text) == len("2024-05-12") else MOMENT if moment.tzinfo else CLOCK
        at = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return _plausible(at, kind, moment, time.time() if now is None else now)


def of_change(milliseconds: str | None, now: float | None = None) -> Dated | None:
    """Return the date of a file's last change, given in milliseconds since 1970; None if it is implausible.

    A browser that does not know the date sends the current time, so a change in the last minute is ignored.
    """
    now = time.time() if now is None else now
    if not milliseconds or not re.fullmatch(r"[0-9]{1,15}", milliseconds):
        return None
    at = int(milliseconds) / 1000
    if at > now - JUST_NOW:
        return None
    return _plausible(at, CHANGE, datetime.fromtimestamp(at, UTC), now)


def _plausible(at: float, kind: str, moment: datetime, now: float) -> Dated | None:
    if at > now + (FARTHEST if kind in (CLOCK, DAY) else AHEAD):
        return None
    day = moment.date()
    first = FIRST_DAY if kind == DAY else FIRST_CLOCK
    new_year = (moment.month, moment.day, moment.hour, moment.minute, moment.second) == (1, 1, 0, 0, 0)
    if day in _NEVER or day < first or (kind != DAY and new_year):
        return None
    return Dated(at, kind)


def day(at: float, kind: str | None, place: ZoneInfo) -> str:
    """Return the day of a date, such as "12 May 2024".

    `place` is the reader's time zone. A CLOCK or a DAY is not converted to it.
    """
    return local_time.when(at, _place(kind, place)).rpartition(",")[0]


def words(at: float, kind: str | None, place: ZoneInfo) -> str:
    """Return a date as a text such as "recorded 12 May 2024, 10:02" or "file last changed 12 May 2024, 10:02"."""
    when = day(at, kind, place) if kind == DAY else local_time.when(at, _place(kind, place))
    return f"file last changed {when}" if kind == CHANGE else f"recorded {when}"


def _place(kind: str | None, place: ZoneInfo) -> ZoneInfo:
    return ZoneInfo("UTC") if kind in (CLOCK, DAY) else place

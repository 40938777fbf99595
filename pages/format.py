"""Format durations, percentages and dates for people."""

from __future__ import annotations

from datetime import time
from zoneinfo import ZoneInfo

import streamlit as st

from pages.texts import tr
from stt import local_time
from stt.files import dates
from stt.transcript.languages import LANGUAGES
from stt.transcript.model import Transcript


def length(seconds: float | None) -> str:
    """Return a duration such as "11 s", "3 min 25 s" or "1 h 2 min"; "length unknown" for None."""
    if seconds is None:
        return tr("length unknown")
    if seconds < 59.5:
        return (
            tr("{seconds:.0f} s", seconds=seconds) if seconds >= 1 else tr("{seconds:.1f} s", seconds=max(seconds, 0))
        )
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        if rest and minutes < 10:
            return tr("{minutes} min {seconds} s", minutes=minutes, seconds=rest)
        return tr("{minutes} min", minutes=minutes)
    return tr("{hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)


def spoken_languages(transcript: Transcript, main: str | None) -> list[str]:
    """Return the languages of a transcript as a list of one text; an empty list if none is known.

    If the transcript has several languages, the text gives the duration of each, such as "English 3 min, Spanish 21 s".
    `main` is the code of the main language.
    """
    shares = transcript.languages
    if len(shares) > 1:
        return [", ".join(f"{LANGUAGES.get(code, code)} {length(seconds)}" for code, seconds in shares.items())]
    return [LANGUAGES.get(main, main)] if main else []


def clock(seconds: float) -> str:
    """Return a time in seconds as "0:07", "12:30" or "1:02:03"."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def time_of(seconds: float | None) -> time | None:
    """Return a duration in seconds as a `time`, which tables sort and show as 1:02:03; at most 23:59:59."""
    if seconds is None:
        return None
    whole = min(round(seconds), 24 * 3600 - 1)
    return time(whole // 3600, whole // 60 % 60, whole % 60)


def beginning(text: str, longest: int) -> str:
    """Return the first words of a text, at most `longest` characters, with an ellipsis if words are left out."""
    cut = text[:longest]
    return text if len(text) <= longest else f"{cut.rpartition(' ')[0] or cut} …"


def percent(fraction: float) -> str:
    return f"{int(fraction * 100)}\u00a0%"


def when(seconds: float) -> str:
    """Format a time, given in seconds since 1970, in the visitor's time zone, such as "22 Nov 2026, 14:05"."""
    return local_time.when(seconds, time_zone())


def dated(at: float, kind: str | None) -> str:
    """Return the date of a recording, such as "recorded 12 May 2024, 10:02" (see `stt.files.dates` for `kind`)."""
    return dates.words(at, kind, time_zone())


def day(at: float | None, kind: str | None) -> str | None:
    """Return a recording's date for a table, such as "12 May 2024"; None if `at` is None.

    The text is "by 12 May 2024" if only the modification date of the file is known.
    """
    if at is None:
        return None
    known = dates.day(at, kind, time_zone())
    return tr("by {day}", day=known) if kind == dates.CHANGE else known


def time_zone() -> ZoneInfo:
    return local_time.zone(st.context.timezone)

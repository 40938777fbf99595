"""What the host of this server has set: the notice on top, and the limits with what is used of them."""

from __future__ import annotations

import streamlit as st

from pages.widgets.plain import plain
from stt import limits
from stt.settings import settings


def notice() -> None:
    """The host's notice, as text, on top of the page."""
    if text := (settings().stt_notice or "").strip():
        with st.container(border=True, key="server-notice"):
            plain(text, role="note")


def limits_view(owner: str) -> None:
    """The lines of the Settings page that say what is limited; nothing is said of what is not."""
    host = settings()
    lines = []
    if host.stt_length_limit is not None:
        lines.append(f"A recording may be up to {host.stt_length_limit:,} minutes long.")
    if host.stt_jobs_per_visitor is not None:
        lines.append(
            f"Transcriptions that wait or run: {limits.open_jobs(owner):,} of the {host.stt_jobs_per_visitor:,} "
            "that each visitor may have at once."
        )
    lines += _of_the_day(owner)
    if host.stt_keep_audio_days is not None:
        lines.append(f"Audio is deleted after {_days(host.stt_keep_audio_days)}.")
    if host.stt_keep_transcripts_days is not None:
        lines.append(f"Transcripts are deleted after {_days(host.stt_keep_transcripts_days)}, with their audio.")
    for line in lines:
        plain(line)


def _of_the_day(owner: str) -> list[str]:
    host = settings()
    mine, everybody, dollars = host.stt_minutes_per_visitor, host.stt_minutes_per_day, host.stt_dollars_per_day
    if mine is None and everybody is None and dollars is None:
        return []
    used = limits.used(owner)
    lines = []
    if mine is not None:
        lines.append(f"You have transcribed {used.mine / 60:,.1f} of your {mine:,} minutes of audio today.")
    if everybody is not None:
        lines.append(f"All visitors together have transcribed {used.all / 60:,.1f} of {everybody:,} minutes today.")
    if dollars is not None:
        lines.append(f"${used.dollars:,.2f} of ${dollars:,.2f} are spent today on this server’s key.")
    return [*lines, limits.frees().replace("It frees", "That begins anew")]


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days:,} days"

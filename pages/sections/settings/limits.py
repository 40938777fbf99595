"""Show the host's quotas and the visitor's use of them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.escape import plain
from stt.aiml import offered
from stt.settings import settings
from stt.store import quotas
from stt.store.recordings import megabytes


def limits_view(owner: str) -> None:
    """Draw the quota table of the Settings page. What has no quota is not listed."""
    host = settings()
    rows = [("Upload", megabytes(host.upload_limit), "")]
    rows.append(("Length of a recording", f"{host.max_duration_minutes:,} min", ""))
    if host.jobs_per_visitor is not None:
        rows.append(("Your transcriptions at once", f"{host.jobs_per_visitor:,}", f"{quotas.open_jobs(owner):,} now"))
    of_the_day = _of_the_day(owner)
    rows += of_the_day
    if host.audio_retention_days is not None:
        rows.append(("Audio is kept", _days(host.audio_retention_days), ""))
    if host.transcript_retention_days is not None:
        rows.append(("Transcripts are kept", f"{_days(host.transcript_retention_days)}, with their audio", ""))
    if host.models:
        rows.append(("Models", ", ".join(offered_models()), ""))
    st.table(pd.DataFrame(rows, columns=["What", "Limit", "Used"]).set_index("What"))
    if of_the_day:
        plain(quotas.resets_in(), "stt-hint")


def _of_the_day(owner: str) -> list[tuple[str, str, str]]:
    host = settings()
    mine, everybody, dollars = host.minutes_per_visitor, host.minutes_per_day, host.dollars_per_day
    if mine is None and everybody is None and dollars is None:
        return []
    used = quotas.used(owner)
    rows = []
    if mine is not None:
        rows.append(("Your audio in a day", f"{mine:,} min", f"{used.mine / 60:,.1f} min today"))
    if everybody is not None:
        rows.append(("Everybody’s audio in a day", f"{everybody:,} min", f"{used.all / 60:,.1f} min today"))
    if dollars is not None:
        # Escaped, because tables are Markdown, where two dollar signs enclose a formula.
        rows.append(("Money in a day, on this server’s key", f"\\${dollars:,.2f}", f"\\${used.dollars:,.2f} today"))
    return rows


def offered_models() -> list[str]:
    models = [model for model in offered.known().models if offered.offered(model)]
    return [f"{model.name} on this machine" if model.local else model.name for model in models]


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days:,} days"

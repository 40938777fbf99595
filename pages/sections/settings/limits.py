"""Show the host's limits and quotas, and how much of the quotas is used."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.escape import plain
from pages.texts import tr, trn
from stt.aiml import offered
from stt.settings import settings
from stt.store import quotas
from stt.store.recordings import megabytes


def limits_view(owner: str) -> None:
    """Draw the table of limits on the Settings page. Size and length are always listed, all others only if set."""
    host = settings()
    rows = [(tr("Size of an upload"), megabytes(host.upload_limit), "")]
    rows.append((tr("Length of a recording"), tr("{minutes:,} min", minutes=host.max_duration_minutes), ""))
    if host.jobs_per_visitor is not None:
        now = trn("{count:,} now", "{count:,} now", quotas.open_jobs(owner))
        rows.append((tr("Your simultaneous transcriptions"), f"{host.jobs_per_visitor:,}", now))
    of_the_day = _of_the_day(owner)
    rows += of_the_day
    if host.audio_retention_days is not None:
        rows.append((tr("Audio is kept"), _days(host.audio_retention_days), ""))
    if host.transcript_retention_days is not None:
        kept = tr("{days}, then deleted with their audio", days=_days(host.transcript_retention_days))
        rows.append((tr("Transcripts are kept"), kept, ""))
    if host.models:
        rows.append((tr("Models"), ", ".join(offered_models()), ""))
    st.table(pd.DataFrame(rows, columns=[tr("Limit"), tr("Value"), tr("Used")]).set_index(tr("Limit")))
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
        rows.append((tr("Your audio per day"), tr("{minutes:,} min", minutes=mine), _minutes_today(used.mine)))
    if everybody is not None:
        rows.append(
            (tr("Audio per day, all users"), tr("{minutes:,} min", minutes=everybody), _minutes_today(used.all))
        )
    if dollars is not None:
        # The dollar signs are escaped: cells of `st.table` are Markdown, where two dollar signs enclose a formula.
        limit, today = f"\\${dollars:,.2f}", f"\\${used.dollars:,.2f}"
        rows.append((tr("Cost per day with this server’s key"), limit, tr("{money} today", money=today)))
    return rows


def _minutes_today(seconds: float) -> str:
    return tr("{minutes:,.1f} min today", minutes=seconds / 60)


def offered_models() -> list[str]:
    models = [model for model in offered.known().models if offered.offered(model)]
    return [tr("{model} on this machine", model=model.name) if model.local else model.name for model in models]


def _days(days: int) -> str:
    return trn("{count:,} day", "{count:,} days", days)

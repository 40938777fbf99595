"""Draw the Whisper models of this machine with state and size. The host also gets buttons to download and delete."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import streamlit as st

from pages import session
from pages.escape import plain, sentence, show_stored_error, store_error
from pages.format import length, when
from pages.sections.model_choice import languages_of
from pages.texts import tr
from stt.guard import hosts
from stt.models import shelf
from stt.models.download import megabytes
from stt.models.shelf import DOWNLOADING, HERE, Entry
from stt.settings import settings
from stt.store import records
from stt.whisper.loading import device, loaded

REFRESH = 1.0  # refresh interval during a download, seconds
NOTICE = "models_notice"  # session state key of the error of the last download or deletion


def model_list() -> None:
    """Draw the Whisper models section of the Settings page; nothing if only other machines run models."""
    if settings().role == "web":
        return
    st.subheader(tr("Whisper models"), anchor=False)
    runs_on = (
        tr("Whisper runs on the processor of this machine.")
        if device.plans()[0] is device.CPU
        else tr("Whisper runs on a graphics card (CUDA) of this machine.")
    )
    room = tr(
        "Loaded models may use up to {memory} of memory in total. Free disk space for models: {disk}.",
        memory=megabytes(loaded.limit()),
        disk=megabytes(shelf.room()),
    )
    plain(f"{runs_on} {room}", "stt-hint")
    show_stored_error(NOTICE)
    busy = any(entry.state == DOWNLOADING for entry in shelf.entries())
    session.fragment(_rows, run_every=REFRESH if busy else None)(busy)


def _rows(was_busy: bool) -> None:
    host, entries = _is_host(), shelf.entries()
    used = records.last_used([entry.known.id for entry in entries])
    for entry in entries:
        if host or entry.state == HERE or shelf.listed([entry.known.id]):
            _row(entry, used.get(entry.known.id), host)
    if was_busy and not any(entry.state == DOWNLOADING for entry in entries):
        st.rerun()  # redraw the page without the timer that refreshes the rows during a download


def _is_host() -> bool:
    """Return whether the visitor may download and delete models.

    If `STT_MANAGE_MODELS` is set, everybody may; otherwise, only visitors on this machine.
    """
    named = hosts.parse(st.context.headers.get("Host", ""))
    headers = {name.lower(): ", ".join(st.context.headers.get_all(name)) for name in st.context.headers}
    client = st.context.ip_address or "127.0.0.1"  # Streamlit gives no address for connections from this machine
    return settings().manage_models or (named is not None and hosts.is_local_request(named.name, client, headers))


def _row(entry: Entry, used: float | None, host: bool) -> None:
    """Draw the row of a model. In every state the row has the same elements at the same positions."""
    with st.container(horizontal=True, vertical_alignment="center", wrap=False, key=f"model-{entry.known.name}"):
        with st.container(gap=None):
            plain(entry.known.title, "stt-title")
            plain(facts(entry, used), "stt-facts")
            st.html(_progress(entry))
        if host and not entry.known.packaged:
            _button(entry)


def facts(entry: Entry, used: float | None = None) -> str:
    """Return a model's languages, sizes, state and last use, in one line."""
    known = entry.known
    parts = [
        languages_of(known),
        tr("{size} on disk", size=megabytes(entry.size)),
        tr("about {size} in memory", size=megabytes(known.memory)),
    ]
    if known.packaged:
        parts.append(tr("part of this installation"))
    parts.append(_state(entry))
    if used:
        parts.append(tr("last used {day}", day=when(used)))
    return " · ".join(parts)


def _state(entry: Entry) -> str:
    progress = entry.progress
    if entry.state == HERE or progress is None:
        return tr("ready") if entry.state == HERE else tr("not downloaded")
    if entry.state == DOWNLOADING:
        if progress.left is None:
            return tr("downloading, {percent}\u00a0%", percent=progress.percent)
        duration = length(max(1.0, progress.left))
        return tr("downloading, {percent}\u00a0%, about {duration} left", percent=progress.percent, duration=duration)
    if progress.error:
        return tr("failed: {why}", why=sentence(progress.error))
    return tr("download stopped at {percent}\u00a0%", percent=progress.percent)


def _progress(entry: Entry) -> str:
    if entry.state != DOWNLOADING or entry.progress is None:
        return '<p class="stt-nothing" hidden></p>'
    label = escape(tr("Download of {model}", model=entry.known.title))
    return f'<progress class="stt-progress" max="100" value="{entry.progress.percent}" aria-label="{label}"></progress>'


def _button(entry: Entry) -> None:
    name = entry.known.name
    if entry.state == DOWNLOADING:
        if st.button(
            tr("Cancel"), key=f"model-stop-{name}", help=tr("The downloaded part is kept, so you can continue later.")
        ):
            shelf.stop(name)
            st.rerun()
    elif entry.state == HERE:
        if st.button(tr("Delete"), key=f"model-delete-{name}", help=tr("The model can be downloaded again.")):
            _do(shelf.remove, name)
    else:
        label = tr("Download") if entry.progress is None else tr("Continue download")
        if st.button(label, key=f"model-get-{name}", help=tr("From the Hugging Face hub.")):
            _do(shelf.begin, name)


def _do(action: Callable[[str], object], name: str) -> None:
    with store_error(NOTICE):
        action(name)
    st.rerun()

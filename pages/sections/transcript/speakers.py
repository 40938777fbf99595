"""Draw the panel of speakers: names, speaking times, and the progress of a search for speakers (diarization)."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any

import streamlit as st

from pages import session
from pages.components.player import colour
from pages.escape import markdown, plain, sentence, show_stored_error, store_error
from pages.format import length, percent
from pages.sections.job_row import REFRESH
from pages.sections.speaker_number import speaker_number
from pages.texts import tr, trn
from stt import kinds
from stt.background import attempts
from stt.background.diarization import results
from stt.background.diarization.results import Search
from stt.jobs import service
from stt.library import corrections, speakers, voices
from stt.library.corrections import LONGEST_NAME
from stt.library.speakers import Panel, Row
from stt.store.records import Job
from stt.transcript.model import Transcript

SETTLED = 2.0  # minimum seconds of watching a search's progress before its remaining time is estimated
UNNAMED = re.compile(r"(Speaker|Channel|Track) \d+")
FEW = 4  # maximum number of speakers for which the panel starts expanded if a speaker has no name yet


def speakers_panel(job: Job, transcript: Transcript, state: corrections.State, *, sound: bool) -> dict[str, Any]:
    """Draw the panel. Return two of the player's arguments: speaker names in the order of colours, a sample to play."""
    with st.container(key="speakers", gap="xsmall"):  # drawn even if empty, so that later elements keep their positions
        if job.state != kinds.DONE:
            return {}
        panel = speakers.panel(job, transcript)
        show_stored_error(_name("speakers_error", job))
        if _is_open(job, panel.search):
            session.fragment(_progress, run_every=REFRESH)(job)
        elif panel.search:
            _ended(job, panel, panel.search)
        if len(panel.rows) > 1:
            _rows(job, panel, state.version, sound)
        else:
            _few(job, panel, state.version)
    return {"speakers": [row.name for row in panel.rows], "sample": st.session_state.get(_name("sample", job))}


def _few(job: Job, panel: Panel, revision: int) -> None:
    """Draw the panel of a transcript with at most one speaker, as a single line."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if panel.rows:
            plain(tr("One speaker"), "stt-facts", fit=True)
        _undo(job, panel, revision)
        _find(job, panel)


def _is_open(job: Job, search: Search | None) -> bool:
    return search.is_open if search else results.is_awaited(job, search)


def _rows(job: Job, panel: Panel, revision: int, sound: bool) -> None:
    has_guess = any(row.guess for row in panel.rows)
    unnamed = len(panel.rows) <= FEW and any(UNNAMED.fullmatch(row.name) for row in panel.rows)
    # Decide once whether the panel starts expanded, so that naming a speaker does not collapse it.
    opened = st.session_state.setdefault(_name("speakers_open", job), has_guess or unnamed)
    with st.expander(tr("Speakers"), icon=":material/group:", expanded=opened):
        with st.container(gap="xxsmall"):
            for place, row in enumerate(panel.rows):
                _row(job, panel, place, revision, sound=sound and row.sample is not None)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            _undo(job, panel, revision)
            _find(job, panel)


def _row(job: Job, panel: Panel, place: int, revision: int, *, sound: bool) -> None:
    """Draw a speaker: name, speaking time, share of all speech, and actions."""
    row = panel.rows[place]
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="xsmall", key=f"speaker-{place}"):
        with st.container(gap=None):
            facts = f"{length(row.seconds)} · {percent(row.share)}"
            st.html(
                f'<p class="stt-who"><span class="stt-who-name" dir="auto" style="color: {colour(place)}">'
                f'{escape(row.name)}</span> <span class="stt-facts">{escape(facts)}</span></p>'
            )
        if sound:
            play = session.callback(partial(_play, job, row))
            st.button(
                tr("Play a sample"), key=f"sample-{place}", type="tertiary", icon=":material/play_arrow:", on_click=play
            )
        # After each change, the menu gets a new key. The new key closes the menu.
        key = f"{revision}-{st.session_state.get(_name('speakers_done', job), 0)}-{place}"
        with st.popover(tr("Change"), type="tertiary", key=f"change-{key}"):
            _changes(job, panel, place, revision, key)
    if row.guess:
        _guess(job, row, revision)


def _guess(job: Job, row: Row, revision: int) -> None:
    """Draw the name of the known voice that is most similar to the speaker's voice, and buttons to accept or refuse."""
    guess = row.guess
    if guess is None:
        return
    # With the place of the row as key, a double click would also answer the guess that is drawn there next.
    key = f"{guess.voice}-{row.name}"
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=f"guess-{key}"):
        plain(
            tr("Probably {name} (similarity {likeness:.2f})", name=guess.name, likeness=guess.likeness),
            "stt-facts",
            fit=True,
        )
        accept = partial(speakers.rename, job.id, job.owner, row.name, guess.name, revision)
        refuse = partial(speakers.refuse, job.id, job.owner, row.name, guess.voice)
        name = markdown(guess.name)
        st.button(tr("Accept"), key=f"accept-{key}", icon=":material/check:", on_click=_doing(job, accept))
        st.button(
            tr("Not {name}", name=name), key=f"refuse-{key}", icon=":material/close:", on_click=_doing(job, refuse)
        )


def _changes(job: Job, panel: Panel, place: int, revision: int, key: str) -> None:
    """Draw the menu that changes a speaker: rename, merge, split, move, remember the voice."""
    row, others = panel.rows[place], [other.name for other in panel.rows if other.name != panel.rows[place].name]

    def act(change: Callable[..., Any], *values: Any) -> Callable[..., Any]:
        return _doing(job, partial(change, job.id, job.owner, row.name, *values, based_on=revision))

    def rename() -> None:
        wanted = str(st.session_state[f"name-{key}"])
        if wanted.strip() and wanted != row.name:
            act(speakers.rename, wanted)()

    def merge() -> None:
        if (into := st.session_state[f"merge-{key}"]) is not None:
            act(speakers.rename, into)()

    with st.form(f"rename-{key}", border=False):
        st.text_input(tr("Name"), row.name, max_chars=LONGEST_NAME, autocomplete="off", key=f"name-{key}")
        st.form_submit_button(tr("Rename"), on_click=session.callback(rename))
    st.selectbox(
        tr("Merge into"),
        others,
        index=None,
        placeholder=tr("Choose a speaker"),
        key=f"merge-{key}",
        on_change=session.callback(merge),
    )
    with st.container(horizontal=True, gap="xsmall"):
        if row.can_split:
            words = tr("Tries to tell two voices apart in this speaker’s words.")
            st.button(tr("Split into two"), key=f"split-{key}", help=words, on_click=act(speakers.split))
        first, last = place == 0, place == len(panel.rows) - 1
        st.button(tr("Move up"), key=f"up-{key}", disabled=first, on_click=act(speakers.move, True))
        st.button(tr("Move down"), key=f"down-{key}", disabled=last, on_click=act(speakers.move, False))
    if row.can_split and voices.allowed() and not UNNAMED.fullmatch(row.name):

        def remember() -> None:
            speakers.remember(job.id, job.owner, row.name)
            st.toast(markdown(tr("The voice of {name} is remembered.", name=row.name)), icon=":material/check:")

        st.button(
            tr("Remember this voice as {name}", name=markdown(row.name)),
            key=f"remember-{key}",
            help=tr("Stores the voiceprint. Later transcripts then suggest this name for the voice."),
            on_click=_doing(job, remember),
        )


def _play(job: Job, row: Row) -> None:
    """Make the player play the speaker's sample: the player starts when the number of the sample changes."""
    if row.sample:
        number, *_ = st.session_state.get(_name("sample", job)) or (0,)
        st.session_state[_name("sample", job)] = (number + 1, *row.sample)


def _undo(job: Job, panel: Panel, revision: int) -> None:
    if panel.undo:
        undo = partial(speakers.undo, job.id, job.owner, revision)
        label = tr("Undo: {change}", change=markdown(panel.undo))
        st.button(label, key="speakers-undo", type="tertiary", icon=":material/undo:", on_click=_doing(job, undo))


def _find(job: Job, panel: Panel) -> None:
    """Draw the menu that starts a search for speakers, with a field for their number; nothing during a search."""
    if not panel.can_search or _is_open(job, panel.search):
        return
    with st.popover(
        tr("Find speakers again") if panel.rows else tr("Find speakers"),
        type="tertiary",
        icon=":material/group_search:",
        # A new key after each action closes the menu. Otherwise, the menu would stay open if a search ended at once,
        # because the page would never be drawn without the menu.
        key=f"speakers-search-{st.session_state.get(_name('speakers_done', job), 0)}",
    ):
        key = "speakers-number"
        speaker_number(key, off=False)

        def search() -> None:
            # Read the number at the click. The page may not have been redrawn since the number was changed.
            number = st.session_state[key]
            service.find_speakers(job.id, number if isinstance(number, int) else None, owner=job.owner)

        st.button(tr("Find speakers"), key="speakers-find", type="primary", on_click=_doing(job, search))


def _ended(job: Job, panel: Panel, search: Search) -> None:
    """Draw the error if the search for speakers failed, or a hint if it found fewer speakers than requested."""
    if search.state == attempts.FAILED:
        with st.container(horizontal=True, wrap=False, vertical_alignment="center", key="speakers-failed"):
            words = sentence(search.error) if search.error else tr("Something went wrong.")
            st.warning(markdown(tr("The search for speakers failed. {why}", why=words)))
            if panel.can_search:
                again = partial(service.find_speakers, job.id, search.requested, owner=job.owner)
                st.button(tr("Retry"), key="speakers-retry", icon=":material/refresh:", on_click=_doing(job, again))
    elif search.state == attempts.DONE and search.is_fewer and search.found:
        hint = trn(
            "You requested {asked} speakers, but only one could be found.",
            "You requested {asked} speakers, but only {count} could be told apart.",
            search.found,
            asked=search.requested,
        )
        plain(hint, "stt-hint")


def _seconds_left(job: Job, far: int) -> float | None:
    """Estimate the remaining seconds of a search for speakers that has reached `far` percent; None if unknown.

    The estimate uses the average speed of the search since this session first observed a progress of the search.
    """
    now = time.monotonic()
    name = _name("speakers_seen", job)
    since, begin = st.session_state.get(name, (now, far))
    if far <= begin:
        st.session_state[name] = now, far
        return None
    return max(1.0, (100 - far) * (now - since) / (far - begin)) if now - since > SETTLED else None


def _progress(job: Job) -> None:
    """Draw the progress of the search for speakers. A fragment repeats this function.

    Once the search has ended, rerun the page to draw the result.
    """
    search = results.search_of(job.id)
    if not _is_open(job, search):
        st.rerun()
    far = search.percent if search else 0
    status = tr("Finding speakers, {percent}\u00a0%", percent=far)
    if search is None or search.state == attempts.QUEUED:
        status = tr("Finding speakers: waiting")
    elif search.stage:
        status = search.stage
    elif left := _seconds_left(job, far):
        status = tr("Finding speakers, {percent}\u00a0%, about {duration} left", percent=far, duration=length(left))
    label = tr("Finding speakers")
    with st.container(horizontal=True, vertical_alignment="center", key="speakers-progress"):
        st.html(
            f'<p class="stt-state" dir="auto">{escape(status)}</p><progress class="stt-progress" max="100" '
            f'value="{far}" aria-label="{escape(label)}"></progress>'
        )
        stop = partial(service.stop_finding_speakers, job.id, owner=job.owner)
        st.button(tr("Cancel"), key="speakers-cancel", icon=":material/close:", on_click=_doing(job, stop))


def _doing(job: Job, act: Callable[[], Any]) -> Callable[[], None]:
    """Return a widget's callback that runs `act`. If `act` raises an error, store it, so that the next run draws it."""

    def do() -> None:
        with store_error(_name("speakers_error", job)):
            act()
        st.session_state[_name("speakers_done", job)] = st.session_state.get(_name("speakers_done", job), 0) + 1

    return session.callback(do)


def _name(what: str, job: Job) -> str:
    return f"{what}-{job.id}"

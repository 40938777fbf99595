"""Draw the Transcribe page: add recordings, start jobs, follow them."""

import time
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import streamlit as st

import stt
from pages import session
from pages.components.announcer import announce
from pages.components.notifier import notifier
from pages.components.recorder import recorder
from pages.components.uploader import dropped_texts, uploader
from pages.escape import markdown, plain, sentence, show_errors
from pages.format import length
from pages.sections.job_row import ending, job_row, refresh_interval
from pages.sections.model_choice import SPEAKERS, cost_line, model_choice
from pages.sections.settings import recovery
from pages.sections.track_choice import each_is_a_speaker, track_choice
from pages.sections.transcript_import import dropped_rows, import_row
from pages.sections.vocabulary_choice import tag_choice
from pages.texts import tr
from stt import kinds, lifecycle
from stt.aiml import pacing
from stt.aiml.catalog import LOCAL, TRACK, Model
from stt.audio import tracks
from stt.errors import SttError
from stt.imports import accepted
from stt.library import speed, tagging
from stt.recorder import live_recordings
from stt.settings import settings
from stt.store import recordings, records
from stt.store.recordings import Link
from stt.store.records import Job

SAMPLE = Path(stt.__file__).parent / "assets" / "sample.flac"
# Seconds to wait after the drop zone is first sent to the browser, so that the browser draws it before the rest of the
# page arrives. With 0.15 s the rest often arrived before the drop zone was drawn, which delayed the drop zone by 0.2 s.
# Waiting 0.25 s delays the rest of the page by only 0.05 s.
FIRST = 0.25
MARGIN = 2.0  # a live recording is stopped this many seconds before it reaches the maximum duration
LONG = 120.0  # minimum length of a recording in seconds for which a notification is offered
CHECK_INTERVAL = 2.0  # interval between checks of live recordings in other tabs, seconds
# Seconds after the start of jobs in which another click on the same button is the second half of a double click. The
# server handles that click after the run that starts the jobs, and the button may be drawn once more in between.
DOUBLE_CLICK = 2.0
MOST_SHOWN = 50  # maximum number of job rows; each refresh reads the database for each row
SAMPLE_NAME = "John F. Kennedy, inaugural address, 1961.flac"
state = st.session_state
owner, key = session.owner(), session.key()
resumed, elsewhere = ([], 0) if "transcribe" in state else live_recordings.take_up(owner, session.name())
if "chosen" not in state:  # ids of recordings to transcribe, including those from before a reload
    waiting = recordings.unused_ids(owner)
    state.chosen = [i for i in resumed if i in waiting] if settings().access == "shared" else waiting
# Streamlit can end a run of this script whenever the script accesses the session, for example if another file has
# arrived. Therefore, values that must change together are read from the session once, here, and then changed in place.
chosen = state.chosen
memory = state.setdefault(
    "transcribe",
    SimpleNamespace(
        drawn=False,  # whether the drop zone was drawn in an earlier run
        texts=[],  # dropped transcripts
        seen=set(),  # ids of handled uploads and microphone recordings
        elsewhere=elsewhere,  # number of unfinished live recordings at the last check
        pressed=False,  # whether a click on the Transcribe button has not been handled yet
        begun={},  # when each button last started jobs, by the name of the button, monotonic seconds
        notice=None,  # a new notice, not yet drawn
        shown_notice=None,  # (the drawn notice, the sources on the page when it was first drawn)
        links_drawn=0,  # number in the key of the link box; a new number replaces the box by a new one
        links_left="",  # initial text of the link box
        fields={},  # the values of the fields, which Streamlit drops while another page is open
        show=None,  # key of the job row to scroll to
        states={},  # the state of each job at the last refresh
        news="",  # last announcement to screen readers
    ),
)
if "ways" not in state:  # the page is opened again; a value that the browser has just sent is newer than the stored one
    state.update({name: value for name, value in memory.fields.items() if name not in state})


def press() -> None:
    memory.pressed = True


def is_double_click(button: str) -> bool:
    """Return whether `button` has just started jobs, so that a new click on it is the second half of a double click."""
    begun = memory.begun.get(button)
    return begun is not None and time.monotonic() - begun < DOUBLE_CLICK


def unlist(recording_id: str) -> None:
    """Remove a recording from the list after a transcript was imported for it; "" if there is no recording."""
    if recording_id in chosen:
        chosen.remove(recording_id)


def add_recordings() -> tuple[list[Link], bool]:
    """Draw the tabs that add recordings. Return the entered links, and whether the Link tab is open.

    While the Link tab is open, its box may contain text that the browser has not sent yet.
    """
    upload, link, record = st.tabs([tr("Upload"), tr("Link"), tr("Record")], key="ways", on_change="rerun")
    with upload:
        add(
            uploader("uploads", settings().upload_limit, endings=accepted.ENDINGS, longest_text=accepted.MOST),
        )
        memory.texts += dropped_texts("uploads")
        if not memory.drawn:
            time.sleep(FIRST)
            memory.drawn = True
        with st.container(horizontal=True, vertical_alignment="center", key="sample"):
            plain(tr("No recording at hand?"), "stt-hint", fit=True)
            sample = st.button(tr("Try the sample"), type="tertiary", icon=":material/play_circle:")
            if sample and not is_double_click("sample"):
                begin("sample", [recordings.take_in(SAMPLE, owner, SAMPLE_NAME)], LOCAL, {}, {}, [])
            import_row(chosen, unlist)
    with link:
        typed = st.text_area(
            tr("Links to recordings, one per line"),
            memory.links_left,
            placeholder="https://example.org/talk.mp3",
            height=100,
            max_chars=recordings.MAX_LINK_CHARACTERS,
            key=f"links-{memory.links_drawn}",
        )
        links: list[Link] = []
        with show_errors():
            links = recordings.links_in(typed)
    with record:
        longest = settings().max_duration_minutes
        add(recorder("recorder", longest and longest * 60 - MARGIN))
    return links, bool(link.open)


def add(ids: list[str]) -> bool:
    """Add the recordings `ids` that are new to the list of recordings to transcribe. Return whether there were any."""
    before = len(chosen)
    for recording_id in [i for i in ids if i not in memory.seen]:
        # After a restart of the server, an open page reports all of its uploads again, even those with a job.
        if recording_id not in chosen and recording_id in recordings.unused_ids(owner):
            chosen.append(recording_id)
        memory.seen.add(recording_id)  # set after the query: if the database is unavailable, the next run tries again
    return len(chosen) > before


def follow_others() -> None:
    """Add live recordings of other tabs to the list once they have ended, and rerun the page when none is left."""
    with session.show_database_errors(retry=False):
        ended, memory.elsewhere = live_recordings.take_up(owner, session.name())
        if add(ended) or not memory.elsewhere:
            st.rerun()
        plain(tr("Another tab is recording. The recording appears here when it ends."), "stt-hint")


def list_recordings(found: list[recordings.Recording], model: Model) -> dict[str, dict[str, str]]:
    """Draw the recordings to transcribe, with facts about each and the time that `model` will take.

    Return the options that apply to one recording only, such as the track, by recording id.
    """
    own = {}
    usual = speed.usual(model.id) if model.local else None
    past = [] if model.local else records.recent_durations(model.id)
    guessed = model.local and model.id != LOCAL and not speed.is_measured(model.id)
    with st.container(key="waiting", gap="xsmall"):  # drawn even if empty, so that later elements keep their positions
        for recording in found:
            seconds = recording.duration or 0.0
            expected = seconds / usual if usual else pacing.expected_seconds(seconds, past)
            with st.container(
                border=True, horizontal=True, wrap=False, vertical_alignment="center", key=f"chosen-{recording.id}"
            ):
                with st.container(gap=None):
                    plain(recording.name, "stt-title")
                    plain(facts(recording, expected, guessed), "stt-facts")
                    own[recording.id] = track_choice(recording, model, "row")
                if st.button(tr("Remove"), key=f"remove-{recording.id}", type="tertiary", icon=":material/close:"):
                    chosen.remove(recording.id)
                    recordings.remove_unused(recording.id, owner)  # another tab may just have started a job for it
                    st.rerun()
        dropped_rows(memory.texts, found, unlist)
        if found:
            plain(tr("Recordings that are not transcribed within a day are deleted."), "stt-hint")
    return own


def keep_fields(model: Model) -> None:
    """Store the values of the fields that set what is transcribed, and how, for when this page is opened again."""
    names, beginnings = {"ways", "model", "tags", f"links-{memory.links_drawn}"}, (f"{model.id}-", "track-row-")
    memory.fields = {name: state[name] for name in state if name in names or str(name).startswith(beginnings)}


def facts(recording: recordings.Recording, expected: float | None, guessed: bool) -> str:
    parts = [recording.kind, length(recording.duration)]
    if expected:
        duration = length(max(1.0, expected))
        parts.append(
            tr("takes about {duration} (rough estimate)", duration=duration)
            if guessed
            else tr("takes about {duration}", duration=duration)
        )
    return " · ".join(parts)


def begin(
    button: str,
    sources: list[recordings.Recording | Link],
    model: str,
    options: dict[str, Any],
    own: dict[str, dict[str, str]],
    tags: list[str],
) -> None:
    """Start a job for each source with `options`. `own` has additional options by recording id.

    The transcripts get `tags`. A source that is refused stays in the list and does not stop the others. `button` is the
    name of the clicked button (see `is_double_click`).
    """
    following, address, refused, links = session.following(), session.address(), [], []
    for source in sources:
        wanted = options if isinstance(source, Link) else options | own.get(source.id, {})
        if wanted.get(TRACK) == tracks.ALL:  # each track is a speaker, so diarization is not needed
            wanted = {name: value for name, value in wanted.items() if name != SPEAKERS}
        try:
            following.insert(0, stt.create(source, model=model, options=wanted, owner=owner, key=key, address=address))
            memory.show = f"job-{following[0]}"
            tagging.set_tags(following[0], owner, tags)
        except SttError as error:
            refused.append(f"{source.url if isinstance(source, Link) else source.name}: {sentence(error.to_dict())}")
            links += [source.url] if isinstance(source, Link) else []
            continue
        if not isinstance(source, Link) and source.id in chosen:
            chosen.remove(source.id)
    if refused:
        memory.notice = "\n\n".join(refused)
    if any(isinstance(source, Link) for source in sources):
        memory.links_drawn += 1  # draws a new link box, which contains the refused links
        memory.links_left = "\n".join(links)
    memory.begun[button] = time.monotonic()
    st.rerun()


def rows() -> None:
    """Draw the jobs that this session follows. A fragment repeats this function until all of these jobs have ended."""
    with session.show_database_errors(retry=False):  # no retry, because the fragment runs again anyway
        followed = session.followed()
        with st.container():
            usual = cache(speed.usual)  # reads the speed of each model once per refresh
            for job in shown_of(followed):
                job_row(job, usual)
            if len(followed) > MOST_SHOWN:
                plain(tr("and {count:,} more: see History", count=len(followed) - MOST_SHOWN), "stt-hint")
        announcement = news(followed)
        notifier(announcement, waiting=any(job.pending and is_long(job) for job in followed))
        announce(announcement, memory.show)
        if state.refresh_interval != refresh_interval(followed):
            st.rerun()


def shown_of(followed: list[Job]) -> list[Job]:
    """Return the jobs whose rows are drawn, newest first: those that are working, then the newest others."""
    first = sorted(followed, key=lambda job: job.state != kinds.WORKING)[:MOST_SHOWN]
    drawn = {job.id for job in first}
    return [job for job in followed if job.id in drawn]


def is_long(job: Job) -> bool:
    """Return whether a job may take so long that its visitor switches to another tab."""
    return job.duration is None or job.duration >= LONG


def news(followed: list[Job]) -> str:
    """Return an announcement of the jobs that ended since the last refresh; if none ended, the previous one."""
    before, memory.states = memory.states, {job.id: job.state for job in followed}
    if ended := [ending(job) for job in followed if not job.pending and before.get(job.id, job.state) != job.state]:
        memory.news = " ".join(ended)
    last: str = memory.news
    return last


st.title(tr("Turn speech into text"), anchor=False)
notice = st.container()
typed_links, typing = add_recordings()
# A recording leaves the list when another tab transcribes or removes it.
found = recordings.find_all(chosen, owner, unused=True)
chosen[:] = [recording.id for recording in found]
listed = st.container()
known = bool(found) and all(each_is_a_speaker(recording, "row") for recording in found)
several = any(recording.channels > 1 for recording in found)
choice, below = st.container(), st.container()
with below:
    tags = tag_choice(owner, "tags")
with choice:
    model, options = model_choice(several, owner=owner, tags=tags, offer_speakers=not known)
with listed:
    if memory.elsewhere:
        session.fragment(follow_others, run_every=CHECK_INTERVAL)()
    own = list_recordings(found, model)
keep_fields(model)
cost_line(model, [recording.duration for recording in found] + [None] * len(typed_links))
sources: list[recordings.Recording | Link] = [*found, *typed_links]
# A notice stays until a recording or link is added, removed or started. The end of a job does not remove it.
if "notice" in state:  # stored in an earlier run, such as by a button of a job row
    memory.notice = state.pop("notice")
if memory.notice:
    memory.shown_notice, memory.notice = (memory.notice, sources), None
if memory.shown_notice and memory.shown_notice[1] == sources:
    notice.error(markdown(memory.shown_notice[0]))
else:
    memory.shown_notice = None
# While the Link tab is open, the button is enabled even without links: a click on the button moves the focus out of the
# link box, and the link box then sends its text. Therefore, one click is enough to enter the links and start.
idle = not (sources or typing)
st.button(
    tr("Transcribe"), on_click=session.callback(press), type="primary", width="stretch", disabled=idle, key="start"
)
if memory.pressed:
    memory.pressed = False
    if sources:
        begin("start", sources, model.id, options, own, tags)
    if not is_double_click("start"):
        memory.notice = (
            tr("Paste a link to a recording first.")
            if typing
            else tr("The recordings were transcribed or removed in another tab.")
        )
        st.rerun()

followed = session.followed()
with st.container(key="jobs"):
    if followed:
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.subheader(tr("Transcripts"), anchor=False)
            if any(not job.pending for job in followed) and st.button(tr("Clear finished"), type="tertiary"):
                session.forget_finished()
                st.rerun()
    state.refresh_interval = refresh_interval(followed)
    session.fragment(rows, run_every=state.refresh_interval)()
recovery.hint()
lifecycle.warm()

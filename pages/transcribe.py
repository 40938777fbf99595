"""Transcribe: add recordings, start, follow."""

import time
from pathlib import Path

import streamlit as st

import stt
from pages import visitor
from pages.widgets.amounts import length, when
from pages.widgets.job_row import USUAL, job_row
from pages.widgets.languages import language_choice
from pages.widgets.plain import plain, sentence
from pages.widgets.uploader import uploader
from stt import jobs, recordings, records
from stt.errors import SttError
from stt.settings import settings

SAMPLE = Path(stt.__file__).with_name("sample.flac")
SAMPLE_NAME = "John F. Kennedy, inaugural address, 1961.flac"
state = st.session_state
owner = visitor.owner()
state.setdefault("chosen", [])  # ids of recordings that wait for the Transcribe button
state.setdefault("seen", set())  # uploads and takes of the microphone that were dealt with


def add_recordings() -> None:
    upload, record = st.tabs(["Upload", "Record"])
    with upload:
        for recording_id in uploader("uploads", settings().upload_limit):
            if recording_id not in state.seen:
                state.seen.add(recording_id)
                state.chosen.append(recording_id)
        with st.container(horizontal=True, vertical_alignment="center", key="sample"):
            plain("No recording at hand?", "stt-hint", fit=True)
            if st.button("Try the sample", type="tertiary", icon=":material/play_circle:"):
                begin([recordings.take_in(SAMPLE, owner, SAMPLE_NAME)], {})
    with record:
        take = st.audio_input("Speak, then stop to add the recording", sample_rate=16_000)
        if take is not None and take.file_id not in state.seen:
            state.seen.add(take.file_id)
            add_take(take)


def add_take(take) -> None:
    name = f"Recording of {when(time.time())}.wav"
    try:
        with recordings.Intake(name, owner, take.size) as intake:
            intake.write(take.getbuffer())
            state.chosen.append(intake.finish().id)
    except SttError as error:
        state.notice = sentence(error.to_dict())


def chosen_recordings() -> list[recordings.Recording]:
    """The list before the start: what each file is, and how long it will take here."""
    found = recordings.find_all(state.chosen, owner)
    speed = records.usual_speed(jobs.ON_DEVICE_MODEL, USUAL)
    for recording in found:
        with st.container(horizontal=True, vertical_alignment="center", key=f"chosen-{recording.id}"):
            plain(recording.name, "stt-title")
            facts = [recording.kind, length(recording.duration)]
            if recording.duration:
                facts.append(f"takes about {length(max(1.0, recording.duration / speed))}")
            plain(" · ".join(facts), "stt-facts", fit=True)
            if st.button("Remove", key=f"remove-{recording.id}", type="tertiary", icon=":material/close:"):
                state.chosen.remove(recording.id)
                recordings.remove(recording.id, owner)
                st.rerun()
    return found


def choices(found: list[recordings.Recording]) -> dict:
    """Model, language and what else the model takes."""
    options = {}
    left, right = st.columns(2)
    left.selectbox("Model", ["Whisper base, on this machine"], help="Needs no key. Nothing leaves this server.")
    with right:
        options["language"] = language_choice()
    with st.container(horizontal=True):
        options["translate"] = st.toggle("Translate to English")
        if any(recording.channels > 1 for recording in found):
            options["channels_are_speakers"] = st.toggle(
                "Each channel is a speaker", help="For calls and interviews with one microphone on each channel."
            )
    return {name: value for name, value in options.items() if value}


def begin(found: list[recordings.Recording], options: dict) -> None:
    """Start a job for each; what one of them refuses does not hold up the others."""
    for recording in found:
        try:
            visitor.follow(jobs.create(recording, options=options, owner=owner))
        except SttError as error:
            state.notice = f"{recording.name}: {sentence(error.to_dict())}"
        if recording.id in state.chosen:
            state.chosen.remove(recording.id)
    st.rerun()


def rows() -> None:
    """The jobs of this session; drawn again twice a second while one of them is open."""
    followed = visitor.followed()
    for job in followed:
        job_row(job)
    if state.polling and not any(job.pending for job in followed):
        st.rerun()


st.title("Turn speech into text", anchor=False)
if "notice" in state:
    st.error(state.pop("notice"))
add_recordings()
found = chosen_recordings()
options = choices(found)
if st.button("Transcribe", type="primary", width="stretch", disabled=not found, key="start"):
    begin(found, options)

followed = visitor.followed()
with st.container(key="jobs"):
    if followed:
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.subheader("Transcripts", anchor=False)
            if any(not job.pending for job in followed) and st.button("Clear finished", type="tertiary"):
                visitor.forget_finished()
                st.rerun()
    state.polling = any(job.pending for job in followed)
    st.fragment(rows, run_every=0.5 if state.polling else None)()
jobs.warm()

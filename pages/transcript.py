"""Draw the Transcript page: player, words, downloads, provenance."""

import streamlit as st

from pages import session
from pages.compat.streamlit import key_for
from pages.components.copy_button import copy_button
from pages.components.player import moment, player
from pages.escape import markdown, plain, sentence, show_errors, store_error
from pages.format import clock, dated, length, percent, spoken_languages, when
from pages.sections.transcript.corrections import details_button, editing, machines_version, tag_line
from pages.sections.transcript.downloads import downloads
from pages.sections.transcript.findings import findings
from pages.sections.transcript.learned import learned
from pages.sections.transcript.passages import choices
from pages.sections.transcript.share import share_button
from pages.sections.transcript.speakers import speakers_panel
from pages.sections.transcript.versions import again_button, version_picker
from pages.sections.transcript_import import import_button
from pages.texts import tr, trn
from stt import kinds
from stt.errors import NotFound
from stt.guard import base_path
from stt.jobs import service
from stt.library import corrections, history, versions
from stt.notes import book
from stt.store import records, transcripts
from stt.transcript.model import Transcript

owner = session.owner()
state = st.session_state


def header(job: records.Job, transcript: Transcript) -> None:
    with st.container(gap="xsmall"):
        title_and_facts(job, transcript)
    version_picker(job)
    if job.pending and job.engine == kinds.ALIGNMENT:
        st.info(tr("The text is being aligned with the recording. You can already read it."), icon=":material/pending:")
        st.page_link("transcribe.py", label=tr("Follow progress"), icon=":material/graphic_eq:")
    elif job.pending:
        st.info(tr("Still transcribing. This is the text so far."), icon=":material/pending:")
        st.page_link("transcribe.py", label=tr("Follow progress"), icon=":material/graphic_eq:")
    elif job.error:
        st.error(markdown(sentence(job.error)))
    elif job.state == kinds.CANCELLED and job.engine == kinds.ALIGNMENT:
        st.warning(tr("Aligning the text with the recording was cancelled. The text is kept."))
    elif job.state == kinds.CANCELLED:
        st.warning(tr("This transcription was cancelled. This is the text up to that point."))
    for start, end, reason in transcript.lost:
        why = markdown(reason)  # an imported file may contain any text
        if end == start:
            st.warning(tr("At {moment}: {why}.", moment=clock(start), why=why))
            continue
        st.warning(
            tr(
                "From {moment} on, {duration} of audio could not be read: {why}.",
                duration=length(end - start),
                moment=clock(start),
                why=why,
            )
        )


def known_length(job: records.Job) -> list[str]:
    """Return the length of the recording as a list of one text; empty for an imported transcript without a length."""
    return [length(job.duration)] if job.duration or job.engine != kinds.ALIGNMENT else []


def title_and_facts(job: records.Job, transcript: Transcript) -> None:
    plain(job.title, "stt-heading", tag="h1")
    facts = [when(job.created), *known_length(job), trn("{count:,} word", "{count:,} words", transcript.word_count)]
    if job.dated is not None:
        facts.insert(1, dated(job.dated, job.dated_by))
    facts += spoken_languages(transcript, job.language)
    if job.confidence is not None:
        facts.append(tr("confidence {percent}", percent=percent(job.confidence)))
    if job.cost:
        facts.append(f"${job.cost:.4f}")
    plain(" · ".join(facts), "stt-facts")
    if several := (job.provenance or {}).get("tracks"):
        plain(str(several), "stt-facts")
    tag_line(job)


def actions(job: records.Job, transcript: Transcript) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        copy_button()
        with st.container(width="content"):  # without this container, the fragment would be as wide as the page
            downloads(job, transcript, audio=audible)
        if not job.pending and job.state != kinds.DONE and st.button(tr("Retry"), icon=":material/refresh:"):
            following, key, address = session.following(), session.key(), session.address()
            with store_error("notice"):  # the Transcribe page draws the error, such as an exceeded quota
                service.retry(job.id, owner=owner, key=key, address=address)
                if job.id not in following:
                    following.insert(0, job.id)
            st.switch_page("transcribe.py")
        details_button(job)
        if recording:
            import_button(job, recording)
        if recording or job.engine != kinds.ALIGNMENT:  # a text imported without a recording has nothing to transcribe
            again_button(job)
        share_button(job)
        if st.button(tr("Delete"), icon=":material/delete:"):
            confirm_delete(job)


@session.dialog(lambda: tr("Delete permanently?"))
def confirm_delete(job: records.Job) -> None:
    st.text(tr("The transcript and its audio will be deleted. This cannot be undone."))
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(tr("Keep")):
            st.rerun()
        if st.button(tr("Delete"), type="primary", key="confirm-delete"):
            with show_errors():
                history.delete(job.id, owner)
                st.switch_page("history.py")


def reading(job: records.Job, transcript: Transcript, *, editable: bool) -> None:
    """Draw the player, with the text in paragraphs. With `editable`, the visitor can correct the text."""
    audio_url = base_path.at(f"/audio/{job.id}") if audible else None
    player(
        key_for("player", job.id),
        audio_url=audio_url,
        waveform_url=audio_url and f"{audio_url}/waveform",
        duration=job.duration or transcript.duration,
        transcript=transcript,
        at=moment(),
        find=st.query_params.get("find", ""),
        **speaker_arguments,
        notes=book.of(job.id, owner),
        noting=base_path.at(f"/transcripts/{job.id}/notes"),
        **({**editing(job, corrected), **choices(job)} if editable else {}),
    )


def provenance(job: records.Job) -> None:
    """Draw a collapsed section about how the transcript was made: provenance, speed, and when the job finished."""
    names = {"brought_from": tr("Imported from"), "put_right": tr("Corrected on import")}
    stored = (job.provenance or {}).items()
    made = {names.get(name, name.replace("_", " ").capitalize()): value for name, value in stored}
    if job.duration and job.worked:
        made[tr("Speed")] = tr("{speed:.1f} times real time", speed=job.duration / job.worked)
    if job.finished:
        made[tr("Finished")] = when(job.finished)
    with st.expander(tr("How this transcript was made"), icon=":material/info:"):
        for name, value in made.items():
            plain(f"{name}: {value}", "stt-facts")


try:
    job = records.load(st.query_params.get("id", ""), owner)
    # Read the revision before the transcript: if somebody saves a correction between the two reads, the visitor's next
    # correction is refused, because the revision is outdated.
    corrected = corrections.state(job.id, owner)
    transcript = transcripts.transcript_of(job.id)
except NotFound as error:
    st.title(tr("Not found"), anchor=False)
    st.info(markdown(sentence(error.to_dict())))
    st.page_link("history.py", label=tr("All transcripts"), icon=":material/history:")
    st.stop()
recording = versions.available_recording(job)  # without it, the page is drawn without the sound
audible = recording is not None
header(job, transcript)
actions(job, transcript)
speaker_arguments = speakers_panel(job, transcript, corrected, sound=audible)
learned()
machines = machines_version(job, corrected)
with st.container(key="transcript"):
    # Draw the player also if corrections have deleted all text, so that the user can undo them there.
    if machines or transcript.segments or corrected.version:
        reading(job, machines or transcript, editable=machines is None)
    elif job.state == kinds.DONE:
        st.info(tr("No speech was found in this recording."))
findings(transcript)
provenance(job)

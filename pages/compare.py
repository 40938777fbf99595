"""Draw the Compare page: versions of one recording, or any transcripts, side by side and word by word."""

from collections.abc import Sequence
from string import ascii_uppercase
from typing import Any

import streamlit as st

from pages import session
from pages.compat.streamlit import key_for
from pages.components.comparison import Column, Version, draw_comparison
from pages.components.text_file import text_file
from pages.escape import plain, show_errors, show_stored_error, store_error
from pages.format import length, percent, when
from pages.sections.job_row import job_row
from pages.sections.transcript.versions import (
    MOST,
    distinct,
    label_of,
    model_name,
    settings_of,
    several_models,
    version_label,
    version_labels,
)
from pages.texts import tr, trn
from stt import kinds
from stt.aiml.catalog import TRACK
from stt.errors import NotFound
from stt.guard import base_path
from stt.imports.references import encodings, reader
from stt.library import versions
from stt.store import records, transcripts
from stt.store.records import Job
from stt.transcript import comparison
from stt.transcript.alignment import WHOLE, Alignment, align, matrix
from stt.transcript.model import Transcript

PART = 10_000  # maximum number of words of the first column that are drawn at once
REFERENCE = "reference"
owner = session.owner()
state = st.session_state


def requested_jobs() -> list[Job]:
    """Return the jobs whose ids are in the URL of the page, in the same order, at most MOST."""
    ids = [i for i in st.query_params.get("ids", "").split(",") if i][:MOST]
    known = {job.id: job for job in records.jobs_of(owner, ids=ids)} if ids else {}
    if len(known) < len(set(ids)):
        st.warning(tr("Some of these transcripts were not found. They were deleted, or they are not in your history."))
    return [known[i] for i in dict.fromkeys(ids) if i in known]


def choose(groups: list[list[Job]], requested: list[Job]) -> list[Job]:
    """Draw the fields that choose a recording and versions, and return the chosen versions.

    The chosen ids are stored in the URL of the page, so that the Back button and links restore the choice.
    """
    known = {group[0].id: group for group in groups}
    if not requested:
        # Preselect the newest recording with several versions, or the newest recording if none has several.
        requested = next((group for group in groups if len(group) > 1), groups[0])[:2]
    families = {tuple(version.id for version in found): found for found in map(versions.of, requested)}
    candidates = {version.id: version for family in families.values() for version in family}
    several = len(families) > 1
    groups_shown = (first for first, group in known.items() if any(job.id in candidates for job in group))
    place = None if several else next(groups_shown, None)

    def recording_changed() -> None:
        if state.compare_recording:
            st.query_params.ids = ",".join(job.id for job in known[state.compare_recording][:MOST])

    def versions_changed() -> None:
        st.query_params.ids = ",".join(state.compare_versions)

    state.compare_recording, state.compare_versions = place, [job.id for job in requested]
    left, right = st.columns([1, 2])
    left.selectbox(
        tr("Recording"),
        list(known),
        index=None if place is None else 0,
        format_func=label_of(distinct({first: recording_label(group) for first, group in known.items()})),
        key="compare_recording",
        on_change=recording_changed,
        placeholder=tr("Several recordings") if several else tr("A recording not in this list"),
    )
    right.multiselect(
        tr("Versions"),
        list(candidates),
        format_func=label_of(version_labels(list(candidates.values()), titles=several)),
        key="compare_versions",
        on_change=versions_changed,
        max_selections=MOST,
        select_all=False,
        wrap=True,
        placeholder=tr("Choose two or more"),
    )
    return [candidates[i] for i in state.compare_versions]


def recording_label(group: list[Job]) -> str:
    if len(group) == 1:
        return group[0].title
    return f"{group[0].title} · " + trn("{count} version", "{count} versions", len(group))


def reference_of(first: Job) -> str:
    """Draw the box for a reference text, and return the text to compare; "" if there is no text or an error.

    The session stores the entered text of each recording.
    """
    recording = first.recording_id or first.id
    kept, box = state.setdefault("references", {}), f"reference-{recording}"
    with st.expander(tr("Reference text"), icon=":material/fact_check:", expanded=bool(kept.get(recording))):
        plain(
            tr("A text that you know to be correct. The word error rate of each version is measured against it."),
            "stt-hint",
        )
        state.setdefault(box, kept.get(recording, ""))
        upload_of_reference(first, box)
        kept[recording] = st.text_area(tr("Or paste it"), height=140, key=box, max_chars=reader.MOST)
        with show_errors():
            return reader.pasted(kept[recording])
    return ""


def upload_of_reference(first: Job, box: str) -> None:
    """Draw a file field, and put the text of the chosen file into the text box with the key `box`.

    If the encoding of the file is uncertain, also draw a field to choose the encoding.
    """
    # `state[unsure]` is (file name, file content, likely encodings, chosen encoding).
    unsure, choice = f"{box}-unsure", f"{box}-encoding"
    sent = text_file(tr("Upload the reference"), key_for("file", box), reader.ENDINGS, reader.MOST)
    if sent is not None:
        name, content = sent
        state.pop(unsure, None)
        with show_errors():
            found = reader.read(content, name, spoken=words_of(first))
            state[box] = found.text
            if found.choices:
                state[unsure], state[choice] = (name, content, found.choices, found.encoding), found.encoding
    if unsure not in state or not state[box].strip():
        return
    name, content, choices, encoding = state[unsure]
    state.setdefault(choice, encoding)

    def read_again() -> None:
        state[unsure] = name, content, choices, state[choice]
        with store_error("compare_notice"):
            state[box] = reader.read(content, name, encoding=state[choice]).text

    st.selectbox(
        tr("Encoding"), choices, format_func=label_of(encodings.NAMES), key=choice, on_change=read_again, width=320
    )
    hint = tr(
        "The character encoding of {file} is uncertain. If letters look wrong below, choose another encoding.",
        file=name,
    )
    plain(hint, "stt-hint")
    if lost := state[box].count(encodings.LOST):
        st.warning(
            trn(
                "{count:,} character of this file could not be read.",
                "{count:,} characters of this file could not be read.",
                lost,
            )
        )


def words_of(job: Job) -> set[str]:
    """Return the distinct words of a job's transcript, as `Token.key`; an empty set if the job is not done."""
    if job.state != kinds.DONE:
        return set()
    return {token.key for token in comparison.tokens(transcript_of(job))}


def transcript_of(job: Job) -> Transcript:
    """Return the transcript of a job; an empty one if it was deleted in another tab while the page was drawn."""
    try:
        return transcripts.transcript_of(job.id)
    except NotFound:
        return Transcript()


@st.cache_data(max_entries=24, ttl=3600, show_spinner=False)
def _aligned(joined: tuple[str, str], _reference: Sequence[str], _hypothesis: Sequence[str]) -> Alignment:
    return align(_reference, _hypothesis)


def aligned(reference: Sequence[str], hypothesis: Sequence[str]) -> Alignment:
    """Align two texts, each given as words (`Token.key`). Reruns use the cached result.

    Streamlit hashes the joined words, because hashing each word takes fifty times as long.
    """
    return _aligned(("\n".join(reference), "\n".join(hypothesis)), reference, hypothesis)


def audio_of(job: Job, first: Job) -> str | None:
    """Return the URL of the sound of `job`, or None if the recording was deleted.

    If `job` is of the same track as `first`, return the URL for `first`, so that the browser loads the sound once.
    """
    if not versions.has_sound(job):
        return None
    same = (first.recording_id, first.options.get(TRACK)) == (job.recording_id, job.options.get(TRACK))
    return base_path.at(f"/audio/{first.id if same else job.id}")


def side_by_side(done: list[Job], reference: str) -> None:
    """Draw the comparison of the finished versions `done`.

    The visitor chooses what the versions are compared with: one of them, or the text `reference`.
    """
    letters = dict(zip((job.id for job in done), ascii_uppercase, strict=False))
    by_id = {job.id: job for job in done}
    choices = [REFERENCE, *letters] if reference.strip() else list(letters)
    if state.get("against") not in choices or (reference.strip() and not state.get("had_reference")):
        state.against = choices[0]  # the reference text if there is one, otherwise the first version
    state.had_reference = bool(reference.strip())
    with st.container(horizontal=True, vertical_alignment="bottom"):
        against = st.selectbox(
            tr("Compare with"),
            choices,
            format_func=lambda i: (
                tr("The reference text") if i == REFERENCE else f"{letters[i]}, {model_name(by_id[i])}"
            ),
            key="against",
            width=320,
        )
        exact = st.toggle(tr("Match case and punctuation"), key="exact")
        every = len(done) > 1 and st.toggle(tr("Compare all pairs"), key="every")
    with st.spinner(tr("Aligning transcripts")):
        texts = {job.id: comparison.tokens(transcript_of(job), exact=exact) for job in done}
        texts[REFERENCE] = comparison.tokens_of_text(reference, exact=exact)
        keys = {i: [token.key for token in tokens] for i, tokens in texts.items()}
        others = [job for job in done if job.id != against]
        found = {job.id: aligned(keys[against], keys[job.id]) for job in others}
    one_recording = len({job.recording_id or job.url for job in done}) == 1
    first = part_of(len(texts[against]))
    shown = comparison.passages(
        texts[against],
        [(texts[job.id], found[job.id]) for job in others],
        first,
        first + PART,
        one_recording=one_recording,
    )
    draw_limits(texts, any(alignment.rough for alignment in found.values()))
    base = Column("✓", tr("the reference text"), audio_of(done[0], done[0]) if one_recording else None)
    columns = [Column(letters[job.id], model_name(job), audio_of(job, done[0])) for job in done]
    if against != REFERENCE:
        base = columns[done.index(by_id[against])]
    wanted = draw_comparison(
        "comparison",
        versions=[row(job, letters[job.id], found.get(job.id)) for job in done],
        labels=[tr("Word error rate"), tr("Time taken"), tr("Cost"), tr("Confidence"), tr("Words")],
        caption=tr("Word error rates are measured against {letter}, {name}.", letter=base.letter, name=base.name),
        columns=[base, *(columns[done.index(job)] for job in others)],
        passages=shown,
        matrix=each_against_each(done, letters, keys) if every else None,
    )
    if wanted:
        st.switch_page("transcript.py", query_params={"id": wanted})


def row(job: Job, letter: str, alignment: Alignment | None) -> Version:
    """Return the table row of a version.

    `alignment` is the alignment of the version with the text in the first column, or None for the version in the first
    column.
    """
    rate = ("–", tr("the other versions are compared with this one"))
    if alignment is not None:
        counts = tr(
            "{changed:,} changed, {missing:,} missing, {added:,} added",
            changed=alignment.changed,
            missing=alignment.missing,
            added=alignment.added,
        )
        rate = rate_text(alignment.word_error_rate), counts
    speed = tr("{speed:.1f} times real time", speed=job.duration / job.worked) if job.duration and job.worked else ""
    cost = tr("Free") if job.engine in kinds.HERE else tr("Unknown") if job.cost is None else f"${job.cost:.4f}"
    facts = (
        rate,
        (length(job.worked) if job.worked else tr("Unknown"), speed),
        (cost, ""),
        (tr("Unknown") if job.confidence is None else percent(job.confidence), ""),
        (f"{job.words or 0:,}", ""),
    )
    return Version(job.id, letter, model_name(job), " · ".join([*settings_of(job), when(job.created)]), facts)


def rate_text(rate: float | None) -> str:
    return "–" if rate is None else f"{rate * 100:.1f}\u00a0%"


def each_against_each(done: list[Job], letters: dict[str, str], keys: dict[str, list[str]]) -> dict[str, Any]:
    rates = matrix([keys[job.id] for job in done], aligned)
    return {
        "caption": tr("Word error rate of each version (column), with another version (row) as the reference."),
        "letters": [letters[job.id] for job in done],
        "rows": [
            ["–" if row == column else rate_text(rate) for column, rate in enumerate(of_one)]
            for row, of_one in enumerate(rates)
        ],
    }


def part_of(words: int) -> int:
    """Draw a field to choose a part of a text of more than PART words; return the index of the part's first word."""
    if words <= PART:
        return 0
    starts = list(range(0, words, PART))
    chosen = st.selectbox(
        tr("Part"),
        starts,
        format_func=lambda start: tr(
            "Words {first:,} to {last:,} of {count:,}", first=start + 1, last=min(start + PART, words), count=words
        ),
        key="part",
        width=320,
    )
    st.caption(
        tr(
            "Long texts are shown in parts. Word error rates are for the whole text; Previous and Next move "
            "through the differences in this part only."
        )
    )
    return chosen


def draw_limits(texts: dict[str, list[comparison.Token]], rough: bool) -> None:
    longest = max(map(len, texts.values()))
    if longest == comparison.MAX_WORDS:
        st.warning(tr("Only the first {count:,} words of each text are compared.", count=comparison.MAX_WORDS))
    if rough:
        st.warning(tr("Long parts of these texts have nothing in common, so the word error rates are approximate."))
    elif longest > WHOLE:
        st.caption(tr("Long texts are compared in pieces, split where the versions agree."))


def progress() -> None:
    """Draw the versions that have not finished, with their progress.

    A Streamlit fragment runs this function every second while a version is queued or working.
    """
    open_now = records.jobs_of(owner, ids=state.compare_open)
    for job in open_now:
        plain(version_label(job), "stt-hint")
        job_row(job)
    if len([job for job in open_now if job.pending]) < state.compare_pending:
        st.rerun()  # a version has just ended; the rerun includes it in the comparison if it is done


st.title(tr("Compare"), anchor=False)
show_stored_error("compare_notice")
show_stored_error("notice")  # of a button of a job row
groups, requested = versions.finished(owner), requested_jobs()
if not groups and not requested:
    st.info(
        tr(
            "Nothing to compare yet. Transcribe a recording first, then transcribe it again here with other "
            "models or settings."
        )
    )
    st.page_link("transcribe.py", label=tr("Transcribe a recording"), icon=":material/graphic_eq:")
    st.stop()
chosen = choose(groups, requested)
done = [job for job in chosen if job.state == kinds.DONE]
with st.expander(tr("Try other models on this recording"), icon=":material/add:", expanded=len(chosen) == 1):
    if chosen:
        several_models(chosen[0], [job.id for job in chosen])
unfinished = [job for job in chosen if job.state != kinds.DONE]
state.compare_open, state.compare_pending = [job.id for job in unfinished], sum(job.pending for job in unfinished)
if unfinished:
    session.fragment(progress, run_every=1.0 if state.compare_pending else None)()
if chosen:
    reference = reference_of(chosen[0])
    if len(done) > 1 or (done and reference.strip()):
        with st.container(key="comparison-of"):
            side_by_side(done, reference)
    elif not state.compare_pending:
        st.info(
            tr(
                "Choose two or more versions to see where they differ, or enter a reference text to measure a "
                "version against."
            )
        )
else:
    st.info(tr("Choose two or more versions to see where they differ."))

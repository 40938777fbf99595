"""Switch between the versions of a recording, transcribe it again, or transcribe it with several models."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import streamlit as st

from pages import session
from pages.escape import plain, sentence, show_error, show_errors
from pages.format import length, when
from pages.sections.model_choice import model_choice, offered_models
from pages.sections.track_choice import each_is_a_speaker, track_choice
from pages.sections.vocabulary_choice import tag_choice, vocabulary_choice
from pages.texts import tr
from stt import kinds
from stt.aiml import offered
from stt.aiml.catalog import Model, cost_text
from stt.errors import BadOption, NotFound, StorageUnavailable, SttError
from stt.jobs import service
from stt.library import speed, tagging, versions
from stt.store.recordings import Recording
from stt.store.records import Job
from stt.transcript.languages import LANGUAGES

MOST = 6  # maximum number of versions to compare side by side


def version_picker(job: Job) -> None:
    """Draw a field that switches between the versions of the recording, and a Compare button, if there are several."""
    found = versions.of(job)
    if len(found) < 2:
        return
    labels = version_labels(found)
    key = "version"
    st.session_state[key] = job.id

    def move() -> None:
        st.query_params.from_dict({"id": st.session_state[key]})

    done = [version.id for version in found if version.state == kinds.DONE and version.id != job.id]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(tr("Version"), list(labels), format_func=label_of(labels), key=key, on_change=move)
        if done and st.button(tr("Compare"), icon=":material/compare_arrows:"):
            compare([job.id, *done][:MOST])


def again_button(job: Job) -> None:
    """Draw the "Transcribe again" button."""
    if st.button(tr("Transcribe again"), icon=":material/replay:", key="again"):
        _again(job)


@session.dialog(lambda: tr("Transcribe again"))
def _again(job: Job) -> None:
    try:
        source = versions.source_of(job)
    except (NotFound, StorageUnavailable) as error:
        show_error(error)
        return
    plain(tr("The earlier version is kept. Once the new one is done, both are shown side by side."), "stt-hint")
    known = isinstance(source, Recording) and each_is_a_speaker(source, "again")
    several = isinstance(source, Recording) and source.channels > 1
    choice, below = st.container(), st.container()
    with below:
        tags = tag_choice(job.owner, "again-tags", tagging.tags_of(job.id, job.owner))
    with choice:
        model, options = model_choice(several, owner=job.owner, tags=tags, offer_speakers=not known, narrow=True)
    if isinstance(source, Recording):
        options |= track_choice(source, model, "again")
    _cost([model], job)
    if st.button(tr("Transcribe"), type="primary", key="again-start"):
        with show_errors():
            made = _creator(job)(model, options)
            tagging.set_tags(made, job.owner, tags)
            compare([job.id, made])


def several_models(job: Job, chosen: list[str]) -> None:
    """Draw fields and buttons to transcribe the recording of `job` with several models.

    The results are compared with the versions whose ids are `chosen`."""
    choices = offered_models()
    if len(choices) == 1:
        plain(
            tr(
                "To compare several models, download more Whisper models on this machine, or enter a key for the "
                "AI/ML API."
            ),
            "stt-hint",
        )
        with st.container(horizontal=True):
            st.page_link("settings.py", label=tr("Settings"), icon=":material/settings:")
            again_button(job)
        return
    # The labels of the options contain no prices. Prices change when the provider's live list of models arrives, and
    # Streamlit deselects an option whose label changes.
    known = {model.id: model for model in choices}
    labels = distinct({name: name_of(model) for name, model in known.items()})
    several = [
        known[name]
        for name in st.multiselect(
            tr("Models"),
            list(known),
            format_func=label_of(labels),
            key="several",
            max_selections=MOST,
            select_all=False,
            placeholder=tr("Choose one or more"),
        )
    ]
    terms = vocabulary_choice(job.owner, "several", tagging.tags_of(job.id, job.owner))
    _cost(several, job)
    label = (
        tr("Transcribe and compare")
        if len(several) < 2
        else tr("Transcribe with {count} models and compare", count=len(several))
    )
    with st.container(horizontal=True):
        start = st.button(label, type="primary", disabled=not several, key="several-start")
        again_button(job)
    if start:
        _run(several, terms, job, chosen)


def _run(several: list[Model], options: dict[str, Any], job: Job, chosen: list[str]) -> None:
    """Start a job with `options` for each model, and open the Compare page with these jobs and `chosen`.

    If the job for one model cannot be created, the jobs for the other models are still started.
    """
    create, made, refused = _creator(job), [], []
    for model in several:
        try:
            made.append(create(model, options))
        except SttError as error:
            refused.append(f"{model.name}: {sentence(error.to_dict())}")
    if refused:
        st.session_state.compare_notice = "\n\n".join(refused)
    if not made:
        st.rerun()
    compare([*chosen[: MOST - len(made)], *made])


def _creator(job: Job) -> Callable[[Model, dict[str, Any]], str]:
    """Return a function that creates a job for the recording of `job` and adds it to the session's followed jobs."""
    following, key, address = session.following(), session.key(), session.address()

    def create(model: Model, options: dict[str, Any]) -> str:
        source = versions.source_of(job)
        made = service.create(
            source, model=model.id, options=options, owner=job.owner, key=key, title=job.title, address=address
        )
        following.insert(0, made)
        return made

    return create


def _cost(chosen: list[Model], job: Job) -> None:
    """Draw the expected cost at the provider and the expected time on this machine, each if it is known."""
    seconds = job.duration or 0.0
    costs = [offered.known().find(model.id).cost(seconds) for model in chosen if seconds and not model.local]
    known = [cost for cost in costs if cost is not None]
    parts = [cost_text(seconds, sum(known))] if known and len(known) == len(costs) else []
    if here := [model for model in chosen if seconds and model.local]:
        seconds_here = sum(seconds / speed.usual(model.id) for model in here)
        duration = length(max(1.0, seconds_here))
        parts.append(
            tr("takes about {duration} on this machine", duration=duration)
            if parts
            else tr("Takes about {duration} on this machine", duration=duration)
        )
    if parts:
        plain(" · ".join(parts), "stt-facts")


def compare(ids: list[str]) -> None:
    st.switch_page("compare.py", query_params={"ids": ",".join(dict.fromkeys(ids))})


def version_labels(found: list[Job], *, titles: bool = False) -> dict[str, str]:
    """Return the label of each version by job id. With `titles` each label begins with the title of the transcript."""
    return distinct({job.id: f"{job.title} · {version_label(job)}" if titles else version_label(job) for job in found})


def label_of(labels: Mapping[str, str]) -> Callable[[str], str]:
    """Return a function that returns the label of a select box's option, or the option itself if it has no label."""
    return lambda name: labels.get(name, name)


def distinct(labels: dict[str, str]) -> dict[str, str]:
    """Return the labels, with numbers added to equal ones: the last stays unchanged, and the one before it gets (2).

    The browser identifies options by label, so the labels must differ.
    """
    taken: dict[str, str] = {}
    for name, label in reversed(labels.items()):
        numbers = itertools.count(2)
        one = label
        while one in taken:
            one = f"{label} ({next(numbers)})"
        taken[one] = name
    found = {name: label for label, name in taken.items()}
    return {name: found[name] for name in labels}


def version_label(job: Job) -> str:
    """Return the label of a version: its model, its settings, its date, and its state unless it is done."""
    parts = [model_name(job), *settings_of(job), when(job.created)]
    if job.state != kinds.DONE:
        names = {
            kinds.QUEUED: tr("queued"),
            kinds.WORKING: tr("working"),
            kinds.FAILED: tr("failed"),
            kinds.CANCELLED: tr("cancelled"),
        }
        parts.append(names[job.state])
    return " · ".join(parts)


def name_of(model: Model) -> str:
    return tr("{model}, on this machine", model=model.name) if model.local else f"{model.maker} · {model.name}"


def model_name(job: Job) -> str:
    if job.engine == kinds.ALIGNMENT:
        return tr("Imported transcript")
    try:
        return offered.known().find(job.model).name
    except BadOption:  # the model is no longer offered
        return job.model


def settings_of(job: Job) -> list[str]:
    """Return the options of a version, each in a few words; if the version was imported, the file name is first."""
    words = [str((job.provenance or {}).get("brought_from", ""))[:60]] if job.engine == kinds.ALIGNMENT else []
    for name, value in job.options.items():
        label = name.replace("_", " ")
        if value is True:
            words.append(label)
        elif name == "vocabulary":
            words.append(tr("vocabulary"))
        elif name in ("language", "language_code"):
            spoken = [LANGUAGES.get(code, code) for code in str(value).split(",")]
            words.append(reduce(lambda some, last: tr("{some} or {last}", some=some, last=last), spoken))
        elif (name, value) == ("speakers", "auto"):
            words.append(tr("speakers"))
        elif (name, value) == ("track", "all"):
            words.append(tr("each track is a speaker"))
        else:
            words.append(f"{label}: {value}"[:60])
    return words

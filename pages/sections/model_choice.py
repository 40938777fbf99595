"""Draw the choice of a model, and the controls for its options."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import streamlit as st

from pages import session
from pages.escape import plain, show_errors
from pages.format import beginning
from pages.sections.speaker_number import AUTOMATIC, OFF, speaker_number
from pages.sections.vocabulary_choice import vocabulary_choice
from pages.texts import tr, trn
from stt.aiml import catalog
from stt.aiml import offered as models
from stt.aiml.catalog import EXTRA, Model, Option
from stt.aiml.options import LONGEST_VALUE, clean_options
from stt.auth import keys
from stt.models import known, shelf
from stt.models.download import megabytes
from stt.models.known import Known
from stt.settings import settings
from stt.transcript.languages import LANGUAGES

SPOKEN = ("language", "language_code")
CHANNELS, SPEAKERS = "channels_are_speakers", "speakers"
ON_TOP = (CHANNELS, "translate")
HINT = 160  # maximum number of characters shown of a provider's description of a model


def model_choice(
    several_channels: bool, *, owner: str, tags: Iterable[str] = (), offer_speakers: bool = True, narrow: bool = False
) -> tuple[Model, dict[str, Any]]:
    """Draw the fields for the model, its options and the vocabulary. Return the model and the options that are set.

    The vocabulary has the terms of `owner` and of `tags`. `offer_speakers` is False if diarization is not needed, for
    example because each track is one speaker. With `narrow`, for dialogs, the fields are one below the other. With
    `several_channels`, the option to treat each channel as a speaker is offered, if the model runs on this machine.
    """
    model_place, language_place = (st.container(), st.container()) if narrow else st.columns(2)
    offered = offered_models()
    chosen = model_place.selectbox(
        tr("Model"),
        offered,
        format_func=_label,
        key="model",
        help=tr("Models of the AI/ML API need a key: see Settings."),
    )
    hint = (
        beginning(chosen.description, HINT)
        if not chosen.local
        else ""
        if chosen.id == catalog.LOCAL
        else _on_device(chosen)
    )
    if hint:
        plain(hint, "stt-hint")
    options: dict[str, Any] = {}
    by_channels = several_channels and bool(st.session_state.get(f"{chosen.id}-{CHANNELS}"))
    if chosen.option(SPEAKERS) and offer_speakers and not by_channels:
        language_place, speakers_place = language_place.columns((3, 2))
        with speakers_place:
            usual = OFF if settings().speakers == "off" else AUTOMATIC
            options[SPEAKERS] = speaker_number(f"{chosen.id}-{SPEAKERS}", usual=usual)
    spoken = next((option for option in chosen.options if option.name in SPOKEN), None)
    if spoken:
        with language_place:
            options[spoken.name] = _language(chosen, spoken)
    if chosen.local:
        with st.container(horizontal=True):
            for option in (chosen.option(name) for name in ON_TOP):
                if option and (several_channels or option.name == "translate"):
                    options[option.name] = _control(chosen, option)
            terms = vocabulary_choice(owner, chosen.id, tags)
        options |= _prompt(chosen)
    else:
        terms = vocabulary_choice(owner, chosen.id, tags)
        options |= _more(chosen, [option for option in chosen.options if option is not spoken])
    options = {name: value for name, value in options.items() if value not in (None, "", [])}
    with show_errors():
        clean_options(chosen, options)
    return chosen, options | terms


def cost_line(model: Model, lengths: list[float | None]) -> None:
    """Draw the cost of transcribing recordings with `model`; nothing for a model on this machine.

    `lengths` are the durations of the recordings in seconds, None for an unknown duration, such as that of a link.
    """
    if model.local or not lengths:
        return
    if model.per_second is None:
        plain(tr("The price of this model is not known in advance."), "stt-facts")
        return
    known = [seconds for seconds in lengths if seconds is not None]
    parts = [catalog.cost_text(sum(known), sum(known) * model.per_second)] if known else []
    if unknown := len(lengths) - len(known):
        rate = catalog.dollars(model.per_second * 60) if model.per_second else tr("free")
        parts.append(
            trn(
                "{count} recording of unknown length, price per minute: {rate}",
                "{count} recordings of unknown length, price per minute: {rate}",
                unknown,
                rate=rate,
            )
        )
    plain(" · ".join(parts), "stt-facts")


def offered_models() -> list[Model]:
    """Return the models in display order: those of the provider, if there is a key, then those on this machine."""
    has_key = session.key() is not None or keys.server_key() is not None
    if has_key:
        models.refresh(timeout=1.0)
    makers = models.known().by_maker().values()
    offered = [model for group in makers for model in group if models.offered(model)]
    # Of the models on this machine, the default comes first; the others are ordered by size.
    offered.sort(key=lambda model: (model.local, model.local and model.id != catalog.LOCAL))
    # If all models that the host offers need a key, list them even without a key. Starting a job then raises an error
    # that asks for a key.
    return [model for model in offered if has_key or model.local] or offered or [models.known().find(catalog.LOCAL)]


def _label(model: Model) -> str:
    if model.local:
        parts = [tr("{model}, on this machine", model=model.name)]
        if model.id != catalog.LOCAL:
            parts.append(megabytes(known.find(model.id).size))
    else:
        parts = [model.maker, model.name]
        if model.per_second is not None:
            parts.append(tr("{price} per minute", price=catalog.dollars(model.per_second * 60)))
    return " · ".join(parts)


def _on_device(model: Model) -> str:
    """Return facts about a Whisper model: languages, memory use, and the download unless it is complete."""
    entry = shelf.entry_of(known.find(model.id))
    parts = [languages_of(entry.known), tr("needs about {size} of memory", size=megabytes(entry.known.memory))]
    if entry.state == shelf.DOWNLOADING and entry.progress:
        parts.append(tr("downloading, {percent}\u00a0%", percent=entry.progress.percent))
    elif entry.state != shelf.HERE:
        parts.append(
            tr(
                "{size} will be downloaded first; {room} of disk space is free",
                size=megabytes(entry.size),
                room=megabytes(shelf.room()),
            )
        )
    return " · ".join(parts)


def languages_of(model: Known) -> str:
    """Return which languages a Whisper model supports."""
    return tr("English only") if model.english else tr("All languages")


def _language(model: Model, option: Option) -> str:
    if model.local and len(option.choices) == 1:
        st.selectbox(tr("Language"), [LANGUAGES["en"]], disabled=True, key=f"{model.id}-{option.name}")
        return ""  # the model supports only English
    if model.local:
        codes = st.multiselect(
            tr("Language"),
            list(LANGUAGES),
            format_func=lambda code: LANGUAGES[code],
            placeholder=tr("Detect automatically"),
            key=f"{model.id}-{option.name}",
            help=tr(
                "Setting the language improves accuracy. With several languages, each part is transcribed in the "
                "language that is spoken in it."
            ),
        )
        return ",".join(codes)
    return (
        st.selectbox(
            tr("Language"),
            ["", *LANGUAGES],  # "" stands for no language; with None, Streamlit would add a clear button
            format_func=lambda code: LANGUAGES.get(code, code) if code else tr("Model's default"),
            accept_new_options=option.free,
            key=f"{model.id}-{option.name}",
            help=tr("Setting the language improves accuracy. A code such as en-GB can be typed."),
        )
        or ""
    )


def _prompt(model: Model) -> dict[str, Any]:
    """Draw the option `prompt` in a collapsed section. Return {"prompt": value}; {} if `model` has no such option."""
    option = model.option("prompt")
    if option is None:
        return {}
    with st.expander(tr("More settings for this model"), icon=":material/tune:"):
        return {option.name: _control(model, option)}


def _more(model: Model, options: list[Option]) -> dict[str, Any]:
    """Draw the `options` of a provider's model in a collapsed section, and return their values by name."""
    values: dict[str, Any] = {}

    def draw(options: Iterable[Option]) -> None:
        values.update((option.name, _control(model, option)) for option in options)

    with st.expander(tr("More settings for this model"), icon=":material/tune:"):
        switches = [option for option in options if option.kind == "switch" and option.main]
        half = (len(switches) + 1) // 2
        # Fill the first column before the second: a phone stacks the columns, which must not change the order.
        for place, part in zip(st.columns(2), (switches[:half], switches[half:]), strict=True):
            with place:
                draw(part)
        further = model.option(EXTRA)
        draw(option for option in options if option.main and option not in switches)
        rest = [option for option in options if not option.main and option is not further]
        if rest and st.checkbox(tr("Show all settings of this model"), key=f"{model.id}-all"):
            draw(rest)
        if further:
            draw([further])
    return values


def _control(model: Model, option: Option) -> Any:
    """Draw the control that fits the option's kind, and return its value; None or "" if the default is unchanged."""
    key = f"{model.id}-{option.name}"
    label = f"{option.label}, {option.unit}" if option.unit else option.label
    if option.kind == "switch":
        value = st.toggle(label, option.on, help=option.help, key=key)
        return None if value == option.on else value
    if option.kind == "number":
        whole = int if option.whole else float
        return st.number_input(
            label,
            min_value=None if option.minimum is None else whole(option.minimum),
            max_value=None if option.maximum is None else whole(option.maximum),
            value=None,
            step=1 if option.whole else 0.1,
            help=option.help,
            key=key,
        )
    if option.kind == "choice":
        names = dict(option.choices)
        return st.selectbox(
            label,
            [None, *names],
            format_func=lambda value: names.get(value, value) if value else tr("Not set"),
            accept_new_options=option.free,
            help=option.help,
            key=key,
        )
    if option.kind == "json":
        return st.text_area(label, placeholder='{"name": "value"}', help=option.help, max_chars=LONGEST_VALUE, key=key)
    hint = tr("Separate with commas") if option.kind == "list" else None
    return st.text_input(label, placeholder=hint, help=option.help, max_chars=LONGEST_VALUE, key=key)

"""The choice of a model, and the controls for what that model takes."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages import visitor
from stt import keys, models
from stt.catalog import Model, Option
from stt.languages import LANGUAGES

SPOKEN = ("language", "language_code")
ON_TOP = ("translate", "channels_are_speakers")


def model_choice(several_channels: bool) -> tuple[Model, dict[str, Any]]:
    """The model that is chosen and the settings for it; empty ones are left out."""
    model_place, language_place = st.columns(2)
    offered = _offered()
    chosen = model_place.selectbox(
        "Model", offered, format_func=_label, key="model", help="Models of the AI/ML API need a key: see Settings."
    )
    options: dict[str, Any] = {}
    spoken = next((option for option in chosen.options if option.name in SPOKEN), None)
    if spoken:
        with language_place:
            options[spoken.name] = _language(chosen)
    if chosen.local:
        with st.container(horizontal=True):
            for option in (chosen.option(name) for name in ON_TOP):
                if option and (several_channels or option.name == "translate"):
                    options[option.name] = _control(chosen, option)
    else:
        options |= _more(chosen, [option for option in chosen.options if option is not spoken])
    return chosen, {name: value for name, value in options.items() if value not in (None, "", False, [])}


def _offered() -> list[Model]:
    """The models in the order of the list: those of the provider first, if there is a key for them."""
    has_key = visitor.key() is not None or keys.server_key() is not None
    if has_key:
        models.refresh()
    makers = models.known().by_maker().values()
    offered = [model for group in makers for model in group if models.offered(model)]
    # Where all that the host offers needs a key, the list says so at the start of a job.
    return [model for model in offered if has_key or model.local] or offered or [models.known().find(models.LOCAL)]


def _label(model: Model) -> str:
    if model.local:
        return f"{model.name}, on this machine"
    price = "" if model.per_second is None else f" · ${model.per_second * 60:.4f} a minute"
    return f"{model.maker} · {model.name}{price}"


def _language(model: Model) -> str | None:
    return st.selectbox(
        "Language",
        [None, *LANGUAGES],
        format_func=lambda code: LANGUAGES[code] if code else "Detect" if model.local else "The model's own choice",
        key=f"{model.id}-language",
        help="Choose the language when you know it: it is surer.",
    )


def _more(model: Model, options: list[Option]) -> dict[str, Any]:
    """What else the model takes, folded away."""
    values = {}
    with st.expander("More settings for this model", icon=":material/tune:"):
        switches = [option for option in options if option.kind == "switch" and option.main]
        places = st.columns(2)
        for number, option in enumerate(switches):
            with places[number % 2]:
                values[option.name] = _control(model, option)
        for option in options:
            if option.main and option not in switches:
                values[option.name] = _control(model, option)
        rest = [option for option in options if not option.main]
        if rest and st.checkbox("Show all that the model accepts", key=f"{model.id}-all"):
            for option in rest:
                values[option.name] = _control(model, option)
    return values


def _control(model: Model, option: Option) -> Any:
    """The right control for the kind of option; None, "" or False where it is not used."""
    key = f"{model.id}-{option.name}"
    label = f"{option.label}, {option.unit}" if option.unit else option.label
    if option.kind == "switch":
        return st.toggle(label, help=option.help, key=key)
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
            format_func=lambda value: names.get(value, value) if value else "Not set",
            accept_new_options=option.free,
            help=option.help,
            key=key,
        )
    if option.kind == "json":
        return st.text_area(label, placeholder='{"name": "value"}', help=option.help, key=key)
    hint = "Separate with commas" if option.kind == "list" else None
    return st.text_input(label, placeholder=hint, help=option.help, key=key)

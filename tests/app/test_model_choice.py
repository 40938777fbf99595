"""Test that choosing a model shows controls for exactly the options that the model has, and the estimated cost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from stt.aiml import offered
from stt.aiml.catalog import FIRST, LOCAL, packaged
from tests.conftest import read_settings_again, reset_caches
from tests.provider import KEY, Provider
from tests.waiting import until

PROVIDER_MODELS = [model for model in packaged().models if not model.local]


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with Provider() as provider, pytest.MonkeyPatch.context() as patch:
        patch.setenv("STT_DATA_DIR", str(tmp_path_factory.mktemp("choice")))
        patch.setenv("AIML_BASE_URL", provider.url)
        patch.setenv("AIML_API_KEY", KEY)
        reset_caches()
        yield provider
        reset_caches()


def script() -> None:
    import streamlit as st

    from pages.sections.model_choice import cost_line, model_choice

    state = st.session_state
    model, options = model_choice(
        state.get("channels", False), owner="local", offer_speakers=state.get("offer_speakers", True)
    )
    cost_line(model, st.session_state.get("lengths", [11.0]))
    st.session_state.chosen = model.id
    st.session_state.options = options


def choose(name: str) -> AppTest:
    test = AppTest.from_function(script, default_timeout=30)
    test.session_state.model = offered.known().find(name)
    test.run()
    assert not test.exception and test.session_state.chosen == name
    return test


def page_text(test: AppTest) -> str:
    return " ".join(part.proto.body for part in test.get("html"))


def controls(test: AppTest, model: str) -> set[str]:
    every = [*test.toggle, *test.number_input, *test.text_input, *test.text_area, *test.selectbox, *test.multiselect]
    return {control.key.removeprefix(f"{model}-") for control in every} - {"model"}


def test_models_are_grouped_by_maker_with_prices_and_the_default_first(provider):
    test = AppTest.from_function(script, default_timeout=30).run()
    until(lambda: offered.known() is not packaged())  # the page waits only a second for the provider's list
    labels = test.run().selectbox(key="model").options
    assert labels[0] == "OpenAI · Whisper base · $0.006 per minute"
    assert test.session_state.chosen == FIRST and provider.calls["models"] == 1
    makers = [label.split(" · ")[0] for label in labels if " · " in label]
    assert makers == sorted(makers, key=makers.index) and labels[-1] == "Whisper base, on this machine"
    assert "OpenAI · GPT-4o transcribe" in labels


@pytest.mark.parametrize("model", PROVIDER_MODELS, ids=lambda model: model.id)
def test_only_settings_of_the_model_are_offered_and_unset_ones_are_not_sent(provider, model):
    test = choose(model.id)
    more = [box for box in test.checkbox if box.label.startswith("Show all")]
    shown = {o.name for o in model.options if o.main} | {"extra"}
    assert controls(test, model.id) == shown and bool(more) == any(
        not o.main for o in model.options if o.name != "extra"
    )
    if more:
        more[0].check().run()
        assert controls(test, model.id) == {option.name for option in model.options}
    for option in model.options:
        if option.kind == "number":
            control = test.number_input(key=f"{model.id}-{option.name}")
            assert (control.min, control.max) == (option.minimum, option.maximum)
    assert test.session_state.options == {}


def test_chosen_settings_are_sent_and_enabled_ones_can_be_turned_off(provider):
    test = choose("aai/universal")
    test.toggle(key="aai/universal-speaker_labels").set_value(True)
    test.toggle(key="aai/universal-punctuate").set_value(False)
    test.number_input(key="aai/universal-speakers_expected").set_value(2)
    test.selectbox(key="aai/universal-language_code").set_value("de")
    test.text_area(key="aai/universal-extra").set_value('{"new_parameter": 1}').run()
    assert test.session_state.options == {
        "language_code": "de",
        "speaker_labels": True,
        "punctuate": False,
        "speakers_expected": 2,
        "extra": '{"new_parameter": 1}',
    }
    assert not test.error


def test_local_model_accepts_several_languages(provider):
    test = choose(LOCAL)
    languages = test.multiselect(key=f"{LOCAL}-language")
    assert languages.proto.placeholder == "Detect automatically" and "language" not in test.session_state.options
    languages.set_value(["es", "en"]).run()
    assert test.session_state.options == {"language": "es,en", "speakers": "auto"} and not test.error


def test_diarization_is_automatic_or_by_speaker_count_or_off(provider):
    test = choose(LOCAL)
    speakers = test.selectbox(key=f"{LOCAL}-speakers")
    assert speakers.options == ["Automatic", *map(str, range(1, 13)), "Off"]
    assert test.session_state.options == {"speakers": "auto"}
    speakers.set_value(3).run()
    assert test.session_state.options == {"speakers": 3} and not test.error
    test.selectbox(key=f"{LOCAL}-speakers").set_value("off").run()
    assert test.session_state.options == {} and not test.error
    assert "speakers" not in controls(choose(FIRST), FIRST)


def test_diarization_is_not_offered_where_speakers_are_known(provider):
    test = AppTest.from_function(script, default_timeout=30)
    test.session_state.model, test.session_state.channels = offered.known().find(LOCAL), True
    test.run()
    assert [toggle.label for toggle in test.toggle] == ["Each channel is a speaker", "Translate to English"]
    test.toggle(key=f"{LOCAL}-channels_are_speakers").set_value(True).run()
    assert "speakers" not in controls(test, LOCAL)
    assert test.session_state.options == {"channels_are_speakers": True}
    test = AppTest.from_function(script, default_timeout=30)
    test.session_state.model, test.session_state.offer_speakers = offered.known().find(LOCAL), False
    assert "speakers" not in controls(test.run(), LOCAL)


def test_host_sets_the_default_for_speakers(provider, monkeypatch):
    monkeypatch.setenv("STT_SPEAKERS", "off")
    read_settings_again()
    test = choose(LOCAL)
    assert test.selectbox(key=f"{LOCAL}-speakers").value == "off" and test.session_state.options == {}


def test_invalid_json_in_further_parameters_is_reported_at_once(provider):
    test = choose(FIRST)
    test.text_area(key=f"{FIRST}-extra").set_value("{no").run()
    assert "valid JSON" in test.error[0].value


@pytest.mark.parametrize(
    ("model", "lengths", "words"),
    [
        (FIRST, [11.0], "11 s, about $0.0011"),
        (
            FIRST,
            [11.0, 49.0, None],
            "1 min 0 s, about $0.006 · 1 recording of unknown length, price per minute: $0.006",
        ),
        (FIRST, [None, None], "2 recordings of unknown length, price per minute: $0.006"),
        ("openai/gpt-4o-transcribe", [11.0], "is not known in advance"),
    ],
)
def test_cost_is_shown_before_the_start(provider, model, lengths, words):
    test = AppTest.from_function(script, default_timeout=30)
    test.session_state.model, test.session_state.lengths = offered.known().find(model), lengths
    assert words in page_text(test.run())


def test_local_model_shows_no_cost(provider):
    assert "$" not in page_text(choose(LOCAL)) and "about" not in page_text(choose(LOCAL))

"""Test the models, their options and their costs."""

from __future__ import annotations

import ast
import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stt.aiml import catalog
from stt.aiml.catalog import FIRST, LOCAL, cost_text, load, packaged
from stt.aiml.offered import options_for
from stt.aiml.options import clean_options, take_track
from stt.errors import BadOption, ProviderDown
from tests.provider_contract import MODELS, PARAMETERS

REMOTE = [model for model in packaged().models if not model.local]


def test_the_models_are_grouped_by_maker_whisper_base_first_and_this_machine_last():
    makers = packaged().by_maker()
    assert packaged().models[0].id == FIRST and packaged().models[-1].id == LOCAL
    assert list(makers) == ["OpenAI", "Deepgram", "AssemblyAI", "Microsoft", "This machine"]


def test_every_model_of_the_contract_is_there_under_its_id_or_alias():
    assert {packaged().find(name).id for name in MODELS} == {model.id for model in REMOTE}
    assert packaged().find("whisper-base").id == FIRST
    with pytest.raises(BadOption, match="no model"):
        packaged().find("whisper-huge")


@pytest.mark.parametrize("model", REMOTE, ids=lambda model: model.id)
def test_model_offers_exactly_the_parameters_of_the_contract(model):
    takes = {pair.split(":")[0]: pair.split(":")[1] for pair in PARAMETERS[MODELS[model.id]].split()}
    kinds = {"b": "switch", "n": "number", "l": "list", "j": "json"}
    offered = {option.name: option.kind for option in model.options}
    assert set(offered) | {"extra"} == set(takes) | {"extra"}
    assert all(offered[name] == kinds.get(kind, offered[name]) for name, kind in takes.items())
    assert all(option.label and option.help.endswith(".") for option in model.options)


def test_the_temperature_has_the_bounds_of_its_model():
    assert packaged().find("openai/gpt-4o-transcribe").option("temperature").maximum == 1
    assert packaged().find("microsoft/mai-transcribe-1.5").option("temperature").maximum == 2


def test_the_english_only_model_offers_no_language():
    assert not any("language" in option.name for option in packaged().find("aai/slam-1").options)


def test_only_the_price_that_the_contract_names_is_known():
    assert {m.id: m.per_second for m in packaged().models if m.per_second} == {FIRST: 0.0001}
    assert all(m.per_second == 0 for m in packaged().models if m.local)
    assert "unknown" in json.loads(Path(catalog.__file__).with_name("models.json").read_text())["prices"]


@pytest.mark.parametrize(
    ("seconds", "model", "text"),
    [
        (11, FIRST, "11 s, about $0.0011"),
        (0.3, FIRST, "1 s, about $0.00003"),
        (125, FIRST, "2 min 5 s, about $0.013"),
        (3785, FIRST, "1 h 3 min, about $0.38"),
        (360000, FIRST, "100 h 0 min, about $36.00"),
        (11, LOCAL, "11 s, free"),
    ],
)
def test_cost_is_shown_with_the_duration(seconds, model, text):
    assert cost_text(seconds, packaged().find(model).cost(seconds)) == text


def test_an_unknown_price_gives_no_cost():
    assert packaged().find("aai/universal").cost(60) is None


@pytest.mark.parametrize(
    ("pricing", "per_second"),
    [
        ({"kind": "fixed", "units": [{"name": "minute", "price": 0.6, "per": 1}]}, 0.01),
        ({"kind": "fixed", "units": [{"name": "seconds", "price": 1, "per": 1000}]}, 0.001),
        ({"kind": "fixed", "units": [{"name": "token", "price": 1, "per": 1000}]}, None),
        ({"kind": "fixed", "units": [{"name": "second", "price": 1, "per": 0}]}, None),
        ({"kind": "fixed", "currency": "EUR", "units": [{"name": "second", "price": 1}]}, None),
        ({"kind": "variants", "units": [{"name": "second", "price": 1}]}, None),
        ({"kind": "variable"}, None),
        (None, None),
        ("free", None),
        ({"kind": "fixed", "units": "second"}, None),
    ],
)
def test_live_price_is_converted_to_a_price_per_second(tmp_path, pricing, per_second):
    found = load(tmp_path, lambda _: ([{"id": FIRST, "pricing": pricing}], None))
    assert found.find(FIRST).per_second == pytest.approx(per_second)


def test_live_list_is_cached_and_requested_again_with_its_etag(tmp_path):
    etags: list[str | None] = []
    clock = [1000.0]

    def fetch(etag):
        etags.append(etag)
        return (None, etag) if etag else ([{"id": "whisper-base", "pricing": None}, {"id": "nova-3-legal"}], '"v1"')

    for moment in (1000.0, 2000.0, 9000.0):
        clock[0] = moment
        live = load(tmp_path, fetch, now=lambda: clock[0])
        assert live.find("nova-3-legal").maker == "Deepgram"
        assert live.find(FIRST).per_second is None
        assert live.models[0].id == FIRST and live.models[-1].id == LOCAL
    assert etags == [None, '"v1"']


def test_offline_the_cached_list_is_used_or_else_the_packaged_one(tmp_path):
    def offline(_):
        raise ProviderDown()

    assert load(tmp_path, offline) is packaged()
    load(tmp_path, lambda _: ([{"id": "nova-3-legal"}], None), now=lambda: 0.0)
    assert load(tmp_path, offline, now=lambda: 9e9).find("nova-3-legal")


@pytest.mark.parametrize(
    "cached", ["", "{", "[]", '{"data": 5}', '{"data": [{"id": 5}], "at": "never"}', "[" * 100_000]
)
def test_damaged_cached_list_is_ignored(tmp_path, cached):
    (tmp_path / "aiml-models.json").write_text(cached)
    assert load(tmp_path, lambda _: ([], None)).find(FIRST)


def test_unwritable_folder_prevents_only_the_caching(tmp_path):
    assert load(tmp_path / "missing", lambda _: ([{"id": "nova-3-legal"}], None)).find("nova-3-legal")


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "aliases", "info", "pricing", "units", "name", "price", "per", "kind"]) | st.text(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(st.sampled_from(["id", "aliases", "info", "pricing"]), _JSON | st.just(FIRST))))
def test_any_live_list_leaves_the_packaged_models_in_place(entries):
    assert catalog._merged(entries).find(FIRST).id == FIRST


@pytest.mark.parametrize(
    ("given_", "sent"),
    [
        (
            {"diarize": "true", "utt_split": "0.8", "keywords": "one, two\nthree"},
            {"diarize": True, "utt_split": 0.8, "keywords": ["one", "two", "three"]},
        ),
        ({"diarize": False, "punctuate": None, "language": "", "search": []}, {"diarize": False}),
        ({"language": "de", "detect_language": True}, {"language": "de"}),
        ({"language": "pt-BR"}, {"language": "pt-BR"}),
        ({"extra": '{"callback": "x", "diarize": "true"}'}, {"callback": "x", "diarize": True}),
        ({"extra": {"extra": {"a": "b"}}}, {"extra": {"a": "b"}}),
        ({"utt_split": 2}, {"utt_split": 2}),
    ],
)
def test_options_are_sent_with_their_types_and_without_the_empty_ones(given_, sent):
    assert clean_options(packaged().find(FIRST), given_) == sent


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("es", "es"),
        ("es,en", "es,en"),
        (["es", "en-US", "es"], "es,en"),
        (" es , en ", "es,en"),
        ([], None),
        ("", None),
    ],
)
def test_local_model_takes_one_language_or_several(language, expected):
    assert options_for(packaged().find(LOCAL), LOCAL, {"language": language}).get("language") == expected


@pytest.mark.parametrize("number", [2, 2.0, "2"])
def test_whole_number_of_a_track_or_of_speakers_may_be_a_float(number):
    assert take_track({"track": number}) == "2"
    assert clean_options(packaged().find(LOCAL), {"speakers": number}) == {"speakers": "2"}


@pytest.mark.parametrize(
    ("model", "wrong"),
    [
        (FIRST, {"speaker_labels": True}),
        (FIRST, {"diarize": "perhaps"}),
        (FIRST, {"utt_split": -1}),
        (FIRST, {"utt_split": "nan"}),
        (FIRST, {"language": "english please"}),
        (FIRST, {"search": 5}),
        (FIRST, {"extra": "{"}),
        (FIRST, {"extra": [1]}),
        (FIRST, {"extra": {"model": "nova-3"}}),
        (FIRST, {"extra": {"url": "http://x"}}),
        (FIRST, {"extra": {"a b": 1}}),
        (FIRST, {"extra": {"a": float("nan")}}),
        (FIRST, {"language": 5}),
        (FIRST, {"custom_topic_mode": "loose"}),
        ("aai/slam-1", {"language_code": "de"}),
        ("aai/universal", {"speakers_expected": 1.5}),
        ("aai/universal", {"custom_spelling": "[{"}),
        ("openai/gpt-4o-transcribe", {"temperature": 1.5}),
        (LOCAL, {"extra": {"a": 1}}),
        (LOCAL, {"speakers": 2.5}),
        (LOCAL, {"speakers": math.inf}),
        (LOCAL, {"speakers": True}),
        (LOCAL, {"language": ["es", "english please"]}),
        (FIRST, {"language": "es,en"}),
    ],
)
def test_invalid_option_is_refused_with_a_reason(model, wrong):
    with pytest.raises(BadOption) as refused:
        clean_options(packaged().find(model), wrong)
    assert refused.value.message.endswith((".", "}.", "others)."))


def test_options_of_another_model_can_be_dropped():
    options = {"diarize": True, "language": "en", "speaker_labels": True}
    assert clean_options(packaged().find("openai/gpt-4o-transcribe"), options, unknown="drop") == {"language": "en"}


def test_duration_shown_with_a_cost_is_never_zero():
    assert cost_text(0.01, 0.0) == "1 s, free"


def test_the_catalog_does_not_load_whisper():
    imported = {
        name.name.split(".")[0] if isinstance(node, ast.Import) else node.module
        for node in ast.walk(ast.parse(Path(catalog.__file__).read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert not imported & {"faster_whisper", "stt.whisper.transcribe", "streamlit"}

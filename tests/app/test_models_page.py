"""Test the Whisper models on the Settings page and in the list of models: their state, and who may change them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from stt.aiml import offered
from stt.models import known, shelf
from stt.models.download import megabytes
from tests import hub
from tests.hub import Hub
from tests.server import ROOT
from tests.waiting import until

TINY = known.find("tiny.en")
FRAME = str(ROOT / "pages" / "frame.py")


@pytest.fixture
def model_hub(data, host, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with Hub({TINY.repository: hub.tiny_en()}) as model_hub:
        monkeypatch.setenv("HF_ENDPOINT", model_hub.url)
        yield model_hub


def settings_page() -> AppTest:
    page = AppTest.from_file(FRAME, default_timeout=60).switch_page("settings.py").run()
    assert not page.exception
    return page


def page_text(page: AppTest) -> str:
    return "\n".join(element.proto.body for element in page.get("html"))


def press(page: AppTest, key: str) -> None:
    page.button(key=key).click().run()
    assert not page.exception


def keys(page: AppTest) -> set[str]:
    return {button.key for button in page.button if button.key and button.key.startswith("model-")}


def test_host_downloads_stops_resumes_and_deletes_a_model(model_hub, host):
    host(STT_MANAGE_MODELS="1")
    page = settings_page()
    assert {f"model-get-{each.name}" for each in known.MODELS if not each.packaged} == keys(page)
    assert f"English only · 74 MB on disk · about {megabytes(TINY.memory)} in memory · not downloaded" in page_text(
        page
    )
    model_hub.stall_after = 40 << 20
    press(page, "model-get-whisper-tiny.en")
    assert model_hub.stalled.wait(30)
    until(lambda: shelf.entry_of(TINY).progress.percent >= 50)
    page.run()
    assert "downloading, 5" in page_text(page) and "Download of Whisper tiny.en" in page_text(page)
    press(page, "model-stop-whisper-tiny.en")
    until(lambda: shelf.entry_of(TINY).state == "stopped", 20)
    page.run()
    assert "download stopped at 5" in page_text(page)
    assert page.button(key="model-get-whisper-tiny.en").label == "Continue download"
    model_hub.stall_after = None
    model_hub.go_on.set()
    press(page, "model-get-whisper-tiny.en")
    until(lambda: shelf.is_available(TINY))
    page.run()
    assert f"English only · 74 MB on disk · about {megabytes(TINY.memory)} in memory · ready" in page_text(page)
    press(page, "model-delete-whisper-tiny.en")
    assert not shelf.is_available(TINY) and "model-get-whisper-tiny.en" in keys(page)


def test_failed_download_gives_the_reason_and_can_be_retried(model_hub, host):
    host(STT_MANAGE_MODELS="1")
    model_hub.status = [401]
    page = settings_page()
    press(page, "model-get-whisper-tiny.en")
    until(lambda: shelf.entry_of(TINY).state == "failed")
    page.run()
    assert "does not let this server read it (401). Set HF_TOKEN" in page_text(page)
    press(page, "model-get-whisper-tiny.en")
    until(lambda: shelf.is_available(TINY))


def test_download_of_a_model_over_the_memory_limit_is_refused(model_hub, host):
    host(STT_MANAGE_MODELS="1", STT_MODEL_MEMORY_MB="500")
    page = settings_page()
    press(page, "model-get-whisper-large-v3")
    assert "Whisper large\\-v3 needs about" in page.error[0].value and not model_hub.requests


def test_visitor_sees_the_offered_models_and_cannot_change_them(model_hub, host):
    page = settings_page()
    assert not keys(page) and "Whisper base" in page_text(page) and "Whisper small" not in page_text(page)
    host(STT_MODELS="local/whisper-base, local/whisper-small")
    page.run()
    assert not keys(page) and "Whisper small" in page_text(page) and "Whisper medium" not in page_text(page)


def picker() -> None:
    import streamlit as st

    from pages.sections.model_choice import model_choice

    model, options = model_choice(False, owner="local")
    st.session_state.chosen, st.session_state.options = model.id, options


def test_picker_offers_downloaded_or_listed_models_with_base_first(model_hub, host):
    test = AppTest.from_function(picker, default_timeout=30).run()
    assert test.selectbox(key="model").options == ["Whisper base, on this machine"]
    host(STT_MODELS="local/*")
    test.run()
    assert test.selectbox(key="model").options[:3] == [
        "Whisper base, on this machine",
        "Whisper tiny, on this machine · 74 MB",
        "Whisper tiny.en, on this machine · 74 MB",
    ]
    assert len(test.selectbox(key="model").options) == len(known.MODELS) and test.session_state.chosen.endswith("base")
    assert len(test.multiselect) == 1 and [toggle.label for toggle in test.toggle] == ["Translate to English"]
    test.session_state.model = offered.known().find(TINY.id)
    test.run()
    assert (
        f"English only · needs about {megabytes(TINY.memory)} of memory · 74 MB will be downloaded first"
        in page_text(test)
    )
    assert test.selectbox(key=f"{TINY.id}-language").disabled and not test.toggle, "one language, nothing to translate"
    shelf.get("tiny.en", lambda progress: None)
    test.run()
    assert "downloaded" not in page_text(test) and "English only" in page_text(test)

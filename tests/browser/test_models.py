"""Test on-device models in a real browser, without an API key: downloading, comparing, cancelling, deleting."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from stt.models import known
from tests import hub
from tests.browser.conftest import row
from tests.hub import Hub
from tests.server import Server

MINUTE = 60_000  # milliseconds
TINY = known.find("tiny.en")


@pytest.fixture(scope="module")
def model_hub() -> Iterator[Hub]:
    with Hub({TINY.repository: hub.tiny_en()}) as model_hub:
        yield model_hub


@pytest.fixture(scope="module")
def server(model_hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("models")
    listed = "local/whisper-base, local/whisper-tiny.en"
    with Server(folder / "data", HF_ENDPOINT=model_hub.url, STT_MODELS=listed, STT_MANAGE_MODELS="1") as server:
        yield server


@pytest.fixture(scope="module")
def reader(browser: Browser, server: Server) -> Iterator[Page]:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    yield page
    page.context.close()


def test_row_shows_the_progress_of_a_model_download_and_cancel_stops_it(reader: Page, server: Server, model_hub: Hub):
    model_hub.stall_after = 40 << 20
    reader.goto(server.url)
    reader.get_by_role("combobox", name="Model").click()
    reader.get_by_role("option", name="Whisper tiny.en, on this machine").click()
    expect(reader.get_by_text("74 MB will be downloaded first")).to_be_visible()
    reader.locator("input[type=file]").first.set_input_files("tests/speech/austen-0870.wav")
    reader.locator("[class*=st-key-chosen-]").first.wait_for()
    reader.get_by_role("button", name="Transcribe", exact=True).click()
    expect(row(reader, "austen-0870")).to_contain_text(
        re.compile("Downloading Whisper tiny.en, 5\\d %"), timeout=MINUTE
    )
    row(reader, "austen-0870").get_by_role("button", name="Cancel").click()
    expect(row(reader, "austen-0870")).to_contain_text("Cancelled", timeout=15_000)
    model_hub.stall_after = None
    model_hub.go_on.set()


def test_recording_is_compared_in_two_local_models_with_one_button(reader: Page, server: Server):
    reader.goto(server.url)
    reader.get_by_role("button", name="Try the sample").click()
    row(reader, "Kennedy").get_by_role("button", name="Read").wait_for(timeout=MINUTE)
    reader.goto(server.url + "/compare")
    reader.get_by_role("combobox", name="Models").click()
    for name in ("Whisper tiny.en", "Whisper base"):
        reader.get_by_role("combobox", name="Models").fill(name)
        reader.get_by_role("option").first.click()
    reader.keyboard.press("Escape")
    expect(reader.get_by_text(re.compile(r"Takes about \d+ s on this machine"))).to_be_visible()
    reader.get_by_role("button", name="Transcribe with 2 models and compare").click()
    rows = reader.locator(".stt-cmp-facts tbody tr")
    expect(rows).to_have_count(3, timeout=2 * MINUTE)
    expect(rows).to_contain_text(["Whisper base", "Whisper tiny.en", "Whisper base"])
    expect(rows.nth(1)).to_contain_text(re.compile(r"\d+\.\d\s%.*times real time.*Free"))


def test_the_host_deletes_a_model_and_downloads_it_again(reader: Page, server: Server):
    reader.goto(server.url + "/settings")
    tiny = reader.locator(".st-key-model-whisper-tiny-en")
    expect(tiny).to_contain_text("ready · last used")
    tiny.get_by_role("button", name="Delete").click()
    expect(tiny).to_contain_text("not downloaded")
    tiny.get_by_role("button", name="Download").click()
    expect(tiny.get_by_role("button", name="Delete")).to_be_visible(timeout=MINUTE)

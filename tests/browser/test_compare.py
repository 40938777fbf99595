"""Versions and the Compare page in a real browser: made, followed, laid side by side, measured, heard."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import audio
from tests.browser.conftest import add_files
from tests.provider import KEY, Provider
from tests.server import Server

MINUTE = 60_000  # milliseconds
HEARD = "And so my fellow Americans <b>ask</b> not what our country can do, ask what you can really do for your country."


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.fixture(scope="module")
def server(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("compare")
    with Server(folder / "data", AIML_BASE_URL=provider.url, AIML_API_KEY=KEY) as server:
        yield server


@pytest.fixture(scope="module")
def reader(browser: Browser, server: Server) -> Iterator[Page]:
    """A visitor with one transcript, made on this machine."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.set_default_timeout(30_000)
    page.goto(server.url)
    page.get_by_role("button", name="Try the sample").click()
    page.locator(".st-key-jobs").get_by_role("button", name="Read").first.wait_for(timeout=MINUTE)
    yield page
    page.context.close()


@pytest.fixture(scope="module")
def compared(reader: Page, server: Server, provider: Provider) -> str:
    """The address of a comparison of three models, made with one button."""
    provider.script(duration=1.0, text=HEARD)
    reader.goto(server.url + "/compare")
    reader.get_by_role("combobox", name="Models").click()
    for name in ("Nova-3", "Universal"):
        reader.get_by_role("combobox", name="Models").fill(name)
        reader.get_by_role("option").first.click()
    reader.keyboard.press("Escape")
    reader.get_by_role("button", name=re.compile("Transcribe with 2 models and compare")).click()
    expect(reader).to_have_url(re.compile(r"/compare\?ids=.+"))
    expect(reader.locator(".stt-cmp-facts tbody tr")).to_have_count(3, timeout=MINUTE)
    return reader.url


def test_one_button_runs_several_models_and_shows_what_each_took(reader: Page, compared: str):
    print(compared)
    reader.screenshot(path="/tmp/c1.png", full_page=True)

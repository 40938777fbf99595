"""Test the webhook on the Settings page, and the browser's notification at the end of a job."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from pytest_httpserver import HTTPServer

from tests import audio
from tests.browser.conftest import add_files, until_true
from tests.chromium import launch
from tests.server import Server
from tests.waiting import until

pytestmark = pytest.mark.own_server
MINUTE = 60_000  # milliseconds


@pytest.fixture
def server(tmp_path: Path):
    with Server(tmp_path / "data", STT_ALLOW_PRIVATE_URLS="1") as server:
        yield server


def test_webhook_address_is_saved_tested_and_sent_to_again(browser: Browser, server: Server, httpserver: HTTPServer):
    httpserver.expect_request("/told").respond_with_data("thanks <b>a lot</b>")
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(f"{server.url}/settings")
    page.get_by_label("URL", exact=True).fill("ftp://example.com")
    page.get_by_role("button", name="Save the URL").click()
    expect(page.get_by_text("Only addresses that begin with http")).to_be_visible()
    page.get_by_label("URL", exact=True).fill(httpserver.url_for("/told"))
    page.get_by_role("button", name="Save the URL").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_role("button", name="Send a test").click()
    row = page.locator("[class*=st-key-delivery-]")
    expect(row).to_contain_text("delivered · 1 attempt · response status 200 · thanks <b>a lot</b>", timeout=MINUTE)
    page.get_by_role("button", name="Send again").click()
    expect(row).to_contain_text("2 attempts", timeout=MINUTE)
    page.get_by_role("button", name="Secret").click()
    expect(page.get_by_text("whsec_")).to_be_visible()
    context.close()


RECORD = """() => {
    window.told = [];
    const Real = Notification;
    window.Notification = class extends Real { constructor(title, more) { super(title, more); told.push(more.body); } };
    Object.defineProperty(document, "hidden", { get: () => window.away ?? false, configurable: true });
}"""


def test_end_of_a_long_job_in_a_hidden_tab_is_notified(browser: Browser, server: Server, tmp_path: Path):
    full_browser = launch(browser.browser_type, whole=True)  # the headless shell has no notifications
    context = full_browser.new_context(viewport={"width": 1440, "height": 900}, permissions=["notifications"])
    page = context.new_page()
    page.goto(server.url)
    page.evaluate(RECORD)  # record the texts of notifications, because a headless browser shows none
    path = audio.write(tmp_path / "long.flac", audio.speech(240))  # long enough to press the button before the end
    add_files(page, path)
    page.get_by_role("button", name="Transcribe", exact=True).click()
    button = page.get_by_role("button", name="Notify when done")
    button.click()
    expect(page.get_by_role("button", name="This browser notifies you")).to_have_attribute("aria-pressed", "true")
    page.evaluate("() => { window.away = true; }")
    until(lambda: page.evaluate("() => told.length"), 300)
    assert "long" in page.evaluate("() => told[0]")
    until_true(page, "() => document.querySelector('.stt-notify').hidden")
    full_browser.close()

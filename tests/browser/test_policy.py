"""A full session under the content policy: nothing is refused, and nothing is asked of any other server."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, expect

from tests import audio
from tests.browser.conftest import add_files
from tests.server import Server

MINUTE = 60_000  # milliseconds


def test_a_full_session_stays_on_this_server_and_within_the_policy(browser: Browser, server: Server):
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    context.grant_permissions(["clipboard-read", "clipboard-write", "microphone"])
    page = context.new_page()
    page.set_default_timeout(25_000)
    refused: list[str] = []
    outside: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None)
    page.on("console", lambda said: refused.append(said.text) if "ERR_NAME" in said.text else None)
    page.on("request", lambda sent: outside.append(sent.url) if not sent.url.startswith((server.url, "data:", "blob:")) else None)

    page.goto(server.url)
    add_files(page, audio.JFK)
    page.get_by_role("tab", name="Record").click()
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_text(re.compile("00:0[1-9]")).wait_for()
    page.get_by_role("button", name=re.compile("Stop")).click()
    page.locator("[class*=st-key-chosen-]", has_text="Recording of").wait_for()
    page.get_by_role("button", name="Transcribe", exact=True).click()
    page.locator(".st-key-jobs [class*=st-key-job-]", has_text="jfk").first.get_by_role("button", name="Read").click()
    page.locator(".st-key-transcript .stt-word").nth(5).click()
    page.wait_for_function("[...document.querySelectorAll('audio')].some(a => a.currentTime > 0.5)")
    page.get_by_role("button", name="Copy text").click()
    page.wait_for_function("navigator.clipboard.readText().then(text => text.includes('your country'))")
    page.get_by_role("button", name="Download").first.click()
    with page.expect_download():
        page.get_by_role("button", name=re.compile("SRT|TXT")).first.click()
    for path in ("/history", "/settings"):
        page.goto(server.url + path)
        expect(page.locator("h1").first).to_be_visible()
    context.close()
    assert not refused and not outside

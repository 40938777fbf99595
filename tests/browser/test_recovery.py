"""Test recovery codes in real browsers: a code or link brings a history to another browser, after a click there."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect

from stt.auth import visitors
from stt.transcript.model import Transcript
from tests import audio, transcripts
from tests.browser.conftest import add_files
from tests.browser.test_login import requests_session
from tests.server import Server

pytestmark = pytest.mark.own_server

MINUTE = 60_000  # milliseconds


@pytest.fixture
def contexts(browser: Browser) -> Iterator[list[BrowserContext]]:
    opened: list[BrowserContext] = []
    yield opened
    for context in opened:
        context.close()


def visit(browser: Browser, contexts: list[BrowserContext], address: str) -> Page:
    """Open the URL `address` in a new browser context, as a new visitor."""
    contexts.append(browser.new_context())
    page = contexts[-1].new_page()
    page.goto(address)
    return page


def give_transcript(page: Page, server: Server) -> str:
    """Store a transcript for the visitor of this browser, and return its generation id."""
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    with transcripts.sharing_data_with(server):
        owner = visitors.owner_of(visitors.visitor(cookies))
        speech = Transcript((transcripts.spoken_segment(audio.JFK_WORDS),), 11.0, "en")
        return transcripts.store(owner, speech, audio.JFK, duration=11.0)


def create_code(page: Page, server: Server) -> tuple[str, str]:
    """Create a recovery code on the Settings page, and return (code, link)."""
    page.goto(f"{server.url}/settings")
    page.get_by_role("button", name="Create a recovery code").click()
    texts = page.get_by_test_id("stCode").filter(has_text=re.compile(r"[0-9A-Z]{5}(-[0-9A-Z]{5}){4}"))
    expect(texts).to_have_count(2)
    return texts.first.inner_text().strip(), texts.last.inner_text().strip()


def may_play(page: Page, server: Server, generation_id: str) -> bool:
    return requests_session(page).get(f"{server.url}/audio/{generation_id}").status_code == 200


def test_link_connects_the_history_after_a_click_and_leaks_no_code(browser, contexts, server: Server):
    page = visit(browser, contexts, server.url)
    generation_id = give_transcript(page, server)
    code, link = create_code(page, server)
    assert link == f"{server.url}/settings#recover={code}"

    other = visit(browser, contexts, server.url)
    requested: list[str] = []
    other.on("request", lambda request: requested.append(request.url + str(request.headers)))
    other.goto(link)
    button = other.get_by_role("button", name="Use this history")
    expect(button).to_be_visible()
    expect(other.get_by_text("a history with 1 transcript")).to_be_visible()
    expect(other).to_have_url(f"{server.url}/settings")
    assert not [one for one in requested if code in one], "the code is in no request that a proxy would log"
    assert not may_play(other, server, generation_id), "opening the link changes nothing"
    cookie = requests_session(other).cookies["stt_visitor"]
    button.click()
    expect(other.get_by_text("This browser now uses the history that the code belongs to.")).to_be_visible()
    assert may_play(other, server, generation_id) and may_play(page, server, generation_id), "both browsers have it"
    assert requests_session(other).cookies["stt_visitor"] == cookie
    other.goto(f"{server.url}/transcript?id={generation_id}")
    expect(other.locator(".st-key-transcript")).to_contain_text("your country")
    assert code not in server.log.read_text() and code.replace("-", "") not in server.log.read_text()

    page.goto(f"{server.url}/settings")
    expect(page.get_by_text(re.compile("^Created .* last used"))).to_be_visible()
    page.get_by_role("button", name="Disconnect").click()
    expect(page.get_by_role("button", name="Disconnect")).to_have_count(0)
    assert not may_play(other, server, generation_id) and may_play(page, server, generation_id)


def test_a_get_or_a_prefetch_of_the_link_changes_nothing(browser, contexts, server: Server):
    page = visit(browser, contexts, server.url)
    generation_id = give_transcript(page, server)
    code, link = create_code(page, server)
    other = visit(browser, contexts, server.url)
    program = requests_session(other)
    for address in (link, f"{server.url}/settings?recover={code}"):
        for headers in (
            {"Accept": "text/html", "Sec-Fetch-Site": "cross-site"},
            {"Accept": "text/html", "Purpose": "prefetch"},
        ):
            assert program.get(address, headers=headers).status_code == 200
            assert requests.get(address, headers=headers).status_code == 200
    assert not may_play(other, server, generation_id)
    page.goto(f"{server.url}/settings")
    expect(page.get_by_text("not used yet")).to_be_visible()


def test_code_restores_history_of_a_lost_cookie_and_adds_the_present_one(
    browser, contexts, server: Server, tmp_path: Path
):
    page = visit(browser, contexts, server.url)
    first = give_transcript(page, server)
    code, _link = create_code(page, server)
    page.context.clear_cookies()
    page.goto(server.url)
    second = give_transcript(page, server)
    assert not may_play(page, server, first) and may_play(page, server, second)
    running = page.context.new_page()
    running.goto(server.url)
    long = audio.write(tmp_path / "long.flac", audio.speech(130))
    add_files(running, long)
    running.get_by_role("button", name="Transcribe", exact=True).click()
    running.get_by_role("button", name="Cancel").wait_for()  # the button shows that the job is running

    page.goto(f"{server.url}/settings")
    page.get_by_label("Code from another browser").fill(code.lower().replace("-", " "))
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("Add this browser’s present history").click()
    page.get_by_role("button", name="Use this history").click()
    expect(page.get_by_text("This browser now uses the history that the code belongs to.")).to_be_visible()
    assert may_play(page, server, first) and may_play(page, server, second)
    # The tab with the running job shows the browser's new history without a reload, and the job ends.
    expect(running.locator(".st-key-jobs").get_by_role("button", name="Read")).to_have_count(3, timeout=3 * MINUTE)
    with sqlite3.connect(server.data / "stt.db") as connection:
        owner = connection.execute("SELECT owner FROM transcriptions WHERE id = ?", [first]).fetchone()[0]
        states = connection.execute("SELECT DISTINCT state FROM transcriptions WHERE owner = ?", [owner]).fetchall()
        count = connection.execute("SELECT count(*) FROM transcriptions WHERE owner = ?", [owner]).fetchone()[0]
    assert (count, states) == (3, [("done",)])


def test_present_history_is_kept_separate_and_restored_on_leaving(browser, contexts, server: Server):
    page = visit(browser, contexts, server.url)
    first = give_transcript(page, server)
    _code, link = create_code(page, server)
    other = visit(browser, contexts, server.url)
    second = give_transcript(other, server)
    other.goto(link)
    expect(other.get_by_text("Use only your own code")).to_be_visible()
    other.get_by_role("button", name="Use this history").click()
    expect(other.get_by_text("This browser now uses the history that the code belongs to.")).to_be_visible()
    assert may_play(other, server, first) and not may_play(other, server, second) and not may_play(page, server, second)
    other.get_by_role("button", name="Leave this history").click()
    expect(other.get_by_role("button", name="Leave this history")).to_have_count(0)
    assert may_play(other, server, second) and not may_play(other, server, first)


def test_revoked_or_wrong_code_is_refused_with_a_message(browser, contexts, server: Server):
    page = visit(browser, contexts, server.url)
    _code, link = create_code(page, server)
    page.goto(f"{server.url}/settings")
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("button", name="Revoke")).to_have_count(0)
    other = visit(browser, contexts, link)
    expect(other.get_by_text("There is no such recovery code.")).to_be_visible()
    other.get_by_label("Code from another browser").fill("<b>wrong</b>")
    other.get_by_role("button", name="Continue").click()
    expect(other.get_by_text("There is no such recovery code.")).to_be_visible()
    expect(other.get_by_role("button", name="Use this history")).to_have_count(0)


def test_hint_appears_with_the_third_transcript_and_can_be_dismissed(browser, contexts, server: Server):
    page = visit(browser, contexts, server.url)
    for _ in range(2):
        give_transcript(page, server)
    page.reload()
    read = page.locator(".st-key-jobs").get_by_role("button", name="Read")
    expect(read).to_have_count(2)
    expect(page.locator(".st-key-keep-hint")).to_have_count(0)
    add_files(page, audio.JFK)
    page.get_by_role("button", name="Transcribe", exact=True).click()
    expect(read).to_have_count(3, timeout=2 * MINUTE)
    # The hint appears without a reload when the third transcript is done.
    expect(page.locator(".st-key-keep-hint").get_by_role("link", name="Keep this history")).to_be_visible()
    page.goto(f"{server.url}/history")
    page.locator(".st-key-keep-hint").get_by_role("button", name="Dismiss").click()
    expect(page.locator(".st-key-keep-hint")).to_have_count(0)
    for path in ("history", ""):
        page.goto(f"{server.url}/{path}")
        expect(page.locator("h1").first).to_be_visible()
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
        expect(page.locator(".st-key-keep-hint")).to_have_count(0)

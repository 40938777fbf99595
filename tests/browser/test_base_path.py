"""Test the app under a path (`server.baseUrlPath`): pages, routes, components, links and cookies are all below it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from stt.auth import visitors
from tests import audio
from tests.browser.conftest import add_files, until_true
from tests.server import Server

MINUTE = 60_000  # milliseconds


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("path") / "data", STREAMLIT_SERVER_BASE_URL_PATH="stt") as server:
        yield server


def base(server: Server) -> str:
    """Return the URL of the app, including its path."""
    return server.url if Server.nginx else f"{server.url}/stt"


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    context.grant_permissions(["clipboard-read", "clipboard-write", "microphone"])
    page = context.new_page()
    page.answers = []
    page.on("response", lambda answer: page.answers.append((answer.status, answer.url)))
    page.goto(f"{base(server)}/")
    yield page
    outside = [(status, url) for status, url in page.answers if "/stt/" not in url and url.startswith("http")]
    # Errors at /_stcore/health and /_stcore/host-config are normal: Streamlit's page also tries parent paths.
    broken = [(status, url) for status, url in page.answers if status >= 400 and "/_stcore/h" not in url]
    context.close()
    assert outside == [] and broken == []


def test_recording_is_uploaded_read_played_downloaded_and_shared_under_path(page: Page, server: Server):
    add_files(page, audio.JFK)
    page.get_by_role("button", name="Transcribe", exact=True).click()
    page.locator(".st-key-jobs").get_by_role("button", name="Read").click(timeout=MINUTE)
    expect(page).to_have_url(re.compile(r"/stt/transcript\?id="))
    page.locator(".st-key-transcript .stt-word").nth(5).click()
    until_true(page, "[...document.querySelectorAll('audio')].some(a => a.currentTime > 0.5)")
    expect(page.locator(".stt-waved")).to_be_visible()
    page.get_by_role("button", name="Download").first.click()
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("SRT")).first.click()
    assert b"-->" in download.value.path().read_bytes()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Create link").click()
    link = page.locator("code", has_text="/shared?token=").inner_text().strip()
    assert link.startswith(f"{base(server)}/shared?token=")
    page.goto(link)
    expect(page.locator(".stt-word").nth(3)).to_be_visible()
    page.get_by_role("button", name="Play", exact=True).click()
    until_true(page, "[...document.querySelectorAll('audio')].some(a => a.currentTime > 0.1)")


def visitor(page: Page) -> list[str]:
    return [cookie["value"] for cookie in page.context.cookies() if cookie["name"] == visitors.COOKIE]


def test_microphone_recording_is_uploaded_under_path(page: Page):
    page.get_by_role("tab", name="Record").click()
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_text(re.compile("00:0[1-9]")).wait_for()
    page.get_by_role("button", name=re.compile("Stop")).click()
    page.locator("[class*=st-key-chosen-]", has_text="Recording of").wait_for()


@pytest.mark.parametrize("path", ["history", "compare", "settings", "api"])
def test_every_page_opens_under_the_path_and_keeps_the_visitor(page: Page, server: Server, path: str):
    before = visitor(page)
    page.goto(f"{base(server)}/{path}")
    expect(page.locator("h1").first).to_be_visible()
    assert visitor(page) == before != []


def test_api_routes_answer_under_path_and_at_root_for_proxies(server: Server):
    root = f"http://localhost:{server.port}"
    for address in (base(server), root):
        assert requests.get(f"{address}/healthz", timeout=30).status_code == 200
        assert requests.get(f"{address}/v1/stt/x", timeout=30).status_code == 401
    document = requests.get(f"{base(server)}/v1/openapi.json", timeout=30).json()
    assert document["servers"] == [{"url": "/stt/v1"}]
    for closed in ("/stt/media/x", "/stt/_stcore/upload_file/a/b", "/stt/auth/login"):
        assert requests.get(root + closed, timeout=30).status_code == 404

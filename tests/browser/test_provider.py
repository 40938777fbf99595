"""The AI/ML API through the browser, against a strict provider of our own: key, file, link, faults, secrecy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import audio
from tests.browser.conftest import add_files
from tests.provider import KEY, Provider
from tests.server import Server

MINUTE = 60_000


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.fixture(scope="module")
def server(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that knows where the provider is, but has no key of its own."""
    folder = tmp_path_factory.mktemp("provider")
    with Server(folder / "data", AIML_BASE_URL=provider.url) as server:
        yield server


@pytest.fixture(scope="module")
def customer(browser: Browser, server: Server) -> Iterator[Page]:
    """A visitor who entered the key; everything that the browser receives is kept in `received`."""
    page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    page.received = []
    page.on("response", lambda answer: page.received.append(str(answer.headers)) if answer.url else None)
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: page.received.append(str(frame))))
    page.goto(server.url + "/settings")
    field = page.get_by_role("textbox", name="AI/ML API key")
    field.fill("sk-wrong-0000000000")
    page.get_by_role("button", name="Check and use").click()
    expect(page.get_by_text(re.compile("Check the key"))).to_be_visible()
    page.get_by_role("textbox", name="AI/ML API key").fill(KEY)
    page.get_by_role("button", name="Check and use").click()
    expect(page.get_by_text("Your key is in use")).to_be_visible()
    page.get_by_role("link", name="Transcribe").click()
    page.locator("input[type=file]").first.wait_for(state="attached")
    yield page
    page.context.close()


def row(page: Page, title: str):
    return page.locator(".st-key-jobs [class*=st-key-job-]", has_text=title).first


def test_a_file_goes_to_the_provider_and_its_transcript_is_read(customer: Page, provider: Provider):
    provider.script(duration=3.0, text="The provider heard this.")
    add_files(customer, audio.JFK)
    expect(customer.get_by_text("11 s, about $0.0011")).to_be_visible()
    customer.get_by_role("button", name="Transcribe", exact=True).click()
    state = row(customer, "jfk").locator(".stt-state")
    expect(state).to_have_text(re.compile(r"provider.*so far"))
    expect(state).not_to_contain_text("%")
    row(customer, "jfk").get_by_role("button", name="Read").click(timeout=MINUTE)
    expect(customer.locator(".st-key-transcript")).to_contain_text("The provider heard this.")
    customer.get_by_role("link", name="Transcribe").click()
    assert [job.size for job in provider.jobs.values()] == [audio.JFK.stat().st_size]


def test_a_link_is_handed_over_as_it_is(customer: Page, provider: Provider):
    provider.script(duration=0.2, text="Behind the link.")
    customer.get_by_role("tab", name="Link").click()
    customer.get_by_label("Addresses of recordings").fill("https://example.org/talk-42.mp3")
    customer.get_by_label("Addresses of recordings").press("Control+Enter")
    customer.get_by_role("button", name="Transcribe", exact=True).click()
    expect(row(customer, "talk-42")).to_contain_text("Behind the link.", timeout=MINUTE)
    assert "https://example.org/talk-42.mp3" in [job.content for job in provider.jobs.values()]


def test_a_failure_is_told_in_the_providers_words_and_can_be_retried(customer: Page, provider: Provider):
    provider.script(duration=0.1, error={"name": "Bad", "message": "This sample is <b>not</b> supported"})
    customer.get_by_role("tab", name="Upload").click()
    add_files(customer, audio.AUSTEN[0])
    customer.get_by_role("button", name="Transcribe", exact=True).click()
    failed = row(customer, "austen-0870")
    expect(failed).to_contain_text("This sample is <b>not</b> supported", timeout=MINUTE)
    provider.script(error=None, text="Now it works.")
    failed.get_by_role("button", name="Retry").click()
    expect(failed).to_contain_text("Now it works.", timeout=MINUTE)


def test_the_key_reaches_neither_the_browser_nor_the_disk(customer: Page, server: Server):
    assert customer.received
    assert not [piece for piece in customer.received if KEY in piece]
    for path in [*server.data.rglob("*"), server.log]:
        if path.is_file():
            assert KEY.encode() not in path.read_bytes(), path.name

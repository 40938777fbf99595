"""Test transcription by the AI/ML API in a browser, with a stand-in provider: key, file, link, faults, secrecy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from tests import audio
from tests.browser.conftest import add_files, row
from tests.provider import KEY, Provider
from tests.server import Server

MINUTE = 60_000


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.fixture(scope="module")
def server(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server that uses the stand-in provider and has no API key."""
    folder = tmp_path_factory.mktemp("provider")
    with Server(folder / "data", AIML_BASE_URL=provider.url) as server:
        yield server


class Traffic:
    """Record everything that a page receives: responses with bodies, and the frames of its websocket."""

    def __init__(self, page: Page) -> None:
        self.answers, self.frames = [], []
        page.on("response", lambda answer: self.answers.append(answer))
        page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: self.frames.append(str(frame))))

    def holding(self, secret: str) -> list[str]:
        found = [frame for frame in self.frames if secret in frame]
        for answer in self.answers:
            head = f"{answer.url} {answer.headers}"
            with suppress(Error):  # redirects and downloads have no readable body
                head += str(answer.body())
            found += [answer.url] if secret in head else []
        return found


def files_holding(secret: str, server: Server) -> list[str]:
    every = [*server.data.rglob("*"), server.log]
    return [path.name for path in every if path.is_file() and secret.encode() in path.read_bytes()]


@pytest.fixture(scope="module")
def customer(browser: Browser, server: Server) -> Iterator[Page]:
    """Return the page of a visitor who entered KEY. Its attribute `watched` records all that the page receives."""
    page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    page.watched = Traffic(page)
    page.goto(server.url + "/settings")
    field = page.get_by_role("textbox", name="AI/ML API key")
    field.fill("sk-wrong-0000000000")
    page.get_by_role("button", name="Check and use").click()
    expect(page.get_by_text(re.compile("Check the key"))).to_be_visible()
    page.get_by_role("textbox", name="AI/ML API key").fill(KEY)
    page.get_by_role("button", name="Check and use").click()
    expect(page.get_by_text("Your key is used")).to_be_visible()
    page.get_by_role("link", name="Transcribe").click()
    page.locator("input[type=file]").first.wait_for(state="attached")
    yield page
    page.context.close()


def test_file_is_sent_to_the_provider_and_its_transcript_is_read(customer: Page, provider: Provider):
    provider.script(duration=600.0, text="The provider heard this.")  # until its state was seen
    add_files(customer, audio.JFK)
    expect(customer.get_by_text("11 s, about $0.0011")).to_be_visible()
    customer.get_by_role("button", name="Transcribe", exact=True).click()
    state = row(customer, "jfk").locator(".stt-state")
    expect(state).to_have_text(re.compile(r"provider.*so far"))
    expect(state).not_to_contain_text("%")
    provider.script(duration=0.0)
    for job in list(provider.jobs.values()):
        job.script["duration"] = 0.0
    row(customer, "jfk").get_by_role("button", name="Read").click(timeout=MINUTE)
    expect(customer.locator(".st-key-transcript")).to_contain_text("The provider heard this.")
    customer.get_by_role("link", name="Transcribe").click()
    assert [job.size for job in provider.jobs.values()] == [audio.JFK.stat().st_size]


def test_link_is_passed_to_the_provider_unchanged(customer: Page, provider: Provider):
    provider.script(duration=0.2, text="Behind the link.")
    customer.get_by_role("tab", name="Link").click()
    customer.get_by_role("button", name="Transcribe", exact=True).click()
    expect(customer.get_by_text("Paste a link to a recording first.")).to_be_visible()
    customer.get_by_label("Links to recordings").fill("https://example.org/talk-42.mp3")
    customer.get_by_role("button", name="Transcribe", exact=True).click()
    expect(row(customer, "talk-42")).to_contain_text("Behind the link.", timeout=MINUTE)
    assert "https://example.org/talk-42.mp3" in [job.content for job in provider.jobs.values()]


def test_several_links_start_together_and_an_invalid_one_stays(customer: Page, provider: Provider):
    box = customer.get_by_label("Links to recordings")
    links = [f"https://example.org/several-{number}.mp3" for number in (1, 2)]
    box.fill("\n".join([links[0], "ftp://example.org/a.mp3", links[1], links[0]]))
    box.press("Control+Enter")
    expect(customer.get_by_text("3 recordings of unknown length, price per minute: $0.006")).to_be_visible()
    customer.get_by_role("button", name="Transcribe", exact=True).click()
    for number in (1, 2):
        expect(row(customer, f"several-{number}")).to_contain_text("Behind the link.", timeout=MINUTE)
    expect(customer.get_by_text(re.compile("begin with http"))).to_be_visible()
    expect(customer.get_by_label("Links to recordings")).to_have_value("ftp://example.org/a.mp3")
    assert sorted(job.content for job in provider.jobs.values() if job.content in links) == links
    customer.get_by_label("Links to recordings").fill("")
    customer.get_by_label("Links to recordings").press("Control+Enter")


def test_provider_error_message_is_shown_and_job_can_be_retried(customer: Page, provider: Provider):
    provider.script(duration=0.1, error={"name": "Bad", "message": "This sample is <b>not</b> supported"})
    customer.get_by_role("tab", name="Upload").click()
    add_files(customer, audio.AUSTEN[0])
    customer.get_by_role("button", name="Transcribe", exact=True).click()
    failed = row(customer, "austen-0870")
    expect(failed).to_contain_text("This sample is <b>not</b> supported", timeout=MINUTE)
    provider.script(error=None, text="Now it works.")
    failed.get_by_role("button", name="Retry").click()
    expect(failed).to_contain_text("Now it works.", timeout=MINUTE)


def test_key_in_a_provider_error_reaches_neither_browser_nor_disk(customer: Page, server: Server, provider: Provider):
    provider.fault("create", "401", message=f"Incorrect key {KEY}")
    add_files(customer, audio.AUSTEN[1])
    customer.get_by_role("button", name="Transcribe", exact=True).click()
    expect(row(customer, "austen-0890")).to_contain_text("Incorrect key [key]", timeout=MINUTE)
    assert len(customer.watched.answers) > 10 and len(customer.watched.frames) > 10
    assert customer.watched.holding("[key]")  # the error message did reach the browser, with the key replaced
    assert customer.watched.holding(KEY) == [] and files_holding(KEY, server) == []


def test_server_key_from_the_secrets_file_is_used_and_never_revealed(
    browser: Browser, provider: Provider, tmp_path: Path
):
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text(f'AIML_API_KEY = "{KEY}"\n')
    provider.script(text="On the server's key.")
    with Server(tmp_path / "data", AIML_BASE_URL=provider.url, HOME=str(tmp_path)) as server:
        page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
        watched = Traffic(page)
        page.goto(server.url)
        add_files(page, audio.JFK)
        page.get_by_role("button", name="Transcribe", exact=True).click()
        expect(row(page, "jfk")).to_contain_text("On the server's key.", timeout=MINUTE)
        page.get_by_role("link", name="Settings").click()
        expect(page.get_by_text("This server has its own key.")).to_be_visible()
        assert watched.frames and watched.holding(KEY) == [] and files_holding(KEY, server) == []
        page.context.close()

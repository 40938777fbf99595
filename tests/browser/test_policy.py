"""Test a full session: the browser violates no content policy, calls no other server, and receives no API key."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, Error, Page, Response, expect

from tests import audio
from tests.browser.conftest import add_files, until_true
from tests.browser.test_login import requests_session
from tests.provider import KEY, Provider
from tests.server import Server

MINUTE = 60_000  # milliseconds
VISITOR_KEY = "sk-mine-fedcba9876543210"  # the API key that the visitor enters; KEY is the API key of the server
PROVIDER_TEXT = "The provider heard this about your country."


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        provider.script(duration=0.5, text=PROVIDER_TEXT)
        yield provider


@pytest.fixture(scope="module")
def server(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server with the API key KEY."""
    data = tmp_path_factory.mktemp("policy") / "data"
    with Server(data, AIML_BASE_URL=provider.url, AIML_API_KEY=KEY) as server:
        yield server


class Traffic:
    """Record what a page receives (bodies, headers, websocket frames), policy errors, and requests to other servers."""

    def __init__(self, page: Page, server: Server) -> None:
        self.received: list[bytes] = []
        self.refused: list[str] = []
        self.outside: list[str] = []
        self._answers: list[Response] = []
        page.on(
            "console",
            lambda line: self.refused.append(line.text) if re.search("Content Security|ERR_NAME", line.text) else None,
        )
        ours = (server.url, "data:", "blob:")
        page.on("request", lambda sent: self.outside.append(sent.url) if not sent.url.startswith(ours) else None)
        page.on("response", lambda answer: self._answers.append(answer))
        page.on("websocket", lambda socket: socket.on("framereceived", self._frame))

    def _frame(self, frame: str | bytes) -> None:
        self.received.append(frame.encode() if isinstance(frame, str) else frame)

    def collect(self) -> None:
        """Read the bodies of all responses so far. Call it before leaving the page, which discards them."""
        for answer in self._answers:
            self.received.append(f"{answer.url} {answer.all_headers()}".encode())
            with suppress(Error):  # redirects and downloads have no readable body
                self.received.append(answer.body())
        self._answers.clear()

    def holds(self, text: str) -> bool:
        """Return whether `text` was received, plainly or within base64 at any byte offset."""
        forms = [text.encode()]
        forms += [base64.b64encode(b"x" * offset + text.encode())[4:-4] for offset in range(3)]
        return any(form in piece for piece in self.received for form in forms)


def test_full_session_obeys_policy_stays_on_server_and_returns_no_key(
    browser: Browser, server: Server, provider: Provider
):
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    context.grant_permissions(["clipboard-read", "clipboard-write", "microphone"])
    page = context.new_page()
    page.set_default_timeout(25_000)
    traffic = Traffic(page, server)

    page.goto(server.url)
    add_files(page, audio.JFK)
    page.get_by_role("tab", name="Record").click()
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_text(re.compile("00:0[1-9]")).wait_for()
    page.get_by_role("button", name=re.compile("Stop")).click()
    page.locator("[class*=st-key-chosen-]", has_text="Recording of").wait_for()
    page.get_by_role("button", name="Transcribe", exact=True).click()
    row = page.locator(".st-key-jobs [class*=st-key-job-]", has_text="jfk").first
    expect(row.get_by_role("button", name="Read")).to_be_visible(timeout=MINUTE)
    traffic.collect()

    provider.key = VISITOR_KEY
    page.get_by_role("link", name="Settings").click()
    for key, answer in (("sk-wrong-0000000000", "Check the key"), (VISITOR_KEY, "Your key is used")):
        page.get_by_role("textbox", name="AI/ML API key").fill(key)
        page.get_by_role("button", name="Check and use").click()
        expect(page.get_by_text(re.compile(answer))).to_be_visible()
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.get_by_label("Name of the program").fill("Nightly run")
    page.get_by_role("button", name="Create token").click()
    token = page.locator("code", has_text="stt_").inner_text().strip()
    page.get_by_role("link", name="Transcribe").click()
    page.locator(".st-key-jobs [class*=st-key-job-]", has_text="jfk").first.get_by_role("button", name="Read").click()
    page.locator(".st-key-transcript .stt-word").nth(5).click()
    until_true(page, "[...document.querySelectorAll('audio')].some(a => a.currentTime > 0.5)")
    page.get_by_role("button", name="Copy text").click()
    until_true(page, "navigator.clipboard.readText().then(text => text.includes('your country'))")
    page.get_by_role("button", name="Download").first.click()
    with page.expect_download():
        page.get_by_role("link", name=re.compile("SRT|TXT")).first.click()
    traffic.collect()
    for path in ("/history", "/compare", "/api", "/settings"):
        page.goto(server.url + path)
        expect(page.locator("h1").first).to_be_visible()
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
        traffic.collect()
    with page.expect_download() as everything:
        page.get_by_role("link", name="Download all as one ZIP").click()
    traffic.received.append(everything.value.path().read_bytes())

    assert PROVIDER_TEXT.rsplit(maxsplit=1)[-1].encode() in b"".join(traffic.received), "the transcript was received"
    assert not traffic.refused and not traffic.outside
    program = requests_session(page)
    program.headers["Authorization"] = f"Bearer {token}"
    create = {"files": {"audio": ("by a program.flac", audio.JFK.read_bytes())}, "data": {"model": "#g1_whisper-base"}}
    for method, address, more in (
        ("GET", "/v1/models", {}), ("GET", "/v1/openapi.json", {}), ("GET", "/metrics", {}), ("GET", "/healthz", {}),
        ("POST", "/v1/stt/create", create), ("POST", "/v1/stt/create", {"json": {"model": KEY[:9]}}),
    ):  # fmt: skip
        traffic.received.append(program.request(method, server.url + address, **more).content)
    page.goto(server.url)  # this page lists also the job that was created with the visitor's token
    expect(page.locator(".st-key-jobs [class*=st-key-job-]", has_text="by a program")).to_be_visible()
    traffic.collect()
    for key in (KEY, VISITOR_KEY):
        assert not traffic.holds(key)
        for path in [*server.data.rglob("*"), server.log]:
            if path.is_file():
                assert key.encode() not in path.read_bytes(), path.name
    context.close()

"""Test two visitors of one server: no page shows one visitor's data to the other, and no text becomes markup.

The first visitor's records are hostile: titles, words, names, links and errors from outside that look like HTML,
Markdown, LaTeX and scripts.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect

from stt import kinds
from stt.auth import tokens, visitors
from stt.library import sharing, tagging
from stt.store import recordings, records
from stt.transcript.model import Segment, Transcript, Word
from tests import audio
from tests.browser.test_login import requests_session, sign_in
from tests.conftest import reset_caches
from tests.integration.test_limits import job
from tests.oidc import Provider
from tests.server import ROOT, Server

SECRET = "quixotic-zanzibar"  # a string that occurs in all records of the owner
HOSTILE = (
    f'{SECRET} <img src=x onerror="window.taken=1"><script>window.taken=1</script> **b** [a](javascript:window.taken=1) '
    "![i](https://evil.example/i.png) :red[d] $x^2$ `c` {{7*7}} \u202egpj.exe =1+1 https://evil.example/a www.evil.example ann@evil.example"
)
FAILURE = {"kind": "GenerationFailed", "title": HOSTILE, "message": HOSTILE, "guidance": HOSTILE}

# Path of a page: (query string, with ids from `record_ids`, whether the owner sees SECRET on the page).
PAGES = {
    "": ("", True),
    "history": ("", True),
    "compare": ("?ids={done},{failed}", True),
    "transcript": ("?id={done}", True),
    "settings": ("", True),
    "api": ("", False),
    "shared": ("?token={withdrawn}", False),
    "account": ("", False),
}
MORE = {"transcript": "?id={failed}", "history": "?q=quixotic", "shared": "?token={done}"}


def test_every_page_has_a_row_in_the_table():
    calls = (
        node for node in ast.walk(ast.parse((ROOT / "pages" / "frame.py").read_text())) if isinstance(node, ast.Call)
    )
    pages = [call for call in calls if ast.unparse(call.func) == "st.Page"]
    paths = {next((k.value.value for k in page.keywords if k.arg == "url_path"), "") for page in pages}
    assert len(paths) == len(pages) and paths == set(PAGES), "say in PAGES what the new page shows, and to whom"


@dataclass
class Visitor:
    """Represent a visitor's page, and what it has received: websocket frames and response headers."""

    page: Page
    received: list[bytes] = field(default_factory=list)

    @classmethod
    def at(cls, context: BrowserContext, address: str) -> Visitor:
        created = cls(context.new_page())
        created.page.on("websocket", lambda socket: socket.on("framereceived", created._frame))
        created.page.on("response", created._answer)
        created.page.goto(address)
        return created

    def _frame(self, frame: str | bytes) -> None:
        self.received.append(frame.encode() if isinstance(frame, str) else frame)

    def _answer(self, answer) -> None:
        self.received.append(str(answer.headers).encode())

    def open(self, address: str) -> bytes:
        """Open a URL, and return what the page receives until it is complete."""
        self.received.clear()
        self.page.goto(address)
        self.page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
        expect(self.page.locator("h1").first).to_be_visible()
        return b"".join(self.received)


@pytest.fixture(scope="module", params=["private", "login"])
def server(request, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run the app, and let this process use its data folder."""
    folder = tmp_path_factory.mktemp(request.param)
    environment = {"STT_ACCESS": request.param, "STT_NOTICE": HOSTILE.replace(SECRET, "")}
    if request.param == "login":
        environment["STREAMLIT_SECRETS_FILES"] = str(folder / "secrets.toml")
    server = Server(folder / "data", **environment)
    with pytest.MonkeyPatch.context() as patch, Provider(f"{server.url}/oauth2callback") as provider:
        (folder / "secrets.toml").write_text(provider.secrets())
        patch.setenv("STT_DATA_DIR", str(folder / "data"))
        patch.setenv("STT_ACCESS", request.param)
        reset_caches()
        with server:
            yield server
        reset_caches()


def visitor(browser: Browser, server: Server, email: str) -> Visitor:
    opened = Visitor.at(browser.new_context(accept_downloads=True), server.url)
    if server.environment["STT_ACCESS"] == "login":
        sign_in(opened.page, email)
    expect(opened.page.locator("input[type=file]").first).to_be_attached()
    return opened


@pytest.fixture(scope="module")
def owner(browser: Browser, server: Server) -> Iterator[Visitor]:
    opened = visitor(browser, server, "ann@example.org")
    yield opened
    opened.page.context.close()


@pytest.fixture(scope="module")
def stranger(browser: Browser, server: Server) -> Iterator[Visitor]:
    opened = visitor(browser, server, "ben@example.org")
    yield opened
    opened.page.context.close()


@pytest.fixture(scope="module")
def record_ids(owner: Visitor) -> dict[str, str]:
    """Create the owner's records: a transcript, a failed job, a token, links. The keys are those in PAGES and MORE."""
    name = visitors.owner_of(visitors.visitor(requests_session(owner.page).cookies))
    assert name is not None
    recording = recordings.take_in(audio.JFK, name, f"{SECRET}.flac")
    words = tuple(Word(f" {word}", i * 0.3, i * 0.3 + 0.2, 0.4, HOSTILE) for i, word in enumerate(HOSTILE.split()))
    segment = Segment(0.0, 10.0, "".join(word.text for word in words), words, HOSTILE)
    ids = {}
    for kind, url in (("done", None), ("failed", f"https://example.org/{HOSTILE}")):
        record = job(name, minutes=11 / 60, title=HOSTILE, recording_id=recording.id, url=url, state=kinds.WORKING)
        records.insert(record)
        records.finish(record, Transcript((segment,), 11.0, language="en"))
        ids[kind] = record.id
    records.transition(record.id, (kinds.DONE,), kinds.FAILED, error=FAILURE)
    tagging.set_tags(record.id, name, [HOSTILE[:60]])
    revoked = sharing.create(ids["done"], name, days=1, audio=True)
    sharing.revoke(sharing.all_of(ids["done"], name)[0].id, name)
    tokens.create(f"{SECRET} <img src=x onerror='window.taken=1'> **b** $x$", name)
    return ids | {"withdrawn": revoked, "shared": sharing.create(ids["done"], name, days=1, audio=True)}


def addresses(server: Server, record_ids: dict[str, str]) -> Iterator[tuple[str, str, bool]]:
    for path, (query, seen) in PAGES.items():
        if path != "account" or server.environment["STT_ACCESS"] == "login":
            yield path, f"{server.url}/{path}{query.format(**record_ids)}", seen
            if path in MORE:
                yield path, f"{server.url}/{path}{MORE[path].format(**record_ids)}", seen


def test_each_page_shows_records_as_plain_text_and_only_to_their_owner(
    server, owner: Visitor, stranger: Visitor, record_ids
):
    for path, address, seen in addresses(server, record_ids):
        received = owner.open(address)
        assert (SECRET.encode() in received) == seen, f"the owner at /{path}"
        assert_no_markup(owner.page, path, seen)
        assert SECRET.encode() not in stranger.open(address), f"a stranger at /{path}"
        expect(stranger.page.get_by_text(SECRET)).to_have_count(0)


def test_shared_transcript_is_shown_as_plain_text(server, stranger: Visitor, record_ids):
    assert SECRET.encode() in stranger.open(f"{server.url}/shared?token={record_ids['shared']}")
    assert_no_markup(stranger.page, "shared", seen=True)


def assert_no_markup(page: Page, path: str, seen: bool) -> None:
    # The history draws its texts on a canvas, and Settings shortens the name of the token.
    if seen and path not in ("history", "settings"):
        expect(page.get_by_text('<img src=x onerror="window.taken=1">').first).to_be_visible()
    assert page.evaluate("window.taken") is None, path
    loaded = page.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
    assert not [address for address in loaded if "evil.example" in address]
    for markup in (
        "img[src=x]",
        "a[href^='javascript:']",
        ".katex",
        "[src*='evil.example']",
        "a[href*='evil.example']",
        "strong:text-is('b')",
    ):
        expect(page.locator(markup)).to_have_count(0)


def test_download_is_only_for_its_owner(server: Server, owner: Visitor, stranger: Visitor, record_ids):
    owner.open(f"{server.url}/transcript?id={record_ids['done']}")
    owner.page.get_by_role("button", name="Download").first.click()
    with owner.page.expect_download() as download:
        owner.page.get_by_role("link", name=re.compile("SRT")).first.click()
    address = download.value.url
    assert "/export/" in address and SECRET in Path(download.value.path()).read_text()
    owner_session, stranger_session, anonymous_session = (
        requests_session(owner.page),
        requests_session(stranger.page),
        requests.Session(),
    )
    assert SECRET in owner_session.get(address).text
    for session in (stranger_session, anonymous_session):
        for headers in ({}, {"Range": "bytes=0-9"}, {"Accept-Encoding": "gzip"}):
            answer = session.get(address, headers=headers)
            assert answer.status_code == 404 and SECRET not in answer.text

"""Test share links, the notice, quotas and a visitor's own data in a real browser."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from stt.db.engine import database
from stt.library import sharing
from tests import audio
from tests.browser.conftest import add_files, type_date, until_true
from tests.oidc import Provider
from tests.server import Server, free_port
from tests.transcripts import finished

MINUTE = 60_000  # milliseconds
NOTICE = "Down on Friday <b>from 18:00</b>"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    limits = {"STT_NOTICE": NOTICE, "STT_MINUTES_PER_VISITOR": "1", "STT_KEEP_AUDIO_DAYS": "30"}
    with Server(tmp_path_factory.mktemp("share") / "data", **limits) as server:
        yield server


@pytest.fixture
def owner(page: Page) -> Page:
    """Return the page of a visitor who has transcribed a recording and opened the transcript."""
    add_files(page, audio.JFK)
    page.get_by_role("button", name="Transcribe", exact=True).click()
    page.locator(".st-key-jobs").get_by_role("button", name="Read").click(timeout=2 * MINUTE)
    page.locator(".st-key-transcript .stt-word").first.wait_for()
    return page


@pytest.fixture
def stranger(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def share(page: Page, *, with_audio: bool = True, at: str = "", until: date | None = None) -> str:
    """Create a share link on the transcript's page. The dialog stays open."""
    if not page.get_by_role("dialog").is_visible():
        page.get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog")
    box = dialog.get_by_role("checkbox", name="With the audio")
    box.wait_for(state="attached")
    if box.is_checked() != with_audio:
        dialog.get_by_text("With the audio", exact=True).click()
    if until:
        type_date(page, "The link works until", until)
        page.keyboard.press("Tab")  # leave the calendar's button, so that the calendar closes
    if at:
        dialog.get_by_label("Start playback at (seconds)").fill(at)
    dialog.get_by_role("button", name="Create link").click()
    link = dialog.locator("code")
    link.wait_for()
    return link.inner_text().strip()


def test_share_link_opens_and_plays_at_its_moment_until_it_is_revoked(owner: Page, stranger: Page, server: Server):
    link = share(owner, at="5.5")
    assert link.startswith(f"{server.url}/shared?token=") and link.endswith("&at=5.5")
    generation_id = owner.url.partition("id=")[2].partition("&")[0]
    stranger.on("websocket", lambda socket: socket.on("framereceived", lambda data: frames.append(data)))
    frames: list[bytes | str] = []
    with (
        stranger.expect_response("**/audio/shared?*") as sound_response,
        stranger.expect_response("**/waveform?*") as waveform_response,
    ):
        stranger.goto(link)
    expect(stranger.locator(".st-key-transcript")).to_contain_text("fellow Americans")
    expect(stranger.get_by_role("heading", name="jfk")).to_be_visible()
    until_true(stranger, "Math.abs(document.querySelector('audio').currentTime - 5.5) < 0.1")
    for button in ("Delete", "Download", "Share", "Transcribe again"):
        expect(stranger.get_by_role("button", name=button)).to_have_count(0)
    received = b"".join(f if isinstance(f, bytes) else f.encode() for f in frames)
    assert b"Americans" in received, "the words were received"
    assert generation_id.encode() not in received and b"jfk.flac" not in received and b"visitor:" not in received
    sound, waveform = sound_response.value.url, waveform_response.value.url
    answer = requests.get(sound, headers={"Range": "bytes=0-99"})
    assert answer.status_code == 206 and answer.content == audio.JFK.read_bytes()[:100]
    assert answer.headers["cache-control"] == "private, no-store"

    owner.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(owner.get_by_role("dialog").get_by_role("button", name="Revoke")).to_have_count(0)
    assert requests.get(sound).status_code == requests.get(waveform).status_code == 404
    stranger.goto(link)
    expect(stranger.get_by_role("heading", name="Not found")).to_be_visible(timeout=30_000)
    expect(stranger.get_by_text("Americans")).to_have_count(0)


def test_share_link_without_audio_gives_no_audio(owner: Page, stranger: Page, server: Server):
    ends = datetime.now(UTC) + timedelta(days=3)
    link = share(owner, with_audio=False, until=ends.date())
    expect(owner.get_by_role("dialog")).to_contain_text(f"Without the audio, expires {ends.day} {ends:%b %Y}")
    token = link.partition("token=")[2]
    stranger.goto(link)
    expect(stranger.locator(".st-key-transcript")).to_contain_text("fellow Americans")
    generation_id = owner.url.partition("id=")[2].partition("&")[0]
    for name in ("shared", generation_id):
        assert requests.get(f"{server.url}/audio/{name}", params={"share": token}).status_code == 404
    assert requests.get(f"{server.url}/audio/{generation_id}").status_code == 404


def test_share_link_needs_no_sign_in_and_its_token_is_not_logged(data: Path, stranger: Page, tmp_path: Path):
    talk = finished()
    token = sharing.create(talk.id, talk.owner, days=1, audio=True)
    database().dispose()
    port, secrets = free_port(), tmp_path / "secrets.toml"
    with Provider(f"http://localhost:{port}/oauth2callback") as provider:
        secrets.write_text(provider.secrets())
        with Server(data, port, STT_ACCESS="login", STREAMLIT_SECRETS_FILES=str(secrets)) as server:
            read_without_an_account(stranger, server, talk.id, token)


def read_without_an_account(stranger: Page, server: Server, generation_id: str, token: str) -> None:
    stranger.goto(f"{server.url}/shared?token={token}")
    expect(stranger.locator(".st-key-transcript")).to_contain_text("Ask not.")
    assert requests.get(f"{server.url}/audio/shared", params={"share": token}).content == audio.JFK.read_bytes()
    assert requests.get(f"{server.url}/audio/{generation_id}").status_code == 404
    stranger.goto(f"{server.url}/transcript?id={generation_id}")
    expect(stranger.get_by_role("button", name="Sign in")).to_be_visible()
    expect(stranger.get_by_text("Ask not.")).to_have_count(0)
    assert token not in server.log.read_text()


def test_server_notice_is_on_every_page_as_plain_text(page: Page, server: Server):
    for path in ("/", "/history", "/compare", "/settings", "/shared?token=x"):
        page.goto(server.url + path)
        expect(page.locator(".st-key-server-notice")).to_have_text(NOTICE)


def test_refusal_states_the_quota_and_when_it_resets(page: Page, server: Server, tmp_path: Path):
    sound = audio.samples(audio.JFK)
    # Two recordings of 44 s, which together exceed the quota of 1 min.
    paths = [audio.write(tmp_path / f"{name}.wav", np.tile(sound, 4)) for name in ("one", "two")]
    add_files(page, *paths)
    page.get_by_role("button", name="Transcribe", exact=True).click()
    alert = page.get_by_role("alert").filter(has_text="The limit is 1 min of audio a day for each visitor")
    expect(alert).to_contain_text("Resets at midnight UTC, in ")
    page.goto(server.url + "/settings")
    expect(page.get_by_role("row", name="Your audio per day 1 min 0.7 min today")).to_be_visible()
    expect(page.get_by_role("row", name="Audio is kept 30 days")).to_be_visible()


def test_all_data_of_a_visitor_is_downloaded_and_deleted(owner: Page, server: Server):
    owner.goto(server.url + "/settings")
    with owner.expect_download() as download:
        owner.get_by_role("link", name="Download all as one ZIP").click()
    archive = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert b"Americans" in archive.read("transcripts/0001 jfk.txt")
    assert archive.read("recordings/0001 jfk.flac") == audio.JFK.read_bytes()
    owner.get_by_role("button", name="Delete everything").click()
    dialog = owner.get_by_role("dialog")
    expect(dialog).to_contain_text("cannot be undone")
    dialog.get_by_role("button", name="Keep").click()
    expect(dialog).to_have_count(0)
    expect(owner.get_by_text("1 transcript on this server.")).to_be_visible()
    owner.get_by_role("button", name="Delete everything").click()
    dialog.get_by_role("button", name="Delete everything").click()
    expect(owner.get_by_text("Everything of yours was deleted.")).to_be_visible()
    expect(owner.get_by_text("0 transcripts on this server.")).to_be_visible()

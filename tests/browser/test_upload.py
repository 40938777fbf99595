"""Uploads in a real browser: percent, cancel, broken connections, the limit, and the disk of the server."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests import audio
from tests.browser.conftest import add_files
from tests.server import Server

SLOW = 600_000  # bytes a second


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """5 MB of sound, about ten seconds on the slow line."""
    sound = np.tile(audio.samples(audio.JFK), 15)
    return audio.write(tmp_path_factory.mktemp("large") / "large.wav", sound)


@pytest.fixture
def network(page: Page) -> CDPSession:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    return session


def line(network: CDPSession, *, offline: bool = False, upload: int = -1) -> None:
    conditions = {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": upload}
    network.send("Network.emulateNetworkConditions", conditions)


def incoming(server: Server) -> list[Path]:
    return list((server.data / "incoming").iterdir())


def send_slowly(page: Page, network: CDPSession, path: Path, speed: int = SLOW):
    """Begin the upload on a slow line, and wait until a part of it has gone."""
    line(network, upload=speed)
    page.locator("input[type=file]").first.set_input_files(str(path))
    row = page.locator(".stt-upload", has_text=path.name)
    expect(row.locator(".stt-upload-state")).to_have_text(re.compile(r"^[1-9]\d? %"))
    expect(row.get_by_role("progressbar")).to_have_attribute("aria-valuenow", re.compile(r"^[1-9]\d?$"))
    return row


def test_an_upload_tells_its_percent_and_cancel_leaves_nothing(page: Page, network, server: Server, large: Path):
    row = send_slowly(page, network, large)
    row.get_by_role("button", name="Cancel: large.wav").click()
    expect(page.locator(".stt-upload")).to_have_count(0)
    expect(page.locator("input[type=file]").first).to_be_focused()  # the keyboard is where it can go on
    line(network)
    add_files(page, large)
    assert not incoming(server)  # what was cancelled, too
    expect(page.locator("[class*=st-key-chosen-]")).to_have_count(1)


def test_a_file_over_the_limit_is_refused_before_anything_is_sent(page: Page, tmp_path: Path):
    sent = []
    page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/upload") else None)
    huge = tmp_path / "huge.wav"
    with open(huge, "wb") as file:
        file.truncate(3 << 30)  # a sparse file: 3 GB that take no room
    expect(page.locator(".stt-drop-hint")).to_have_text("Sound or video, up to 2 GB each")
    page.locator("input[type=file]").first.set_input_files(str(huge))
    refusal = page.locator(".stt-upload", has_text="huge.wav").get_by_role("alert")
    expect(refusal).to_contain_text("Too large. It has 3 GB, the limit is 2 GB. Cut it into parts")
    assert not sent


def test_the_same_file_twice_is_two_recordings(page: Page):
    add_files(page, audio.AUSTEN[1])
    page.locator("input[type=file]").first.set_input_files(str(audio.AUSTEN[1]))
    chosen = page.locator("[class*=st-key-chosen-]", has_text="austen-0890")
    expect(chosen).to_have_count(2)
    chosen.first.get_by_role("button", name="Remove").click()
    expect(chosen).to_have_count(1)


def test_what_waits_for_the_start_is_there_again_after_a_reload(page: Page):
    add_files(page, audio.AUSTEN[1])
    page.reload()
    chosen = page.locator("[class*=st-key-chosen-]", has_text="austen-0890")
    expect(chosen).to_have_count(1)
    chosen.get_by_role("button", name="Remove").click()
    expect(chosen).to_have_count(0)
    page.reload()
    page.get_by_role("button", name="Try the sample").wait_for()
    expect(chosen).to_have_count(0)


def test_a_drop_anywhere_on_the_page_adds_the_files(page: Page):
    page.locator(".stt-drop").wait_for()
    content = base64.b64encode(audio.AUSTEN[1].read_bytes()).decode()
    transfer = page.evaluate_handle(
        """async (content) => {
            const transfer = new DataTransfer();
            const blob = await (await fetch("data:audio/wav;base64," + content)).blob();
            for (const name of ["one.wav", "two.wav"]) transfer.items.add(new File([blob], name));
            return transfer;
        }""",
        content,
    )
    page.dispatch_event("body", "dragover", {"dataTransfer": transfer})
    page.dispatch_event("body", "drop", {"dataTransfer": transfer})
    for name in ("one.wav", "two.wav"):
        page.locator("[class*=st-key-chosen-]", has_text=name).wait_for()

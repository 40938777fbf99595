"""Test uploads in a real browser: percent, cancel, broken connections, the size limit, and the server's disk."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests import audio
from tests.browser.conftest import add_files
from tests.relay import Relay
from tests.server import Server
from tests.waiting import until

pytestmark = pytest.mark.own_server

MINUTE = 60_000  # milliseconds


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a recording of 21 MB, which is more than the network buffers between browser and server hold."""
    sound = np.tile(audio.samples(audio.JFK), 60)
    return audio.write(tmp_path_factory.mktemp("large") / "large.wav", sound)


@pytest.fixture
def line(server: Server) -> Iterator[Relay]:
    with Relay(server.port) as line:
        yield line


@pytest.fixture
def line_page(page: Page, line: Relay) -> Page:
    """Return the page of a visitor who is connected through the relay `line`."""
    page.goto(line.url)
    page.locator(".stt-drop").wait_for()
    return page


def incoming(server: Server) -> list[Path]:
    return list((server.data / "incoming").iterdir())


def send_half(page: Page, line: Relay, path: Path) -> Locator:
    """Start an upload that stalls after a part of the file was sent, and return its row."""
    line.hold()
    page.locator("input[type=file]").first.set_input_files(str(path))
    row = page.locator(".stt-upload", has_text=path.name)
    expect(row.locator(".stt-upload-state")).to_have_text(re.compile(r"^[1-9]\d? %"))
    expect(row.get_by_role("progressbar")).to_have_attribute("aria-valuenow", re.compile(r"^[1-9]\d?$"))
    return row


def test_upload_shows_its_percent_and_cancel_leaves_no_data(line_page: Page, line: Relay, server: Server, large: Path):
    row = send_half(line_page, line, large)
    row.get_by_role("button", name="Cancel: large.wav").click()
    expect(line_page.locator(".stt-upload")).to_have_count(0)
    # The focus was on the button Cancel, which is removed.
    expect(line_page.locator("input[type=file]").first).to_be_focused()
    line.release()
    add_files(line_page, large)
    until(lambda: not incoming(server))  # no file of the cancelled upload is left
    expect(line_page.locator("[class*=st-key-chosen-]")).to_have_count(1)


def test_upload_interrupted_half_way_is_reported_and_retried(line_page: Page, line: Relay, server: Server, large: Path):
    row = send_half(line_page, line, large)
    line.cut()
    expect(row.get_by_role("alert")).to_contain_text(
        "The connection was interrupted. Check the network, then try again."
    )
    line.restore()
    row.get_by_role("button", name="Try again: large.wav").click()
    line_page.locator("[class*=st-key-chosen-]", has_text="large.wav").wait_for()
    until(lambda: not incoming(server))


def test_a_file_over_the_limit_is_refused_before_anything_is_sent(page: Page, tmp_path: Path):
    sent = []
    page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/upload") else None)
    huge = tmp_path / "huge.wav"
    with open(huge, "wb") as file:
        file.truncate(3 << 30)  # a sparse file of 3 GB, which takes no disk space
    expect(page.locator(".stt-drop-hint")).to_have_text("Sound or video, up to 2 GB each")
    page.locator("input[type=file]").first.set_input_files(str(huge))
    refusal = page.locator(".stt-upload", has_text="huge.wav").get_by_role("alert")
    expect(refusal).to_contain_text("Too large. The file is 3 GB; the limit is 2 GB. Cut the recording into parts")
    assert not sent


def test_the_same_file_twice_is_two_recordings(page: Page):
    add_files(page, audio.AUSTEN[1])
    page.locator("input[type=file]").first.set_input_files(str(audio.AUSTEN[1]))
    chosen = page.locator("[class*=st-key-chosen-]", has_text="austen-0890")
    expect(chosen).to_have_count(2)
    chosen.first.get_by_role("button", name="Remove").click()
    expect(chosen).to_have_count(1)


def test_many_small_files_and_an_early_press_of_transcribe_are_not_lost(page: Page, tmp_path: Path):
    """Upload 30 files. Each finished upload reruns the page, often before the previous rerun has ended."""
    names = [f"file {number:02}" for number in range(30)]
    paths = [audio.write(tmp_path / f"{name}.wav", audio.samples(audio.JFK)[:16_000]) for name in names]
    page.locator("input[type=file]").first.set_input_files(paths)
    page.locator("[class*=st-key-chosen-]").first.wait_for()
    start = page.get_by_role("button", name="Transcribe", exact=True)
    expect(start).to_be_enabled()
    start.dispatch_event("click")  # no real click: it could miss the button, which moves as the list grows
    started = page.locator("[class*=st-key-job-] .stt-title")
    started.first.wait_for()
    titles = page.locator("[class*=st-key-chosen-] .stt-title").or_(started)
    until(lambda: sorted(title.removesuffix(".wav") for title in titles.all_inner_texts()) == names)


def test_recordings_waiting_for_the_start_survive_a_reload(page: Page):
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


def test_an_upload_goes_on_while_another_page_is_open(line_page: Page, line: Relay, large: Path):
    send_half(line_page, line, large)
    line_page.get_by_role("link", name="History").click()
    line_page.get_by_role("heading", name="History").wait_for()
    line.release()
    line_page.get_by_role("link", name="Transcribe").first.click()
    line_page.locator("[class*=st-key-chosen-]", has_text="large.wav").wait_for()


def test_session_continues_where_it_was_after_a_broken_connection(line_page: Page, line: Relay, server: Server):
    line_page.get_by_role("tab", name="Link").click()
    # Wait, because Streamlit returns to the previous tab if a tab is clicked before the server handled the last click.
    expect(line_page.get_by_role("button", name="Transcribe", exact=True)).to_be_enabled()
    address = line_page.get_by_role("textbox", name="Links to recordings, one per line")
    address.fill("https://example.org/talk.mp3")
    line_page.get_by_role("tab", name="Upload").click()
    line_page.get_by_role("button", name="Try the sample").click()
    job = line_page.locator(".st-key-jobs [class*=st-key-job-]")
    job.wait_for()
    line.cut()
    elsewhere = line_page.context.new_page()
    elsewhere.goto(server.url)
    expect(elsewhere.locator(".st-key-jobs").get_by_role("button", name="Read")).to_be_visible(timeout=MINUTE)
    expect(job.get_by_role("button", name="Read")).to_have_count(0)
    line.restore()
    expect(job.get_by_role("button", name="Read")).to_be_visible(timeout=MINUTE)
    line_page.get_by_role("tab", name="Link").click()
    expect(address).to_have_value("https://example.org/talk.mp3")


def test_file_without_a_date_shows_the_date_of_its_last_change(page: Page, tmp_path: Path):
    path = audio.write(tmp_path / "1.1 Lesson 12.05.2024.wav", audio.silence(0.5))
    os.utime(path, (1715508123, 1715508123))
    add_files(page, path)
    page.get_by_role("button", name="Transcribe", exact=True).click()
    row = page.locator("[class*=st-key-job-]", has_text="1.1 Lesson 12.05.2024")
    row.get_by_text("Read", exact=True).click()
    expect(page.locator("h1")).to_have_text("1.1 Lesson 12.05.2024")
    expect(page.locator(".stt-facts").first).to_contain_text("file last changed 12 May 2024, 10:02")
    page.goto(page.url.split("/transcript")[0] + "/history")
    expect(page.get_by_test_id("glide-cell-4-0")).to_have_text("by 12 May 2024")

"""Test every option of the Download menu in a real browser, and read the files with third-party libraries."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pysubs2
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from stt.transcript.model import Segment
from tests import audio, transcripts
from tests.server import Server
from tests.transcripts import FIRST, TALK, spoken_segment

VISITOR = "takes"
OWNER = f"visitor:{VISITOR}"
RAW = {"results": {"channels": [{"alternatives": [{"transcript": "Grüße 你好"}]}]}}


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """Store a transcript that has two speakers, audio and a provider's response, and open its Download menu."""
    with transcripts.sharing_data_with(server):
        page = transcripts.page_of(browser, server, VISITOR)
        generation_id = transcripts.store(
            OWNER, TALK, audio.JFK, RAW, title="The talk", model="nova-3", engine="provider"
        )
        page.goto(f"{server.url}/transcript?id={generation_id}")
        page.locator(".stt-word").first.wait_for()
        page.get_by_role("button", name="Download").click()
        yield page
        page.context.close()


def downloaded(page: Page, key: str) -> Path:
    # The preview is drawn before the links, whose addresses have the chosen options.
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    with page.expect_download() as download:
        page.locator(f".st-key-download-{key} :is(button, a)").click()
    return Path(download.value.path())


def preview(page: Page, number: int) -> Locator:
    """Return the preview of the text download (number 0) or the subtitle download (number 1)."""
    return page.locator(".stt-sample").nth(number)


def tick(page: Page, label: str, number: int, beginning: str) -> None:
    """Click a checkbox, and wait until the preview with this number begins with the text `beginning`."""
    page.get_by_text(label, exact=True).click()
    expect(preview(page, number)).to_have_text(re.compile("^" + re.escape(beginning)))


def test_text_is_plain_or_has_times_or_speakers(page: Page):
    assert downloaded(page, "txt").read_text().split("\n\n") == [f"Anna: {FIRST}", "Ben <b>: Thank you.\n"]
    tick(page, "With times", 0, "[0:00:00] Anna: Good")
    assert downloaded(page, "txt").read_text().split("\n\n") == [
        f"[0:00:00] Anna: {FIRST}",
        "[0:00:08] Ben <b>: Thank you.\n",
    ]
    tick(page, "With times", 0, "Anna: Good")
    tick(page, "With speakers", 0, "Good morning")
    assert downloaded(page, "txt").read_text().split("\n\n") == [FIRST, "Thank you.\n"]


@pytest.mark.parametrize("extension", ["srt", "vtt"])
def test_subtitles_have_the_chosen_lines_and_line_length(page: Page, extension: str):
    for label, value, beginning in (
        ("Lines per subtitle", "1", "Good morning everybody"),
        ("Characters per line", "20", "Good morning"),
    ):
        page.get_by_label(label).fill(value)
        page.get_by_label(label).press("Enter")
        expect(preview(page, 1)).to_have_text(re.compile(f"^{beginning}[^\n]*$"))
    expect(preview(page, 1)).to_have_text(re.compile("^.{8,20}$"))
    tick(page, "With speaker names", 1, "Anna: Good")
    cues = [
        unescape(event.plaintext)
        for event in pysubs2.SSAFile.from_string(downloaded(page, extension).read_text(), format_=extension)
    ]
    assert all(len(cue) <= 20 for cue in cues) and len(cues) > 4
    assert cues[0].startswith("Anna: Good") and any(cue.startswith("Ben") for cue in cues)
    assert " ".join(cues).replace("\u2060", "") == f"Anna: {FIRST} Ben <b>: Thank you."


def test_subtitles_for_old_players_have_a_byte_order_mark_and_crlf(page: Page):
    plain = downloaded(page, "srt").read_bytes()
    assert not plain.startswith(b"\xef\xbb\xbf") and b"\r" not in plain
    for label, option in (("Byte order mark", "bom=1"), ("Windows line endings", "crlf=1")):
        page.get_by_text(label, exact=True).click()
        expect(page.locator(".st-key-download-srt a")).to_have_attribute("href", re.compile(option))
    for extension in ("srt", "vtt"):
        content = downloaded(page, extension).read_bytes()
        assert content.startswith(b"\xef\xbb\xbf") and content.count(b"\r\n") == content.count(b"\n") > 4
    assert downloaded(page, "srt").read_bytes() == b"\xef\xbb\xbf" + plain.replace(b"\n", b"\r\n")
    assert page.get_by_text("too fast to read").count() == 0


def test_subtitles_that_are_too_fast_to_read_are_listed(browser: Browser, server: Server):
    too_fast = Segment(60.0, 61.0, "This is far more <b>than</b> anybody can read in a second.", (), "Anna")
    talk = replace(TALK, segments=(*TALK.segments, too_fast, spoken_segment("Yes.", 61.0, "Ben <b>")), duration=63.0)
    with transcripts.sharing_data_with(server):
        page = transcripts.page_of(browser, server, VISITOR)
        page.goto(f"{server.url}/transcript?id={transcripts.store(OWNER, talk, title='Too fast')}")
        page.get_by_role("button", name="Download").click()
        page.get_by_text("1 of 4 subtitles is too fast to read").click()
        listed = page.get_by_text(
            "0:01:00 · 58 characters per second · This is far more <b>than</b> anybody can read in a second."
        )
        expect(listed).to_be_visible()
        page.get_by_label("Characters per line").fill("12")
        page.get_by_label("Characters per line").press("Enter")
        expect(page.get_by_text(re.compile("^[2-5] of [0-9]+ subtitles are too fast to read"))).to_be_visible()
        page.context.close()


def test_raw_response_and_audio_are_downloaded_unchanged(page: Page):
    assert json.loads(downloaded(page, "raw").read_text()) == RAW
    with page.expect_download() as download:
        page.get_by_role("link", name="The audio").click()
    assert download.value.suggested_filename == "jfk.flac"
    assert Path(download.value.path()).read_bytes() == audio.JFK.read_bytes()

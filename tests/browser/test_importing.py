"""Test importing an existing transcript in a real browser: as a version, with a new recording, and alone."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import audio
from tests.server import Server
from tests.waiting import until

MINUTE = 60_000  # milliseconds
TEXT = "And so, my fellow Americans: ask not what your country can do for you. Ask what you can do for your country."
NOT_SPOKEN = "Seven clever students calculate the price of yellow bananas in distant markets before breakfast."
ALIGNING = "The text is being aligned with the recording"


@pytest.fixture
def reader(browser: Browser, server: Server) -> Iterator[Page]:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(server.url)
    yield page
    page.context.close()


def wait_until_aligned(page: Page) -> None:
    """Reload the transcript's page until its message that the words are being aligned is gone."""
    expect(page).to_have_url(re.compile(r"/transcript\?id=.+"))
    expect(page.locator(".stt-words")).to_be_visible()

    def aligned() -> bool:
        page.reload()
        page.locator(".stt-words").wait_for()
        return page.get_by_text(ALIGNING).count() == 0

    until(aligned, 120)


def test_imported_text_becomes_a_version_that_plays_and_can_be_compared(reader: Page):
    reader.get_by_role("button", name="Try the sample").click()
    reader.locator(".st-key-jobs").get_by_role("button", name="Read").first.click(timeout=MINUTE)
    reader.locator(".stt-words").wait_for()  # leave the first page, which also has a button Import a transcript
    reader.get_by_role("button", name="Import a transcript").click()
    dialog = reader.get_by_role("dialog")
    text = TEXT.replace("Ask what", f"{NOT_SPOKEN} Ask what")
    dialog.get_by_label("Transcript file").set_input_files(
        {"name": "speech.txt", "mimeType": "text/plain", "buffer": text.encode()}
    )
    expect(dialog.get_by_text("Plain text · 3 segments · 36 words · times: none")).to_be_visible()
    before = reader.url
    dialog.get_by_role("button", name="Add transcript").click()
    expect(reader).not_to_have_url(before)
    wait_until_aligned(reader)
    words = reader.locator("[data-start]")
    until(lambda: words.count() > 20)  # every word can be played, as soon as the player has made its element
    expect(reader.get_by_text("Passages that do not match the recording (1)")).to_be_visible()
    expect(reader.get_by_text(NOT_SPOKEN[:20])).to_be_visible()
    reader.get_by_text("How this transcript was made").click()
    expect(reader.get_by_text("Imported from: speech.txt")).to_be_visible()
    reader.get_by_role("button", name="Compare").click()
    expect(reader.locator(".stt-cmp-facts tbody tr")).to_have_count(2, timeout=MINUTE)
    expect(reader.get_by_role("combobox", name="Compare with")).to_have_value(re.compile("A, Imported transcript"))


def test_subtitles_are_imported_for_a_recording_that_was_just_added(reader: Page):
    reader.locator("input[type=file]").first.set_input_files(audio.JFK)
    expect(reader.locator(".st-key-waiting")).to_contain_text("jfk.flac", timeout=MINUTE)
    reader.get_by_role("button", name="Import a transcript").click()
    dialog = reader.get_by_role("dialog")
    expect(dialog.get_by_role("combobox", name="Recording")).to_have_value("jfk.flac")
    subtitles = (
        f"1\n00:00:00,200 --> 00:00:07,500\nAnna: {TEXT[:70]}\n\n2\n00:00:07,600 --> 00:00:11,000\nAnna: {TEXT[71:]}\n"
    )
    dialog.get_by_label("Transcript file").set_input_files(
        {"name": "speech.srt", "mimeType": "text/plain", "buffer": subtitles.encode()}
    )
    expect(dialog.get_by_text("speakers: Anna · times: of segments, from the file")).to_be_visible()
    dialog.get_by_role("button", name="Add transcript").click()
    wait_until_aligned(reader)
    expect(reader.locator(".stt-words")).to_contain_text("my fellow Americans")
    expect(reader.get_by_role("button", name="Play", exact=True)).to_be_visible()
    reader.get_by_role("link", name="Transcribe").first.click()
    expect(reader.locator(".st-key-jobs")).to_contain_text("jfk")
    expect(reader.locator("[class*=st-key-chosen-]")).to_have_count(0)


def test_text_is_imported_and_read_without_a_recording(reader: Page):
    reader.get_by_role("button", name="Import a transcript").click()
    dialog = reader.get_by_role("dialog")
    dialog.get_by_role("button", name="Add transcript").click()
    expect(dialog.get_by_text("Choose a file or paste a text first.")).to_be_visible()
    dialog.get_by_label("Transcript file").set_input_files(
        {"name": "scan.txt", "mimeType": "text/plain", "buffer": b"%PDF-1.7"}
    )
    expect(dialog.get_by_text("This file is a PDF.")).to_be_visible()
    dialog.get_by_label("Or paste it").fill(TEXT)
    dialog.get_by_role("button", name="Add transcript").click()
    expect(reader).to_have_url(re.compile(r"/transcript\?id=.+"))
    expect(reader.locator(".stt-words")).to_contain_text("my fellow Americans")
    expect(reader.get_by_role("button", name="Play", exact=True)).to_have_count(0)
    expect(reader.get_by_role("button", name="Transcribe again")).to_have_count(0)


def test_dropped_transcripts_are_matched_to_their_recordings(reader: Page, tmp_path: Path):
    for name in ("one.flac", "two.flac"):
        shutil.copy(audio.JFK, tmp_path / name)
    subtitles = "1\n00:00:00,300 --> 00:00:10,900\nAsk not what your country can do.\n"
    (tmp_path / "two.en.srt").write_text(subtitles)
    (tmp_path / "other.txt").write_text("Something else.")
    added = [str(tmp_path / name) for name in ("one.flac", "two.flac", "two.en.srt", "other.txt")]
    reader.locator("input[type=file]").first.set_input_files(added)
    waiting = reader.locator(".st-key-waiting")
    expect(waiting.get_by_text("A transcript, for two.flac")).to_be_visible(timeout=MINUTE)
    other = waiting.locator("[class*=st-key-dropped-]", has_text="other.txt")
    expect(other.get_by_text("A transcript", exact=True)).to_be_visible()
    other.get_by_role("button", name="Remove").click()
    expect(other).to_have_count(0)
    waiting.get_by_role("button", name="Add transcript").click()
    dialog = reader.get_by_role("dialog")
    expect(dialog.get_by_text("two.en.srt · SubRip")).to_be_visible()
    expect(dialog.get_by_role("combobox", name="Recording")).to_have_value("two.flac")
    dialog.get_by_role("button", name="Add transcript").click()
    wait_until_aligned(reader)
    expect(reader.locator(".stt-words")).to_contain_text("Ask not what your country can do.")
    reader.goto(reader.url.partition("/transcript")[0])
    expect(reader.locator(".st-key-waiting")).to_contain_text("one.flac")
    expect(reader.locator(".st-key-waiting")).not_to_contain_text("two")


def test_transcript_that_cannot_be_read_is_named(reader: Page, tmp_path: Path):
    """Delete the last of 21 files after they were chosen. The page gets the event of the choice only then."""
    paths = [tmp_path / f"{number}.txt" for number in range(21)]
    for path in paths:
        path.write_text("A text.")
    reader.evaluate(
        """() => {
          window.hold = (event) => event.stopImmediatePropagation();
          window.addEventListener('change', window.hold, { capture: true });
        }"""
    )
    field = reader.locator("input[type=file]").first
    field.set_input_files([str(path) for path in paths])
    paths[-1].unlink()
    reader.evaluate("() => window.removeEventListener('change', window.hold, { capture: true })")
    field.dispatch_event("change")
    expect(reader.locator(".stt-upload")).to_contain_text("The file cannot be read", timeout=MINUTE)
    expect(reader.locator(".stt-upload")).to_contain_text("20.txt")
    expect(reader.locator("[class*=st-key-dropped-] .stt-title")).to_have_count(20, timeout=MINUTE)


def test_second_click_on_remove_removes_no_other_transcript(reader: Page, tmp_path: Path):
    paths = [tmp_path / f"{number}.txt" for number in range(4)]
    for path in paths:
        path.write_text("A text.")
    reader.locator("input[type=file]").first.set_input_files([str(path) for path in paths])
    titles = reader.locator("[class*=st-key-dropped-] .stt-title")
    expect(titles).to_have_count(4, timeout=MINUTE)
    remove = reader.get_by_role("button", name="Remove")
    first = remove.first.element_handle()
    first.dispatch_event("click")
    expect(titles).to_have_text(["1.txt", "2.txt", "3.txt"])
    first.dispatch_event("click")
    remove.last.click()
    expect(titles).to_have_text(["1.txt", "2.txt"])


def test_many_dropped_transcripts_are_all_listed(reader: Page, tmp_path: Path):
    """Drop more transcripts than one message has, and then some that are together larger than a message can be."""
    few = [tmp_path / f"{number}.txt" for number in range(25)]
    large = [tmp_path / f"large {number}.txt" for number in range(3)]
    for path in few + large:
        path.write_text("A text. " * (1 << 20 if path in large else 1))
    for added, count in ((few, 25), (large, 28)):
        reader.locator("input[type=file]").first.set_input_files([str(path) for path in added])
        expect(reader.locator("[class*=st-key-dropped-] .stt-title")).to_have_count(count, timeout=MINUTE)

"""Test the history and transcript pages in a real browser: sorting, searching, playing, downloading, deleting."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import docx
import pysubs2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests import audio
from tests.browser.conftest import add_files, click_table, retype, until_true, watch_playback
from tests.chromium import launch_without_cookies
from tests.server import Server

MINUTE = 60_000  # milliseconds


@pytest.fixture(scope="module")
def reader(browser: Browser, server: Server):
    """Return the page of a visitor with three finished transcripts."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(server.url)
    add_files(page, audio.JFK, *audio.AUSTEN)
    page.get_by_role("button", name="Transcribe", exact=True).click()
    expect(page.locator(".st-key-jobs").get_by_role("button", name="Read")).to_have_count(3, timeout=2 * MINUTE)
    yield page
    context.close()


def cell(page: Page, column: int, row: int) -> str:
    return page.get_by_test_id(f"glide-cell-{column}-{row}").text_content() or ""


def open_history(page: Page, server: Server) -> None:
    page.goto(server.url + "/history")
    page.locator(".st-key-history canvas").first.wait_for()


def open_transcript(page: Page, title: str, server: Server) -> None:
    page.goto(server.url)
    job = page.locator(".st-key-jobs [class*=st-key-job-]", has_text=title).first
    job.get_by_role("button", name="Read").click()
    page.locator(".st-key-transcript .stt-word").first.wait_for()


def test_history_lists_sorts_filters_and_opens(reader: Page, server: Server):
    open_history(reader, server)
    titles = [cell(reader, 2, row) for row in range(3)]
    assert sorted(titles) == ["austen-0870", "austen-0890", "jfk"]
    click_table(reader, 250, -1)  # a click on the header Title sorts by title
    expect(reader.get_by_test_id("glide-cell-2-0")).to_have_text("austen-0870")
    expect(reader.get_by_test_id("glide-cell-2-2")).to_have_text("jfk")
    click_table(reader, 250, -1)  # a second click reverses the order
    expect(reader.get_by_test_id("glide-cell-2-0")).to_have_text("jfk")
    reader.get_by_role("textbox", name="Search").fill("rather selfish")
    reader.get_by_role("textbox", name="Search").press("Enter")
    expect(reader.get_by_text("1 transcript.")).to_be_visible()
    expect(reader.get_by_test_id("glide-cell-2-0")).to_have_text("austen-0890")
    assert "rather selfish" in cell(reader, 3, 0)
    click_table(reader, 250, 0)
    expect(reader).to_have_url(re.compile(r"/transcript\?id="))
    expect(reader.locator(".st-key-transcript")).to_contain_text("rather selfish")


def test_a_click_on_a_word_plays_from_there_and_the_spoken_word_is_marked(reader: Page, server: Server):
    open_transcript(reader, "jfk", server)
    word = reader.locator(".stt-word", has_text="country").first
    start = float(word.get_attribute("data-start") or "nan")
    watch_playback(reader)
    word.click()
    until_true(reader, "window.sought !== undefined && window.played")
    assert start - 0.3 <= reader.evaluate("window.sought") <= start + 2
    spoken = reader.locator(".stt-word.stt-spoken")
    first = spoken.first.text_content()
    expect(spoken.first).not_to_have_text(first or "")


@pytest.mark.parametrize("ending", ["txt", "srt", "vtt", "docx", "csv", "json"])
def test_every_download_contains_the_text(reader: Page, server: Server, tmp_path: Path, ending: str):
    open_transcript(reader, "jfk", server)
    reader.get_by_role("button", name="Download").click()
    with reader.expect_download() as download:
        reader.locator(f".st-key-download-{ending} a").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert path.name == f"jfk.{ending}"
    assert "ask not what your country can do for you" in " ".join(text_in(path).lower().replace(",", "").split())


def text_in(path: Path) -> str:
    """Return the words of an exported file, as read by a third-party library."""
    match path.suffix:
        case ".srt" | ".vtt":
            return " ".join(event.plaintext for event in pysubs2.load(str(path)))
        case ".docx":
            return " ".join(paragraph.text for paragraph in docx.Document(str(path)).paragraphs)
        case ".csv":
            with open(path, newline="", encoding="utf-8-sig") as file:
                return " ".join(row["word"] for row in csv.DictReader(file))
        case ".json":
            saved = json.loads(path.read_text())
            return " ".join(segment["text"] for segment in saved["transcript"]["segments"])
    return path.read_text()


def test_copy_puts_the_text_on_the_clipboard(reader: Page, server: Server):
    open_transcript(reader, "austen-0890", server)
    reader.get_by_role("button", name="Copy text").click()
    expect(reader.get_by_role("button", name="Copied")).to_be_visible()
    copied = reader.evaluate("() => navigator.clipboard.readText()")
    assert "selfish" in copied
    assert copied == "\n\n".join(reader.locator(".stt-words").all_inner_texts()) + "\n"


def test_audio_is_served_in_ranges(reader: Page, server: Server):
    open_transcript(reader, "jfk", server)
    address = f"{server.url}/audio/{reader.url.split('id=')[1].split('&')[0]}"
    part = reader.request.get(address, headers={"Range": "bytes=100-199"})
    assert (part.status, len(part.body())) == (206, 100)
    assert part.body() == audio.JFK.read_bytes()[100:200]
    assert part.headers["content-type"] == "audio/flac"


def test_delete_asks_first_and_removes_the_audio_too(reader: Page, server: Server):
    open_transcript(reader, "austen-0870", server)
    generation_id = reader.url.split("id=")[1].split("&")[0]
    before = len(list((server.data / "audio").iterdir()))
    reader.get_by_role("button", name="Delete").click()
    reader.get_by_role("dialog").get_by_role("button", name="Keep").click()
    expect(reader.get_by_role("dialog")).to_have_count(0)
    reader.get_by_role("button", name="Delete").click()
    reader.get_by_role("dialog").get_by_role("button", name="Delete").click()
    reader.wait_for_url("**/history")
    assert reader.request.get(f"{server.url}/audio/{generation_id}").status == 404
    assert len(list((server.data / "audio").iterdir())) == before - 1
    reader.goto(f"{server.url}/transcript?id={generation_id}")
    expect(reader.get_by_role("heading", name="Not found")).to_be_visible()


def test_transcript_is_read_and_edited_in_a_browser_that_blocks_cookies(browser: Browser, tmp_path: Path):
    with (
        Server(tmp_path / "data", STT_ACCESS="shared") as server,
        launch_without_cookies(browser.browser_type, tmp_path / "profile") as context,
    ):
        page = context.new_page()
        page.goto(server.url)
        blocked = "() => { try { return !localStorage; } catch { return true; } }"
        assert page.evaluate(blocked), "this browser blocks its storage"
        page.get_by_role("button", name="Try the sample").click()
        page.locator(".st-key-jobs").get_by_role("button", name="Read").click(timeout=2 * MINUTE)
        expect(page.locator(".st-key-transcript .stt-words")).to_contain_text("ask not what your country can do")
        retype(page, "Ask not what your country can do.")


@pytest.mark.parametrize("path", ["/", "/history", "/settings"])
def test_nothing_overflows_on_a_phone(reader: Page, server: Server, path: str):
    reader.set_viewport_size({"width": 390, "height": 844})
    reader.goto(server.url + path)
    reader.locator("h1").wait_for()
    assert reader.evaluate("() => document.documentElement.scrollWidth") <= 390
    reader.set_viewport_size({"width": 1440, "height": 900})

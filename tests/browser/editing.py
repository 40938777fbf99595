"""Provide a short transcript to edit in the player, and helpers for the tests that edit it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from stt.transcript.model import Transcript
from tests import audio, transcripts
from tests.server import Server
from tests.transcripts import spoken_segment
from tests.waiting import until

SAVE_TIMEOUT = 60_000  # maximum milliseconds until an edit is saved, on a busy machine
FIRST = "Good morning everybody and welcome to this talk."
SECOND = "Thank you very much."
THIRD = "Today we speak about history."
ARABIC = "مرحبا بكم في هذا التسجيل"
TALK = Transcript(
    (spoken_segment(FIRST, speaker="Anna"), spoken_segment(SECOND, 6.0, "Ben"), spoken_segment(THIRD, 12.0, "Anna"), spoken_segment(ARABIC, 16.0, "Ben")), 20.0, "en"
)  # fmt: skip
TEXTS = [FIRST, SECOND, THIRD, ARABIC]


@contextmanager
def opened(browser: Browser, server: Server, transcript: Transcript = TALK) -> Iterator[Page]:
    """Store a transcript, and yield its open page. Call this within `sharing_data_with`."""
    page = transcripts.page_of(browser, server, "ann")
    generation_id = transcripts.store("visitor:ann", transcript, audio.JFK, duration=20.0)
    open_talk(page, f"{server.url}/transcript?id={generation_id}")
    yield page
    page.context.close()


def open_talk(page: Page, address: str) -> None:
    page.goto(address)
    page.locator(".st-key-transcript .stt-word").first.wait_for()


def second_tab(page: Page) -> Page:
    """Open a second tab with the same transcript."""
    second = page.context.new_page()
    open_talk(second, page.url)
    return second


def words(page: Page, paragraph: int) -> Locator:
    return page.locator(".stt-words").nth(paragraph)


def expect_texts(page: Page, *texts: str) -> None:
    expect(page.locator(".stt-words")).to_have_text(list(texts))


def expect_saved(page: Page) -> None:
    expect(page.locator(".stt-saving")).to_have_text("Saved", timeout=SAVE_TIMEOUT)


def put_caret(page: Page, paragraph: int, offset: int) -> None:
    """Focus a paragraph, and move the caret by keys to the offset `offset` in its text."""
    words(page, paragraph).focus()
    page.keyboard.press("Home")
    for _ in range(offset):
        page.keyboard.press("ArrowRight")


def caret(page: Page) -> tuple[int, int]:
    """Return the index of the paragraph with the caret, and the caret's offset in its text."""
    paragraph, offset = page.evaluate(
        """() => {
          const body = document.activeElement, selection = getSelection(), range = document.createRange();
          range.selectNodeContents(body);
          range.setEnd(selection.anchorNode, selection.anchorOffset);
          return [[...document.querySelectorAll('.stt-words')].indexOf(body), range.toString().length];
        }"""
    )
    return paragraph, offset


def segments(page: Page) -> list[dict[str, Any]]:
    """Return the stored segments of the open transcript, from the server's JSON export."""
    address = page.url.split("/transcript?")[0]
    job_id = page.url.split("id=")[1].split("&")[0]
    found: list[dict[str, Any]] = page.request.get(f"{address}/export/{job_id}.json").json()["transcript"]["segments"]
    return found


def times(page: Page) -> dict[str, float]:
    """Return {word: its start time in seconds} of the stored transcript."""
    return {word["text"].strip(): word["start"] for segment in segments(page) for word in segment["words"]}


def expect_stored(page: Page, *texts: str) -> None:
    """Wait until the texts of the stored segments are `texts`."""
    until(lambda: [segment["text"].strip() for segment in segments(page)] == list(texts))

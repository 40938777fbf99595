"""A short talk to edit in the player, and what tests of editing ask of its page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from stt.transcript.model import Transcript
from tests import audio, transcripts
from tests.server import Server
from tests.transcripts import said
from tests.waiting import until

SAVED = 60_000  # milliseconds, on a busy machine
FIRST = "Good morning everybody and welcome to this talk."
SECOND = "Thank you very much."
THIRD = "Today we speak about history."
ARABIC = "مرحبا بكم في هذا التسجيل"
TALK = Transcript(
    (said(FIRST, speaker="Anna"), said(SECOND, 6.0, "Ben"), said(THIRD, 12.0, "Anna"), said(ARABIC, 16.0, "Ben")), 20.0, "en"
)  # fmt: skip
TEXTS = [FIRST, SECOND, THIRD, ARABIC]


@contextmanager
def opened(browser: Browser, server: Server, transcript: Transcript = TALK) -> Iterator[Page]:
    """Open a talk on its page, within `sharing_data_with`."""
    page = transcripts.page_of(browser, server, "ann")
    made = transcripts.put("visitor:ann", transcript, audio.JFK, duration=20.0)
    open_talk(page, f"{server.url}/transcript?id={made}")
    yield page
    page.context.close()


def open_talk(page: Page, address: str) -> None:
    page.goto(address)
    page.locator(".st-key-transcript .stt-word").first.wait_for()


def again(page: Page) -> Page:
    """Return a second tab with the same transcript."""
    second = page.context.new_page()
    open_talk(second, page.url)
    return second


def words(page: Page, place: int) -> Locator:
    return page.locator(".stt-words").nth(place)


def expect_texts(page: Page, *texts: str) -> None:
    expect(page.locator(".stt-words")).to_have_text(list(texts))


def expect_saved(page: Page) -> None:
    expect(page.locator(".stt-saving")).to_have_text("Saved", timeout=SAVED)


def put_caret(page: Page, place: int, at: int) -> None:
    """Go into a paragraph by keyboard, to this place in its text."""
    words(page, place).focus()
    page.keyboard.press("Home")
    for _ in range(at):
        page.keyboard.press("ArrowRight")


def caret(page: Page) -> tuple[int, int]:
    """Return the paragraph that the caret is in, and the place in its text."""
    place, at = page.evaluate(
        """() => {
          const body = document.activeElement, selection = getSelection(), range = document.createRange();
          range.selectNodeContents(body);
          range.setEnd(selection.anchorNode, selection.anchorOffset);
          return [[...document.querySelectorAll('.stt-words')].indexOf(body), range.toString().length];
        }"""
    )
    return place, at


def segments(page: Page) -> list[dict[str, Any]]:
    """Return the segments that the server has, as JSON is exported."""
    address = page.url.split("/transcript?")[0]
    made = page.url.split("id=")[1].split("&")[0]
    found: list[dict[str, Any]] = page.request.get(f"{address}/export/{made}.json").json()["transcript"]["segments"]
    return found


def times(page: Page) -> dict[str, float]:
    """Return when each word begins, in seconds."""
    return {word["text"].strip(): word["start"] for segment in segments(page) for word in segment["words"]}


def expect_stored(page: Page, *texts: str) -> None:
    """Wait until the server has these segments."""
    until(lambda: [segment["text"].strip() for segment in segments(page)] == list(texts))

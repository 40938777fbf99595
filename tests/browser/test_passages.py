"""A passage is transcribed again in a real browser: chosen, followed through a reload, taken, undone, left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from stt.background.passages import results
from stt.store.transcripts import transcript_of
from stt.transcript.model import Transcript
from tests import audio, transcripts
from tests.browser.test_for_all import barriers
from tests.server import Server
from tests.transcripts import said
from tests.waiting import until

pytestmark = [pytest.mark.own_server, pytest.mark.usefixtures("database_of_server")]

LONG = 120_000  # milliseconds, for a decoding on a busy machine
ANN = "visitor:ann"
FIRST, SECOND = "And so, my mellow Asparagus", "ask not"
WRONG = Transcript((said(FIRST, 0.3, "Anna"), said(SECOND, 5.2, "Ben")), 11.0, "en")


@pytest.fixture
def made() -> str:
    return transcripts.put(ANN, WRONG, audio.JFK, duration=11.0, options={"language": "en"})


@pytest.fixture
def talk(browser: Browser, server: Server, made: str) -> Iterator[Page]:
    page = transcripts.page_of(browser, server, "ann")
    page.goto(f"{server.url}/transcript?id={made}")
    page.locator(".st-key-transcript .stt-word").first.wait_for()
    yield page
    page.context.close()


def panel(page: Page) -> Locator:
    return page.get_by_role("region", name="Passage")


def ask(page: Page, place: int = 0) -> None:
    """Ask for the paragraph at this place."""
    page.locator(".stt-paragraph").nth(place).hover()
    page.locator(".stt-more").nth(place).click()
    page.get_by_role("menuitem", name="Transcribe this passage again…").click()
    expect(panel(page).get_by_role("combobox", name="Language")).to_have_value("en")


def test_a_paragraph_is_transcribed_again_taken_and_undone(talk: Page, made: str):
    ask(talk)
    expect(panel(talk)).to_contain_text("Transcribe 0:00 to 0:02 again")
    panel(talk).get_by_role("button", name="Transcribe").click()
    expect(panel(talk).get_by_role("button", name="Use new words")).to_be_visible(timeout=LONG)
    expect(panel(talk).get_by_role("group", name="Now").locator("mark").first).to_be_visible()
    talk.reload()
    panel(talk).get_by_role("button", name="Use new words").click()
    expect(panel(talk)).to_be_hidden()
    expect(talk.locator(".stt-words").first).not_to_have_text(FIRST)
    expect(talk.locator(".stt-words").last).to_have_text(SECOND)
    assert "Asparagus" not in transcript_of(made).text
    talk.keyboard.press("Control+z")
    expect(talk.locator(".stt-words").first).to_have_text(FIRST)


def test_selected_words_are_transcribed_and_left(talk: Page, made: str):
    begin, end = (talk.locator(".stt-word", has_text=word).bounding_box() for word in ("mellow", "Asparagus"))
    assert begin and end
    talk.mouse.move(begin["x"] + 1, begin["y"] + 8)
    talk.mouse.down()
    talk.mouse.move(end["x"] + end["width"] - 1, end["y"] + 8, steps=5)
    talk.mouse.up()
    ask(talk)
    panel(talk).get_by_role("button", name="Transcribe").click()
    panel(talk).get_by_role("button", name="Discard").click(timeout=LONG)
    expect(panel(talk)).to_be_hidden()
    assert results.of(made) is None and transcript_of(made) == WRONG
    talk.reload()
    expect(talk.locator(".stt-words").first).to_have_text(FIRST)
    expect(panel(talk)).to_be_hidden()


def test_it_is_cancelled_while_it_waits(talk: Page, made: str):
    ask(talk)
    panel(talk).get_by_role("button", name="Transcribe").click()
    panel(talk).get_by_role("button", name="Cancel").or_(panel(talk).get_by_role("button", name="Discard")).click()
    expect(panel(talk)).to_be_hidden()
    until(lambda: results.of(made) is None)


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1440)])
def test_no_state_of_it_has_a_barrier(talk: Page, scheme: str, width: int):
    talk.emulate_media(color_scheme=scheme)
    talk.set_viewport_size({"width": width, "height": 844})
    ask(talk, 1)
    assert barriers(talk) == []
    panel(talk).get_by_role("button", name="Transcribe").click()
    expect(panel(talk).get_by_role("button", name="Use new words")).to_be_visible(timeout=LONG)
    assert barriers(talk) == []

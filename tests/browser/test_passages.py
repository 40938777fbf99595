"""Test transcribing a passage again in a real browser: choosing, reloading, accepting, undoing, discarding."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from stt.background.passages import results
from stt.store.transcripts import transcript_of
from stt.transcript.model import Transcript
from tests import audio, transcripts
from tests.browser.conftest import until_still
from tests.browser.test_accessibility import accessibility_violations
from tests.server import Server
from tests.transcripts import spoken_segment
from tests.waiting import until

pytestmark = [pytest.mark.own_server, pytest.mark.usefixtures("database_of_server")]

DECODE_TIMEOUT = 120_000  # maximum milliseconds to decode a passage on a busy machine
ANN = "visitor:ann"
FIRST, SECOND = "And so, my mellow Asparagus", "ask not"
WRONG = Transcript((spoken_segment(FIRST, 0.3, "Anna"), spoken_segment(SECOND, 5.2, "Ben")), 11.0, "en")


@pytest.fixture
def generation_id() -> str:
    return transcripts.store(ANN, WRONG, audio.JFK, duration=11.0, options={"language": "en"})


@pytest.fixture
def talk(browser: Browser, server: Server, generation_id: str) -> Iterator[Page]:
    page = transcripts.page_of(browser, server, "ann")
    page.goto(f"{server.url}/transcript?id={generation_id}")
    page.locator(".st-key-transcript .stt-word").first.wait_for()
    yield page
    page.context.close()


def panel(page: Page) -> Locator:
    return page.get_by_role("region", name="Passage")


def open_form(page: Page, paragraph: int = 0) -> None:
    """Open the form for transcribing the paragraph with the index `paragraph` again."""
    page.locator(".stt-paragraph").nth(paragraph).hover()
    page.locator(".stt-more").nth(paragraph).click()
    page.get_by_role("menuitem", name="Transcribe this passage again…").click()
    expect(panel(page).get_by_role("combobox", name="Language")).to_have_value("en")


def test_paragraph_is_transcribed_again_accepted_and_undone(talk: Page, generation_id: str):
    open_form(talk)
    expect(panel(talk)).to_contain_text("Transcribe 0:00 to 0:02 again")
    panel(talk).get_by_role("button", name="Transcribe").click()
    expect(panel(talk).get_by_role("button", name="Use new words")).to_be_visible(timeout=DECODE_TIMEOUT)
    expect(panel(talk).get_by_role("group", name="Current").locator("mark").first).to_be_visible()
    talk.reload()
    panel(talk).get_by_role("button", name="Use new words").click()
    expect(panel(talk)).to_be_hidden()
    expect(talk.locator(".stt-words").first).not_to_have_text(FIRST)
    expect(talk.locator(".stt-words").last).to_have_text(SECOND)
    assert "Asparagus" not in transcript_of(generation_id).text
    talk.keyboard.press("Control+z")
    expect(talk.locator(".stt-words").first).to_have_text(FIRST)


def test_selected_words_are_transcribed_again_and_discarded(talk: Page, generation_id: str):
    until_still(talk.locator(".stt-word", has_text="mellow"))  # what is above the text may still be loading
    begin, end = (talk.locator(".stt-word", has_text=word).bounding_box() for word in ("mellow", "Asparagus"))
    assert begin and end
    talk.mouse.move(begin["x"] + 1, begin["y"] + 8)
    talk.mouse.down()
    talk.mouse.move(end["x"] + end["width"] - 1, end["y"] + 8, steps=5)
    talk.mouse.up()
    open_form(talk)
    panel(talk).get_by_role("button", name="Transcribe").click()
    panel(talk).get_by_role("button", name="Discard").click(timeout=DECODE_TIMEOUT)
    expect(panel(talk)).to_be_hidden()
    assert results.of(generation_id) is None and transcript_of(generation_id) == WRONG
    talk.reload()
    expect(talk.locator(".stt-words").first).to_have_text(FIRST)
    expect(panel(talk)).to_be_hidden()


def test_waiting_passage_is_cancelled(talk: Page, generation_id: str):
    open_form(talk)
    panel(talk).get_by_role("button", name="Transcribe").click()
    panel(talk).get_by_role("button", name="Cancel").or_(panel(talk).get_by_role("button", name="Discard")).click()
    expect(panel(talk)).to_be_hidden()
    until(lambda: results.of(generation_id) is None)


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1440)])
def test_passage_panel_has_no_accessibility_violation_in_any_state(talk: Page, scheme: str, width: int):
    talk.emulate_media(color_scheme=scheme)
    talk.set_viewport_size({"width": width, "height": 844})
    open_form(talk, 1)
    assert accessibility_violations(talk) == []
    panel(talk).get_by_role("button", name="Transcribe").click()
    expect(panel(talk).get_by_role("button", name="Use new words")).to_be_visible(timeout=DECODE_TIMEOUT)
    assert accessibility_violations(talk) == []

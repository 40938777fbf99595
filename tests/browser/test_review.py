"""Test by keyboard the review of doubtful words: play, confirm, retype, take over another version's word, undo."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from stt.store.recordings import new_id
from stt.transcript.model import Segment, Transcript, Word
from tests import audio, transcripts
from tests.browser.conftest import until_true
from tests.browser.editing import expect_saved, expect_stored, expect_texts, open_talk, opened, segments
from tests.server import Server
from tests.waiting import until

pytestmark = [pytest.mark.own_server, pytest.mark.usefixtures("database_of_server")]


def segment_of(*words: tuple[str, float], start: float = 0.0) -> Segment:
    """Return a segment of (word, confidence) pairs. Each word lasts half a second."""
    timed = tuple(
        Word(f" {text}", start + i / 2, start + i / 2 + 0.5, confidence) for i, (text, confidence) in enumerate(words)
    )
    return Segment(start, timed[-1].end, "".join(word.text for word in timed), timed)


TALK = Transcript(
    (
        segment_of(("We", 0.9), ("read", 0.9), ("a", 0.9), ("tail", 0.3), ("of", 0.9), ("too", 0.2), ("sitties.", 0.4)),
        segment_of(("It", 0.9), ("was", 0.9), ("the", 0.9), ("vest", 0.4), ("of", 0.9), ("times.", 0.9), start=8.0),
    ),
    11.0,
    "en",
)
OTHER = Transcript(
    (segment_of(("We", 0.9), ("read", 0.9), ("a", 0.9), ("tale", 0.9), ("of", 0.9), ("two", 0.9), ("cities.", 0.9)),),
    11.0,
    "en",
)
TEXTS = ["We read a tail of too sitties.", "It was the vest of times."]


@pytest.fixture
def generation_id() -> str:
    """Store a transcript and another version of it. Return the id of the transcript."""
    link = f"https://example.org/{new_id()}.mp3"
    found = transcripts.store("visitor:ann", TALK, audio.JFK, duration=11.0, url=link, options={})
    transcripts.store("visitor:ann", OTHER, url=link, options={})
    return found


@pytest.fixture
def talk(browser: Browser, server: Server, generation_id: str) -> Iterator[Page]:
    page = transcripts.page_of(browser, server, "ann")
    open_talk(page, f"{server.url}/transcript?id={generation_id}")
    until_true(page, "document.querySelector('.stt-audio').readyState >= 1")
    yield page
    page.context.close()


def expect_word(page: Page, progress: str, word: str, *readings: str) -> None:
    expect(page.locator(".stt-review-now")).to_have_text(f"{progress} {word}")
    expect(page.locator(".stt-looked-at")).to_have_text(word)
    expect(page.locator(".stt-review-reading span")).to_have_text(list(readings))


def confidences(page: Page) -> dict[str, float | None]:
    return {word["text"].strip(): word["confidence"] for segment in segments(page) for word in segment["words"]}


def test_each_doubtful_word_is_played_and_decided_on_by_keyboard(talk: Page):
    talk.evaluate(
        """() => {
          const audio = document.querySelector('.stt-audio');
          window.heard = [];
          audio.addEventListener('seeking', () => window.heard.push(audio.currentTime));
        }"""
    )
    opener = talk.get_by_role("button", name="Review doubtful words 4")
    opener.click()
    expect(talk.get_by_label("The correct word")).to_be_focused()
    expect_word(talk, "1 of 4", "tail", "tale")
    until_true(talk, "window.heard.length && document.querySelector('.stt-audio').paused")
    assert talk.evaluate("window.heard[0]") == pytest.approx(0.5, abs=0.3), "two words before it are played"
    talk.keyboard.press("1")
    expect_word(talk, "2 of 4", "too", "two")
    talk.keyboard.type("two2 ")  # while the field is not empty, a digit is typed and does not choose a suggested word
    expect(talk.get_by_role("button", name="Replace", exact=True)).to_be_visible()
    talk.keyboard.press("Enter")
    expect_word(talk, "3 of 4", "sitties.", "cities.")
    talk.keyboard.press("Enter")  # confirm the word as it is
    expect_word(talk, "4 of 4", "vest")
    talk.keyboard.press("ArrowUp")
    expect_word(talk, "4 of 4", "vest")
    talk.keyboard.type("best")
    talk.keyboard.press("Enter")
    expect(talk.get_by_role("form", name="Review of doubtful words")).to_be_hidden()
    expect(talk.locator(".stt-say")).to_have_text("No word is doubtful any more. 4 reviewed.")
    expect(opener).to_be_hidden()
    expected = ["We read a tale of two2 sitties.", "It was the best of times."]
    expect_texts(talk, *expected)
    expect_stored(talk, *expected)
    known = confidences(talk)
    assert [known[word] for word in ("tale", "two2", "sitties.", "best", "read")] == [None, None, None, None, 0.9]
    talk.reload()
    expect_texts(talk, *expected)
    expect(talk.locator(".stt-doubtful")).to_have_count(0)


def test_each_decision_is_undone_and_words_can_be_skipped(talk: Page):
    talk.locator(".stt-time").first.focus()
    talk.keyboard.press("Shift+F9")
    expect_word(talk, "1 of 4", "tail", "tale")
    talk.keyboard.press("ArrowDown")
    expect_word(talk, "2 of 4", "too", "two")
    talk.keyboard.press("Enter")
    expect_word(talk, "3 of 4", "sitties.", "cities.")
    expect(talk.locator(".stt-doubtful")).to_have_count(3)
    until(lambda: confidences(talk)["too"] is None)
    talk.keyboard.press("Control+z")
    expect_word(talk, "2 of 4", "too", "two")
    expect(talk.get_by_label("The correct word")).to_be_focused()
    expect(talk.locator(".stt-doubtful")).to_have_count(4)
    until(lambda: confidences(talk)["too"] == 0.2)
    talk.keyboard.press("Escape")
    expect(talk.get_by_role("button", name="Review doubtful words 4")).to_be_focused()
    expect_texts(talk, *TEXTS)


def test_a_word_may_begin_with_a_letter_that_has_the_place_of_a_digit(talk: Page):
    """Press keys of a Lithuanian and of a French keyboard: "ą" is on the key of the digit 1, "à" on that of 0."""
    talk.get_by_role("button", name="Review doubtful words 4").click()
    expect_word(talk, "1 of 4", "tail", "tale")
    decodings: list[str] = []
    talk.on("request", lambda request: decodings.append(request.url) if request.method == "POST" else None)
    keyboard = talk.context.new_cdp_session(talk)

    def press(character: str, code: str, shift: bool = False) -> None:
        about = {"key": character, "code": code, "modifiers": 8 * shift}
        keyboard.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": character, **about})
        keyboard.send("Input.dispatchKeyEvent", {"type": "keyUp", **about})

    field = talk.get_by_label("The correct word")
    for letter, code in (("ą", "Digit1"), ("à", "Digit0")):
        press(letter, code)
        expect(field).to_have_value(letter)
        talk.keyboard.press("Backspace")
    expect_word(talk, "1 of 4", "tail", "tale")
    assert decodings == []
    press("1", "Digit1", shift=True)  # how a digit is typed on a French keyboard
    expect_word(talk, "2 of 4", "too", "two")
    expect_texts(talk, TEXTS[0].replace("tail", "tale"), TEXTS[1])


def test_a_word_is_decoded_again_for_more_readings(browser: Browser, server: Server):
    times = (("And", 0.3), ("so", 0.6), ("my", 0.9), ("yellow", 1.1), ("Americans", 1.6), ("ask", 3.4), ("not", 3.9))
    words = tuple(Word(f" {text}", at, at + 0.2, 0.3 if text == "yellow" else 0.9) for text, at in times)
    segment = Segment(0.3, 4.4, "".join(word.text for word in words), words)
    with opened(browser, server, Transcript((segment,), 11.0, "en")) as page:
        page.get_by_role("button", name="Review doubtful words 1").click()
        expect_word(page, "1 of 1", "yellow")
        page.keyboard.press("0")
        use = page.get_by_role("button", name="Use “fellow”")
        expect(use).to_be_visible(timeout=90_000)
        use.click()
        expect_stored(page, "And so my fellow Americans ask not")


def test_phone_reviews_by_taps_and_reading_mode_steps_through_words(
    browser: Browser, server: Server, generation_id: str
):
    with_cookie = transcripts.page_of(browser, server, "ann")
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    context.add_cookies(with_cookie.context.cookies())
    with_cookie.context.close()
    page = context.new_page()
    open_talk(page, f"{server.url}/transcript?id={generation_id}")
    expect(page.get_by_role("button", name="Review doubtful words")).to_be_hidden()
    expect(page.get_by_role("button", name="Next doubtful")).to_be_visible()
    page.get_by_role("button", name="Edit", exact=True).tap()
    page.get_by_role("button", name="Review doubtful words").tap()
    page.get_by_role("button", name="Use “tale”").tap()
    expect_word(page, "2 of 4", "too", "two")
    page.get_by_role("button", name="Confirm", exact=True).tap()
    expect_word(page, "3 of 4", "sitties.", "cities.")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="End the review").tap()
    expect_texts(page, TEXTS[0].replace("tail", "tale"), TEXTS[1])
    expect_saved(page)
    context.close()

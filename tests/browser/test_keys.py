"""Test the player's keys in the text: playback, caret moves, the list of keys, and keys changed on Settings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from stt.transcript.model import Transcript
from tests.browser.conftest import until_true, watch_playback
from tests.browser.editing import caret, expect_texts, opened, put_caret
from tests.server import Server
from tests.transcripts import spoken_segment

pytestmark = [pytest.mark.own_server, pytest.mark.usefixtures("database_of_server")]

FIRST, SECOND, THIRD = "Good morning everybody.", "Perhaps", "Today we speak about history."
TALK = Transcript(
    (
        spoken_segment(FIRST, 0.5, "Anna"),
        spoken_segment(SECOND, 4.0, "Ben", confidence=0.2),
        spoken_segment(THIRD, 8.0, "Anna"),
    ),
    11.0,
    "en",
)
PLAYING = "!document.querySelector('.stt-audio').paused"
PAUSED = "document.querySelector('.stt-audio').paused"


@pytest.fixture
def talk(browser: Browser, server: Server) -> Iterator[Page]:
    with opened(browser, server, TALK) as page:
        until_true(page, "document.querySelector('.stt-audio').readyState >= 1")
        yield page


def position(page: Page) -> float:
    found: float = page.evaluate("document.querySelector('.stt-audio').currentTime")
    return found


def go_to(page: Page, seconds: float) -> None:
    page.evaluate("seconds => { document.querySelector('.stt-audio').currentTime = seconds }", seconds)
    until_true(page, "!document.querySelector('.stt-audio').seeking")


def press_pedal(page: Page) -> None:
    """Dispatch a keydown event for F13, which foot pedals send but Playwright cannot press."""
    page.evaluate(
        """() => document.activeElement.dispatchEvent(
          new KeyboardEvent('keydown', { key: 'F13', code: 'F13', bubbles: true, cancelable: true })
        )"""
    )


def test_playback_is_controlled_by_keys_while_typing(talk: Page):
    put_caret(talk, 0, len("Good "))
    go_to(talk, 5.0)
    talk.keyboard.press("F2")
    assert position(talk) == pytest.approx(2.0, abs=0.01)
    talk.keyboard.press("F4")
    talk.keyboard.press("F4")
    assert position(talk) == pytest.approx(8.0, abs=0.01)
    watch_playback(talk)
    talk.keyboard.press("F8")
    until_true(talk, f"window.sought !== undefined && {PLAYING}")
    assert talk.evaluate("window.sought") == pytest.approx(6.5, abs=0.3), "it plays from 1.5 s before"
    talk.keyboard.type("old ")
    talk.keyboard.press("Control+Enter")
    until_true(talk, PAUSED)
    talk.keyboard.press("Shift+F4")
    talk.keyboard.press("Shift+F4")
    talk.keyboard.press("Shift+F2")
    expect(talk.get_by_label("Speed")).to_have_value("1.25")
    assert talk.evaluate("document.querySelector('.stt-audio').playbackRate") == 1.25
    assert caret(talk) == (0, len("Good old "))
    expect_texts(talk, "Good old morning everybody.", SECOND, THIRD)


def test_keys_move_caret_and_playback_to_paragraphs_and_doubtful_words(talk: Page):
    put_caret(talk, 0, 3)
    talk.keyboard.press("Control+ArrowDown")
    talk.keyboard.press("Control+ArrowDown")
    assert caret(talk) == (2, 0) and position(talk) == pytest.approx(8.0, abs=0.01)
    talk.keyboard.press("Control+ArrowUp")
    assert caret(talk) == (1, 0) and position(talk) == pytest.approx(4.0, abs=0.01)
    put_caret(talk, 0, 3)
    talk.keyboard.press("F9")
    assert position(talk) == pytest.approx(3.7, abs=0.01)
    talk.keyboard.type("Maybe")  # F9 has selected the doubtful word, which is replaced by typing
    expect_texts(talk, FIRST, "Maybe", THIRD)


def test_paragraph_is_repeated_until_playback_starts_elsewhere(talk: Page):
    put_caret(talk, 0, 3)
    talk.keyboard.press("Shift+F8")
    loop = talk.get_by_role("button", name="Repeat this paragraph")
    expect(loop).to_have_attribute("aria-pressed", "true")
    talk.evaluate(
        """() => {
          const audio = document.querySelector('.stt-audio');
          window.turns = 0;
          audio.addEventListener('seeked', () => { if (Math.abs(audio.currentTime - 0.5) < 0.2) window.turns += 1; });
        }"""
    )
    talk.keyboard.press("F8")
    until_true(talk, "window.turns >= 3")
    talk.keyboard.press("F8")
    until_true(talk, PAUSED)
    watch_playback(talk)  # the sound ends three seconds later
    talk.locator(".stt-time").nth(2).click()
    expect(loop).to_have_attribute("aria-pressed", "false")
    until_true(talk, "window.played")


def test_question_mark_opens_the_list_of_keys_but_is_typed_in_the_text(talk: Page):
    put_caret(talk, 0, len(FIRST))
    talk.keyboard.type("?")
    expect_texts(talk, FIRST + "?", SECOND, THIRD)
    talk.keyboard.press("Escape")
    talk.keyboard.press("?")
    sheet = talk.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet.locator(".stt-sheet-row", has_text="Go back 1.5 s and play")).to_contain_text("F8 or Ctrl+Enter")
    expect(sheet.locator(".stt-sheet-row", has_text="Assign a speaker")).to_contain_text("Alt+1 to Alt+9")
    talk.keyboard.press("?")
    expect(sheet).to_be_hidden()
    talk.get_by_role("button", name="Keyboard shortcuts", exact=True).click()
    expect(sheet).to_be_visible()
    talk.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    talk.get_by_role("button", name="Edit", exact=True).click()
    talk.keyboard.press("?")
    expect(sheet.get_by_text("Undo", exact=True)).to_have_count(0)
    expect(sheet.locator(".stt-sheet-row", has_text="3 s back")).to_be_visible()


def test_keys_are_changed_on_settings_and_duplicates_are_refused(talk: Page, server: Server):
    address = talk.url
    talk.goto(f"{server.url}/settings")
    talk.get_by_role("button", name="3 s back, another key: none").click()
    talk.keyboard.press("F8")
    error = talk.locator(".stt-key-trouble")
    expect(error).to_contain_text("F8 is already the shortcut for “Go back 1.5 s and play, or pause”.")
    talk.keyboard.press("x")
    expect(error).to_contain_text("X is used for typing.")
    press_pedal(talk)
    expect(talk.get_by_role("button", name="3 s back, another key: F13")).to_be_focused()
    expect(error).to_be_empty()
    talk.get_by_role("button", name="3 s back, key: F2").click()
    talk.keyboard.press("Backspace")
    expect(talk.get_by_role("button", name="3 s back, key: F13")).to_be_visible()
    talk.reload()
    expect(talk.get_by_role("button", name="3 s back, key: F13")).to_be_visible()
    talk.goto(address)
    talk.locator(".stt-word").first.wait_for()
    until_true(talk, "document.querySelector('.stt-audio').readyState >= 1")
    put_caret(talk, 0, 3)
    go_to(talk, 5.0)
    talk.keyboard.press("F2")
    assert position(talk) == 5.0
    press_pedal(talk)
    assert position(talk) == pytest.approx(2.0, abs=0.01)
    talk.get_by_role("button", name="Keyboard shortcuts", exact=True).click()
    row = talk.get_by_role("dialog", name="Keyboard shortcuts").locator(".stt-sheet-row", has_text="3 s back")
    expect(row.locator("kbd")).to_have_text(["F13"])
    talk.goto(f"{server.url}/settings")
    talk.get_by_role("button", name="Restore default shortcuts").click()
    expect(talk.get_by_role("button", name="3 s back, key: F2")).to_be_visible()
    expect(talk.get_by_role("button", name="Restore default shortcuts")).to_be_hidden()

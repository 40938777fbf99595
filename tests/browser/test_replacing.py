"""Test find and replace in the player: one hit, all hits, hits in the selection, undo, by keyboard, on a phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from stt.transcript.model import Transcript
from tests import audio, transcripts
from tests.browser.editing import expect_saved, expect_stored, expect_texts, open_talk, opened, put_caret, words
from tests.server import Server
from tests.transcripts import spoken_segment

pytestmark = [pytest.mark.own_server, pytest.mark.usefixtures("database_of_server")]

FIRST = "Um, we met in the café, um."
SECOND = "The Café was full, umbrellas too."
THIRD = "Um, a CAFE again."
TALK = Transcript(
    (spoken_segment(FIRST, speaker="Anna"), spoken_segment(SECOND, 6.0, "Ben"), spoken_segment(THIRD, 12.0, "Anna")),
    20.0,
    "en",
)
TEXTS = [FIRST, SECOND, THIRD]
REPLACED = [text.replace("café", "bar").replace("Café", "bar").replace("CAFE", "bar") for text in TEXTS]


@pytest.fixture
def talk(browser: Browser, server: Server) -> Iterator[Page]:
    with opened(browser, server, TALK) as page:
        yield page


def expect_count(page: Page, text: str) -> None:
    expect(page.locator(".stt-count")).to_have_text(text)


def test_hits_are_replaced_and_undone_one_by_one_by_keyboard(talk: Page):
    put_caret(talk, 0, 0)
    talk.keyboard.press("Control+h")
    find = talk.get_by_role("searchbox", name="Find in the text")
    expect(find).to_be_focused()
    talk.keyboard.type("cafe")
    expect_count(talk, "3 found")
    talk.get_by_label("Replace with").focus()
    talk.keyboard.type("bar")
    expect(talk.get_by_role("list", name="Preview").locator("li")).to_have_text(
        ["Um, we met in the café → bar, um.", "The Café → bar was full, umbrellas too…", "Um, a CAFE → bar again."]
    )
    talk.keyboard.press("Enter")  # the first Enter only goes to the first hit
    expect_count(talk, "1 of 3")
    talk.keyboard.press("Enter")
    expect_texts(talk, REPLACED[0], SECOND, THIRD)
    expect_count(talk, "1 of 2")
    talk.keyboard.press("Enter")
    expect_texts(talk, *REPLACED[:2], THIRD)
    expect(talk.get_by_label("Replace with")).to_be_focused()
    expect(talk.locator(".stt-outcome")).to_have_text("1 replaced. Press Ctrl+Z to undo.")
    expect_stored(talk, *REPLACED[:2], THIRD)
    talk.keyboard.press("Control+z")  # the focus is in the replacement field
    expect_texts(talk, REPLACED[0], SECOND, THIRD)
    talk.keyboard.press("Control+z")  # the undo has moved the focus to the changed text
    expect_texts(talk, *TEXTS)


COMPOSING = """(box, [key, more]) =>
  box.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }))"""


@pytest.mark.parametrize("more", [{"isComposing": True}, {"keyCode": 229}])
def test_keys_of_an_input_method_have_no_effect_on_the_fields(talk: Page, more: dict[str, object]):
    """An input method uses Enter and Escape to choose or refuse characters. 229 is what Safari reports for them."""
    talk.get_by_role("button", name="Find and replace").click()
    find, new = talk.get_by_role("searchbox", name="Find in the text"), talk.get_by_label("Replace with")
    find.fill("cafe")
    expect_count(talk, "3 found")
    for box, key in ((find, "Enter"), (find, "Escape"), (new, "Escape")):
        assert box.evaluate(COMPOSING, [key, more]), f"{key} is left to the input method"
    expect(find).to_have_value("cafe")
    expect_count(talk, "3 found")
    expect(new).to_be_visible()
    talk.locator("button.stt-speaker").first.click()
    talk.get_by_role("menuitem", name="New speaker").click()
    name = talk.locator(".stt-menu-field")
    assert name.evaluate(COMPOSING, ["Escape", more])
    expect(name).to_be_focused()


def test_all_hits_of_the_chosen_options_are_replaced_and_undone_at_once(talk: Page):
    talk.get_by_role("button", name="Find and replace", exact=True).click()
    talk.keyboard.type("um")
    expect_count(talk, "4 found")
    talk.get_by_label("Whole words").check()
    expect_count(talk, "3 found")
    talk.get_by_label("Match case").check()
    expect_count(talk, "1 found")
    talk.get_by_label("Match case").uncheck()
    talk.get_by_role("searchbox", name="Find in the text").fill("um,")
    expect_count(talk, "2 found")
    talk.get_by_role("button", name="Replace all 2").click()
    replaced = ["we met in the café, um.", SECOND, "a CAFE again."]
    expect_texts(talk, *replaced)
    expect(talk.locator(".stt-outcome")).to_have_text("2 replaced. Press Ctrl+Z to undo.")
    expect(talk.get_by_role("button", name="Replace all")).to_be_focused()
    expect_stored(talk, *replaced)
    talk.keyboard.press("Control+z")
    expect_texts(talk, *TEXTS)
    talk.reload()
    expect_texts(talk, *TEXTS)
    expect(talk.get_by_role("button", name="Undo", exact=True)).to_have_attribute("aria-disabled", "true")


def test_only_hits_in_the_selection_are_replaced(talk: Page):
    talk.locator(".stt-word", has_text="met").click()
    talk.evaluate(
        """() => {
          const [first, second] = document.querySelectorAll('.stt-words');
          const [from, to] = [first.querySelectorAll('.stt-word')[1], second.querySelectorAll('.stt-word')[3]];
          getSelection().setBaseAndExtent(from.firstChild, 0, to.firstChild, 2);
        }"""
    )
    talk.get_by_role("button", name="Find and replace", exact=True).click()
    some = talk.get_by_label("In the selection")
    expect(some).to_be_checked()
    talk.keyboard.type("um")
    expect_count(talk, "1 found")
    some.uncheck()
    expect_count(talk, "4 found")
    some.check()
    talk.get_by_role("searchbox", name="Find in the text").fill("cafe")
    expect_count(talk, "2 found")
    talk.get_by_label("Replace with").fill("coffee house")
    talk.get_by_role("button", name="Replace all 2").click()
    expect_texts(talk, FIRST.replace("café", "coffee house"), SECOND.replace("Café", "coffee house"), THIRD)
    talk.get_by_role("searchbox", name="Find in the text").fill("was")
    expect_count(talk, "1 found")  # the selection has grown with the longer replacements, so "was" is still in it
    put_caret(talk, 2, 0)
    expect(some).to_be_disabled()


def test_selected_words_are_searched_and_found_in_text_typed_just_before(talk: Page):
    put_caret(talk, 2, 0)
    talk.keyboard.type("cafe ")
    put_caret(talk, 1, len("The "))
    for _ in "Café":
        talk.keyboard.press("Shift+ArrowRight")
    talk.keyboard.press("Control+h")
    expect(talk.get_by_role("searchbox", name="Find in the text")).to_have_value("Café")
    expect(talk.get_by_label("Replace with")).to_be_focused()
    talk.keyboard.type("Bar")
    talk.get_by_role("button", name="Replace all 4").click()
    expect_texts(talk, FIRST.replace("café", "Bar"), SECOND.replace("Café", "Bar"), "Bar Um, a Bar again.")
    expect_saved(talk)
    talk.get_by_label("Replace with").focus()
    talk.keyboard.press("Escape")
    expect(talk.get_by_role("form", name="Replace")).to_be_hidden()
    expect(talk.get_by_role("button", name="Find and replace", exact=True)).to_be_focused()


def test_without_editing_nothing_can_be_replaced(talk: Page):
    talk.get_by_role("button", name="Find and replace", exact=True).click()
    talk.get_by_role("button", name="Edit", exact=True).click()
    expect(talk.get_by_role("form", name="Replace")).to_be_hidden()
    expect(talk.get_by_role("button", name="Find and replace", exact=True)).to_be_hidden()
    talk.get_by_role("searchbox", name="Find in the text").fill("cafe full")
    expect_count(talk, "None")
    # Without editing, the search ignores punctuation, so this query is found in "full, umbrellas".
    talk.get_by_role("searchbox", name="Find in the text").fill("full umbrellas")
    expect_count(talk, "1 found")


def test_text_is_replaced_on_a_phone(browser: Browser, server: Server):
    with_cookie = transcripts.page_of(browser, server, "ann")
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    context.add_cookies(with_cookie.context.cookies())
    with_cookie.context.close()
    page = context.new_page()
    generation_id = transcripts.store("visitor:ann", TALK, audio.JFK, duration=20.0)
    open_talk(page, f"{server.url}/transcript?id={generation_id}")
    page.get_by_role("button", name="Edit", exact=True).tap()
    page.get_by_role("button", name="Find and replace", exact=True).tap()
    page.get_by_role("searchbox", name="Find in the text").fill("full")
    page.get_by_label("Replace with").fill("empty")
    page.get_by_role("button", name="Replace all").tap()
    expect(words(page, 1)).to_have_text(SECOND.replace("full", "empty"))
    expect_saved(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()

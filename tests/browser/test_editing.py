"""Test editing in place in a real browser: typing, splitting, merging, undo, two tabs, a killed server, a phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from stt.library import sharing
from tests import audio, transcripts
from tests.browser.conftest import retype, until_true
from tests.browser.editing import (
    ARABIC,
    FIRST,
    SAVE_TIMEOUT,
    SECOND,
    TALK,
    TEXTS,
    THIRD,
    caret,
    expect_saved,
    expect_stored,
    expect_texts,
    open_talk,
    opened,
    put_caret,
    second_tab,
    segments,
    times,
    words,
)
from tests.server import Server
from tests.waiting import until

pytestmark = [pytest.mark.own_server, pytest.mark.usefixtures("database_of_server")]


@pytest.fixture
def talk(browser: Browser, server: Server) -> Iterator[Page]:
    with opened(browser, server) as page:
        yield page


def test_click_places_the_caret_and_plays_and_typed_text_is_saved(talk: Page):
    before = times(talk)
    word = talk.locator(".stt-word", has_text="everybody")
    word.click(position={"x": 1, "y": 8})
    until_true(talk, "!document.querySelector('.stt-audio').paused")
    assert talk.evaluate("document.querySelector('.stt-audio').currentTime") >= before["everybody"] - 0.1
    talk.keyboard.type("dear ")
    expect_texts(talk, FIRST.replace("everybody", "dear everybody"), *TEXTS[1:])
    assert not talk.evaluate("document.querySelector('.stt-audio').paused"), "Space was typed, not taken for Pause"
    expect_saved(talk)  # the text is saved while the paragraph still has the focus
    after = times(talk)
    assert before["morning"] <= after.pop("dear") <= before["everybody"]
    assert after == before
    talk.keyboard.press("Escape")
    expect(talk.get_by_text("Corrected by hand")).to_be_visible()
    expect(talk.get_by_text("20 s · 23 words")).to_be_visible()


def test_enter_splits_and_backspace_and_delete_merge_paragraphs(talk: Page):
    before = times(talk)
    at = len("Good morning ")
    put_caret(talk, 0, at)
    talk.keyboard.press("Enter")
    halves = ["Good morning", FIRST[at:]]
    expect_texts(talk, *halves, *TEXTS[1:])
    assert caret(talk) == (1, 0)
    expect_saved(talk)
    expect(talk.locator(".stt-time").nth(1)).to_have_attribute("data-start", f"{before['everybody']:g}")
    talk.keyboard.press("Backspace")
    expect_texts(talk, *TEXTS)
    assert caret(talk) == (0, at)
    talk.keyboard.press("End")
    talk.keyboard.press("Delete")
    expect_texts(talk, f"{FIRST} {SECOND}", *TEXTS[2:])
    talk.keyboard.press("Escape")
    expect_saved(talk)
    assert times(talk) == before
    expect(talk.locator(".stt-speaker")).to_have_text(["Anna", "Anna", "Ben"])


def test_a_selected_paragraph_is_deleted_and_undone_and_redone_across_reloads(talk: Page):
    words(talk, 1).focus()
    talk.keyboard.press("Control+a")
    talk.keyboard.press("Delete")
    expect_texts(talk, FIRST, THIRD, ARABIC)
    assert caret(talk) == (1, 0)
    talk.keyboard.type("And ")
    talk.keyboard.press("Escape")
    expect_saved(talk)
    talk.reload()
    expect_texts(talk, FIRST, f"And {THIRD}", ARABIC)
    undo, redo = (
        talk.get_by_role("button", name="Undo", exact=True),
        talk.get_by_role("button", name="Redo", exact=True),
    )
    expect(redo).to_have_attribute("aria-disabled", "true")
    undo.click()
    expect_texts(talk, FIRST, THIRD, ARABIC)
    talk.keyboard.press("Control+z")
    expect_texts(talk, *TEXTS)
    expect(undo).to_have_attribute("aria-disabled", "true")
    talk.reload()
    expect_texts(talk, *TEXTS)
    talk.keyboard.press("Control+Shift+z")
    expect_texts(talk, FIRST, THIRD, ARABIC)
    talk.keyboard.press("Control+y")
    expect_texts(talk, FIRST, f"And {THIRD}", ARABIC)
    expect(redo).to_have_attribute("aria-disabled", "true")


def test_emptied_paragraph_is_removed_when_the_caret_leaves(talk: Page):
    words(talk, 1).focus()
    talk.keyboard.press("Control+a")
    talk.keyboard.press("Control+x")
    expect(talk.locator(".stt-words")).to_have_count(4)
    talk.keyboard.press("Escape")
    expect_texts(talk, FIRST, THIRD, ARABIC)


def test_server_killed_while_typing_receives_all_text_after_its_restart(talk: Page, server: Server):
    put_caret(talk, 1, 0)
    talk.keyboard.type("Well, ")
    server.kill()
    talk.keyboard.type("I say ")
    talk.keyboard.press("End")
    talk.keyboard.press("Enter")
    talk.keyboard.type("Now. ")
    expect(talk.locator(".stt-saving")).to_have_text(
        "Not saved yet: no connection. Your text is kept in this browser.", timeout=SAVE_TIMEOUT
    )
    expect(talk.get_by_text("No connection to the server.")).to_be_visible()
    # Typing still works: Streamlit's own dialog about a lost connection, which would take the focus, is not shown.
    talk.keyboard.type("Or later. ")
    server.start()
    expected = [FIRST, f"Well, I say {SECOND}", f"Now. Or later. {THIRD}", ARABIC]
    expect_saved(talk)
    expect_texts(talk, *expected)
    expect(talk.get_by_text("No connection to the server.")).to_be_hidden()
    assert [segment["text"].strip() for segment in segments(talk)] == expected


def test_late_server_response_does_not_move_the_caret(talk: Page, server: Server):
    at = len("Good morning ")
    put_caret(talk, 0, at)
    server.kill()
    talk.keyboard.press("Enter")
    put_caret(talk, 3, 0)
    talk.keyboard.type("Now, ")
    before = caret(talk)
    expect(talk.locator(".stt-saving")).to_contain_text("Not saved yet", timeout=SAVE_TIMEOUT)
    server.start()
    expect_saved(talk)
    assert caret(talk) == before
    expect_texts(talk, "Good morning", FIRST[at:], SECOND, f"Now, {THIRD}", ARABIC)


@pytest.mark.parametrize("down", [False, True], ids=["server running", "server down"])
def test_tab_closed_while_typing_loses_no_text(talk: Page, server: Server, down: bool):
    address, context = talk.url, talk.context
    put_caret(talk, 0, 0)
    talk.keyboard.type("Typed ")
    if down:
        server.kill()
    talk.keyboard.type("until the end: ")
    until_true(talk, "JSON.stringify(localStorage).includes('until the end: ')")
    talk.close()
    if down:
        server.start()
    page = context.new_page()
    open_talk(page, address)
    expect_texts(page, f"Typed until the end: {FIRST}", *TEXTS[1:])
    page.reload()
    expect_texts(page, f"Typed until the end: {FIRST}", *TEXTS[1:])
    until_true(page, "!Object.keys(localStorage).some((name) => name.startsWith('stt-edits'))")


def test_edits_of_two_paragraphs_in_two_tabs_are_both_kept(talk: Page):
    second = second_tab(talk)
    put_caret(talk, 2, 0)
    talk.keyboard.type("Here: ")
    put_caret(second, 0, 5)
    second.keyboard.press("Enter")
    second.keyboard.press("Escape")
    expect_saved(second)
    talk.bring_to_front()
    talk.keyboard.type("again ")
    talk.keyboard.press("Escape")
    expect_texts(talk, "Good", FIRST[5:], SECOND, f"Here: again {THIRD}", ARABIC)
    expect_stored(talk, "Good", FIRST[5:], SECOND, f"Here: again {THIRD}", ARABIC)
    second.bring_to_front()
    # Send the focus event, which a headless browser does not send when a tab is activated.
    second.evaluate("() => window.dispatchEvent(new Event('focus'))")
    expect_texts(second, "Good", FIRST[5:], SECOND, f"Here: again {THIRD}", ARABIC)


@pytest.mark.parametrize("choice", ["Keep mine", "Keep the other"])
def test_conflicting_edits_of_one_paragraph_in_two_tabs_are_shown_to_choose(talk: Page, choice: str):
    second = second_tab(talk)
    # Typed text is sent after three seconds. Hold it until the other tab's text is saved, however long that takes.
    held: list[Route] = []
    second.route("**/edits", lambda route: held.append(route))
    put_caret(second, 1, 0)
    second.keyboard.type("Second: ")
    retype(talk, "First.", 1)
    for route in held:
        route.continue_()
    second.unroute_all()
    second.keyboard.press("Escape")
    panel = second.get_by_role("group", name="Two texts of this paragraph")
    expect(panel.locator(".stt-conflict-text")).to_have_text([f"Second: {SECOND}", "First."])
    second.reload()  # the conflict is still shown after a reload
    expect(panel.locator(".stt-conflict-text")).to_have_text([f"Second: {SECOND}", "First."])
    panel.get_by_role("button", name=choice).click()
    expect(panel).to_have_count(0)
    expect_saved(second)
    expected = f"Second: {SECOND}" if choice == "Keep mine" else "First."
    expect(words(second, 1)).to_have_text(expected)
    talk.reload()
    expect(words(talk, 1)).to_have_text(expected)


def test_caret_moves_and_types_in_right_to_left_text(talk: Page):
    put_caret(talk, 2, len(THIRD))
    talk.keyboard.press("ArrowRight")
    assert caret(talk) == (3, 0)
    talk.keyboard.insert_text("أهلا ")
    talk.keyboard.press("ArrowLeft")  # ArrowLeft moves forward in right-to-left text
    assert caret(talk) == (3, 6)
    talk.keyboard.press("Escape")
    expect_saved(talk)
    expect_texts(talk, *TEXTS[:3], f"أهلا {ARABIC}")
    assert words(talk, 3).evaluate("box => getComputedStyle(box).direction") == "rtl"
    assert segments(talk)[3]["text"].strip() == f"أهلا {ARABIC}"


def test_pasted_text_becomes_plain_and_one_line(talk: Page):
    talk.evaluate(
        """navigator.clipboard.write([new ClipboardItem({
          'text/plain': new Blob(['one\\n\\ntwo <b>'], { type: 'text/plain' }),
          'text/html': new Blob(['<h1>one</h1><img src=x>'], { type: 'text/html' }),
        })])"""
    )
    put_caret(talk, 1, 0)
    talk.keyboard.press("Control+v")
    expect(words(talk, 1)).to_have_text(f"one two <b>{SECOND}")
    talk.keyboard.press("Control+b")
    talk.keyboard.press("Escape")
    expect_saved(talk)
    assert talk.locator(".stt-words :is(h1, img, b)").count() == 0
    assert segments(talk)[1]["text"].strip() == f"one two <b>{SECOND}"


def test_speaker_is_assigned_by_key_or_menu_to_a_paragraph_or_words(talk: Page):
    speakers = talk.locator(".stt-speaker")
    put_caret(talk, 0, 0)
    talk.keyboard.press("Alt+2")
    expect(speakers).to_have_text(["Ben", "Ben", "Anna", "Ben"])
    # the key of the digit 1 on a Czech keyboard, and a keyboard on the screen, which gives no code
    for key, code, name in (("+", "Digit1", "Anna"), ("2", "", "Ben")):
        talk.evaluate(
            """([key, code]) => document.activeElement.dispatchEvent(
              new KeyboardEvent('keydown', { key, code, altKey: true, bubbles: true, cancelable: true })
            )""",
            [key, code],
        )
        expect(speakers).to_have_text([name, "Ben", "Anna", "Ben"])
    put_caret(talk, 2, len("Today "))
    for _ in range(len("we")):
        talk.keyboard.press("Shift+ArrowRight")
    talk.keyboard.press("Alt+2")
    expect_texts(talk, FIRST, SECOND, "Today", "we", "speak about history.", ARABIC)
    expect(speakers).to_have_text(["Ben", "Ben", "Anna", "Ben", "Anna", "Ben"])
    expect_saved(talk)
    speakers.nth(4).click()
    menu = talk.get_by_role("menu", name="Speaker of this paragraph")
    expect(menu.get_by_role("menuitemradio", name="Anna")).to_be_focused()
    talk.keyboard.press("End")
    talk.keyboard.press("Enter")
    talk.get_by_label("Name of the new speaker").last.fill("Zoë <b>")
    talk.keyboard.press("Enter")
    expect(menu).to_be_hidden()
    expect(speakers.nth(4)).to_have_text("Zoë <b>")
    # Compare the stored speakers: "Saved" may still be shown for the previous edit.
    named = ["Ben", "Ben", "Anna", "Ben", "Zoë <b>", "Ben"]
    until(lambda: [segment["speaker"] for segment in segments(talk)] == named)


def test_times_are_moved_in_small_steps_and_set_to_now(talk: Page):
    begun = segments(talk)[1]["start"]
    talk.locator(".stt-time").nth(1).click(button="right")
    dialog = talk.get_by_role("dialog", name="Times of this paragraph")
    dialog.get_by_role("button", name="Start 0.1 s later").click()
    dialog.get_by_role("button", name="Start 0.1 s later").click()
    talk.keyboard.press("Escape")
    expect(talk.locator(".stt-time").nth(1)).to_be_focused()
    until(lambda: segments(talk)[1]["start"] == pytest.approx(begun + 0.2, abs=0.02))
    talk.evaluate("document.querySelector('.stt-audio').currentTime = 8.5")
    talk.locator(".stt-paragraph").nth(1).hover()
    talk.locator(".stt-more").nth(1).click()
    talk.get_by_role("menuitem", name="Times…").click()
    dialog.get_by_role("button", name="Set the end to now").click()
    talk.keyboard.press("Escape")
    until(lambda: segments(talk)[1]["end"] == pytest.approx(8.5, abs=0.06))


def test_paragraph_borders_are_dragged_on_the_waveform(talk: Page):
    until_true(talk, "document.querySelector('.stt-waved')")
    begun, ended = (segments(talk)[1][name] for name in ("start", "end"))
    talk.locator(".stt-time").nth(1).click(button="right")
    dialog = talk.get_by_role("dialog", name="Times of this paragraph")
    start, end = (dialog.get_by_role("slider", name=f"{name}, on the waveform") for name in ("Start", "End"))
    box, strip = start.bounding_box(), dialog.locator(".stt-borders").bounding_box()
    second = strip["width"] / (ended - begun + 4)  # pixels per second; 2 s are added at both ends
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    talk.mouse.move(x, y)
    talk.mouse.down()
    talk.mouse.move(x + 0.5 * second, y, steps=5)
    talk.mouse.up()
    expect(start).to_be_focused()
    end.focus()
    talk.keyboard.press("ArrowRight")
    talk.keyboard.press("Escape")
    until(lambda: segments(talk)[1]["start"] == pytest.approx(begun + 0.5, abs=0.11))
    until(lambda: segments(talk)[1]["end"] == pytest.approx(ended + 0.1, abs=0.06))
    talk.locator(".stt-time").nth(1).click(button="right")
    start.focus()
    for _ in range(30):
        talk.keyboard.press("ArrowRight")
    assert float(start.get_attribute("aria-valuenow")) < float(end.get_attribute("aria-valuenow"))


def test_keyboard_reaches_all_controls_of_a_paragraph(talk: Page):
    talk.locator(".stt-time").first.focus()
    talk.keyboard.press("ArrowDown")
    reached = []
    for _ in range(3):
        talk.keyboard.press("Tab")
        reached.append(talk.evaluate("document.activeElement.className.split(' ').at(-1)"))
    assert reached == ["stt-speaker", "stt-more", "stt-words"]
    assert caret(talk) == (1, 0)
    expect(talk.get_by_role("textbox", name="Text of the paragraph at 0:06")).to_be_focused()
    talk.keyboard.press("ArrowDown")
    assert caret(talk)[0] == 2
    talk.keyboard.press("ArrowUp")
    talk.keyboard.press("ArrowUp")
    assert caret(talk)[0] == 0
    talk.keyboard.press("Escape")
    expect(talk.locator(".stt-time").first).to_be_focused()


def test_click_only_plays_when_editing_is_off(talk: Page):
    talk.get_by_role("button", name="Edit", exact=True).click()
    talk.locator(".stt-word", has_text="everybody").click()
    until_true(talk, "!document.querySelector('.stt-audio').paused")
    expect(talk.locator(".stt-words[contenteditable]")).to_have_count(0)
    talk.keyboard.press(" ")
    until_true(talk, "document.querySelector('.stt-audio').paused")
    expect_texts(talk, *TEXTS)
    talk.reload()
    expect(talk.get_by_role("button", name="Edit", exact=True)).to_have_attribute("aria-pressed", "false")


def test_a_shared_transcript_cannot_be_edited(talk: Page, server: Server):
    token = sharing.create(talk.url.split("id=")[1], "visitor:ann", days=7, audio=False)
    stranger = talk.context.browser.new_page()
    open_talk(stranger, f"{server.url}/shared?token={token}")
    stranger.locator(".stt-word").first.click()
    stranger.keyboard.type("x")
    expect_texts(stranger, *TEXTS)
    expect(stranger.locator(".stt-edit")).to_be_hidden()
    assert stranger.locator("[role=textbox].stt-words, .stt-more").count() == 0
    stranger.close()


def test_transcript_is_edited_on_a_phone(browser: Browser, server: Server):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    with_cookie = transcripts.page_of(browser, server, "ann")
    context.add_cookies(with_cookie.context.cookies())
    with_cookie.context.close()
    page = context.new_page()
    generation_id = transcripts.store("visitor:ann", TALK, audio.JFK, duration=20.0)
    open_talk(page, f"{server.url}/transcript?id={generation_id}")
    edit = page.get_by_role("button", name="Edit", exact=True)
    # Editing is off at first on a phone, so that a tap on a word plays it.
    expect(edit).to_have_attribute("aria-pressed", "false")
    edit.tap()
    words(page, 1).tap()
    expect(words(page, 1)).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.insert_text(" Bye.")
    page.locator(".stt-more").nth(2).tap()
    page.get_by_role("menuitem", name="Merge with the paragraph above").tap()
    expect_texts(page, FIRST, f"{SECOND} Bye. {THIRD}", ARABIC)
    expect_saved(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()

"""Test notes in a real browser: at a time or about words, after a reload, on a phone, and in a shared transcript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import APIResponse, Browser, Locator, Page, Route, expect

from stt.library import sharing
from stt.notes import book
from stt.transcript.notes import Note
from tests import audio, transcripts
from tests.browser.conftest import retype, until_still, until_true
from tests.browser.test_accessibility import accessibility_violations
from tests.server import Server
from tests.transcripts import FIRST, TALK
from tests.waiting import until

pytestmark = [pytest.mark.own_server, pytest.mark.usefixtures("database_of_server")]

ANN = "visitor:ann"
MARKUP = "<img src=x onerror=\"document.title='x'\"> & why?"


@pytest.fixture
def generation_id() -> str:
    return transcripts.store(ANN, TALK, audio.JFK, duration=11.0)


@pytest.fixture
def talk(browser: Browser, server: Server, generation_id: str) -> Iterator[Page]:
    page = transcripts.page_of(browser, server, "ann")
    open_talk(page, f"{server.url}/transcript?id={generation_id}")
    yield page
    page.context.close()


def open_talk(page: Page, address: str) -> None:
    page.goto(address)
    page.locator(".st-key-transcript .stt-word").first.wait_for()


def select(page: Page, first: str, last: str) -> None:
    """Select the text from the word `first` to the word `last` with the mouse."""
    until_still(page.locator(".stt-word", has_text=first).first)  # what is above the text may still be loading
    begin, end = (page.locator(".stt-word", has_text=word).first.bounding_box() for word in (first, last))
    assert begin and end
    page.mouse.move(begin["x"] + 1, begin["y"] + begin["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] - 1, end["y"] + end["height"] / 2, steps=5)
    page.mouse.up()


def highlighted(page: Page, colour: str) -> list[str]:
    """Return the texts that are highlighted in this colour."""
    found: list[str] = page.evaluate(f"[...CSS.highlights.get('stt-note-{colour}')].map((range) => range.toString())")
    return found


def field(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Text of the note")


def rows(page: Page) -> Locator:
    return page.locator(".stt-notes-item")


def test_note_is_added_by_key_at_a_moment_and_a_click_seeks_to_it(talk: Page, generation_id: str):
    talk.locator(".stt-time").nth(1).click()  # play from 8 s, the start of the second paragraph
    until_true(talk, "document.querySelector('.stt-audio').currentTime >= 8")
    talk.keyboard.press("n")
    expect(field(talk)).to_be_focused()
    talk.keyboard.type(MARKUP)
    talk.keyboard.press("Enter")
    expect(rows(talk)).to_have_count(1)
    expect(rows(talk).locator(".stt-notes-text")).to_have_text(MARKUP)
    [note] = book.of(generation_id, ANN)
    assert 8 <= note.start <= 11 and note.end is None and note.text == MARKUP
    go = talk.get_by_role("button", name=f"Go to 0:{int(note.start):02}")  # 0:08, unless the key was pressed late
    expect(go).to_be_focused()
    expect(talk.locator(".stt-mark")).to_have_count(1)
    talk.locator(".stt-play").click()
    talk.locator(".stt-time").first.click()
    until_true(talk, "document.querySelector('.stt-audio').currentTime < 8")
    go.click()
    until_true(talk, f"document.querySelector('.stt-audio').currentTime >= {note.start - 0.1}")
    assert talk.title() != "x"


def test_note_stays_if_an_older_list_arrives_after_it_was_made(talk: Page):
    held: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        held.append((route, route.fetch()))

    talk.route("**/notes", hold)
    talk.evaluate("() => window.dispatchEvent(new Event('focus'))")  # the list is loaded again
    until(lambda: talk.evaluate("1") and held)
    talk.keyboard.press("n")
    talk.keyboard.type("Mine")
    talk.keyboard.press("Enter")
    expect(rows(talk).locator(".stt-notes-text")).to_have_text("Mine")
    expect(field(talk)).to_have_count(0)
    (route, answer), *_ = held
    with talk.expect_response("**/notes"):
        route.fulfill(response=answer)
    talk.evaluate("() => new Promise((done) => setTimeout(done, 100))")  # the answer is handled
    expect(rows(talk)).to_have_count(1)


def test_highlight_of_selected_words_survives_editing_and_a_reload(talk: Page, generation_id: str):
    select(talk, "morning", "welcome")
    talk.get_by_role("button", name="Add a note").click()
    expect(talk.locator(".stt-notes-about")).to_have_text("0:00 “morning everybody and welcome”")
    talk.get_by_role("radio", name="Green").check()
    talk.get_by_role("button", name="Save", exact=True).click()
    expect(rows(talk).locator(".stt-notes-quote")).to_have_text("“morning everybody and welcome”")
    [note] = book.of(generation_id, ANN)
    assert (note.start, note.colour, note.text) == (0.36, "green", "")
    assert highlighted(talk, "green") == ["morning everybody and welcome"]
    retype(talk, FIRST.replace("morning", "evening"))
    until_true(
        talk, "[...CSS.highlights.get('stt-note-green')].some((r) => String(r) == 'evening everybody and welcome')"
    )
    talk.reload()
    talk.locator(".st-key-transcript .stt-word").first.wait_for()
    until_true(
        talk, "[...CSS.highlights.get('stt-note-green')].some((r) => String(r) == 'evening everybody and welcome')"
    )
    talk.get_by_role("button", name="Notes 1").click()
    expect(rows(talk)).to_have_count(1)
    retype(talk, FIRST.replace("morning", "night"))
    talk.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(rows(talk).locator(".stt-notes-quote")).to_have_text("“night everybody and welcome”")


def test_note_is_edited_deleted_and_restored(talk: Page, generation_id: str):
    book.put(generation_id, ANN, Note("note-0001", 8.1, None, "First"))
    talk.reload()
    talk.get_by_role("button", name="Notes 1").click()
    talk.get_by_role("button", name="Edit the note at 0:08").click()
    expect(field(talk)).to_have_value("First")
    field(talk).fill("Second")
    talk.keyboard.press("Enter")
    expect(rows(talk).locator(".stt-notes-text")).to_have_text("Second")
    talk.get_by_role("button", name="Delete the note at 0:08").click()
    expect(rows(talk)).to_have_text("Deleted the note at 0:08.Undo")
    assert book.of(generation_id, ANN) == []
    talk.keyboard.press("Enter")  # presses the button Undo, which has the focus
    expect(rows(talk).locator(".stt-notes-text")).to_have_text("Second")
    assert [note.text for note in book.of(generation_id, ANN)] == ["Second"]


def test_focus_and_selection_stay_when_notes_are_loaded_again(talk: Page, generation_id: str):
    """Notes are loaded again when the window gets the focus, to show those made in other tabs."""
    for number in (1, 2):  # two notes at one time, whose buttons have the same names
        book.put(generation_id, ANN, Note(f"note-000{number}", 8.1, None, f"Note {number}"))
    talk.reload()
    talk.get_by_role("button", name="Notes 2").click()
    edit = rows(talk).nth(1).get_by_role("button", name="Edit the note at 0:08")
    edit.focus()
    talk.evaluate("getSelection().selectAllChildren(document.querySelector('.stt-notes-text'))")
    for _ in range(2):  # the second response comes after the first has been handled
        with talk.expect_response(lambda response: response.url.endswith("/notes")):
            talk.evaluate("window.dispatchEvent(new Event('focus'))")
    assert talk.evaluate("String(getSelection())") == "Note 1"
    expect(edit).to_be_focused()
    book.put(generation_id, ANN, Note("note-0003", 0.5, None, "From another tab"))
    talk.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(rows(talk)).to_have_count(3)
    edit = rows(talk).nth(2).get_by_role("button", name="Edit the note at 0:08")
    expect(edit).to_be_focused()
    for id in ("note-0001", "note-0002"):
        book.delete(generation_id, ANN, id)
    talk.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(rows(talk)).to_have_count(1)
    expect(talk.get_by_role("button", name="Notes 1")).to_be_focused()


def test_note_text_stays_in_the_form_without_a_connection(talk: Page):
    talk.keyboard.press("n")
    talk.keyboard.type("Kept")
    talk.context.set_offline(True)
    talk.keyboard.press("Enter")
    expect(talk.locator(".stt-notes-trouble", has_text="Not saved")).to_be_visible()
    expect(field(talk)).to_have_value("Kept")
    talk.context.set_offline(False)
    field(talk).press("Enter")
    expect(rows(talk).locator(".stt-notes-text")).to_have_text("Kept")


def test_n_is_typed_as_a_letter_in_text_fields(talk: Page):
    talk.locator(".stt-find").press("n")
    expect(talk.locator(".stt-find")).to_have_value("n")
    talk.locator(".stt-words").nth(1).focus()
    talk.keyboard.press("End")
    talk.keyboard.type("n")
    expect(talk.locator(".stt-words").nth(1)).to_have_text("Thank you.n")
    expect(field(talk)).to_have_count(0)


def test_shared_transcript_shows_notes_read_only_and_only_if_allowed(
    browser: Browser, server: Server, talk: Page, generation_id: str
):
    book.put(generation_id, ANN, Note("note-0001", 0.36, 1.02, "Private?", "pink"))
    talk.reload()
    frames: list[str] = []
    for with_notes in (False, True):
        talk.get_by_role("button", name="Share", exact=True).click()
        dialog = talk.get_by_role("dialog")
        if with_notes:
            dialog.get_by_text("With notes (1)").click()
        dialog.get_by_role("button", name="Create link").click()
        link = dialog.locator("code").inner_text().strip()
        talk.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        context = browser.new_context()
        stranger = context.new_page()
        stranger.on("websocket", lambda socket: socket.on("framereceived", lambda data: frames.append(str(data))))
        open_talk(stranger, link)
        expect(stranger.get_by_role("button", name="Add a note")).to_have_count(0)
        if with_notes:
            stranger.get_by_role("button", name="Notes 1").click()
            expect(rows(stranger).locator(".stt-notes-text")).to_have_text("Private?")
            expect(stranger.get_by_role("button", name="Delete the note")).to_have_count(0)
            assert any("Private?" in frame for frame in frames)
        else:
            expect(stranger.locator(".stt-notes-toggle")).to_be_hidden()
            assert not any("Private?" in frame for frame in frames)
        context.close()
    assert {share.notes for share in sharing.all_of(generation_id, ANN)} == {False, True}


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1440)])
def test_notes_have_no_accessibility_violation_and_fit_a_phone(talk: Page, generation_id: str, scheme: str, width: int):
    for number, colour in enumerate(("yellow", "green", "blue", "pink")):
        book.put(generation_id, ANN, Note(f"note-000{number}", number * 0.72, number * 0.72 + 0.7, "Why? " * 9, colour))
    book.put(generation_id, ANN, Note("note-0009", 8.1, None, "A mark"))
    talk.emulate_media(color_scheme=scheme)
    talk.set_viewport_size({"width": width, "height": 844})
    talk.reload()
    talk.get_by_role("button", name="Notes 5").click()
    expect(rows(talk)).to_have_count(5)
    assert accessibility_violations(talk) == []
    talk.get_by_role("button", name="Edit the note at 0:00").first.click()
    expect(field(talk)).to_be_visible()
    assert accessibility_violations(talk) == []


def test_notes_are_in_files_only_when_requested(talk: Page, generation_id: str):
    book.put(generation_id, ANN, Note("note-0001", 8.1, None, "A mark"))
    talk.reload()
    talk.get_by_role("button", name="Download").click()
    text = talk.locator(".st-key-download-txt a")
    expect(text).not_to_have_attribute("href", re.compile("notes=1"))
    talk.get_by_text("With notes", exact=True).click()
    expect(text).to_have_attribute("href", re.compile("notes=1"))
    with talk.expect_download() as download:
        talk.locator(".st-key-download-notes a").click()
    assert Path(download.value.path()).read_text("utf-8-sig").splitlines()[1] == "8.100,,A mark,,"

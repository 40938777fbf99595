"""Test correcting a transcript in a real browser: text, names, title and tags, and restoring the original."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests import audio
from tests.browser.conftest import add_files, retype, until_true
from tests.server import Server

MINUTE = 60_000  # milliseconds
HARMLESS = "Ask not <img src=x onerror=alert(1)> what & why."


@pytest.fixture
def reader(browser: Browser, server: Server):
    """Open the transcript of a recording that the visitor added."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(server.url)
    add_files(page, audio.JFK)
    page.get_by_role("button", name="Transcribe", exact=True).click()
    page.locator(".st-key-jobs").get_by_role("button", name="Read").click(timeout=2 * MINUTE)
    page.locator(".st-key-transcript .stt-word").first.wait_for()
    yield page
    context.close()


def test_correction_in_place_is_copied_and_saved_and_does_not_move_playback(reader: Page):
    words = reader.locator(".stt-words").first
    before = words.inner_text()
    assert "country" in before
    reader.evaluate("() => (document.querySelector('.stt-audio').currentTime = 3)")
    word = "[...document.querySelectorAll('.stt-word')].find(w => w.textContent.startsWith('country'))?.dataset.start"
    start = reader.evaluate(f"() => {word}")
    retype(reader, before.replace("fellow", "dear fellow") + " " + HARMLESS)
    expect(reader.locator(".stt-time").first).to_be_focused()
    assert reader.locator(".stt-words img").count() == 0
    until_true(reader, f"{word} === '{start}'")
    assert reader.evaluate("() => document.querySelector('.stt-audio').currentTime") == 3  # the position is unchanged
    expect(reader.get_by_text("Corrected by hand")).to_be_visible()
    reader.get_by_role("button", name="Copy text").click()
    expect(reader.get_by_role("button", name="Copied")).to_be_visible()
    assert HARMLESS in reader.evaluate("() => navigator.clipboard.readText()")
    reader.reload()
    expect(reader.locator(".stt-words").first).to_contain_text("dear fellow")
    expect(reader.get_by_text("Corrected by hand")).to_be_visible()


def test_original_is_shown_and_restored_and_corrections_are_brought_back(reader: Page):
    original = reader.locator(".stt-words").first.inner_text()
    retype(reader, "Mine.")
    toggle = reader.get_by_text("Show original", exact=True)
    toggle.click()
    expect(reader.locator(".stt-words").first).to_have_text(original)
    expect(reader.locator("[role=textbox].stt-words")).to_have_count(0)
    expect(reader.locator(".stt-edit")).to_be_hidden()
    toggle.click()
    expect(reader.locator(".stt-words").first).to_have_text("Mine.")
    toggle.click()
    expect(reader.locator(".stt-words").first).to_have_text(original)
    reader.get_by_role("button", name="Restore original").click()
    back = reader.get_by_role("button", name="Restore corrections")
    expect(back).to_be_visible()
    expect(reader.locator(".stt-words").first).to_have_text(original)
    back.click()
    expect(reader.locator(".stt-words").first).to_have_text("Mine.")


TRANSLATABLE = """selector => [...document.querySelectorAll(selector)].map((box) => box.translate)"""


def test_the_browsers_page_translation_leaves_editable_text_alone(reader: Page):
    assert reader.evaluate(TRANSLATABLE, "body, .stt-words, .stt-review-word, .stt-review-readings, .stt-preview") == [
        True, *[False] * 4,
    ]  # fmt: skip
    reader.locator(".stt-edit").click()
    expect(reader.locator("[role=textbox].stt-words")).to_have_count(0)
    assert reader.evaluate(TRANSLATABLE, ".stt-words") == [True], "a text that is only read may be translated"


def test_a_speaker_is_named(browser: Browser, server: Server, tmp_path: Path):
    """Transcribe two channels as two speakers, and check that a new name of one is shown everywhere, as plain text."""
    one, two = (audio.samples(path)[: 4 * 16000] for path in audio.AUSTEN)
    both = np.stack([np.concatenate([one, np.zeros_like(two)]), np.concatenate([np.zeros_like(one), two])])
    recording = tmp_path / "interview.wav"
    audio.write(recording, both)
    page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    page.goto(server.url)
    add_files(page, recording)
    page.get_by_text("Each channel is a speaker").click()
    page.get_by_role("button", name="Transcribe", exact=True).click()
    page.locator(".st-key-jobs").get_by_role("button", name="Read").click(timeout=2 * MINUTE)
    page.locator(".st-key-transcript .stt-word").first.wait_for()
    page.locator(".st-key-speaker-0").get_by_role("button", name="Change").click()
    page.get_by_label("Name", exact=True).fill("Jane <u>Austen</u>")
    page.get_by_role("button", name="Rename").click()
    expect(page.locator(".stt-who-name").first).to_have_text("Jane <u>Austen</u>")
    expect(page.locator(".stt-speaker").first).to_have_text("Jane <u>Austen</u>")
    expect(page.get_by_text("Corrected by hand")).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    page.context.close()


def test_title_and_tags_are_changed(reader: Page):
    reader.get_by_role("button", name="Details").click()
    dialog = reader.get_by_role("dialog")
    dialog.get_by_label("Title").fill("Kennedy <b>1961</b> *speech*")
    tags = dialog.get_by_role("combobox")
    for tag in ("history", "<i>US</i>"):
        tags.fill(tag)
        tags.press("Enter")
        expect(dialog.get_by_text(tag, exact=True).first).to_be_visible()
    dialog.get_by_label("Title").click()  # close the list of tags
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    expect(reader.locator("h1")).to_have_text("Kennedy <b>1961</b> *speech*")
    expect(reader.get_by_text("Tags: <i>US</i>, history")).to_be_visible()

"""Test the vocabulary in a real browser: saved on the Settings page, offered at the start, learned from corrections."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from stt.library import tagging, vocabulary
from stt.transcript.model import Transcript
from stt.vocabulary.terms import Term
from tests import audio
from tests.browser.conftest import add_files, choose, retype, row
from tests.server import Server
from tests.transcripts import FIRST, page_of, sharing_data_with, spoken_segment, store
from tests.waiting import until

MINUTE = 60_000  # milliseconds
RARE = "1998-15444-0009"  # utterance that begins "apomorphine is not allied …"


def expect_terms(page: Page, text: str) -> None:
    """Wait until there is exactly one field for terms, and it has this text."""
    boxes = page.get_by_label("Names and terms")
    until(lambda: boxes.evaluate_all("(boxes) => boxes.map((box) => box.value)") == [text])


def save_terms(page: Page, text: str, tag: str = "") -> None:
    """Fill in and save the terms of the list for `tag`, or of the general list if `tag` is ""."""
    box = page.locator(f"[class*='st-key-terms-{tag}-']").get_by_label("Names and terms")
    expect(page.get_by_label("Names and terms")).to_have_count(1)
    box.fill(text)
    page.get_by_role("button", name="Save the vocabulary").click()


def test_terms_are_saved_offered_used_and_shown(page: Page, server: Server, tmp_path: Path):
    page.goto(f"{server.url}/settings")
    save_terms(page, "fine\n???")
    expect(page.get_by_text("Line 2 has no letters or digits.")).to_be_visible()
    save_terms(page, "apomorphine\n\naction -> deed")
    expect(page.get_by_text("Saved: 2 terms.")).to_be_visible()
    expect_terms(page, "apomorphine\naction → deed")
    page.goto(server.url)
    add_files(page, audio.utterance(RARE))
    expect(page.get_by_text("Vocabulary (2 terms)")).to_be_visible()
    page.get_by_role("button", name="Transcribe", exact=True).click()
    page.locator(".st-key-jobs").get_by_role("button", name="Read").click(timeout=2 * MINUTE)
    words = page.locator(".stt-words").first
    expect(words).to_contain_text("pomorphine is not")
    expect(words).to_contain_text("physiological deed to")
    expect(page.get_by_text("Replacements from your vocabulary: action → deed (1).")).to_be_visible()
    page.get_by_text("How this transcript was made").click()
    expect(page.get_by_text("Vocabulary: apomorphine, deed")).to_be_visible()
    page.get_by_text("Show original").click()
    page.get_by_role("button", name="Restore original").click()
    expect(words).to_contain_text("physiological action to")


def test_terms_of_a_tag_are_offered_with_it_and_transcript_has_the_tag(browser: Browser, server: Server):
    with sharing_data_with(server):
        page = page_of(browser, server, "tagger")
        generation_id = store("visitor:tagger", Transcript((spoken_segment(FIRST),), 11.0, "en"))
        tagging.set_tags(generation_id, "visitor:tagger", ["Interviews", "Alps"])
        page.goto(f"{server.url}/settings")
        choose(page, page.get_by_role("combobox", name="List"), "Tag Interviews")
        save_terms(page, "apomorphine", "Interviews")
        expect(page.get_by_text("Saved: 1 term.")).to_be_visible()
        choose(page, page.get_by_role("combobox", name="List"), "For every recording")
        expect_terms(page, "")
        save_terms(page, "Zarathustra\nKine")
        expect(page.get_by_text("Saved: 2 terms.")).to_be_visible()
        page.goto(server.url)
        add_files(page, audio.utterance(RARE))
        expect(page.get_by_text("Vocabulary (2 terms)")).to_be_visible()
        choose(page, page.get_by_role("combobox", name="Tags"), "Interviews (1 term)")
        expect(page.get_by_text("Vocabulary (3 terms)")).to_be_visible()
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Transcribe", exact=True).click()
        row(page, RARE).get_by_role("button", name="Read").click(timeout=2 * MINUTE)
        expect(page.locator(".stt-words").first).to_contain_text("pomorphine is not")
        expect(page.get_by_text("Tags: Interviews")).to_be_visible()
        page.get_by_role("button", name="Transcribe again").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_text("Interviews (1 term)")).to_be_visible()
        expect(dialog.get_by_text("Vocabulary (3 terms)")).to_be_visible()
        page.context.close()


def test_no_vocabulary_is_offered_without_terms(page: Page, server: Server):
    page.goto(server.url)
    expect(page.get_by_role("button", name="Transcribe", exact=True)).to_be_visible()
    page.get_by_text("More settings for this model").click()
    expect(page.get_by_role("textbox", name="Prompt")).to_be_visible()
    assert not page.get_by_text("Vocabulary (").count()


def test_third_identical_correction_is_offered_as_a_term(browser: Browser, server: Server):
    with sharing_data_with(server):
        page = page_of(browser, server, "ann")
        owner = "visitor:ann"
        ids = [
            store(owner, Transcript((spoken_segment(FIRST.replace("everybody", "Cyril")),), 11.0, "en"))
            for _ in range(3)
        ]
        offer = page.get_by_text("Add “Cyrille” to your vocabulary?")
        for generation_id in ids:
            page.goto(f"{server.url}/transcript?id={generation_id}")
            page.locator(".stt-word").first.wait_for()
            assert not offer.count()
            retype(page, FIRST.replace("everybody", "Cyrille"))
        expect(offer).to_be_visible()
        page.get_by_role("button", name="Add", exact=True).click()
        expect(offer).to_be_hidden()
        assert vocabulary.terms_of(owner) == [Term("Cyrille")]
        page.context.close()

"""Test the versions of a transcript and the Compare page in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from stt.imports.references import reader as references
from tests import audio
from tests.browser.conftest import until_true
from tests.provider import KEY, Provider
from tests.server import Server

MINUTE = 60_000  # milliseconds
PROVIDER_TEXT = (
    "And so my fellow Americans <b>ask</b> not what our country can do, ask what you can really do for your country."
)


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.fixture(scope="module")
def server(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("compare")
    with Server(folder / "data", AIML_BASE_URL=provider.url, AIML_API_KEY=KEY) as server:
        yield server


@pytest.fixture(scope="module")
def reader(browser: Browser, server: Server) -> Iterator[Page]:
    """Open a page for a visitor who has one transcript, made by the on-device engine."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(server.url)
    page.get_by_role("button", name="Try the sample").click()
    page.locator(".st-key-jobs").get_by_role("button", name="Read").first.wait_for(timeout=MINUTE)
    yield page
    page.context.close()


@pytest.fixture(scope="module")
def compared(reader: Page, server: Server, provider: Provider) -> str:
    """Transcribe with two more models by one button, and return the URL of the comparison of the three transcripts."""
    provider.script(duration=1.0, text=PROVIDER_TEXT)
    reader.goto(server.url + "/compare")
    reader.get_by_role("combobox", name="Models").click()
    for name in ("Nova-3", "Universal"):
        reader.get_by_role("combobox", name="Models").fill(name)
        reader.get_by_role("option").first.click()
    reader.keyboard.press("Escape")
    reader.get_by_role("button", name=re.compile("Transcribe with 2 models and compare")).click()
    expect(reader).to_have_url(re.compile(r"/compare\?ids=.+"))
    expect(reader.locator(".stt-cmp-facts tbody tr")).to_have_count(3, timeout=MINUTE)
    return reader.url


def column(page: Page, number: int):
    return page.locator(".stt-cmp-passage").first.locator(".stt-cmp-side").nth(number)


def player_state(page: Page) -> dict:
    return page.evaluate(
        "() => (({paused, currentTime, src}) => ({paused, currentTime, src}))(document.querySelector('.stt-cmp-audio'))"
    )


def test_one_button_runs_several_models_and_shows_their_time_and_cost(reader: Page, compared: str, provider: Provider):
    rows = reader.locator(".stt-cmp-facts tbody tr")
    expect(rows).to_contain_text(["Whisper base", "Nova-3", "Universal"])
    expect(rows.nth(0)).to_contain_text("Free")
    expect(rows.nth(0)).to_contain_text("the other versions are compared with this one")
    expect(rows.nth(1)).to_contain_text(
        re.compile(r"\d+\.\d\s%.*\d changed, \d missing, \d added.*times real time.*\$0\.\d+")
    )
    assert sorted(job.model for job in provider.jobs.values()) == ["aai/universal", "nova-3"]


def test_differences_have_labels_and_distinct_marks_and_never_become_markup(reader: Page, compared: str):
    reader.goto(compared)
    reader.locator(".stt-cmp-passage .stt-cmp-a").first.wait_for()
    expect(column(reader, 1)).to_contain_text("<b>ask</b>")
    assert reader.locator(".stt-cmp-text b").count() == 0
    changed = column(reader, 1).locator(".stt-cmp-c", has_text="our")
    expect(changed).to_have_attribute("aria-label", re.compile("our, changed: A has “your”"))
    expect(column(reader, 1).locator(".stt-cmp-a", has_text="really")).to_have_attribute(
        "aria-label", "really, added: not in A"
    )
    missing = column(reader, 1).locator(".stt-cmp-m", has_text="you").first
    expect(missing).to_have_attribute("aria-label", re.compile("missing: only in A"))
    styles = "box => { const s = getComputedStyle(box); return [s.textDecorationLine, s.textDecorationStyle, s.borderTopStyle] }"
    marks = [tuple(reader.locator(f".stt-cmp-side .stt-cmp-{kind}").first.evaluate(styles)) for kind in "cma"]
    assert len(set(marks)) == 3, "each kind has a mark beside its colour"


def test_a_click_on_a_difference_plays_it(reader: Page, compared: str):
    reader.goto(compared)
    word = column(reader, 1).locator(".stt-cmp-c", has_text="our")
    word.click()
    until_true(
        reader, "() => { const a = document.querySelector('.stt-cmp-audio'); return !a.paused && a.currentTime > 0 }"
    )
    start = float(word.get_attribute("data-start"))
    assert start - 0.5 <= player_state(reader)["currentTime"] <= start + 5
    assert "/audio/" in player_state(reader)["src"]
    reader.get_by_role("button", name="Pause").click()
    until_true(reader, "() => document.querySelector('.stt-cmp-audio').paused")
    word.press("Enter")
    until_true(reader, "() => !document.querySelector('.stt-cmp-audio').paused")
    reader.get_by_role("button", name="Pause").click()


def test_next_and_previous_go_through_the_differences(reader: Page, compared: str):
    reader.goto(compared)
    count = reader.locator(".stt-cmp-count")
    expect(count).to_have_text(re.compile(r"\d+ differences"))
    reader.get_by_role("button", name="Next", exact=True).click()
    expect(count).to_have_text(re.compile("1 of"))
    expect(reader.locator(".stt-cmp-here")).to_be_focused()
    expect(reader.locator(".stt-cmp-live")).to_have_text(re.compile("changed|missing|added"))
    reader.get_by_role("button", name="Previous", exact=True).click()
    number_and_total = (count.text_content() or "").split(" of ")
    assert number_and_total[0] == number_and_total[1]


def test_word_error_rates_are_measured_against_a_pasted_reference(reader: Page, compared: str):
    reader.goto(compared)
    reader.get_by_text("Reference text", exact=True).click()
    reader.get_by_label("Or paste it").fill(audio.JFK_WORDS)
    reader.get_by_label("Or paste it").press("Control+Enter")
    expect(reader.get_by_role("combobox", name="Compare with")).to_have_value("The reference text")
    expect(reader.locator(".stt-cmp-facts caption")).to_have_text(
        "Word error rates are measured against ✓, the reference text."
    )
    rates = reader.locator(".stt-cmp-facts tbody tr td:nth-child(2)")
    expect(rates.nth(0)).to_contain_text("0.0\u00a0%")
    expect(rates.nth(1)).not_to_contain_text("0.0\u00a0%")
    column(reader, 0).locator(".stt-cmp-word", has_text="country").first.click()
    until_true(
        reader, "() => { const a = document.querySelector('.stt-cmp-audio'); return !a.paused && a.currentTime > 2 }"
    )


def test_an_uploaded_reference_is_read_once_and_can_be_corrected(reader: Page, compared: str):
    reader.goto(compared)
    reader.get_by_text("Reference text", exact=True).click()
    box, field = reader.get_by_label("Or paste it"), reader.get_by_label("Upload the reference")
    field.set_input_files({"name": "pdf.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-"})
    expect(reader.locator(".stt-tf-state")).to_have_text(
        "pdf.pdf has the wrong file type. Choose one of these: TXT, SRT, VTT, ASS, SSA, DOCX, JSON."
    )
    field.set_input_files({"name": "long.txt", "mimeType": "text/plain", "buffer": b"a " * (3 << 20)})
    expect(reader.locator(".stt-tf-state")).to_have_text("long.txt is too large. Use a shorter text.")
    subtitles = f"1\n00:00:00,000 --> 00:00:09,000\n{audio.JFK_WORDS}\n"
    field.set_input_files({"name": "said.srt", "mimeType": "text/plain", "buffer": subtitles.encode()})
    expect(box).to_have_value(audio.JFK_WORDS)
    rate = reader.locator(".stt-cmp-facts tbody tr td:nth-child(2)").first
    expect(rate).to_contain_text("0.0\u00a0%")
    box.fill("something else")
    box.press("Control+Enter")
    expect(rate).to_contain_text("20 added")
    expect(box).to_have_value("something else")


def test_a_guessed_encoding_is_shown_and_can_be_changed(reader: Page, compared: str):
    reader.goto(compared)
    reader.get_by_text("Reference text", exact=True).click()
    box, field = reader.get_by_label("Or paste it"), reader.get_by_label("Upload the reference")
    field.set_input_files(
        {"name": "said.txt", "mimeType": "text/plain", "buffer": "Schöne Grüße, sagte er – und ging.".encode("cp1252")}
    )
    expect(box).to_have_value("Schöne Grüße, sagte er – und ging.")
    choice = reader.get_by_role("combobox", name="Encoding")
    expect(choice).to_have_value("Windows-1252 (Western European)")
    choice.click()
    reader.get_by_role("option", name="Mac Roman (Western European)").click()
    expect(box).to_have_value(re.compile("^Schˆne"))
    choice.click()
    reader.get_by_role("option", name="Windows-1252 (Western European)").click()
    expect(box).to_have_value("Schöne Grüße, sagte er – und ging.")
    field.set_input_files({"name": "said.txt", "mimeType": "text/plain", "buffer": "Schöne Grüße".encode()})
    expect(box).to_have_value("Schöne Grüße")
    expect(choice).to_have_count(0)


def test_webvtt_minutes_of_a_meeting_are_measured_like_their_words(reader: Page, compared: str):
    reader.goto(compared)
    reader.get_by_text("Reference text", exact=True).click()
    minutes = (
        "WEBVTT\n\nNOTE Exported by a meeting tool\n\n7c1e/12-0\n00:00:00.300 --> 00:00:04.100 align:start\n"
        f"<v Speaker One>{audio.JFK_WORDS.replace('fellow', 'fellow <00:00:01.900><c>&lrm;').replace('ask', '</c>ask', 1)}</v>\n"
    )
    field = reader.get_by_label("Upload the reference")
    field.set_input_files({"name": "minutes.vtt", "mimeType": "text/vtt", "buffer": minutes.encode()})
    rate = reader.locator(".stt-cmp-facts tbody tr td:nth-child(2)").first
    expect(rate).to_contain_text("0.0\u00a0%")
    field.set_input_files({"name": "minutes.pdf.txt", "mimeType": "text/plain", "buffer": b"%PDF-1.7"})
    expect(reader.get_by_text("This file is a PDF.")).to_be_visible()


def test_largest_reference_fits_into_a_websocket_message(reader: Page, compared: str):
    reader.goto(compared)
    reader.get_by_text("Reference text", exact=True).click()
    words = (b"ask not " * (references.MOST // 8))[: references.MOST]
    reader.get_by_label("Upload the reference").set_input_files(
        {"name": "all.txt", "mimeType": "text/plain", "buffer": words}
    )
    expect(reader.get_by_text("words of each text are compared")).to_be_visible(timeout=2 * MINUTE)


def test_transcript_page_switches_versions_and_creates_a_new_one(reader: Page, compared: str):
    reader.goto(compared)
    reader.get_by_role("button", name="Read A, Whisper base").click()
    expect(reader).to_have_url(re.compile(r"/transcript\?id="))
    reader.locator(".st-key-transcript").get_by_text("fellow Americans").wait_for()
    picker = reader.get_by_role("combobox", name="Version")
    expect(picker).to_have_value(re.compile("Whisper base"))
    picker.click()
    reader.get_by_role("option").filter(has_text="Nova-3").click()
    expect(reader.locator(".st-key-transcript")).to_contain_text("really do for your country")
    reader.go_back()
    expect(picker).to_have_value(re.compile("Whisper base"))
    reader.get_by_role("button", name="Transcribe again").click()
    dialog = reader.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Model").click()
    reader.get_by_role("option").filter(has_text="on this machine").click()
    languages = dialog.locator("[class*=st-key-local-whisper]").filter(
        has=reader.get_by_role("combobox", name="Language")
    )
    language = languages.get_by_role("combobox", name="Language")
    language.fill("English")
    language.press("Enter")
    expect(languages).to_contain_text("English")
    language.press("Tab")  # closes the list of languages, which stays open for further choices
    dialog.get_by_role("button", name="Transcribe", exact=True).click()
    expect(reader).to_have_url(re.compile(r"/compare\?ids=.+"))
    expect(reader.locator(".stt-cmp-facts tbody tr").filter(has_text="English")).to_have_count(1, timeout=MINUTE)
    expect(reader.locator(".stt-cmp-facts tbody tr")).to_have_count(2)


def test_a_stranger_sees_nothing_of_a_comparison(browser: Browser, compared: str):
    stranger = browser.new_context().new_page()
    stranger.goto(compared)
    expect(stranger.get_by_text("transcripts were not found")).to_be_visible(timeout=30_000)
    expect(stranger.get_by_text("Nothing to compare yet")).to_be_visible()
    assert stranger.locator(".stt-cmp-facts").count() == 0
    stranger.context.close()


def test_versions_stand_below_each_other_on_a_phone(reader: Page, compared: str):
    reader.set_viewport_size({"width": 390, "height": 844})
    reader.goto(compared)
    reader.locator(".stt-cmp-passage").first.scroll_into_view_if_needed()
    reader.locator(".stt-cmp-passage .stt-cmp-word").first.wait_for()
    assert reader.evaluate("() => document.documentElement.scrollWidth") <= 390
    boxes = [column(reader, number).bounding_box() for number in range(3)]
    assert boxes[0]["y"] < boxes[1]["y"] < boxes[2]["y"]
    reader.set_viewport_size({"width": 1440, "height": 900})
    expect(reader.locator(".stt-cmp-heads")).to_be_visible()
    boxes = [column(reader, number).bounding_box() for number in range(3)]
    assert boxes[0]["x"] < boxes[1]["x"] < boxes[2]["x"]

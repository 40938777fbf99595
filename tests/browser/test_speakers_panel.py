"""Test the speakers of a conversation in a real browser: finding, naming, merging, splitting, recognising voices."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests import audio, conversations, transcripts
from tests.browser.conftest import add_files, choose, until_true
from tests.browser.test_accessibility import accessibility_violations
from tests.server import Server
from tests.waiting import until

MINUTE = 60_000  # milliseconds
VISITOR = "listens"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, speaker_models: Path) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("speakers")
    with Server(folder / "data", STT_SPEAKERS="automatic", STT_SPEAKER_MODELS=str(speaker_models)) as server:
        yield server


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a recording of one minute in which three people talk."""
    talk = conversations.conversation(["1688", "1998", "2609"], seed=4, turns=14)
    return audio.write(tmp_path_factory.mktemp("sound") / "talk.flac", talk.samples)


def start(page: Page, server: Server, recording: Path, speakers: str) -> None:
    """Transcribe the recording with `speakers` chosen in the field Speakers, and open the transcript."""
    page.goto(server.url)
    add_files(page, recording)
    if speakers != "Automatic":
        choose(page, page.get_by_role("combobox", name="Speakers"), speakers)
    page.get_by_role("button", name="Transcribe", exact=True).click()
    page.locator(".st-key-jobs").get_by_role("button", name="Read").first.click(timeout=3 * MINUTE)
    page.locator(".st-key-transcript .stt-word").first.wait_for()


@pytest.fixture(scope="module")
def address(browser: Browser, server: Server, recording: Path) -> str:
    """Transcribe the recording, wait until three speakers are found, and return the URL of the transcript."""
    with transcripts.sharing_data_with(server):
        page = transcripts.page_of(browser, server, VISITOR)
    start(page, server, recording, "Automatic")
    expect(page.locator(".stt-lane")).to_have_count(3, timeout=3 * MINUTE)
    address = page.url
    page.context.close()
    return address


@pytest.fixture
def page(browser: Browser, server: Server, address: str) -> Iterator[Page]:
    """Open the transcript, and search for its speakers again, which undoes the changes of earlier tests."""
    with transcripts.sharing_data_with(server):
        page = transcripts.page_of(browser, server, VISITOR)
    page.goto(address)
    page.locator(".st-key-transcript .stt-word").first.wait_for()
    find_speakers(page, "Automatic")
    expect(rows(page)).to_have_text(["Speaker 1", "Speaker 2", "Speaker 3"])
    yield page
    page.context.close()


def rows(page: Page):
    return page.locator(".stt-who-name")


def names_in_text(page: Page) -> set[str]:
    return set(page.locator(".stt-speaker").all_inner_texts())


def find_speakers(page: Page, number: str) -> None:
    """Start a new search for speakers with `number` chosen as their number, and wait until the search has ended."""
    page.get_by_role("button", name="Find speakers").first.click()
    choose(page, page.get_by_label("Speakers", exact=True), number)
    page.get_by_test_id("stPopoverBody").get_by_role("button", name="Find speakers").click()
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)
    expect(page.locator(".st-key-speakers-progress")).to_have_count(0, timeout=3 * MINUTE)


def change(page: Page, place: int) -> None:
    """Open the menu of the speaker with the index `place`. Click again if the page redraws and closes the menu."""
    button = page.locator(f".st-key-speaker-{place}").get_by_role("button", name="Change")
    until(lambda: page.get_by_label("Name", exact=True).is_visible() or button.click(), 30, every=1)


def rename(page: Page, place: int, name: str) -> None:
    change(page, place)
    page.get_by_label("Name", exact=True).fill(name)
    page.keyboard.press("Enter")
    expect(rows(page).nth(place)).to_have_text(name)


def test_speakers_are_found_and_named_in_text_and_lanes(page: Page):
    assert names_in_text(page) == {"Speaker 1", "Speaker 2", "Speaker 3"}
    shares = [int(share) for share in re.findall(r"(\d+)\s%", page.locator(".st-key-speakers").inner_text())]
    assert len(shares) == 3 and 96 <= sum(shares) <= 100
    text, panel = (
        page.locator(name).evaluate_all("all => [...new Set(all.map(one => getComputedStyle(one).color))]")
        for name in (".stt-speaker", ".stt-who-name")
    )
    assert len(panel) == 3 and set(panel) == set(text)
    assert accessibility_violations(page) == []
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 390, "height": 844})
    page.reload()
    page.locator(".st-key-transcript .stt-word").first.wait_for()
    assert accessibility_violations(page) == []


def test_speaker_is_renamed_and_merged_and_the_merge_is_undone(page: Page):
    rename(page, 0, "Ann <b>")
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)
    expect(page.locator(".stt-lane-name").first).to_have_text("Ann <b>")
    assert names_in_text(page) == {"Ann <b>", "Speaker 2", "Speaker 3"}
    change(page, 1)
    choose(page, page.get_by_label("Merge into"), "Ann <b>")
    expect(rows(page)).to_have_text(["Ann <b>", "Speaker 3"])
    expect(page.locator(".stt-lane")).to_have_count(2)
    page.get_by_role("button", name="Undo: Merged Speaker 2 into Ann <b>").click()
    expect(rows(page)).to_have_text(["Ann <b>", "Speaker 2", "Speaker 3"])
    expect(page.locator(".stt-lane")).to_have_count(3)
    page.reload()
    expect(rows(page)).to_have_text(["Ann <b>", "Speaker 2", "Speaker 3"])
    page.locator(".st-key-transcript .stt-word").first.wait_for()
    assert names_in_text(page) == {"Ann <b>", "Speaker 2", "Speaker 3"}


def test_speakers_are_reordered(page: Page):
    before = ["Speaker 1", "Speaker 2", "Speaker 3"]
    expect(page.locator(".stt-lane-name")).to_have_text(before)
    change(page, 2)
    page.get_by_role("button", name="Move up", exact=True).click()
    expect(rows(page)).to_have_text(["Speaker 1", "Speaker 3", "Speaker 2"])
    expect(page.locator(".stt-lane-name")).to_have_text([before[0], before[2], before[1]])
    page.get_by_role("button", name="Undo: Moved Speaker 3 up").click()
    expect(rows(page)).to_have_text(before)


def test_speaker_with_two_voices_is_split_into_two(page: Page):
    find_speakers(page, "2")
    expect(rows(page)).to_have_text(["Speaker 1", "Speaker 2"])
    shares = page.locator(".stt-who .stt-facts").all_inner_texts()
    seconds = [int(share.split(" ")[0]) for share in shares]
    change(page, seconds.index(max(seconds)))
    page.get_by_role("button", name="Split into two").click()
    expect(rows(page)).to_have_count(3)
    expect(page.locator(".stt-lane")).to_have_count(3)
    page.get_by_role("button", name=re.compile("Undo: ")).click()
    expect(rows(page)).to_have_text(["Speaker 1", "Speaker 2"])


def test_fewer_speakers_than_requested_are_found_and_reported(page: Page):
    find_speakers(page, "12")
    expect(
        page.get_by_text(re.compile(r"You requested 12 speakers, but only \d+ could be told apart\."))
    ).to_be_visible(timeout=MINUTE)
    find_speakers(page, "1")
    expect(page.get_by_text("One speaker", exact=True)).to_be_visible(timeout=MINUTE)
    expect(page.locator(".stt-speaker")).to_have_count(0)
    expect(page.locator(".stt-lane")).to_have_count(0)


def test_typed_text_is_kept_when_speakers_arrive(page: Page):
    words = page.locator(".stt-words").first
    words.focus()
    page.keyboard.type("What I was typing. ")
    find_speakers(page, "2")
    expect(page.locator(".stt-lane")).to_have_count(2)
    expect(page.locator(".stt-words", has_text="What I was typing.")).to_have_count(1)


def test_sample_of_a_voice_is_played_and_stops(page: Page):
    until_true(page, "document.querySelector('.stt-audio').readyState >= 1")
    top = page.locator(".st-key-speaker-1").bounding_box()
    page.locator(".st-key-speaker-1").get_by_role("button", name="Play a sample").click()
    until_true(page, "!document.querySelector('.stt-audio').paused")
    begun = page.evaluate("document.querySelector('.stt-audio').currentTime")
    until_true(page, "document.querySelector('.stt-audio').paused")
    ended = page.evaluate("document.querySelector('.stt-audio').currentTime")
    assert 0 < ended - begun < 4
    assert page.locator(".st-key-speaker-1").bounding_box() == top, "the page stays where it is"


def test_a_known_voice_is_suggested_until_it_is_deleted(page: Page, server: Server, address: str):
    rename(page, 0, "Ann")
    change(page, 0)
    page.get_by_role("button", name="Remember this voice as Ann").click()
    expect(page.get_by_text("The voice of Ann is remembered.")).to_be_visible()
    find_speakers(page, "Automatic")
    likely = page.locator(".st-key-speakers").get_by_text(re.compile(r"Probably Ann \(similarity (0\.[6-9]\d|1\.00)\)"))
    expect(likely).to_have_count(1)
    page.get_by_role("button", name="Accept").click()
    expect(rows(page).first).to_have_text("Ann")
    expect(likely).to_have_count(0)
    page.goto(f"{server.url}/settings")
    known = page.locator("[class*=st-key-voice-]")
    expect(known).to_contain_text("Ann")
    known.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No voices are stored.")).to_be_visible()


def test_text_is_kept_when_a_speaker_search_fails_or_is_cancelled(
    browser: Browser, tmp_path: Path, speaker_models: Path
):
    """Start with an empty models folder, so that the search for speakers fails. Copy the models before the retry."""
    models = tmp_path / "models"
    models.mkdir()
    talk = conversations.conversation(["1688", "1998", "2609"], seed=4, turns=14)
    with Server(tmp_path / "data", STT_SPEAKER_MODELS=str(models)) as server:
        with transcripts.sharing_data_with(server):
            sound = audio.write(tmp_path / "talk.flac", np.tile(talk.samples, round(300 / talk.duration)))
            generation_id = transcripts.of_conversation(talk, sound, f"visitor:{VISITOR}")
            page = transcripts.page_of(browser, server, VISITOR)
        page.goto(f"{server.url}/transcript?id={generation_id}")
        page.locator(".st-key-transcript .stt-word").first.wait_for()
        find_speakers(page, "Automatic")
        expect(page.get_by_role("alert").filter(has_text="The search for speakers failed.")).to_be_visible()
        shutil.copytree(speaker_models, models, dirs_exist_ok=True)
        page.get_by_role("button", name="Retry").click()
        progress = page.locator(".st-key-speakers-progress")
        expect(progress).to_contain_text(
            re.compile(r"Finding speakers, \d+\s%, about \d+ (s|min).* left"), timeout=MINUTE
        )
        progress.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("button", name="Find speakers")).to_be_visible()
        expect(page.get_by_text("The search for speakers failed.")).to_have_count(0)
        expect(page.locator(".stt-lane")).to_have_count(0)
        assert page.locator(".stt-words").count() > 0
        find_speakers(page, "3")
        expect(page.locator(".stt-lane")).to_have_count(3)
        page.context.close()


def test_speakers_not_requested_at_the_start_are_found_later(browser: Browser, server: Server, recording: Path):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    start(page, server, recording, "Off")
    expect(page.get_by_role("button", name="Find speakers")).to_be_visible()
    expect(page.locator(".stt-lane")).to_have_count(0)
    find_speakers(page, "Automatic")
    expect(page.locator(".stt-lane")).to_have_count(3)
    assert page.locator("[data-testid=stMain]").evaluate("main => main.scrollWidth - main.clientWidth") <= 0
    context.close()

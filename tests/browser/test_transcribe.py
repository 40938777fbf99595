"""Test the Transcribe page in a real browser, with real speech and the real engine."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests import audio
from tests.browser.conftest import add_files, row
from tests.server import Server

pytestmark = pytest.mark.own_server

MINUTE = 60_000  # milliseconds


@pytest.fixture(scope="module")
def long_speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a recording of more than a minute of speech."""
    clips = [audio.samples(audio.utterance(name)) for name in audio.librispeech()]
    gap = audio.silence(0.6)
    sound = np.concatenate([part for clip in clips[:12] for part in (clip, gap)])
    return audio.write(tmp_path_factory.mktemp("speech") / "long talk.flac", sound)


def test_new_visitor_reads_the_sample_after_one_click(page: Page):
    page.get_by_role("button", name="Try the sample").click()
    read = page.locator(".st-key-jobs").get_by_role("button", name="Read")
    read.click(timeout=MINUTE)
    expect(page).to_have_url(re.compile(r"/transcript\?id="))
    expect(page.locator(".st-key-transcript")).to_contain_text("ask not what your country can do for you")
    expect(page.get_by_text("How this transcript was made")).to_be_visible()


def test_two_files_show_progress_and_growing_text_and_can_be_read(page: Page, long_speech: Path):
    add_files(page, long_speech, audio.AUSTEN[0])
    expect(page.locator("[class*=st-key-chosen-]", has_text="long talk")).to_contain_text("takes about")
    expect(page.locator("[class*=st-key-chosen-]", has_text="long talk")).to_contain_text("FLAC")
    page.get_by_role("button", name="Transcribe", exact=True).click()
    working = row(page, "long talk")
    expect(working.locator(".stt-state")).to_have_text(re.compile(r"[1-9]\d*\s% · about .* left"), timeout=MINUTE)
    early = working.locator(".stt-so-far").inner_text()
    expect(working.locator(".stt-so-far")).not_to_have_text(early, timeout=MINUTE)
    expect(row(page, "austen-0870").get_by_role("button", name="Read")).to_be_visible(timeout=MINUTE)
    expect(row(page, "austen-0870")).to_contain_text("leisure to consider")
    expect(working.get_by_role("button", name="Read")).to_be_visible(timeout=2 * MINUTE)


def test_double_click_on_the_sample_starts_one_job(page: Page):
    jobs = page.locator(".st-key-jobs [class*=st-key-job-]")
    page.get_by_role("button", name="Try the sample").dblclick(delay=100)
    expect(jobs.get_by_role("button", name="Read")).to_be_visible(timeout=MINUTE)
    expect(jobs).to_have_count(1)


def test_double_click_on_transcribe_shows_no_error(page: Page):
    add_files(page, audio.AUSTEN[1])
    page.get_by_role("button", name="Transcribe", exact=True).dblclick(delay=60)
    expect(row(page, "austen-0890").get_by_role("button", name="Read")).to_be_visible(timeout=MINUTE)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_waiting_job_shows_when_it_starts_and_a_short_clip_does_not_wait(page: Page, tmp_path: Path):
    """Start three long recordings. One waits, because two are transcribed at once."""
    sound = np.tile(audio.samples(audio.JFK), 60)
    add_files(page, *(audio.write(tmp_path / f"lecture {number}.flac", sound) for number in (1, 2, 3)))
    page.get_by_role("button", name="Transcribe", exact=True).click()
    lectures = page.locator(".st-key-jobs [class*=st-key-job-]", has_text="lecture")
    next_one = lectures.filter(has_text=re.compile(r"Waiting: next in the queue · starts in about \d"))
    expect(next_one).to_have_count(1, timeout=MINUTE)  # which one depends on the order in which the uploads end
    page.get_by_role("button", name="Try the sample").click()
    expect(page.locator(".st-key-jobs").get_by_role("button", name="Read")).to_be_visible(timeout=MINUTE)
    expect(next_one).to_have_count(1)
    for number in (1, 2, 3):
        row(page, f"lecture {number}").get_by_role("button", name="Cancel").click()
        expect(row(page, f"lecture {number}")).to_contain_text("Cancelled")


def test_cancel_keeps_the_text_and_retry_finishes_the_job(page: Page, long_speech: Path):
    add_files(page, long_speech)
    page.get_by_role("button", name="Transcribe", exact=True).click()
    job = row(page, "long talk")
    expect(job.locator(".stt-so-far")).to_be_visible(timeout=MINUTE)
    job.get_by_role("button", name="Cancel").click()
    expect(job).to_contain_text("Cancelled")
    text = job.locator(".stt-so-far").inner_text()
    assert len(text) > 10
    job.get_by_role("button", name="Retry").click()
    expect(job.get_by_role("button", name="Read")).to_be_visible(timeout=2 * MINUTE)


def test_a_reload_and_a_second_tab_show_the_same_row(page: Page, long_speech: Path):
    add_files(page, long_speech)
    page.get_by_role("button", name="Transcribe", exact=True).click()
    expect(row(page, "long talk").locator(".stt-so-far")).to_be_visible(timeout=MINUTE)
    page.reload()
    expect(row(page, "long talk").get_by_role("button", name="Cancel")).to_be_visible()
    other = page.context.new_page()
    other.goto(page.url)
    expect(row(other, "long talk").get_by_role("button", name="Cancel")).to_be_visible()
    expect(row(other, "long talk").get_by_role("button", name="Read")).to_be_visible(timeout=2 * MINUTE)


def test_job_continues_where_it_was_after_the_server_is_killed(browser: Browser, tmp_path: Path, long_speech: Path):
    with Server(tmp_path / "data") as server:
        page = browser.new_context().new_page()
        page.goto(server.url)
        add_files(page, long_speech)
        page.get_by_role("button", name="Transcribe", exact=True).click()
        expect(row(page, "long talk").locator(".stt-state")).to_have_text(re.compile(r"[2-9]\d\s%"), timeout=2 * MINUTE)
        server.kill()
        server.start()
        page.context.new_page().goto(server.url)
        text = row(page.context.pages[1], "long talk").locator(".stt-so-far")
        expect(text).to_be_visible()  # the text decoded before the kill is still there
        # The first tab reconnects without a reload. It no longer lists the recording as a waiting upload.
        row(page, "long talk").get_by_role("button", name="Read").wait_for(timeout=2 * MINUTE)
        expect(page.locator("[class*=st-key-chosen-]")).to_have_count(0)
        row(page, "long talk").get_by_role("button", name="Read").click()
        expect(page.locator(".st-key-transcript")).to_contain_text("margaret", ignore_case=True)
        page.context.close()


def test_two_visitors_do_not_see_each_others_transcripts(page: Page, browser: Browser, server: Server):
    page.get_by_role("button", name="Try the sample").click()
    page.locator(".st-key-jobs").get_by_role("button", name="Read").click(timeout=MINUTE)
    page.wait_for_url("**/transcript?id=*")
    stranger = browser.new_context().new_page()
    stranger.goto(page.url)
    expect(stranger.get_by_role("heading", name="Not found")).to_be_visible()
    generation_id = page.url.split("id=")[1]
    assert stranger.request.get(f"{server.url}/audio/{generation_id}").status == 404
    assert page.request.get(f"{server.url}/audio/{generation_id}").status == 200
    stranger.goto(server.url + "/history")
    expect(stranger.get_by_text("No transcripts yet")).to_be_visible()
    stranger.context.close()


def test_microphone_recording_is_listed(page: Page):
    page.get_by_role("tab", name="Record").click()
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_text(re.compile("00:0[1-9]")).wait_for()
    page.get_by_role("button", name="Stop recording").click()
    expect(page.locator("[class*=st-key-chosen-]")).to_contain_text("Recording")


def test_file_without_audio_is_refused_with_a_reason_and_others_continue(page: Page, tmp_path: Path):
    text = tmp_path / "notes.mp3"
    text.write_text("These are notes, not sound. " * 50)
    empty = tmp_path / "nothing.wav"
    empty.write_bytes(b"")
    page.locator("input[type=file]").first.set_input_files([str(text), str(empty), str(audio.JFK)])
    expect(page.locator(".stt-uploads")).to_contain_text("MP3, M4A, WAV")
    expect(page.locator(".stt-uploads")).to_contain_text("empty", ignore_case=True)
    page.locator("[class*=st-key-chosen-]", has_text="jfk.flac").wait_for()
    page.get_by_role("button", name="Transcribe", exact=True).click()
    expect(row(page, "jfk").get_by_role("button", name="Read")).to_be_visible(timeout=MINUTE)


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>.flac", "🎙️ épisode № 3.flac", "x" * 240 + ".flac"])
def test_any_file_name_is_shown_as_text(page: Page, tmp_path: Path, name: str):
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    payload = {"name": name, "mimeType": "audio/flac", "buffer": audio.AUSTEN[1].read_bytes()}
    page.locator("input[type=file]").first.set_input_files(payload)
    chosen = page.locator("[class*=st-key-chosen-] .stt-title")
    expect(chosen).to_contain_text(name[:100])
    page.get_by_role("button", name="Transcribe", exact=True).click()
    expect(page.locator(".st-key-jobs .stt-title")).to_contain_text(name.rsplit(".", 1)[0][:100])

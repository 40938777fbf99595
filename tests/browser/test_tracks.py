"""Test a recording with several tracks: the page shows the chosen track, and offers the others."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from tests import audio
from tests.browser.conftest import add_files

MINUTE = 60_000  # milliseconds


def test_track_with_speech_is_chosen_and_each_track_can_be_a_speaker(page: Page, tmp_path: Path):
    speech = audio.samples(audio.JFK)
    other = np.resize(audio.samples(audio.AUSTEN[0]), len(speech))
    tracks = [(audio.silence(11), {"title": "Game"}), (speech, {"title": "Microphone"}), (other, {"title": "Desktop"})]
    add_files(page, audio.write_tracks(tmp_path / "screen.mkv", tracks))
    chosen = page.locator("[class*=st-key-chosen-]", has_text="screen.mkv")
    expect(chosen).to_contain_text("3 tracks: Game, Microphone (chosen), Desktop")
    chosen.get_by_role("combobox").click()
    page.get_by_role("option", name="Each track is a speaker").click()
    expect(chosen).to_contain_text("(each is a speaker)")
    page.get_by_role("button", name="Transcribe", exact=True).click()
    row = page.locator(".st-key-jobs [class*=st-key-job-]", has_text="screen").first
    row.get_by_role("button", name="Read").click(timeout=MINUTE)
    text = page.locator(".st-key-transcript")
    expect(text).to_contain_text("ask not what your country can do for you")
    expect(text).to_contain_text(re.compile("leisure to consider"))
    expect(text).to_contain_text("Microphone")
    expect(text).to_contain_text("Desktop")
    expect(page.get_by_text("3 tracks: Game, Microphone, Desktop (each is a speaker)", exact=True)).to_be_visible()
    page.get_by_text("How this transcript was made").click()
    expect(page.get_by_text("Tracks: 3 tracks: Game, Microphone, Desktop (each is a speaker)")).to_be_visible()

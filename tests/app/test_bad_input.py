"""Test that truncated, damaged and unusual recordings are transcribed as far as possible, or refused with a message."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from jiwer import wer

import stt
from pages.format import clock, length
from stt.errors import EmptyFile, NotSound, SttError
from stt.store import recordings
from tests import audio, broken
from tests.app.test_pages import page
from tests.bench.accuracy import normalised
from tests.waiting import ended

pytestmark = pytest.mark.usefixtures("engine")

JFK = audio.samples(audio.JFK)  # 11.0 s
SPOKEN = set(audio.JFK_WORDS.split())


def write_mp4(path: Path) -> Path:
    """Write an MP4 (with video) or M4A whose index precedes the sound, as in files made for the web."""
    return broken.mp4(path, JFK, picture=path.suffix == ".mp4", movflags="faststart")


def write_file(path: Path) -> Path:
    return write_mp4(path) if path.suffix in (".m4a", ".mp4") else audio.write(path, JFK)


@pytest.mark.parametrize(
    ("extension", "damage", "most_lost"),
    [
        *((extension, broken.cut_off, 6.0) for extension in (".wav", ".flac", ".mp3", ".m4a", ".mp4")),
        *((extension, broken.overwritten, 4.0) for extension in (".flac", ".mp3", ".m4a", ".mp4")),
    ],
)
def test_readable_parts_are_transcribed_and_the_page_reports_lost_spans(
    tmp_path: Path, extension: str, damage: Callable[[Path], Path], most_lost: float
):
    reader = page()
    owner = reader.session_state.owner
    generation_id = stt.create(
        recordings.take_in(damage(write_file(tmp_path / f"talk{extension}")), owner), owner=owner
    )
    transcript = ended(generation_id, owner).transcript
    decoded = set(normalised(transcript.text).split())
    assert {"fellow", "americans"} <= decoded and len(decoded & SPOKEN) >= 5
    assert 0.3 < sum(end - start for start, end, _ in transcript.lost) < most_lost
    lost = length(round(sum(end - start for start, end, _ in transcript.lost), 1))
    reader.session_state.generation_ids = [generation_id]
    reader.run()
    assert any(f" · {lost} of audio could not be read</p>" in part.proto.body for part in reader.get("html"))
    reader.switch_page("transcript.py")
    reader.query_params["id"] = generation_id
    reader.run()
    assert not reader.exception
    warnings = [warning.value for warning in reader.warning]
    for (start, end, why), sentence in zip(transcript.lost, warnings, strict=True):
        assert sentence == f"From {clock(start)} on, {length(end - start)} of audio could not be read: {why}."


@pytest.mark.parametrize(
    ("channels", "rate", "extension"), [(3, 16_000, ".wav"), (1, 8_000, ".wav"), (1, 96_000, ".flac")]
)
def test_unusual_channel_counts_and_sample_rates_are_transcribed(
    tmp_path: Path, channels: int, rate: int, extension: str
):
    path = audio.write(tmp_path / f"talk{extension}", np.stack([JFK] * channels), rate)
    recording = recordings.take_in(path, "local")
    assert (recording.channels, recording.sample_rate) == (channels, rate)
    text = ended(stt.create(recording), "local").text
    assert wer(audio.JFK_WORDS, normalised(text)) <= 0.1


def test_refused_file_is_named_and_does_not_block_the_others(tmp_path: Path):
    """Create jobs as the Transcribe page does with a batch: one after the other. Only some are refused."""
    empty, text = tmp_path / "empty.wav", tmp_path / "notes.mp3"
    empty.write_bytes(b"")
    text.write_text("These are notes, not sound. " * 50)
    created, refused = [], {}
    for path in (empty, audio.AUSTEN[1], text, audio.AUSTEN[1]):
        try:
            created.append(stt.create(path))
        except SttError as error:
            refused[type(error)] = error.message
    assert len(set(created)) == 2
    assert refused.keys() == {EmptyFile, NotSound}
    assert "empty.wav" in refused[EmptyFile] and "notes.mp3" in refused[NotSound]
    first, second = (ended(generation_id, "local") for generation_id in created)
    assert first.state == second.state == "done" and first.text == second.text != ""


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("🎙️ épisode № 3.flac", "🎙️ épisode № 3.flac"),
        ("<script>alert(1)</script>.flac", "script>.flac"),  # only the text after the last slash is kept
        ("<script>alert(1).flac", "<script>alert(1).flac"),
        ("x" * 300 + ".flac", "x" * 195 + ".flac"),
        ("a\x00b\u202egnp.flac", "abgnp.flac"),
        ("..", "Recording"),
        ("", "Recording"),
    ],
)
def test_file_name_is_only_a_label_and_never_a_path(engine: Path, name: str, shown: str):
    recording = recordings.take_in(audio.AUSTEN[1], "local", name or " ")
    assert recording.name == shown
    assert recording.path.parent == engine / "audio" and recording.path.name == recording.id
    recordings.remove(recording.id, "local")
    assert not recording.path.exists()

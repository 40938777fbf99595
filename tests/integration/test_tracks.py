"""Test that the track with speech is chosen and reported, and that a job can use another track or all tracks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from jiwer import wer

import stt
from stt.audio import decoder, track_choice, tracks
from stt.audio.containers import track_list
from stt.audio.tracks import Track
from stt.errors import BadOption, SttError
from stt.store import recordings
from tests import audio
from tests.bench.accuracy import normalised
from tests.waiting import ended

JFK = audio.samples(audio.JFK)  # 11.0 s
AUSTEN = audio.samples(audio.AUSTEN[0])
NONE = np.zeros_like(JFK)
MUSIC = audio.chords(11)
NOISE = audio.noise(11)
MICROPHONE, DESKTOP = {"title": "Microphone"}, {"title": "Desktop"}

# By name: the tracks, the number of the chosen track, and the expected summary.
KINDS = {
    "first track silent": ([(NONE, DESKTOP), (JFK, MICROPHONE)], 2, "2 tracks: Desktop, Microphone (chosen)"),
    "music in the first track": ([(MUSIC, DESKTOP), (JFK, MICROPHONE)], 2, "2 tracks: Desktop, Microphone (chosen)"),
    "noise in the first track": ([(NOISE, {}), (JFK, {})], 2, "2 tracks: Track 1, Track 2 (chosen)"),
    "second track silent": ([(JFK, MICROPHONE), (NONE, DESKTOP)], 1, "2 tracks: Microphone (chosen), Desktop"),
    "speech in both tracks": (
        [(JFK, {"language": "eng"}), (AUSTEN, {"language": "ger"})],
        1,
        "2 tracks: English (chosen), German",
    ),
    "little speech in the first track": (
        [(np.concatenate([JFK[:16_000], NONE]), {}), (JFK, {})],
        2,
        "2 tracks: Track 1, Track 2 (chosen)",
    ),
    "no speech": ([(NONE, {}), (MUSIC, {})], 1, "2 tracks: Track 1 (chosen), Track 2"),
    "speech in the third track": (
        [(NONE, {}), (NOISE, {}), (JFK, MICROPHONE)],
        3,
        "3 tracks: Track 1, Track 2, Microphone (chosen)",
    ),
    "equal titles": ([(NONE, MICROPHONE), (JFK, MICROPHONE)], 2, "2 tracks: Microphone (1), Microphone (2) (chosen)"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_track_with_speech_is_chosen_and_reported(tmp_path: Path, kind: str):
    sounds, number, summary = KINDS[kind]
    found, several = track_choice.inspect(audio.write_tracks(tmp_path / "a.mkv", sounds))
    assert [track.number for track in several if track.chosen] == [number]
    assert tracks.summary(several) == summary
    assert found.track == number and found.duration == pytest.approx(len(sounds[number - 1][0]) / audio.RATE, abs=0.2)


@pytest.mark.parametrize("extension", [".mp4", ".mov", ".mka", ".mkv", ".ts"])
def test_spoken_track_is_found_in_every_container(tmp_path: Path, extension: str):
    _, several = track_choice.inspect(audio.write_tracks(tmp_path / f"a{extension}", [(NONE, {}), (JFK, {})]))
    assert [(track.number, track.chosen) for track in several] == [(1, False), (2, True)]
    silent, spoken = several
    assert silent.speech == 0 and silent.level is not None and silent.level <= -90
    assert spoken.speech is not None and spoken.speech > 5 and spoken.level is not None and spoken.level > -40


def test_speech_that_begins_after_three_minutes_is_found(tmp_path: Path):
    late = np.concatenate([audio.silence(200), JFK])
    _, several = track_choice.inspect(audio.write_tracks(tmp_path / "a.mkv", [(audio.silence(211), {}), (late, {})]))
    assert several[1].chosen


def unknown(path: Path, marks: list[bytes], which: int) -> Path:
    """Change the codec name of track `which` (1 or 2) in the file to an unknown name."""
    content = path.read_bytes()
    for mark in marks:
        at = -1
        for _ in range(which):
            at = content.index(mark, at + 1)
        content = content[:at] + mark.replace(mark[2:6], b"QQQQ"[: len(mark[2:6])]) + content[at + len(mark) :]
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("extension", "marks"),
    [(".mkv", [b"A_PCM/INT/LIT"]), (".mka", [b"A_FLAC"]), (".mp4", [b"mp4a", b"esds"]), (".mov", [b"sowt"])],
)
@pytest.mark.parametrize("which", [1, 2])
def test_track_that_cannot_be_decoded_is_skipped_and_reported(
    tmp_path: Path, extension: str, marks: list[bytes], which: int
):
    sounds = [(JFK, {}), (JFK, {})]
    path = unknown(audio.write_tracks(tmp_path / f"a{extension}", sounds), marks, which)
    _, several = track_choice.inspect(path)
    assert several[which - 1].problem and not several[2 - which].problem
    assert several[2 - which].chosen
    assert "skipped: it holds sound in a format that cannot be decoded here" in tracks.summary(several)
    with pytest.raises(BadOption, match="cannot be read"):
        tracks.check(several, str(which))


def test_empty_track_is_skipped(tmp_path: Path):
    _, several = track_choice.inspect(audio.write_tracks(tmp_path / "a.mkv", [(NONE[:0], {}), (JFK, {})]))
    assert several[0].problem == "it holds no sound" and several[1].chosen


@pytest.mark.parametrize("extension", [".ts", ".mp4"])
def test_track_with_too_little_sound_within_the_time_limit_of_the_check_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, extension: str
):
    """Let the check end after the first packet, as if the tracks paused then. The packet has at most 72 ms of sound."""
    monkeypatch.setattr(track_list, "TIMEOUT", -1.0)
    path = audio.write_tracks(tmp_path / f"a{extension}", [(JFK, {}), (JFK, {})])
    assert [track["problem"] for track in track_list.tracks(path)] == [None, None]


def test_track_that_cannot_be_decoded_within_the_time_limit_of_the_check_is_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(track_list, "TIMEOUT", -1.0)
    path = audio.write_tracks(tmp_path / "a.mp4", [(JFK, {}), (JFK, {})])
    content = path.read_bytes()
    begin = content.index(b"mdat") + 4
    path.write_bytes(content[:begin] + b"\xff" * 5000 + content[begin + 5000 :])
    assert [track["problem"] for track in track_list.tracks(path)] == ["its sound is too damaged to read", None]


def test_tracks_read_together_keep_their_times(tmp_path: Path):
    path = audio.write_tracks(tmp_path / "a.mkv", [(JFK, {}), (AUSTEN, {}), (NOISE[:16_000], {})])
    with decoder.Reader(path, track=[1, 2, 3]) as reader:
        sound = reader.read(100)
    assert sound.shape == (3, len(JFK))
    np.testing.assert_allclose(sound[0], JFK, rtol=0, atol=1e-3)
    np.testing.assert_allclose(sound[1, : len(AUSTEN)], AUSTEN, rtol=0, atol=1e-3)
    assert not sound[1, len(AUSTEN) :].any() and not sound[2, 16_000:].any()


@pytest.mark.parametrize("choice", ["3", "0", "17", "x"])
def test_missing_track_is_refused_with_a_list_of_the_tracks(tmp_path: Path, choice: str, engine: None):
    path = audio.write_tracks(tmp_path / "a.mkv", [(JFK, MICROPHONE), (NONE, DESKTOP)])
    with pytest.raises(SttError) as raised:
        stt.create(path, options={"track": choice})
    assert choice != "3" or "2 (Desktop)" in raised.value.guidance


def test_the_spoken_track_is_transcribed_and_in_the_provenance(tmp_path: Path, engine: None):
    path = audio.write_tracks(tmp_path / "a.mp4", [(NONE, {}), (JFK, {})])
    progress = ended(stt.create(path))
    assert wer(audio.JFK_WORDS, normalised(progress.text)) <= 0.1
    assert progress.job.provenance["tracks"] == "2 tracks: Track 1, Track 2 (chosen)"


def test_another_track_or_all_as_speakers_are_transcribed_on_request(tmp_path: Path, engine: None):
    recording = recordings.take_in(
        audio.write_tracks(tmp_path / "a.mkv", [(JFK, MICROPHONE), (AUSTEN, DESKTOP)]), stt.auth.visitors.LOCAL
    )
    second = ended(stt.create(recording, options={"track": 2}))
    assert "leisure to consider" in normalised(second.text) and "country" not in second.text
    every = ended(stt.create(recording, options={"track": "all"})).transcript
    text_by_speaker = {
        name: normalised(" ".join(s.text for s in every.segments if s.speaker == name)) for name in every.speakers
    }
    assert set(text_by_speaker) == {"Microphone", "Desktop"}
    assert "your country" in text_by_speaker["Microphone"] and "leisure to consider" in text_by_speaker["Desktop"]


def test_recording_of_an_older_version_gets_its_tracks_when_transcribed(tmp_path: Path, engine: None):
    recording = recordings.take_in(
        audio.write_tracks(tmp_path / "a.mkv", [(NONE, {}), (JFK, {})]), stt.auth.visitors.LOCAL
    )
    with stt.db.engine.database().begin() as connection:
        connection.execute(stt.db.tables.recordings.update().values(tracks=None))
    progress = ended(stt.create(recordings.find(recording.id, None)))
    assert wer(audio.JFK_WORDS, normalised(progress.text)) <= 0.1


def test_unknown_fields_of_another_version_are_ignored():
    assert tracks.of_rows([{"number": 1, "title": "A", "colour": "red"}]) == [Track(1, "A")]

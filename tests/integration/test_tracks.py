"""Of several sound tracks the one with speech is taken, and said; another, or all as speakers, can be chosen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from jiwer import wer

import stt
from stt.audio import decoder, track_choice, tracks
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

# The tracks: the number of the one that is taken, and what is said of them.
KINDS = {
    "the first silent": ([(NONE, DESKTOP), (JFK, MICROPHONE)], 2, "2 tracks: Desktop, Microphone (chosen)"),
    "the first music": ([(MUSIC, DESKTOP), (JFK, MICROPHONE)], 2, "2 tracks: Desktop, Microphone (chosen)"),
    "the first noise": ([(NOISE, {}), (JFK, {})], 2, "2 tracks: Track 1, Track 2 (chosen)"),
    "the second silent": ([(JFK, MICROPHONE), (NONE, DESKTOP)], 1, "2 tracks: Microphone (chosen), Desktop"),
    "both speak": (
        [(JFK, {"language": "eng"}), (AUSTEN, {"language": "ger"})],
        1,
        "2 tracks: English (chosen), German",
    ),
    "the first hardly speaks": (
        [(np.concatenate([JFK[:16_000], NONE]), {}), (JFK, {})],
        2,
        "2 tracks: Track 1, Track 2 (chosen)",
    ),
    "nobody speaks": ([(NONE, {}), (MUSIC, {})], 1, "2 tracks: Track 1 (chosen), Track 2"),
    "the third of three": (
        [(NONE, {}), (NOISE, {}), (JFK, MICROPHONE)],
        3,
        "3 tracks: Track 1, Track 2, Microphone (chosen)",
    ),
    "alike by name": ([(NONE, MICROPHONE), (JFK, MICROPHONE)], 2, "2 tracks: Microphone (1), Microphone (2) (chosen)"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_track_with_speech_is_taken_and_said(tmp_path: Path, kind: str):
    made, number, said = KINDS[kind]
    found, several = track_choice.look(audio.write_tracks(tmp_path / "a.mkv", made))
    assert [track.number for track in several if track.chosen] == [number]
    assert tracks.summary(several) == said
    assert found.track == number and found.duration == pytest.approx(len(made[number - 1][0]) / audio.RATE, abs=0.2)


@pytest.mark.parametrize("extension", [".mp4", ".mov", ".mka", ".mkv", ".ts"])
def test_in_every_container_the_spoken_track_is_found(tmp_path: Path, extension: str):
    _, several = track_choice.look(audio.write_tracks(tmp_path / f"a{extension}", [(NONE, {}), (JFK, {})]))
    assert [(track.number, track.chosen) for track in several] == [(1, False), (2, True)]
    silent, spoken = several
    assert silent.speech == 0 and silent.level is not None and silent.level <= -90
    assert spoken.speech is not None and spoken.speech > 5 and spoken.level is not None and spoken.level > -40


def test_speech_that_begins_after_three_minutes_is_found(tmp_path: Path):
    late = np.concatenate([audio.silence(200), JFK])
    _, several = track_choice.look(audio.write_tracks(tmp_path / "a.mkv", [(audio.silence(211), {}), (late, {})]))
    assert several[1].chosen


def unknown(path: Path, marks: list[bytes], which: int) -> Path:
    """Return a track of an unknown codec: its name in the file is changed."""
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
def test_a_track_that_cannot_be_decoded_is_passed_over_and_named(
    tmp_path: Path, extension: str, marks: list[bytes], which: int
):
    made = [(JFK, {}), (JFK, {})]
    path = unknown(audio.write_tracks(tmp_path / f"a{extension}", made), marks, which)
    _, several = track_choice.look(path)
    assert several[which - 1].problem and not several[2 - which].problem
    assert several[2 - which].chosen
    assert "passed over: it holds a kind of sound that is not known here" in tracks.summary(several)
    with pytest.raises(BadOption, match="cannot be read"):
        tracks.check(several, str(which))


def test_an_empty_track_is_passed_over(tmp_path: Path):
    _, several = track_choice.look(audio.write_tracks(tmp_path / "a.mkv", [(NONE[:0], {}), (JFK, {})]))
    assert several[0].problem == "it holds no sound" and several[1].chosen


def test_tracks_side_by_side_keep_their_time(tmp_path: Path):
    path = audio.write_tracks(tmp_path / "a.mkv", [(JFK, {}), (AUSTEN, {}), (NOISE[:16_000], {})])
    with decoder.Reader(path, track=[1, 2, 3]) as reader:
        sound = reader.read(100)
    assert sound.shape == (3, len(JFK))
    np.testing.assert_allclose(sound[0], JFK, rtol=0, atol=1e-3)
    np.testing.assert_allclose(sound[1, : len(AUSTEN)], AUSTEN, rtol=0, atol=1e-3)
    assert not sound[1, len(AUSTEN) :].any() and not sound[2, 16_000:].any()


@pytest.mark.parametrize("choice", ["3", "0", "17", "x"])
def test_a_track_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path, choice: str, engine: None):
    path = audio.write_tracks(tmp_path / "a.mkv", [(JFK, MICROPHONE), (NONE, DESKTOP)])
    with pytest.raises(SttError) as raised:
        stt.create(path, options={"track": choice})
    assert choice != "3" or "2 (Desktop)" in raised.value.guidance


def test_the_spoken_track_is_transcribed_and_in_the_provenance(tmp_path: Path, engine: None):
    path = audio.write_tracks(tmp_path / "a.mp4", [(NONE, {}), (JFK, {})])
    progress = ended(stt.create(path))
    assert wer(audio.JFK_WORDS, normalised(progress.text)) <= 0.1
    assert progress.job.provenance["tracks"] == "2 tracks: Track 1, Track 2 (chosen)"


def test_another_track_or_each_as_a_speaker_is_transcribed_when_asked_for(tmp_path: Path, engine: None):
    recording = recordings.take_in(
        audio.write_tracks(tmp_path / "a.mkv", [(JFK, MICROPHONE), (AUSTEN, DESKTOP)]), stt.auth.visitors.LOCAL
    )
    second = ended(stt.create(recording, options={"track": 2}))
    assert "leisure to consider" in normalised(second.text) and "country" not in second.text
    every = ended(stt.create(recording, options={"track": "all"})).transcript
    said = {name: normalised(" ".join(s.text for s in every.segments if s.speaker == name)) for name in every.speakers}
    assert set(said) == {"Microphone", "Desktop"}
    assert "your country" in said["Microphone"] and "leisure to consider" in said["Desktop"]


def test_a_recording_of_an_older_version_gets_its_tracks_when_it_is_transcribed(tmp_path: Path, engine: None):
    recording = recordings.take_in(
        audio.write_tracks(tmp_path / "a.mkv", [(NONE, {}), (JFK, {})]), stt.auth.visitors.LOCAL
    )
    with stt.db.engine.database().begin() as connection:
        connection.execute(stt.db.tables.recordings.update().values(tracks=None))
    progress = ended(stt.create(recordings.find(recording.id, None)))
    assert wer(audio.JFK_WORDS, normalised(progress.text)) <= 0.1


def test_fields_of_another_version_do_no_harm():
    assert tracks.of_rows([{"number": 1, "title": "A", "colour": "red"}]) == [Track(1, "A")]

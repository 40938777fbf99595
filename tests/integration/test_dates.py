"""Test the date of a recording: it comes from the file's metadata or its last change, and is never guessed."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stt.audio import decoder
from stt.files import dates
from stt.files.dates import CHANGE, CLOCK, DAY, MOMENT, Dated
from stt.store import recordings
from tests import audio

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC).timestamp()
DATE = datetime(2024, 5, 12, 10, 2, 3, tzinfo=UTC).timestamp()
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("tags", "kind", "moment"),
    [
        ({"creation_time": "2024-05-12T10:02:03.000000Z"}, MOMENT, "2024-05-12T10:02:03"),
        ({"com.apple.quicktime.creationdate": "2024-05-12T12:02:03+0200"}, MOMENT, "2024-05-12T10:02:03"),
        ({"date": "2024-05-12T12:02:03+02:00"}, MOMENT, "2024-05-12T10:02:03"),
        ({"DATE": "2024-05-12"}, DAY, "2024-05-12"),
        ({"date": "20240512"}, DAY, "2024-05-12"),
        ({"date": "1961-01-20"}, DAY, "1961-01-20"),
        ({"date": "2024-05-12 10:02"}, CLOCK, "2024-05-12T10:02"),
        ({"date": "2024-05-12", "creation_time": "10:02:03"}, CLOCK, "2024-05-12T10:02:03"),
        ({"creation_time": "2005:08:17 11:42:43"}, CLOCK, "2005-08-17T11:42:43"),
        ({"IDIT": "Mon Mar 10 15:04:43 2003"}, CLOCK, "2003-03-10T15:04:43"),
        ({"creation_time": "garbage", "date": "2024-05-12"}, DAY, "2024-05-12"),
    ],
)
def test_a_date_is_as_exact_as_the_file_says(tags: dict[str, str], kind: str, moment: str):
    expected = datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()
    assert dates.of_file(dates.in_tags([tags]), NOW) == Dated(expected, kind)


def test_container_date_precedes_track_dates_and_camera_date_precedes_both():
    track = {"creation_time": "2023-01-02T00:00:01Z"}
    assert dates.in_tags([{"creation_time": "2024-05-12T10:02:03Z"}, track]) == "2024-05-12T10:02:03+00:00"
    assert dates.in_tags([{"title": "x"}, track]) == "2023-01-02T00:00:01+00:00"
    both = {"creation_time": "2024-05-12T10:02:03Z", "com.apple.quicktime.creationdate": "2024-05-11T23:00:00-0700"}
    assert dates.in_tags([both]) == "2024-05-11T23:00:00-07:00"


@pytest.mark.parametrize(
    "value",
    [
        *(
            "1904-01-01T00:00:00Z",
            "1970-01-01T00:00:00Z",
            "1970-01-01T01:00:00+01:00",
            "1969-12-31T23:00:00Z",
            "0001-01-01",
        ),
        *(
            "1980-01-01T00:00:00",
            "1980-01-06",
            "1899-12-30",
            "2000-01-01T00:03:10",
            "2001-01-01T00:00:00Z",
            "1904-01-01",
        ),
        *("2019-01-01T00:00:00Z", "2024", "2024-05", "2024-00-00", "2024-13-01", "2023-02-29", "2024-05-12T25:00:00Z"),
        *(
            "2030-01-01",
            "2026-11-28T13:00:00Z",
            "2026-11-30",
            "2036-02-07T06:28:16Z",
            "1950-01-01T10:00:00Z",
            "1800-05-05",
        ),
        *("", "yesterday", "12.05.2024", "05/12/2024", "2024-05-12" * 9, "٢٠٢٤-٠٥-١٢"),
    ],
)
def test_impossible_date_is_ignored(value: str):
    assert dates.of_file(dates.in_tags([{"date": value}]), NOW) is None
    assert dates.of_file(value, NOW) is None  # a compromised decoder process may return such a date


@given(st.text(max_size=50))
def test_any_tag_text_is_read_without_an_error(text: str):
    dates.of_file(dates.in_tags([{"creation_time": text, "date": text}]))
    dates.of_file(text)
    dates.of_change(text)


@pytest.mark.parametrize(
    "value", ["", "0", "-1", "x", "1e12", "9" * 15, "9" * 40, str(int(NOW * 1000)), str(int((NOW + 99) * 1000)), None]
)
def test_unknown_change_time_from_a_browser_is_ignored(value: str | None):
    assert dates.of_change(value, NOW) is None


def test_browser_reports_when_a_file_was_last_changed():
    assert dates.of_change(str(int(DATE * 1000)), NOW) == Dated(DATE, CHANGE)


@pytest.mark.parametrize(
    ("kind", "words", "day"),
    [
        (MOMENT, "recorded 12 May 2024, 12:02", "12 May 2024"),
        (CLOCK, "recorded 12 May 2024, 10:02", "12 May 2024"),
        (DAY, "recorded 12 May 2024", "12 May 2024"),
        (CHANGE, "file last changed 12 May 2024, 12:02", "12 May 2024"),
    ],
)
def test_shown_date_names_its_source(kind: str, words: str, day: str):
    assert dates.words(DATE, kind, BERLIN) == words and dates.day(DATE, kind, BERLIN) == day


def tagged(path: Path, codec: str = "aac", **tags: str) -> Path:
    with av.open(
        str(path), "w", options={"movflags": "use_metadata_tags"} if path.suffix == ".mov" else {}
    ) as container:
        container.metadata.update(tags)
        stream = container.add_stream(codec, rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(audio.noise(1.0)[None], format="fltp", layout="mono")
        frame.sample_rate = 16_000
        resampler = av.AudioResampler(
            format=stream.codec_context.format, layout="mono", rate=16_000, frame_size=stream.frame_size or 1024
        )
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


def broadcast_wave(path: Path) -> Path:
    """Write a WAV file as field recorders do, with the date in its `bext` chunk."""
    bext = bytes(320) + b"2024-05-12" + b"10:02:03" + bytes(264)
    data = bytes(32_000)
    form = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 16_000, 32_000, 2, 16)
    chunks = (
        b"WAVE" + b"bext" + struct.pack("<I", len(bext)) + bext + form + b"data" + struct.pack("<I", len(data)) + data
    )
    path.write_bytes(b"RIFF" + struct.pack("<I", len(chunks)) + chunks)
    return path


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda folder: tagged(folder / "a.m4a", creation_time="2024-05-12T10:02:03Z"), Dated(DATE, MOMENT)),
        (lambda folder: tagged(folder / "a.mka", creation_time="2024-05-12T10:02:03Z"), Dated(DATE, MOMENT)),
        (
            lambda folder: tagged(folder / "a.mov", **{"com.apple.quicktime.creationdate": "2024-05-12T12:02:03+0200"}),
            Dated(DATE, MOMENT),
        ),
        (lambda folder: tagged(folder / "a.flac", "flac", date="2024-05-12"), Dated(DATE - 36_123, DAY)),
        (lambda folder: tagged(folder / "a.mp3", "libmp3lame", date="2024-05-12"), Dated(DATE - 36_123, DAY)),
        (lambda folder: tagged(folder / "a.ogg", "libopus", date="2024-05-12"), Dated(DATE - 36_123, DAY)),
        (lambda folder: broadcast_wave(folder / "a.wav"), Dated(DATE, CLOCK)),
        (lambda folder: tagged(folder / "a.m4a", creation_time="1904-01-01T00:00:00Z"), None),
        (lambda folder: tagged(folder / "a.mp3", "libmp3lame", date="2024"), None),
        (lambda folder: audio.JFK, None),
    ],
)
def test_the_date_is_found_in_real_files(data: Path, tmp_path: Path, make, expected: Dated | None):
    path = make(tmp_path)
    assert dates.of_file(decoder.probe(path).dated) == expected
    stored = recordings.take_in(path, "local")
    assert (stored.dated, stored.dated_by) == (expected or (None, None))
    assert recordings.find(stored.id, "local") == stored


def test_the_last_change_counts_only_where_the_file_has_no_date(data: Path, tmp_path: Path):
    change = Dated(DATE + 1000, CHANGE)
    for path, expected in (
        (audio.JFK, change),
        (tagged(tmp_path / "a.m4a", creation_time="2024-05-12T10:02:03Z"), Dated(DATE, MOMENT)),
    ):
        with recordings.Intake("talk", "local", changed=change) as intake:
            intake.write(path.read_bytes())
            stored = intake.finish()
        assert (stored.dated, stored.dated_by) == expected

"""Test that recordings are identified by content, and that damage loses only the damaged span, which is reported."""

from __future__ import annotations

import socket
import struct
from pathlib import Path

import numpy as np
import pytest

from stt.audio import decoder
from stt.errors import EmptyFile, NoAudioTrack, NotSound, TooShort, Unreadable
from tests import audio, broken, formats

JFK = audio.samples(audio.JFK)  # 11.0 s
LENGTH = len(JFK) / audio.RATE
FORMATS = [".wav", ".flac", ".mp3", ".m4a", ".mp4", ".ogg", ".webm"]


def read_all(path, apart=False):
    with decoder.Reader(path, apart=apart) as reader:
        return reader.read(10_000), reader.lost


def similarity(a, b):
    """Return the correlation of two recordings: 1 for the same sound at the same time."""
    count = min(len(a), len(b))
    return float(np.corrcoef(a[:count], b[:count])[0, 1])


@pytest.mark.parametrize(
    ("extension", "kind", "mime", "codec"),
    [
        (".wav", "WAV", "audio/wav", "pcm_s16le"),
        (".flac", "FLAC", "audio/flac", "flac"),
        (".mp3", "MP3", "audio/mpeg", "mp3"),
        (".m4a", "M4A", "audio/mp4", "aac"),
        (".ogg", "OGG", "audio/ogg", "opus"),
        (".webm", "WebM", "audio/webm", "opus"),
    ],
)
def test_kind_is_detected_from_content_whatever_the_name(tmp_path, extension, kind, mime, codec):
    path = audio.write(tmp_path / f"a{extension}", JFK).rename(tmp_path / "recording.txt")
    found = decoder.probe(path)
    assert (found.kind, found.mime, found.codec, found.video) == (kind, mime, codec, False)
    assert found.duration == pytest.approx(LENGTH, abs=0.1)
    assert (found.channels, found.size) == (1, path.stat().st_size)


def test_video_is_reported_as_video_and_its_sound_is_read(tmp_path):
    path = broken.mp4(tmp_path / "a.mp4", JFK)
    found = decoder.probe(path)
    assert (found.kind, found.mime, found.video) == ("MP4 video", "video/mp4", True)
    assert similarity(read_all(path)[0][0], JFK) > 0.9


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"", EmptyFile, "0 bytes"),
        (b"This is only a text.\n" * 500, NotSound, "is a text, not a recording"),
        (b"<html><body>No sound</body></html>" * 50, NotSound, "is a web page, not a recording"),
        (np.random.default_rng(2).bytes(200_000), NotSound, "not a sound or video file"),
        (bytes(100_000), NotSound, "holds nothing but zeros"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), NotSound, r"is a picture \(PNG\), not a recording"),
    ],
)
def test_non_recording_is_refused_with_an_error_that_names_the_file(tmp_path, content, error, words):
    path = tmp_path / "speech.mp3"
    path.write_bytes(content)
    with pytest.raises(error, match=words) as refusal:
        decoder.probe(path, "speech.mp3")
    assert "speech.mp3" in refusal.value.message


@pytest.mark.parametrize(
    ("extension", "size"), [(".wav", 44), (".flac", 42), (".mp3", 300), (".ogg", 100), (".webm", 200)]
)
def test_a_header_without_sound_is_refused(tmp_path, extension, size):
    path = audio.write(tmp_path / f"a{extension}", JFK)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(NotSound, match="starts like a recording"):
        decoder.probe(path)


@pytest.mark.parametrize("late", [0.0, 0.5, 2.0, 12.0, 40.0])
@pytest.mark.parametrize(
    ("extension", "codec"),
    [(".mkv", "pcm_s16le"), (".mp4", "aac"), (".mov", "aac"), (".flv", "aac"), (".ts", "aac"), (".mpg", "mp2")],
)
def test_sound_starting_after_the_picture_keeps_its_offset(tmp_path, extension, codec, late):
    path = formats.write_video(tmp_path / f"film{extension}", JFK, codec, late=late)
    sound, lost = read_all(path)
    assert abs(formats.place_of(JFK[audio.RATE : 3 * audio.RATE], sound[0]) - 1 - late) < 0.15
    assert abs((decoder.probe(path).duration or 0) - 11 - late) < 0.25
    assert lost == []


@pytest.mark.parametrize(("extension", "codec"), [(".mkv", "pcm_s16le"), (".mkv", "libopus"), (".mp4", "aac")])
def test_late_sound_with_a_gap_keeps_the_times_of_the_video(tmp_path, extension, codec):
    rate = 48_000 if codec == "libopus" else audio.RATE
    path = formats.write_video(tmp_path / f"film{extension}", JFK, codec, rate=rate, late=10.0, gap=(5.0, 20.0))
    sound, lost = read_all(path)
    assert abs(len(sound[0]) / audio.RATE - 41) < 0.1
    assert abs((decoder.probe(path).duration or 0) - 41) < 0.1
    for at, moved in ((1.0, 10.0), (7.0, 30.0)):
        piece = JFK[round(at * audio.RATE) : round((at + 2) * audio.RATE)]
        assert abs(formats.place_of(piece, sound[0]) - at - moved) < 0.1
    assert [why for _, _, why in lost] == ["the file stores no sound in this span"]


def test_a_video_without_sound_is_refused(tmp_path):
    with pytest.raises(NoAudioTrack):
        decoder.probe(broken.mp4(tmp_path / "a.mp4"))


def test_aac_in_wav_is_refused_and_in_avi_is_read(tmp_path: Path):
    """AAC without headers has the tag 0x00FF in both. Only AVI stores the size of each frame."""
    wav = formats.write(tmp_path / "a.wav", JFK, "aac", "wav", rate=16_000)
    with pytest.raises(Unreadable, match="holds AAC in a WAV file"):
        decoder.probe(wav)
    avi = formats.write(tmp_path / "a.avi", JFK, "aac", "avi", rate=16_000)
    assert decoder.probe(avi).duration == pytest.approx(11, abs=0.2)


@pytest.mark.parametrize("extension", [".wav", ".flac", ".mp3", ".m4a", ".ogg"])
def test_a_twentieth_of_a_second_is_too_short(tmp_path, extension):
    with pytest.raises(TooShort, match="seconds of sound"):
        decoder.probe(audio.write(tmp_path / f"a{extension}", JFK[16_000:16_800]))


def test_a_fifth_of_a_second_is_enough(tmp_path):
    assert decoder.probe(audio.write(tmp_path / "a.wav", JFK[:3200])).duration == 0.2


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXTINF:10,\n{target}\n",
        "ffconcat version 1.0\nfile '{target}'\n",
        "[playlist]\nFile1={target}\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=a\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n{target}",
    ],
)
@pytest.mark.parametrize("target", ["/etc/hostname", "recording", "address"])
def test_playlist_opens_none_of_its_files(tmp_path, playlist, target):
    """Check that a playlist of a system file, another recording or a URL is refused, and that no connection is made."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        beside = audio.write(tmp_path / "beside.wav", JFK)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/a.wav"
        target = {"recording": beside, "address": address}.get(target, target)
        for name in ("a.m3u8", "a.mp3"):
            path = tmp_path / name
            path.write_text(playlist.format(target=target))
            with pytest.raises(NotSound, match="a list of other files"):
                decoder.probe(path)
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize("extension", [".wav", ".flac", ".mp3", ".mp4", ".webm"])
def test_truncated_recording_is_read_to_its_end_and_reports_the_missing_span(tmp_path, extension):
    path = tmp_path / f"a{extension}"
    path = broken.mp4(path, JFK, movflags="faststart") if extension == ".mp4" else audio.write(path, JFK)
    intact, intact_lost = read_all(path)
    sound, lost = read_all(broken.cut_off(path))
    assert intact_lost == []
    assert 4 < sound.shape[1] / audio.RATE < 9
    assert similarity(sound[0], intact[0]) > 0.99
    assert [why for _, _, why in lost] == ["missing at the end"]
    assert lost[0][:2] == (pytest.approx(sound.shape[1] / audio.RATE, abs=0.01), pytest.approx(LENGTH, abs=0.1))


@pytest.mark.parametrize("extension", [".m4a", ".mp4"])
def test_truncated_mp4_without_its_index_is_refused_as_cut_off(tmp_path, extension):
    with pytest.raises(NotSound, match="is cut off"):
        decoder.probe(broken.cut_off(audio.write(tmp_path / f"a{extension}", JFK)))


@pytest.mark.parametrize("extension", [".flac", ".mp3", ".m4a", ".mp4", ".ogg", ".webm"])
def test_sound_after_damage_in_the_middle_is_read_at_its_right_time(tmp_path, extension):
    path = audio.write(tmp_path / f"a{extension}", np.concatenate([JFK] * 3))
    intact, intact_lost = read_all(path)
    sound, lost = read_all(broken.overwritten(path))
    assert intact_lost == []
    assert sound.shape[1] / audio.RATE == pytest.approx(3 * LENGTH, abs=0.1)
    assert 2 < sum(end - start for start, end, _ in lost) < 8
    start, end = round(min(s for s, _, _ in lost) * audio.RATE), round(max(e for _, e, _ in lost) * audio.RATE)
    assert 11 < start / audio.RATE < end / audio.RATE < 21
    assert similarity(sound[0, : start - 800], intact[0, : start - 800]) > 0.99
    after = sound[0, end + 8_000 : end + 40_000]
    lags = range(-800, 801)  # in samples; MP3 has no time stamps, so times are exact to 0.05 s only
    assert max(similarity(after, intact[0, end + 8_000 + lag :][: len(after)]) for lag in lags) > 0.95


def test_a_wav_damaged_in_the_middle_is_read_to_its_end(tmp_path):
    """Check a format without checksums: damage is read as noise, and later samples keep their position."""
    sound, lost = read_all(broken.overwritten(audio.write(tmp_path / "a.wav", JFK)))
    assert (sound.shape[1], lost) == (len(JFK), [])
    assert np.array_equal(sound[0, 90_000:], JFK[90_000:])


@pytest.mark.parametrize("junk", [b"TAG" + b"x" * 125, b"APETAGEX" + np.random.default_rng(5).bytes(200_000)])
def test_tag_after_an_mp3_is_not_reported_as_lost_speech(tmp_path, junk):
    path = audio.write(tmp_path / "a.mp3", JFK)
    path.write_bytes(path.read_bytes() + junk)
    assert read_all(path)[1] == []


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0xFFFFFFFF])
def test_wav_with_an_unfinished_header_is_read_completely(tmp_path, size):
    path = audio.write(tmp_path / "a.wav", JFK)
    content = bytearray(path.read_bytes())
    at = content.index(b"data") + 4
    content[at : at + 4] = struct.pack("<I", size)
    path.write_bytes(content)
    assert decoder.probe(path).duration == pytest.approx(LENGTH)
    sound, lost = read_all(path)
    assert lost == []
    np.testing.assert_allclose(sound, JFK[np.newaxis], rtol=0, atol=1e-4)


def test_browser_recording_without_declared_duration_has_a_duration(tmp_path):
    path = audio.write(tmp_path / "a.webm", JFK)
    content = path.read_bytes()
    at = content.index(b"\x44\x89\x88")  # element "Duration"; id 0xEC, for unused bytes, replaces this id
    content = content[:at] + b"\xec\x89" + content[at + 2 :]
    path.write_bytes(content.replace(b"DURATION", b"XURATION"))
    assert decoder.probe(path).duration == pytest.approx(LENGTH, abs=0.05)
    assert similarity(read_all(path)[0][0], JFK) > 0.9


@pytest.mark.parametrize("codec", ["pcm_alaw", "pcm_mulaw", "pcm_u8", "pcm_s24le", "pcm_f32le", "pcm_f64le"])
@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 96_000])
def test_any_sample_rate_and_sample_format_gives_the_same_sound(tmp_path, codec, rate):
    path = broken.pcm_wav(tmp_path / "a.wav", JFK, codec, rate)
    assert decoder.probe(path).sample_rate == rate
    sound, lost = read_all(path)
    assert (sound.dtype, lost) == (np.float32, [])
    assert sound.shape[1] == pytest.approx(len(JFK), abs=200)
    assert similarity(sound[0], JFK) > 0.9


@pytest.mark.parametrize(("count", "layout"), [(2, "stereo"), (3, "2.1"), (6, "5.1"), (8, "7.1")])
def test_channels_stay_apart_or_are_mixed(tmp_path, count, layout):
    channels = np.stack([np.roll(JFK, 1600 * n) * (n + 1) / count for n in range(count)])
    path = broken.pcm_wav(tmp_path / "a.wav", channels, "pcm_s16le", 16_000, layout)
    assert decoder.probe(path).channels == count
    apart, mixed = read_all(path, apart=True)[0], read_all(path)[0]
    np.testing.assert_allclose(apart, channels, rtol=0, atol=1e-3)
    weights = {2: [1, 1], 3: [1, 1, 0], 6: [0.707, 0.707, 1, 0, 0.5, 0.5], 8: [0.707, 0.707, 1, 0, 0.5, 0.5, 0.5, 0.5]}[
        count
    ]
    np.testing.assert_allclose(mixed, np.average(channels, axis=0, weights=weights)[np.newaxis], rtol=0, atol=1e-3)


@pytest.mark.parametrize("count", [3, 9, 64, 70])
def test_more_channels_than_any_layout_are_read_or_refused(tmp_path, count):
    data = (np.random.default_rng(0).integers(-999, 999, (16_000, count))).astype("<i2").tobytes()
    form = struct.pack("<IHHIIHH", 16, 1, count, 16_000, 32_000 * count, 2 * count, 16)
    path = tmp_path / "a.wav"
    body = b"WAVEfmt " + form + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    if count > 64:
        with pytest.raises(NotSound, match="cannot be decoded here"):
            decoder.probe(path)
    else:
        assert read_all(path, apart=True)[0].shape == (count if count <= 8 else 1, 16_000)


def test_apart_changes_nothing_for_one_channel():
    with decoder.Reader(audio.AUSTEN[0], apart=True) as reader:
        assert reader.channels == 1


def test_nan_and_infinite_samples_become_silence(tmp_path):
    sound = JFK.copy()
    sound[1000:1100], sound[2000:2100], sound[3000] = np.nan, np.inf, -np.inf
    read = read_all(broken.pcm_wav(tmp_path / "a.wav", sound, "pcm_f32le", 16_000))[0][0]
    assert np.array_equal(read, np.nan_to_num(sound, nan=0, posinf=0, neginf=0))


def test_ten_minutes_of_silence_are_ten_minutes_of_zeros(tmp_path):
    path = audio.write(tmp_path / "a.mp3", audio.silence(600))
    assert decoder.probe(path).duration == pytest.approx(600, abs=0.1)
    sound, lost = read_all(path)
    assert sound.shape[1] == pytest.approx(600 * audio.RATE, abs=1600)
    assert (np.abs(sound).max(), lost) == (pytest.approx(0, abs=1e-4), [])


@pytest.mark.parametrize("damaged", [False, True])
@pytest.mark.parametrize("extension", FORMATS)
def test_reading_in_pieces_gives_the_same_samples(tmp_path, extension, damaged):
    rate = 16_000 if extension == ".flac" else 44_100
    path = audio.write(tmp_path / f"a{extension}", np.concatenate([JFK, JFK]), rate)
    if damaged:
        broken.overwritten(path)
    straight = read_all(path)[0]
    for at in (0.0, 1.23457, 9.5, 17.0):
        with decoder.Reader(path) as reader:
            start = round(at * audio.RATE)
            assert np.array_equal(reader.read(at), straight[:, :start])
            assert reader.position == start / audio.RATE
            assert np.array_equal(reader.read(0.7), straight[:, start : start + 11_200])
            assert np.array_equal(reader.read(99), straight[:, start + 11_200 :])
            assert reader.read(1).shape == (1, 0)


def test_recording_with_changing_rate_and_channels_is_read_to_its_end(tmp_path):
    first = audio.write(tmp_path / "a.mp3", JFK, 44_100).read_bytes()
    second = audio.write(tmp_path / "b.mp3", np.stack([JFK, JFK]), 22_050).read_bytes()
    path = tmp_path / "joined.mp3"
    path.write_bytes(first + second)
    for apart in (False, True):
        sound, _ = read_all(path, apart)
        assert sound.shape[1] / audio.RATE == pytest.approx(2 * LENGTH, abs=0.3)


def test_two_gigabyte_file_is_probed_from_its_beginning(tmp_path):
    path = audio.write(tmp_path / "a.wav", JFK)
    content = bytearray(path.read_bytes())
    at, size = content.index(b"data") + 4, 2_000_000_000
    content[at : at + 4] = struct.pack("<I", size)
    path.write_bytes(content)
    with open(path, "r+b") as file:
        file.truncate(at + 4 + size)  # the added bytes take no room on the disk
    assert decoder.probe(path).duration == size / 32_000


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("extension", FORMATS)
def test_any_damage_gives_finite_sound_or_a_clear_error(tmp_path, extension, seed):
    rng = np.random.default_rng(seed)
    path = audio.write(tmp_path / f"a{extension}", JFK)
    content = bytearray(path.read_bytes())
    for place in rng.integers(0, 4000 if seed % 2 else len(content), 20 * (seed + 1)):
        content[place] = rng.integers(256)
    path.write_bytes(content)
    try:
        decoder.probe(path)
    except (NotSound, NoAudioTrack, TooShort) as error:
        assert error.message.endswith(".")
    else:
        sound, lost = read_all(path, apart=True)
        assert np.isfinite(sound).all()
        assert all(0 <= start < end for start, end, _ in lost)

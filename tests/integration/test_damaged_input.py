"""Test damaged recordings, which are read or refused with a message, and malformed links."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stt.audio import decoder
from stt.errors import BadLink, InputError
from stt.links import download
from tests import audio

EACH, ALL = 25, 1500  # number of damaged files per format: EACH by default, ALL with --all
MAX_BYTES = 400 << 10  # maximum size of a damaged file in bytes


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return an intact recording of three seconds in each format."""
    folder, sound = tmp_path_factory.mktemp("whole"), audio.samples(audio.JFK)[: 3 * audio.RATE]
    return {suffix: audio.write(folder / f"a{suffix}", sound).read_bytes() for suffix in FORMATS}


FORMATS = (".wav", ".flac", ".mp3", ".m4a", ".ogg", ".webm")


def damage(content: bytes, other: bytes, chance: np.random.Generator) -> bytes:
    """Damage `content` one to three times, each time in one of five ways.

    Bytes are changed, a number is overwritten, the content is truncated, bytes are repeated, or the end of the content
    is replaced by the end of `other`.
    """
    for _ in range(chance.integers(1, 4)):
        data = bytearray(content)
        place = int(chance.integers(0, max(1, len(data) - 8)))
        place = int(place * chance.random() ** 3)  # small offsets, which lie in the header, are the most frequent
        match chance.integers(0, 5):
            case 0:
                for at in chance.integers(0, len(data), 1 + len(data) // 2000):
                    data[at] = chance.integers(0, 256)
            case 1:
                data[place : place + 4] = (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", bytes(4))[chance.integers(0, 3)]
            case 2:
                del data[max(8, place) :]
            case 3:
                data[place:place] = data[place // 2 : place]
            case _:
                data[place:] = other[chance.integers(0, len(other)) :]
        content = bytes(data[:MAX_BYTES])
    return content


@pytest.mark.parametrize("suffix", FORMATS)
def test_damaged_recording_is_read_or_refused_with_a_message(tmp_path: Path, intact, suffix: str, request):
    chance = np.random.default_rng(FORMATS.index(suffix))
    path = tmp_path / "recording"
    for _ in range(ALL if request.config.getoption("--all") else EACH):
        path.write_bytes(damage(intact[suffix], intact[FORMATS[chance.integers(0, len(FORMATS))]], chance))
        try:
            found = decoder.probe(path, "holiday")
            assert found.kind and (found.duration is None or found.duration > 0)
            with decoder.Reader(path) as reader:
                samples = reader.read(20)
            assert np.isfinite(samples).all() and np.abs(samples).max(initial=0) <= 1
        except InputError as error:
            assert error.message and error.guidance
    path.write_bytes(intact[suffix])
    assert decoder.probe(path).duration == pytest.approx(3, abs=0.2)


HOSTS = (
    "127.0.0.1",
    "localhost",
    "0x7f.1",
    "2130706433",
    "[::1]",
    "[::ffff:10.0.0.1]",
    "10.0.0.1",
    "169.254.169.254",
    "a.local",
)
PREFIXES = ("", "user:pass@", "example.org@", "example.org%40", "example.org\\@", "%00", " ", "\t", "\u2024", "\uff0e")


@pytest.mark.parametrize("scheme", ["http", "https", "HTTP", "file", "ftp", "gopher", "javascript", "data", "//", ""])
def test_malformed_link_is_refused_or_becomes_a_clean_http_address(scheme: str):
    for host in HOSTS:
        for prefix in PREFIXES:
            for tail in (
                "",
                ":22",
                ":80",
                ":99999",
                "/a.mp3",
                "/../../etc/passwd",
                "?u=http://10.0.0.1",
                "#@example.org",
                "\r\nHost: x",
            ):
                address = f"{scheme}://{prefix}{host}{tail}" if scheme.isalpha() else f"{scheme}{prefix}{host}{tail}"
                try:
                    good = download.well_formed(address)
                except BadLink as error:
                    assert error.message
                    continue
                assert good.lower().startswith(("http://", "https://")) and not set(good) & set("\r\n\t \0")

"""Test that FFmpeg's sound formats are read, lists of files are refused, and errors name the kind of other files."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import av
import numpy as np
import pytest
from av.format import ContainerFormat

from stt.audio import decoder
from stt.audio.containers import formats
from stt.errors import InputError, NotSound, Unreadable
from tests import audio, every_format

JFK = audio.samples(audio.JFK)
SHORT = JFK[: 4 * audio.RATE]
ALIASES = {
    "3g2",
    "3gp",
    "mp4",
    "webm",
}  # aliases of the demuxers mov and matroska, listed because FFmpeg has muxers of these names

# Every demuxer of FFmpeg that must not be used, by the reason why.
REFUSED = {
    "lists of other files or addresses, and files that go on in others": frozenset(
        ["hls", "concat", "sdp", "rtp", "rtsp", "sap", "image2", "image2pipe", "webm_dash_manifest", "vobsub", "mlv"]
        + ["dash", "imf", "concatf", "tee", "applehttp"]  # these are not in every build of FFmpeg
    ),
    "devices, and what makes sound or pictures by itself": frozenset(
        (
            "alsa fbdev kmsgrab lavfi oss video4linux2 x11grab sbg msnwctcp live_flv avfoundation decklink "
            "dshow gdigrab iec61883 jack libcdio openal pulse sndio vfwcap xcbgrab android_camera avisynth "
            "vapoursynth libgme libmodplug libopenmpt"
        ).split()
    ),
    "texts and subtitles": frozenset(
        (
            "adf aqtitle ass bin ffmetadata idf jacosub lrc mcc microdvd mpl2 mpsub pjs realtext rcwt sami "
            "scc srt stl subviewer subviewer1 sup tedcaptions tty vplayer webvtt xbin dvbsub dvbtxt"
        ).split()
    ),
    "pictures, and moving pictures that never have sound": frozenset(
        (
            "alias_pix anm apng apv av1 avs2 avs3 brender_pix cavsvideo cdg cine dfa dirac dnxhd evc "
            "filmstrip fits flic frm gif h261 h263 h264 hevc ico ingenient ipu iv8 ivf jpegxl_anim m4v mjpeg "
            "mjpeg_2000 mpegvideo mpjpeg msp nc obu pdv ser txd vc1 vc1test vvc yuv4mpegpipe bmp_pipe "
            "cri_pipe dds_pipe dpx_pipe exr_pipe gem_pipe gif_pipe hdr_pipe j2k_pipe jpeg_pipe jpegls_pipe "
            "jpegxl_pipe jpegxs_pipe pam_pipe pbm_pipe pcx_pipe pfm_pipe pgm_pipe pgmyuv_pipe pgx_pipe "
            "phm_pipe photocd_pipe pictor_pipe png_pipe ppm_pipe psd_pipe qdraw_pipe qoi_pipe sgi_pipe "
            "sunrast_pipe svg_pipe tiff_pipe vbn_pipe webp_pipe xbm_pipe xpm_pipe xwd_pipe"
        ).split()
    ),
    "raw samples, or streams that two bytes alone tell, so that noise is taken for them": frozenset(
        (
            "ea_cdata ac4 alaw aptx aptx_hd bitpacked codec2raw data daud dfpwm f32be f32le f64be f64le g722 "
            "g723_1 g726 g726le g728 g729 mpegtsraw mulaw rawvideo rso s16be s16le s24be s24le s32be s32le s8 "
            "sln u16be u16le u24be u24le u32be u32le u8 v210 v210x vidc"
        ).split()
    ),
}


def demuxers() -> set[str]:
    """Return the names of the demuxers in the installed FFmpeg, without ALIASES."""
    found = set()
    for name in av.formats_available:
        try:
            found.add(ContainerFormat(name, "r").name.split(",")[0])
        except ValueError:  # FFmpeg writes this format but does not read it
            continue
    return found - ALIASES


def test_every_demuxer_is_allowed_or_refused():
    refused = [name for group in REFUSED.values() for name in group]
    assert len(refused) == len(set(refused))
    assert not formats.ALLOWED & set(refused)
    assert demuxers() - formats.ALLOWED - set(refused) == set()


def test_demuxers_with_references_and_unknown_demuxers_are_refused():
    allowed = set(formats.OPTIONS["format_whitelist"].split(","))
    assert allowed == formats.ALLOWED
    referring = "hls concat sdp rtp rtsp sap image2 image2pipe webm_dash_manifest vobsub mlv lavfi sbg ffmetadata ass srt dash imf"
    assert not allowed & set(referring.split())
    assert formats.OPTIONS["protocol_whitelist"] == "none"


def test_every_kind_has_a_name_and_a_content_type():
    for name in formats.ALLOWED:
        for video in (False, True):
            label, mime = formats.kind(name).describe(video)
            assert label and mime.count("/") == 1
    assert formats.kind("voc").describe(False) == ("VOC", "audio/x-voc")
    assert formats.kind("thp").describe(False) == ("THP", "application/octet-stream")


def similarity(sound: np.ndarray, of: np.ndarray) -> float:
    """Return the correlation of 2 s of `of` with the best match in `sound`. The match may be shifted in time."""
    part, size = of[8_000:40_000], 1 << 18
    spectrum = np.fft.rfft(sound, size) * np.conj(np.fft.rfft(part, size))
    at = int(np.argmax(np.fft.irfft(spectrum, size)))
    return float(np.corrcoef(sound[at : at + len(part)], part)[0, 1])


@pytest.mark.parametrize("muxer", every_format.WRITTEN)
def test_formats_that_ffmpeg_writes_are_read(tmp_path: Path, muxer: str):
    path = every_format.write(tmp_path / "recording", muxer, SHORT)
    found = decoder.probe(path)
    kind = formats.kind(every_format.WRITTEN[muxer][0])
    assert found.kind.removesuffix(" video") in {kind.sound, kind.video, "MOV", "3GP", "WebM"}
    assert found.duration == pytest.approx(4, abs=0.3)
    with decoder.Reader(path) as reader:
        sound = reader.read(60)[0]
    assert reader.lost == []
    assert len(sound) / audio.RATE == pytest.approx(4, abs=0.2)
    assert similarity(sound, SHORT) > 0.9


@pytest.mark.parametrize("kind", every_format.BY_HAND)
def test_formats_that_ffmpeg_only_reads_are_read(tmp_path: Path, kind: str):
    make, label = every_format.BY_HAND[kind]
    path = tmp_path / "recording"
    path.write_bytes(make(SHORT))
    assert decoder.probe(path).kind == label
    with decoder.Reader(path) as reader:
        sound = reader.read(60)[0]
    assert reader.lost == []
    assert len(sound) / audio.RATE == pytest.approx(4, abs=0.2)
    assert similarity(sound, SHORT) > 0.9


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "content")
    return buffer.getvalue()


UNREADABLE: dict[str, tuple[bytes, str]] = {
    "AAX": (b"\0\0\0\x20ftypaax \0\0\0\0" + bytes(500), "is an Audible file (AAX) with copy protection"),
    "AAXC": (b"\0\0\0\x20ftypaaxc\0\0\0\0" + bytes(500), "is an Audible file (AAXC) with copy protection"),
    "M4P": (b"\0\0\0\x20ftypM4P \0\0\0\0" + bytes(500), "is a song with copy protection (M4P)"),
    "WMA with DRM": (
        bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
        + bytes(14)
        + bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e")
        + bytes(900),
        "is protected by DRM (Windows Media)",
    ),
    "DS2": (b"\x03ds2" + bytes(900), "is a dictation in a kind of DSS (DS2)"),
    "AC-4": (b"\xac\x41\xff\xff\0\1\0" + bytes(900), "is a Dolby AC-4 recording"),
    "OptimFROG": (b"OFR \x0f\0\0\0" + bytes(900), "is an OptimFROG recording"),
    "SILK": (b"#!SILK_V3\x10\0" + b"\x7f" * 900, "is a voice message in SILK"),
    "WeChat SILK": (b"\x02#!SILK_V3\x10\0" + b"\x7f" * 900, "is a voice message in SILK (WeChat)"),
    "MIDI": (b"MThd\0\0\0\x06\0\1\0\1\1\xe0MTrk" + bytes(900), "is a MIDI file: it holds notes, not sound"),
    "XM": (b"Extended Module: a song" + bytes(900), "is module music (XM)"),
    "MOD": (b"song\0" + bytes(1075) + b"M.K." + bytes(9000), "is module music (MOD)"),
    "NSF": (b"NESM\x1a\1\1\1" + bytes(900), "is music of a game (NSF)"),
    "Audacity": (b"SQLite format 3\0" + bytes(52) + b"AUDY" + bytes(900), "is an Audacity project"),
    "CD track": (b"RIFF\x24\0\0\0CDDAfmt \x18\0\0\0" + bytes(24), "is a shortcut to a track of a CD"),
}
NO_RECORDING: dict[str, tuple[bytes, str]] = {
    "PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(range(256)) * 20, "is a PDF document, not a recording"),
    "Word": (zipped("[Content_Types].xml", "word/document.xml"), "is a Word document, not a recording"),
    "Excel": (zipped("[Content_Types].xml", "xl/workbook.xml"), "is an Excel workbook, not a recording"),
    "ZIP": (zipped("holiday.mp3"), "is a ZIP archive, not a recording"),
    "older Word": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(900), "is an older Office document, not a recording"),
    "RAR": (b"Rar!\x1a\x07\x01\0" + bytes(900), "is a RAR archive, not a recording"),
    "7z": (b"7z\xbc\xaf\x27\x1c\0\4" + bytes(900), "is a 7z archive, not a recording"),
    "gzip": (b"\x1f\x8b\x08\0" + bytes(range(256)) * 9, "is a gzip archive, not a recording"),
    "tar": (b"a.txt".ljust(257, b"\0") + b"ustar\x0000" + bytes(900), "is a tar archive, not a recording"),
    "JPEG": (b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(900), "is a picture (JPEG), not a recording"),
    "GIF": (b"GIF89a\x01\0\x01\0" + bytes(900), "is a picture (GIF), not a recording"),
    "WebP": (b"RIFF\x24\0\0\0WEBPVP8 " + bytes(900), "is a picture (WebP), not a recording"),
    "HEIC": (b"\0\0\0\x18ftypheic\0\0\0\0" + bytes(900), "is a picture (HEIC), not a recording"),
    "TIFF": (b"II*\0\x08\0\0\0" + bytes(900), "is a picture (TIFF), not a recording"),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"></svg>', "is a picture (SVG), not a recording"),
    "SQLite": (b"SQLite format 3\0" + bytes(900), "is a database (SQLite), not a recording"),
    "ELF": (b"\x7fELF\2\1\1" + bytes(900), "is a program, not a recording"),
    "EXE": (b"MZ" + bytes(58) + b"\x80\0\0\0" + bytes(64) + b"PE\0\0" + bytes(900), "is a program, not a recording"),
    "shortcut": (b"L\0\0\0\x01\x14\x02\0" + bytes(900), "is a shortcut to another file, not a recording"),
    "HTML": (b"<!DOCTYPE html><html><body>Log in to download</body></html>", "is a web page, not a recording"),
    "subtitles": (b"1\n00:00:01,000 --> 00:00:02,000\nHello\n", "is a text with subtitles, not a recording"),
    "XML": (b'<?xml version="1.0"?><a><b/></a>', "is an XML file, not a recording"),
    "JSON": (b'{"text": "and so my fellow americans"}', "is a text, not a recording"),
    "text in UTF-16": ("Grüße aus Köln".encode("utf-16"), "is a text, not a recording"),
    "text in Latin-1": ("Schöne Grüße aus Köln.\n".encode("latin-1") * 99, "is a text, not a recording"),
    "zeros": (bytes(300_000), "holds nothing but zeros"),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_known_kind_that_cannot_be_read_is_named(tmp_path: Path, kind: str):
    content, words = UNREADABLE[kind]
    (path := tmp_path / "recording").write_bytes(content)
    with pytest.raises(Unreadable) as refusal:
        decoder.probe(path, "holiday.mp3")
    assert refusal.value.message.startswith(f"“holiday.mp3” {words}")
    assert refusal.value.guidance


@pytest.mark.parametrize("kind", NO_RECORDING)
def test_file_of_another_kind_is_refused_and_its_kind_is_named(tmp_path: Path, kind: str):
    content, words = NO_RECORDING[kind]
    (path := tmp_path / "recording").write_bytes(content)
    with pytest.raises(NotSound) as refusal:
        decoder.probe(path, "holiday.mp3")
    assert refusal.value.message == f"“holiday.mp3” {words}."


@pytest.mark.parametrize("format", ["drms", "enca"])
def test_a_protected_track_of_an_mp4_is_named(tmp_path: Path, format: str):
    path = audio.write(tmp_path / "a.m4a", SHORT)
    path.write_bytes(path.read_bytes().replace(b"mp4a", format.encode(), 1))
    with pytest.raises(Unreadable, match="is copy-protected"):
        decoder.probe(path)


@pytest.mark.parametrize(
    ("tag", "words"),
    [(b"ac-4", "sound in Dolby AC-4"), (b"mhm1", "MPEG-H 3D Audio"), (b"zzzz", "in a format that cannot be")],
)
def test_a_codec_without_a_decoder_is_named(tmp_path: Path, tag: bytes, words: str):
    path = audio.write(tmp_path / "a.m4a", SHORT)
    path.write_bytes(path.read_bytes().replace(b"mp4a", tag, 1).replace(b"esds", b"none"))
    with pytest.raises(Unreadable, match=words):
        decoder.probe(path)


@pytest.mark.parametrize("seed", range(5))
def test_random_bytes_are_no_recording(tmp_path: Path, seed: int):
    """Try sixty small and large files of random bytes. In half of them, some byte values are more frequent."""
    chance, path = np.random.default_rng(seed), tmp_path / "recording"
    for number in range(60):
        size = int(10 ** chance.uniform(1, 5.5))
        match number % 4:
            case 0 | 1:
                content = chance.bytes(size)
            case 2:
                content = chance.normal(128, 20, size).astype(np.uint8).tobytes()
            case _:
                content = (chance.normal(0, 2000, size).cumsum() / 50).astype("<i2").tobytes()
        path.write_bytes(content)
        with pytest.raises(NotSound):
            decoder.probe(path)


WORDS = [
    "the",
    "a",
    "speech",
    "of",
    "recording",
    "sound",
    "44100",
    "frame",
    "ID3",
    "RIFF",
    "WAVE",
    "[x]",
    "{y}",
    "<z>",
    "v=1",
    "--",
    ";",
    ":",
    "/",
    "http://example.org",
    "00:00:01",
    "\t",
    "1,2,3",
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1", "cp1251", "shift_jis"])
def test_a_text_is_no_recording(tmp_path: Path, encoding: str):
    """Try forty texts of 1 to 10,000 words in this encoding."""
    chance, path = np.random.default_rng(1), tmp_path / "recording"
    others = {"cp1251": "речь звук запись", "shift_jis": "音声 録音 こんにちは"}.get(encoding, "größe é").split()
    for _ in range(40):
        words = chance.choice([*WORDS, *others], int(10 ** chance.uniform(0, 4)))
        path.write_bytes(
            "".join(f"{word}{chr(10) if n % 9 == 8 else ' '}" for n, word in enumerate(words)).encode(encoding)
        )
        with pytest.raises(InputError):
            decoder.probe(path)

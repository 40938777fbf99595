"""List the formats that FFmpeg may open: those whose files can be read without opening other files.

A demuxer that is not listed, such as one added by a later FFmpeg, is not used. `tests/integration/test_formats.py`
lists the demuxers that are left out and the reasons. All names of formats are FFmpeg's names.
"""

from __future__ import annotations

from typing import NamedTuple

import av
from av.codec import Codec


class Kind(NamedTuple):
    """Display names and content types of one format, with sound alone and with video."""

    sound: str
    video: str
    sound_mime: str
    video_mime: str

    def describe(self, video: bool) -> tuple[str, str]:
        """Return the display name and the content type, for video or for sound alone."""
        return (self.video, self.video_mime) if video else (self.sound, self.sound_mime)


UNNAMED = "application/octet-stream"


def _kind(name: str, mime: str = UNNAMED) -> Kind:
    return Kind(name, name, mime, mime)


NAMED = {
    "mov": Kind("M4A", "MP4 video", "audio/mp4", "video/mp4"),
    "matroska": Kind("MKA", "MKV video", "audio/x-matroska", "video/x-matroska"),
    "asf": Kind("WMA", "WMV video", "audio/x-ms-wma", "video/x-ms-wmv"),
    "rm": Kind("RealAudio", "RealMedia video", "audio/x-pn-realaudio", "application/vnd.rn-realmedia"),
    "mp3": _kind("MP3", "audio/mpeg"),
    "wav": _kind("WAV", "audio/wav"),
    "w64": _kind("W64", "audio/x-w64"),
    "flac": _kind("FLAC", "audio/flac"),
    "ogg": Kind("OGG", "OGG video", "audio/ogg", "video/ogg"),
    "aac": _kind("AAC", "audio/aac"),
    "loas": _kind("AAC", "audio/aac"),
    "aiff": _kind("AIFF", "audio/aiff"),
    "caf": _kind("CAF", "audio/x-caf"),
    "au": _kind("AU", "audio/basic"),
    "amr": _kind("AMR", "audio/amr"),
    "amrnb": _kind("AMR", "audio/amr"),
    "amrwb": _kind("AMR-WB", "audio/amr-wb"),
    "avi": Kind("AVI", "AVI video", "video/x-msvideo", "video/x-msvideo"),
    "mpegts": Kind("MPEG-TS", "MPEG-TS video", "video/mp2t", "video/mp2t"),
    "mpeg": Kind("MPEG", "MPEG video", "video/mpeg", "video/mpeg"),
    "flv": Kind("FLV", "FLV video", "video/x-flv", "video/x-flv"),
    "mxf": Kind("MXF", "MXF video", "application/mxf", "application/mxf"),
    "gxf": Kind("GXF", "GXF video", UNNAMED, UNNAMED),
    "dv": Kind("DV", "DV video", "video/dv", "video/dv"),
    "wtv": Kind("WTV", "WTV video", UNNAMED, UNNAMED),
    "nut": Kind("NUT", "NUT video", UNNAMED, UNNAMED),
    "swf": Kind("Flash", "Flash video", "application/x-shockwave-flash", "application/x-shockwave-flash"),
    "ac3": _kind("AC-3", "audio/ac3"),
    "eac3": _kind("E-AC-3", "audio/eac3"),
    "dts": _kind("DTS", "audio/vnd.dts"),
    "dtshd": _kind("DTS-HD", "audio/vnd.dts.hd"),
    "truehd": _kind("Dolby TrueHD"),
    "spdif": _kind("S/PDIF"),
    "s337m": _kind("SMPTE 337M"),
    "ape": _kind("APE", "audio/x-ape"),
    "wv": _kind("WavPack", "audio/x-wavpack"),
    "tta": _kind("TTA", "audio/x-tta"),
    "tak": _kind("TAK"),
    "shn": _kind("Shorten"),
    "mpc": _kind("Musepack", "audio/x-musepack"),
    "mpc8": _kind("Musepack", "audio/x-musepack"),
    "dss": _kind("DSS", "audio/x-dss"),
    "gsm": _kind("GSM", "audio/gsm"),
    "voc": _kind("VOC", "audio/x-voc"),
    "qcp": _kind("QCP", "audio/qcelp"),
    "sox": _kind("SoX"),
    "nistsphere": _kind("NIST SPHERE"),
    "vqf": _kind("TwinVQ"),
    "ilbc": _kind("iLBC", "audio/ilbc"),
    "codec2": _kind("Codec 2"),
    "aa": _kind("Audible"),
    "oma": _kind("OpenMG"),
    "hcom": _kind("HCOM"),
    "iff": _kind("IFF"),
    "bit": _kind("G.729"),
}
SPECIAL = {  # kinds that FFmpeg gives the same format name as another kind; the file's first bytes tell them apart
    "webm": Kind("WebM", "WebM video", "audio/webm", "video/webm"),
    "3gp": Kind("3GP", "3GP video", "audio/3gpp", "video/3gpp"),
    # Firefox plays no "video/quicktime", but it plays most MOV files that are labelled as MP4.
    "qt": Kind("MOV", "MOV video", "audio/mp4", "video/mp4"),
}

# Formats with sound, alone or with video. A file in these formats cannot make FFmpeg open another file or a URL: mov,
# mxf, matroska, asf and rm files can contain such references, but `OPTIONS` allows no protocol to open them.
ALLOWED = frozenset(NAMED).union(
    (
        "3dostr 4xm aax ac3 ace acm act adp ads adx aea afc aix alp apac apc apm argo_asf argo_brp argo_cvg "
        "asf_o ast avr avs bethsoftvid bfi bfstm bink binka bmv boa bonk brstm c93 cdxl dcstr derf dhav dsf "
        "dsicin dxa ea epaf film_cpk fsb fwse gdv genh hca hnm hxvs iamf idcin ifv ipmovie ircam iss ivr jv "
        "kux kvag laf lc3 lmlm4 luodat lvf lxf mca mgsts mlp mm mmf mods moflex msf mtaf mtv musx mv mvi mxg "
        "nsp nsv nuv osq paf pmp pp_bnk psxstr pva pvf qoa r3d redspark rka rl2 roq rpl rsd sbc scd sdns sdr2 "
        "sds sdx sga siff simbiosis_imx smjpeg smk smush sol svag svs thp tiertexseq tmv ty usm vag vividas "
        "vivo vmd vpk wady wavarc wc3movie wsaud wsd wsvqa wve xa xmd xmv xvag xwma yop"
    ).split()
)

# Formats whose frames have no time stamps. FFmpeg derives the time from the frames that it can read, so the length of
# damaged spans is estimated from their size in bytes.
UNTIMED = frozenset(
    "mp3 aac loas ac3 eac3 amr amrnb amrwb dts dtshd truehd mlp gsm sbc spdif s337m ilbc "
    "codec2 bit shn osq bonk".split()
)
# Formats whose time stamps come from the sender's clock. This clock may start at any value, wrap around, and jump where
# recordings were joined.
FREE_CLOCK = frozenset("mpegts mpeg flv kux nut rm ivr asf asf_o ty pva nsv wtv dhav lxf gxf".split())
# Formats that declare no duration. FFmpeg derives one from the last time stamp, which is wrong after a clock reset.
NO_DURATION = frozenset("mpegts mpeg ogg nut ty pva nsv dhav wtv".split())


def kind(format: str) -> Kind:
    """Return the `Kind` for FFmpeg's format name `format`."""
    return NAMED.get(format) or _kind(format.upper())


def _decodes_sound(name: str) -> bool:
    try:
        return Codec(name, "r").type == "audio"
    except av.codec.codec.UnknownCodecError:  # FFmpeg can encode this codec, but not decode it
        return False


MOST_STREAMS = 64  # maximum number of streams that FFmpeg opens in one file
# `format_whitelist` and `protocol_whitelist` prevent a file from making FFmpeg open other files: no allowed format
# needs other files, and no protocol to open them is allowed. `codec_whitelist` allows only sound decoders, because no
# pictures are needed.
OPTIONS = {
    "format_whitelist": ",".join(sorted(ALLOWED)),
    "protocol_whitelist": "none",
    "codec_whitelist": ",".join(sorted(name for name in av.codecs_available if _decodes_sound(name))),
    "max_streams": str(MOST_STREAMS),
}
# Options to find sound that begins long after the picture. FFmpeg reads at most `probesize` bytes and `analyzeduration`
# microseconds of the recording to find it.
LATE = {"probesize": str(64 << 20), "analyzeduration": str(600_000_000)}

"""List what FFmpeg may open: every container that holds its own data, and none that refers to other files.

Every demuxer of FFmpeg is in exactly one of the two lists. One that is in neither, such as one added by a later FFmpeg,
is not opened. Names are FFmpeg's own.
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


def _kind(name: str, mime: str = UNNAMED, video_mime: str | None = None) -> Kind:
    return Kind(name, name if video_mime is None else f"{name} video", mime, mime if video_mime is None else video_mime)


NAMED = {
    "mov": Kind("M4A", "MP4 video", "audio/mp4", "video/mp4"),
    "matroska": Kind("MKA", "MKV video", "audio/x-matroska", "video/x-matroska"),
    "asf": Kind("WMA", "WMV video", "audio/x-ms-wma", "video/x-ms-wmv"),
    "rm": Kind("RealAudio", "RealMedia video", "audio/x-pn-realaudio", "application/vnd.rn-realmedia"),
    "mp3": _kind("MP3", "audio/mpeg"),
    "wav": _kind("WAV", "audio/wav"),
    "w64": _kind("W64", "audio/x-w64"),
    "flac": _kind("FLAC", "audio/flac"),
    "ogg": _kind("OGG", "audio/ogg", "video/ogg"),
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
SPECIAL = {  # distinguished by their first bytes
    "webm": Kind("WebM", "WebM video", "audio/webm", "video/webm"),
    "3gp": Kind("3GP", "3GP video", "audio/3gpp", "video/3gpp"),
    # Firefox plays no "video/quicktime", but it plays most MOV files that are labelled as MP4.
    "qt": Kind("MOV", "MOV video", "audio/mp4", "video/mp4"),
}

# Formats with sound, alone or with video. None opens a second file or an address: those that can refer to one
# (mov, mxf, matroska, asf, rm) have no protocol to open it with.
ALLOWED = frozenset(NAMED) | frozenset(
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
REFUSED = {
    "lists of other files or addresses, and files that go on in others": frozenset(
        ["hls", "concat", "sdp", "rtp", "rtsp", "sap", "image2", "image2pipe", "webm_dash_manifest", "vobsub", "mlv"]
        + ["dash", "imf", "concatf", "tee", "applehttp"]  # not in every FFmpeg
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

# Frames without time stamps: ffmpeg derives the time from the frames that it can read, so the length of damaged
# spans is estimated from their bytes.
UNTIMED = frozenset(
    (
        "mp3 aac loas ac3 eac3 amr amrnb amrwb dts dtshd truehd mlp gsm sbc spdif s337m ilbc codec2 bit shn osq bonk"
    ).split()
)
# The clock is the sender's: it starts anywhere, wraps around, and jumps where recordings are joined.
FREE_CLOCK = frozenset(("mpegts mpeg flv kux nut rm ivr asf asf_o ty pva nsv wtv dhav lxf gxf").split())
# No declared length. FFmpeg takes the last time stamp, which is meaningless after a clock reset.
LENGTH_UNTOLD = frozenset(["mpegts", "mpeg", "ogg", "nut", "ty", "pva", "nsv", "dhav", "wtv"])


def kind(format: str) -> Kind:
    """Return the kind of FFmpeg's format name."""
    return NAMED.get(format) or _kind(format.upper())


def _decodes_sound(name: str) -> bool:
    try:
        return Codec(name, "r").type == "audio"
    except av.codec.codec.UnknownCodecError:  # it only encodes
        return False


MOST_STREAMS = 64
# The first two lists belong together: no demuxer that follows links, and no protocol to open their targets. Probing
# decodes no pictures, so their decoders are not allowed either.
OPTIONS = {
    "format_whitelist": ",".join(sorted(ALLOWED)),
    "protocol_whitelist": "none",
    "codec_whitelist": ",".join(sorted(name for name in av.codecs_available if _decodes_sound(name))),
    "max_streams": str(MOST_STREAMS),
}
# How far to search for sound that begins long after the picture, in bytes and microseconds.
LATE = {"probesize": str(64 << 20), "analyzeduration": str(600_000_000)}

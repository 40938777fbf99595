"""Write files that refer to another file or URL, one for each kind of reference that a demuxer might follow."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterator
from pathlib import Path

from tests import audio, broken

TEXTS = {
    "M3U": "{t}\n",
    "extended M3U": "#EXTM3U\n#EXTINF:10,\n{t}\n",
    "M3U with a byte order mark": "\ufeff#EXTM3U\n{t}\n",
    "HLS": "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{t}\n#EXT-X-ENDLIST\n",
    "HLS with variants": '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",URI="{t}"\n#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"\n{t}\n',
    "HLS with a key": '#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXT-X-KEY:METHOD=AES-128,URI="{t}"\n#EXTINF:9,\n{t}\n#EXT-X-ENDLIST\n',
    "HLS with a map": '#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXT-X-MAP:URI="{t}"\n#EXTINF:9,\n{t}\n#EXT-X-ENDLIST\n',
    "HLS with ranges": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n#EXT-X-BYTERANGE:9@0\n{t}\n#EXT-X-ENDLIST\n",
    "HLS after an ID3 tag": "ID3\x03\x00\x00\x00\x00\x00\x00#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{t}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{t}'\n",
    "concat with options": "ffconcat version 1.0\nfile '{t}'\ninpoint 0\noption safe 0\noption protocol_whitelist all\n",
    "concat without a header": "file '{t}'\nfile '{t}'\n",
    "PLS": "[playlist]\nFile1={t}\nNumberOfEntries=1\nVersion=2\n",
    "ASX": '<asx version="3.0"><entry><ref href="{t}"/></entry></asx>',
    "ASF reference": "[Reference]\nRef1={t}\nRef2={t}\n",
    "RAM": "# a comment\n{t}\n",
    "SMIL": '<smil><body><audio src="{t}"/></body></smil>',
    "XSPF": '<?xml version="1.0"?><playlist xmlns="http://xspf.org/ns/0/"><trackList><track><location>{t}</location></track></trackList></playlist>',
    "DASH": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT9S"><Period><AdaptationSet mimeType="audio/mp4">'
    '<Representation id="1" bandwidth="1"><BaseURL>{t}</BaseURL></Representation></AdaptationSet></Period></MPD>',
    "IMF": '<?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2013"><Path>{t}</Path></CompositionPlaylist>',
    "Smooth Streaming": '<?xml version="1.0"?><SmoothStreamingMedia MajorVersion="2"><StreamIndex Url="{t}"/></SmoothStreamingMedia>',
    "SDP": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=a\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\na=control:{t}\n",
    "SDP over TCP": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=a\nc=IN IP4 127.0.0.1\nt=0 0\na=control:{t}\nm=audio 5004 RTP/AVP/TCP 14\n",
    "RTSP over HTTP": "RTSPtext\nrtsp://{t}\n",
    "VobSub": "# VobSub index file, v7 (do not modify this line!)\nsize: 720x576\n# {t}\ntimestamp: 00:00:01:000, filepos: 000000000\n",
    "FFmpeg metadata": ";FFMETADATA1\ntitle={t}\n",
    "CUE sheet": 'FILE "{t}" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n',
    "SBaGen": "-SE\n-i {t}\nallon: pink/40\nNOW allon\n",
    "AviSynth": 'DirectShowSource("{t}")\n',
    "shortcut": "[InternetShortcut]\nURL={t}\n",
    "HTML": '<html><body><audio src="{t}"></audio></body></html>',
    "SAMI": "<SAMI><BODY><SYNC Start=0><P>{t}</P></SYNC></BODY></SAMI>",
    "SVG": '<svg xmlns="http://www.w3.org/2000/svg"><image href="{t}"/></svg>',
    "redirect in QuickTime": 'rtsptext {t}\n<?xml version="1.0"?><?quicktime type="application/x-quicktime-media-link"?><embed src="{t}"/>',
}
TARGETS = (
    "{beside}",
    "file:{beside}",
    "beside.wav",
    "{address}",
    "/etc/hostname",
    "concat:{beside}|{beside}",
    "subfile,,start,0,end,9,,:{beside}",
)


def all_texts(beside: Path, address: str) -> Iterator[tuple[str, bytes]]:
    for kind, text in TEXTS.items():
        for target in TARGETS:
            yield f"{kind} to {target}", text.replace("{t}", target.format(beside=beside, address=address)).encode()


def mov(path: Path, target: str) -> Path:
    """Write a QuickTime file whose `dref` box says, as an alias and as a URL, that the sound is in another file."""
    broken.mp4(path, audio.samples(audio.JFK)[: audio.RATE], picture=False)
    volume, name = b"disk", Path(target).name.encode()[:63]
    alias = (
        bytes(10)
        + bytes([len(volume)])
        + volume.ljust(27, b"\0")
        + bytes(12)
        + bytes([len(name)])
        + name.ljust(63, b"\0")
    )
    encoded = target.encode()
    alias += (
        bytes(16)
        + struct.pack(">HH", 1, 1)
        + bytes(16)
        + struct.pack(">HH", 2, len(encoded))
        + encoded
        + bytes(len(encoded) % 2)
    )
    alias += struct.pack(">hH", -1, 0)
    entries = [b"alis" + bytes(4) + alias, b"url " + bytes(4) + encoded + b"\0"]
    body = (
        bytes(4)
        + struct.pack(">I", len(entries))
        + b"".join(struct.pack(">I", 4 + len(entry)) + entry for entry in entries)
    )
    content = _with_box(path.read_bytes(), [b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"], body)
    path.write_bytes(content)
    return path


def _with_box(content: bytes, box_path: list[bytes], body: bytes) -> bytes:
    """Return an MP4's `content` with `body` as the body of one box.

    `box_path` has the names of the box and of the boxes around it, outermost first. Bytes before the `moov` box keep
    their offsets.
    """
    out, at = b"", 0
    while at + 8 <= len(content):
        size, name = struct.unpack(">I4s", content[at : at + 8])
        inner = content[at + 8 : at + size]
        if name == box_path[0]:
            inner = _with_box(inner, box_path[1:], body) if len(box_path) > 1 else body
        out += struct.pack(">I4s", 8 + len(inner), name) + inner
        at += size
    return out


def real_media(path: Path, target: str) -> Path:
    """Write a RealMedia file that consists of a header and the URL or path of another file."""
    path.write_bytes(b".RMF\0\0\0\x12\0\0\0\0\0\0\0\0\0\1" + target.encode() + b"\n")
    return path


def matroska(path: Path, target: str) -> Path:
    """Write a Matroska file that names another file as its continuation."""
    audio.write(path.with_suffix(".webm"), audio.samples(audio.JFK)[: audio.RATE]).rename(path)
    name = target.encode()
    element = b"\x3e\x83\xbb" + (0x4000 | len(name)).to_bytes(2, "big") + name  # the NextFilename element
    content = path.read_bytes()
    at = content.find(b"\x15\x49\xa9\x66")  # byte offset of the Info element
    info = (
        b"\x15\x49\xa9\x66" + (0x4000 | len(element) + 7).to_bytes(2, "big") + b"\x2a\xd7\xb1\x83\x0f\x42\x40" + element
    )
    size = content.find(b"\x18\x53\x80\x67") + 4
    path.write_bytes(content[:size] + b"\x01" + b"\xff" * 7 + content[size + 8 : at] + info + content[at:])
    return path


def asf(path: Path, target: str) -> Path:
    """Write an ASF file with a script command that opens a URL."""
    from tests import every_format

    every_format.write(path, "asf", audio.samples(audio.JFK)[: audio.RATE])
    content = bytearray(path.read_bytes())
    kind, url = "URL\0".encode("utf-16-le"), (target + "\0").encode("utf-16-le")
    command = struct.pack("<HH", 1, 1) + struct.pack("<H", len(kind) // 2) + kind
    command += struct.pack("<IHH", 0, 0, len(url) // 2) + url
    guid = bytes.fromhex("301afb1e620bd011a39b00a0c90348f6")
    entry = guid + struct.pack("<Q", 24 + 16 + len(command)) + bytes(16) + command
    size, count = struct.unpack("<QI", content[16:28])
    content[16:28] = struct.pack("<QI", size + len(entry), count + 1)
    path.write_bytes(bytes(content[:30]) + entry + bytes(content[30:]))
    return path


CONTAINERS = {"QuickTime": mov, "RealMedia": real_media, "Matroska": matroska, "ASF": asf}


class OpenedFiles:
    """Record the names of the files that any process opens in a folder, as reported by inotify (Linux)."""

    def __init__(self, folder: Path) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._inotify = self._libc.inotify_init1(os.O_NONBLOCK)
        assert self._inotify >= 0
        assert self._libc.inotify_add_watch(self._inotify, os.fsencode(folder), 0x20) >= 0  # 0x20 is IN_OPEN

    def names(self) -> set[str]:
        """Return the names of the files opened since the last call."""
        found: set[str] = set()
        while True:
            try:
                content = os.read(self._inotify, 1 << 16)
            except BlockingIOError:
                return found
            at = 0
            while at < len(content):
                size = struct.unpack("=iIII", content[at : at + 16])[3]
                found.add(content[at + 16 : at + 16 + size].rstrip(b"\0").decode())
                at += 16 + size

    def close(self) -> None:
        os.close(self._inotify)

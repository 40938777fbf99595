"""List the sound tracks of a file, and check which of them can be decoded. Runs in a decoder process."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
from av.stream import Discard

from stt.audio.containers.container import open_file, packets, problem_of
from stt.files.json_values import clean

MOST = 16  # maximum number of tracks examined; recorders write fewer
LONGEST_TITLE = 60  # maximum length of a title, characters
SHORTEST = 0.1  # minimum length of a track's sound, seconds; the same minimum applies to a recording
TIMEOUT = 2.0  # time limit for checking the tracks, seconds; more sound of a track may follow after that
# Patterns of the titles that MP4 writers give to every track. These titles are not displayed.
_GENERIC = re.compile(
    r"handle|produced by|core media|mainconcept|bento4|isomedia|^soun$|^mono$|^stereo$", re.IGNORECASE
)


def tracks(path: Path, name: str = "") -> list[dict[str, Any]]:
    """Return the properties of each sound track in file order; `best` marks the track that a player would select.

    `problem` says why a track cannot be decoded, and is None if it can. `problem` is also None for the only track of a
    file, which is not checked. Raises the same errors as `container.open_file`.
    """
    file, container = open_file(path, name)
    try:
        streams = container.streams.audio[:MOST]
        best = container.streams.best("audio")
        problems = _problems(container, streams) if len(streams) > 1 else [None] * len(streams)
        return [
            {**_facts(stream), "number": number, "best": stream is best, "problem": problem}
            for number, (stream, problem) in enumerate(zip(streams, problems, strict=True), start=1)
        ]
    finally:
        container.close()
        file.close()


def _facts(stream: av.AudioStream) -> dict[str, Any]:
    codec, language = stream.codec_context, clean(stream.metadata.get("language")).lower()
    return {
        "title": _title(stream.metadata),
        "language": language
        if re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{2,8})?", language) and language not in _NO_LANGUAGE
        else "",
        "codec": codec.codec.canonical_name if codec else "",
        "channels": codec.layout.nb_channels if codec else 0,
    }


_NO_LANGUAGE = ("und", "mis", "zxx", "mul", "unk", "qaa", "xxx")


def _title(metadata: dict[str, str]) -> str:
    for key in ("title", "name", "handler_name"):
        title = " ".join(clean(metadata.get(key)).split()).strip("\x00 ")
        if title and not _GENERIC.search(title):
            return title[:LONGEST_TITLE]
    return ""


def _problems(container: av.container.InputContainer, streams: Sequence[av.AudioStream]) -> list[str | None]:
    """Return for each track the reason why it cannot be decoded, or None if it can.

    The file's packets are decoded until every track has yielded SHORTEST seconds of sound, for at most TIMEOUT seconds.
    If the time limit ends the check, a track with too little sound has a problem only if nothing of it can be decoded.
    """
    problems: dict[int, str | None] = {}
    for stream in streams:
        if (problem := problem_of(stream)) is not None:
            problems[stream.index] = f"it {problem.split('. ')[0]}"
    seconds = {stream.index: 0.0 for stream in streams if stream.index not in problems}
    seen: set[int] = set()
    failed: set[int] = set()
    for other in container.streams:
        other.discard = Discard.default if other.index in seconds else Discard.all
    ends, complete = time.monotonic() + TIMEOUT, True
    for packet in packets(container, *(stream for stream in streams if stream.index in seconds)):
        index = packet.stream.index
        if packet.size:
            seen.add(index)
        if index in seconds and seconds[index] < SHORTEST:
            try:
                seconds[index] += sum(frame.samples / (frame.sample_rate or 1) for frame in packet.decode())
            except MemoryError:
                raise
            except av.FFmpegError:
                failed.add(index)
        if all(found >= SHORTEST for found in seconds.values()):
            break
        if time.monotonic() > ends:
            complete = False
            break
    for index, found in seconds.items():
        if found < SHORTEST and (complete or (index in failed and not found)):
            problems[index] = "its sound is too damaged to read" if index in seen else "it holds no sound"
    return [problems.get(stream.index) for stream in streams]

"""Read the sound of a recording, damaged or not, as samples at one rate. Times are in seconds."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import cast

import av
import numpy as np

from stt.audio.containers import boxes, container, following
from stt.audio.containers.formats import UNTIMED
from stt.audio.containers.promises import promised, seconds_of
from stt.audio.decoder import RATE
from stt.audio.mix import Mix
from stt.audio.tracks import MOST_APART
from stt.errors import InputError
from stt.speech.samples import Samples

SHORTEST = 0.1  # minimum length of a recording's sound, seconds; any word is longer
_TAGS = (b"TAG", b"ID3", b"APETAGEX", b"LYRICSBEGIN")  # tags between or after MP3 frames do not count as damage
_GIVE_UP = 16 << 20  # reading stops if this number of bytes of the sound track holds no readable frame
_SILENT = 600.0  # a recording must have SHORTEST seconds of sound within this many seconds from its start
# Maximum seconds by which the declared duration may exceed the real one without a reported loss, by format. For other
# formats, the maximum is 1 s.
# A WAV or W64 gives the duration of compressed sound by a number of bytes per second, which writers round.
_EXACT = {"wav": 0.02, "w64": 0.02, "aiff": 0.02, "au": 0.02, "flac": 0.02, "caf": 0.25, "mp3": 0.25, "mov": 0.25}
_FIXED_SIZE = ("pcm_", "adpcm_", "gsm")  # beginnings of the names of codecs whose blocks all have the same size
MOST_LOST = 1000  # maximum number of losses listed; further losses extend the last one in the list


class Reader:
    """Read the sound of a file as float32 samples of `rate` Hz, decoded on demand.

    The samples follow the recording's time line. An unreadable span becomes silence of the same length, and `lost`
    lists it as (start, end, reason). Sound that is missing at the end is listed, but not replaced by silence. `lost` is
    complete once `read` has returned no samples.

    With `apart`, two to MOST_APART channels stay separate. Otherwise all channels are mixed to one, as `mix` describes.
    The same file always gives the same samples, so reading can resume at an exact sample. `track` is the number of a
    sound track, from 1; None selects the track that FFmpeg prefers. `promised` is the declared duration, None if no
    duration is declared. If several recordings were joined to one file, they are read one after another, and `promised`
    is the declared duration of the first.

    The constructor raises EmptyFile if the file has no bytes, NotSound if it is no recording or cannot be read, and
    NoAudioTrack if it is a video without sound.
    """

    def __init__(
        self, path: Path, apart: bool = False, *, name: str = "", track: int | None = None, rate: int = RATE
    ) -> None:
        self.lost: list[tuple[float, float, str]] = []
        self.path, self.rate = path, rate
        self.sound = 0.0  # seconds of sound decoded so far, without inserted silence
        self._source = path, name, track
        self._open(0)
        self.promised = self._promise
        if self.format == "mov" and (edits := boxes.edit_list(path, self.stream.id)):
            for cut in edits.cuts:
                at = round(cut.at - max(0.0, self._begins or 0.0), 3)
                why = f"the file's own edits leave out {cut.seconds:.1f} s of sound here, and players do the same"
                self.lost.append((at, at, why))
        count = self.stream.codec_context.layout.nb_channels
        self.channels = count if apart and 2 <= count <= MOST_APART else 1
        self.mixed = count if self.channels == 1 else 1
        self._apart = self.channels > 1
        # One `Mix` for each channel layout, because the layout may change within the file.
        self._mixes: dict[tuple[str, ...], Mix] = {}
        self._pieces = self._decode()
        self._waiting = np.zeros((self.channels, 0), np.float32)
        self._taken = 0
        self._made = 0  # number of samples decoded or inserted as silence so far, for each channel
        self._bytes = 0  # bytes of the sound track read so far

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self, start: int) -> None:
        """Open the recording that begins at byte `start` of the file."""
        self._file, self.container, self.stream = container.open_sound(*self._source, start)
        self.format = self.container.format.name.split(",")[0]
        self._begins = container.timeline_start(self.path, self.container, start)
        self._promise = promised(self.path, self.format, self.container, self.stream, start, begins=self._begins)

    def close(self) -> None:
        self._pieces.close()
        self.container.close()
        self._file.close()

    @property
    def position(self) -> float:
        """Return the number of seconds read so far."""
        return self._taken / self.rate

    @property
    def mix(self) -> str | None:
        """Return a description of how channels were mixed, None if no channels were mixed."""
        return ", then ".join(mix.describe(self.rate) for names, mix in self._mixes.items() if len(names) > 1) or None

    def read(self, seconds: float) -> Samples:
        """Return the samples of the next `seconds`, shape (channels, n), float32, -1 to 1.

        At the end of the recording, fewer samples are returned, and then none.
        """
        wanted = round(seconds * self.rate)
        pieces, count = [self._waiting], self._waiting.shape[1]
        while count < wanted:
            if (piece := next(self._pieces, None)) is None:
                break
            pieces.append(piece)
            count += piece.shape[1]
        samples = np.concatenate(pieces, axis=1) if len(pieces) > 1 else pieces[0]
        self._waiting = samples[:, wanted:].copy()
        self._taken += min(wanted, count)
        return samples[:, :wanted]

    def has_sound(self) -> bool:
        """Return whether at least SHORTEST seconds of sound can be decoded.

        Call `has_sound` before the first `read`. The samples that `has_sound` decodes are kept and returned by `read`.
        """
        pieces, count = [self._waiting], 0
        for piece in self._pieces:
            pieces.append(piece)
            count += piece.shape[1]
            if self.sound >= SHORTEST or count > _SILENT * self.rate:
                break
        self._waiting = np.concatenate(pieces, axis=1)
        return self.sound >= SHORTEST

    def _decode(self) -> Generator[Samples, None, None]:
        """Yield samples, with silence in place of losses, and fill `lost`."""
        for _ in range(following.MOST_PARTS):
            line, watch = _TimeLine(self), following.Watch(self._file, self.container)
            yield from self._decode_one(line, watch)
            after, start = watch.next(), self._file.start
            # If the sizes in the header of this recording give no end, `_promise` was derived from the size of the
            # whole file, so it is derived again from the bytes of this recording.
            if after is not None and self._file.end is None:
                stop = start + after
                self._promise = container.promised_of(*self._source, start, stop)
            yield from line.end()
            if after is None and (why := watch.cut()):
                line.note(why)
            rest = start + (watch.rest() if after is None else after)
            if after is None or not self._open_next(rest):
                break
        if (size := self._source[0].stat().st_size - rest) > 0:
            much = f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size:,} bytes"
            line.note(f"{much} at the end of the file could not be read")
        self.lost.sort()

    def _open_next(self, start: int) -> bool:
        """Open the joined recording that begins at byte `start`. Return False if the recording cannot be read."""
        before = self._file, self.container, self.stream, self.format
        try:
            self._open(start)
        except InputError:
            return False
        before[1].close()
        before[0].close()
        return True

    def _decode_one(self, line: _TimeLine, watch: following.Watch) -> Iterator[Samples]:
        for packet in container.packets(self.container, self.stream):
            if not watch.passes(packet):
                return
            self._bytes += packet.size
            try:
                frames = packet.decode()
            except MemoryError:
                raise
            except av.FFmpegError:
                line.damaged(packet)
                if not self.sound and self._bytes > _GIVE_UP:
                    return
                continue
            for frame in frames:
                if not container.is_valid_rate(frame.sample_rate):
                    line.damaged(packet)
                    continue
                yield from line.add(frame, packet)


class _TimeLine:
    """A converter of one recording's decoded frames to samples on the time line of the file.

    It fills gaps with silence, and adds losses to the list `lost` of the reader.
    """

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.untimed = reader.format in UNTIMED
        self.resampler = _Resampler(reader.rate)
        # `begin` is the start time of this recording. `base` is the start time of its current run of frames without a
        # gap. Both are in seconds of the file's time line.
        self.begin = self.base = reader._made / reader.rate
        self.broken = False  # whether a packet after the last decoded frame was damaged
        self.ahead = 0.0  # total seconds by which the recording's clock jumped forward
        self.owed = 0  # total size in bytes of the damaged packets after the last decoded frame
        self.in_tag = False
        self.good_bytes, self.good_seconds = 0, 0.0
        self.origin = reader._begins

    @property
    def clock(self) -> float:
        """Return the number of seconds from the start of the recording to the end of the last decoded frame."""
        return self.base - self.begin + self.resampler.fed

    def damaged(self, packet: av.Packet[av.AudioStream]) -> None:
        """Note that a packet cannot be decoded. In MP3 and other formats in UNTIMED, the bytes of tags do not count."""
        self.in_tag = self.in_tag or bytes(packet)[:11].startswith(_TAGS)
        if packet.size and not (self.untimed and self.in_tag):
            self.broken = True
            self.owed += packet.size

    def add(self, frame: av.AudioFrame, packet: av.Packet[av.AudioStream]) -> Iterator[Samples]:
        seconds = frame.samples / frame.sample_rate
        self.good_bytes += packet.size
        self.good_seconds += seconds
        self.in_tag = False
        jump = self._jump(frame)
        # Time stamps jitter by some milliseconds. Filling such small gaps with silence would produce clicks.
        if jump >= (0.01 if self.broken else 0.1):
            yield from self._restart()
            at = self.reader._made / self.reader.rate
            # FFmpeg drops damaged parts of FLAC and Ogg without an error, so every gap in them counts as damage.
            if self.broken or self.reader.format in ("flac", "ogg"):
                self._lose(at, at + jump, "damaged")
            elif at and jump >= 1:
                self._lose(at, at + jump, "the file stores no sound in this span")
            yield from self._silence(jump)
        elif not self.resampler.takes(frame):
            yield from self._restart()
        self.broken, self.owed = False, 0
        self.reader.sound += seconds
        for samples in self.resampler.add(frame):
            yield self._shaped(samples)

    def end(self) -> Iterator[Samples]:
        yield from self._restart()
        reader, at = self.reader, self.reader._made / self.reader.rate
        estimated = sum(end - start for start, end, _ in reader.lost if start >= self.begin) if self.untimed else 0.0
        if reader._promise is not None:
            missing = reader._promise - self.ahead - (at - self.begin)
            if missing > _tolerance(reader.format, reader.stream) + 0.3 * estimated:
                self._lose(at, at + missing, "missing at the end")
        elif self.owed and (missing := self._seconds(self.owed)) >= 0.1:
            self._lose(at, at + missing, "damaged")

    def note(self, why: str) -> None:
        """Add a loss of unknown length at the end of the samples produced so far to the list of losses."""
        at = self.reader._made / self.reader.rate
        self._lose(at, at, why)

    def _jump(self, frame: av.AudioFrame) -> float:
        """Return the length in seconds of the gap between the last decoded frame and `frame`, 0 for a clock reset.

        In a format without time stamps, the length is estimated from the size of the damaged packets between the two
        frames.
        """
        if self.untimed:
            return self._seconds(self.owed) if self.broken else 0.0
        if frame.pts is None:
            return 0.0
        at = seconds_of(frame.pts, frame.time_base)
        if self.origin is None:
            self.origin = at
        jump = at - self.origin - self.clock
        if container.is_clock_reset(self.reader.format, self.reader._promise, at - self.origin, self.clock):
            self.origin += jump
            self.ahead += max(0.0, jump)
            return 0.0
        return jump

    def _seconds(self, size: int) -> float:
        return size * self.good_seconds / self.good_bytes if self.good_bytes else 0.0

    def _lose(self, start: float, end: float, why: str) -> None:
        lost = self.reader.lost
        if lost and lost[-1][2] == why and start - lost[-1][1] < 0.1:
            start = lost.pop()[0]
        elif len(lost) >= MOST_LOST:
            start, _, why = lost.pop()
        lost.append((round(start, 3), round(end, 3), why))

    def _restart(self) -> Iterator[Samples]:
        """Yield the samples left in the resampler, and start a new run of frames."""
        for samples in self.resampler.flush():
            yield self._shaped(samples)
        self.base = self.reader._made / self.reader.rate

    def _silence(self, seconds: float) -> Iterator[Samples]:
        left = round(seconds * self.reader.rate)
        while left > 0:
            count = min(left, 30 * self.reader.rate)
            self.reader._made += count
            left -= count
            yield np.zeros((self.reader.channels, count), np.float32)
        self.base = self.reader._made / self.reader.rate

    def _shaped(self, samples: Samples) -> Samples:
        """Return the samples with the reader's number of channels: mixed to one, or separate.

        If the number of separate channels has changed within the file, silent channels are added or channels dropped.
        """
        samples = np.clip(np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0), -1, 1)
        if not self.reader._apart:
            names = self.resampler.names
            samples = self.reader._mixes.setdefault(names, Mix(names)).add(samples)
        elif len(samples) != self.reader.channels:
            spare = max(0, self.reader.channels - len(samples))
            samples = np.pad(samples, ((0, spare), (0, 0)))[: self.reader.channels]
        self.reader._made += samples.shape[1]
        return samples


class _Resampler:
    """Resample frames of one format. Resampling a second at a time is three times faster than frame by frame."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.kind: tuple[str, str, int, int] | None = None
        self.names: tuple[str, ...] = ()  # names of the channels
        self.count = 0  # number of samples received, at the sample rate of the frames
        self.fed = 0.0  # seconds of sound received

    def takes(self, frame: av.AudioFrame) -> bool:
        return self.kind in (None, self._kind(frame))

    def add(self, frame: av.AudioFrame) -> Iterator[Samples]:
        if self.kind is None:
            self.kind = self._kind(frame)
            self.names = tuple(channel.name for channel in frame.layout.channels)
            self.waiting = av.AudioFifo()
            # Packed samples, because PyAV 18 crashes in `to_ndarray` on planar frames of eight or more channels.
            self.resampler = av.AudioResampler(format="flt", layout=frame.layout, rate=self.rate)
        self.count += frame.samples
        self.fed = self.count / frame.sample_rate
        frame.pts = None
        self.waiting.write(frame)
        if self.waiting.samples >= frame.sample_rate:
            yield from self._converted(self.waiting.read())

    def flush(self) -> Iterator[Samples]:
        if self.kind is not None:
            if self.waiting.samples:
                yield from self._converted(self.waiting.read())
            yield from self._converted(None)
        self.kind, self.count, self.fed = None, 0, 0.0

    def _converted(self, frame: av.AudioFrame | None) -> Iterator[Samples]:
        for out in self.resampler.resample(frame):
            samples = cast("Samples", out.to_ndarray())  # the resampler returns float32, because its format is "flt"
            yield samples.reshape(-1, out.layout.nb_channels).T

    @staticmethod
    def _kind(frame: av.AudioFrame) -> tuple[str, str, int, int]:
        return frame.format.name, frame.layout.name, frame.layout.nb_channels, frame.sample_rate


def _tolerance(format: str, stream: av.AudioStream) -> float:
    rounded = format in ("wav", "w64") and not stream.codec_context.name.startswith(_FIXED_SIZE)
    return 1.0 if rounded else _EXACT.get(format, 1.0)

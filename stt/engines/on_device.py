"""Whisper on this machine as an engine: a long recording in stretches, each kept as soon as it is done."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection

from stt.audio import tracks
from stt.audio.decoder import RATE, Reader
from stt.cluster import crashes
from stt.engines.base import Outcome, Work
from stt.errors import Cancelled, InputError, NotFound
from stt.files.paths import folder
from stt.kinds import ON_DEVICE
from stt.links import download
from stt.ops import metrics
from stt.playback import copying
from stt.settings import settings
from stt.speech import vad
from stt.speech.samples import Samples
from stt.store import quotas, recordings, records, transcripts
from stt.store.recordings import Recording, megabytes
from stt.store.records import Job
from stt.transcript import titles
from stt.transcript.model import Segment
from stt.whisper import transcribe
from stt.whisper.parallel import DecodePool

PART = 30.0  # seconds that are read at once


class OnDevice:
    name = ON_DEVICE

    def run(self, work: Work) -> Outcome:
        with crashes.Watch(work.job.id, work.cancelled) as watch:
            found = work.step("get the recording", _recording, work, watch)
            # An older version's answer was the recording itself. Its owner may be another by now (see `recovery`).
            recording = work.with_retries(recordings.find, getattr(found, "id", found), None)
            recording = work.with_retries(_looked_into, recording)
            if work.job.url:  # that of an upload was begun with the job
                copying.expect(recording, work.job.options)
            done = work.step("find the place to go on", _place, work.job.id)
            feed = work.with_retries(Feed, work, recording)
            with closing(feed), DecodePool(transcribe.THREADS) as pool:
                ears = Ears(work, feed, pool, watch)
                while not done["last"]:
                    done = work.step("transcribe a stretch", _watched, watch, work, ears, done)
        transcript = work.with_retries(transcripts.assembled, work.job.id)
        lost = (
            {"seconds_lost": round(sum(end - start for start, end, _ in transcript.lost), 1)} if transcript.lost else {}
        )
        chosen = {"tracks": feed.tracks} if feed.tracks else {}
        return Outcome(transcript, provenance={**transcribe.provenance(), **chosen, **done["facts"], **lost})


class Feed:
    """A recording as stretches of samples, cut at pauses. Decoding goes on from where the last stretch ended.

    Cuts depend on the audio and the start alone, so a restarted job cuts where the killed one did.
    """

    def __init__(self, work: Work, recording: Recording) -> None:
        apart = bool(work.job.options.get("channels_are_speakers"))
        self.promised = recording.duration or 0.0
        self._work, self._path, self._apart = work, recording.path, apart and recording.channels > 1
        several, choice = tracks.of_rows(recording.tracks), str(work.job.options.get("track") or "")
        self._track, self._names = tracks.picked(several, choice)
        self.tracks = tracks.summary(several, choice) if several else None
        self._reader: Reader | None = None
        self._kept = np.zeros((1, 0), np.float32)  # decoded, but after the last cut
        self._at = 0  # the sample at which `_kept` begins

    def take(self, start: int, longest: float) -> tuple[Samples, bool]:
        """The stretch from sample `start` of at most `longest` seconds, and whether it is the last.

        Shape (channels, samples). The last may be longer by a short rest. Raises Cancelled while it reads, NotFound
        without the file.
        """
        try:
            reader = self._reader if self._reader is not None and start == self._at else self._open(start)
            return self._read(reader, start, longest)
        except BaseException:
            self.close()  # it has read on, but nobody knows how far
            raise

    def _read(self, reader: Reader, start: int, longest: float) -> tuple[Samples, bool]:
        wanted = int(longest * (1 + vad.REST) * RATE)
        have = self._kept.shape[1]
        # In parts into their place: read at once, a stretch of 24 MB would be there three times for a moment.
        samples = np.empty((len(self._kept), max(have, wanted + 1)), np.float32)
        samples[:, :have] = self._kept
        # One sample more than wanted tells whether anything follows.
        while have <= wanted:
            part = reader.read(min(PART, (wanted + 1 - have) / RATE), self._ask)
            if not part.shape[1]:
                break
            samples[:, have : have + part.shape[1]] = part
            have += part.shape[1]
        samples, last = samples[:, :have], have <= wanted
        cut = have if last else vad.cut(_mixed(samples[:, : int(longest * RATE) + 1]), longest)
        self._kept, self._at = samples[:, cut:].copy(), start + cut
        return samples[:, :cut], last

    def _open(self, start: int) -> Reader:
        self.close()
        try:
            self._reader = reader = Reader(self._path, self._apart, track=self._track, ask=self._ask)
        except FileNotFoundError as error:  # deleted since the job was made
            raise NotFound("The recording is no longer kept.") from error
        if start:
            self._find(reader, start / RATE)
        self._kept, self._at = reader.read(0), start
        return reader

    def _find(self, reader: Reader, start: float) -> None:
        """Read up to `start` seconds, which takes a minute or more for many hours, and tell how far that is."""
        while (left := start - reader.position) > 0:
            far = f"{reader.position / 60:.0f} of {start / 60:.0f} min read"
            records.update_progress(self._work.job, stage=f"Finding where to go on: {far}")
            if not reader.skip(min(left, 60.0), self._ask):
                break
        records.update_progress(self._work.job, stage=None)

    def _ask(self) -> None:
        if self._work.cancelled():
            raise Cancelled()

    @property
    def channels(self) -> int:
        """How many come apart."""
        return len(self._kept)

    @property
    def mixed(self) -> int:
        """How many channels were mixed to one."""
        return self._reader.mixed if self._reader else 1

    @property
    def mix(self) -> str | None:
        """How channels were mixed, in words."""
        return self._reader.mix if self._reader else None

    def speaker(self, channel: int) -> str:
        """The name of who speaks in a channel that came apart, from 0: that of the track, where tracks are speakers."""
        return self._names[channel] if self._names else f"Speaker {channel + 1}"

    @property
    def lost(self) -> list[tuple[float, float, str]]:
        return list(self._reader.lost) if self._reader else []

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a recording: where it begins and ends in seconds, and what is heard in each channel."""

    start: float
    end: float
    last: bool
    lost: list[tuple[float, float, str]]  # known at the end of the recording
    channels: int
    facts: dict[str, Any]  # how many channels were mixed, and how
    runs: Iterable[transcribe.Transcription]  # one after the other; the next begins when the one before is heard


class Ears:
    """Stretches as they are heard. The one after is begun when the lanes fall idle, before this one has ended."""

    def __init__(self, work: Work, feed: Feed, pool: DecodePool, watch: crashes.Watch) -> None:
        self._work, self._feed, self._pool, self._watch = work, feed, pool, watch
        self._ahead: Stretch | None = None

    def hear(self, start: float, language: str | None) -> Stretch:
        """Begin the stretch at `start` seconds, with the language before it if it is known. Raises NotFound without
        the file.
        """
        ahead = self._ahead
        here = ahead if ahead and ahead.start == start else self._begun(start, language)
        # The first stretch keeps all threads, so that first words come soon.
        if here.last or not start or language is None or self._watch.one_by_one:
            self._ahead = None
        elif ahead is None or ahead.start != here.end:
            self._ahead = self._begun(here.end, language)
        return here

    @property
    def further(self) -> float:
        """Seconds that are heard already of the stretch after the one that was given last."""
        ahead = self._ahead
        return sum(run.seconds_done for run in ahead.runs) / ahead.channels if ahead else 0.0

    @property
    def promised(self) -> float:
        """Seconds of audio that the recording is said to have."""
        return self._feed.promised

    def speaker(self, channel: int) -> str:
        """The name of who speaks in a channel that came apart, from 0."""
        return self._feed.speaker(channel)

    @property
    def idle(self) -> bool:
        """Whether nothing is being decoded ahead."""
        return self._ahead is None

    def _begun(self, start: float, language: str | None) -> Stretch:
        # Channels that come apart share the memory of two.
        longest = vad.STRETCH * 2 / max(2, self._feed.channels) if start else vad.FIRST_STRETCH
        samples, last = self._feed.take(round(start * RATE), longest)
        runs = self._runs(samples, language)
        end, lost = start + samples.shape[1] / RATE, self._feed.lost if last else []
        facts: dict[str, Any] = {"mixed_channels": self._feed.mixed} if self._feed.mixed > 1 else {}
        facts |= {"mix": self._feed.mix} if self._feed.mix else {}
        return Stretch(start, end, last, lost, len(samples), facts, list(runs) if language else runs)

    def _runs(self, samples: Samples, language: str | None) -> Iterator[transcribe.Transcription]:
        options = self._work.job.options
        named = languages_of(options)
        for sound in samples:
            run = transcribe.transcribe(
                sound,
                language=named[0] if len(named) == 1 else None,
                candidates=named,
                previous=language,
                translate=bool(options.get("translate")),
                cancelled=self._work.cancelled,
                pool=self._pool,
            )
            yield run
            language = language or run.language


def languages_of(options: Mapping[str, Any]) -> list[str]:
    """Return the codes of the languages that the user named; one alone is given, of several each window has one."""
    return [code for code in str(options.get("language") or "").split(",") if code]


def _looked_into(recording: Recording) -> Recording:
    """The recording with its tracks; as it is where the file is gone or cannot be read, which reading it will tell."""
    with suppress(InputError, FileNotFoundError):
        return recordings.looked_into(recording)
    return recording


def _recording(work: Work, watch: crashes.Watch) -> str:
    """The id of the job's recording; a link is downloaded first."""
    job = work.job
    if job.recording_id is not None:
        return job.recording_id

    def on_progress(done: int, total: int | None) -> None:
        far = f", {done * 100 // total} %" if total else f", {megabytes(done)}"
        records.update_progress(job, stage=f"Downloading{far}")

    part, name = download.download(
        job.url or "",
        folder("incoming"),
        limit_bytes=settings().upload_limit,
        timeout_seconds=settings().stt_download_limit,
        allow_private=settings().stt_allow_private_urls,
        on_progress=on_progress,
        cancelled=work.cancelled,
    )
    try:
        watch.enter(0)
        recording = recordings.look_into(part, name, job.owner)
        quotas.reserve_length(job, recording.duration or 0.0)
        recordings.keep(part, recording, together=lambda connection: _attach(connection, job, recording))
    finally:
        watch.leave()
        part.unlink(missing_ok=True)
    return recording.id


def _attach(connection: Connection, job: Job, recording: Recording) -> None:
    """Give the job its recording. Raises Cancelled where it was cancelled or deleted while the file was looked into."""
    facts = {"recording_id": recording.id, "duration": recording.duration, "stage": None}
    facts |= {"dated": recording.dated, "dated_by": recording.dated_by}
    if not records.update_progress(job, connection, **facts):
        raise Cancelled()
    if job.title == titles.of_name(download.name_of(job.url or "")):  # nobody gave it another one
        records.retitle(connection, job.id, job.title, titles.of_name(recording.name))


def _place(generation_id: str) -> dict[str, Any]:
    """Where to begin: after the last stretch that an earlier attempt finished."""
    last = transcripts.last_stretch(generation_id)
    if last is None:
        return {"number": 0, "end": 0.0, "last": False, "language": None, "facts": {}, "worked": 0.0}
    return {"number": last["number"], "end": last["end"], **last["notes"]}


def _watched(watch: crashes.Watch, work: Work, ears: Ears, before: dict[str, Any]) -> dict[str, Any]:
    watch.enter(before["number"] + 1)
    try:
        return _stretch(work, ears, before)
    finally:
        if ears.idle:
            watch.leave()


def _stretch(work: Work, ears: Ears, before: dict[str, Any]) -> dict[str, Any]:
    """Transcribe and keep one stretch; how it went, small enough to be a checkpoint."""
    job, began = work.job, time.monotonic()
    number, start = before["number"] + 1, before["end"]
    if kept := transcripts.stretch(job.id, number):  # whoever had the job before was stopped just after keeping it
        return {"number": number, "end": kept["end"], **kept["notes"]}
    worked = before.get("worked", job.worked)  # absent where an older version began it
    named = languages_of(job.options)
    language = before["language"] or (named[0] if len(named) == 1 else None)
    probability = before.get("language_probability")
    here = ears.hear(start, language)
    quotas.check_decoded(job, here.end, ears.promised)
    length = here.end - start
    heard: list[Segment] = []
    told = start

    def tell(seconds: float) -> None:
        nonlocal told
        done = start + min(seconds, length) + ears.further
        if done > told:
            told = done
            took, partial = time.monotonic() - began, transcripts.as_rows(_in_order(heard))
            records.update_progress(job, seconds_done=done, worked=worked + took, partial=partial)

    for channel, run in enumerate(here.runs):
        with closing(run.events()) as events:  # so that nothing goes on where the database refuses what is told
            for segment in events:
                if segment is None:  # all of a window come at once, so this is when no more follow
                    tell((channel * length + run.seconds_done) / here.channels)
                else:
                    segment = segment.moved(start)
                    heard.append(segment.spoken_by(ears.speaker(channel)) if here.channels > 1 else segment)
        if run.language and run.language != language:
            language, probability = run.language, run.language_probability
    if work.cancelled():
        raise Cancelled()
    took = time.monotonic() - began
    notes = {
        "worked": worked + took,
        "last": here.last,
        "language": language,
        "language_probability": probability,
        "lost": here.lost,
        "facts": {"channels": here.channels, **here.facts},
    }
    rows = transcripts.as_rows(_in_order(heard))
    transcripts.keep_stretch(job, number, start, here.end, rows, notes, seconds_done=here.end + ears.further)
    metrics.audio_seconds.labels(ON_DEVICE).inc(length)
    metrics.work_seconds.labels(ON_DEVICE).inc(took)
    return {"number": number, "end": here.end, **notes}


def _mixed(samples: Samples) -> Samples:
    mixed: Samples = samples[0] if len(samples) == 1 else samples.mean(axis=0)
    return mixed


def _in_order(segments: list[Segment]) -> list[Segment]:
    return sorted(segments, key=lambda segment: (segment.start, segment.end))

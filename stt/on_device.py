"""Whisper on this machine as an engine: a long recording in stretches, each kept as soon as it is done."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from stt import limits, links, metrics, recordings, records, spoken, stretches, whisper
from stt.engines import Outcome, Work
from stt.errors import Cancelled, LimitReached, NotFound
from stt.models import ON_DEVICE
from stt.recordings import Recording, megabytes
from stt.settings import settings
from stt.sound import RATE, Reader
from stt.storage import folder
from stt.transcript import Segment

REPORT_EVERY = 0.25  # seconds between notes of progress, so that quick segments do not flood the database


class OnDevice:
    name = ON_DEVICE

    def run(self, work: Work) -> Outcome:
        recording = work.step("get the recording", _recording, work)
        done = work.step("find the place to go on", _place, work.job.id)
        feed = work.patiently(Feed, recording, bool(work.job.options.get("channels_are_speakers")))
        try:
            while not done["last"]:
                done = work.step("transcribe a stretch", _stretch, work, feed, done)
        finally:
            feed.close()
        transcript = work.patiently(spoken.assembled, work.job.id)
        return Outcome(transcript, provenance={**whisper.provenance(), **done["facts"]})


class Feed:
    """A recording as stretches of samples, cut at pauses. Decoding goes on from where the last stretch ended.

    Cuts depend on the audio and the start alone, so a restarted job cuts where the killed one did.
    """

    def __init__(self, recording: Recording, apart: bool) -> None:
        self._path, self._apart = recording.path, apart and recording.channels > 1
        self._reader: Reader | None = None
        self._kept = np.zeros((1, 0), np.float32)  # decoded, but after the last cut
        self._at = 0  # the sample at which `_kept` begins

    def take(self, start: int, longest: float) -> tuple[np.ndarray, bool]:
        """The stretch from sample `start` of at most `longest` seconds, and whether it is the last.

        Shape (channels, samples). The last may be longer by a short rest.
        """
        if self._reader is None or start != self._at:
            self._open(start)
        wanted = int(longest * (1 + stretches.REST) * RATE)
        blocks, have = [self._kept], self._kept.shape[1]
        # One sample more than wanted tells whether anything follows.
        while have <= wanted:
            block = self._reader.read((wanted + 1 - have) / RATE)
            if not block.shape[1]:
                break
            blocks.append(block)
            have += block.shape[1]
        samples = np.concatenate(blocks, axis=1)
        last = samples.shape[1] <= wanted
        cut = samples.shape[1] if last else stretches.cut(samples[:, : int(longest * RATE) + 1].mean(axis=0), longest)
        self._kept, self._at = samples[:, cut:].copy(), start + cut
        return samples[:, :cut], last

    def _open(self, start: int) -> None:
        self.close()
        try:
            self._reader = Reader(self._path, apart=self._apart)
        except FileNotFoundError as error:  # deleted since the job was made
            raise NotFound("The recording is no longer kept.") from error
        self._reader.skip(start / RATE)
        self._kept, self._at = self._reader.read(0), start

    @property
    def lost(self) -> list[tuple[float, float, str]]:
        return list(self._reader.lost) if self._reader else []

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()


def _recording(work: Work) -> Recording:
    """The recording of the job; a link is downloaded first."""
    job = work.job
    if job.recording_id is not None:
        return recordings.find(job.recording_id, job.owner)

    def on_progress(done: int, total: int | None) -> None:
        far = f", {done * 100 // total} %" if total else f", {megabytes(done)}"
        records.report(job, stage=f"Downloading{far}")

    part = links.download(
        job.url or "",
        folder("incoming"),
        limit_bytes=settings().upload_limit,
        timeout_seconds=settings().stt_download_limit,
        allow_private=settings().stt_allow_private_urls,
        on_progress=on_progress,
        cancelled=work.cancelled,
    )
    try:
        recording = recordings.add(part, links.name_of(job.url or ""), job.owner)
    finally:
        part.unlink(missing_ok=True)
    try:
        limits.admit_length(job, recording.duration or 0.0)
    except LimitReached:
        recordings.remove(recording.id, job.owner)
        raise
    records.report(job, recording_id=recording.id, duration=recording.duration, stage=None)
    return recording


def _place(generation_id: str) -> dict[str, Any]:
    """Where to begin: after the last stretch that an earlier attempt finished."""
    last = spoken.last_stretch(generation_id)
    if last is None:
        return {"number": 0, "end": 0.0, "last": False, "language": None, "facts": {}}
    return {"number": last["number"], "end": last["end"], **last["notes"]}


def _stretch(work: Work, feed: Feed, before: dict[str, Any]) -> dict[str, Any]:
    """Transcribe and keep one stretch; how it went, small enough to be a checkpoint."""
    job, began = work.job, time.monotonic()
    number, start = before["number"] + 1, before["end"]
    if kept := spoken.stretch(job.id, number):  # whoever had the job before was stopped just after keeping it
        return {"number": number, "end": kept["end"], **kept["notes"]}
    samples, last = feed.take(round(start * RATE), stretches.FIRST_STRETCH if number == 1 else stretches.STRETCH)
    end = start + samples.shape[1] / RATE
    language = before["language"] or job.options.get("language") or None
    probability = before.get("language_probability")
    heard: list[Segment] = []
    reported = 0.0
    for channel, sound in enumerate(samples):
        run = whisper.transcribe(
            sound, language=language, translate=bool(job.options.get("translate")), cancelled=work.cancelled
        )
        for segment in run:
            segment = segment.moved(start)
            heard.append(segment.spoken_by(f"Speaker {channel + 1}") if len(samples) > 1 else segment)
            if time.monotonic() - reported >= REPORT_EVERY:
                reported = time.monotonic()
                reached = start + (channel + (segment.end - start) / max(end - start, 0.01)) * (
                    (end - start) / len(samples)
                )
                records.report(job, seconds_done=min(reached, end), partial=spoken.as_rows(_in_order(heard)))
        if language is None and run.language:
            language, probability = run.language, run.language_probability
    if work.cancelled():
        raise Cancelled()
    notes = {
        "took": time.monotonic() - began,
        "last": last,
        "language": language,
        "language_probability": probability,
        "lost": feed.lost if last else [],
        "facts": {"channels": len(samples)},
    }
    spoken.keep_stretch(job, number, start, end, spoken.as_rows(_in_order(heard)), notes)
    metrics.audio_seconds.labels(ON_DEVICE).inc(end - start)
    metrics.work_seconds.labels(ON_DEVICE).inc(notes["took"])
    return {"number": number, "end": end, **notes}


def _in_order(segments: list[Segment]) -> list[Segment]:
    return sorted(segments, key=lambda segment: (segment.start, segment.end))

"""Align a given transcript with its recording: find when its words are spoken.

If all segments have usable times (see `plan.trusted`), they keep these times. Otherwise the text is compared with a
decoding of the same sound. An earlier transcription of the recording is used as the decoding. If there is none, the
sound is decoded first, in the same way as in a transcription.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing, suppress
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from stt import kinds
from stt.aiml.catalog import LOCAL, TRACK
from stt.audio.decoder import RATE
from stt.cluster import crashes
from stt.db import queries
from stt.db.tables import transcriptions
from stt.engines import model_of_job
from stt.engines.base import Arguments, Outcome, Result, Work
from stt.engines.on_device import ChunkReader, OnDevice
from stt.errors import Cancelled, NotFound
from stt.kinds import ALIGNMENT
from stt.ops import metrics
from stt.speech import vad
from stt.speech.samples import Samples
from stt.store import quotas, recordings, records, transcripts
from stt.store.records import Job
from stt.transcript.languages import LANGUAGES
from stt.transcript.model import Transcript
from stt.whisper import transcribe
from stt.whisper.decoding import missed_speech
from stt.whisper.forced_alignment import plan, result, windows
from stt.whisper.forced_alignment.aligner import placed
from stt.whisper.forced_alignment.plan import Placed
from stt.whisper.loading import loaded

# Added to the chunk numbers that an alignment passes to `crashes.Watch`, so that they are greater than the numbers that
# the decoding before the alignment uses.
STEP = 100_000


class Alignment:
    name = ALIGNMENT

    def run(self, work: Work) -> Outcome:
        began, job = time.monotonic(), replace(work.job, model=LOCAL)
        work = copy(work)
        work.job = job  # the model that aligns; the stored model of the job is only a display name
        # `cancelled` is also True if a process was killed right after it finished the job. In that case, the result has
        # replaced the given text, so the text cannot be aligned again.
        if work.cancelled():
            raise Cancelled()
        given = work.with_retries(transcripts.transcript_of, job.id)
        decoded, by = (None, "") if plan.trusted(given) else self._decoding(work)
        planned = plan.from_segments(given.segments) if decoded is None else plan.from_decoding(given.segments, decoded)
        recording = work.with_retries(recordings.find, job.recording_id, None)
        recording = work.with_retries(recordings.with_tracks, recording)
        language = _language(job, given, decoded)
        place: dict[str, Any] = {"number": 0, "end": 0.0, "word": 0, "last": False, "language": language}
        found: dict[int, Placed] = {}
        silent: list[plan.Unwritten] = []
        with crashes.Watch(job.id, work.cancelled) as watch, model_of_job.loaded_for(work) as model:
            reader = work.with_retries(ChunkReader, work, recording)
            with closing(reader):
                aligning = _Aligning(work, reader, watch, model, planned, given, decoded is None)
                while not place["last"]:
                    place = work.step("align a chunk", aligning.chunk, place)
                    found |= {number: Placed(start, end, sure) for number, start, end, sure in place["placed"]}
                    silent += [plan.Unwritten(*span) for span in place["silent"]]
            made = transcribe.provenance(model)
        times = "those of the file" if decoded is None else "found"
        provenance: dict[str, Any] = {
            **(job.provenance or {}),
            "times": f"{times}, and the words aligned with the sound",
            **({"decoding": by} if by else {}),
            **{name: made[name] for name in ("model", "weights_sha256", "libraries") if name in made},
        }
        transcript = result.finished(given, planned, found, place["end"], silent)
        transcript = replace(transcript, language=transcript.language or place["language"])
        return Outcome(transcript, provenance, seconds=place["end"], worked=time.monotonic() - began)

    def _decoding(self, work: Work) -> tuple[Transcript, str]:
        """Return a decoding of the sound with word times, and the decoding's origin for the provenance."""
        kept = work.step("find a decoding", _version_with_words, work.job)
        if kept:
            with suppress(NotFound):
                return work.with_retries(transcripts.transcript_of, kept), f"version {kept}"
            # The user deleted that version before this process continued the job. The recorded steps after the search
            # are those of the alignment, so the steps of this decoding cannot be recorded between them.
            return OnDevice().run(_Unrecorded(work)).transcript, "made for it"
        return OnDevice().run(work).transcript, "made for it"


class _Unrecorded:
    """A job whose steps are not recorded. After a restart, its decoding continues after the last stored chunk."""

    def __init__(self, work: Work) -> None:
        self.job, self._work = work.job, work

    def step(
        self, name: str, function: Callable[Arguments, Result], *args: Arguments.args, **values: Arguments.kwargs
    ) -> Result:
        return self._work.with_retries(function, *args, **values)

    def with_retries(
        self, function: Callable[Arguments, Result], *args: Arguments.args, **values: Arguments.kwargs
    ) -> Result:
        return self._work.with_retries(function, *args, **values)

    def cancelled(self) -> bool:
        return self._work.cancelled()


@dataclass(frozen=True, slots=True)
class _Aligning:
    """Align the words of `plan` with the sound, chunk by chunk."""

    work: Work
    reader: ChunkReader
    watch: crashes.Watch
    model: loaded.Model
    plan: plan.Plan
    given: Transcript
    by_segments: bool

    def chunk(self, before: dict[str, Any]) -> dict[str, Any]:
        """Align the words of one chunk. Return a checkpoint with their times and the start of the next chunk."""
        number, start = before["number"] + 1, before["end"]
        self.watch.enter(STEP + number)
        try:
            samples, last = self.reader.read_chunk(round(start * RATE), vad.CHUNK_SECONDS)
            sound: Samples = vad.clean(samples.mean(axis=0))
            end, first = start + len(sound) / RATE, before["word"]
            quotas.check_decoded(self.work.job, end, self.reader.declared_seconds)
            words = self.plan.words
            upto = next((n for n in range(first, len(words)) if not last and words[n].middle >= end), len(words))
            voice = vad.speech_probabilities(sound)
            own = windows.windows(words, first, upto, start, end)
            language = before["language"]
            while True:
                plan_before = self.model.plan
                try:
                    with self.model.whole.session(self._checkpoint, short=False) as session:
                        if own and language is None:
                            language = _spoken(session, sound, voice)
                        report = self._reporter(start, end, max(len(own), 1))
                        found = placed(session, sound, voice, start, words, own, language or "en", report)
                    break
                except RuntimeError as error:  # CTranslate2 raises RuntimeError if a graphics card fails
                    if not self.model.step_down(plan_before, error):
                        raise
        finally:
            self.watch.leave()
        records.update_progress(self.work.job, seconds_done=end, stage="Aligning")
        metrics.audio_seconds.labels(ALIGNMENT).inc(len(sound) / RATE)
        return {
            "number": number,
            "end": end,
            "word": upto,
            "last": last,
            "language": language,
            "placed": [[n, p.start, p.end, p.probability] for n, p in found.items()],
            "silent": self._silent(voice, start, end) if self.by_segments else [],
        }

    def _silent(self, voice: Samples, start: float, end: float) -> list[list[float]]:
        """Return the spans of speech in a chunk that no segment covers, as [start, end] in seconds.

        Gaps with little speech are left out (see `missed_speech`).
        """
        spoken = [(one + start, other + start) for one, other in vad.spans(voice)]
        found, at = [], start
        for segment in sorted(self.given.segments, key=lambda segment: segment.start):
            if segment.end <= at or segment.start >= end:
                continue
            if gap := missed_speech(spoken, at, segment.start):
                found.append([*gap])
            at = max(at, segment.end)
        if at < end and (gap := missed_speech(spoken, at, end)):
            found.append([*gap])
        return found

    def _reporter(self, start: float, end: float, count: int) -> Callable[[], None]:
        """Return a callback to run before each of the `count` windows of a chunk.

        The callback reports progress, and raises Cancelled if the job is cancelled.
        """
        done = 0

        def report() -> None:
            nonlocal done
            self._checkpoint()
            share = start + (end - start) * min(1.0, done / count)
            records.update_progress(self.work.job, seconds_done=share, stage="Aligning")
            done += 1

        return report

    def _checkpoint(self) -> None:
        if self.work.cancelled():
            raise Cancelled()


def _version_with_words(job: Job) -> str | None:
    """Return the id of Whisper's newest transcription of the same track of the recording, or None if there is none.

    Translations and transcriptions without words are not considered.
    """
    t = transcriptions.c
    query = (
        sa.select(t.id, t.options)
        .where(t.owner == job.owner, t.recording_id == job.recording_id, t.state == kinds.DONE)
        .where(t.engine == kinds.ON_DEVICE, t.words > 0)
        .order_by(t.created.desc())
    )
    same = {TRACK: job.options.get(TRACK), "translate": None}
    found = (row.id for row in queries.rows(query) if all(row.options.get(name) == v for name, v in same.items()))
    return next(found, None)


def _language(job: Job, given: Transcript, decoded: Transcript | None) -> str | None:
    """Return the language of the words: the user's choice, or that of the given transcript, or that of the decoding."""
    for code in (job.options.get("language"), given.language, decoded.language if decoded else None):
        if code in LANGUAGES:
            return str(code)
    return None


def _spoken(session: Any, sound: Samples, voice: Samples) -> str | None:
    """Return the most probable language of the 30 s that begin with the first speech, or None if there is no speech."""
    from stt.compat.faster_whisper import pad_or_trim

    spans = vad.spans(voice)
    if not spans:
        return None
    begin = int(spans[0][0] * RATE)
    features = session.features(sound[begin : begin + 30 * RATE])
    scores = session.detect_languages(session.encode_window(pad_or_trim(features[:, : session.longest_window])))
    return str(scores[0][0][0]).strip("<|>")

"""Decode a few seconds of a recording again with a larger beam, to find other readings of a word."""

from __future__ import annotations

import time
from collections.abc import Callable

from stt.audio import tracks
from stt.audio.decoder import RATE, Reader
from stt.errors import BadOption, LimitReached, NotFound
from stt.models import known, shelf
from stt.settings import settings
from stt.speech import vad
from stt.store.recordings import Recording
from stt.store.records import Job
from stt.transcript import readings
from stt.transcript.languages import LANGUAGES
from stt.transcript.model import Transcript
from stt.whisper.loading import loaded

BEAM_SIZE = 12  # width of the beam search, which returns as many texts; a transcription uses a width of 5
BEFORE, AFTER = 5.0, 3.0  # seconds of sound that are decoded before and after the word
LONGEST = 60.0  # maximum total seconds for reading up to the word, waiting for the model, and decoding


def of(job: Job, recording: Recording, transcript: Transcript, start: float, end: float) -> list[str]:
    """Return other readings of the word from `start` to `end` in seconds, the most probable first.

    Raises NotFound if the word or the recording's file is missing, BadOption on a server that only serves pages, and
    LimitReached if all this takes more than LONGEST seconds.
    """
    if settings().role == "web":
        raise BadOption("This server does not transcribe.", guidance="Type the word.")
    first, last = max(0.0, start - BEFORE), min(end, start + BEFORE) + AFTER
    words = [word for word in transcript.words if word.start >= first and word.end <= last and word.text.strip()]
    place = next((n for n, word in enumerate(words) if abs(word.start - start) < 0.02 and word.end > start), None)
    if place is None:
        raise NotFound("There is no such word.", guidance="Reload the page.")
    texts = _texts(job, recording, transcript.language_between(start, end), first, last)
    return readings.between(texts, [word.text for word in words], place)


def _texts(job: Job, recording: Recording, language: str | None, first: float, last: float) -> list[str]:
    from stt.compat.faster_whisper import pad_or_trim

    check = _deadline()
    model_of_job = known.find(job.model if job.model.startswith(known.PREFIX) else known.DEFAULT)
    chosen = model_of_job if shelf.is_available(model_of_job) else known.find(known.DEFAULT)
    track, _ = tracks.picked(tracks.of_rows(recording.tracks), str(job.options.get("track") or ""))
    try:
        with Reader(recording.path, track=track, check_cancelled=check) as reader:
            reader.skip(first, check)
            samples = reader.read(last - first, check)
    except FileNotFoundError as error:
        raise NotFound("The recording is no longer kept.") from error
    sound = vad.clean(samples.mean(axis=0)) if samples.size else samples.reshape(-1)
    if len(sound) < RATE / 10:
        return []
    with loaded.use(shelf.obtain(chosen.id, lambda progress: None, check), check) as model:
        with model.whole.session(check, short=True) as session:
            encoded = session.encode_window(pad_or_trim(session.features(sound)[:, : session.longest_window]))
            code = "en" if chosen.english else language
            if code not in LANGUAGES:
                code = session.detect_languages(encoded)[0][0][0].strip("<|>")
            task = "translate" if job.options.get("translate") else "transcribe"
            texts: list[str] = session.hypotheses(encoded, session.tokenizer(task, code), beam_size=BEAM_SIZE)
            return texts


def _deadline() -> Callable[[], None]:
    ends = time.monotonic() + LONGEST

    def check() -> None:
        if time.monotonic() > ends:
            raise LimitReached("It takes too long to decode this word again.", guidance="Type the word.")

    return check

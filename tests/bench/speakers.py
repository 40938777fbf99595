"""Measure who says what in conversations joined from single utterances: `python -m tests.bench.speakers`.

Thresholds were tuned on voices with changed pitch ("1688*0.86"), which `--tuning` measures, and to a small extent on
the five unchanged voices of LibriSpeech that are measured by default. A conversation has 2 to 5 speakers, turns of 1 to
10 s, pauses of 0 to 1 s, and overlap in a tenth of the turns. A word is right if it is assigned to the speaker who said
it, where found speakers are matched one to one with the true ones. The reference for the diarization error is made of
the words' times, which Whisper aligned and which are cut at silence; pauses under 0.5 s count as speech. `--sample
FOLDER` adds the sample call of the wheel of pyannote-audio (`pyannote/audio/sample`), `--long` a recording of four
hours.
"""

from __future__ import annotations

import argparse
import random
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

import numpy as np

from stt import speakers
from stt.settings import settings
from stt.speakers import Diarization, Models
from stt.transcript.model import Word
from tests import audio, conversations
from tests.bench.table import print_table
from tests.conversations import Change, Conversation

CHUNK = 300  # seconds of a chunk that is analysed at once, as in a job
QUIET = 0.12  # loudness factor of every second speaker
RATES = ("0.86", "1.16")
LIBRISPEECH = ("1688", "1998", "2033", "2414", "2609")


@dataclass(frozen=True)
class Measured:
    speakers: int
    found: int
    right: float  # share of words with the right speaker, 0 to 1
    error: float  # diarization error in %
    speed: float  # seconds of audio per second of processing


def measured(talk: Conversation, models: Models) -> Measured:
    started = time.perf_counter()
    found = speakers.diarize(analysed(talk.samples, models))
    speed = talk.duration / (time.perf_counter() - started)
    turns = [(turn.start, turn.end, str(turn.speaker)) for turn in found.turns]
    error = conversations.diarization_error(talk.turns, turns, 0.25, talk.duration)
    return Measured(len(talk.speakers), len(found.speakers), share_right(talk, found), error, speed)


def analysed(samples: np.ndarray, models: Models) -> list[dict]:
    step = CHUNK * audio.RATE
    return [speakers.analyse(samples[at : at + step], at / audio.RATE, models) for at in range(0, len(samples), step)]


def share_right(talk: Conversation, found: Diarization) -> float:
    assigned = speakers.of_words([Word(word.text, word.start, word.end) for word in talk.words], found)
    overlap = np.zeros((len(talk.speakers), max(len(found.speakers), 1)))
    for word, guess in zip(talk.words, assigned, strict=True):
        if guess.speaker is not None:
            overlap[talk.speakers.index(word.speaker), guess.speaker] += 1
    return sum(overlap[pair] for pair in conversations.matched(overlap)) / len(talk.words)


def talks(count: int, tuning: bool, quiet: bool = False) -> list[Conversation]:
    """Return `count` conversations: of 2, 3, 4, 5, 2, 3 … speakers."""
    found = []
    for seed in range(count):
        rng = random.Random(seed + 1000 * tuning)
        voices = rng.sample(LIBRISPEECH, 2 + seed % 4)
        if tuning:
            voices = [f"{speaker}*{rng.choice(RATES)}" for speaker in voices]
        loudness = [QUIET if number % 2 else 1.0 for number in range(len(voices))] if quiet else ()
        found.append(conversations.conversation(voices, seed + 1000 * tuning, loudness=loudness))
    return found


def row(name: str, results: Sequence[Measured], goal: float, error_goal: str) -> list[object]:
    number = sum(result.speakers == result.found for result in results)
    return [
        name,
        f"{number} of {len(results)}",
        f"{100 * mean(result.right for result in results):.1f}",
        f"{100 * min(result.right for result in results):.1f}",
        f"{goal:.0f}",
        f"{mean(result.error for result in results):.1f}",
        error_goal,
        f"{mean(result.speed for result in results):.0f}",
    ]


def one_speaker(models: Models, tuning: bool, minutes: float) -> list[list[object]]:
    changes: dict[str, Change] = {
        "plain": np.copy,
        "in noise": conversations.in_noise,
        "with a changing distance to the microphone": conversations.changing_distance,
        "on the telephone": conversations.telephone,
    }
    rows = []
    for name, change in changes.items():
        found = []
        for speaker in LIBRISPEECH:
            parts = conversations.utterances_of(f"{speaker}*{RATES[0]}" if tuning else speaker)
            sound = np.concatenate([samples for samples, _ in parts])
            size = int(minutes * 60 * audio.RATE)
            sound = change(np.tile(sound, -(-size // len(sound)))[:size])
            found.append(len(speakers.diarize(analysed(sound, models)).speakers))
        rows.append([f"one speaker for {minutes:g} minutes, {name}", f"{found.count(1)} of {len(found)}", str(found)])
    return rows


def sample_call(folder: Path, models: Models) -> list[object]:
    samples = audio.samples(folder / "sample.wav")
    fields = [line.split() for line in (folder / "sample.rttm").read_text().splitlines()]
    reference = [(float(row[3]), float(row[3]) + float(row[4]), row[7]) for row in fields]
    found = speakers.diarize(analysed(samples, models))
    turns = [(turn.start, turn.end, str(turn.speaker)) for turn in found.turns]
    errors = [conversations.diarization_error(reference, turns, collar) for collar in (0.0, 0.25)]
    return ["sample call", len(found.speakers), *(f"{error:.1f}" for error in errors)]


def long_recording(models: Models) -> list[object]:
    """Return a row for four hours of five speakers: speakers found, analysis speed, seconds of clustering, MB of memory
    and of checkpoints."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    talk = conversations.conversation(list(LIBRISPEECH), 1, turns=150)
    seconds = 4 * 3600
    chunks, at, started = [], 0.0, time.perf_counter()
    while at < seconds:
        chunks.append(speakers.analyse(talk.samples[: CHUNK * audio.RATE], at, models))
        at += CHUNK
    spent = time.perf_counter() - started
    started = time.perf_counter()
    found = speakers.diarize(chunks)
    clustering = time.perf_counter() - started
    used = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    checkpoints = sum(len(chunk["classes"]) + len(chunk["voiceprints"]) for chunk in chunks) / 2**20
    return [
        "four hours",
        len(found.speakers),
        f"{seconds / spent:.0f}",
        f"{clustering:.1f}",
        f"{used:.0f}",
        f"{checkpoints:.1f}",
    ]


def share_of_transcription(models: Models, turns: int = 3) -> list[list[object]]:
    """Measure transcription and diarization in turns. Rows: name, seconds, speed, share of transcription's time."""
    from stt.whisper import transcribe

    talk = conversations.conversation(list(LIBRISPEECH), 3, turns=60)
    tasks = {
        "transcription": lambda: list(transcribe.transcribe(talk.samples)),
        "diarization": lambda: speakers.diarize(analysed(talk.samples, models)),
    }
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(turns + 1):
        for name, run in tasks.items():
            started = time.perf_counter()
            run()
            if turn:  # the first turn loads the models
                times[name].append(time.perf_counter() - started)
    words = median(times["transcription"])
    return [
        [f"{name} of {talk.duration:.0f} s", f"{median(seconds):.1f}", f"{talk.duration / median(seconds):.1f}",
         f"{median(seconds) / words:.2f}"]
        for name, seconds in times.items()
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20, help="conversations of each kind; default: %(default)s")
    parser.add_argument(
        "--minutes", type=float, default=10, help="length of one-speaker recordings, 0 for none; default: %(default)s"
    )
    parser.add_argument(
        "--kinds", default="plain,telephone,noise,quiet", help="comma-separated kinds; default: %(default)s"
    )
    parser.add_argument("--tuning", action="store_true", help="use the voices on which the thresholds were tuned")
    parser.add_argument("--sample", type=Path, help="folder pyannote/audio/sample of the wheel of pyannote-audio")
    parser.add_argument("--share", action="store_true", help="measure the time relative to transcription")
    parser.add_argument("--long", action="store_true", help="measure a recording of four hours")
    arguments = parser.parse_args()
    models = speakers.load(settings())
    kinds: dict[str, tuple[str, Change, float, str]] = {
        "plain": ("plain", np.copy, 97, "8"),
        "telephone": ("on the telephone", conversations.telephone, 92, ""),
        "noise": ("in noise", conversations.in_noise, 92, ""),
        "quiet": ("one loud, one quiet", np.copy, 92, ""),
    }
    rows = []
    for kind in filter(None, arguments.kinds.split(",")):
        name, change, goal, error_goal = kinds[kind]
        results = [
            measured(talk.changed(change), models)
            for talk in talks(arguments.count, arguments.tuning, quiet=kind == "quiet")
        ]
        rows.append(row(name, results, goal, error_goal))
    headers = [
        "conversations",
        "correct number of speakers",
        "words with the right speaker, %",
        "worst, %",
        "goal, %",
        "DER, %",
        "goal, %",
        "times real time",
    ]
    if rows:
        print_table("Joined conversations of 2 to 5 speakers, number of speakers estimated", headers, rows)
    if arguments.minutes:
        found = one_speaker(models, arguments.tuning, arguments.minutes)
        print_table("Recordings of one speaker (goal: one found)", ["recording", "correct", "speakers found"], found)
    if arguments.sample:
        headers = ["recording", "speakers found", "DER without a collar, %", "DER with a collar of 0.25 s, %"]
        print_table(
            "A real call of two speakers (goal: 2 speakers, DER 7 %)", headers, [sample_call(arguments.sample, models)]
        )
    if arguments.share:
        headers = ["task", "seconds", "times real time", "share of transcription time"]
        title = "Time on this machine (goal for diarization: share 0.30, 25 times real time)"
        print_table(title, headers, share_of_transcription(models))
    if arguments.long:
        headers = [
            "recording",
            "speakers found",
            "times real time",
            "clustering, s",
            "additional memory, MB",
            "checkpoints, MB",
        ]
        print_table("A long recording of five speakers (goal: at most 500 MB)", headers, [long_recording(models)])


if __name__ == "__main__":
    main()

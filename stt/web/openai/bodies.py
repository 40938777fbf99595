"""Write a transcript in each response format of OpenAI's speech API. Times are in seconds."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterator
from typing import Any

from stt.errors import LimitReached, NotFound, SttError, Unauthorized
from stt.export.formats import FORMATS
from stt.transcript import languages
from stt.transcript.model import Segment, Transcript, Word, paragraphs, whole_words
from stt.web.openai.form import SpeechRequest
from stt.web.openai.shapes import (
    OpenAIProblem,
    SpeechDiarized,
    SpeechLogProb,
    SpeechSegment,
    SpeechText,
    SpeechUsage,
    SpeechVerbose,
    SpokenSegment,
)
from stt.web.v1.contract import in_words

SPEAKER = "Speaker 1"  # name of the only speaker, also used for text without a speaker
LEAST = 1e-4  # lower confidences are raised to this value, so that their logarithm is finite
CODES: dict[type[SttError], str] = {
    Unauthorized: "invalid_api_key", LimitReached: "insufficient_quota", NotFound: "not_found",
}  # fmt: skip


def body(wanted: SpeechRequest, transcript: Transcript) -> tuple[str, str]:
    """Return a transcript in the requested response format, and the media type of that format."""
    if wanted.response_format == "text":
        return transcript.text + "\n", "text/plain"
    if wanted.response_format in ("srt", "vtt"):
        return FORMATS[wanted.response_format].write(transcript).decode(), "text/plain"
    found: SpeechText | SpeechVerbose | SpeechDiarized
    if wanted.response_format == "verbose_json":
        found = verbose(wanted, transcript)
    elif wanted.response_format == "diarized_json":
        found = diarized(transcript)
    else:
        found = text(wanted, transcript)
    return json.dumps(found, allow_nan=False), "application/json"


def text(wanted: SpeechRequest, transcript: Transcript) -> SpeechText:
    found: SpeechText = {"text": transcript.text, "usage": _usage(transcript)}
    if wanted.logprobs:
        found["logprobs"] = log_probs(transcript)
    return found


def verbose(wanted: SpeechRequest, transcript: Transcript) -> SpeechVerbose:
    found: SpeechVerbose = {
        "task": wanted.task,
        "language": languages.name_of(transcript.language or "").lower() or (transcript.language or ""),
        "duration": transcript.duration,
        "text": transcript.text,
        "usage": _usage(transcript),
    }
    if "segment" in wanted.granularities:
        found["segments"] = [_segment(number, segment) for number, segment in enumerate(transcript.segments)]
    if "word" in wanted.granularities:
        found["words"] = [
            {"word": word.text.strip(), "start": word.start, "end": word.end} for word in _words(transcript)
        ]
    return found


def diarized(transcript: Transcript) -> SpeechDiarized:
    return {
        "task": "transcribe",
        "duration": transcript.duration,
        "text": transcript.text,
        "segments": list(spoken_segments(transcript)),
        "usage": _usage(transcript),
    }


def spoken_segments(transcript: Transcript) -> Iterator[SpokenSegment]:
    """Yield the paragraphs of a transcript as OpenAI's speaker segments; each paragraph has one speaker."""
    for number, paragraph in enumerate(paragraphs(transcript.segments)):
        yield {
            "type": "transcript.text.segment",
            "id": f"seg_{number:03}",
            "start": paragraph.start,
            "end": paragraph.end,
            "text": paragraph.text,
            "speaker": paragraph.speaker or SPEAKER,
        }


def log_probs(transcript: Transcript) -> list[SpeechLogProb]:
    """Return the logarithm of the confidence of each word whose confidence is known."""
    return [
        {"token": word.text, "logprob": _log(word.confidence), "bytes": list(word.text.encode())}
        for word in _words(transcript)
        if word.confidence is not None
    ]


def event(content: dict[str, Any]) -> bytes:
    """Return `content` in the format of a server-sent event."""
    return f"data: {json.dumps(content, allow_nan=False)}\n\n".encode()


def refusal(error: SttError) -> OpenAIProblem:
    """Return the body of an error response."""
    kind = "invalid_request_error" if error.status < 500 else "server_error"
    if isinstance(error, LimitReached):
        kind = "insufficient_quota"
    code = CODES.get(type(error))
    return {"error": {"message": in_words(error.message, error.guidance), "type": kind, "param": None, "code": code}}


def _segment(number: int, segment: Segment) -> SpeechSegment:
    logprobs = [_log(word.confidence) for word in segment.words if word.confidence is not None]
    content = segment.text.encode()
    return {
        "id": number,
        "seek": round(segment.start * 100),
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "tokens": [],  # the decoder's tokens are not stored
        "temperature": 0.0,
        "avg_logprob": sum(logprobs) / len(logprobs) if logprobs else None,
        "compression_ratio": len(content) / max(1, len(zlib.compress(content))),
        "no_speech_prob": 0.0,  # the engine has already removed segments without speech
    }


def _words(transcript: Transcript) -> Iterator[Word]:
    if transcript.timed:
        for segment in transcript.segments:
            yield from whole_words(segment)


def _usage(transcript: Transcript) -> SpeechUsage:
    return {"type": "duration", "seconds": math.ceil(transcript.duration)}


def _log(confidence: float) -> float:
    return math.log(max(confidence, LEAST))

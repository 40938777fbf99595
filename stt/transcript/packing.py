"""Pack paragraphs into a compact form for the browser, which shows and edits them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stt.transcript.model import Segment, paragraphs


def packed(segments: Iterable[Segment]) -> list[dict[str, Any]]:
    """Return the paragraphs of segments, each in the form of `pack`."""
    return [pack(paragraph) for paragraph in paragraphs(segments)]


def pack(paragraph: Segment) -> dict[str, Any]:
    """Return a paragraph as one list for each field of its words.

    This form takes a third of the bytes that one object for each word would take.

    "start" and "end" are in seconds. "t", "s" and "e" list the texts, starts and ends of the words. "c" lists their
    confidences, if any is known, and "o" the indices of overlapped words. A paragraph without words has "text" instead.
    "speaker" is present if it is known.
    """
    found: dict[str, Any] = {"start": round(paragraph.start, 2), "end": round(paragraph.end, 2)}
    if paragraph.speaker:
        found["speaker"] = paragraph.speaker
    words = paragraph.words
    if not words:
        return {**found, "text": paragraph.text}
    found["t"] = [word.text for word in words]
    found["s"] = [round(word.start, 2) for word in words]
    found["e"] = [round(word.end, 2) for word in words]
    confidences = [word.confidence for word in words]
    if any(confidence is not None for confidence in confidences):
        found["c"] = [None if confidence is None else round(confidence, 3) for confidence in confidences]
    if overlapped := [place for place, word in enumerate(words) if word.overlapped]:
        found["o"] = overlapped
    return found

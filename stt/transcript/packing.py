"""Pack paragraphs into a compact form for the browser, which shows and edits them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stt.transcript.model import Segment, paragraphs


def packed(segments: Iterable[Segment]) -> list[dict[str, Any]]:
    """Return the paragraphs of segments, each in the form of `pack`."""
    return [pack(paragraph) for paragraph in paragraphs(segments)]


def pack(paragraph: Segment) -> dict[str, Any]:
    """Convert a paragraph to a dict with one list for each field of its words.

    As JSON, this dict takes a third of the bytes that one object for each word would take.

    "start" and "end" are in seconds. "t", "s" and "e" list the texts, starts and ends of the words. "c" lists the
    confidences, and is missing if no confidence is known. "o" lists the indices of overlapped words, and is missing if
    there are none. A paragraph without words has "text" instead of these lists. "speaker" is missing if unknown.
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

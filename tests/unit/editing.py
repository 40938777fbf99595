"""Make paragraphs for the tests of editing, and perform steps on them."""

from __future__ import annotations

from stt.editing import document, performing, steps
from stt.editing.requests import Step
from stt.transcript.model import Segment, Word, paragraphs

ANN = "Ann"


def rows_of(*texts: str, worded: bool = True) -> document.Rows:
    """Return paragraphs with fixed boundaries, one second per word, and five seconds between paragraphs."""
    clock, segments = 0.0, []
    for text in texts:
        parts = text.split()
        words = tuple(Word(f" {part}", clock + at, clock + at + 1, 0.9, ANN) for at, part in enumerate(parts))
        segments.append(Segment(clock, clock + len(parts), f" {text}", words if worded else (), ANN))
        clock += len(parts) + 5
    rows = document.rows_of(segments)
    document.freeze(rows)
    return rows


def texts(rows: document.Rows) -> list[str]:
    return [steps.text_of([paragraph]) for paragraph in paragraphs(document.segments_of(rows))]


def perform(rows: document.Rows, step: Step, since: list | None = None) -> performing.Outcome:
    outcome = performing.perform(rows, step, since or [])
    document.apply(rows, outcome.splices)
    return outcome

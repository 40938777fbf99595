"""Draw texts side by side, word by word, with facts about each version. A click on a word plays it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pages.components import component
from stt.transcript.alignment import ADDED, CHANGED, MISSING, SAME
from stt.transcript.comparison import Cell, Passage

_LETTERS = {SAME: "s", CHANGED: "c", MISSING: "m", ADDED: "a"}
_comparison = component("comparison")


@dataclass(frozen=True, slots=True)
class Column:
    """Hold the heading of a column of words. `audio` is the URL of the recording, or None if there is no recording.

    The route at `audio` serves byte ranges. The route at `audio` plus `/state` reports whether the playback copy that
    `audio` sends is ready.
    """

    letter: str
    name: str
    audio: str | None


@dataclass(frozen=True, slots=True)
class Version:
    """A row of the table of versions. `facts` has a pair for each column: a value, and a small text shown below it."""

    id: str
    letter: str
    name: str
    about: str
    facts: tuple[tuple[str, str], ...]


def draw_comparison(
    key: str,
    *,
    versions: Sequence[Version],
    labels: Sequence[str],
    caption: str,
    columns: Sequence[Column],
    passages: Sequence[Passage],
    matrix: dict[str, Any] | None = None,
) -> str | None:
    """Draw the table, the matrix and the texts; return the id of the version whose Read button was pressed, else None.

    `labels` are the headings of the facts in `versions`. The other columns are compared with `columns[0]`. Each passage
    has one side per column. `matrix` has the keys "caption", "letters" and "rows"; the cells of the rows are text.
    """
    result = _comparison(
        key=key,
        data={
            "versions": [asdict(version) for version in versions],
            "labels": list(labels),
            "caption": caption,
            "columns": [asdict(column) for column in columns],
            "passages": [
                {"at": _rounded(passage.start), "sides": [_packed(side) for side in passage.sides]}
                for passage in passages
            ],
            "matrix": matrix,
        },
        on_read_change=lambda: None,
    )
    read: str | None = result.read
    return read


def _packed(side: Sequence[Cell]) -> dict[str, Any]:
    """Return one side of a passage in the form that the script reads.

    "t", "s" and "k" have one entry per word: its text, its start time in seconds, and a letter for its kind. "w" maps
    the index of each changed word to the reference's word in the same place.
    """
    return {
        "t": [cell.text for cell in side],
        "s": [_rounded(cell.start) for cell in side],
        "k": "".join(_LETTERS[cell.kind] for cell in side),
        "w": {number: cell.was for number, cell in enumerate(side) if cell.was},
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)

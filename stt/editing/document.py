"""Change a stored transcript by splices of whole paragraphs, as plain data: 100,000 words are read and written quickly.

A splice says at which segment and paragraph it begins, and which segments are there before and after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from stt.editing.steps import Paragraph
from stt.transcript.model import Segment, Transcript, joined, runs

Rows = list[dict[str, Any]]  # segments as they are stored
Splice = dict[str, Any]  # {"segment", "paragraph", "before": Rows, "after": Rows}


def segments_of(rows: Rows) -> tuple[Segment, ...]:
    """Return stored segments as `Segment` objects."""
    return Transcript.from_dict({"segments": rows}).segments


def rows_of(segments: Iterable[Segment]) -> Rows:
    """Return segments as they are stored."""
    rows: Rows = Transcript(segments=tuple(segments)).to_dict()["segments"]
    return rows


def freeze(rows: Rows) -> None:
    """Make the paragraphs of stored segments explicit, so that changing one regroups no other."""
    if rows and any(row.get("begins") is None for row in rows):
        bare = [
            Segment(r["start"], r["end"], r["text"], (), r.get("speaker"), r.get("language"), r.get("begins"))
            for r in rows
        ]
        at = 0
        for run in runs(bare):
            for place in range(len(run)):
                rows[at]["begins"] = not place
                at += 1
    if rows:
        rows[0]["begins"] = True


def begins(rows: Rows) -> list[int]:
    """Return where the paragraphs of frozen segments begin, and the end of the last."""
    return [*(at for at, row in enumerate(rows) if row["begins"] or not at), len(rows)]


def count(rows: Rows) -> int:
    """Return how many paragraphs frozen segments make."""
    return len(begins(rows)) - 1


def paragraph(rows: Rows, starts: Sequence[int], number: int) -> Paragraph:
    """Return a paragraph; `starts` is what `begins` returns."""
    return segments_of(rows[starts[number] : starts[number + 1]])


def text(rows: Rows) -> str:
    """Return the text of a paragraph, as `stt.editing.steps.text_of` does."""
    words = "".join(word["text"] for row in rows for word in row.get("words", ()))
    return " ".join((words if words.strip() else joined(row["text"] for row in rows)).split())


def splice(rows: Rows, starts: Sequence[int], first: int, removed: int, new: Iterable[Segment]) -> Splice | None:
    """Return the splice that puts `new` in place of paragraphs; None if that changes nothing."""
    begin, end = starts[first], starts[first + removed]
    before, after = rows[begin:end], rows_of(new)
    return None if before == after else {"segment": begin, "paragraph": first, "before": before, "after": after}


def apply(rows: Rows, splices: Iterable[Splice]) -> None:
    """Apply splices in order."""
    for one in splices:
        rows[one["segment"] : one["segment"] + len(one["before"])] = one["after"]


def inverse(splices: Sequence[Splice]) -> list[Splice]:
    """Return the splices that undo these."""
    return [{**one, "before": one["after"], "after": one["before"]} for one in reversed(splices)]


def merged(splices: Iterable[Splice]) -> list[Splice]:
    """Merge each splice that replaces exactly the result of the one before into that one."""
    found: list[Splice] = []
    for one in splices:
        last = found[-1] if found else None
        if last and last["segment"] == one["segment"] and last["after"] == one["before"]:
            found[-1] = {**last, "after": one["after"]}
        else:
            found.append(one)
    return found

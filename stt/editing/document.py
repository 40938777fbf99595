"""Change the stored segments of a transcript with splices, each of which replaces whole paragraphs.

The segments stay dictionaries, because converting 100,000 words to objects and back would take long. In a splice,
`segment` and `paragraph` are the indices of the first segment and the first paragraph that the splice replaces,
`before` are the replaced segments, and `after` are the segments that replace them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from stt.editing.steps import Paragraph
from stt.transcript.model import Segment, Transcript, Word, all_worded, joined, runs

Rows = list[dict[str, Any]]  # segments as dictionaries, as `Transcript.to_dict` returns them
Splice = dict[str, Any]  # {"segment", "paragraph", "before": Rows, "after": Rows}


def segments_of(rows: Rows) -> tuple[Segment, ...]:
    """Convert stored segments to `Segment` objects."""
    return Transcript.from_dict({"segments": rows}).segments


def rows_of(segments: Iterable[Segment]) -> Rows:
    """Convert `Segment` objects to stored segments."""
    rows: Rows = Transcript(segments=tuple(segments)).to_dict()["segments"]
    return rows


def freeze(rows: Rows) -> None:
    """Set the field `begins` of every segment, in place: True if the segment begins a paragraph, else False.

    Without `begins`, paragraphs are derived from pauses, so a change in one paragraph could change where other
    paragraphs begin.
    """
    if rows and any(row.get("begins") is None for row in rows):
        some = (Word("", 0.0, 0.0),)  # in place of all words, because only whether there are words matters here
        bare = [
            Segment(
                r["start"], r["end"], r["text"], some if r.get("words") else (), r.get("speaker"), r.get("language"),
                r.get("begins"),
            )
            for r in rows
        ]  # fmt: skip
        at = 0
        for run in runs(bare):
            for place in range(len(run)):
                rows[at]["begins"] = not place
                at += 1
    if rows:
        rows[0]["begins"] = True


def begins(rows: Rows) -> list[int]:
    """Return the index of the first segment of each paragraph, followed by the number of segments.

    `rows` must have been passed to `freeze`.
    """
    return [*(at for at, row in enumerate(rows) if row["begins"] or not at), len(rows)]


def count(rows: Rows) -> int:
    """Return the number of paragraphs in `rows`, which must have been passed to `freeze`."""
    return len(begins(rows)) - 1


def paragraph(rows: Rows, starts: Sequence[int], number: int) -> Paragraph:
    """Return paragraph number `number`, counted from 0. `starts` is the result of `begins(rows)`."""
    return tuple(all_worded(segments_of(rows[starts[number] : starts[number + 1]])))


def text(rows: Rows) -> str:
    """Return the text of the paragraph that has the stored segments `rows`, like `steps.text_of` for `Segment`."""
    if not any(row.get("words") for row in rows):
        return " ".join(joined(row["text"] for row in rows).split())
    worded = ("".join(word["text"] for word in row.get("words") or ()) or f" {row['text']}" for row in rows)
    return " ".join("".join(worded).split())


def splice(rows: Rows, starts: Sequence[int], first: int, removed: int, new: Iterable[Segment]) -> Splice | None:
    """Return the splice that replaces `removed` paragraphs, beginning with number `first`, by the segments `new`.

    Return None if `new` is equal to the replaced segments.
    """
    begin, end = starts[first], starts[first + removed]
    before, after = rows[begin:end], rows_of(new)
    return None if before == after else {"segment": begin, "paragraph": first, "before": before, "after": after}


def apply(rows: Rows, splices: Iterable[Splice]) -> None:
    """Apply splices to `rows` in order, in place."""
    for one in splices:
        rows[one["segment"] : one["segment"] + len(one["before"])] = one["after"]


def inverse(splices: Sequence[Splice]) -> list[Splice]:
    """Return the splices that undo `splices`."""
    return [{**one, "before": one["after"], "after": one["before"]} for one in reversed(splices)]


def merged(splices: Iterable[Splice]) -> list[Splice]:
    """Merge two consecutive splices into one if the second replaces exactly the segments that the first inserted."""
    found: list[Splice] = []
    for one in splices:
        last = found[-1] if found else None
        if last and last["segment"] == one["segment"] and last["after"] == one["before"]:
            found[-1] = {**last, "after": one["after"]}
        else:
            found.append(one)
    return found

"""Provide the history of a transcript: which revisions can be undone and redone.

The database table has only the revisions that editing steps made. Other changes, such as adding speakers or restoring
the engine's transcript, also increase the revision number, but add no row. Revisions before such a gap in the numbers
cannot be undone. Consecutive revisions with the same value of `typing`, which come from typing without a break, form
one step. A step is identified by the number of its first revision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from stt.db.tables import revisions
from stt.editing import document
from stt.editing.document import Splice
from stt.transcript import packing

EDIT, UNDO, REDO = "edit", "undo", "redo"
MOST_UNDONE = 200  # maximum number of steps that can be undone
MOST_ROWS = 2000  # maximum number of stored revisions of a transcript
MOST_SIZE = 64 << 20  # maximum total of the column `size`, in characters, over the revisions of a transcript
_r = revisions.c


@dataclass(frozen=True, slots=True)
class History:
    """The steps that can be undone and redone at the current `revision` of a transcript.

    Each step in `undo` and `redo` is a list of revision numbers. The last step in `undo` is undone first, and the last
    step in `redo` is redone first.
    """

    revision: int
    first: int  # the oldest revision from which the stored splices lead to the current revision
    undo: list[list[int]] = field(default_factory=list)
    redo: list[list[int]] = field(default_factory=list)
    # The value that edits made by typing without a break share, if the newest revision is such an edit. A new edit with
    # the same value is undone together with it.
    typing: str | None = None

    @property
    def undoable(self) -> int:
        return min(len(self.undo), MOST_UNDONE)

    @property
    def redoable(self) -> int:
        return min(len(self.redo), MOST_UNDONE)


def load(connection: sa.Connection, generation_id: str, revision: int) -> History:
    """Load the history up to the revision `revision` from the database."""
    query = sa.select(_r.number, _r.kind, _r.of, _r.typing).where(_r.id == generation_id, _r.number <= revision)
    return replay(list(connection.execute(query.order_by(_r.number))), revision)


def replay(rows: Sequence[Any], revision: int) -> History:
    """Compute the history at `revision` from rows of the table `revisions` in the order of `number`.

    Each row has the columns `number`, `kind`, `of` and `typing`.
    """
    first = len(rows)
    while first and rows[first - 1].number == revision - (len(rows) - first):
        first -= 1
    undo: list[list[int]] = []
    redo: list[list[int]] = []
    typing: str | None = None
    for row in rows[first:]:
        if row.kind == EDIT:
            if undo and row.typing is not None and row.typing == typing:
                undo[-1].append(row.number)
            else:
                undo.append([row.number])
            redo.clear()
        else:
            one, other = (undo, redo) if row.kind == UNDO else (redo, undo)
            if one and one[-1][0] == row.of:
                other.append(one.pop())
            else:
                # The row of this step was pruned. The other steps fit only the text before this row.
                undo.clear()
                redo.clear()
        typing = row.typing if row.kind == EDIT else None
    return History(revision, revision - (len(rows) - first), undo, redo, typing)


def splices_of(connection: sa.Connection, generation_id: str, numbers: Sequence[int]) -> list[Splice]:
    """Return the splices of the revisions with the given `numbers`, oldest first."""
    query = sa.select(_r.content).where(_r.id == generation_id, _r.number.in_(numbers)).order_by(_r.number)
    return [splice for content in connection.execute(query).scalars() for splice in content["splices"]]


def content_of(connection: sa.Connection, generation_id: str, number: int) -> dict[str, Any]:
    """Return the stored content of a revision: its splices, caret and other details."""
    query = sa.select(_r.content).where(_r.id == generation_id, _r.number == number)
    content: dict[str, Any] = connection.execute(query).scalar_one()
    return content


def since(connection: sa.Connection, generation_id: str, current: History, based_on: int) -> list[Splice] | None:
    """Return the splices of all revisions after `based_on`, or None if not all these revisions are stored."""
    if not current.first <= based_on <= current.revision:
        return None
    newer = sa.and_(_r.id == generation_id, _r.number > based_on, _r.number <= current.revision)
    if connection.execute(sa.select(_r.number).where(newer, _r.whole).limit(1)).first() is not None:
        return None
    contents = connection.execute(sa.select(_r.content).where(newer).order_by(_r.number)).scalars()
    return [splice for content in contents for splice in content["splices"]]


def for_browser(splices: Sequence[Splice] | None, rows: document.Rows) -> list[dict[str, Any]]:
    """Convert splices to the browser's format. If `splices` is None, return all paragraphs of `rows` instead."""
    if splices is None:
        return [{"at": 0, "removed": None, "paragraphs": packing.packed(document.segments_of(rows))}]
    return [
        {
            "at": splice["paragraph"],
            "removed": document.count(splice["before"]),
            "paragraphs": packing.packed(document.segments_of(splice["after"])),
        }
        for splice in document.merged(splices)
    ]


def prune(connection: sa.Connection, generation_id: str, current: History) -> None:
    """Delete revisions that can no longer be undone or redone, and the oldest ones beyond MOST_ROWS and MOST_SIZE.

    The current revision is never deleted.
    """
    of_this = _r.id == generation_id
    steps = [*current.undo[-MOST_UNDONE:], *current.redo]
    oldest = max(min((step[0] for step in steps), default=current.revision), current.revision - MOST_ROWS + 1)
    newest = sa.select(_r.number, _r.size).where(of_this, _r.number >= oldest).order_by(_r.number.desc())
    total = 0
    for number, size in connection.execute(newest).all():
        total += size
        if total > MOST_SIZE and number != current.revision:
            oldest = number + 1
            break
    connection.execute(revisions.delete().where(of_this, _r.number < oldest))

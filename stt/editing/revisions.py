"""Save editing steps: each transaction stores the changed transcript and a revision that can be undone.

A transaction first locks the transcript's row in the table `corrections`, so simultaneous edits in two tabs are saved
one after the other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from stt.background.diarization import results
from stt.db.engine import database
from stt.db.tables import corrections, revisions, transcriptions, transcripts
from stt.editing import document, history, performing, requests
from stt.editing.document import Rows, Splice
from stt.editing.history import EDIT, REDO, UNDO, History
from stt.editing.performing import Outcome, ParagraphChanged
from stt.editing.requests import Request, Step
from stt.errors import Conflict, NotFound
from stt.store import records
from stt.store.records import Job
from stt.transcript import scripts
from stt.transcript.model import joined

# A function that counts corrected words for the vocabulary. Its arguments are the connection, the owner, the text
# before the correction, the corrected text, and the corrected text that an earlier call counted. The counts of the
# earlier call are subtracted. While a person types, each step thus replaces the counts of the previous step.
Learn = Callable[[sa.Connection, str, str, str, str], None]
_r, _c, _t = revisions.c, corrections.c, transcripts.c
ATTEMPTS = 3  # maximum number of attempts to save a step


class EditConflict(Conflict):
    """The paragraph of a step was changed by another request.

    `answer` has the changes since the revision that the step is based on, and the paragraph's current text.
    """

    guidance = "Choose which text to keep."

    def __init__(
        self, message: str = "This paragraph was changed in another tab.", *, answer: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.answer = answer or {}

    def to_dict(self) -> dict[str, str]:
        return super().to_dict() | {"kind": "Conflict"}


@dataclass(slots=True)
class _Open:
    """A transcript that was loaded within the transaction that changes it."""

    connection: sa.Connection
    id: str
    owner: str
    history: History
    document: dict[str, Any]

    @property
    def rows(self) -> Rows:
        rows: Rows = self.document["segments"]
        return rows


def edit(generation_id: str, owner: str, request: Request, learn: Learn) -> dict[str, Any]:
    """Perform a step and return the answer for the browser.

    The answer has the new revision, the numbers of steps that can be undone and redone, the splices since the revision
    that the step is based on, and the caret. A request whose key is already stored changes nothing, because it was
    saved before. Raises NotFound if `owner` has no such transcript or the transcript is not finished, BadOption if the
    step is impossible, and EditConflict if the paragraph was changed since the revision that the step is based on.
    """
    job = records.load(generation_id, owner)
    for attempt in range(ATTEMPTS):
        try:
            with database().begin() as connection:
                return _edit(connection, job, request, learn)
        except IntegrityError:  # another request stored the first correction of this transcript at the same moment
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def news(generation_id: str, owner: str, based_on: int) -> dict[str, Any]:
    """Return the changes since the revision `based_on`, in the form of the answer of `edit`.

    Raises NotFound if `owner` has no such transcript.
    """
    records.load(generation_id, owner)
    with database().connect() as connection:
        current = history.load(connection, generation_id, revision(connection, generation_id))
        newer = history.since(connection, generation_id, current, based_on)
        rows: Rows = [] if newer is not None else _document(connection, generation_id)["segments"]
        return _answer(current, newer, rows)


def steps_left(generation_id: str, owner: str) -> tuple[int, int]:
    """Return how many steps can be undone and redone. Raises NotFound if `owner` has no such transcript."""
    records.load(generation_id, owner)
    with database().connect() as connection:
        current = history.load(connection, generation_id, revision(connection, generation_id))
    return current.undoable, current.redoable


def revision(connection: sa.Connection, generation_id: str) -> int:
    """Return the revision of a transcript: the number of its corrections plus how often speakers were added to it."""
    own = connection.execute(sa.select(_c.version).where(_c.id == generation_id)).scalar()
    return results.revision(connection, generation_id) + (own or 0)


def _edit(connection: sa.Connection, job: Job, request: Request, learn: Learn) -> dict[str, Any]:
    generation_id, owner = job.id, job.owner
    lock(connection, generation_id)
    current = history.load(connection, generation_id, revision(connection, generation_id))
    repeated = sa.select(_r.content).where(_r.id == generation_id, _r.key == request.key)
    before = connection.execute(repeated).scalar()
    found = _Open(connection, generation_id, owner, current, _document(connection, generation_id))
    newer = history.since(connection, generation_id, current, request.based_on)
    if before is not None:
        connection.rollback()
        return _answer(current, newer, found.rows, before)
    document.freeze(found.rows)
    if request.step.kind in (requests.UNDO, requests.REDO):
        return _step_back(found, request, newer, learn)
    try:
        step, since = _located(found, request.step, newer)
        outcome = performing.perform(found.rows, step, since, job.duration or 0.0)
    except ParagraphChanged as changed:
        connection.rollback()
        now = {"paragraph": changed.paragraph, "text": changed.text, "near": changed.near}
        raise EditConflict(answer=_answer(current, newer, found.rows) | {"conflict": now}) from changed
    if not outcome.splices:
        connection.rollback()
        return _answer(current, newer, found.rows, _details(outcome))
    typing = request.step.typing
    goes_on = bool(typing and current.undo and current.typing == typing and _follows(found, outcome))
    content: dict[str, Any] = {"splices": outcome.splices, **_details(outcome)}
    if request.step.kind in requests.TYPED:
        base = outcome.base
        if goes_on:
            first = history.splices_of(connection, generation_id, current.undo[-1][:1])
            base = document.text(first[0]["before"])
        learn(connection, owner, base, request.step.text, outcome.base)
        content["learned"] = [base, request.step.text]
    after = _save(found, request.key, EDIT, content, typing=typing if goes_on or typing != current.typing else None)
    return _answer(after, None if newer is None else [*newer, *outcome.splices], found.rows, content)


def _located(found: _Open, step: Step, newer: list[Splice] | None) -> tuple[Step, list[Splice] | None]:
    """Return a step with the number of its paragraph at some revision, and the splices of all revisions after this one.

    `newer` are the splices after the revision that the step is based on. Raises ParagraphChanged if the earlier step
    that made the paragraph of this step is not stored.
    """
    if step.of is None:
        return step, newer
    query = sa.select(_r.number, _r.content).where(_r.id == found.id, _r.key == step.of)
    row = found.connection.execute(query).first()
    made = row.content["splices"][0] if row else {}
    if row is None or step.paragraph >= document.count(made["after"]):
        raise ParagraphChanged(None, "")
    later = history.since(found.connection, found.id, found.history, row.number)
    return replace(step, paragraph=made["paragraph"] + step.paragraph), later


def _details(outcome: Outcome) -> dict[str, Any]:
    return {"caret": outcome.caret} | ({} if outcome.replaced is None else {"replaced": outcome.replaced})


def _follows(found: _Open, outcome: Outcome) -> bool:
    """Return whether a step changes the same paragraph as the newest revision."""
    last = history.splices_of(found.connection, found.id, found.history.undo[-1][-1:])
    return len(last) == 1 and last[0]["segment"] == outcome.splices[0]["segment"]


def _step_back(found: _Open, request: Request, newer: list[Splice] | None, learn: Learn) -> dict[str, Any]:
    """Undo the last step, or redo the step that was undone last, and return the answer for the browser."""
    current, undoes = found.history, request.step.kind == requests.UNDO
    steps = current.undo[-current.undoable :] if undoes else current.redo
    if not steps:
        found.connection.rollback()
        return _answer(current, newer, found.rows)
    step = steps[-1]
    splices = document.merged(history.splices_of(found.connection, found.id, step))
    if undoes:
        splices = document.inverse(splices)
    learned = history.content_of(found.connection, found.id, step[-1]).get("learned")
    if learned:
        before, after = learned if undoes else reversed(learned)
        learn(found.connection, found.owner, learned[0], before, after)
    content = {"splices": splices, "caret": performing.caret_of(splices)}
    new = _save(found, request.key, UNDO if undoes else REDO, content, of=step[0])
    return _answer(new, None if newer is None else [*newer, *splices], found.rows, content)


def lock(connection: sa.Connection, generation_id: str) -> None:
    """Lock the corrections of a transcript. Before the first correction, also store a copy of the engine's transcript.

    Raises NotFound if the transcript is not finished, and IntegrityError if another transaction stores the copy at the
    same moment.
    """
    records.lock(connection, generation_id)
    results.revision(connection, generation_id, hold=True)
    # This update changes no value. It locks the corrections on PostgreSQL, and tells whether there are any.
    held = corrections.update().where(_c.id == generation_id).values(version=_c.version)
    if connection.execute(held).rowcount:
        return
    first = sa.select(_t.id, sa.literal(0), sa.literal(time.time()), _t.transcript).where(_t.id == generation_id)
    new = corrections.insert().from_select(["id", "version", "changed", "machine"], first)
    if connection.execute(new, execution_options={"preserve_rowcount": True}).rowcount != 1:
        raise NotFound("This transcript is not finished.", guidance="Wait until it is finished.")


def _document(connection: sa.Connection, generation_id: str) -> dict[str, Any]:
    found = connection.execute(sa.select(_t.transcript).where(_t.id == generation_id)).scalar()
    if found is None:
        raise NotFound("This transcript is not finished.", guidance="Wait until it is finished.")
    whole: dict[str, Any] = found
    return whole


def _save(
    found: _Open, key: str, kind: str, content: dict[str, Any], *, typing: str | None = None, of: int | None = None
) -> History:
    """Apply the splices in `content`, save the transcript and the revision, and return the new history."""
    splices: Sequence[Splice] = content["splices"]
    document.apply(found.rows, splices)
    keep(found.connection, found.id, found.document, splices)
    values = {"version": _c.version + 1, "changed": time.time(), "aside": None}
    found.connection.execute(corrections.update().where(_c.id == found.id).values(**values))
    number = found.history.revision + 1
    size = sum(_size(splice["before"]) + _size(splice["after"]) for splice in splices)
    row = {"id": found.id, "number": number, "key": key, "kind": kind, "of": of, "typing": typing, "whole": False}
    found.connection.execute(revisions.insert().values(**row, size=size, content=content))
    after = history.load(found.connection, found.id, number)
    history.prune(found.connection, found.id, after)
    return after


def keep(connection: sa.Connection, generation_id: str, changed: dict[str, Any], splices: Sequence[Splice]) -> None:
    """Save a changed transcript, its text, its word count and its confidence. `splices` are the changes made to it."""
    rows: Rows = changed["segments"]
    values = {"transcript": changed, "text": joined(row["text"] for row in rows)}
    connection.execute(transcripts.update().where(_t.id == generation_id).values(**values))
    more = sum(_words(splice["after"]) - _words(splice["before"]) for splice in splices)
    known = [w["confidence"] for row in rows for w in row.get("words", ()) if w.get("confidence") is not None]
    t = transcriptions.c
    counts = {"words": t.words + more, "confidence": sum(known) / len(known) if known else None}
    connection.execute(transcriptions.update().where(t.id == generation_id).values(**counts))


def _words(rows: Rows) -> int:
    return sum(scripts.count(row["text"]) for row in rows)


def _size(rows: Rows) -> int:
    return sum(200 + len(row["text"]) + 100 * len(row.get("words", ())) for row in rows)


def _answer(
    current: History, splices: list[Splice] | None, rows: Rows, content: dict[str, Any] | None = None
) -> dict[str, Any]:
    answer = {"revision": current.revision, "undo": current.undoable, "redo": current.redoable}
    more = {name: value for name, value in (content or {}).items() if name in ("caret", "replaced")}
    return answer | {"splices": history.for_browser(splices, rows), "caret": None} | more

"""Keep my history: codes that bring it to another browser, what happens to what was there, and who cannot have it."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from stt import kinds
from stt.auth import recovery, tokens, visitors
from stt.db.engine import database
from stt.db.tables import browsers, metadata
from stt.errors import BadOption, LimitReached, NotFound
from stt.library import history, retention, sharing, tagging
from stt.store import quotas, recordings, records
from stt.store.records import Job
from tests import audio
from tests.integration.test_limits import job
from tests.transcripts import finished

OLD, NEW, THIRD = "old-browser", "new-browser", "third-browser"
HERE, THERE = recovery.native(OLD), recovery.native(NEW)


@pytest.fixture(autouse=True)
def store(either_database: None) -> None:
    recovery._tries.clear()


def titles(visitor: str, text: str = "") -> list[str]:
    return sorted(found.title for found in history.find(visitors.owner_of(visitor), text=text))


def owners() -> set[str]:
    """Return all owners in any table."""
    with database().connect() as connection:
        return {
            owner
            for table in metadata.sorted_tables
            if "owner" in table.c and table.name not in ("merges", "sign_ins")
            for owner in connection.execute(sa.select(table.c.owner)).scalars()
        }


def test_a_code_brings_the_history_to_another_browser_and_the_old_one_keeps_it():
    talk = finished(HERE)
    code = recovery.create(HERE)
    offered = recovery.offer(code, NEW)
    assert (offered.owner, offered.transcripts, offered.mine, offered.anything) == (HERE, 1, 0, False)
    assert titles(NEW) == []  # looking changes nothing
    recovery.use(code, NEW, add_mine=False)
    assert titles(NEW) == titles(OLD) == [talk.title] and recovery.others(HERE, OLD) == 1
    (listed,) = recovery.codes_of(HERE)
    assert listed.used is not None
    recovery.leave(NEW)
    assert titles(NEW) == [] and titles(OLD) == [talk.title]


def test_what_the_new_browser_had_is_kept_apart_unless_it_is_added():
    finished(HERE), records.insert(mine := job(THERE, title="Mine", state=kinds.DONE))
    code = recovery.create(HERE)
    recovery.use(code, NEW, add_mine=False)
    assert titles(NEW) == titles(OLD) == ["Talk"]
    recovery.leave(NEW)
    assert titles(NEW) == ["Mine"] and records.load(mine.id, THERE)


def everything(owner: str) -> Job:
    """Create a transcript with recording, tag, link, token, usage and recovery code."""
    made = finished(owner)
    tagging.set_tags(made.id, owner, ["tag"])
    sharing.create(made.id, owner, days=1, audio=True)
    tokens.create("Nightly", owner)
    recovery.create(owner)
    with quotas.reserve(job(owner, minutes=2)):
        pass
    recovery.dismiss_hint(owner)
    return made


def test_all_that_was_added_belongs_to_the_recovered_history():
    finished(HERE)
    mine, token = everything(THERE), tokens.create("Other", THERE)
    theirs = recovery.create(THERE)
    recovery.use(theirs, THIRD, add_mine=False)  # another browser has the history that is added
    recovery.use(recovery.create(HERE), NEW, add_mine=True)
    for visitor in (OLD, NEW, THIRD):
        assert visitors.owner_of(visitor) == HERE and titles(visitor) == ["Talk", "Talk"]
        assert len(titles(visitor, "ask not")) == 2, "the search index goes along"
    assert owners() == {HERE}
    assert recordings.find(mine.recording_id, HERE) and tagging.tags_of(mine.id, HERE) == ["tag"]
    assert sharing.all_of(mine.id, HERE) and tokens.find(token).owner == HERE
    assert quotas.used(HERE).mine == 120.0
    assert recovery.offer(theirs, "fourth").owner == HERE, "its own codes open the whole"
    recovery.leave(NEW)
    assert titles(NEW) == [] and visitors.owner_of(NEW) == THERE


def test_what_ends_after_the_history_was_added_follows_it():
    """An upload and a job that were under way; and one that no look could catch, which is moved soon after."""
    records.insert(running := job(THERE, state=kinds.WORKING, url="https://example.org/talk.mp3"))
    recovery.use(recovery.create(HERE), NEW, add_mine=True)
    uploaded = recordings.take_in(audio.JFK, THERE)
    assert uploaded.owner == HERE and recordings.find(uploaded.id, HERE)
    assert recordings.find(uploaded.id, None) == uploaded and running.owner == THERE
    records.insert(late := job(THERE))
    recovery.reconcile()
    assert owners() == {HERE} and records.load(late.id, HERE)
    recovery.leave(NEW)  # from here on what is made is its own again
    records.insert(after := job(THERE))
    recovery.reconcile()
    assert records.load(after.id, THERE)


def test_histories_that_are_added_in_turn_end_in_one():
    names = [OLD, NEW, THIRD]
    for name in names:
        records.insert(job(recovery.native(name), title=name))
    recovery.use(recovery.create(visitors.owner_of(NEW)), OLD, add_mine=True)
    recovery.use(recovery.create(visitors.owner_of(THIRD)), NEW, add_mine=True)
    assert all(titles(name) == sorted(names) for name in names)
    recovery.use(recovery.create(visitors.owner_of(OLD)), OLD, add_mine=True)  # one's own: nothing happens
    for name in names:
        records.insert(job(recovery.native(name), title="late"))
    recovery.reconcile()
    assert all(len(titles(name)) == 6 for name in names)


def test_a_code_is_taken_as_people_type_it_and_as_a_link():
    code = recovery.create(HERE)
    assert len(code.replace("-", "")) == 25 and set(code) <= set(recovery.ALPHABET + "-")
    sloppy = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    for typed in (
        code,
        sloppy,
        code.replace("-", ""),
        f"https://stt.example.org/settings{recovery.LINK}{code}",
        f" {code}\n",
    ):
        assert recovery.offer(typed, NEW).owner == HERE


def test_the_database_never_holds_the_code(data: Path):
    code = recovery.create(HERE)
    stored = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    with database().connect() as connection:
        stored += repr(
            [dict(row) for row in connection.execute(sa.select(recovery.recovery_codes)).mappings()]
        ).encode()
    assert code.encode() not in stored and code.replace("-", "").encode() not in stored
    assert recovery.create(HERE) != code


@pytest.mark.parametrize("wrong", ["", "-", "=", "0" * 25, "\ud800", "' OR 1=1 --", "x" * 100_000])
def test_what_is_no_code_opens_nothing(wrong: str):
    recovery.create(HERE)
    with pytest.raises(NotFound):
        recovery.offer(wrong, NEW)
    with pytest.raises(NotFound):
        recovery.use(wrong, NEW, add_mine=True)
    assert visitors.owner_of(NEW) == THERE


def test_a_revoked_code_opens_nothing_and_only_its_owner_can_revoke_it():
    code = recovery.create(HERE)
    (listed,) = recovery.codes_of(HERE)
    with pytest.raises(NotFound):
        recovery.revoke(listed.id, THERE)
    recovery.revoke(listed.id, HERE)
    for act in (lambda: recovery.offer(code, NEW), lambda: recovery.use(code, NEW, add_mine=True)):
        with pytest.raises(NotFound):
            act()
    assert visitors.owner_of(NEW) == THERE and recovery.codes_of(HERE) == []


def test_guessing_is_stopped_by_visitor_and_by_address():
    code = recovery.create(HERE)
    for _ in range(recovery.WRONG_OF_VISITOR):
        with pytest.raises(NotFound):
            recovery.offer("wrong", NEW, "192.0.2.1")
    with pytest.raises(LimitReached):
        recovery.offer(code, NEW, "192.0.2.1")
    assert recovery.offer(code, THIRD, "192.0.2.1").owner == HERE
    for number in range(recovery.WRONG_OF_ADDRESS - recovery.WRONG_OF_VISITOR):  # a new cookie for each
        with pytest.raises(NotFound):
            recovery.offer("wrong", f"fresh-{number}", "192.0.2.1")
    with pytest.raises(LimitReached):
        recovery.offer(code, "fresh", "192.0.2.1")
    assert recovery.offer(code, "fresh", "192.0.2.2").owner == HERE


def test_what_is_remembered_of_guesses_is_bounded():
    for number in range(recovery.WATCHED + 10):
        recovery._note_wrong({f"visitor {number}": recovery.WRONG_OF_VISITOR})
    assert len(recovery._tries) == recovery.WATCHED


def test_a_history_has_only_so_many_codes():
    for _ in range(recovery.MOST):
        recovery.create(HERE)
    with pytest.raises(BadOption):
        recovery.create(HERE)


def test_delete_everything_revokes_the_codes_and_others_can_be_disconnected():
    finished(HERE)
    code = recovery.create(HERE)
    recovery.use(code, NEW, add_mine=False)
    retention.delete_everything(HERE)
    with pytest.raises(NotFound):
        recovery.offer(code, THIRD)
    recovery.disconnect_others(HERE, OLD)
    assert visitors.owner_of(NEW) == THERE
    with database().connect() as connection:
        assert connection.execute(sa.select(browsers)).all() == []


def test_the_hint_comes_with_the_third_transcript_and_goes_with_a_code_or_a_word():
    for count in range(1, 5):
        records.insert(job(HERE, state=kinds.DONE))
        assert recovery.is_worth_a_hint(HERE) == (count >= recovery.ENOUGH)
    assert not recovery.is_worth_a_hint(THERE)
    recovery.create(HERE)
    assert not recovery.is_worth_a_hint(HERE)
    recovery.revoke(recovery.codes_of(HERE)[0].id, HERE)
    assert recovery.is_worth_a_hint(HERE)
    recovery.dismiss_hint(HERE)
    recovery.dismiss_hint(HERE)
    assert not recovery.is_worth_a_hint(HERE)

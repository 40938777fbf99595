"""Test the codes of "Keep my history": what another browser gets, the history that it had before, and wrong codes."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from stt import kinds
from stt.auth import recovery, tokens, visitors
from stt.db.engine import database
from stt.db.tables import browsers, metadata, webhook_jobs
from stt.errors import BadOption, LimitReached, NotFound
from stt.library import history, retention, sharing, tagging
from stt.store import quotas, recordings, records
from stt.store.records import Job
from stt.webhooks import subscriptions
from tests import audio
from tests.integration.test_limits import job
from tests.transcripts import finished

OLD, NEW, THIRD = "old-browser", "new-browser", "third-browser"
OLD_OWNER, NEW_OWNER = recovery.native(OLD), recovery.native(NEW)


@pytest.fixture(autouse=True)
def store(either_database: None) -> None:
    recovery._tries.clear()


def titles(visitor: str, text: str = "") -> list[str]:
    return sorted(found.title for found in history.find(visitors.owner_of(visitor), text=text))


def owners() -> set[str]:
    """Return all owners that occur in any table except `merges` and `sign_ins`."""
    with database().connect() as connection:
        return {
            owner
            for table in metadata.sorted_tables
            if "owner" in table.c and table.name not in ("merges", "sign_ins")
            for owner in connection.execute(sa.select(table.c.owner)).scalars()
        }


def test_code_gives_another_browser_the_history_and_the_old_one_keeps_it():
    talk = finished(OLD_OWNER)
    code = recovery.create(OLD_OWNER)
    offered = recovery.offer(code, NEW)
    assert (offered.owner, offered.transcripts, offered.mine, offered.anything) == (OLD_OWNER, 1, 0, False)
    assert titles(NEW) == []  # an offer alone does not change the history
    recovery.use(code, NEW, add_history=False)
    assert titles(NEW) == titles(OLD) == [talk.title] and recovery.others(OLD_OWNER, OLD) == 1
    (listed,) = recovery.codes_of(OLD_OWNER)
    assert listed.used is not None
    recovery.leave(NEW)
    assert titles(NEW) == [] and titles(OLD) == [talk.title]


def test_history_of_the_new_browser_stays_separate_unless_it_is_added():
    finished(OLD_OWNER), records.insert(mine := job(NEW_OWNER, title="Mine", state=kinds.DONE))
    code = recovery.create(OLD_OWNER)
    recovery.use(code, NEW, add_history=False)
    assert titles(NEW) == titles(OLD) == ["Talk"]
    recovery.leave(NEW)
    assert titles(NEW) == ["Mine"] and records.load(mine.id, NEW_OWNER)


def create_everything(owner: str) -> Job:
    """Create a transcript with a recording, a tag and a share link, and other records of its owner.

    These are an access token, usage, a recovery code and a dismissed hint.
    """
    talk = finished(owner)
    tagging.set_tags(talk.id, owner, ["tag"])
    sharing.create(talk.id, owner, days=1, audio=True)
    tokens.create("Nightly", owner)
    recovery.create(owner)
    with quotas.reserve(job(owner, minutes=2)):
        pass
    recovery.dismiss_hint(owner)
    return talk


def test_added_history_belongs_completely_to_the_recovered_one():
    finished(OLD_OWNER)
    mine, token = create_everything(NEW_OWNER), tokens.create("Other", NEW_OWNER)
    added_code = recovery.create(NEW_OWNER)
    recovery.use(added_code, THIRD, add_history=False)  # a third browser shares the history that the next line adds
    recovery.use(recovery.create(OLD_OWNER), NEW, add_history=True)
    for visitor in (OLD, NEW, THIRD):
        assert visitors.owner_of(visitor) == OLD_OWNER and titles(visitor) == ["Talk", "Talk"]
        assert len(titles(visitor, "ask not")) == 2, "the search index is moved too"
    assert owners() == {OLD_OWNER}
    assert recordings.find(mine.recording_id, OLD_OWNER) and tagging.tags_of(mine.id, OLD_OWNER) == ["tag"]
    assert sharing.all_of(mine.id, OLD_OWNER) and tokens.find(token).owner == OLD_OWNER
    assert quotas.used(OLD_OWNER).mine == 120.0
    assert recovery.offer(added_code, "fourth").owner == OLD_OWNER, "codes of the added history open the merged one"
    recovery.leave(NEW)
    assert titles(NEW) == [] and visitors.owner_of(NEW) == NEW_OWNER


def test_webhook_still_works_after_a_history_with_only_a_secret_is_added():
    talk = finished(OLD_OWNER)
    url = subscriptions.save(OLD_OWNER, "https://example.org/told")
    secret = subscriptions.of(OLD_OWNER).secret
    subscriptions.of(NEW_OWNER)  # as if this visitor had looked at the webhook settings, later
    recovery.use(recovery.create(OLD_OWNER), NEW, add_history=True)
    assert subscriptions.of(OLD_OWNER) == subscriptions.Subscription(url, secret)
    assert subscriptions.url_of(OLD_OWNER) == url
    with database().begin() as connection:
        subscriptions.expect(connection, talk.id, None, OLD_OWNER)
        assert connection.execute(sa.select(webhook_jobs.c.url)).scalars().all() == [url]
    subscriptions.save(OLD_OWNER, "")
    assert subscriptions.url_of(OLD_OWNER) is None


def test_unfinished_work_follows_its_history_when_that_is_added():
    """Check a job that runs during the merge, an upload that ends after it, and a later job that `reconcile` moves."""
    records.insert(running := job(NEW_OWNER, state=kinds.WORKING, url="https://example.org/talk.mp3"))
    recovery.use(recovery.create(OLD_OWNER), NEW, add_history=True)
    uploaded = recordings.take_in(audio.JFK, NEW_OWNER)
    assert uploaded.owner == OLD_OWNER and recordings.find(uploaded.id, OLD_OWNER)
    assert recordings.find(uploaded.id, None) == uploaded and running.owner == NEW_OWNER
    records.insert(late := job(NEW_OWNER))
    recovery.reconcile()
    assert owners() == {OLD_OWNER} and records.load(late.id, OLD_OWNER)
    recovery.leave(NEW)  # new records belong to the browser's own history again
    records.insert(after := job(NEW_OWNER))
    recovery.reconcile()
    assert records.load(after.id, NEW_OWNER)


def test_histories_added_one_after_another_become_one():
    names = [OLD, NEW, THIRD]
    for name in names:
        records.insert(job(recovery.native(name), title=name))
    recovery.use(recovery.create(visitors.owner_of(NEW)), OLD, add_history=True)
    recovery.use(recovery.create(visitors.owner_of(THIRD)), NEW, add_history=True)
    assert all(titles(name) == sorted(names) for name in names)
    recovery.use(recovery.create(visitors.owner_of(OLD)), OLD, add_history=True)  # OLD's own code has no effect
    for name in names:
        records.insert(job(recovery.native(name), title="late"))
    recovery.reconcile()
    assert all(len(titles(name)) == 6 for name in names)


def test_code_is_accepted_as_people_type_it_and_as_a_link():
    code = recovery.create(OLD_OWNER)
    assert len(code.replace("-", "")) == 25 and set(code) <= set(recovery.ALPHABET + "-")
    sloppy = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    for typed in (
        code,
        sloppy,
        code.replace("-", ""),
        f"https://stt.example.org/settings{recovery.LINK}{code}",
        f" {code}\n",
    ):
        assert recovery.offer(typed, NEW).owner == OLD_OWNER


def test_the_database_never_holds_the_code(data: Path):
    code = recovery.create(OLD_OWNER)
    stored = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    with database().connect() as connection:
        stored += repr(
            [dict(row) for row in connection.execute(sa.select(recovery.recovery_codes)).mappings()]
        ).encode()
    assert code.encode() not in stored and code.replace("-", "").encode() not in stored
    assert recovery.create(OLD_OWNER) != code


@pytest.mark.parametrize("wrong", ["", "-", "=", "0" * 25, "\ud800", "' OR 1=1 --", "x" * 100_000])
def test_invalid_code_opens_nothing(wrong: str):
    recovery.create(OLD_OWNER)
    with pytest.raises(NotFound):
        recovery.offer(wrong, NEW)
    with pytest.raises(NotFound):
        recovery.use(wrong, NEW, add_history=True)
    assert visitors.owner_of(NEW) == NEW_OWNER


def test_a_revoked_code_opens_nothing_and_only_its_owner_can_revoke_it():
    code = recovery.create(OLD_OWNER)
    (listed,) = recovery.codes_of(OLD_OWNER)
    with pytest.raises(NotFound):
        recovery.revoke(listed.id, NEW_OWNER)
    recovery.revoke(listed.id, OLD_OWNER)
    for act in (lambda: recovery.offer(code, NEW), lambda: recovery.use(code, NEW, add_history=True)):
        with pytest.raises(NotFound):
            act()
    assert visitors.owner_of(NEW) == NEW_OWNER and recovery.codes_of(OLD_OWNER) == []


def test_guesses_are_limited_per_visitor_and_per_address():
    code = recovery.create(OLD_OWNER)
    for _ in range(recovery.WRONG_OF_VISITOR):
        with pytest.raises(NotFound):
            recovery.offer("wrong", NEW, "192.0.2.1")
    with pytest.raises(LimitReached):
        recovery.offer(code, NEW, "192.0.2.1")
    assert recovery.offer(code, THIRD, "192.0.2.1").owner == OLD_OWNER
    for number in range(recovery.WRONG_OF_ADDRESS - recovery.WRONG_OF_VISITOR):  # each attempt has a new cookie
        with pytest.raises(NotFound):
            recovery.offer("wrong", f"fresh-{number}", "192.0.2.1")
    with pytest.raises(LimitReached):
        recovery.offer(code, "fresh", "192.0.2.1")
    assert recovery.offer(code, "fresh", "192.0.2.2").owner == OLD_OWNER


def test_record_of_wrong_guesses_is_bounded():
    for number in range(recovery.WATCHED + 10):
        recovery._note_wrong({f"visitor {number}": recovery.WRONG_OF_VISITOR})
    assert len(recovery._tries) == recovery.WATCHED


def test_number_of_codes_per_history_is_limited():
    for _ in range(recovery.MOST):
        recovery.create(OLD_OWNER)
    with pytest.raises(BadOption):
        recovery.create(OLD_OWNER)


def test_delete_everything_revokes_the_codes_and_others_can_be_disconnected():
    finished(OLD_OWNER)
    code = recovery.create(OLD_OWNER)
    recovery.use(code, NEW, add_history=False)
    retention.delete_everything(OLD_OWNER)
    with pytest.raises(NotFound):
        recovery.offer(code, THIRD)
    recovery.disconnect_others(OLD_OWNER, OLD)
    assert visitors.owner_of(NEW) == NEW_OWNER
    with database().connect() as connection:
        assert connection.execute(sa.select(browsers)).all() == []


def test_what_a_disconnected_browser_creates_is_its_own_although_its_history_was_added():
    records.insert(job(NEW_OWNER, title="Added"))
    recovery.use(recovery.create(OLD_OWNER), NEW, add_history=True)
    recovery.use(recovery.create(OLD_OWNER), THIRD, add_history=True)
    recovery.disconnect_others(OLD_OWNER, THIRD)
    assert titles(THIRD) == titles(OLD) == ["Added"] and titles(NEW) == [], "what was added stays"
    assert recordings.take_in(audio.JFK, visitors.owner_of(NEW)).owner == NEW_OWNER
    token = tokens.create("Mine", NEW_OWNER)
    recovery.reconcile()
    assert tokens.find(token).owner == NEW_OWNER and len(recordings.all_of(NEW_OWNER)) == 1
    records.insert(job(recovery.native(THIRD), title="Late"))
    recovery.reconcile()
    assert "Late" in titles(OLD), "browsers that are still connected stay merged"


def test_merge_that_an_earlier_version_left_behind_is_dropped():
    recovery.use(recovery.create(OLD_OWNER), NEW, add_history=True)
    with database().begin() as connection:
        connection.execute(browsers.delete())
    records.insert(mine := job(NEW_OWNER))
    recovery.reconcile()
    assert recovery.current(NEW_OWNER) == NEW_OWNER and records.load(mine.id, NEW_OWNER)


def test_hint_appears_with_the_third_transcript_until_a_code_or_a_dismissal():
    for count in range(1, 5):
        records.insert(job(OLD_OWNER, state=kinds.DONE))
        assert recovery.is_worth_a_hint(OLD_OWNER) == (count >= recovery.ENOUGH)
    assert not recovery.is_worth_a_hint(NEW_OWNER)
    recovery.create(OLD_OWNER)
    assert not recovery.is_worth_a_hint(OLD_OWNER)
    recovery.revoke(recovery.codes_of(OLD_OWNER)[0].id, OLD_OWNER)
    assert recovery.is_worth_a_hint(OLD_OWNER)
    recovery.dismiss_hint(OLD_OWNER)
    recovery.dismiss_hint(OLD_OWNER)
    assert not recovery.is_worth_a_hint(OLD_OWNER)

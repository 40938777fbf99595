"""Test share links to one transcript: unguessable, expiring, revocable, and without other data of the owner."""

from __future__ import annotations

import time
from dataclasses import fields
from pathlib import Path

import pytest

from stt.auth import tokens
from stt.db.engine import database
from stt.db.tables import shares
from stt.errors import BadOption, NotFound
from stt.library import history, sharing
from stt.notes import book
from stt.store import recordings, records
from stt.store.records import Job
from stt.transcript.notes import Note
from tests import audio
from tests.integration.test_limits import ANN, BEN, job
from tests.transcripts import finished

pytestmark = pytest.mark.usefixtures("data")


@pytest.fixture
def talk() -> Job:
    return finished(ANN)


def set_expiry(token: str, seconds: float) -> None:
    """Let this share link expire `seconds` from now."""
    with database().begin() as connection:
        where = shares.c.hash == tokens.hash_of(token)
        assert connection.execute(shares.update().where(where).values(ends=time.time() + seconds)).rowcount == 1


def test_share_link_gives_title_text_and_audio(talk: Job):
    shown = sharing.shared(token := sharing.create(talk.id, ANN, days=7, audio=True))
    assert (shown.title, shown.transcript.text, shown.audio) == ("Talk", "Ask not.", True)
    assert sharing.audio_of(token)[0].path.read_bytes() == audio.JFK.read_bytes()


def test_share_link_without_audio_gives_no_audio(talk: Job):
    token = sharing.create(talk.id, ANN, days=7, audio=False)
    assert sharing.shared(token).audio is False
    with pytest.raises(NotFound):
        sharing.audio_of(token)


def test_share_link_still_shows_the_text_after_its_audio_is_deleted(talk: Job):
    token = sharing.create(talk.id, ANN, days=7, audio=True)
    recordings.remove(talk.recording_id, ANN)
    assert sharing.shared(token).audio is False


def test_notes_are_shown_only_if_the_share_link_includes_them(talk: Job):
    book.put(talk.id, ANN, Note("note-0001", 0.2, text="To ourselves"))
    without, with_notes = (sharing.create(talk.id, ANN, days=7, audio=True, **more) for more in ({}, {"notes": True}))
    assert sharing.shared(without).notes == () and "To ourselves" not in repr(sharing.shared(without))
    assert [note.text for note in sharing.shared(with_notes).notes] == ["To ourselves"]
    assert {share.notes for share in sharing.all_of(talk.id, ANN)} == {False, True}


def test_share_link_shows_no_other_data_of_the_owner(talk: Job):
    shown = sharing.shared(sharing.create(talk.id, ANN, days=7, audio=True))
    assert {field.name for field in fields(shown)} == {"title", "duration", "language", "transcript", "audio", "notes"}
    for secret in (ANN, talk.id, talk.recording_id, "jfk"):
        assert secret not in repr(shown)


def test_tokens_are_long_random_and_never_stored(talk: Job, data: Path):
    created = {sharing.create(talk.id, ANN, days=7, audio=True) for _ in range(20)}
    assert len(created) == 20 and all(len(token) == 43 for token in created)
    stored = b"".join(path.read_bytes() for path in data.glob("stt.db*"))
    assert not any(token.encode() in stored for token in created)


@pytest.mark.parametrize("token", ["", "x", "a" * 43, "é\udc80", "' or 1=1 --", "%"])
def test_invalid_token_shows_nothing(talk: Job, token: str):
    sharing.create(talk.id, ANN, days=7, audio=True)
    for read in (sharing.shared, sharing.audio_of):
        with pytest.raises(NotFound):
            read(token)


def test_share_link_works_until_it_expires(talk: Job):
    token = sharing.create(talk.id, ANN, days=7, audio=True)
    (share,) = sharing.all_of(talk.id, ANN)
    assert share.ends - share.created == 7 * 24 * 3600
    set_expiry(token, 60)
    assert sharing.shared(token)
    set_expiry(token, 0)
    for read in (sharing.shared, sharing.audio_of):
        with pytest.raises(NotFound):
            read(token)
    assert sharing.all_of(talk.id, ANN)[0].ended


def test_revoked_share_link_shows_nothing_and_the_others_still_work(talk: Job):
    first, second = (sharing.create(talk.id, ANN, days=7, audio=True) for _ in range(2))
    oldest = sharing.all_of(talk.id, ANN)[-1]
    sharing.revoke(oldest.id, ANN)
    with pytest.raises(NotFound):
        sharing.shared(first)
    assert sharing.shared(second) and len(sharing.all_of(talk.id, ANN)) == 1
    with pytest.raises(NotFound):
        sharing.revoke(oldest.id, ANN)


def test_only_the_owner_creates_lists_and_revokes_share_links(talk: Job):
    token = sharing.create(talk.id, ANN, days=7, audio=True)
    (share,) = sharing.all_of(talk.id, ANN)
    for attempt in (
        lambda: sharing.create(talk.id, BEN, days=7, audio=True),
        lambda: sharing.all_of(talk.id, BEN),
        lambda: sharing.revoke(share.id, BEN),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert sharing.shared(token)


def test_share_links_are_deleted_with_the_transcript(talk: Job):
    token = sharing.create(talk.id, ANN, days=7, audio=True)
    history.delete(talk.id, ANN)
    with pytest.raises(NotFound):
        sharing.shared(token)
    with database().connect() as connection:
        assert not connection.execute(shares.select()).all()


@pytest.mark.parametrize("days", [0, -1, 367])
def test_share_link_lasts_a_day_to_a_year(talk: Job, days: int):
    with pytest.raises(BadOption):
        sharing.create(talk.id, ANN, days=days, audio=True)
    assert sharing.create(talk.id, ANN, days=1, audio=True) and sharing.create(talk.id, ANN, days=366, audio=True)


def test_an_unfinished_transcript_is_not_shared():
    records.insert(waiting := job(ANN))
    with pytest.raises(BadOption, match="not finished"):
        sharing.create(waiting.id, ANN, days=7, audio=True)

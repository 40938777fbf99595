"""Test each limit that a host sets: the maximum is accepted, and more is refused with a message."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from pydantic import SecretStr, ValidationError
from pytest_httpserver import HTTPServer

from stt import kinds
from stt.aiml import offered
from stt.db import queries
from stt.db.engine import database
from stt.db.tables import usage
from stt.engines.base import Outcome
from stt.errors import BadOption, LimitReached, TooLarge
from stt.jobs import service, workflow
from stt.library import history, retention
from stt.settings import Settings, settings
from stt.store import quotas, recordings, records
from stt.store.recordings import Link
from stt.store.records import Job
from stt.transcript.model import Transcript
from tests import audio
from tests.quotas import ANN, BEN, UNPRICED, job, refusal, store_job
from tests.waiting import ended


def test_without_settings_only_the_size_and_length_of_a_recording_are_limited(host):
    assert Settings().max_duration_minutes == 720
    for field in ("jobs_per_visitor", "minutes_per_visitor", "minutes_per_day", "dollars_per_day"):
        assert getattr(Settings(), field) is None
    assert Settings().audio_retention_days is Settings().transcript_retention_days is Settings().models is None
    for _ in range(20):
        store_job(job(minutes=720))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STT_MAX_DURATION_MINUTES", "0"),
        ("STT_JOBS_PER_VISITOR", "0"),
        ("STT_MINUTES_PER_VISITOR", "-1"),
        ("STT_MINUTES_PER_DAY", "many"),
        ("STT_DOLLARS_PER_DAY", "-0.01"),
        ("STT_AUDIO_RETENTION_DAYS", "0"),
        ("STT_TRANSCRIPT_RETENTION_DAYS", "0"),
    ],
)
def test_limit_out_of_bounds_prevents_the_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=f"(?i){name.removeprefix('STT_')}"):
        Settings()


def test_upload_of_exactly_the_limit_is_accepted_and_one_byte_more_is_not(host):
    host(STT_UPLOAD_LIMIT_MB=1)
    with recordings.Intake("a.wav", ANN) as intake:
        intake.write(b"x" * (1 << 20))
        with pytest.raises(TooLarge, match="1 MB"):
            intake.write(b"x")


@pytest.mark.parametrize(("seconds", "fits"), [(60.0, True), (60.2, False)])
def test_recording_of_exactly_the_limit_is_accepted_and_a_longer_one_is_not(
    host, tmp_path: Path, seconds: float, fits: bool
):
    host(STT_MAX_DURATION_MINUTES=1)
    sound = np.resize(audio.samples(audio.JFK), int(seconds * 16_000))
    path = audio.write(tmp_path / "talk.wav", sound)
    with nullcontext() if fits else pytest.raises(TooLarge, match="The limit is 1 minute"):
        assert recordings.take_in(path, ANN).duration == pytest.approx(60)
    assert len(list((settings().data_dir / "audio").glob("*"))) == fits and not list(
        (settings().data_dir / "incoming").iterdir()
    )


def test_concurrent_jobs_are_limited_and_another_may_start_when_one_ends(host):
    host(STT_JOBS_PER_VISITOR=2)
    first, _second = store_job(job()), store_job(job())
    refused = refusal(job())
    assert "2 transcriptions" in refused.message and "until one of your" in refused.guidance
    store_job(job(BEN))
    records.transition(first.id, kinds.OPEN, kinds.CANCELLED)
    store_job(job())
    refusal(job())


def test_retry_counts_as_a_concurrent_job(host):
    host(STT_JOBS_PER_VISITOR=1)
    ended = store_job(job())
    records.transition(ended.id, kinds.OPEN, kinds.CANCELLED)
    store_job(job())
    with pytest.raises(LimitReached), quotas.reserve(job(attempt=2, id=ended.id)):
        pass


def test_visitor_can_use_exactly_the_daily_minutes(host):
    host(STT_MINUTES_PER_VISITOR=10)
    store_job(job(minutes=9))
    refused = refusal(job(minutes=1.1))
    assert (
        "10 min" in refused.message and "1 min are left" in refused.message and "midnight UTC, in " in refused.guidance
    )
    store_job(job(minutes=1))
    refusal(job(minutes=0.1))
    store_job(job(BEN, minutes=10))
    assert quotas.used(ANN).mine == 600 and quotas.used(ANN).all == 1200


def test_all_visitors_together_can_use_exactly_the_daily_minutes(host):
    host(STT_MINUTES_PER_DAY=10)
    store_job(job(ANN, minutes=5))
    store_job(job(BEN, minutes=4))
    assert "all visitors together" in refusal(job("visitor:cleo", minutes=1.1)).message
    store_job(job("visitor:cleo", minutes=1))
    refusal(job(ANN, minutes=0.1))


def test_recording_that_can_never_fit_gets_no_advice_to_wait(host):
    host(STT_MINUTES_PER_VISITOR=10)
    refused = refusal(job(minutes=11))
    assert "alone is 11 min" in refused.message and "midnight" not in refused.guidance


def test_link_of_unknown_length_starts_if_minutes_are_left_and_counts_once_known(host):
    host(STT_MINUTES_PER_VISITOR=10)
    link = store_job(job(minutes=None, url="https://example.org/talk.mp3"))
    quotas.settle(link, 600.0, None)
    refusal(job(minutes=None))
    assert quotas.used(ANN).mine == 600


def test_length_of_a_link_is_reserved_once_it_is_known(host):
    host(STT_MINUTES_PER_VISITOR=10, STT_MINUTES_PER_DAY=12)
    first, second, third = (store_job(job(minutes=None, url="https://example.org/talk.mp3")) for _ in range(3))
    quotas.reserve_length(first, 540.0)
    quotas.reserve_length(first, 540.0)  # repeated, as after a server was killed: counts once
    assert quotas.used(ANN).mine == 540
    with pytest.raises(LimitReached, match="1 min are left"):
        quotas.reserve_length(second, 60.1)
    quotas.reserve_length(third, 60.0)
    assert quotas.used(ANN).mine == 600
    with pytest.raises(LimitReached, match="all visitors together"):
        quotas.reserve_length(store_job(job(BEN, minutes=None, url="https://example.org/talk.mp3")), 121.0)


def test_link_too_long_for_the_daily_minutes_fails_and_leaves_no_file(host, httpserver: HTTPServer):
    host(STT_MINUTES_PER_VISITOR=1, STT_ALLOW_PRIVATE_URLS=1)
    records.transition(store_job(job(minutes=0.95)).id, kinds.OPEN, kinds.DONE)
    httpserver.expect_request("/talk.flac").respond_with_data(audio.JFK.read_bytes())
    try:
        link = service.create(Link(httpserver.url_for("/talk.flac")), owner=ANN)
        found = ended(link, ANN).job
    finally:
        service.stop(timeout=5)
    assert found.error["kind"] == "LimitReached" and "midnight UTC" in found.error["guidance"]
    assert not list(settings().data_dir.glob("audio/*")) and quotas.used(ANN).mine == 57


def test_deleting_a_transcript_does_not_give_its_minutes_back(host):
    host(STT_MINUTES_PER_VISITOR=10)
    created = store_job(job(minutes=10))
    records.transition(created.id, kinds.OPEN, kinds.DONE, seconds_done=600.0)
    history.delete(created.id, ANN)
    refusal(job())


@pytest.mark.parametrize("engine", [kinds.ON_DEVICE, kinds.PROVIDER])
def test_quota_of_a_job_that_never_started_is_given_back(host, engine: str):
    host(STT_MINUTES_PER_VISITOR=720, AIML_API_KEY="server")
    history.delete(store_job(job(minutes=720, engine=engine)).id, ANN)
    assert quotas.used(ANN) == quotas.Used(0.0, 0.0, 0.0)
    cancelled = store_job(job(minutes=720, engine=engine))
    service.cancel(cancelled.id, owner=ANN)
    assert quotas.used(ANN) == quotas.Used(0.0, 0.0, 0.0)


def test_cancelled_job_counts_its_decoded_minutes_and_a_retry_counts_the_rest(host):
    host(STT_MINUTES_PER_VISITOR=10)
    created = store_job(job(minutes=10))
    records.transition(created.id, kinds.OPEN, kinds.WORKING, seconds_done=120.0)
    service.cancel(created.id, owner=ANN)
    assert quotas.used(ANN).mine == 120
    again = replace(records.load(created.id, ANN), attempt=2)
    with quotas.reserve(again):
        pass
    assert quotas.used(ANN).mine == 600
    quotas.settle(again, 590.0, None)
    assert quotas.used(ANN).mine == 590


def test_each_channel_that_is_a_speaker_counts(host, tmp_path: Path):
    host(STT_MINUTES_PER_VISITOR=10)
    both = recordings.take_in(audio.write(tmp_path / "call.wav", np.zeros((2, 16_000 * 120), np.float32)), ANN)
    stereo_job = job(minutes=2, recording_id=both.id, options={"channels_are_speakers": True})
    store_job(stereo_job)
    assert quotas.used(ANN).mine == 240
    quotas.settle(stereo_job, 120.0, None)
    assert quotas.used(ANN).mine == 240


@pytest.mark.parametrize(("minutes", "state", "seconds"), [(1, kinds.FAILED, 0), (10, kinds.DONE, 80)])
@pytest.mark.parametrize("option", [{"channels_are_speakers": True}, {"track": "all"}])
def test_each_channel_or_track_of_a_link_that_is_a_speaker_counts(
    host, tmp_path: Path, httpserver: HTTPServer, option: dict, minutes: int, state: str, seconds: int
):
    host(STT_MINUTES_PER_VISITOR=minutes, STT_ALLOW_PRIVATE_URLS=1)
    quiet = audio.silence(40)
    path = (
        audio.write_tracks(tmp_path / "call.mkv", [(quiet, {}), (quiet, {})])
        if "track" in option
        else audio.write(tmp_path / "call.wav", np.stack([quiet, quiet]))
    )
    httpserver.expect_request(f"/{path.name}").respond_with_data(path.read_bytes())
    try:
        found = ended(service.create(Link(httpserver.url_for(f"/{path.name}")), options=option, owner=ANN), ANN).job
    finally:
        service.stop(timeout=5)
    assert (found.state, (found.error or {}).get("kind")) == (state, None if seconds else "LimitReached")
    assert quotas.used(ANN).mine == pytest.approx(seconds, abs=0.5)


def test_recording_longer_than_declared_is_stopped_at_the_limits(host):
    host(STT_MINUTES_PER_VISITOR=10, STT_MAX_DURATION_MINUTES=20)
    created = store_job(job(minutes=1))
    quotas.check_decoded(created, 60.0, 60.0)
    assert quotas.used(ANN).mine == 60
    for _ in range(2):  # a chunk that is decoded twice counts once
        quotas.check_decoded(created, 360.0, 60.0)
    assert quotas.used(ANN).mine == 360
    with pytest.raises(LimitReached, match="4 min are left today"):
        quotas.check_decoded(created, 660.0, 60.0)
    host(STT_MINUTES_PER_VISITOR=1000)
    with pytest.raises(TooLarge, match="longer than the limit of 20 min"):
        quotas.check_decoded(created, 1300.0, 60.0)


def test_finish_that_is_repeated_after_a_crash_keeps_the_usage(host):
    working = store_job(job(minutes=1, state=kinds.WORKING))
    workflow._finish(working, Outcome(Transcript(duration=90.0), provenance={}))
    for _ in range(2):  # the chunks are deleted, so the repeated step finds no text
        assert quotas.used(ANN).mine == 90
        workflow._finish(working, Outcome(Transcript(), provenance={}))
    assert records.load(working.id, ANN).duration == 90


def test_daily_minutes_reset_on_a_new_day(host):
    host(STT_MINUTES_PER_VISITOR=10)
    created = store_job(job(minutes=10))
    refusal(job())
    with database().begin() as connection:
        connection.execute(usage.update().where(usage.c.id == created.id).values(at=usage.c.at - quotas.DAY))
    store_job(job(minutes=10))


def test_retry_of_a_job_on_this_machine_counts_no_minute_twice(host):
    host(STT_MINUTES_PER_VISITOR=10)
    created = store_job(job(minutes=10))
    with quotas.reserve(job(minutes=10, attempt=2, id=created.id)):
        pass
    assert quotas.used(ANN).mine == 600


@pytest.mark.parametrize("state", [kinds.FAILED, kinds.CANCELLED])
def test_retry_after_three_days_counts_only_the_rest(host, state: str):
    host(STT_MINUTES_PER_VISITOR=10)
    stopped = store_job(job(minutes=10), "203.0.113.7")
    records.transition(stopped.id, kinds.OPEN, kinds.WORKING, seconds_done=540.0)
    quotas.release(records.load(stopped.id, ANN), sent=False)
    records.transition(stopped.id, kinds.OPEN, state)
    days_pass(3)
    store_job(job(minutes=9))
    with quotas.reserve(replace(records.load(stopped.id, ANN), attempt=2)):
        pass
    assert quotas.used(ANN).mine == 600


def test_old_usage_is_deleted_unless_its_job_can_be_retried(host):
    done, deleted, stopped, recent = (store_job(job(), "203.0.113.7") for _ in range(4))
    records.transition(done.id, kinds.OPEN, kinds.DONE)
    records.transition(stopped.id, kinds.OPEN, kinds.CANCELLED)
    days_pass(1)
    retention.prune()
    assert counted().keys() == {done.id, deleted.id, stopped.id, recent.id} and all(counted().values())
    days_pass(2, but=recent)
    history.delete(deleted.id, ANN)
    retention.prune()
    assert counted().keys() == {stopped.id, recent.id}
    assert counted()[stopped.id] is None and counted()[recent.id], "hashed addresses are kept for two days"
    history.delete(stopped.id, ANN)
    retention.prune()
    assert counted().keys() == {recent.id}


def days_pass(days: float, but: Job | None = None) -> None:
    """Make all usage older, except that of the job `but`."""
    older = usage.update().where(usage.c.id != (but.id if but else ""))
    queries.write(older.values(at=usage.c.at - days * quotas.DAY))


def counted() -> dict[str, str | None]:
    """Return the hashed address of each job whose usage is stored, by job id."""
    return {row.id: row.address for row in queries.rows(sa.select(usage.c.id, usage.c.address))}


def test_concurrent_creates_cannot_exceed_the_remaining_minutes(host):
    host(STT_MINUTES_PER_VISITOR=10)
    database()
    created, refused = [], []

    def create_one() -> None:
        try:
            created.append(store_job(job(minutes=3)))
        except LimitReached as error:
            refused.append(error)

    threads = [threading.Thread(target=create_one) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(created), len(refused)) == (3, 9)


def test_only_models_offered_by_the_host_can_be_chosen(host):
    host(STT_MODELS="local/whisper-base")
    assert offered.choose("local/whisper-base", None)[0].local
    with pytest.raises(BadOption, match="not offered"):
        offered.choose(UNPRICED, SecretStr("mine"))
    host(STT_MODELS=f" {UNPRICED} , #g1_whisper-base")
    assert offered.choose("#g1_whisper-base", None)[0].local, "the on-device model replaces it without a key"
    assert offered.choose(UNPRICED, SecretStr("mine"))[0].id == UNPRICED
    host(AIML_API_KEY="server")
    with pytest.raises(BadOption, match="not offered"):
        offered.choose("local/whisper-base", None)


def test_a_refused_job_leaves_no_copy_of_its_file(host):
    host(STT_MINUTES_PER_VISITOR=1)
    records.transition(store_job(job(minutes=0.95)).id, kinds.OPEN, kinds.DONE)
    try:
        with pytest.raises(LimitReached):
            service.create(audio.JFK, owner=ANN)
        assert not list(settings().data_dir.glob("audio/*"))
    finally:
        service.stop(timeout=5)

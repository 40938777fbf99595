"""The limits that a host sets, each at its edge: what just fits is taken, what is over is refused in words."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import SecretStr, ValidationError
from pytest_httpserver import HTTPServer

from stt import kinds
from stt.aiml import offered
from stt.db.engine import database
from stt.db.tables import usage
from stt.errors import BadOption, LimitReached, TooLarge
from stt.jobs import service
from stt.library import history
from stt.settings import Settings, settings
from stt.store import quotas, recordings, records
from stt.store.recordings import Link
from tests import audio
from tests.quotas import ANN, BEN, UNPRICED, job, make, refusal
from tests.waiting import ended


def test_without_settings_nothing_is_limited_but_the_size_and_length_of_a_recording(host):
    assert Settings().max_duration_minutes == 720
    for field in ("jobs_per_visitor", "minutes_per_visitor", "minutes_per_day", "dollars_per_day"):
        assert getattr(Settings(), field) is None
    assert Settings().audio_retention_days is Settings().transcript_retention_days is Settings().models is None
    for _ in range(20):
        make(job(minutes=720))


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
def test_a_limit_out_of_its_bounds_stops_the_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=f"(?i){name.removeprefix('STT_')}"):
        Settings()


def test_an_upload_of_just_the_limit_is_taken_and_one_byte_more_is_not(host):
    host(STT_UPLOAD_LIMIT_MB=1)
    with recordings.Intake("a.wav", ANN) as intake:
        intake.write(b"x" * (1 << 20))
        with pytest.raises(TooLarge, match="1 MB"):
            intake.write(b"x")


@pytest.mark.parametrize(("seconds", "fits"), [(60.0, True), (60.2, False)])
def test_a_recording_of_just_the_length_is_taken_and_a_longer_one_is_not(
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


def test_as_many_jobs_at_once_as_the_limit_and_one_more_when_one_ends(host):
    host(STT_JOBS_PER_VISITOR=2)
    first, _second = make(job()), make(job())
    refused = refusal(job())
    assert "2 transcriptions" in refused.message and "until one of your" in refused.guidance
    make(job(BEN))
    records.transition(first.id, kinds.OPEN, kinds.CANCELLED)
    make(job())
    refusal(job())


def test_a_retry_counts_as_a_job_at_once(host):
    host(STT_JOBS_PER_VISITOR=1)
    ended = make(job())
    records.transition(ended.id, kinds.OPEN, kinds.CANCELLED)
    make(job())
    with pytest.raises(LimitReached), quotas.reserve(job(attempt=2, id=ended.id)):
        pass


def test_a_visitor_gets_just_the_minutes_of_the_day(host):
    host(STT_MINUTES_PER_VISITOR=10)
    make(job(minutes=9))
    refused = refusal(job(minutes=1.1))
    assert (
        "10 min" in refused.message and "1 min are left" in refused.message and "midnight UTC, in " in refused.guidance
    )
    make(job(minutes=1))
    refusal(job(minutes=0.1))
    make(job(BEN, minutes=10))
    assert quotas.used(ANN).mine == 600 and quotas.used(ANN).all == 1200


def test_all_visitors_together_get_just_the_minutes_of_the_day(host):
    host(STT_MINUTES_PER_DAY=10)
    make(job(ANN, minutes=5))
    make(job(BEN, minutes=4))
    assert "all visitors together" in refusal(job("visitor:cleo", minutes=1.1)).message
    make(job("visitor:cleo", minutes=1))
    refusal(job(ANN, minutes=0.1))


def test_what_can_never_fit_is_not_told_to_wait(host):
    host(STT_MINUTES_PER_VISITOR=10)
    refused = refusal(job(minutes=11))
    assert "alone is 11 min" in refused.message and "midnight" not in refused.guidance


def test_a_link_of_unknown_length_begins_while_something_is_left_and_counts_once_it_is_known(host):
    host(STT_MINUTES_PER_VISITOR=10)
    link = make(job(minutes=None, url="https://example.org/talk.mp3"))
    quotas.settle(link, 600.0, None)
    refusal(job(minutes=None))
    assert quotas.used(ANN).mine == 600


def test_a_links_length_is_admitted_once_it_is_known(host):
    host(STT_MINUTES_PER_VISITOR=10, STT_MINUTES_PER_DAY=12)
    first, second, third = (make(job(minutes=None, url="https://example.org/talk.mp3")) for _ in range(3))
    quotas.reserve_length(first, 540.0)
    quotas.reserve_length(first, 540.0)  # the step of a server that was killed just then
    assert quotas.used(ANN).mine == 540
    with pytest.raises(LimitReached, match="1 min are left"):
        quotas.reserve_length(second, 60.1)
    quotas.reserve_length(third, 60.0)
    assert quotas.used(ANN).mine == 600
    with pytest.raises(LimitReached, match="all visitors together"):
        quotas.reserve_length(make(job(BEN, minutes=None, url="https://example.org/talk.mp3")), 121.0)


def test_a_link_that_turns_out_too_long_for_the_day_fails_in_words_and_leaves_nothing(host, httpserver: HTTPServer):
    host(STT_MINUTES_PER_VISITOR=1, STT_ALLOW_PRIVATE_URLS=1)
    records.transition(make(job(minutes=0.95)).id, kinds.OPEN, kinds.DONE)
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
    made = make(job(minutes=10))
    records.transition(made.id, kinds.OPEN, kinds.DONE, seconds_done=600.0)
    history.delete(made.id, ANN)
    refusal(job())


@pytest.mark.parametrize("engine", [kinds.ON_DEVICE, kinds.PROVIDER])
def test_what_was_never_begun_is_given_back(host, engine: str):
    host(STT_MINUTES_PER_VISITOR=720, AIML_API_KEY="server")
    history.delete(make(job(minutes=720, engine=engine)).id, ANN)
    assert quotas.used(ANN) == quotas.Used(0.0, 0.0, 0.0)
    cancelled = make(job(minutes=720, engine=engine))
    service.cancel(cancelled.id, owner=ANN)
    assert quotas.used(ANN) == quotas.Used(0.0, 0.0, 0.0)


def test_of_what_was_begun_only_what_was_decoded_counts_and_a_retry_counts_the_rest(host):
    host(STT_MINUTES_PER_VISITOR=10)
    made = make(job(minutes=10))
    records.transition(made.id, kinds.OPEN, kinds.WORKING, seconds_done=120.0)
    service.cancel(made.id, owner=ANN)
    assert quotas.used(ANN).mine == 120
    again = replace(records.load(made.id, ANN), attempt=2)
    with quotas.reserve(again):
        pass
    assert quotas.used(ANN).mine == 600
    quotas.settle(again, 590.0, None)
    assert quotas.used(ANN).mine == 590


def test_channels_that_are_speakers_count_each(host, tmp_path: Path):
    host(STT_MINUTES_PER_VISITOR=10)
    both = recordings.take_in(audio.write(tmp_path / "call.wav", np.zeros((2, 16_000 * 120), np.float32)), ANN)
    called = job(minutes=2, recording_id=both.id, options={"channels_are_speakers": True})
    make(called)
    assert quotas.used(ANN).mine == 240
    quotas.settle(called, 120.0, None)
    assert quotas.used(ANN).mine == 240


def test_a_recording_longer_than_it_says_is_stopped_at_the_limits(host):
    host(STT_MINUTES_PER_VISITOR=10, STT_MAX_DURATION_MINUTES=20)
    made = make(job(minutes=1))
    quotas.check_decoded(made, 60.0, 60.0)
    assert quotas.used(ANN).mine == 60
    for _ in range(2):  # a chunk that is done twice counts once
        quotas.check_decoded(made, 360.0, 60.0)
    assert quotas.used(ANN).mine == 360
    with pytest.raises(LimitReached, match="4 min are left today"):
        quotas.check_decoded(made, 660.0, 60.0)
    host(STT_MINUTES_PER_VISITOR=1000)
    with pytest.raises(TooLarge, match="longer than the limit of 20 min"):
        quotas.check_decoded(made, 1300.0, 60.0)


def test_a_new_day_frees_the_minutes(host):
    host(STT_MINUTES_PER_VISITOR=10)
    made = make(job(minutes=10))
    refusal(job())
    with database().begin() as connection:
        connection.execute(usage.update().where(usage.c.id == made.id).values(at=usage.c.at - quotas.DAY))
    make(job(minutes=10))


def test_going_on_with_a_job_on_this_machine_counts_no_minute_twice(host):
    host(STT_MINUTES_PER_VISITOR=10)
    made = make(job(minutes=10))
    with quotas.reserve(job(minutes=10, attempt=2, id=made.id)):
        pass
    assert quotas.used(ANN).mine == 600


def test_many_tabs_at_once_cannot_take_more_than_is_left(host):
    host(STT_MINUTES_PER_VISITOR=10)
    database()
    made, refused = [], []

    def one() -> None:
        try:
            made.append(make(job(minutes=3)))
        except LimitReached as error:
            refused.append(error)

    threads = [threading.Thread(target=one) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(refused)) == (3, 9)


def test_only_the_models_of_the_host_can_be_chosen(host):
    host(STT_MODELS="local/whisper-base")
    assert offered.choose("local/whisper-base", None)[0].local
    with pytest.raises(BadOption, match="not offered"):
        offered.choose(UNPRICED, SecretStr("mine"))
    host(STT_MODELS=f" {UNPRICED} , #g1_whisper-base")
    assert offered.choose("#g1_whisper-base", None)[0].local, "ours stands in for it without a key"
    assert offered.choose(UNPRICED, SecretStr("mine"))[0].id == UNPRICED
    host(AIML_API_KEY="server")
    with pytest.raises(BadOption, match="not offered"):
        offered.choose("local/whisper-base", None)


def test_a_refused_job_leaves_no_copy_of_its_file(host):
    host(STT_MINUTES_PER_VISITOR=1)
    records.transition(make(job(minutes=0.95)).id, kinds.OPEN, kinds.DONE)
    try:
        with pytest.raises(LimitReached):
            service.create(audio.JFK, owner=ANN)
        assert not list(settings().data_dir.glob("audio/*"))
    finally:
        service.stop(timeout=5)

"""Test what `stt watch` does with the outcomes of a server's jobs, and what it says about incomplete transcripts."""

from __future__ import annotations

import argparse
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stt import errors
from stt.cli import engines, inputs, transcribe, watching
from stt.cli.watching import Watcher
from tests import audio, broken
from tests.app.rest import Api
from tests.provider import Provider
from tests.relay import Relay
from tests.server import Server
from tests.waiting import until

MODEL = "#g1_whisper-base"
Make = Callable[..., Watcher]


@pytest.fixture
def stand_in() -> Iterator[Provider]:
    """Provide a server with the create and get routes of `/v1`, which fails as a test demands."""
    with Provider() as provider:
        provider.script(duration=0)
        yield provider


@pytest.fixture
def watcher(tmp_path: Path) -> Make:
    """Return a function that makes the watcher of `stt watch --server`."""

    def make(address: str, token: str, *more: str) -> Watcher:
        parser = argparse.ArgumentParser()
        watching.add_command(parser.add_subparsers())
        (tmp_path / "inbox").mkdir(exist_ok=True)
        (tmp_path / "out").mkdir(exist_ok=True)
        arguments = ["watch", str(tmp_path / "inbox"), "--output", str(tmp_path / "out"), "--model", MODEL]
        chosen = parser.parse_args([*arguments, "--server", address, "--token", token, *more])
        return Watcher(chosen, ["txt"], transcribe.engine(chosen))

    return make


def attempt(watcher: Watcher, path: Path) -> str | None:
    """Let the watcher find and transcribe a file. Return its recorded status: "again" if it will be tried again."""
    watcher.scan()
    watcher.do(path)
    row = json.loads(watcher.record.path.read_text().splitlines()[-1])
    return "again" if row.get("again") else row["status"]


def jobs_of(server: Server) -> list[str]:
    """Return the ids of all jobs in the server's database."""
    with closing(sqlite3.connect(server.data / "stt.db")) as database:
        return [row[0] for row in database.execute("SELECT id FROM transcriptions")]


def dropped(watcher: Watcher, source: Path = audio.JFK) -> Path:
    return Path(shutil.copy(source, watcher.folder / source.name))


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("ProviderDown", "again"),
        ("DiskFull", "again"),
        ("DatabaseUnavailable", "again"),
        ("SttError", "again"),
        ("GenerationFailed", "failed"),
        ("Unreadable", "failed"),
        ("Cancelled", "failed"),
        ("SubmissionUncertain", "failed"),
        ("ProviderTimeout", "failed"),
        ("ResultExpired", "failed"),
    ],
)
def test_failed_job_is_tried_again_unless_its_recording_is_at_fault_or_it_may_be_billed(
    stand_in, watcher, name: str, status: str
):
    stand_in.script(error={"name": name, "message": "This is why."})
    watch = watcher(stand_in.url, stand_in.key)
    path = dropped(watch)
    assert attempt(watch, path) == status
    assert (path in watch.waiting) == (status == "again")
    stand_in.script(error=None)
    if status == "again":
        assert attempt(watch, path) == "done"


@pytest.mark.parametrize("fault", ["503", "429", "401"])
def test_job_that_cannot_be_polled_is_resumed_and_not_created_again(stand_in, watcher, monkeypatch, fault: str):
    monkeypatch.setattr(engines, "POLL_RETRY_SECONDS", 0.0)
    watch = watcher(stand_in.url, stand_in.key)
    path = dropped(watch)
    stand_in.fault("get", fault, retry_after=0)
    assert attempt(watch, path) == "begun" and path in watch.waiting
    restarted = watcher(stand_in.url, stand_in.key)
    assert attempt(restarted, path) == "done"
    assert stand_in.calls["create"] == 1 and stand_in.duplicates == []


def test_job_whose_answer_was_lost_is_not_created_twice(server: Server, api: Api, watcher, monkeypatch):
    monkeypatch.setattr(engines, "RETRY_SECONDS", 0.0)
    before = jobs_of(server)
    with Relay(server.port) as relay:
        watch = watcher(relay.url, api.token)
        path = dropped(watch)
        relay.answers_to_drop = 1
        assert attempt(watch, path) == "again" and relay.answers_to_drop == 0
        until(lambda: len(jobs_of(server)) == len(before) + 1)
        assert attempt(watch, path) == "done"
    assert len(jobs_of(server)) == len(before) + 1


def test_create_request_whose_answer_is_lost_is_sent_again_at_once(server: Server, api: Api, watcher):
    before = jobs_of(server)
    with Relay(server.port) as relay:
        watch = watcher(relay.url, api.token)
        path = dropped(watch, audio.AUSTEN[0])
        relay.answers_to_drop = 2
        assert attempt(watch, path) == "done" and relay.answers_to_drop == 0
    assert len(jobs_of(server)) == len(before) + 1


def test_job_that_is_deleted_while_it_runs_is_not_created_again(server: Server, api: Api, watcher):
    watch = watcher(server.url, api.token)
    path = dropped(watch)
    before, note = jobs_of(server), watch.record.note

    def delete(name: str, version: inputs.Version, status: str, created: str | None = None) -> None:
        note(name, version, status, created)
        if created is not None:
            assert api("DELETE", f"/stt/{created}").status_code == 204

    watch.record.note = delete
    assert attempt(watch, path) == "failed" and not watch.waiting
    watch.scan()
    assert not watch.waiting and jobs_of(server) == before


def test_job_that_was_deleted_between_two_runs_is_created_again(server: Server, api: Api, watcher):
    watch = watcher(server.url, api.token)
    path = dropped(watch)
    version = inputs.version_of(path)
    watch.record.note(path.name, version, watching.BEGUN, "deleted-long-ago")
    assert attempt(watch, path) == "done"


def test_job_is_resumed_after_a_proxy_has_answered_404(stand_in, watcher):
    watch = watcher(stand_in.url, stand_in.key)
    path = dropped(watch)
    stand_in.fault("get", "404")
    assert attempt(watch, path) == "begun" and path in watch.waiting
    assert attempt(watch, path) == "done" and stand_in.calls["create"] == 1


def test_nothing_is_transcribed_while_its_result_cannot_be_recorded(stand_in, watcher):
    watch = watcher(stand_in.url, stand_in.key)
    first = dropped(watch)
    record = watch.record.path
    record.symlink_to("/dev/full")
    watch.scan()
    watch.do(first)  # the full disk is noticed when the first row is written
    second = dropped(watch, audio.AUSTEN[0])
    watch.scan()
    watch.do(second)
    assert stand_in.calls["create"] == 1 and list(watch.waiting) == [second]
    record.unlink()
    assert attempt(watch, second) == "done"
    restarted = watcher(stand_in.url, stand_in.key)
    restarted.scan()
    assert not restarted.waiting and stand_in.calls["create"] == 2


def test_folder_that_is_away_for_a_while_stops_no_watcher(stand_in, watcher, capsys):
    for more in ([], ["--recursive"]):
        watch = watcher(stand_in.url, stand_in.key, *more)
        path = dropped(watch)
        watch.scan()
        away = watch.folder.rename(watch.folder.with_name("away"))
        for _ in range(2):
            watch.scan()
        assert list(watch.waiting) == [path] and watch.next() is None
        assert capsys.readouterr().err.count("cannot be read") == 1
        away.rename(watch.folder)
        watch.scan()
        assert list(watch.waiting) == [path]


def test_file_that_cannot_be_read_is_tried_again(stand_in, watcher, capsys):
    watch = watcher(stand_in.url, stand_in.key)
    path = watch.folder / "bad.flac"
    path.symlink_to("/proc/self/mem")  # even root cannot read its first byte
    assert attempt(watch, path) == "again" and f"{path} cannot be read" in capsys.readouterr().err
    path.unlink()
    shutil.copy(audio.JFK, path)
    assert attempt(watch, path) == "done"


def test_transcript_that_cannot_be_written_is_fetched_again_from_the_same_job(stand_in, watcher):
    watch = watcher(stand_in.url, stand_in.key)
    path = dropped(watch)
    watch.output = watch.output / "file" / "below"
    watch.output.parent.write_text("not a folder")
    assert attempt(watch, path) == "begun" and path in watch.waiting
    watch.output = watch.output.parents[1]
    assert attempt(watch, path) == "done" and stand_in.duplicates == []


def test_recording_that_the_server_refuses_is_sent_once(server: Server, api: Api, watcher):
    watch = watcher(server.url, api.token)
    silent = broken.mp4(watch.folder / "silent.mp4")
    assert attempt(watch, silent) == "failed"
    large = watch.folder / "large.wav"
    large.write_bytes(audio.JFK.read_bytes() + bytes(6 << 20))
    assert attempt(watch, large) == "failed"
    watch.scan()
    assert not watch.waiting


def test_option_that_the_server_refuses_stops_the_watcher_and_skips_no_file(server: Server, api: Api, watcher):
    watch = watcher(server.url, api.token, "--language", "klingon")
    path = dropped(watch)
    with pytest.raises(errors.BadOption, match="klingon"):
        attempt(watch, path)
    assert watch.record.path.read_text() == ""


def test_wrong_address_skips_no_file(server: Server, api: Api, watcher):
    watch = watcher(f"{server.url}/v1/elsewhere", api.token)
    assert attempt(watch, dropped(watch)) == "again"


def test_failures_in_any_number_do_not_stop_the_watcher(stand_in, watcher):
    watch = watcher(stand_in.url, stand_in.key)
    path = dropped(watch)
    watch.scan()
    watch.waiting[path].failures = 5000
    stand_in.script(error={"name": "DiskFull", "message": "The disk is full."})
    assert attempt(watch, path) == "again"


def test_missing_parts_of_a_transcript_are_reported_by_a_server_too(server: Server, api: Api, tmp_path: Path, capsys):
    path = broken.overwritten(audio.write(tmp_path / "damaged.flac", audio.samples(audio.JFK)))
    engine = engines.Server(MODEL, {}, server.url, api.token)
    _, answer = transcribe.one(engine, inputs.of_file(path))
    assert answer["status"] == "done"
    assert any(note.startswith("From ") for note in answer["notes"]), answer
    assert all(note in capsys.readouterr().err for note in answer["notes"][:1])

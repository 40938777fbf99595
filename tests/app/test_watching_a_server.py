"""Test what `stt watch` does with the outcomes of a server's jobs, and what it says about incomplete transcripts."""

from __future__ import annotations

import argparse
import builtins
import errno
import io
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
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
    """Let the watcher find and transcribe a file. Return its recorded status: "begun" if it will be tried again."""
    watcher.scan()
    watcher.do(path)
    status: str = json.loads(watcher.record.path.read_text().splitlines()[-1])["status"]
    assert (path in watcher.waiting) == (status == "begun")
    return status


def jobs_of(server: Server) -> list[str]:
    """Return the ids of all jobs in the server's database."""
    with closing(sqlite3.connect(server.data / "stt.db")) as database:
        return [row[0] for row in database.execute("SELECT id FROM transcriptions")]


def dropped(watcher: Watcher, source: Path = audio.JFK) -> Path:
    return Path(shutil.copy(source, watcher.folder / source.name))


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("ProviderDown", "begun"),
        ("DiskFull", "begun"),
        ("DatabaseUnavailable", "begun"),
        ("SttError", "begun"),
        ("GenerationFailed", "failed"),
        ("Unreadable", "failed"),
        ("Cancelled", "failed"),
        ("SubmissionUncertain", "failed"),
        ("ProviderTimeout", "begun"),
        ("ResultExpired", "failed"),
    ],
)
def test_failed_job_is_tried_again_unless_its_recording_is_at_fault_or_it_may_be_billed(
    stand_in, watcher, name: str, status: str
):
    stand_in.script(error={"name": name, "message": "This is why.", "submitted": False})
    watch = watcher(stand_in.url, stand_in.key)
    path = dropped(watch)
    assert attempt(watch, path) == status
    stand_in.script(error=None)
    if status == "begun":
        assert attempt(watch, path) == "done"


@pytest.mark.parametrize("name", ["ProviderDown", "ProviderTimeout", "DiskFull"])
def test_failed_job_that_may_be_billed_is_not_created_again_and_is_done_once_a_person_retries_it(
    stand_in, watcher, capsys, name: str
):
    stand_in.script(error={"name": name, "message": "This is why.", "submitted": True})
    watch = watcher(stand_in.url, stand_in.key)
    path = dropped(watch)
    assert [attempt(watch, path), attempt(watch, path)] == ["begun", "begun"]
    assert "Retry it in the server's history" in capsys.readouterr().err
    (job,) = stand_in.jobs.values()
    job.script["error"] = None
    restarted = watcher(stand_in.url, stand_in.key)
    assert attempt(restarted, path) == "done" and stand_in.calls["create"] == 1


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


@pytest.mark.parametrize("restarted", [False, True])
def test_job_whose_answer_was_lost_is_not_created_twice(
    server: Server, api: Api, watcher, monkeypatch, restarted: bool
):
    monkeypatch.setattr(engines, "RETRY_SECONDS", 0.0)
    before = jobs_of(server)
    with Relay(server.port) as relay:
        watch = watcher(relay.url, api.token)
        path = dropped(watch)
        relay.answers_to_drop = 1
        assert attempt(watch, path) == "begun" and relay.answers_to_drop == 0
        until(lambda: len(jobs_of(server)) == len(before) + 1)
        assert attempt(watcher(relay.url, api.token) if restarted else watch, path) == "done"
    assert len(jobs_of(server)) == len(before) + 1


def test_proxy_that_answers_404_to_a_create_request_skips_no_file(stand_in, watcher):
    watch = watcher(stand_in.url, stand_in.key)
    path = dropped(watch)
    stand_in.fault("create", "404")
    assert attempt(watch, path) == "begun"
    assert attempt(watch, path) == "done" and len(stand_in.jobs) == 1


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
    before, record = jobs_of(server), watch.record.created

    def delete(name: str, version: inputs.Version, created: str) -> None:
        record(name, version, created)
        assert api("DELETE", f"/stt/{created}").status_code == 204

    watch.record.created = delete
    assert attempt(watch, path) == "failed" and not watch.waiting
    watch.scan()
    assert not watch.waiting and jobs_of(server) == before


def test_job_that_was_deleted_between_two_runs_is_created_again(server: Server, api: Api, watcher):
    watch = watcher(server.url, api.token)
    path = dropped(watch)
    watch.record.created(path.name, inputs.version_of(path), "deleted-long-ago")
    assert attempt(watch, path) == "done"


def test_job_is_resumed_after_a_proxy_has_answered_404(stand_in, watcher):
    watch = watcher(stand_in.url, stand_in.key)
    path = dropped(watch)
    stand_in.fault("get", "404")
    assert attempt(watch, path) == "begun" and path in watch.waiting
    assert attempt(watch, path) == "done" and stand_in.calls["create"] == 1


def test_nothing_is_transcribed_while_its_result_cannot_be_recorded(stand_in, watcher):
    watch = watcher(stand_in.url, stand_in.key)
    path = dropped(watch)
    record = watch.record.path
    record.symlink_to("/dev/full")
    watch.scan()
    watch.do(path)
    assert stand_in.calls["create"] == 0 and list(watch.waiting) == [path]
    record.unlink()
    assert attempt(watch, path) == "done"
    restarted = watcher(stand_in.url, stand_in.key)
    restarted.scan()
    assert not restarted.waiting and stand_in.calls["create"] == 1


def test_job_whose_id_cannot_be_recorded_is_found_again_after_a_restart(server: Server, api: Api, watcher):
    watch = watcher(server.url, api.token)
    path = dropped(watch)
    before, created, record = jobs_of(server), watch.record.created, watch.record.path
    kept = record.with_suffix(".kept")

    def fill_disk(name: str, version: inputs.Version, generation_id: str) -> None:
        record.rename(kept)
        record.symlink_to("/dev/full")
        created(name, version, generation_id)

    watch.record.created = fill_disk
    watch.scan()
    watch.do(path)
    assert not watch.waiting and len(jobs_of(server)) == len(before) + 1
    kept.replace(record)
    assert attempt(watcher(server.url, api.token), path) == "done"
    assert len(jobs_of(server)) == len(before) + 1


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
    assert attempt(watch, path) == "begun" and f"{path} cannot be read" in capsys.readouterr().err
    path.unlink()
    shutil.copy(audio.JFK, path)
    assert attempt(watch, path) == "done"


@contextmanager
def damaged(path: Path) -> Iterator[None]:
    """Let reading the file at `path` fail after its first megabyte in the `with` block."""

    class Damaged(io.FileIO):
        def readinto(self, buffer) -> int | None:
            if self.tell() >= 1 << 20:
                raise OSError(errno.EIO, "Input/output error")
            return super().readinto(buffer)

    undamaged = open

    def opened(file, *more, **options):
        return io.BufferedReader(Damaged(file)) if file == path else undamaged(file, *more, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builtins, "open", opened)
        yield


def test_recording_is_not_read_to_its_end_while_no_connection_can_be_made(stand_in, watcher, monkeypatch, capsys):
    monkeypatch.setattr(engines, "RETRY_SECONDS", 0.0)
    watch = watcher("http://127.0.0.1:9", stand_in.key)
    path = watch.folder / "long.wav"
    path.write_bytes(bytes(4 << 20))
    with damaged(path):
        assert attempt(watch, path) == "begun"
    assert "No connection could be made" in capsys.readouterr().err


def test_file_that_cannot_be_read_to_its_end_is_named_and_tried_again(stand_in, watcher, monkeypatch, capsys):
    monkeypatch.setattr(engines, "RETRY_SECONDS", 0.0)
    watch = watcher(stand_in.url, stand_in.key)
    path = watch.folder / "bad.wav"
    path.write_bytes(bytes(4 << 20))
    with damaged(path):
        assert attempt(watch, path) == "begun"
    assert f"{path} cannot be read: Input/output error" in capsys.readouterr().err and not stand_in.jobs
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
    assert attempt(watcher(server.url, api.token), path) == "done"


def test_wrong_address_skips_no_file(server: Server, api: Api, watcher):
    watch = watcher(f"{server.url}/v1/elsewhere", api.token)
    assert attempt(watch, dropped(watch)) == "begun"


def test_failures_in_any_number_do_not_stop_the_watcher(stand_in, watcher):
    watch = watcher(stand_in.url, stand_in.key)
    path = dropped(watch)
    watch.scan()
    watch.waiting[path].failures = 5000
    stand_in.script(error={"name": "DiskFull", "message": "The disk is full."})
    assert attempt(watch, path) == "begun"


def test_missing_parts_of_a_transcript_are_reported_by_a_server_too(server: Server, api: Api, tmp_path: Path, capsys):
    path = broken.overwritten(audio.write(tmp_path / "damaged.flac", audio.samples(audio.JFK)))
    engine = engines.Server(MODEL, {}, server.url, api.token)
    _, answer = transcribe.one(engine, inputs.of_file(path), engines.Attempt())
    assert answer["status"] == "done"
    assert any(note.startswith("From ") for note in answer["notes"]), answer
    assert all(note in capsys.readouterr().err for note in answer["notes"][:1])

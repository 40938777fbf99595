"""Test `stt watch` with the job engine of its own process and a provider: what is paid, kept and deleted."""

from __future__ import annotations

import argparse
import errno
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import pytest
from dbos import DBOS

import stt
from stt import kinds
from stt.cli import inputs, transcribe, watching
from stt.cli.watching import Watcher
from stt.engines import provider
from stt.jobs import queueing
from stt.store import records
from stt.store.records import Job
from tests.conftest import read_settings_again
from tests.provider import KEY, Provider
from tests.waiting import until
from tests.watching import attempt, audio_files, dropped, jobs, submitted, unwritable

Start = Callable[..., AbstractContextManager[Watcher]]


@pytest.fixture
def paid(data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """Provide a provider. Each of its jobs is paid for."""
    with Provider(key=f"{KEY}-watch") as stand_in:
        for name, value in {"AIML_BASE_URL": stand_in.url, "AIML_API_KEY": stand_in.key}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(provider, "KEPT", provider.MARGIN + 1.0)  # a job that it does not answer fails after 1 s
        monkeypatch.setattr(provider, "RETRY_SECONDS", 0.0)
        read_settings_again()
        stand_in.script(duration=0, text="Hello there.")
        yield stand_in


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


@pytest.fixture
def start(inbox: Path) -> Start:
    """Return a function that runs the watcher of `stt watch` for the duration of a `with` block."""

    @contextmanager
    def run(*more: str) -> Iterator[Watcher]:
        parser = argparse.ArgumentParser()
        watching.add_command(parser.add_subparsers())
        arguments = ["watch", str(inbox), "--output", str(inbox.with_name("out")), "--model", "#g1_whisper-base"]
        chosen = parser.parse_args([*arguments, *more])
        engine = transcribe.engine(chosen)
        try:
            yield Watcher(chosen, ["txt"], engine)
        finally:
            engine.close()

    return run


@pytest.mark.parametrize(("fault", "times"), [("503", 99), ("401", 1), ("429", 99)])
def test_paid_job_that_cannot_be_polled_is_polled_later(
    paid: Provider, start: Start, inbox: Path, data: Path, fault: str, times: int
):
    path = dropped(inbox)
    paid.fault("get", fault, times, retry_after=0)
    with start() as watcher:
        attempt(watcher, path)
        assert list(watcher.waiting) == [path] and submitted() is True
        paid._faults.clear()
        attempt(watcher, path)
        assert not watcher.waiting and (watcher.output / "talk.txt").read_text().strip() == "Hello there."
        assert len(paid.jobs) == 1 and jobs() == []
        until(lambda: audio_files(data) == [])


def test_paid_job_that_takes_too_long_is_polled_later(paid: Provider, start: Start, inbox: Path):
    path = dropped(inbox)
    paid.script(duration=3600)
    with start() as watcher:
        attempt(watcher, path)
        (job,) = paid.jobs.values()
        job.script = job.script | {"duration": 0}
        attempt(watcher, path)
        assert not watcher.waiting and len(paid.jobs) == 1 and jobs() == []


def test_outage_before_the_provider_has_the_job_skips_no_file_and_pays_once(paid: Provider, start: Start, inbox: Path):
    path = dropped(inbox)
    paid.fault("create", "401")
    with start() as watcher:
        attempt(watcher, path)
        assert list(watcher.waiting) == [path] and not paid.jobs and submitted() is False
        attempt(watcher, path)
        assert not watcher.waiting and len(paid.jobs) == 1 and jobs() == []


def test_interrupted_watcher_polls_its_paid_job_after_a_restart(paid: Provider, start: Start, inbox: Path, monkeypatch):
    path = dropped(inbox)
    paid.script(duration=3600)
    monkeypatch.setattr(provider, "KEPT", 3600.0)

    def interrupt(done: float, total: float | None, doing: str) -> None:
        if doing == "Queued at the provider":  # so the provider's id is stored
            raise KeyboardInterrupt

    with start() as watcher, monkeypatch.context() as patch:
        patch.setattr(transcribe, "progress", lambda _name: nullcontext(interrupt))
        with pytest.raises(KeyboardInterrupt):
            attempt(watcher, path)
    (job,) = paid.jobs.values()
    job.script = job.script | {"duration": 0}
    with start() as watcher:
        attempt(watcher, path)
        assert not watcher.waiting and len(paid.jobs) == 1 and jobs() == []


def test_final_failure_leaves_no_job(paid: Provider, start: Start, inbox: Path, data: Path):
    path = dropped(inbox)
    paid.script(error="Too much noise.")
    with start() as watcher:
        attempt(watcher, path)
        assert not watcher.waiting and jobs() == []
        until(lambda: audio_files(data) == [])


SMALL = ("--model", "#g1_whisper-small", "--language", "de")


def test_new_options_count_for_a_job_that_the_provider_does_not_have(
    paid: Provider, start: Start, inbox: Path, data: Path
):
    path = dropped(inbox)
    paid.fault("create", "401")
    with start() as watcher:
        attempt(watcher, path)
    with start(*SMALL) as watcher:
        assert jobs() == []
        attempt(watcher, path)
        assert not watcher.waiting and jobs() == []
        until(lambda: audio_files(data) == [])
    (job,) = paid.jobs.values()
    assert job.model == "#g1_whisper-small" and job.options["language"] == "de"


@pytest.mark.parametrize("finished", [False, True])
def test_paid_job_is_resumed_in_spite_of_new_options(paid: Provider, start: Start, inbox: Path, finished: bool):
    path = dropped(inbox)
    with start() as watcher:
        if finished:
            with unwritable(watcher):
                attempt(watcher, path)
        else:
            paid.fault("get", "401")
            attempt(watcher, path)
    with start(*SMALL) as watcher:
        attempt(watcher, path)
        assert not watcher.waiting and (watcher.output / "talk.txt").exists()
        assert len(paid.jobs) == 1 and jobs() == []


def test_job_of_a_server_is_resumed_at_another_address_and_after_a_start_without_the_server(
    paid: Provider, start: Start, inbox: Path
):
    path = dropped(inbox)
    paid.fault("get", "401")
    with start("--server", paid.url, "--token", paid.key) as watcher:
        attempt(watcher, path)
    with start():
        pass
    other = paid.url.replace("127.0.0.1", "localhost")
    assert other != paid.url
    with start("--server", other, "--token", paid.key) as watcher:
        attempt(watcher, path)
        assert not watcher.waiting and len(paid.jobs) == 1


def test_pending_job_is_stopped_before_new_options_replace_it(paid: Provider, start: Start, inbox: Path):
    """Use a job that waits because the provider is down, and that the job engine continues at the next start."""
    paid.fault("create", "503", 99)
    with start() as watcher:
        generation_id = stt.create(dropped(inbox), model=watcher.work.model)
        assert not watcher.work.keeps(generation_id) and stt.get(generation_id).job.state == kinds.CANCELLED


def test_job_of_this_machine_is_deleted_after_a_server_has_transcribed_its_recording(
    paid: Provider, start: Start, inbox: Path
):
    path = dropped(inbox)
    paid.fault("create", "401")
    with start() as watcher:
        attempt(watcher, path)
        assert len(jobs()) == 1
    with start("--server", paid.url, "--token", paid.key) as watcher:
        attempt(watcher, path)
        assert not watcher.waiting and len(paid.jobs) == 1
    with start() as watcher:
        assert jobs() == []


def test_recording_that_an_earlier_version_was_to_try_again_is_transcribed(paid: Provider, start: Start, inbox: Path):
    path = dropped(inbox)
    version = inputs.version_of(path)
    assert version is not None
    row = {"file": path.name, **version._asdict(), "status": "failed", "again": True}
    inbox.with_name("out").mkdir()
    (inbox.with_name("out") / watching.RECORD).write_text(json.dumps(row) + "\n")
    with start() as watcher:
        attempt(watcher, path)
        assert not watcher.waiting and len(paid.jobs) == 1


@pytest.mark.parametrize(
    ("error", "may_be_billed"),
    [(None, True), ({"message": "The model has crashed.", "statusCode": 500}, False)],
)
def test_failed_job_may_be_billed_unless_the_provider_reports_its_failure(
    paid: Provider, start: Start, inbox: Path, error: dict[str, object] | None, may_be_billed: bool
):
    path = dropped(inbox)
    if error is None:
        paid.fault("create", "reset-after")
    paid.script(error=error)
    with start() as watcher:
        watcher.work.forget = lambda _jobs: None
        attempt(watcher, path)
        assert len(paid.jobs) == 1 and submitted() is may_be_billed
        assert (path in watcher.waiting) is not may_be_billed


def test_job_whose_create_was_interrupted_is_created_at_once_after_a_restart(
    paid: Provider, start: Start, inbox: Path, monkeypatch
):
    path, enqueue, begin = dropped(inbox), queueing.enqueue, records.begin
    undone = threading.Event()

    def interrupt(job: Job) -> None:
        enqueue(job)
        raise KeyboardInterrupt

    with start() as watcher, monkeypatch.context() as patch:
        patch.setattr(queueing, "enqueue", interrupt)
        # The queued workflow begins only after the create is undone.
        patch.setattr(records, "begin", lambda *values: undone.wait(60) and begin(*values))
        with pytest.raises(KeyboardInterrupt):
            attempt(watcher, path)
        undone.set()
        interrupted = f"{watcher.record.begin(path.name, watcher.waiting[path].version)[0]}-1"
        until(lambda: (DBOS.get_workflow_status(interrupted) or path).status == "SUCCESS")
        assert jobs() == []
    with start() as watcher:
        attempt(watcher, path)
        assert not watcher.waiting and len(paid.jobs) == 1 and jobs() == []


def test_data_folder_that_cannot_be_used_is_not_reported_as_an_unreadable_recording(
    paid: Provider, start: Start, inbox: Path, data: Path, capsys
):
    path = dropped(inbox)
    with start() as watcher:
        incoming = data / "incoming"
        incoming.rename(data / "away")
        incoming.write_text("not a folder")
        attempt(watcher, path)
        assert "talk: The data folder cannot be used" in capsys.readouterr().err and path in watcher.waiting
        incoming.unlink()
        attempt(watcher, path)
        assert not watcher.waiting and len(paid.jobs) == 1


def put_away(folder: Path) -> Callable[[], object]:
    """Move a folder away, and put an empty one in its place, as an unmounted disk does. Return how to undo this."""
    away = folder.rename(folder.with_name("away"))
    folder.mkdir()

    def undo() -> None:
        folder.rmdir()
        away.rename(folder)

    return undo


def damage(folder: Path) -> Callable[[], object]:
    """Let the folder be unreadable, as on a bad disk. Return how to undo this."""
    patch, scandir = pytest.MonkeyPatch(), os.scandir

    def fail(path: str | Path = ".") -> object:
        if Path(path) == folder:
            raise OSError(errno.EIO, "Input/output error", str(path))
        return scandir(path)

    patch.setattr(os, "scandir", fail)
    return patch.undo


@pytest.mark.parametrize("away", [put_away, damage])
@pytest.mark.parametrize("below", ["", "sub"])
def test_job_whose_transcript_is_unwritten_is_kept_while_its_folder_is_away(
    paid: Provider, start: Start, inbox: Path, away: Callable[[Path], Callable[[], object]], below: str
):
    path = dropped(inbox / below)
    with start("--recursive") as watcher:
        with unwritable(watcher):
            attempt(watcher, path)
        back = away(path.parent)
        for _ in range(2):
            watcher.scan()
            assert len(jobs()) == 1
        back()
        attempt(watcher, path)
        assert not watcher.waiting and len(paid.jobs) == 1 and jobs() == []
        assert (watcher.output / below / "talk.txt").exists()


@pytest.mark.parametrize("change", [Path.unlink, lambda path: path.write_bytes(b"another recording")])
def test_job_of_a_file_that_was_deleted_or_changed_while_no_watcher_ran_is_deleted(
    paid: Provider, start: Start, inbox: Path, data: Path, change: Callable[[Path], object]
):
    path = dropped(inbox)
    with start() as watcher, unwritable(watcher):
        attempt(watcher, path)
    (inbox / "notes.txt").write_text("The folder is not empty.")
    change(path)
    with start() as watcher:
        assert len(jobs()) == 1
        watcher.scan()
        assert jobs() == []
        until(lambda: audio_files(data) == [])


def test_job_that_was_not_deleted_before_a_crash_is_deleted_at_the_next_start(
    paid: Provider, start: Start, inbox: Path
):
    path = dropped(inbox)
    with start() as watcher:
        watcher.work.forget = lambda _jobs: None  # the process is killed at this moment
        attempt(watcher, path)
        assert not watcher.waiting and len(jobs()) == 1
    with start() as watcher:
        watcher.scan()
        assert jobs() == [] and not watcher.waiting


def test_job_is_kept_until_its_end_is_recorded(paid: Provider, start: Start, inbox: Path):
    path = dropped(inbox)
    with start() as watcher:
        record = watcher.record.path
        with unwritable(watcher):
            attempt(watcher, path)
        away = record.rename(record.with_suffix(".away"))
        record.symlink_to("/dev/full")
        attempt(watcher, path)
        assert (watcher.output / "talk.txt").exists() and len(jobs()) == 1
        away.replace(record)
        watcher.scan()
        assert jobs() == [] and len(paid.jobs) == 1

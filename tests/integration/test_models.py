"""Test model downloads from the hub: resumed after an interruption, shared by all requests, and verified."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stt.aiml import offered
from stt.errors import BadOption, Cancelled, Conflict, DataFolderError, DiskFull, ModelDownloadFailed, WeightsError
from stt.files import paths
from stt.models import download, known, shelf
from stt.models.download import Progress
from stt.whisper.loading import loaded
from tests.hub import Hub, tiny_en
from tests.server import ROOT
from tests.waiting import until

TINY, SMALL = known.find("tiny.en"), known.find("small")
NAMES = {TINY.repository, SMALL.repository}


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return tiny_en()


@pytest.fixture
def hub(files: dict[str, bytes], data: Path, host, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with Hub({name: files for name in NAMES}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        host(STT_MODELS="local/*")
        yield hub


def obtained(model: known.Known = TINY) -> tuple[shelf.Weights, list[Progress]]:
    reports: list[Progress] = []
    return shelf.obtain(model.id, reports.append, lambda: None), reports


def state(model: known.Known = TINY) -> str:
    return shelf.entry_of(model).state


def folder() -> Path:
    return shelf.settings().data_dir / "models"


def test_model_is_downloaded_as_published_and_leaves_no_other_files(hub, files):
    assert state() == "absent" and not shelf.is_available(TINY)
    found, reports = obtained()
    assert (found.name, found.sha256[:8]) == ("whisper-tiny.en", "1a5afae0")
    assert {path.name for path in found.folder.iterdir()} == {*files, "published.json"}
    assert (found.folder / "model.bin").read_bytes() == files["model.bin"]
    assert state() == "here" and [path.name for path in folder().glob(".whisper*")] == [".whisper-tiny.en.lock"]
    assert reports and all(0 <= progress.percent < 100 for progress in reports)
    request_count = len(hub.requests)
    assert obtained()[0] == found and len(hub.requests) == request_count, "the second call sends no request"


def test_interrupted_download_resumes_at_the_same_byte(hub, files):
    hub.break_after = [20 << 20, 30 << 20]
    found, _ = obtained()
    assert found.sha256.startswith("1a5afae0")
    first, second, third = hub.starts()
    assert first == 0 and 19 << 20 < second <= 20 << 20 and 49 << 20 < third <= 50 << 20


def test_file_is_restarted_when_the_hub_supports_no_ranges(hub):
    hub.break_after, hub.ranges = [20 << 20], False
    assert obtained()[0].sha256.startswith("1a5afae0")
    assert len(hub.starts()) == 2


def test_file_altered_in_transit_is_downloaded_again_and_never_used(hub):
    hub.alter = 1
    assert obtained()[0].sha256.startswith("1a5afae0")
    assert hub.starts() == [0, 0]


def test_a_file_that_is_always_altered_is_refused(hub):
    hub.alter = 100
    with pytest.raises(ModelDownloadFailed, match=r"model\.bin .* did not arrive as it was published, twice"):
        obtained()
    assert state() == "failed" and not shelf.is_available(TINY)


def test_model_altered_on_disk_is_not_used_but_downloaded_again(hub, host):
    found, _ = obtained()
    model = found.folder / "model.bin"
    with open(model, "r+b") as file:
        file.seek(1000)
        file.write(b"altered")
    host(STT_MODELS="")
    with pytest.raises(WeightsError, match=r"model\.bin of Whisper tiny\.en changed on this server's disk"):
        obtained()
    host(STT_MODELS="local/*")
    assert obtained()[0] == found
    assert hub.starts() == [0, 0]


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "does not let this server read it"),
        (403, "does not let this server read it"),
        (404, "The hub does not have it"),
        (418, "status 418"),
    ],
)
def test_refusal_by_the_hub_is_reported_without_a_retry(hub, status, message):
    hub.status = [status]
    with pytest.raises(ModelDownloadFailed, match=message):
        obtained()
    assert state() == "failed" and len(hub.requests) == 1
    assert message in (shelf.entry_of(TINY).progress.error or {})["message"]


@pytest.mark.parametrize(("status", "message"), [(429, "too many requests"), (503, r"an error \(503\)")])
def test_busy_hub_is_retried_until_a_timeout(hub, monkeypatch, status, message):
    hub.status, hub.retry_after = [status], "1"
    assert obtained()[0].sha256.startswith("1a5afae0")
    shelf.remove(TINY.name)
    hub.status = [status] * 50
    monkeypatch.setattr(download, "TIMEOUT", 2.0)
    with pytest.raises(ModelDownloadFailed, match=message):
        obtained()


def test_missing_connection_is_named_in_the_error(hub, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(download, "TIMEOUT", 0.0)
    with pytest.raises(ModelDownloadFailed, match="The hub cannot be reached"):
        obtained()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelDownloadFailed, match="HF_HUB_OFFLINE is set"):
        obtained()


def test_model_too_large_for_the_disk_is_not_downloaded(hub, monkeypatch):
    monkeypatch.setattr(paths, "KEPT_FREE", 1.0)  # all of the disk must stay free, so no download fits
    monkeypatch.setattr(paths, "KEPT_FREE_BYTES", 1 << 60)
    with pytest.raises(DiskFull, match=r"Whisper tiny\.en takes 74 MB, and the server's disk has 0 MB to spare"):
        obtained()
    assert hub.starts() == []


def test_disk_that_fills_up_during_a_download_stops_it(hub, monkeypatch):
    def fill() -> None:
        hub.stalled.wait(30)
        monkeypatch.setattr(paths, "KEPT_FREE", 1.0)
        monkeypatch.setattr(paths, "KEPT_FREE_BYTES", 1 << 60)
        until(lambda: time.time() - shelf.entry_of(TINY).progress.at > download.REPORT)
        hub.go_on.set()

    monkeypatch.setattr("stt.models.hub.TIMEOUT", (60.0, 60.0))  # the stalled download goes on, however late
    hub.stall_after = 20 << 20
    threading.Thread(target=fill).start()
    with pytest.raises(DiskFull, match="nearly full"):
        obtained()


def test_a_file_larger_than_announced_is_refused(hub):
    hub.announce = -1000
    with pytest.raises(ModelDownloadFailed, match="larger than the hub announced"):
        obtained()


def test_repository_with_an_incomplete_model_is_refused(hub, files):
    hub.repositories[TINY.repository] = {name: files[name] for name in files if name != "tokenizer.json"}
    with pytest.raises(ModelDownloadFailed, match="lacks files of the model"):
        obtained()


def test_concurrent_requests_share_one_download_and_see_its_progress(hub):
    hub.stall_after = 30 << 20
    results: list[tuple[shelf.Weights, list[Progress]]] = []
    threads = [threading.Thread(target=lambda: results.append(obtained())) for _ in range(3)]
    for thread in threads:
        thread.start()
    hub.stalled.wait(30)
    until(lambda: state() == "downloading" and shelf.entry_of(TINY).progress.percent > 30)
    hub.stall_after = None
    hub.go_on.set()
    for thread in threads:
        thread.join()
    assert len({found for found, _ in results}) == 1 and len(results) == 3
    assert all(reports for _, reports in results)
    assert hub.starts()[0] == 0 and 0 not in hub.starts()[1:], "nothing was downloaded twice"


def test_cancel_ends_a_stalled_download_within_seconds(hub):
    hub.stall_after = 20 << 20

    def check() -> None:
        if hub.stalled.is_set():
            raise Cancelled

    began = time.monotonic()
    with pytest.raises(Cancelled):
        shelf.obtain(TINY.id, lambda progress: None, check)
    assert time.monotonic() - began < 12
    assert state() == "stopped"
    hub.stall_after = None
    hub.go_on.set()
    assert obtained()[0].sha256.startswith("1a5afae0")
    assert hub.starts()[-1] > 15 << 20, "the next download resumes"


def test_host_stops_and_deletes_a_background_download(hub):
    hub.stall_after = 20 << 20
    shelf.begin(TINY.name)
    assert hub.stalled.wait(30) and state() == "downloading"
    with pytest.raises(Conflict):
        shelf.remove(TINY.name)
    shelf.stop(TINY.name)
    until(lambda: state() == "stopped", 20)
    until(lambda: _removed(TINY) is not None)
    assert state() == "absent"


def test_a_stopped_download_is_not_started_again_by_the_calls_that_waited_for_it(hub):
    hub.stall_after = 20 << 20
    stopped: list[download.DownloadStopped] = []
    waiting = threading.Event()

    def call(function: Callable[..., object], report: shelf.Report) -> None:
        try:
            function(TINY.id, report, lambda: None)
        except download.DownloadStopped as error:
            stopped.append(error)

    threads = [threading.Thread(target=call, args=(shelf.obtain, lambda progress: None))]
    threads[0].start()
    assert hub.stalled.wait(30)
    for function in (shelf.obtain, shelf.get):
        waiting.clear()
        threads.append(threading.Thread(target=call, args=(function, lambda progress: waiting.set())))
        threads[-1].start()
        assert waiting.wait(30), "the call waits for the running download and reports its progress"
    shelf.stop(TINY.name)
    for thread in threads:
        thread.join(30)
    assert len(stopped) == 3 and state() == "stopped" and len(hub.starts()) == 1
    hub.stall_after = None
    hub.go_on.set()
    assert obtained()[0].sha256.startswith("1a5afae0"), "a later call continues the download"


def test_folder_in_which_no_model_can_be_written_is_named_when_a_download_begins(hub):
    folder().parent.mkdir(exist_ok=True)
    folder().write_text("a file where the folder of the models should be")
    with pytest.raises(DataFolderError, match="Models cannot be written to"):
        shelf.begin(TINY.name)
    folder().unlink()
    (folder() / ".whisper-tiny.en" / download.NOTE).mkdir(parents=True)  # the progress file cannot be replaced
    with pytest.raises(DataFolderError, match="Models cannot be written to"):
        shelf.begin(TINY.name)
    assert not hub.requests


def _removed(model: known.Known) -> int | None:
    try:
        return shelf.remove(model.name)
    except Conflict:  # the thread that downloads the model has not ended yet
        return None


def test_download_of_a_killed_process_resumes_where_it_stopped(hub, data):
    hub.stall_after = 40 << 20
    command = [sys.executable, "-m", "stt", "models", "get", "tiny.en"]
    killed = subprocess.Popen(command, cwd=ROOT, env=dict(os.environ), stdout=subprocess.DEVNULL)
    assert hub.stalled.wait(60)
    until(lambda: (folder() / ".whisper-tiny.en" / "model.bin").stat().st_size > 30 << 20)
    killed.kill()
    killed.wait()
    hub.stall_after = None
    hub.go_on.set()
    done = subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=True)
    assert "Whisper tiny.en is here" in done.stdout
    assert state() == "here" and hub.starts()[-1] > 30 << 20


def test_two_concurrent_processes_download_a_model_once(hub):
    command = [sys.executable, "-m", "stt", "models", "get", "tiny.en"]
    both = [subprocess.Popen(command, cwd=ROOT, env=dict(os.environ), stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert hub.starts() == [0] and state() == "here"


def test_the_command_line_lists_and_removes_models(hub):
    obtained()

    def output(*arguments: str) -> str:
        command = [sys.executable, "-m", "stt", "models", *arguments]
        ran = subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True)
        return ran.stdout + ran.stderr

    lines = {line.split()[0]: line for line in output().splitlines()}
    assert "here" in lines["tiny.en"] and "English" in lines["tiny.en"] and "not here" in lines["small"]
    assert "Deleted" in output("remove", "tiny.en") and state() == "absent"
    assert "part of this installation" in output("remove", "base")
    assert "no Whisper model called 'enormous'" in output("get", "enormous")


def test_model_neither_present_nor_listed_is_not_offered_or_downloaded(hub, host):
    host(STT_MODELS="")
    with pytest.raises(BadOption, match="Whisper small is not offered"):
        offered.choose(SMALL.id, None)
    with pytest.raises(WeightsError, match="not on this server any more"):
        obtained(SMALL)
    assert not hub.requests
    shelf.get("small", lambda progress: None)  # the host may download any model
    assert offered.choose(SMALL.id, None)[0].id == SMALL.id
    host(STT_MODELS="local/whisper-base")
    with pytest.raises(BadOption, match="Whisper small is not offered"):
        offered.choose(SMALL.id, None)


def test_a_model_too_large_for_the_memory_is_refused_before_its_download(hub, host):
    host(STT_MODEL_MEMORY_MB="500")
    with pytest.raises(BadOption, match=r"Whisper large-v3 needs about [\d.]+ GB of memory .* has 500 MB for models"):
        offered.choose("local/whisper-large-v3", None)
    with pytest.raises(BadOption, match="needs about"):
        shelf.get("large-v3", lambda progress: None)
    assert offered.choose(TINY.id, None)[0].id == TINY.id and not hub.requests


def test_least_recently_used_model_is_evicted_for_another(hub, host):
    one, _ = obtained(TINY)
    other, _ = obtained(SMALL)  # the hub serves the weights of tiny.en under the name "small"
    size = loaded.of(one).memory
    host(STT_MODEL_MEMORY_MB=str(int(1.5 * size) >> 20))
    first_load = loaded.of(one)
    assert loaded.of(one) is first_load
    loaded.of(other)
    assert [model.found for model in loaded.in_memory()] == [other]
    with loaded.use(other) as used:
        waited: list[bool] = []

        def check() -> None:
            raise Cancelled

        with pytest.raises(Cancelled), loaded.use(one, check, lambda: waited.append(True)):
            pass
        assert waited == [True] and loaded.in_memory() == [used], "a model in use is not evicted, and the other waits"
    with loaded.use(one) as reloaded:
        assert reloaded is not first_load and loaded.in_memory() == [reloaded]

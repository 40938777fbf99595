"""Test hostile recordings, one after the other, on a running server: each upload ends soon and delays no visitor."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import requests

from stt.auth import visitors
from tests import audio, hostile
from tests.conftest import reset_caches
from tests.server import Server
from tests.waiting import until

pytestmark = pytest.mark.alone

# Maximum seconds for an upload, for each health check except the slowest, and for the slowest health check.
SOON, WITHIN, HICCUP = 10.0, 1.0, 3.0
MOST = 400 << 20  # maximum growth in bytes of the memory of the server and its decoders together


def memory(server: Server) -> int:
    """Return the resident memory in bytes of the server and its child processes together."""
    process = psutil.Process(server.process.pid)
    total = 0
    for each in [process, *process.children(recursive=True)]:
        try:
            total += each.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def test_twelve_hostile_recordings_delay_nobody_and_need_little_memory(tmp_path: Path, monkeypatch):
    files = [make(tmp_path / f"{number}.bin") for number, make in enumerate(hostile.ALL.values())]
    assert len(files) == 12
    monkeypatch.setenv("STT_DATA_DIR", str(tmp_path / "data"))
    reset_caches()
    cookies = {visitors.COOKIE: visitors.cookie_for("ann")}
    reset_caches()
    with Server(tmp_path / "data") as server:
        send = lambda path: requests.post(  # noqa: E731
            server.url + "/upload",
            path.read_bytes(),
            cookies=cookies,
            headers={"X-File-Name": "holiday.mp3"},
            timeout=60,
        )
        assert send(audio.JFK).status_code == 201  # before memory is measured: the first upload loads modules
        before, peak, stop, waits = memory(server), [0], threading.Event(), []

        def watch() -> None:
            while not stop.is_set():
                began = time.monotonic()
                assert requests.get(server.url + "/healthz", timeout=60).status_code == 200
                waits.append(time.monotonic() - began)
                peak[0] = max(peak[0], memory(server))
                stop.wait(0.1)

        with ThreadPoolExecutor(1) as pool:
            watching = pool.submit(watch)
            try:
                for path in files:
                    began = time.monotonic()
                    answer = send(path)
                    assert time.monotonic() - began < SOON, path
                    assert answer.status_code in (201, 400, 413, 422), answer.text
                    assert answer.status_code == 201 or answer.json()["message"]
            finally:
                stop.set()
            watching.result()
        second, longest = sorted(waits)[-2:]
        print(f"\nlongest waits of the other visitor: {second:.2f} and {longest:.2f} s")
        assert second < WITHIN and longest < HICCUP
        assert peak[0] - before < MOST
        assert send(audio.JFK).status_code == 201
        until(lambda: not list((server.data / "incoming").iterdir()))
        assert server.process.poll() is None

"""Run a mixed load for half an hour to find growing resource use: `python -m tests.bench.soak [--minutes 30]`.

The app runs on SQLite. Simulated users create on-device and provider jobs over REST, delete some early, open pages with
a websocket session each, and request /metrics and /healthz, all at the same time. Finished jobs are deleted, so that
the history does not grow. Memory, threads and open files of the server are measured every two seconds.

The first five minutes, or a sixth of a run of under 30 minutes, are for warming up. The rest is measured. Goal: the
median of its last fifth is at most 5 % over the median of its first fifth.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np
import psutil
import requests
import websockets.sync.client

from tests import audio
from tests.bench.table import print_table
from tests.conftest import reset_caches
from tests.provider import KEY, Provider
from tests.server import Server

WARM = 300.0  # maximum seconds of warming up, during which memory, threads and open files may grow
EVERY = 2.0  # seconds between two measurements
LOCAL, REMOTE = "local/whisper-base", "#g1_nova-2-general"


@dataclass
class Load:
    """Represent users who load the server at `url` until `end` (monotonic clock).

    `done` counts the finished rounds of actions by kind of user.
    """

    url: str
    token: str
    end: float
    folder: Path
    done: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def run(self) -> None:
        users = [self.transcriber, self.transcriber, self.provider_user, self.provider_user, self.reader, self.watcher]
        threads = [threading.Thread(target=self.loop, args=(user,), daemon=True) for user in users]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def loop(self, user: Callable[[requests.Session, random.Random], None]) -> None:
        rng = random.Random(user.__name__)
        with requests.Session() as session:
            # Each request has a new connection, because an idle one may be closed just as the next request is sent.
            session.headers.update({"Authorization": f"Bearer {self.token}", "Connection": "close"})
            while time.monotonic() < self.end:
                try:
                    user(session, rng)
                    self.done[user.__name__] += 1
                except (requests.RequestException, AssertionError) as error:
                    self.failures.append(f"{user.__name__}: {error!r}"[:300])
                    time.sleep(1.0)

    def create(self, session: requests.Session, path: Path, model: str) -> str:
        files = {"audio": (path.name, path.read_bytes(), "audio/wav")}
        response = session.post(self.url + "/v1/stt/create", data={"model": model}, files=files, timeout=60)
        assert response.ok, response.text
        return response.json()["generation_id"]

    def wait_for_result(self, session: requests.Session, generation_id: str, seconds: float = 300) -> dict:
        deadline = time.monotonic() + seconds
        while True:
            response = session.get(f"{self.url}/v1/stt/{generation_id}", timeout=60)
            assert response.ok, response.text
            if response.json()["status"] in ("completed", "error"):
                return response.json()
            assert time.monotonic() < deadline, "it takes too long"
            time.sleep(0.5)

    def delete(self, session: requests.Session, generation_id: str) -> None:
        response = session.delete(f"{self.url}/v1/stt/{generation_id}", timeout=60)
        assert response.ok, response.text

    def transcriber(self, session: requests.Session, rng: random.Random) -> None:
        """Create an on-device job, wait for its text, and delete it. A fifth of the jobs is deleted within a second."""
        generation_id = self.create(session, rng.choice(audio.AUSTEN), LOCAL)
        if rng.random() < 0.2:
            time.sleep(rng.uniform(0.0, 1.0))
        else:
            result = self.wait_for_result(session, generation_id)
            assert result["status"] == "completed", result
        self.delete(session, generation_id)
        time.sleep(rng.uniform(1.0, 3.0))

    def provider_user(self, session: requests.Session, rng: random.Random) -> None:
        path = self.folder / f"{threading.get_ident()}.wav"
        tone = np.sin(np.arange(8000) / 8).astype(np.float32) * 0.1
        audio.write(path, np.append(tone, np.full(1, rng.random(), np.float32)))
        generation_id = self.create(session, path, REMOTE)
        result = self.wait_for_result(session, generation_id)
        assert result["status"] == "completed", result
        self.delete(session, generation_id)
        time.sleep(rng.uniform(0.5, 1.5))

    def reader(self, _session: requests.Session, rng: random.Random) -> None:
        """Open a page in a new session, read it and leave."""
        with requests.Session() as visitor:
            page = visitor.get(self.url + rng.choice(["/", "/history", "/settings"]), timeout=60)
            assert page.ok
            cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in visitor.cookies)
            address = self.url.replace("http", "ws", 1) + "/_stcore/stream"
            headers = {"Cookie": cookies, "Origin": self.url}
            with websockets.sync.client.connect(address, additional_headers=headers, max_size=None) as socket:
                socket.send(_rerun())
                for _ in range(3):
                    socket.recv(timeout=30)
        time.sleep(rng.uniform(2.0, 4.0))

    def watcher(self, session: requests.Session, _rng: random.Random) -> None:
        for path in ("/healthz", "/metrics"):
            response = session.get(self.url + path, timeout=60)
            assert response.ok, f"{path}: {response.status_code} {response.text[:200]}"
        time.sleep(2.0)


def _rerun() -> bytes:
    """Return the first websocket message of a browser, which makes Streamlit run the page."""
    from streamlit.proto.BackMsg_pb2 import BackMsg

    message = BackMsg()
    message.rerun_script.query_string = ""
    return message.SerializeToString()


def watch(server: Server, end: float) -> list[tuple[float, dict[str, float]]]:
    """Measure the server process until `end`, and print one measurement per minute.

    Return (seconds since the start, {figure: value}) of each measurement.
    """
    process, began = psutil.Process(server.process.pid), time.monotonic()
    measured = []
    while time.monotonic() < end:
        at = time.monotonic() - began
        memory = process.memory_info().rss / 2**20
        figures = {"memory, MB": memory, "threads": process.num_threads(), "open files": process.num_fds()}
        if not measured or at // 60 > measured[-1][0] // 60:
            print(f"{at / 60:5.1f} min", {key: round(value) for key, value in figures.items()}, flush=True)
        measured.append((at, figures))
        time.sleep(EVERY)
    return measured


def soak(minutes: float) -> tuple[dict[str, tuple[float, float]], Load]:
    """Run the load for `minutes`. Return {figure: (median after warming up, median at the end)}, and the load."""
    from stt.auth import tokens, visitors

    with tempfile.TemporaryDirectory() as name, Provider() as provider:
        folder = Path(name)
        provider.script(duration=3.0, seconds=0.5)
        environment = {"STT_ACCESS": "shared", "AIML_API_KEY": KEY, "AIML_BASE_URL": provider.url}
        with Server(folder / "data", **environment) as server, _settings(STT_DATA_DIR=str(folder / "data")):
            token = tokens.create("soak", visitors.SHARED)
            load = Load(server.url, token, time.monotonic() + minutes * 60, folder)
            users = threading.Thread(target=load.run, daemon=True)
            users.start()
            measured = watch(server, load.end)
            users.join(330)
            assert server.process.poll() is None
    warm = min(WARM, minutes * 60 / 6)
    steady = [figures for at, figures in measured if at >= warm]
    part = max(1, len(steady) // 5)
    first, last = steady[:part], steady[-part:]
    return {key: (median(f[key] for f in first), median(f[key] for f in last)) for key in steady[0]}, load


class _settings:  # noqa: N801
    """Set environment variables of this process during a `with` block."""

    def __init__(self, **values: str) -> None:
        self.values = values

    def __enter__(self) -> None:
        import os

        self.before = {name: os.environ.get(name) for name in self.values}
        os.environ |= self.values
        reset_caches()

    def __exit__(self, *_error) -> None:
        import os

        for name, value in self.before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        reset_caches()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    arguments = parser.parse_args()
    figures, load = soak(arguments.minutes)
    rows = [[k, f"{a:.1f}", f"{b:.1f}", f"{(b / a - 1) * 100:+.1f}"] for k, (a, b) in figures.items()]
    print_table(
        f"Resource use in {arguments.minutes:g} minutes of mixed load",
        ["measurement", "after warming up", "at the end", "change, %"],
        rows,
    )
    print_table("Rounds of actions", ["user", "rounds"], [[user, rounds] for user, rounds in sorted(load.done.items())])
    print(f"\n{len(load.failures)} failures", *load.failures[:5], sep="\n")


if __name__ == "__main__":
    main()

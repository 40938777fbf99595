"""Test that a worker answers its probes while the database is unavailable."""

from __future__ import annotations

import pytest
import requests

from stt.ops import metrics, monitor
from tests.conftest import reset_caches
from tests.server import free_port
from tests.transcripts import finished

UNREACHABLE = "postgresql://nobody@127.0.0.1:1/nothing"  # no server listens on port 1


@pytest.fixture(scope="module")
def address() -> str:
    port = free_port()
    monitor.serve(port, "127.0.0.1")
    return f"http://127.0.0.1:{port}"


def read_metrics(address: str) -> dict[str, float]:
    answer = requests.get(f"{address}/metrics", timeout=30)
    assert answer.status_code == 200 and answer.headers["Content-Type"] == metrics.TYPE
    lines = [line.rpartition(" ") for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


@pytest.mark.usefixtures("data")
def test_worker_metrics_remain_available_without_the_database(address: str, host, capfd: pytest.CaptureFixture[str]):
    finished()
    metrics.audio_seconds.labels("on-device").inc(11)
    before = read_metrics(address)
    assert before["stt_database_up"] == 1
    assert before['stt_jobs{engine="on-device",state="done"}'] == 1
    host(STT_DATABASE_URL=UNREACHABLE)
    reset_caches()
    during = read_metrics(address)
    assert during["stt_database_up"] == 0 and not any(name.startswith("stt_jobs{") for name in during)
    own = 'stt_audio_seconds_total{engine="on-device"}'
    assert during[own] == before[own] >= 11
    health = requests.get(f"{address}/healthz", timeout=30)
    assert health.status_code == 503 and "database" in health.json()["missing"]
    assert "Traceback" not in capfd.readouterr().err


def test_unexpected_error_is_a_500_without_a_traceback(address: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(metrics, "registry", None)
    answer = requests.get(f"{address}/metrics", timeout=30)
    assert answer.status_code == 500 and "in the log" in answer.text and "Traceback" not in answer.text

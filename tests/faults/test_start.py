"""Test that the app, if it cannot start, prints one clear message and exits."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stt.jobs import service
from tests import audio
from tests.server import ROOT, Server, free_port


def run(data: Path, port: int, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port)]
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "STT_DATA_DIR": str(data), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_second_process_on_a_data_folder_exits_with_a_message(tmp_path: Path):
    with Server(tmp_path / "data"):
        second = run(tmp_path / "data", free_port())
    assert second.returncode != 0
    assert "Another STT Studio is already running on the data folder" in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.parametrize("command", ["create", "transcribe", "watch"])
def test_job_engine_beside_a_server_is_refused_and_changes_nothing(tmp_path: Path, command: str):
    programs = {
        "create": ["-c", "import sys, stt; stt.create(sys.argv[1])", str(audio.JFK)],
        "transcribe": ["-m", "stt", "transcribe", str(audio.JFK), str(audio.AUSTEN[0])],
        "watch": ["-m", "stt", "watch", str(tmp_path), "--output", str(tmp_path / "out")],
    }
    with Server(tmp_path / "data") as server:
        upload = tmp_path / "data" / "incoming" / "upload"
        upload.touch()
        # An engine would delete this upload at its start. The server does not: it deletes only uploads older than a day.
        os.utime(upload, (time.time() - 60, time.time() - 60))
        second = subprocess.run(
            [sys.executable, *programs[command]],
            cwd=ROOT,
            env=server.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert upload.exists()
    assert second.returncode == 1 and not second.stdout
    message = f"Another STT Studio is already running on the data folder {tmp_path / 'data'}."
    assert second.stderr.count(message) == 1
    if command != "create":
        assert "Traceback" not in second.stderr and "Use it with --server" in second.stderr


def test_data_folder_is_free_again_after_the_job_engine_has_stopped(data: Path):
    service.start()
    service.stop()
    command = [sys.executable, "-c", "from stt.jobs import service; service.start(); service.stop()"]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)


def test_unwritable_data_folder_is_reported_at_start(tmp_path: Path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    ended = run(blocked / "data", free_port())
    assert ended.returncode != 0
    assert "cannot be written" in ended.stderr and "STT_DATA_DIR" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("command", ["app", "worker"])
def test_weak_secret_is_refused_and_not_printed(tmp_path: Path, command: str):
    environment = {**os.environ, "STT_DATA_DIR": str(tmp_path / "data"), "STT_SECRET": "hunter2-hunter2"}
    program = (
        ["streamlit", "run", "streamlit_app.py", "--server.port", str(free_port())]
        if command == "app"
        else ["stt", "worker"]
    )
    ended = subprocess.run(
        [sys.executable, "-m", *program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert "STT_SECRET can be guessed: it needs 32 characters or more" in ended.stderr
    assert "Traceback" not in ended.stderr and "hunter2" not in ended.stderr + ended.stdout


def test_port_in_use_is_reported(tmp_path: Path):
    with Server(tmp_path / "first") as server:
        ended = run(tmp_path / "second", server.port)
    assert ended.returncode != 0
    assert f"Port {server.port} is not available" in ended.stderr + ended.stdout


def test_old_python_version_is_refused_with_a_message(tmp_path: Path):
    source = (ROOT / "streamlit_app.py").read_text().replace("(3, 11)", "(99, 0)")
    script = tmp_path / "streamlit_app.py"
    script.write_text(source)
    ended = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert ended.returncode != 0 and "needs Python" in ended.stderr and "Traceback" not in ended.stderr


@pytest.mark.parametrize("damage", ["missing", "altered"])
def test_missing_or_altered_weights_fail_the_job_with_a_message(tmp_path: Path, damage: str):
    folder = tmp_path / "weights"
    folder.mkdir()
    if damage == "altered":
        for name in ("config.json", "tokenizer.json", "model.bin", "vocabulary.txt"):
            (folder / name).write_text("not what it should be")
    program = (
        "import stt\n"
        "from tests.waiting import ended\n"
        "p = ended(stt.create('tests/speech/jfk.flac'))\n"
        "print(p.state, p.job.error['kind'], p.job.error['message'])\n"
        "from stt.jobs import service as jobs; jobs.stop()\n"
    )
    environment = {**os.environ, "STT_DATA_DIR": str(tmp_path / "data"), "STT_WHISPER_MODEL": str(folder)}
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert "failed WeightsError" in ended.stdout, ended.stderr
    shutil.rmtree(folder)

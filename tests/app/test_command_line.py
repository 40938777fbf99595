"""Test `stt transcribe` and `stt watch` in real processes, with files, pipes and a server."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pysubs2
import pytest
import sqlalchemy as sa

from tests import audio
from tests.app.rest import Api
from tests.server import ROOT, Server
from tests.waiting import until

COMMAND = [sys.executable, "-m", "stt", "transcribe"]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {**os.environ, "STT_DATA_DIR": str(tmp_path_factory.mktemp("command") / "data")}


@pytest.fixture
def transcribe(environment: dict[str, str]):
    def run(*arguments: object, code: int = 0, **more) -> subprocess.CompletedProcess:
        command = [*COMMAND, *map(str, arguments)]
        options = {"cwd": ROOT, "env": environment, "capture_output": True, "check": False, "timeout": 120, **more}
        found = subprocess.run(command, **options)
        assert found.returncode == code, found.stderr.decode()
        return found

    return run


def plain_words(text: str) -> str:
    return "".join(
        letter for letter in text.lower().replace("-", " ").replace("\n", " ") if letter.isalpha() or letter == " "
    ).strip()


def jobs_in(environment: dict[str, str]) -> int:
    engine = sa.create_engine(f"sqlite:///{environment['STT_DATA_DIR']}/stt.db")
    with engine.connect() as connection:
        count = connection.execute(sa.text("SELECT count(*) FROM transcriptions")).scalar_one()
    engine.dispose()
    return count


def test_one_file_prints_its_text_and_leaves_no_data(transcribe, environment):
    found = transcribe(audio.AUSTEN[1])
    assert plain_words(found.stdout.decode()) == audio.AUSTEN_WORDS["austen-0890"]
    assert jobs_in(environment) == 0 and not list(Path(environment["STT_DATA_DIR"]).glob("audio/*"))


def test_folder_gives_a_file_per_format_and_replaces_none(transcribe, tmp_path: Path):
    for path in audio.AUSTEN:
        shutil.copy(path, tmp_path)
    (tmp_path / "notes.txt").write_text("no recording")
    out = tmp_path / "out"
    transcribe(tmp_path, "--format", "srt,txt", "--output", out, "--language", "en")
    assert sorted(path.name for path in out.iterdir()) == [
        f"{p.stem}.{e}" for p in audio.AUSTEN for e in ("srt", "txt")
    ]
    cues = pysubs2.load(str(out / "austen-0890.srt"))
    assert plain_words(" ".join(cue.plaintext for cue in cues)) == audio.AUSTEN_WORDS["austen-0890"]
    (out / "austen-0890.txt").write_text("corrected by hand")
    transcribe(audio.AUSTEN[1], "--output", out)
    assert (out / "austen-0890.txt").read_text() == "corrected by hand"
    assert plain_words((out / "austen-0890 (2).txt").read_text()) == audio.AUSTEN_WORDS["austen-0890"]


def test_overwrite_replaces_files_of_earlier_runs_but_none_of_the_same_run(transcribe, tmp_path: Path):
    audio.write(tmp_path / "talk.flac", audio.samples(audio.AUSTEN[1]))
    audio.write(tmp_path / "talk.wav", audio.samples(audio.JFK))
    out = tmp_path / "out"
    out.mkdir()
    for name in ("talk.txt", "talk (2).txt"):
        (out / name).write_text("of an earlier run")
    transcribe(tmp_path, "--output", out, "--overwrite")
    assert {path.name: plain_words(path.read_text()) for path in out.iterdir()} == {
        "talk.txt": audio.AUSTEN_WORDS["austen-0890"],
        "talk (2).txt": audio.JFK_WORDS,
    }


@pytest.mark.parametrize("name", ["~draft.flac", "~nobody/talk.flac"])
def test_file_whose_name_begins_with_a_tilde_is_found(transcribe, tmp_path: Path, name: str):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    shutil.copy(audio.AUSTEN[1], path)
    environment = {**os.environ, "STT_DATA_DIR": str(tmp_path / "data"), "PYTHONPATH": str(ROOT)}
    found = transcribe(name, cwd=tmp_path, env=environment)
    assert plain_words(found.stdout.decode()) == audio.AUSTEN_WORDS["austen-0890"]


def test_pipe_reads_standard_input_and_writes_standard_output(transcribe):
    found = transcribe("-", "--format", "vtt", input=audio.AUSTEN[1].read_bytes())
    cues = pysubs2.SSAFile.from_string(found.stdout.decode(), format_="vtt")
    assert plain_words(" ".join(cue.plaintext for cue in cues)) == audio.AUSTEN_WORDS["austen-0890"]


def test_json_output_has_an_exit_code_and_a_bad_file_stops_no_other(transcribe, tmp_path: Path):
    bad = tmp_path / "bad.mp3"
    bad.write_bytes(b"no sound" * 99)
    found = transcribe(bad, audio.AUSTEN[1], "--json", code=1)
    first, second = (json.loads(line) for line in found.stdout.decode().splitlines())
    assert first["status"] == "failed" and first["error"]["message"] in found.stderr.decode()
    assert second["status"] == "done" and plain_words(second["text"]) == audio.AUSTEN_WORDS["austen-0890"]
    assert second["language"] == "en" and second["duration"] == pytest.approx(5.3, abs=0.1) and second["outputs"] == []


def test_unreadable_file_stops_no_other(transcribe, server: Server, api: Api, tmp_path: Path):
    (tmp_path / "bad.flac").symlink_to("/proc/self/mem")  # even root cannot read its first byte
    shutil.copy(audio.AUSTEN[1], tmp_path / "good.flac")
    for more in ([], ["--server", server.url, "--token", api.token]):
        found = transcribe(tmp_path, "--json", *more, code=1)
        first, second = (json.loads(line) for line in found.stdout.decode().splitlines())
        assert first["error"]["message"].startswith(f"{tmp_path / 'bad.flac'} cannot be read: Input/output error")
        assert second["status"] == "done" and b"Traceback" not in found.stderr


def test_name_that_is_not_unicode_is_printed_as_json(transcribe, tmp_path: Path):
    name = os.fsdecode(b"caf\xe9.flac")
    shutil.copy(audio.AUSTEN[1], tmp_path / name)
    found = transcribe(tmp_path, "--json", "--output", tmp_path)
    answer = json.loads(found.stdout.decode())
    assert answer["file"] == str(tmp_path / name)
    assert plain_words(Path(answer["outputs"][0]).read_text()) == audio.AUSTEN_WORDS["austen-0890"]


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_standard_output_that_cannot_be_written_gives_a_message(transcribe, environment, more: list[str]):
    with open("/dev/full", "wb") as full:
        found = transcribe(audio.AUSTEN[1], *more, code=1, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert b"Standard output cannot be written to: No space left" in found.stderr
    assert b"Traceback" not in found.stderr and b"Exception" not in found.stderr and jobs_in(environment) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.mp3"], "There is no file nowhere.mp3"),
        (["~nobody/talk.mp3"], "There is no file ~nobody/talk.mp3"),
        (["long" * 100 + ".mp3"], "cannot be read: File name too long"),
        ([str(audio.JFK), "--format", "xml"], "no list of formats"),
        ([str(audio.JFK), "--model", "huge"], "huge"),
        ([str(audio.JFK), "--speakers", "many"], "--speakers"),
        ([str(audio.JFK), "--server", "http://localhost:1"], "token"),
        ([str(audio.JFK), "--vocabulary", "nowhere.txt"], "nowhere.txt"),
    ],
)  # fmt: skip
def test_invalid_argument_gives_a_message_without_a_traceback(transcribe, arguments: list[str], words: str):
    found = transcribe(*arguments, code=1)
    assert words in found.stderr.decode() and "Traceback" not in found.stderr.decode()


def test_command_transcribes_on_a_server(transcribe, server: Server, api: Api):
    found = transcribe(audio.JFK, "--server", server.url, "--token", api.token)
    assert plain_words(found.stdout.decode()) == audio.JFK_WORDS


def test_token_refused_by_the_server_is_reported(transcribe, server: Server):
    found = transcribe(audio.JFK, "--server", server.url, "--token", "wrong", code=1)
    assert "refused the token" in found.stderr.decode()


def test_interrupt_stops_the_job_and_leaves_no_record(environment, tmp_path: Path):
    path = audio.write(tmp_path / "long.flac", np.tile(audio.samples(audio.JFK), 60))
    process = subprocess.Popen(
        [*COMMAND, str(path)],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.SIG_DFL
        ),  # a shell that runs the tests with "&" makes all child processes ignore SIGINT, so restore the default
    )
    until(lambda: Path(environment["STT_DATA_DIR"], "stt.db").exists() and jobs_in(environment) == 1, 60)
    process.send_signal(signal.SIGINT)
    _, output = process.communicate(timeout=120)
    assert process.returncode == 130 and b"Stopped." in output and b"Traceback" not in output
    assert jobs_in(environment) == 0


def rows(out: Path) -> list[dict]:
    """Return the last record that `stt watch` wrote about each file, parsed from JSON."""
    record = out / ".stt-watch.jsonl"
    lines = [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []
    return list({line["file"]: line for line in lines}.values())


@pytest.fixture
def start_watcher(environment: dict[str, str], tmp_path: Path):
    """Return a function that starts `stt watch` on `inbox`. All started processes are killed after the test."""
    (tmp_path / "inbox").mkdir()
    processes = []

    def start(*more: object) -> subprocess.Popen:
        command = [*COMMAND[:-1], "watch", str(tmp_path / "inbox"), "--output", str(tmp_path / "out"), *map(str, more)]
        processes.append(subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.wait()
        process.stderr.close()


def test_file_in_a_watched_folder_is_transcribed_once_even_after_a_restart(start_watcher, environment, tmp_path: Path):
    inbox, out = tmp_path / "inbox", tmp_path / "out"
    shutil.copy(audio.AUSTEN[1], inbox / "before.flac")
    (inbox / "bad.mp3").write_bytes(b"no sound" * 99)
    first = start_watcher("--language", "en")
    until(lambda: (out / "before.txt").exists() and len(rows(out)) == 2, 90)
    with open(inbox / "slow.flac", "wb") as file:  # write the file in three pieces, as a slow copy does
        content = audio.AUSTEN[0].read_bytes()
        for at in range(0, len(content), len(content) // 3 + 1):
            file.write(content[at : at + len(content) // 3 + 1])
            file.flush()
    until(lambda: (out / "slow.txt").exists() and len(rows(out)) == 3, 90)
    assert plain_words((out / "slow.txt").read_text()).endswith("prudently in his power to do for them")
    first.send_signal(signal.SIGTERM)
    _, output = first.communicate(timeout=120)
    assert first.returncode == 130 and b"Stopped." in output and b"Traceback" not in output
    start_watcher("--language", "en")
    shutil.copy(audio.AUSTEN[1], inbox / "later.flac")
    until(lambda: len(rows(out)) == 4 and all(row["status"] != "begun" for row in rows(out)), 90)
    until(lambda: jobs_in(environment) == 0)  # each job is deleted after its end is recorded
    assert sorted(path.name for path in out.glob("*.txt")) == ["before.txt", "later.txt", "slow.txt"]
    assert {row["file"]: row["status"] for row in rows(out)} == {
        "bad.mp3": "failed", "before.flac": "done", "later.flac": "done", "slow.flac": "done",
    }  # fmt: skip


def test_killed_watcher_resumes_the_same_job_after_a_restart(start_watcher, environment, tmp_path: Path):
    inbox, out = tmp_path / "inbox", tmp_path / "out"
    audio.write(inbox / "long.flac", np.tile(audio.samples(audio.JFK), 4))
    first = start_watcher()
    until(lambda: rows(out) and "generation_id" in rows(out)[0] and jobs_in(environment) == 1, 60)
    first.kill()
    first.wait()
    (begun,) = rows(out)
    assert begun["status"] == "begun" and jobs_in(environment) == 1
    start_watcher()
    until(lambda: rows(out)[0]["status"] == "done", 300)
    assert (out / "long.txt").read_text().lower().count("ask not") == 4
    lines = (out / ".stt-watch.jsonl").read_text().splitlines()
    jobs = {json.loads(line).get("generation_id") for line in lines} - {None}
    assert len(jobs) == 1, "no second job was made"
    until(lambda: jobs_in(environment) == 0)


def test_transcript_that_cannot_be_written_is_only_written_again(start_watcher, environment, tmp_path: Path):
    inbox, out = tmp_path / "inbox", tmp_path / "out"
    (inbox / "monday").mkdir()
    out.mkdir()
    shutil.copy(audio.AUSTEN[1], inbox / "monday" / "talk.flac")
    (out / "monday").write_text("not a folder")
    first = start_watcher("--recursive")
    output = b""
    while b"trying again in 30 s" not in output:
        line = first.stderr.readline()
        assert line, output
        output += line
    assert b"cannot be written" in output and jobs_in(environment) == 1
    first.send_signal(signal.SIGTERM)
    assert first.wait(120) == 130
    (begun,) = rows(out)
    assert begun["status"] == "begun" and jobs_in(environment) == 1
    (out / "monday").unlink()
    start_watcher("--recursive")
    until(lambda: rows(out)[0]["status"] == "done" and jobs_in(environment) == 0, 90)
    assert plain_words((out / "monday" / "talk.txt").read_text()) == audio.AUSTEN_WORDS["austen-0890"]
    jobs = {json.loads(line).get("generation_id") for line in (out / ".stt-watch.jsonl").read_text().splitlines()}
    assert len(jobs - {None}) == 1, "no second job was made"


def test_unusable_output_folder_gives_a_message(start_watcher, tmp_path: Path):
    (tmp_path / "out").write_text("not a folder")
    process = start_watcher()
    _, output = process.communicate(timeout=60)
    assert process.returncode == 1 and b"out cannot be used: File exists." in output and b"Traceback" not in output


def test_second_watcher_of_an_output_and_a_missing_folder_are_refused(start_watcher, tmp_path: Path):
    first = start_watcher()
    until(lambda: (tmp_path / "out" / ".stt-watch.jsonl.lock").exists(), 60)
    second = start_watcher()
    _, output = second.communicate(timeout=60)
    assert second.returncode == 1 and b"Another stt watch" in output
    assert first.poll() is None
    (tmp_path / "inbox").rmdir()
    third = start_watcher()
    _, output = third.communicate(timeout=60)
    assert third.returncode == 1 and b"There is no folder" in output


def test_watcher_retries_when_the_server_does_not_answer(start_watcher, tmp_path: Path):
    shutil.copy(audio.JFK, tmp_path / "inbox" / "talk.flac")
    process = start_watcher("--server", "http://localhost:9", "--token", "some")
    assert process.stderr is not None
    output = b""
    while b"trying again in 30 s" not in output:
        line = process.stderr.readline()
        assert line, output
        output += line
    assert b"does not answer" in output and rows(tmp_path / "out")[0]["status"] == "begun"

"""Test the export of all data of one owner as a ZIP: complete, readable, and without data of others."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from stt import kinds
from stt.db import queries
from stt.db.tables import transcriptions
from stt.errors import NotFound
from stt.library import history, takeout
from stt.store import recordings, records
from stt.transcript.model import Segment, Transcript
from stt.web.exports import files
from tests import audio
from tests.integration.test_limits import ANN, BEN, job
from tests.transcripts import finished

pytestmark = pytest.mark.usefixtures("data")


def unpack(owner: str) -> dict[str, bytes]:
    archive = zipfile.ZipFile(io.BytesIO(b"".join(takeout.everything(owner))))
    assert archive.testzip() is None
    return {name: archive.read(name) for name in archive.namelist()}


def test_export_has_all_data_of_the_owner_and_nothing_of_others():
    mine, theirs = finished(ANN), finished(BEN)
    unused = recordings.take_in(audio.AUSTEN[0], ANN)
    found = unpack(ANN)
    assert found.keys() == {
        *(f"transcripts/0001 Talk.{ending}" for ending in ("txt", "srt", "json")),
        "recordings/0001 jfk.flac",
        "recordings/0002 austen-0870.wav",
        "index.json",
    }
    assert found["transcripts/0001 Talk.txt"].strip() == b"Ask not."
    assert found["recordings/0001 jfk.flac"] == audio.JFK.read_bytes()
    index = json.loads(found["index.json"])
    assert [entry["id"] for entry in index["transcripts"]] == [mine.id]
    assert [entry["id"] for entry in index["recordings"]] == [mine.recording_id, unused.id]
    assert theirs.id not in str(found) and ANN not in str(found)


def test_equal_or_strange_titles_get_a_file_each():
    for title in ("../../etc/passwd", "same", "Same", "", "=cmd|' /C calc'!A1", "a" * 500, "\u202egnp.exe"):
        records.insert(created := job(ANN, title=title, state=kinds.WORKING))
        records.finish(created, Transcript((Segment(0.0, 1.0, "Ask not."),), 11.0))
    names = [name for name in unpack(ANN) if name.startswith("transcripts/")]
    assert len(names) == len(set(names)) == 21
    for name in names:
        assert name.count("/") == 1 and ".." not in name and name.isprintable() and len(name) < 200


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("1.1 Lesson", "0001 1.1 Lesson"),
        ("Meeting 12.05.2024", "0001 Meeting 12.05.2024"),
        ("1.1 Lesson.FLAC", "0001 1.1 Lesson.flac"),
        ("a.b.flac", "0001 a.b.flac"),
        ("Dr. Who", "0001 Dr. Who"),
    ],
)
def test_a_recording_keeps_its_name(name: str, file: str):
    recordings.take_in(audio.JFK, ANN, name)
    assert f"recordings/{file}" in unpack(ANN)


def test_unfinished_jobs_and_missing_recordings_do_not_stop_the_export():
    records.insert(job(ANN, title="Waiting", url="https://example.org/talk.mp3"))
    gone = finished(ANN)
    recordings.find(gone.recording_id, ANN).path.unlink()
    index = json.loads(unpack(ANN)["index.json"])
    assert {entry["state"] for entry in index["transcripts"]} == {kinds.QUEUED, kinds.DONE}
    assert [entry["file"] for entry in index["recordings"]] == [None]


def test_what_is_deleted_while_the_export_is_sent_is_left_out():
    first, second, third = (finished(ANN) for _ in range(3))
    for created, age in ((first, 3.0), (second, 2.0), (third, 1.0)):
        queries.write(transcriptions.update().where(transcriptions.c.id == created.id).values(created=age))
    pieces = takeout.everything(ANN)
    content = next(pieces)
    history.delete(second.id, ANN)
    archive = zipfile.ZipFile(io.BytesIO(b"".join((content, *pieces))))
    assert archive.testzip() is None
    index = json.loads(archive.read("index.json"))
    kept = [entry["id"] for entry in index["transcripts"]]
    assert kept == [third.id, first.id] and second.id not in str(archive.namelist())
    assert len([name for name in archive.namelist() if name.startswith("transcripts/")]) == 6
    assert [entry["id"] for entry in index["recordings"]] == [first.recording_id, third.recording_id]


def test_transcripts_that_are_deleted_while_a_zip_is_sent_are_left_out():
    jobs = [finished(ANN) for _ in range(3)]
    pieces = files._zipped(jobs, {"formats": "txt,json"})
    content = next(pieces)
    history.delete(jobs[1].id, ANN)
    archive = zipfile.ZipFile(io.BytesIO(b"".join((content, *pieces))))
    assert archive.namelist() == ["Talk.txt", "Talk.json", "Talk (2).txt", "Talk (2).json"]
    assert archive.read("Talk (2).txt").strip() == b"Ask not."


@pytest.mark.parametrize("form", ["txt", "srt", "docx", "csv", "json", "notes", "raw"])
def test_a_file_of_a_transcript_that_is_deleted_before_it_is_read_is_not_found(form: str):
    created = finished(ANN)
    history.delete(created.id, ANN)
    with pytest.raises(NotFound):
        files._file(created, form, {})


def test_recording_deleted_while_it_is_sent_is_complete_in_the_export():
    recording = recordings.take_in(audio.JFK, ANN)
    pieces, content = takeout.everything(ANN), b""
    while b"0001 jfk.flac" not in content:  # until the header of the recording is sent
        content += next(pieces)
    recordings.remove(recording.id, ANN)
    archive = zipfile.ZipFile(io.BytesIO(b"".join((content, *pieces))))
    assert archive.testzip() is None and archive.read("recordings/0001 jfk.flac") == audio.JFK.read_bytes()


def test_export_of_an_unknown_owner_is_empty():
    assert json.loads(unpack("visitor:nobody")["index.json"]) == {"transcripts": [], "recordings": []}

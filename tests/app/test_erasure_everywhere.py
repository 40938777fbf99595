"""Test that deleted data is gone, by searching all bytes of the data folder, the log and the database for it.

A fixture stores and deletes the data of all cases, and waits once for all of them. Each case then has its own test.
"""

from __future__ import annotations

import base64
import secrets
import sqlite3
import string
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psycopg
import pytest
from werkzeug import Response

from stt import kinds
from stt.auth import tokens
from stt.background.passages import results as passages
from stt.db.engine import database
from stt.db.tables import transcriptions
from stt.library import corrections, history, retention, sharing, tagging, vocabulary, voices
from stt.notes import book
from stt.settings import settings
from stt.store import playback_copies, recordings, records, removals, transcripts
from stt.transcript.notes import Note
from stt.webhooks import subscriptions
from tests import audio
from tests.app.rest import Api
from tests.conftest import reset_caches
from tests.postgres import postgres
from tests.server import Server
from tests.transcripts import retype
from tests.waiting import until

SPOKEN = ("fellow", "country")  # words that are spoken in the recording
WITHIN = 60.0  # maximum seconds from a delete until no data is left


def word() -> str:
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(14))


@dataclass
class Planted:
    """Represent the data stored for an owner: a random word for each text field, and byte sequences of audio files."""

    title: str = field(default_factory=word)
    tag: str = field(default_factory=word)
    typed: str = field(default_factory=word)
    noted: str = field(default_factory=word)
    speaker: str = field(default_factory=word)
    link: str = field(default_factory=word)
    sounds: list[bytes] = field(default_factory=list)
    owner: str = field(default_factory=lambda: f"user:{word()}")

    def needles(self) -> dict[str, bytes]:
        """Return the bytes to search for, by name.

        The first two letters of the random words are cut off, because the search index does not store the letters
        with which a word begins like the previous word.
        """
        words = {
            name: getattr(self, name).encode()[2:] for name in ("title", "tag", "typed", "noted", "speaker", "link")
        }
        words |= {f"spoken {word}": word.encode() for word in SPOKEN}
        # The job engine stores pickles as base64. The encoding of a word depends on its byte offset modulo 3.
        coded = {
            f"{name} in base64 at {at}": base64.b64encode(b"x" * at + value)[(at * 8 + 5) // 6 : -4]
            for name, value in words.items()
            for at in range(3)
        }
        return words | coded | {f"sound {n}": sound for n, sound in enumerate(self.sounds)}


@dataclass
class Deployment:
    """Represent a running server whose data folder and database this process uses too."""

    server: Server
    postgres: str | None

    def client_of(self, owner: str) -> Api:
        return Api(self.server, tokens.create("program", owner))

    def places(self) -> Iterator[tuple[str, bytes]]:
        """Yield name and content of the log, each PostgreSQL table and each file of the data folder except weights."""
        for path in self.server.data.rglob("*"):
            if path.is_file() and "models" not in path.parts:
                try:
                    yield path.name, path.read_bytes()
                except FileNotFoundError:
                    continue  # the server has removed the file since `rglob` listed it
        yield "log", self.server.log.read_bytes()
        if self.postgres:
            with psycopg.connect(self.postgres) as connection:
                tables = connection.execute(
                    "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
                    " AND table_schema NOT IN ('pg_catalog', 'information_schema')"
                ).fetchall()
                for schema, table in tables:
                    rows = connection.execute(f'SELECT t::text FROM "{schema}"."{table}" t').fetchall()
                    yield f"table {table}", "\n".join(row[0] for row in rows).encode()

    def found(self, several: Sequence[Planted], *, sounds_only: bool = False) -> list[list[str]]:
        """Return for each of `several` a list of what is still stored of its data, and where."""
        needles = [planted.needles() for planted in several]
        found: list[list[str]] = [[] for _ in several]
        for place, content in self.places():
            lower = b"" if sounds_only else content.lower()
            for number, each in enumerate(needles):
                for what, needle in each.items():
                    if needle in content if what.startswith("sound ") else needle.lower() in lower:
                        found[number].append(f"{what} in {place}")
        return found


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def deployment(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("gone")
    with pytest.MonkeyPatch.context() as patch:
        environment = {
            "STT_ALLOW_PRIVATE_URLS": "1",
            "STT_ACCESS": "private",
            "STT_KEEP_TRANSCRIPTS_DAYS": "3000",
            "STT_MAX_CONCURRENT_JOBS": str(len(WAYS)),  # the running jobs of all cases must run at the same time
        }
        with postgres() if request.param == "postgresql" else nullcontext() as address:
            if address:
                environment |= {"STT_DATABASE_URL": address, "STT_STORAGE": f"file://{folder}/data/afar"}
            for name, value in environment.items():
                patch.setenv(name, value)
            with Server(folder / "data", **environment) as server:
                patch.setenv("STT_DATA_DIR", str(server.data))
                reset_caches()
                yield Deployment(server, address)
                reset_caches()


def write_noisy_recording(tmp_path: Path, planted: Planted, times: int = 1, suffix: str = ".wav") -> Path:
    """Write speech with unique noise, so that no two files share a byte sequence. Add some sequences to `planted`."""
    sound = np.tile(audio.samples(audio.JFK), times)
    sound = sound + audio.noise(len(sound) / audio.RATE, 0.0005, seed=secrets.randbelow(1 << 30))[: len(sound)]
    path = audio.write(tmp_path / f"{planted.title}{suffix}", sound)
    planted.sounds += pieces(path)
    return path


def pieces(path: Path) -> list[bytes]:
    """Return several 48-byte sequences of a file. None of them occurs in another file."""
    content = path.read_bytes()
    return [content[at : at + 48] for at in range(1000, len(content) - 48, len(content) // 5)]


def send(deployment: Deployment, planted: Planted, path: Path) -> str:
    return deployment.client_of(planted.owner).send(path.read_bytes(), name=path.name).json()["generation_id"]


def store_finished(deployment: Deployment, planted: Planted, tmp_path: Path) -> str:
    """Store a finished transcript with everything that users can add. Its AIFF recording gets a playback copy."""
    generation_id, owner = (
        send(deployment, planted, write_noisy_recording(tmp_path, planted, suffix=".aiff")),
        planted.owner,
    )
    until(lambda: records.load(generation_id, owner).state == kinds.DONE, 120)
    recording = recordings.find(records.load(generation_id, owner).recording_id, owner)
    until(lambda: playback_copies.copy_of(recording, ""), 120)
    planted.sounds += pieces(playback_copies.copy_of(recording, ""))
    tagging.set_tags(generation_id, owner, [planted.tag])
    text = transcripts.transcript_of(generation_id).text
    version = retype(generation_id, owner, 0, f"{text} {planted.typed}")
    corrections.restore(generation_id, owner, version)
    book.put(generation_id, owner, Note("note-to-go", 1.0, 2.0, planted.noted))
    passage = passages.next_attempt(generation_id, 0.0, 5.0, "local/whisper-base", {"vocabulary": [planted.noted]})
    assert passages.finish(passage, transcripts.transcript_of(generation_id).segments)
    sharing.create(generation_id, owner, days=7, audio=True, notes=True)
    assert SPOKEN[0] in text.lower()
    return generation_id


def wait_for_words(planted: Planted, generation_id: str) -> None:
    """Wait until a running job of a long recording has decoded text, then give it a tag."""
    until(lambda: "country" in transcripts.text_so_far(generation_id).lower(), 120)
    tagging.set_tags(generation_id, planted.owner, [planted.tag])


def delete_one(owner: str, ids: list[str]) -> None:
    history.delete(ids[0], owner)


def delete_several(owner: str, ids: list[str]) -> None:
    for generation_id in ids:
        history.delete(generation_id, owner)


def delete_everything(owner: str, ids: list[str]) -> None:
    retention.delete_everything(owner)


def delete_by_age(owner: str, ids: list[str]) -> None:
    """Cancel the jobs, because retention skips running jobs, set their times to 1970, and run retention."""
    for generation_id in ids:
        records.transition(generation_id, kinds.OPEN, kinds.CANCELLED)
    with database().begin() as connection:
        old = transcriptions.update().where(transcriptions.c.id.in_(ids))
        connection.execute(old.values(created=0.0, finished=1.0))
    assert retention.prune()[0] == len(ids)


WAYS = (delete_one, delete_several, delete_everything, delete_by_age)
STATES = ("done", "running")


@dataclass
class Case:
    """Represent the data of an owner, the way in which it is deleted, and the time when nothing of it was left."""

    way: Callable[[str, list[str]], None]
    state: str
    planted: Planted = field(default_factory=Planted)
    ids: list[str] = field(default_factory=list)
    recordings: list[str] = field(default_factory=list)
    deleted: float = 0.0  # time of the delete; it and `gone` are seconds of the monotonic clock
    gone: float | None = None
    left: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def cases(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Case]:
    """Store a case for each way to delete and each job state. Delete all, then wait until nothing is left."""
    tmp_path = tmp_path_factory.mktemp("planted")
    all_of_them = [Case(way, state) for state in STATES for way in WAYS]
    running = [case for case in all_of_them if case.state == "running"]
    for case in all_of_them:
        if case.state == "done" or case.way is delete_several:
            case.ids.append(store_finished(deployment, case.planted, tmp_path))
        if case.state == "done" and case.way is delete_several:
            case.ids.append(store_finished(deployment, case.planted, tmp_path))
    for case in running:
        case.ids.append(send(deployment, case.planted, write_noisy_recording(tmp_path, case.planted, times=60)))
    for case in running:
        wait_for_words(case.planted, case.ids[-1])
    found = deployment.found([case.planted for case in all_of_them], sounds_only=True)
    for case, places in zip(all_of_them, found, strict=True):
        for number in range(len(case.planted.sounds)):
            assert any(place.startswith(f"sound {number} ") for place in places), f"{case.way.__name__}: sound {number}"
        case.recordings = [recording.id for recording in recordings.all_of(case.planted.owner)]
    for case in running:
        assert records.load(case.ids[-1], case.planted.owner).state == kinds.WORKING, f"{case.way.__name__} has ended"
    for case in all_of_them:
        case.way(case.planted.owner, case.ids)
        case.deleted = time.monotonic()
    wait_until_gone(deployment, all_of_them)
    return {(case.way.__name__, case.state): case for case in all_of_them}


def wait_until_gone(deployment: Deployment, several: Sequence[Case]) -> None:
    """Set for each case `gone`, the time when no data was left, or `left`, the data left after WITHIN seconds."""
    ends = time.monotonic() + WITHIN
    while waiting := [case for case in several if case.gone is None]:
        now = time.monotonic()
        for case, left in zip(waiting, deployment.found([case.planted for case in waiting]), strict=True):
            case.left, case.gone = left, None if left else now
        if now > ends:
            return
        threading.Event().wait(0.5)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("state", STATES)
def test_deleted_job_leaves_no_data_within_a_minute(
    deployment: Deployment, cases: dict[tuple[str, str], Case], way, state: str
):
    case = cases[way.__name__, state]
    assert not case.left, f"after {WITHIN} s there is still {case.left}"
    assert case.gone is not None and case.gone - case.deleted <= WITHIN, f"gone after {case.gone - case.deleted:.1f} s"
    assert case.recordings, "it had recordings"
    assert not recordings.find_all(case.recordings, case.planted.owner), "rows of its recordings are left"
    assert not removals.due(removals.AUDIO), "files are still to be removed"
    for generation_id in case.ids:
        until(lambda i=generation_id: not is_in_job_engine(deployment, i), WITHIN)


def is_in_job_engine(deployment: Deployment, generation_id: str) -> bool:
    if deployment.postgres:
        with psycopg.connect(deployment.postgres) as connection:
            query = "SELECT count(*) FROM dbos.operation_outputs WHERE workflow_uuid LIKE %s"
            return bool(connection.execute(query, (f"{generation_id}%",)).fetchone()[0])
    with closing(sqlite3.connect(deployment.server.data / "jobs.db")) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return any(
            generation_id in str(row) for table in tables for row in connection.execute(f'SELECT * FROM "{table}"')
        )


MOMENTS = ("during the download", "during the probe", "after the probe")


@pytest.fixture(scope="module")
def links(deployment: Deployment, make_httpserver, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    """Delete three jobs of links: during the download, during the probe, and after it. Wait until nothing is left."""
    deleted = {}
    for number, moment in enumerate(MOMENTS):
        case = deleted[moment] = Case(delete_one, moment)
        planted, owner = case.planted, case.planted.owner
        content = write_noisy_recording(tmp_path_factory.mktemp("links"), planted, times=12 + number).read_bytes()
        requested, resume = threading.Event(), threading.Event()

        def answer(_request, content=content, requested=requested, resume=resume) -> Response:
            def body() -> Iterator[bytes]:
                yield content[: len(content) // 2]
                requested.set()
                resume.wait(30)
                yield content[len(content) // 2 :]

            return Response(body(), headers={"Content-Length": str(len(content))}, mimetype="audio/wav")

        make_httpserver.expect_request(f"/{planted.link}.wav").respond_with_handler(answer)
        address = make_httpserver.url_for(f"/{planted.link}.wav")
        case.ids.append(deployment.client_of(owner).link(address).json()["generation_id"])
        assert requested.wait(30), f"{moment}: the link is not downloaded"
        if moment == "during the download":
            history.delete(case.ids[0], owner)
        resume.set()
        if moment == "during the probe":
            incoming, size = deployment.server.data / "incoming", len(content)
            until(lambda i=incoming, n=size, o=owner: n in sizes(i) or recordings.all_of(o), 30, every=0.005)
        if moment == "after the probe":
            until(lambda i=case.ids[0], o=owner: records.load(i, o).recording_id, 30)
        if moment != "during the download":
            history.delete(case.ids[0], owner)
        case.deleted = time.monotonic()
    wait_until_gone(deployment, list(deleted.values()))
    make_httpserver.clear()
    return deleted


@pytest.mark.parametrize("moment", MOMENTS)
def test_link_deleted_during_download_or_probe_leaves_no_data(
    deployment: Deployment, links: dict[str, Case], moment: str
):
    case = links[moment]
    assert not case.left, f"after {WITHIN} s there is still {case.left}"
    until(lambda: not is_in_job_engine(deployment, case.ids[0]))
    assert deployment.found([case.planted]) == [[]], "it came back"
    assert not recordings.all_of(case.planted.owner), "a recording came back"


def sizes(folder: Path) -> list[int]:
    found = []
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            found.append(path.stat().st_size)
    return found


def left(deployment: Deployment, words: Sequence[str]) -> list[str]:
    contents = [content for _, content in deployment.places()]
    return [each for each in words if any(each.encode()[2:] in content for content in contents)]


def test_settings_of_an_owner_without_transcripts_leave_no_data(deployment: Deployment):
    owner, kept = f"user:{word()}", [word() for _ in range(3)]
    tokens.create(kept[0], owner)
    vocabulary.save(owner, kept[1])
    subscriptions.save(owner, f"https://example.org/{kept[2]}")
    assert left(deployment, kept) == kept
    retention.delete_everything(owner)
    until(lambda: not left(deployment, kept), WITHIN)


def test_deleted_voice_leaves_no_data(deployment: Deployment):
    owner, name = f"user:{word()}", word()
    voices.remember(owner, name, np.ones(8, np.float32))
    assert left(deployment, [name])
    voices.delete(voices.all_of(owner)[0].id, owner)
    until(lambda: not left(deployment, [name]), WITHIN)


def test_files_of_the_server_are_unreadable_for_other_users(deployment: Deployment, tmp_path: Path):
    planted = Planted()
    store_finished(deployment, planted, tmp_path)
    open_to_others = [
        str(path.relative_to(deployment.server.data))
        for path in (deployment.server.data, *deployment.server.data.rglob("*"))
        if path.stat().st_mode & 0o077
    ]
    assert not open_to_others
    assert settings().data_dir == deployment.server.data.resolve()

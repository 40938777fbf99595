"""Gone is gone: after Delete every byte of the data folder, of the log and of the database is searched for what was there."""

from __future__ import annotations

import base64
import secrets
import sqlite3
import string
import threading
import time
from collections.abc import Iterator
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psycopg
import pytest
from werkzeug import Response

from stt import kinds
from stt.auth import tokens
from stt.db.engine import database
from stt.db.tables import transcriptions
from stt.library import corrections, history, retention, sharing
from stt.settings import settings
from stt.store import playback_copies, recordings, records, removals, transcripts
from tests import audio
from tests.app.rest import Api
from tests.conftest import forget
from tests.postgres import postgres
from tests.server import Server
from tests.waiting import until

OWNER = "user:program"
SPOKEN = ("fellow", "country")  # in the recording
WITHIN = 60.0  # seconds


def word() -> str:
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(14))


@dataclass
class Planted:
    """What a visitor brought in: a word in each place where one can stand, and pieces of sound."""

    title: str = field(default_factory=word)
    tag: str = field(default_factory=word)
    typed: str = field(default_factory=word)
    speaker: str = field(default_factory=word)
    link: str = field(default_factory=word)
    sounds: list[bytes] = field(default_factory=list)

    def needles(self) -> dict[str, bytes]:
        """By what they are. An index leaves out the letters that a word shares with the one before it."""
        words = {name: getattr(self, name).encode()[2:] for name in ("title", "tag", "typed", "speaker", "link")}
        words |= {f"spoken {word}": word.encode() for word in SPOKEN}
        # Pickles of the job engine are base64: a word looks one of three ways there.
        coded = {
            f"{name} in base64 at {at}": base64.b64encode(b"x" * at + value)[(at * 8 + 5) // 6 : -4]
            for name, value in words.items()
            for at in range(3)
        }
        return words | coded | {f"sound {n}": sound for n, sound in enumerate(self.sounds)}


@dataclass
class House:
    """A server that goes on running, the program that uses it, and this process on the same data."""

    server: Server
    api: Api
    postgres: str | None

    def places(self) -> Iterator[tuple[str, bytes]]:
        """Every file of the data folder but the weights, the log, and each row of PostgreSQL."""
        for path in self.server.data.rglob("*"):
            if path.is_file() and "models" not in path.parts:
                try:
                    yield path.name, path.read_bytes()
                except FileNotFoundError:
                    continue  # removed just now
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

    def found(self, planted: Planted) -> list[str]:
        found = []
        for place, content in self.places():
            lower = content.lower()
            for what, needle in planted.needles().items():
                if needle in content if what.startswith("sound") else needle.lower() in lower:
                    found.append(f"{what} in {place}")
        return found


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("gone")
    with pytest.MonkeyPatch.context() as patch:
        environment = {"STT_ALLOW_PRIVATE_URLS": "1", "STT_ACCESS": "private", "STT_KEEP_TRANSCRIPTS_DAYS": "3000"}
        with postgres() if request.param == "postgresql" else nullcontext() as address:
            if address:
                environment |= {"STT_DATABASE_URL": address, "STT_STORAGE": f"file://{folder}/data/afar"}
            for name, value in environment.items():
                patch.setenv(name, value)
            with Server(folder / "data", **environment) as server:
                patch.setenv("STT_DATA_DIR", str(server.data))
                forget()
                yield House(server, Api(server, tokens.create("program", OWNER)), address)
                forget()


def noisy(tmp_path: Path, planted: Planted, times: int = 1, suffix: str = ".wav") -> Path:
    """Speech with noise that no other has, so that no two recordings share a byte sequence; what is known of its bytes."""
    sound = np.tile(audio.samples(audio.JFK), times)
    sound = sound + audio.noise(len(sound) / audio.RATE, 0.0005, seed=secrets.randbelow(1 << 30))[: len(sound)]
    path = audio.write(tmp_path / f"{planted.title}{suffix}", sound)
    planted.sounds += pieces(path)
    return path


def pieces(path: Path) -> list[bytes]:
    """Byte sequences from all over a file that no other file has."""
    content = path.read_bytes()
    return [content[at : at + 48] for at in range(1000, len(content) - 48, len(content) // 5)]


def done(house: House, planted: Planted, tmp_path: Path) -> str:
    """A finished transcript, with all that people add to one, and a playback copy, as browsers do not play AIFF."""
    path = noisy(tmp_path, planted, suffix=".aiff")
    generation_id = house.api.send(path.read_bytes(), name=path.name).json()["generation_id"]
    until(lambda: records.load(generation_id, OWNER).state == kinds.DONE, 120)
    recording = recordings.find(records.load(generation_id, OWNER).recording_id, OWNER)
    until(lambda: playback_copies.copy_of(recording, ""), 120)
    planted.sounds += pieces(playback_copies.copy_of(recording, ""))
    corrections.set_tags(generation_id, OWNER, [planted.tag])
    text = transcripts.transcript_of(generation_id).text
    version = corrections.save(generation_id, OWNER, 0, f"{text} {planted.typed}", 0)
    corrections.restore(generation_id, OWNER, version)
    sharing.create(generation_id, OWNER, days=7, audio=True)
    assert SPOKEN[0] in text.lower()
    return generation_id


def running(house: House, planted: Planted, tmp_path: Path) -> str:
    """A job in the middle of a long recording, with words already."""
    path = noisy(tmp_path, planted, times=40)
    generation_id = house.api.send(path.read_bytes(), name=f"{planted.title}.wav").json()["generation_id"]
    until(lambda: "country" in transcripts.text_so_far(generation_id).lower(), 120)
    assert records.load(generation_id, OWNER).state == kinds.WORKING
    corrections.set_tags(generation_id, OWNER, [planted.tag])
    return generation_id


def delete_one(ids: list[str]) -> None:
    history.delete(ids[0], OWNER)


def delete_several(ids: list[str]) -> None:
    for generation_id in ids:
        history.delete(generation_id, OWNER)


def delete_everything(ids: list[str]) -> None:
    retention.delete_everything(OWNER)


def delete_by_age(ids: list[str]) -> None:
    """Retention leaves what is being worked on, so that is cancelled first."""
    for generation_id in ids:
        records.transition(generation_id, kinds.OPEN, kinds.CANCELLED)
    with database().begin() as connection:
        old = transcriptions.update().where(transcriptions.c.id.in_(ids))
        connection.execute(old.values(created=0.0, finished=1.0))
    assert retention.prune()[0] == len(ids)


@pytest.mark.parametrize(
    "way", [delete_one, delete_several, delete_everything, delete_by_age], ids=lambda way: way.__name__
)
@pytest.mark.parametrize("state", ["done", "running"])
def test_nothing_of_it_is_anywhere_within_a_minute(house: House, tmp_path: Path, way, state: str):
    planted = Planted()
    begin = {"done": done, "running": running}[state]
    ids = [begin(house, planted, tmp_path)]
    if way is delete_several:
        ids.append(done(house, planted, tmp_path))
    found = house.found(planted)
    assert all(any(name.startswith(f"sound {n} ") for name in found) for n in range(len(planted.sounds))), (
        "each can be found"
    )
    before = {recording.id for recording in recordings.all_of(OWNER)}
    way(ids)
    house.api = Api(house.server, tokens.create("program", OWNER))  # "everything" takes the token too
    began = time.monotonic()
    left = until_gone(house, planted)
    assert not left, f"after {WITHIN} s: {left}"
    print(f"\n{way.__name__}, {state}: gone after {time.monotonic() - began:.1f} s")
    assert not recordings.find_all(list(before), OWNER) and not removals.due(removals.AUDIO)
    until(lambda: not any(remembered(house, generation_id) for generation_id in ids), WITHIN)


def until_gone(house: House, planted: Planted) -> list[str]:
    """What is still found at the end; nothing as soon as nothing is."""
    ends = time.monotonic() + WITHIN
    while (left := house.found(planted)) and time.monotonic() < ends:
        threading.Event().wait(0.5)
    return left


def remembered(house: House, generation_id: str) -> bool:
    if house.postgres:
        with psycopg.connect(house.postgres) as connection:
            asked = "SELECT count(*) FROM dbos.operation_outputs WHERE workflow_uuid LIKE %s"
            return bool(connection.execute(asked, (f"{generation_id}%",)).fetchone()[0])
    with closing(sqlite3.connect(house.server.data / "jobs.db")) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return any(
            generation_id in str(row) for table in tables for row in connection.execute(f'SELECT * FROM "{table}"')
        )


def test_a_link_that_is_deleted_while_it_comes_or_is_looked_into_brings_nothing_back(
    house: House, httpserver, tmp_path: Path
):
    """Deleted at several moments of the download and of the look into the file: nothing of it comes after."""
    for moment in ("in the middle", "while it is looked into", "just after"):
        planted = Planted()
        path = noisy(tmp_path, planted, times=12)
        content, asked, go_on = path.read_bytes(), threading.Event(), threading.Event()

        def answer(_request, content=content, asked=asked, go_on=go_on) -> Response:
            def body() -> Iterator[bytes]:
                yield content[: len(content) // 2]
                asked.set()
                go_on.wait(30)
                yield content[len(content) // 2 :]

            return Response(body(), headers={"Content-Length": str(len(content))}, mimetype="audio/wav")

        httpserver.expect_request(f"/{planted.link}.wav").respond_with_handler(answer)
        generation_id = house.api.link(httpserver.url_for(f"/{planted.link}.wav")).json()["generation_id"]
        assert asked.wait(30)
        if moment == "in the middle":
            history.delete(generation_id, OWNER)
        go_on.set()
        if moment == "while it is looked into":
            incoming = house.server.data / "incoming"
            until(lambda size=len(content): size in sizes(incoming) or recordings.all_of(OWNER), 30, every=0.005)  # noqa: B008, B023
        if moment == "just after":
            until(lambda i=generation_id: records.load(i, OWNER).recording_id, 30)
        if moment != "in the middle":
            history.delete(generation_id, OWNER)
        left = until_gone(house, planted)
        assert not left, f"{moment}, after {WITHIN} s: {left}"
        until(lambda i=generation_id: not remembered(house, i))
        assert not house.found(planted) and not recordings.all_of(OWNER)


def sizes(folder: Path) -> list[int]:
    found = []
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            found.append(path.stat().st_size)
    return found


def test_nothing_that_the_server_made_can_be_read_by_other_users(house: House, tmp_path: Path):
    planted = Planted()
    done(house, planted, tmp_path)
    open_to_others = [
        str(path.relative_to(house.server.data))
        for path in (house.server.data, *house.server.data.rglob("*"))
        if path.stat().st_mode & 0o077
    ]
    assert not open_to_others
    assert settings().data_dir == house.server.data.resolve()

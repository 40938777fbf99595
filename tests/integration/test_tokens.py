"""Test tokens of programs: created once, stored as a hash, revoked."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.requests import Request

from stt.auth import tokens, visitors
from stt.db.engine import database
from stt.db.tables import tokens as table
from stt.errors import BadOption, NotFound
from stt.web.v1 import rest
from tests.conftest import read_settings_again
from tests.server import ROOT, Server

pytestmark = pytest.mark.usefixtures("data")


def test_token_identifies_its_owner_until_it_is_revoked():
    text = tokens.create("Nightly run", "visitor:a")
    found = tokens.find(text)
    assert found is not None and (found.owner, found.name, found.used) == ("visitor:a", "Nightly run", None)
    (listed,) = tokens.all_of("visitor:a")
    assert listed.used is not None
    tokens.revoke(found.id, "visitor:a")
    assert tokens.find(text) is None and tokens.all_of("visitor:a") == []


def test_the_database_never_holds_the_token_itself(data: Path):
    text = tokens.create("Nightly run", "visitor:a")
    with database().connect() as connection:
        (row,) = connection.execute(sa.select(table)).mappings()
    assert text not in str(dict(row)) and len(row["hash"]) == 64
    stored = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    assert text.encode() not in stored and text.removeprefix(tokens.PREFIX).encode() not in stored


def test_polling_does_not_write_at_every_request():
    text = tokens.create("Poller", "visitor:a")
    tokens.find(text)
    (first,) = tokens.all_of("visitor:a")
    tokens.find(text)
    (second,) = tokens.all_of("visitor:a")
    assert first.used == second.used


def test_nobody_sees_or_revokes_the_token_of_another():
    text = tokens.create("Mine", "visitor:a")
    (mine,) = tokens.all_of("visitor:a")
    assert tokens.all_of("visitor:b") == []
    with pytest.raises(NotFound):
        tokens.revoke(mine.id, "visitor:b")
    assert tokens.find(text) is not None


@pytest.mark.parametrize("text", ["", "stt_", "stt_wrong", "\ud800", "x" * 100_000, "' OR 1=1 --"])
def test_invalid_token_finds_no_owner(text: str):
    tokens.create("Mine", "visitor:a")
    assert tokens.find(text) is None


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\x00b", "a\u202eb"])
def test_token_needs_a_readable_name(name: str):
    with pytest.raises(BadOption):
        tokens.create(name, "visitor:a")


@pytest.mark.parametrize(
    ("access", "owner", "accepted"),
    [
        ("private", "visitor:a", True),
        ("shared", "shared", True),
        ("login", "user:ann@example.org", True),
        ("login", "user:bob@elsewhere.org", False),  # lost access after the token was created
        ("login", "user:nightly", True),  # the host created this token on the command line
        ("login", "visitor:a", False),  # a token from before sign-in was required
        ("login", "shared", False),
    ],
)
def test_token_is_accepted_only_while_its_owner_has_access(
    monkeypatch: pytest.MonkeyPatch, access: str, owner: str, accepted: bool
):
    monkeypatch.setenv("STT_ACCESS", access)
    monkeypatch.setenv("STT_ALLOWED_EMAILS", "example.org")
    read_settings_again()
    request = Request({"type": "http", "headers": [(b"authorization", f"bearer {tokens.create('A', owner)}".encode())]})
    if accepted:
        assert rest.token_of(request).owner == owner
    else:
        with pytest.raises(rest.Unauthorized):
            rest.token_of(request)


def stt(server: Server, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "stt", *arguments]
    environment = server.environment
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(("access", "owner"), [("private", "user:nightly"), ("shared", "shared")])
def test_command_line_creates_lists_and_revokes_tokens(data: Path, access: str, owner: str):
    server = Server(data, STT_ACCESS=access)
    created = stt(server, "token", "nightly")
    assert created.returncode == 0, created.stderr
    found = tokens.find(created.stdout.splitlines()[-1])
    assert found is not None and found.owner == owner
    assert f"{found.id}  {owner}  nightly" in stt(server, "token", "--list").stdout
    assert stt(server, "token", "--revoke", found.id).returncode == 0
    repeated = stt(server, "token", "--withdraw", found.id)
    assert repeated.returncode == 1 and "no such token" in repeated.stderr and "Traceback" not in repeated.stderr


@pytest.mark.parametrize(
    ("access", "name", "owner"),
    [
        ("login", " Ann@Example.org", "user:ann@example.org"),
        ("login", "Nightly  run", "user:Nightly run"),
        ("private", "Ann@Example.org", "user:Ann@Example.org"),
    ],
)
def test_token_for_an_email_address_belongs_to_the_user_who_signs_in_with_it(
    data: Path, monkeypatch: pytest.MonkeyPatch, access: str, name: str, owner: str
):
    created = stt(Server(data, STT_ACCESS=access), "token", name)
    found = tokens.find(created.stdout.splitlines()[-1])
    assert found is not None and found.owner == owner
    if access == "login" and "@" in name:
        monkeypatch.setenv("STT_ACCESS", access)
        monkeypatch.setenv("STT_ALLOWED_EMAILS", "example.org")
        read_settings_again()
        assert visitors.user({"email": name}) == owner and visitors.allowed(owner)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_worker_shuts_down_cleanly_on_a_signal(data: Path, number: signal.Signals):
    server = Server(data, STT_ROLE="worker")
    command = [sys.executable, "-m", "stt", "worker"]
    with subprocess.Popen(command, cwd=ROOT, env=server.environment, stderr=subprocess.PIPE, text=True) as worker:
        assert worker.stderr is not None
        ready_line = next(line for line in worker.stderr if "ready" in line)
        for _ in range(100):  # more signals arrive while the first one is handled
            worker.send_signal(number)
        assert worker.wait(20) == 0, ready_line + worker.stderr.read()

"""Provide the fixtures of tests that use servers, databases and models."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from stt import speakers
from stt.aiml.client import Client
from stt.links import download
from stt.recorder import live_recordings
from stt.settings import Settings
from stt.speakers.models import Models
from stt.store.recordings import new_id
from tests import audio, conversations
from tests.conftest import read_settings_again, reset_caches
from tests.conversations import Conversation
from tests.postgres import postgres
from tests.provider import KEY, Provider

_numbers = count()


@pytest.fixture
def provider():
    # Each test has a different key, because the request rate of a key is limited across clients.
    with Provider(key=f"{KEY}-{next(_numbers)}") as provider:
        provider.script(duration=0)
        yield provider


@pytest.fixture
def client(provider):
    return Client(provider.url, provider.key)


@pytest.fixture
def fetch(tmp_path):
    """Return a function that downloads a link. It allows private addresses, because the test server has one."""

    def download_link(url, **options):
        options = {"limit_bytes": 10_000_000, "timeout_seconds": 20, "allow_private": True} | options
        return download.download(url, tmp_path, **options).path

    return download_link


@pytest.fixture(scope="module")
def one_data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Use one data folder for all tests of a file, so that the weights are joined only once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STT_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        read_settings_again()
        yield
        reset_caches()
    read_settings_again()


@pytest.fixture(scope="session")
def models(speaker_models: Path) -> Models:
    return speakers.load(Settings(speaker_models=str(speaker_models)))


@pytest.fixture
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the paths of a self-signed certificate for talks.example and of its private key."""
    folder, key = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "talks.example")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1)
    )
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("talks.example")]), critical=False)
    signed = builder.sign(key, hashes.SHA256())
    (folder / "certificate.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "certificate.pem", folder / "key.pem"


@pytest.fixture(params=["sqlite", "postgresql"])
def either_database(request: pytest.FixtureRequest, data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run a test twice, with an empty database each time: on SQLite, then on PostgreSQL."""
    if request.param == "sqlite":
        yield
        return
    with postgres() as address:
        monkeypatch.setenv("STT_DATABASE_URL", address)
        reset_caches()
        yield
        reset_caches()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def each_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run the tests of a file on SQLite, then on PostgreSQL. Yield "sqlite" or "postgresql"."""
    folder = tmp_path_factory.mktemp("database")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STT_DATA_DIR", str(folder / "data"))
        reset_caches()
        if request.param == "sqlite":
            yield request.param
        else:
            with postgres() as address:
                patch.setenv("STT_DATABASE_URL", address)
                reset_caches()
                yield request.param
                reset_caches()
    reset_caches()


@pytest.fixture
def patient_recorder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a finished recording as long as a busy machine needs: for a new decoder process and a new database."""
    monkeypatch.setattr(live_recordings, "FINISH_TIMEOUT", 60.0)
    monkeypatch.setattr(live_recordings, "TAKE_UP_TIMEOUT", 60.0)


@pytest.fixture
def owner() -> str:
    return f"visitor:{new_id()}"


@pytest.fixture(scope="session")
def dialogue() -> Conversation:
    """Return a conversation of 35 s in which two speakers take turns."""
    return conversations.conversation(["1688", "2609"], seed=5, turns=8)


@pytest.fixture
def dialogue_file(dialogue: Conversation, tmp_path: Path) -> Path:
    return audio.write(tmp_path / "talk.flac", dialogue.samples)

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import numpy as np
import pytest

from stt import settings
from stt.auth import visitors
from stt.db import engine as database
from tests.server import Server

# Hypothesis sets no time limit for an example, because a property test must not fail only because the machine is busy.
hypothesis.settings.register_profile("ordinary", deadline=None, max_examples=30)
hypothesis.settings.register_profile("all", deadline=None, max_examples=500)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="run the long versions: more kills, examples and recordings")
    parser.addoption("--nginx", action="store_true", help="put nginx before each server, under a path")
    parser.addoption("--picture", action="store_true", help="make the picture of the README again")


def pytest_configure(config: pytest.Config) -> None:
    Server.nginx = bool(config.getoption("--nginx"))
    hypothesis.settings.load_profile("all" if config.getoption("--all") else "ordinary")


# The slowest test files, which run first: a slow file started last would run while the other pytest workers are idle.
LONGEST = (
    *("test_whisper", "test_erasure_everywhere", "test_jobs", "test_joined_recordings", "test_limits"),
    *("test_provider", "test_speakers", "test_recorder", "test_player", "test_transcribe"),
    *("test_login", "test_playback", "test_recovery", "test_webhooks", "test_keyboard_editing"),
    *("test_translation", "test_two_visitors", "test_outages", "test_crash", "test_many_machines"),
    *("test_provider_kills", "test_fatal_recording"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the tests: the slowest files first, and tests with a browser after all others.

    Tests with a browser are last, because the browser's event loop keeps running in the process after them.
    """
    order = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ("browser" in item.path.parts, order.get(item.path.stem, len(LONGEST))))


def pytest_runtest_setup() -> None:
    for server in Server.started:
        server.skip_log()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what the servers logged during a test to its report if the test has failed."""
    report = yield
    if report.failed:
        report.sections += [(f"log of {server.url}", log) for server in Server.started if (log := server.log_text())]
    return report


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Let the code in this process use a temporary data folder, and yield its path."""
    monkeypatch.setenv("STT_DATA_DIR", str(tmp_path / "data"))
    reset_caches()
    yield tmp_path / "data"
    reset_caches()


@pytest.fixture
def host(data: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that sets the host's settings: `host(STT_MINUTES_PER_DAY=10)`."""

    def set_limits(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, str(value))
        read_settings_again()

    return set_limits


@pytest.fixture(scope="session")
def talk() -> np.ndarray:
    """Return more than a minute of speech by one speaker, as 16 kHz mono samples."""
    from tests import audio

    names = [name for name in audio.librispeech() if name.startswith("1688")]
    return _read_only(np.concatenate([audio.samples(audio.utterance(name)) for name in names]))


@pytest.fixture(scope="session")
def speech() -> np.ndarray:
    """Return three bundled clips of two speakers, joined, as 16 kHz mono samples."""
    from tests import audio

    return _read_only(np.concatenate([audio.samples(path) for path in (audio.JFK, *audio.AUSTEN)]))


def _read_only(sound: np.ndarray) -> np.ndarray:
    """Make samples read-only, because all tests of a session share them."""
    sound.flags.writeable = False
    return sound


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run the job engine in this process, on a temporary data folder."""
    from stt.jobs import service
    from stt.store import records

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STT_DATA_DIR", str(tmp_path_factory.mktemp("engine") / "data"))
        reset_caches()
        service.start()
        yield settings.settings().data_dir
        for job in records.open_jobs():
            service.cancel(job.id, owner=job.owner)
        service.stop(timeout=10)
        reset_caches()


@pytest.fixture(autouse=True)
def _own_settings(request: pytest.FixtureRequest) -> Iterator[None]:
    """Discard the settings of a test once its changes to the environment are undone, for a job engine that keeps running.

    The fixture `data` does so for the tests that use it.
    """
    yield
    if "monkeypatch" in request.fixturenames and "data" not in request.fixturenames:
        read_settings_again()


def read_settings_again() -> None:
    """Replace the cached settings by those of the environment as it is now.

    Clearing the cache is not enough while a job engine runs: a thread that has read the environment before a change may
    store what it has read after the cache is cleared.
    """
    current = settings.Settings()
    while settings.settings() != current:
        settings.settings.cache_clear()


def reset_caches() -> None:
    """Discard the cached settings and the cached cookie signer, and close the database that the previous test used."""
    settings.settings.cache_clear()
    visitors._signer.cache_clear()
    if database._create_engine.cache_info().currsize:
        database.database().dispose()
    database._create_engine.cache_clear()


@pytest.fixture(scope="session")
def speaker_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the diarization models, 81 MB, which are downloaded once for all tests."""
    from stt.speakers import weights

    folder = tmp_path_factory.getbasetemp().parent / "speaker-models"
    weights.find(settings.Settings(data_dir=folder, speaker_models=None))
    return folder / "models" / "speakers"

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest

from stt import settings
from stt.auth import visitors
from stt.db import engine as database
from tests.server import Server

# A machine that is busy is no reason for a property to fail.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="run the long versions of the fault tests")
    parser.addoption("--nginx", action="store_true", help="put nginx before each server, under a path")
    parser.addoption("--picture", action="store_true", help="make the picture of the README again")


def pytest_configure(config: pytest.Config) -> None:
    Server.nginx = bool(config.getoption("--nginx"))


def pytest_runtest_setup() -> None:
    for server in Server.started:
        server.turn_page()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that fails shows what its servers wrote meanwhile."""
    report = yield
    if report.failed:
        report.sections += [(f"log of {server.url}", said) for server in Server.started if (said := server.said())]
    return report


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder of its own for what runs in this process."""
    monkeypatch.setenv("STT_DATA_DIR", str(tmp_path / "data"))
    forget()
    yield tmp_path / "data"
    forget()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The job engine, running in this process on a data folder of its own."""
    from stt.jobs import service
    from stt.store import records

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STT_DATA_DIR", str(tmp_path_factory.mktemp("engine") / "data"))
        forget()
        service.start()
        yield settings.settings().data_dir
        for job in records.open_jobs():
            service.cancel(job.id, owner=job.owner)
        service.stop(patience=10)
        forget()


def forget() -> None:
    """Read settings anew, and let go of the database of the test before."""
    settings.settings.cache_clear()
    visitors._signer.cache_clear()
    if database._create_engine.cache_info().currsize:
        database.database().dispose()
    database._create_engine.cache_clear()

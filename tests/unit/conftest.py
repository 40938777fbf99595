"""Unit tests are quick: they start no server and no process. Those that do stand in tests/integration."""

from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path

import pytest

STARTS = {"socket.bind": "a server", "subprocess.Popen": "a process"}
HERE = Path(__file__).parent
_in_a_test = False


def _refuse(event: str, _arguments: tuple[object, ...]) -> None:
    if _in_a_test and event in STARTS:
        raise AssertionError(f"{STARTS[event]} is started: this test belongs to tests/integration")


sys.addaudithook(_refuse)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, bool, bool]:
    global _in_a_test
    _in_a_test = HERE in item.path.parents  # this is called for the tests of other folders, too
    try:
        return (yield)
    finally:
        _in_a_test = False

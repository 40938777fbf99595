"""Keep unit tests quick: fail a test that starts a server or a process, because it belongs in tests/integration."""

from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path

import pytest

FORBIDDEN_EVENTS = {"socket.bind": "a server", "subprocess.Popen": "a process"}
UNIT_TESTS = Path(__file__).parent
_in_a_test = False


def _refuse(event: str, _arguments: tuple[object, ...]) -> None:
    if _in_a_test and event in FORBIDDEN_EVENTS:
        raise AssertionError(f"{FORBIDDEN_EVENTS[event]} is started: this test belongs to tests/integration")


sys.addaudithook(_refuse)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, bool, bool]:
    global _in_a_test
    _in_a_test = UNIT_TESTS in item.path.parents  # pytest also calls this hook for the tests of other folders
    try:
        return (yield)
    finally:
        _in_a_test = False

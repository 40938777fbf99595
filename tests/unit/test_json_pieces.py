"""Test that JSON written or read in pieces equals that of `json`, and that other threads run meanwhile."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stt.db import json_pieces
from stt.store import transcripts as stored_transcripts
from tests import transcripts

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
)


@given(VALUES)
def test_dumps_gives_the_same_text_as_json(value: Any):
    for options in ({}, {"ensure_ascii": False}):
        assert json_pieces.dumps(value, **options) == json.dumps(value, **options)


@given(VALUES, st.sampled_from([None, 1]))
def test_loads_gives_the_same_value_as_json(value: Any, indent: int | None):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_pieces, "SMALL_LENGTH", 0)
        assert json_pieces.loads(json.dumps(value, indent=indent)) == value


@pytest.mark.parametrize(
    "text",
    ["", "[", "[1", "[1,", "[1,]", "{", '{"a"', '{"a":', '{"a":1,}', "[1}", '{"a":1]', "[1]x", "{1:2}", "[1 2]"],
)
def test_invalid_json_is_refused(monkeypatch: pytest.MonkeyPatch, text: str):
    monkeypatch.setattr(json_pieces, "SMALL_LENGTH", 0)
    with pytest.raises(json.JSONDecodeError):
        json_pieces.loads(text)


def thread_switches(work: Callable[[], Any]) -> int:
    """Return how often this thread continues after a wait of over 1 ms while `work` runs in another thread."""
    other, count = threading.Thread(target=work), 0
    last = time.perf_counter()
    other.start()
    while other.is_alive():
        time.sleep(0)
        now = time.perf_counter()
        count += now - last > 0.001
        last = now
    return count


def test_another_thread_runs_while_ten_hours_are_written_or_read():
    rows = {"segments": stored_transcripts.segment_rows(transcripts.long_talk().segments), "language": "en"}
    text = json.dumps(rows)
    assert thread_switches(lambda: json_pieces.dumps(rows)) > 10  # with `json.dumps` it is only one or two
    assert thread_switches(lambda: json_pieces.loads(text)) > 10
    assert json_pieces.loads(text) == rows

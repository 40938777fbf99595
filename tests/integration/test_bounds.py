"""Test length limits of what people type, each with an error message, and the space that stays free on the disk."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from stt.aiml import catalog
from stt.aiml.options import LONGEST_VALUE, clean_options
from stt.auth import keys, tokens
from stt.editing import texts
from stt.errors import BadLink, BadOption, DiskFull, KeyRefused, SttError, TooLarge
from stt.files import paths
from stt.imports.references import reader
from stt.library import corrections, history, tagging, takeout
from stt.links import download
from stt.recorder import live_recordings
from stt.settings import settings
from stt.store import recordings
from tests import audio
from tests.transcripts import finished

ANN = "visitor:ann"
GB = 1 << 30
NOVA = "#g1_nova-2-general"


def option(kind: str) -> tuple[catalog.Model, str]:
    """Return a model and the name of one of its options of this kind."""
    for model in catalog.packaged().models:
        for each in model.options:
            if each.kind == kind and (each.free or kind != "choice"):
                return model, each.name
    raise AssertionError(kind)


def set_option(kind: str, value: Any) -> None:
    model, name = option(kind)
    clean_options(model, {name: value})


# By name: the function, the longest accepted input, an input over the limit, and the expected error.
FIELDS: dict[str, tuple[Callable[[Any], Any], Any, Any, type[SttError]]] = {
    "link": (download.well_formed, "https://a.example/".ljust(download.LONGEST, "a"), "https://a.example/".ljust(download.LONGEST + 1, "a"), BadLink),
    "too many links": (recordings.links_in, "a b " * 9 + "c " * recordings.MAX_LINKS,
                   " ".join(map(str, range(recordings.MAX_LINKS + 1))), BadLink),
    "links field": (recordings.links_in, " " * recordings.MAX_LINK_CHARACTERS, " " * (recordings.MAX_LINK_CHARACTERS + 1), BadLink),
    "text option": (lambda v: set_option("text", v), "a" * LONGEST_VALUE, "a" * (LONGEST_VALUE + 1), BadOption),
    "list option": (lambda v: set_option("list", v), "a, " * 6_000, ["a" * 10_000] * 3, BadOption),
    "JSON option": (lambda v: set_option("json", v), '{"a": 1}', {"a": "b" * LONGEST_VALUE}, BadOption),
    "API key": (keys.from_input, "k" * keys.LONGEST, "k" * (keys.LONGEST + 1), KeyRefused),
    "token name": (lambda v: tokens.create(v, ANN), "n" * tokens.MAX_NAME, "n" * (tokens.MAX_NAME + 1), BadOption),
    "reference": (reader.pasted, "r" * reader.MOST, "r" * (reader.MOST + 1), TooLarge),
}  # fmt: skip


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("name", FIELDS)
def test_text_over_its_limit_is_refused_with_a_message(name: str):
    accept, longest, one_more, refusal = FIELDS[name]
    accept(longest)
    with pytest.raises(refusal) as refused:
        accept(one_more)
    assert any(letter.isdigit() for letter in refused.value.message), "the message states the limit"
    assert refused.value.guidance


CORRECTIONS: dict[str, tuple[Callable[[str, Any], Any], Any, Any]] = {
    "title": (lambda i, v: corrections.retitle(i, ANN, v, "Talk"), "t" * corrections.LONGEST_TITLE, "t" * (corrections.LONGEST_TITLE + 1)),
    "speaker name": (lambda i, v: texts.name_of_speaker(v), "n" * corrections.LONGEST_NAME, "n" * (corrections.LONGEST_NAME + 1)),
    "tag": (lambda i, v: tagging.set_tags(i, ANN, [v]), "t" * tagging.LONGEST, "t" * (tagging.LONGEST + 1)),
    "too many tags": (lambda i, v: tagging.set_tags(i, ANN, v), list(map(str, range(tagging.MOST))),
                  list(map(str, range(tagging.MOST + 1)))),
}  # fmt: skip


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("name", CORRECTIONS)
def test_correction_over_its_limit_is_refused_with_a_message(name: str):
    correct, longest, one_more = CORRECTIONS[name]
    with pytest.raises(BadOption, match="at most"):
        correct(finished().id, one_more)
    correct(finished().id, longest)
    assert len(history.find(ANN)) == 2


def set_disk(monkeypatch: pytest.MonkeyPatch, total: int, free: int) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(total=total, free=free))


@pytest.mark.parametrize(
    ("total", "free", "size", "fits"),
    [
        (1000 * GB, 2 * GB + 5, 5, True),  # on a large disk, 2 GB stay free
        (1000 * GB, 2 * GB + 5, 6, False),
        (10 * GB, GB, GB // 4, True),  # on a small disk, 5 % stay free
        (10 * GB, GB, GB, False),
    ],
)
def test_a_disk_keeps_five_per_cent_or_two_gigabytes_free(
    tmp_path, monkeypatch, total: int, free: int, size: int, fits: bool
):
    set_disk(monkeypatch, total, free)
    if fits:
        paths.check_room(tmp_path, size)
    else:
        with pytest.raises(DiskFull, match="too little room"):
            paths.check_room(tmp_path, size)


def test_nothing_is_accepted_when_the_disk_is_nearly_full(host, httpserver, monkeypatch, tmp_path):
    host(STT_STORAGE=f"file://{tmp_path}/afar")
    httpserver.expect_request("/a.flac").respond_with_data(audio.JFK.read_bytes(), content_type="audio/flac")
    (settings().data_dir / "incoming").mkdir(parents=True)
    takeout.check_room()
    set_disk(monkeypatch, 100 * GB, 2 * GB - 1)
    operations: list[Callable[[], Any]] = [
        lambda: recordings.take_in(audio.JFK, ANN),
        lambda: live_recordings.start(ANN, "ann", "Recording"),
        lambda: download.download(httpserver.url_for("/a.flac"), settings().data_dir / "incoming", limit_bytes=GB, timeout_seconds=20, allow_private=True),
        takeout.check_room,
    ]  # fmt: skip
    for operation in operations:
        with pytest.raises(DiskFull, match="too little room"):
            operation()
    assert not list((settings().data_dir / "incoming").iterdir())


def test_free_space_is_checked_again_while_a_file_arrives(host, monkeypatch):
    host()
    with recordings.Intake("a.wav", ANN) as intake:
        intake.write(b"x" * (paths.CHECKED - 1))
        set_disk(monkeypatch, 100 * GB, GB)
        with pytest.raises(DiskFull):
            intake.write(b"xx")
    assert not list((settings().data_dir / "incoming").iterdir())


def test_address_of_a_failed_link_is_not_logged(fetch, caplog):
    with pytest.raises(BadLink) as failed:
        fetch("http://127.0.0.1:9/secret-talk.mp3?token=of-ann")
    logging.getLogger("stt.test").warning("failed: %s", failed.value.detail)
    assert failed.value.detail and "secret" not in caplog.text and "of-ann" not in caplog.text

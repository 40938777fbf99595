"""Test that jobs left open by a killed server of commit 680a7a1 finish after an upgrade, and no step is repeated.

`tests/databases/open-jobs-*.db.gz` has the databases of that server with three jobs: one at the provider, an on-device
job with one finished chunk of 18.1 s, and one that was stored but not queued. The checkpoints are pickled objects.
"""

from __future__ import annotations

import gzip
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from stt.jobs import service
from stt.store import records, transcripts
from tests import audio
from tests.conftest import reset_caches
from tests.provider import KEY, Job, Provider
from tests.waiting import ended

DATABASES = Path(__file__).parents[1] / "databases"
AT_THE_PROVIDER, HALF_DONE, NOT_QUEUED = (
    "bctn4E-rPfWUXtBT8MTXYn7VdNM", "bg0bZRt847-uqVqS6etbWTaqf8o", "mzM5qklQOFuKXCOeb6yx9lhz_Wk",
)  # fmt: skip
PROVIDER_JOB_ID = "KTBOaZNJQ6wi"  # the provider's id of the job AT_THE_PROVIDER


@pytest.fixture
def provider(data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """Prepare the data folder as the old version left it, and run a stand-in provider that has the provider job."""
    (data / "audio").mkdir(parents=True)
    for name in ("stt", "jobs"):
        with gzip.open(DATABASES / f"open-jobs-{name}.db.gz") as packed, open(data / f"{name}.db", "wb") as file:
            shutil.copyfileobj(packed, file)
    clips = [audio.samples(path) for path in (audio.JFK, *audio.AUSTEN)]
    talk = audio.write(data / "talk.flac", np.concatenate(clips * 2))
    for recording, path in (
        ("hd_892LL7CRItHIPT4Fs9ZWvDdg", audio.AUSTEN[0]),
        ("JrV13rsBhFputNPbqaMNUXGfSuE", talk),
        ("KgMWA4_0yPKoFKHgHu87LenRfbw", audio.AUSTEN[1]),
    ):
        shutil.copy(path, data / "audio" / recording)
    with Provider() as provider:
        monkeypatch.setenv("AIML_API_KEY", KEY)
        monkeypatch.setenv("AIML_BASE_URL", provider.url)
        reset_caches()
        script = {"duration": 0.0, "text": "It is done.", "seconds": 7.1}
        provider.jobs[PROVIDER_JOB_ID] = Job(PROVIDER_JOB_ID, "#g1_whisper-base", "", "", 0, {}, time.time(), script)
        yield provider
    reset_caches()


def test_open_jobs_of_an_older_version_finish_and_nothing_is_done_twice(provider: Provider):
    before = transcripts.chunk(HALF_DONE, 1)
    service.start()
    try:
        at_the_provider, half_done, not_queued = map(ended, (AT_THE_PROVIDER, HALF_DONE, NOT_QUEUED))
    finally:
        service.stop(timeout=10)
    assert at_the_provider.text == "It is done." and not provider.calls["create"]
    assert half_done.state == "done" and half_done.text.count("country") == 4, "twice in each turn of the speech"
    # The transcript contains the finished chunk exactly as it was stored, so it was not decoded again.
    first = [segment for segment in half_done.transcript.segments if segment.end <= before["end"]]
    assert transcripts.segment_rows(first) == [
        row | {"language": None} for row in before["segments"]
    ]  # the old version stored no `language` for a segment
    assert half_done.transcript.duration == pytest.approx(46.8, abs=0.1)
    assert not_queued.state == "done" and "selfish" in not_queued.text
    assert not records.open_jobs()

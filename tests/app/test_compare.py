"""Test the Compare page without a browser, on the real job engine."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

import stt
from stt import kinds
from stt.errors import NotFound
from stt.library import versions
from stt.store import recordings, records
from stt.store.recordings import Link
from stt.transcript.model import Segment, Transcript, Word
from tests import audio
from tests.server import ROOT
from tests.waiting import ended

pytestmark = pytest.mark.usefixtures("engine")


def page(owner: str | None = None, **query: str) -> AppTest:
    """Open the Compare page as `owner`, or as a new visitor if `owner` is None, with the URL parameters `query`."""
    test = AppTest.from_file(str(ROOT / "pages" / "frame.py"), default_timeout=30)
    if owner:
        test.session_state.owner = owner
    test.run()
    test.switch_page("compare.py")
    for name, value in query.items():
        test.query_params[name] = value
    test.run()
    assert not test.exception, test.exception
    return test


def transcribed(source, owner: str, **options) -> str:
    return ended(stt.create(source, owner=owner, options=options), owner).job.id


@pytest.fixture(scope="module")
def stored(engine) -> tuple[str, list[str], str]:
    """Return (owner, ids of two versions of a recording, id of the transcript of a second recording)."""
    owner = "visitor:compares"
    recording = recordings.take_in(audio.JFK, owner)
    pair = [transcribed(recording, owner), transcribed(recording, owner, language="en")]
    return owner, pair, transcribed(recordings.take_in(audio.AUSTEN[1], owner), owner)


def drawn(test: AppTest) -> dict:
    """Return the data that the page sends to the component which draws the comparison."""
    return next(data for data in components(test) if "passages" in data)


def shown(test: AppTest) -> bool:
    return any("passages" in data for data in components(test))


def components(test: AppTest) -> list[dict]:
    return [json.loads(node.proto.json) for node in test.main if node.type == "bidi_component"]


def test_page_without_transcripts_explains_its_purpose():
    test = page()
    assert "Nothing to compare yet" in test.info[0].value
    assert not test.multiselect


def test_the_recording_with_two_versions_is_opened_and_measured(stored):
    owner, pair, _ = stored
    data = drawn(page(owner))
    assert sorted(version["id"] for version in data["versions"]) == sorted(pair)
    assert {version["name"] for version in data["versions"]} == {"Whisper base"}
    assert any("English" in version["about"] for version in data["versions"])
    first, second = (dict(zip(data["labels"], version["facts"], strict=True)) for version in data["versions"])
    assert first["Word error rate"][0] == "–" and second["Word error rate"][0] == "0.0\u00a0%"
    assert second["Cost"][0] == "Free" and "times real time" in second["Time taken"][1]
    assert second["Words"][0] == "22"
    assert {column["audio"] for column in data["columns"]} == {f"/audio/{data['versions'][0]['id']}"}


def test_any_transcripts_of_the_owner_are_compared_by_their_ids(stored):
    owner, pair, other = stored
    test = page(owner, ids=f"{pair[0]},{other}")
    assert test.selectbox(key="compare_recording").value is None
    data = drawn(test)
    assert [version["id"] for version in data["versions"]] == [pair[0], other]
    assert [column["audio"] for column in data["columns"]] == [f"/audio/{pair[0]}", f"/audio/{other}"]


def test_transcripts_of_another_owner_are_not_compared(stored):
    _, pair, _ = stored
    test = page("visitor:stranger", ids=",".join(pair))
    assert "transcripts were not found" in test.warning[0].value
    assert not shown(test)
    assert "Nothing to compare yet" in test.info[0].value


def test_selected_versions_are_in_the_address(stored):
    owner, pair, other = stored
    test = page(owner, ids=",".join(pair))
    test.multiselect(key="compare_versions").unselect(pair[1]).run()
    assert test.query_params["ids"] in (pair[0], [pair[0]])
    assert not shown(test) and "two or more versions" in test.info[0].value
    test.selectbox(key="compare_recording").select(other).run()
    assert test.query_params["ids"] in (other, [other])
    assert not test.exception


def test_refused_retry_of_a_version_shows_why_on_this_page(stored, monkeypatch):
    owner, pair, _ = stored
    job, link = records.load(pair[0], owner), "https://example.org/refused.mp3"
    failed = replace(job, id=recordings.new_id(), recording_id=None, url=link, state=kinds.FAILED, own_key=True)
    records.insert(failed)
    test = page(owner, ids=f"{pair[0]},{failed.id}")
    test.button(key=f"retry-{failed.id}").click().run()
    assert not test.exception and "API key" in test.error[0].value
    test.run()
    assert not test.error


def test_pasted_reference_measures_every_version_and_is_kept_as_text(stored):
    owner, pair, _ = stored
    test = page(owner, ids=pair[0])
    assert not shown(test)
    recording = records.load(pair[0], owner).recording_id
    test.text_area(key=f"reference-{recording}").input(f"<script>{audio.JFK_WORDS} </script>").run()
    assert not test.exception
    data = drawn(test)
    (facts,) = (version["facts"] for version in data["versions"])
    assert facts[0][1] == "1 changed, 1 missing, 0 added"
    assert data["columns"][0]["name"] == "the reference text"
    reference, decoded = data["passages"][0]["sides"]
    assert reference["t"][0] == "<script>and" and reference["s"][0] == decoded["s"][0]
    test.switch_page("history.py").run()
    test.switch_page("compare.py")
    test.query_params["ids"] = pair[0]
    test.run()
    assert drawn(test)["columns"][0]["name"] == "the reference text"


def test_every_version_is_measured_against_every_other(stored):
    owner, pair, other = stored
    test = page(owner, ids=",".join([*pair, other]))
    test.toggle(key="every").set_value(True).run()
    matrix = drawn(test)["matrix"]
    assert matrix["letters"] == ["A", "B", "C"]
    assert [row[i] for i, row in enumerate(matrix["rows"])] == ["–"] * 3
    assert matrix["rows"][0][1] == "0.0\u00a0%" and matrix["rows"][0][2] != "0.0\u00a0%"


def test_a_long_comparison_is_shown_in_parts(stored):
    owner, _, _ = stored
    words = tuple(Word(f" word{i}", i * 0.3, i * 0.3 + 0.2) for i in range(12_345))
    long = [store_finished(owner, Transcript((Segment(0, 3704, "", part),), 3704)) for part in (words, words[:-1])]
    test = page(owner, ids=",".join(long))
    assert test.selectbox(key="part").options == ["Words 1 to 10,000 of 12,345", "Words 10,001 to 12,345 of 12,345"]
    assert sum(len(passage["sides"][0]["t"]) for passage in drawn(test)["passages"]) == 10_000
    assert drawn(test)["versions"][1]["facts"][0][1] == "0 changed, 1 missing, 0 added"
    test.selectbox(key="part").select(10_000).run()
    assert sum(len(passage["sides"][0]["t"]) for passage in drawn(test)["passages"]) == 2_345


def store_finished(owner: str, transcript: Transcript) -> str:
    """Store a finished job of `owner` with this transcript, and return its id."""
    template = records.jobs_of(owner, limit=1)[0]
    job = replace(
        template, id=recordings.new_id(), recording_id=None, url="https://example.org/a.mp3", state=kinds.WORKING
    )
    records.insert(job)
    assert records.finish(job, transcript)
    return job.id


def test_versions_share_a_recording_or_a_link(stored):
    owner, pair, other = stored
    assert {job.id for job in versions.of(records.load(pair[0], owner))} == set(pair)
    assert [job.id for job in versions.of(records.load(other, owner))] == [other]
    template = records.load(other, owner)
    link = "https://example.org/talk.mp3"
    link_only = replace(template, id=recordings.new_id(), recording_id=None, url=link)
    fetched = replace(template, id=recordings.new_id(), recording_id="kept", url=link)
    recording_only = replace(template, id=recordings.new_id(), recording_id="kept")
    of_other_owner = replace(template, id=recordings.new_id(), recording_id="kept", url=link, owner="visitor:stranger")
    for job in (link_only, fetched, recording_only, of_other_owner):
        records.insert(job)
    for job in (link_only, fetched, recording_only):
        assert {version.id for version in versions.of(job)} == {link_only.id, fetched.id, recording_only.id}
    assert versions.source_of(link_only) == Link(link)
    assert isinstance(versions.source_of(template), recordings.Recording)
    with pytest.raises(NotFound):
        versions.source_of(recording_only)

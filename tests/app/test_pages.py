"""Every page, run without a browser, on the real job engine."""

from __future__ import annotations

import time

import pytest
from streamlit.testing.v1 import AppTest

import stt
from stt import recordings
from stt.database import database, transcriptions, transcripts
from tests import audio
from tests.server import ROOT

pytestmark = pytest.mark.usefixtures("engine")


def page(name: str = "transcribe", **query: str) -> AppTest:
    test = AppTest.from_file(str(ROOT / "pages" / "frame.py"), default_timeout=30)
    for key, value in query.items():
        test.query_params[key] = value
    test.run()
    if name != "transcribe":
        test.switch_page(f"{name}.py")
        for key, value in query.items():
            test.query_params[key] = value
        test.run()
    assert not test.exception, test.exception
    return test


def transcript_for(test: AppTest) -> str:
    owner = test.session_state.owner
    generation_id = stt.create(recordings.take_in(audio.AUSTEN[1], owner), owner=owner)
    ends = time.monotonic() + 60
    while stt.get(generation_id, owner=owner).job.pending:
        assert time.monotonic() < ends
        time.sleep(0.02)
    return generation_id


def labels(test: AppTest) -> list[str]:
    return [button.label for button in test.button]


def test_the_first_page_offers_the_sample_and_waits_for_a_recording():
    test = page()
    assert test.title[0].value == "Turn speech into text"
    assert [tab.label for tab in test.tabs] == ["Upload", "Link", "Record"]
    assert "Try the sample" in labels(test)
    start = next(button for button in test.button if button.label == "Transcribe")
    assert start.disabled
    assert test.session_state.generation_ids == []


def test_the_sample_starts_a_job_that_the_session_follows():
    test = page()
    next(button for button in test.button if button.label == "Try the sample").click().run()
    assert not test.exception
    (generation_id,) = test.session_state.generation_ids
    assert stt.get(generation_id, owner=test.session_state.owner).job.title.startswith("John F. Kennedy")
    assert {"Cancel", "Read"} & set(labels(test))


def test_a_link_that_cannot_be_opened_is_said_and_stays():
    test = page()
    test.text_area[0].input("ftp://example.org/talk.mp3").run()
    next(button for button in test.button if button.label == "Transcribe").click().run()
    assert "http" in test.error[0].value and test.session_state.generation_ids == []
    assert test.text_area[0].value == "ftp://example.org/talk.mp3"


def test_history_is_empty_at_first_and_then_lists():
    test = page("history")
    assert "No transcripts yet" in test.info[0].value
    transcript_for(test)
    test.run()
    assert not test.exception
    frame = test.dataframe[0].value
    assert list(frame["Title"]) == ["austen-0890"] and frame["Words"][0] > 5


def test_a_transcript_is_read_by_its_owner_only():
    owner = page()
    generation_id = transcript_for(owner)
    owner.switch_page("transcript.py")
    owner.query_params["id"] = generation_id
    owner.run()
    assert not owner.exception
    assert {"Delete"} <= set(labels(owner))
    stranger = page("transcript", id=generation_id)
    assert stranger.title[0].value == "Not found"


def test_every_id_that_may_come_about_opens_its_transcript():
    """Ids are random letters, digits, - and _, and Streamlit takes two _ in the key of a component for its own."""
    test = page()
    made, odd = transcript_for(test), "a__b_-__"
    with database().begin() as connection:
        for table in (transcriptions, transcripts):
            connection.execute(table.update().where(table.c.id == made).values(id=odd))
    test.switch_page("transcript.py")
    test.query_params["id"] = odd
    test.run()
    assert not test.exception, test.exception
    assert any("austen-0890" in element.proto.body for element in test.html)


def test_settings_take_a_key_and_never_show_it():
    test = page("settings")
    assert not test.exception
    assert any("AI/ML API key" in field.label for field in test.text_input)
    assert test.text_input[0].proto.type == test.text_input[0].proto.PASSWORD

"""Test every page without a browser, on the real job engine."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import numpy as np
import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

import stt
from pages import session
from pages.sections import job_row
from pages.sections.history.table import OPEN
from stt import kinds
from stt.cluster import processes
from stt.db.engine import database
from stt.db.tables import transcriptions, transcripts
from stt.library import history, sharing, tagging
from stt.settings import settings
from stt.store import recordings, records
from stt.transcript.model import Segment, Transcript
from tests import audio
from tests.outage import unavailable_store
from tests.quotas import job
from tests.server import ROOT
from tests.transcripts import store
from tests.waiting import ended, until

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
    return ended(stt.create(recordings.take_in(audio.AUSTEN[1], owner), owner=owner), owner).job.id


def queue_jobs(owner: str, count: int) -> list[str]:
    """Store `count` queued jobs, one second apart, which no worker takes. Return their ids, oldest first."""
    now = time.time()
    jobs = [job(owner, title=f"Talk {i}", created=now - count + i, queued=now - count + i) for i in range(count)]
    for one in jobs:
        records.insert(one, maker=processes.NAME)
    return [one.id for one in jobs]


def rows_of(test: AppTest) -> list[str]:
    """Return the titles of the job rows, in the order of the page."""
    return re.findall(r'"stt-title"[^>]*>(Talk \d+)<', html_of(test))


def labels(test: AppTest) -> list[str]:
    return [button.label for button in test.button]


def press(test: AppTest, label: str) -> None:
    next(button for button in test.button if button.label == label).click().run()
    assert not test.exception, test.exception


def click_read(test: AppTest, row: int) -> None:
    """Click the Read button in this row of the history's table, as the table was drawn."""
    click = WidgetState(id=test.dataframe[0].proto.button_click_widgets[OPEN])
    click.string_trigger_value.data = json.dumps({"row": row, "label": "Read"})
    states = test._tree.get_widget_states()
    states.widgets.append(click)
    test._run(states)
    assert not test.exception, test.exception


def html_of(test: AppTest) -> str:
    """Return all HTML of the page."""
    return "\n".join(element.proto.body for element in test.html)


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


def test_file_list_shows_format_length_and_expected_time_and_starts_all(tmp_path: Path):
    test = page()
    owner = test.session_state.owner
    two_channels = audio.write(tmp_path / "a <b>call.wav", np.stack([audio.samples(audio.AUSTEN[1])] * 2))
    stored = [recordings.take_in(path, owner) for path in (two_channels, audio.AUSTEN[1], audio.AUSTEN[1])]
    test.session_state.chosen = [recording.id for recording in stored]
    test.run()
    assert "a &lt;b&gt;call.wav" in html_of(test)
    assert re.search(r"WAV · 5 s · takes about \d+ s", html_of(test))
    assert "Each channel is a speaker" in [toggle.label for toggle in test.toggle]
    press(test, "Remove")
    assert not stored[0].path.exists()
    assert "Each channel is a speaker" not in [toggle.label for toggle in test.toggle]
    test.text_area[0].input("ftp://example.org/talk.mp3")
    press(test, "Transcribe")
    # A refused link does not prevent jobs for the other two links.
    assert "http" in test.error[0].value and len(test.session_state.generation_ids) == 2
    assert test.session_state.chosen == []


def test_recording_leaves_the_list_when_another_tab_transcribes_it():
    test = page()
    owner = test.session_state.owner
    taken, other = (recordings.take_in(audio.AUSTEN[1], owner) for _ in range(2))
    test.session_state.chosen = [taken.id, other.id]
    test.run()
    job = stt.create(taken, owner=owner)  # what another tab does
    test.button(key=f"remove-{taken.id}").click().run()
    assert not test.exception, test.exception
    assert test.session_state.chosen == [other.id] and taken.kept
    stt.create(other, owner=owner)
    press(test, "Transcribe")
    assert "another tab" in test.error[0].value and len(history.find(owner)) == 2
    ended(job, owner)
    recordings.remove_unused(taken.id, owner)
    assert taken.kept


def test_row_shows_the_outcome_of_a_job_and_finished_rows_are_cleared():
    test = page()
    owner = test.session_state.owner
    done = transcript_for(test)
    lost = recordings.take_in(audio.AUSTEN[1], owner)
    lost.path.unlink()
    failed = ended(stt.create(lost, owner=owner), owner).job.id
    cancelled = recordings.take_in(audio.JFK, owner)
    cancelled = stt.create(cancelled, owner=owner)
    stt.cancel(cancelled, owner=owner)
    test.session_state.generation_ids = [done, failed, cancelled]
    test.run()
    assert not test.exception
    states = re.findall(r'class="stt-state stt-(\w+)" dir="auto">([^<]+)', html_of(test))
    assert dict(states).keys() == {"done", "failed", "cancelled"}
    assert "words" in dict(states)["done"] and "no longer kept" in dict(states)["failed"]
    assert sorted(label for label in labels(test) if label in ("Read", "Retry", "Cancel")) == ["Read", "Retry", "Retry"]
    press(test, "Clear finished")
    assert test.session_state.generation_ids == [] and "Clear finished" not in labels(test)
    assert len(history.find(owner)) == 3  # "Clear finished" does not remove the jobs from the history


def test_new_session_follows_every_open_job_even_the_oldest():
    test = page()
    owner = test.session_state.owner
    first, *_ = queue_jobs(owner, session.MOST_ROWS + 3)
    records.transition(first, (kinds.QUEUED,), kinds.WORKING)
    del test.session_state["generation_ids"]  # as after a reload
    test.run()
    assert not test.exception, test.exception
    assert rows_of(test) == [f"Talk {i}" for i in reversed(range(session.MOST_ROWS + 3))]


def test_page_shows_the_working_and_the_newest_of_many_jobs():
    test = page()
    first, *_ = queue_jobs(test.session_state.owner, 60)
    records.transition(first, (kinds.QUEUED,), kinds.WORKING)
    test.run()
    assert not test.exception, test.exception
    assert rows_of(test) == [*(f"Talk {i}" for i in range(59, 10, -1)), "Talk 0"]
    assert "and 10 more: see History" in html_of(test)
    assert len(test.session_state["transcribe"].states) == 60  # the end of each job is announced


def test_new_job_is_polled_often_a_long_one_less_and_an_ended_one_never():
    test = page()
    owner = test.session_state.owner
    sound = np.tile(audio.samples(audio.JFK), 120)
    job = stt.create(recordings.take_in(audio.write(settings().data_dir / "long.flac", sound), owner), owner=owner)
    test.session_state.generation_ids = [job]
    until(lambda: stt.get(job, owner=owner).job.started)
    test.run()
    assert test.session_state.refresh_interval == job_row.FAST_REFRESH
    earlier = (
        transcriptions.update()
        .where(transcriptions.c.id == job)
        .values(started=transcriptions.c.started - job_row.FRESH)
    )
    with database().begin() as connection:
        connection.execute(earlier)
    test.run()
    assert not test.exception and test.session_state.refresh_interval == job_row.REFRESH > job_row.FAST_REFRESH
    stt.cancel(job, owner=owner)
    test.run()
    assert not test.exception and test.session_state.refresh_interval is None


def test_invalid_link_is_reported_and_stays_in_the_field():
    test = page()
    test.text_area[0].input("ftp://example.org/talk.mp3").run()
    next(button for button in test.button if button.label == "Transcribe").click().run()
    assert "http" in test.error[0].value and test.session_state.generation_ids == []
    assert test.text_area[0].value == "ftp://example.org/talk.mp3"


@pytest.mark.parametrize("links", ["", "https://example.org/talk.mp3"])
def test_links_and_options_are_kept_while_another_page_is_open(links: str):
    test = page()
    test.text_area[0].input("ftp://example.org/talk.mp3").run()
    press(test, "Transcribe")  # the link is refused, and stays in the box
    test.text_area[0].input(links)
    next(field for field in test.multiselect if field.label == "Language").select("de")
    next(field for field in test.selectbox if field.label == "Speakers").select(3)
    next(field for field in test.toggle if field.label == "Translate to English").set_value(True).run()
    for name in ("history", "transcribe"):
        test.switch_page(f"{name}.py").run()
        assert not test.exception, test.exception
    assert test.text_area[0].value == links
    assert next(field for field in test.multiselect if field.label == "Language").value == ["de"]
    assert next(field for field in test.selectbox if field.label == "Speakers").value == 3
    assert next(field for field in test.toggle if field.label == "Translate to English").value


def test_search_of_more_than_eight_words_says_that_it_is_shortened():
    test = page("history")
    test.text_input(key="q").set_value("one two three four five six seven eight").run()
    assert not any("first 8 words" in caption.value for caption in test.caption)
    test.text_input(key="q").set_value("one two three four five six seven eight nine").run()
    assert any("first 8 words" in caption.value for caption in test.caption)
    assert test.text_input(key="q").max_chars == 200


def test_history_is_empty_at_first_and_then_lists_transcripts():
    test = page("history")
    assert "No transcripts yet" in test.info[0].value
    transcript_for(test)
    test.run()
    assert not test.exception
    frame = test.dataframe[0].value
    assert list(frame["Title"]) == ["austen-0890"] and frame["Words"][0] > 5


def test_read_button_opens_the_transcript_of_its_row_even_if_the_rows_have_changed():
    test = page("history")
    owner = test.session_state.owner
    older, newer = transcript_for(test), transcript_for(test)
    for rows, meanwhile in ((2, transcript_for), (3, lambda _: history.delete(newer, owner))):
        test.run()
        assert len(test.dataframe[0].value) == rows
        meanwhile(test)
        click_read(test, rows - 1)
        assert "Delete" in labels(test) and test.query_params["id"] == older
        test.switch_page("history.py")


def tags_of_chosen() -> None:
    """Draw only the tag dialog of the history, for the jobs in the session, as it was when it opened."""
    import streamlit as st

    from pages import session
    from pages.sections.history import actions

    session.recognise()
    if "jobs" in st.session_state:
        state = st.session_state
        actions._tags(state.owner, state.jobs, state.shared, state.known)


def test_tags_are_set_although_another_tab_deletes_a_transcript_and_adds_tags_meanwhile():
    test = AppTest.from_function(tags_of_chosen, default_timeout=30).run()
    owner = test.session_state.owner
    other, older, newer = (transcript_for(test) for _ in range(3))
    tagging.set_tags(other, owner, ["talks"])
    test.session_state.jobs = [records.load(id, owner) for id in (newer, older)]
    test.session_state.shared, test.session_state.known = [], ["talks"]
    test.run()
    history.delete(newer, owner)  # what another tab does
    tagging.set_tags(older, owner, ["added by another tab"])
    test.multiselect[0].select("talks")
    press(test, "Save")
    assert tagging.tags_of(older, owner) == ["added by another tab", "talks"]
    assert "no such transcript" in test.error[0].value


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


def test_transcript_opens_whatever_characters_its_id_has():
    """Use an id that contains `__`, which Streamlit does not allow in component keys, but random ids may contain."""
    test = page()
    generation_id, odd = transcript_for(test), "a__b_-__"
    with database().begin() as connection:
        for table in (transcriptions, transcripts):
            connection.execute(table.update().where(table.c.id == generation_id).values(id=odd))
    test.switch_page("transcript.py")
    test.query_params["id"] = odd
    test.run()
    assert not test.exception, test.exception
    assert "austen-0890" in html_of(test)


def test_transcript_is_read_and_shared_without_its_sound_while_the_store_is_down():
    owner = page()
    generation_id = transcript_for(owner)
    token = sharing.create(generation_id, owner.session_state.owner, days=1, audio=True)
    owner.switch_page("transcript.py")
    owner.query_params["id"] = generation_id
    with unavailable_store():
        owner.run()
        assert not owner.exception, owner.exception
        assert "austen-0890" in html_of(owner) and "Import a transcript" not in labels(owner)
        press(owner, "Share")
        assert next(box for box in owner.checkbox if box.label == "With the audio").disabled
        press(owner, "Transcribe again")
        assert "does not answer" in owner.error[0].value
        assert "austen-0890" in html_of(page("shared", token=token))
        assert not page("compare", ids=generation_id).exception
    owner.run()
    assert not owner.exception and "Import a transcript" in labels(owner)


def test_settings_take_a_key_and_never_show_it():
    test = page("settings")
    assert not test.exception
    assert any("AI/ML API key" in field.label for field in test.text_input)
    assert test.text_input[0].proto.type == test.text_input[0].proto.PASSWORD


def test_share_link_opens_for_anybody_and_an_unknown_link_shows_nothing():
    owner = page()
    generation_id = transcript_for(owner)
    token = sharing.create(generation_id, owner.session_state.owner, days=1, audio=False)
    stranger = page("shared", token=token)
    assert "austen-0890" in html_of(stranger) and "Delete" not in labels(stranger)
    assert page("shared", token=token[:-2]).title[0].value == "Not found"


def test_a_text_without_times_has_no_length_when_it_is_shared_and_in_the_history():
    test = page()
    owner = test.session_state.owner
    generation_id = store(owner, Transcript((Segment(0.0, 0.0, "Ask not."),), timed=False), engine=kinds.ALIGNMENT)
    shared = page("shared", token=sharing.create(generation_id, owner, days=1, audio=False))
    assert ">2 words<" in html_of(shared)
    test.switch_page("history.py").run()
    assert test.caption[0].value.startswith("1 transcript. 2 words.")


def test_no_page_is_shown_before_sign_in_where_sign_in_is_required(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(settings(), "access", "login")
    for name in ("transcribe", "history", "settings", "transcript"):
        test = page(name)
        assert test.title[0].value == "STT Studio" and labels(test) == ["Sign in"]

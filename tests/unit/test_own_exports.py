"""Test that imports of this app's exports keep edited paragraphs and lost sound, and do not read notes as speech."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stt.export.formats import FORMATS
from stt.imports import reader
from stt.imports.references import reader as references
from stt.transcript.notes import Note
from tests.transcripts import spoken_segment
from tests.unit.test_imports import DIALOGUE, read_json


def test_our_json_keeps_edited_paragraphs_and_lost_sound():
    segments = [
        replace(s, begins=begins) for s, begins in zip(DIALOGUE.segments, (True, True, None, True), strict=True)
    ]
    segments.insert(1, replace(spoken_segment("And welcome.", 2.0, "Anna"), begins=False))
    edited = replace(DIALOGUE, segments=tuple(segments), lost=((4.0, 5.0, "the data is damaged"), (9.0, 9.0, "a gap")))
    found = reader.read(FORMATS["json"].write(edited), "talk.json")
    assert found.transcript == edited and not found.notes
    untimed = replace(edited, timed=False)
    assert [s.begins for s in reader.read(FORMATS["json"].write(untimed), "a.json").transcript.segments] == [
        s.begins for s in segments
    ]


@pytest.mark.parametrize(
    "lost",
    [5, "text", {}, [None], [[1, 2]], [[2, 1, "ends early"]], [["x", 2, "a"]], [[1, 2, 3]], [[1e300, 2e300, "a"]]],
)
def test_invalid_spans_of_lost_sound_are_left_out(lost: Any):
    found = read_json({**DIALOGUE.to_dict(), "lost": lost}).transcript
    assert found.lost == () and found.text == DIALOGUE.text


def test_invalid_paragraph_marks_are_ignored_and_paragraphs_have_one_speaker():
    given = [("Anna", "yes"), ("Anna", False), ("Ben", False), ("Ben", None)]
    entries = [{"start": 1, "end": 2, "text": "Hi.", "speaker": who, "begins": begins} for who, begins in given]
    assert [s.begins for s in read_json({"segments": entries}).transcript.segments] == [None, False, True, None]


@pytest.mark.parametrize("form", ["txt", "docx", "json"])
@pytest.mark.parametrize("times", [True, False])
def test_notes_of_our_exports_are_not_read_as_speech(form: str, times: bool):
    # The last note highlights words that were deleted.
    notes = [Note("note0001", 1.0, text="Ask again"), Note("note0002", 3.0, 4.0, "", "yellow")]
    notes.append(Note("note0003", 90.0, 91.0, "", "yellow"))
    options = {} if form == "json" else {"times": times, "speakers": True}
    content = FORMATS[form].write(DIALOGUE, title="Talk", notes=notes, **options)
    found = reader.read(content, f"talk.{form}")
    assert found.transcript.text == DIALOGUE.text and found.notes == ("Notes in the file, not taken over: 3.",)
    reference = references.read(content, f"talk.{form}").text
    assert "Ask again" not in reference and "Shall we begin? I think so." in reference


@pytest.mark.parametrize(
    "text",
    [
        "Notes\n[0:00:01] Good morning.\n[0:00:03] Thank you.",
        "\n\nNotes\n[0:00:01] Good morning.\n[0:00:03] Thank you.",
        "Meeting of 5 May\n\nNotes\n[0:00:01] Good morning.\n[0:00:03] Thank you.",
        "We compared\nNotes\n[0:00:01] Good morning.\n[0:00:03] Thank you.",
        "First.\n\nNotes\n[0:00:01] Good morning.\n\nThank you.",
    ],
)
def test_the_word_notes_elsewhere_leaves_nothing_out(text: str):
    found = reader.pasted(text)
    assert "Good morning." in found.transcript.text and "Thank you." in found.transcript.text and not found.notes

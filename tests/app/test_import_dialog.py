"""Test the fields of the dialog that imports a transcript, without a browser."""

from __future__ import annotations

import base64
import json

import pytest
from streamlit.testing.v1 import AppTest

from pages.compat.streamlit import key_for
from pages.sections.transcript_import import TEXT

pytestmark = pytest.mark.usefixtures("data")
LANGUAGE = "bring-language"
RUSSIAN = "Речь записана вчера вечером."
GERMAN = {"language": "de", "text": "Guten Tag.", "segments": [{"start": 0, "end": 1, "text": "Guten Tag."}]}


def script() -> None:
    import streamlit as st

    from pages.sections import transcript_import
    from stt.store.recordings import Recording

    recording = Recording("id", "local", "a.wav", 0, "WAV", "audio/wav", 1, 1.0, 1, 16000)
    imported = transcript_import._transcript_input()
    st.session_state.imported = imported and imported.transcript.text.strip()
    transcript_import._language(imported, recording)


def send(test: AppTest, name: str, content: bytes) -> None:
    """Send a file, as the file field of the dialog does."""
    sent = {"name": name, "content": base64.b64encode(content).decode()}
    test.session_state[f"{key_for('file', 'bring')}-arrived"] = sent
    test.run()
    assert not test.exception, test.exception


def test_each_file_is_read_with_its_own_encoding():
    test = AppTest.from_function(script, default_timeout=30).run()
    for encoding in ("cp1251", "koi8_r", "cp1251"):
        send(test, f"{encoding}.txt", RUSSIAN.encode(encoding))
        box = test.selectbox(key="bring-encoding-box")
        assert (box.value, test.session_state.imported) == (encoding, RUSSIAN)
        box.select("cp866").run()
        assert test.session_state.imported != RUSSIAN


def test_each_transcript_is_aligned_in_its_own_language():
    test = AppTest.from_function(script, default_timeout=30).run()
    send(test, "german.json", json.dumps(GERMAN).encode())
    assert test.selectbox(key=LANGUAGE).value == "de"
    send(test, "english.txt", b"Good morning.")
    assert test.selectbox(key=LANGUAGE).value == ""
    send(test, "german.json", json.dumps(GERMAN).encode())
    test.text_area(key=TEXT).input("Good morning.").run()
    assert test.selectbox(key=LANGUAGE).value == ""
    test.selectbox(key=LANGUAGE).select("en").run()
    test.text_area(key=TEXT).input("Good morning to you.").run()
    assert test.selectbox(key=LANGUAGE).value == "en"

"""Draw a shared transcript for readers without an account: title, words and, if the owner allows, sound and notes."""

from urllib.parse import quote

import streamlit as st

from pages.components.player import moment, player
from pages.escape import markdown, plain, sentence
from pages.format import length, spoken_languages
from pages.texts import tr, trn
from stt.errors import NotFound
from stt.guard import base_path
from stt.library import sharing

token = st.query_params.get("token", "")
try:
    shared = sharing.shared(token)
except NotFound as error:
    st.title(tr("Not found"), anchor=False)
    st.info(markdown(sentence(error.to_dict())))
    st.stop()
plain(shared.title, "stt-heading", tag="h1")
facts = [length(shared.duration)] if shared.duration else []  # an imported text without times has no length
facts.append(trn("{count:,} word", "{count:,} words", shared.transcript.word_count))
facts += spoken_languages(shared.transcript, shared.language)
plain(" · ".join(facts), "stt-facts")
with st.container(key="transcript"):
    if shared.transcript.segments:
        query = f"?share={quote(token)}"
        player(
            "player-shared",
            audio_url=base_path.at(f"/audio/shared{query}") if shared.audio else None,
            waveform_url=base_path.at(f"/audio/shared/waveform{query}") if shared.audio else None,
            duration=shared.duration,
            transcript=shared.transcript,
            at=moment(),
            notes=shared.notes,
        )
    else:
        st.info(tr("No speech was found in this recording."))

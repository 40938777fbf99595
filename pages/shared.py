"""A transcript that somebody shared: title, words and, if they want it, the sound. Nothing else of theirs, no account."""

from urllib.parse import quote

import streamlit as st

from pages.widgets.amounts import length
from pages.widgets.plain import markdown, plain, sentence
from pages.widgets.player import player
from stt import sharing
from stt.errors import NotFound
from stt.languages import LANGUAGES
from stt.transcript import paragraphs


def moment() -> float | None:
    """The second to start at, from a link such as `…&at=12.5`."""
    try:
        return max(0.0, float(st.query_params["at"]))
    except (KeyError, ValueError):
        return None


token = st.query_params.get("token", "")
try:
    shared = sharing.shared(token)
except NotFound as error:
    st.title("Not found", anchor=False)
    st.info(markdown(sentence(error.to_dict())))
    st.stop()
plain(shared.title, "stt-heading", tag="h1")
facts = [length(shared.duration), f"{shared.transcript.word_count:,} words"]
if shared.language:
    facts.append(LANGUAGES.get(shared.language, shared.language))
plain(" · ".join(facts), "stt-facts")
with st.container(key="transcript"):
    if shared.transcript.segments:
        player(
            "player-shared",
            audio_url=f"/audio/shared?share={quote(token)}" if shared.audio else None,
            duration=shared.duration,
            paragraphs=[
                {
                    "start": p.start,
                    "end": p.end,
                    "speaker": p.speaker,
                    "text": p.text,
                    "words": [{"t": w.text, "s": w.start, "e": w.end, "c": w.confidence} for w in p.words],
                }
                for p in paragraphs(shared.transcript.segments)
            ],
            at=moment(),
        )
    else:
        st.info("No speech was found in this recording.")

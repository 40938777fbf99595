"""Draw what a result has beside the words.

Of a provider: summary, chapters, topics, sentiments, entities, key phrases. Of an alignment: what does not fit.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from pages.escape import plain
from pages.format import clock
from stt.transcript.model import Transcript
from stt.whisper.forced_alignment.plan import UNFIT, UNWRITTEN

TABLES = {  # name in `Transcript.extras`: heading, columns in order
    "topics": ("Topics", ("start", "topic", "confidence", "text")),
    "intents": ("Intents", ("start", "intent", "confidence", "text")),
    "sentiments": ("Sentiments", ("start", "sentiment", "score", "speaker", "text")),
    "entities": ("Entities", ("start", "text", "kind", "confidence")),
    "key_phrases": ("Key phrases", ("text", "count", "rank")),
    "sensitive": ("Sensitive content", ("start", "kind", "confidence", "severity", "text")),
    "search": ("Search terms", ("start", "query", "confidence", "text")),
    "paragraphs": ("Paragraphs", ("start", "end", "speaker", "text")),
    UNFIT: ("Passages that do not fit the sound", ("start", "end", "text")),
    UNWRITTEN: ("Speech without text", ("start", "end", "text")),
    "utterances": ("Utterances", ("start", "end", "speaker", "text", "confidence")),
}
SHARES = ("confidence", "score", "severity", "rank")


def findings(transcript: Transcript) -> None:
    """Draw the findings, nothing if the result had only words."""
    extras = transcript.extras
    if summary := extras.get("summary"):
        st.subheader("Summary", anchor=False)
        plain(str(summary), "stt-text stt-lines")
    if chapters := extras.get("chapters"):
        st.subheader("Chapters", anchor=False)
        for number, chapter in enumerate(chapters):
            _chapter(number, chapter)
    for name, (heading, columns) in TABLES.items():
        if rows := extras.get(name):
            with st.expander(f"{heading} ({len(rows)})"):
                _table(rows, columns)
    if usage := extras.get("usage"):
        with st.expander("Usage as the provider counts it"):
            for name, value in usage.items():
                plain(f"{_words(name)}: {f'{value:g}' if isinstance(value, float) else value}", "stt-facts")


def _chapter(number: int, chapter: dict[str, Any]) -> None:
    start = chapter.get("start")
    with st.container(horizontal=True, vertical_alignment="center"):
        if start is not None and st.button(
            clock(start), key=f"chapter-{number}", type="tertiary", icon=":material/play_arrow:", help="Go there"
        ):
            again = st.query_params.get("at") == f"{start:.3f}"  # the player only seeks if the moment changes
            st.query_params["at"] = f"{start + 0.001 * again:.3f}"
            st.rerun()
        plain(chapter.get("headline") or chapter.get("gist") or "Chapter", "stt-title")
    if chapter.get("summary"):
        plain(chapter["summary"])


def _table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    frame = pd.DataFrame(rows).reindex(columns=list(columns)).replace("", None).dropna(axis="columns", how="all")
    for moment in ("start", "end"):
        if moment in frame:
            frame[moment] = [clock(at) if pd.notna(at) else "" for at in frame[moment]]
    for name in ("kind", "sentiment"):
        if name in frame:
            frame[name] = frame[name].map(_words, na_action="ignore")
    shares = {name.capitalize(): st.column_config.NumberColumn(format="%.2f") for name in SHARES}
    st.dataframe(frame.rename(columns=str.capitalize), hide_index=True, column_config=shares)


def _words(name: str) -> str:
    """Return the provider's name in words, such as "person name" for `person_name`."""
    return name.replace("_", " ")

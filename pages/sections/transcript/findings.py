"""Draw the findings that a result may contain in addition to the transcript.

A provider finds a summary, chapters, topics, sentiments, entities and key phrases. The alignment of an imported
transcript finds passages that do not match the sound, and speech that is missing from the text.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from pages.escape import plain
from pages.format import clock
from pages.texts import tr
from stt.transcript.model import Transcript
from stt.whisper.forced_alignment.plan import UNFIT, UNWRITTEN

SHARES = ("confidence", "score", "severity", "rank")


def _tables() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return the heading and the columns of each table of findings, by the table's name in `Transcript.extras`."""
    return {
        "topics": (tr("Topics"), ("start", "topic", "confidence", "text")),
        "intents": (tr("Intents"), ("start", "intent", "confidence", "text")),
        "sentiments": (tr("Sentiments"), ("start", "sentiment", "score", "speaker", "text")),
        "entities": (tr("Entities"), ("start", "text", "kind", "confidence")),
        "key_phrases": (tr("Key phrases"), ("text", "count", "rank")),
        "sensitive": (tr("Sensitive content"), ("start", "kind", "confidence", "severity", "text")),
        "search": (tr("Search terms"), ("start", "query", "confidence", "text")),
        "paragraphs": (tr("Paragraphs"), ("start", "end", "speaker", "text")),
        UNFIT: (tr("Passages that do not match the recording"), ("start", "end", "text")),
        UNWRITTEN: (tr("Speech missing from the transcript"), ("start", "end", "text")),
        "utterances": (tr("Utterances"), ("start", "end", "speaker", "text", "confidence")),
    }


def _headings() -> dict[str, str]:
    """Return the heading of each column by the column's name."""
    return {
        "start": tr("Start"),
        "end": tr("End"),
        "text": tr("Text"),
        "speaker": tr("Speaker"),
        "topic": tr("Topic"),
        "intent": tr("Intent"),
        "sentiment": tr("Sentiment"),
        "kind": tr("Kind"),
        "query": tr("Query"),
        "confidence": tr("Confidence"),
        "score": tr("Score"),
        "severity": tr("Severity"),
        "rank": tr("Rank"),
        "count": tr("Count"),
    }


def findings(transcript: Transcript) -> None:
    """Draw the findings in `transcript.extras`; nothing if it is empty."""
    extras = transcript.extras
    if summary := extras.get("summary"):
        st.subheader(tr("Summary"), anchor=False)
        plain(str(summary), "stt-text stt-lines")
    if chapters := extras.get("chapters"):
        st.subheader(tr("Chapters"), anchor=False)
        for number, chapter in enumerate(chapters):
            _chapter(number, chapter)
    for name, (heading, columns) in _tables().items():
        if rows := extras.get(name):
            with st.expander(f"{heading} ({len(rows)})"):
                _table(rows, columns)
    if usage := extras.get("usage"):
        with st.expander(tr("Usage reported by the provider")):
            for name, value in usage.items():
                plain(f"{_words(name)}: {f'{value:g}' if isinstance(value, float) else value}", "stt-facts")


def _chapter(number: int, chapter: dict[str, Any]) -> None:
    start = chapter.get("start")
    with st.container(horizontal=True, vertical_alignment="center"):
        if start is not None and st.button(
            clock(start),
            key=f"chapter-{number}",
            type="tertiary",
            icon=":material/play_arrow:",
            help=tr("Go to this chapter"),
        ):
            # The player seeks only if the position in the URL changes. If it is the same as before, 1 ms is added.
            is_same = st.query_params.get("at") == f"{start:.3f}"
            st.query_params["at"] = f"{start + 0.001 * is_same:.3f}"
            st.rerun()
        plain(chapter.get("headline") or chapter.get("gist") or tr("Chapter"), "stt-title")
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
    headings = _headings()
    shares = {headings[name]: st.column_config.NumberColumn(format="%.2f") for name in SHARES}
    st.dataframe(frame.rename(columns=headings), hide_index=True, column_config=shares)


def _words(name: str) -> str:
    """Return a provider's identifier as words, such as "person name" for `person_name`."""
    return name.replace("_", " ")

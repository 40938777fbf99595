"""The player: sound and transcript side by side, word by word."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from stt.transcript import DOUBTFUL

from . import component

if TYPE_CHECKING:
    from streamlit.components.v2.bidi_component import ComponentResult

_player = component("player", "player_text.js", "player_find.js", "player_edit.js", "player.js")


def player(
    key: str,
    *,
    audio_url: str | None,
    duration: float,
    paragraphs: Iterable[Mapping[str, Any]],
    at: float | None = None,
    doubtful: float = DOUBTFUL,
    peaks: list[float] | None = None,
    find: str = "",
    version: int | None = None,
    edited: Mapping[str, Any] | None = None,
    on_edit: Callable[[], None] | None = None,
) -> ComponentResult:
    """Draw the player bar and the transcript below it. Only a saved correction reruns the page.

    `audio_url` is where the sound lies (a route with byte ranges), None if it was deleted; `duration` in seconds.
    A paragraph is `{"start", "end", "speaker", "words", "text"}`, a word `{"t", "s", "e", "c"}`: its text with the
    space before it, its start and end in seconds, its confidence 0 to 1 or None. Without words, `text` is shown.
    `at` is the position in seconds to open at, `doubtful` the confidence below which a word is marked, `peaks` the
    loudness from 0 to 1 in even steps over the recording, `find` what the find box holds at the start.

    Paragraphs can be corrected where `version` says which version of the transcript this is: `on_edit` is called
    with `{"number", "paragraph", "text", "version"}` in `st.session_state[key]["edit"]`, all of it from the browser.
    The next `edited` answers `{"number", "error", "conflict"}`, `error` being None when it is saved.
    """
    return _player(
        key=key,
        data={
            "audio": audio_url,
            "duration": round(duration, 3),
            "paragraphs": [_packed(paragraph) for paragraph in paragraphs],
            "at": at,
            "doubtful": doubtful,
            "peaks": peaks,
            "find": find,
            "version": version,
            "edited": edited,
        },
        on_edit_change=on_edit or (lambda: None),
    )


def _packed(paragraph: Mapping[str, Any]) -> dict[str, Any]:
    """A paragraph with its words by column: a third of the bytes, which count at 100,000 words."""
    packed = {"start": round(paragraph["start"], 2), "end": round(paragraph["end"], 2)}
    if paragraph.get("speaker"):
        packed["speaker"] = paragraph["speaker"]
    words = paragraph.get("words")
    if not words:
        return {**packed, "text": paragraph["text"]}
    packed["t"] = [word["t"] for word in words]
    packed["s"] = [round(word["s"], 2) for word in words]
    packed["e"] = [round(word["e"], 2) for word in words]
    confidences = [word.get("c") for word in words]
    if any(confidence is not None for confidence in confidences):
        packed["c"] = [None if c is None else round(c, 3) for c in confidences]
    return packed

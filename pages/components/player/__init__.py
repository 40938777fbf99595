"""Draw the player, which plays the recording and shows the words of the transcript in time with the sound."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.components import component
from stt.transcript.model import DOUBTFUL, Transcript
from stt.transcript.notes import Note
from stt.transcript.packing import packed

if TYPE_CHECKING:
    from pages.compat.streamlit import ComponentResult

COLOURS: list[dict[str, str]] = json.loads(Path(__file__).with_name("colours.json").read_text("utf-8"))
_player = component("player")


def colour(place: int) -> str:
    """Return the CSS colour of the speaker at index `place`. The player's lanes and text use the same colour."""
    of_theme = COLOURS[place % len(COLOURS)]
    return f"light-dark({of_theme['light']}, {of_theme['dark']})"


def moment() -> float | None:
    """Return the position in seconds at which a link such as `…&at=12.5` opens the player; None without a position."""
    try:
        seconds = float(st.query_params["at"])
    except (KeyError, ValueError):
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def player(
    key: str,
    *,
    audio_url: str | None,
    duration: float,
    transcript: Transcript,
    speakers: Sequence[str] = (),
    sample: tuple[int, float, float] | None = None,
    at: float | None = None,
    doubtful: float = DOUBTFUL,
    waveform_url: str | None = None,
    find: str = "",
    version: int | None = None,
    edits: str | None = None,
    undo: int = 0,
    redo: int = 0,
    notes: Sequence[Note] = (),
    noting: str | None = None,
    passages: dict[str, Any] | None = None,
) -> ComponentResult:
    """Draw the player bar and the transcript below it.

    The player reruns the page only when the visitor makes a link to a moment, and 2.5 seconds after the last
    correction, if all corrections are saved and the caret is not in the text.

    `audio_url` is the URL of the sound, or None if the sound was deleted. The route at `audio_url` serves byte ranges.
    The route at `audio_url` plus `/state` reports whether the playback copy that `audio_url` sends is ready.
    `waveform_url` is the URL of the loudness curve. `duration` is in seconds. `at` is the initial playback position in
    seconds. Words with a confidence below `doubtful` are marked. `find` is the initial text of the find box. `speakers`
    are names in the order of their colours; speakers who are missing from `speakers` get the colours that follow. If
    there is only one speaker, no names are shown. `sample` is (number, start, end); when the number changes, the player
    plays from start to end, both in seconds.

    Paragraphs can be edited if `edits` is given. `edits` is the URL to which the script sends each change.
    `version` is the revision of this transcript; `undo` and `redo` are the numbers of steps that can be undone and
    redone. `notes` are shown in the text. New notes can be made if `noting` is given. `noting` is the URL to which the
    script sends the notes. `passages` has the choices for transcribing passages again (see
    `pages.sections.transcript.passages`).
    """

    def linked() -> None:
        at = st.session_state[key].get("moment")
        if isinstance(at, int | float) and math.isfinite(at):
            st.query_params["at"] = f"{max(0.0, at):.1f}"

    return _player(
        key=key,
        data={
            "audio": audio_url,
            "duration": round(duration, 3),
            "paragraphs": packed(transcript.segments),
            "speakers": list(speakers),
            "sample": sample,
            "timed": transcript.timed,
            "at": at,
            "doubtful": doubtful,
            "waveform": waveform_url,
            "find": find,
            "version": version,
            "edits": edits,
            "undo": undo,
            "redo": redo,
            "notes": [asdict(note) for note in notes],
            "noting": noting,
            "passages": passages,
        },
        on_rested_change=lambda: None,  # does nothing, because the rerun alone updates counts and facts
        on_moment_change=linked,
    )

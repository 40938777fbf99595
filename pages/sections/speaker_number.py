"""Draw the choice of the number of speakers."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.texts import tr

AUTOMATIC, OFF = "auto", "off"
MOST = 12  # maximum number of speakers that can be chosen


def speaker_number(key: str, *, usual: str = AUTOMATIC, off: bool = True, **how: Any) -> str | int | None:
    """Draw the field for the number of speakers, initially `usual`. The choice Off is offered only if `off`.

    Return "auto", a number, or None for Off. `how` are further arguments of `st.selectbox`.
    """
    choices: list[str | int] = [AUTOMATIC, *range(1, MOST + 1), *([OFF] if off else [])]
    names = {AUTOMATIC: tr("Automatic"), OFF: tr("Off")}
    chosen = st.selectbox(
        tr("Speakers"),
        choices,
        index=choices.index(usual),
        format_func=lambda choice: names.get(str(choice), str(choice)),
        key=key,
        help=tr(
            "After transcription, this server detects who speaks when. "
            "If you know the number of speakers, set it to improve the result."
        ),
        **how,
    )
    return None if chosen == OFF else chosen

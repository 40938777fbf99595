"""Let people choose the number of speakers."""

from __future__ import annotations

from typing import Any

import streamlit as st

AUTOMATIC, OFF = "auto", "off"
MOST = 12
HELP = "Who says what is found on this machine, after the text. Giving the number improves it where it is known."


def speaker_number(key: str, *, usual: str = AUTOMATIC, off: bool = True, **how: Any) -> str | int | None:
    """Draw the box: "auto", a number, or None for Off, which is offered with `off`. `usual` is what it begins with."""
    choices: list[str | int] = [AUTOMATIC, *range(1, MOST + 1), *([OFF] if off else [])]
    names = {AUTOMATIC: "Automatic", OFF: "Off"}
    chosen = st.selectbox(
        "Speakers",
        choices,
        index=choices.index(usual),
        format_func=lambda choice: names.get(str(choice), str(choice)),
        key=key,
        help=HELP,
        **how,
    )
    return None if chosen == OFF else chosen

"""A button that puts the transcript that the player shows on the clipboard."""

from __future__ import annotations

from . import component

_copy = component("copy", "clipboard.js", "copy.js")


def copy_button(key: str = "copy") -> None:
    """Draw the button; the press is handled in the browser, which has the text from the player: no rerun."""
    _copy(key=key, width="content")

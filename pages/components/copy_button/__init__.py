"""A button that puts the transcript that the player shows on the clipboard."""

from __future__ import annotations

from pages.components import component

_copy_button = component("copy_button")


def copy_button(key: str = "copy") -> None:
    """Draw the button; the press is handled in the browser, which has the text from the player: no rerun."""
    _copy_button(key=key, width="content")

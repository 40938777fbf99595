"""Draw a button that copies the transcript in the player to the clipboard."""

from __future__ import annotations

from pages.components import component

_copy_button = component("copy_button")


def copy_button() -> None:
    """Draw the button. A script in the browser copies the player's text, so a click does not rerun the page."""
    _copy_button(key="copy", width="content")

"""A button that puts text on the clipboard."""

from __future__ import annotations

from . import component

_copy = component("copy", "clipboard.js", "copy.js")


def copy_button(text: str, key: str = "copy") -> None:
    """Draw the button; the press is handled in the browser, no rerun."""
    _copy(key=key, data={"text": text}, width="content")

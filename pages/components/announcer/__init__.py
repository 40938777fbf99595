"""Announce changes to screen readers, and scroll to a started job."""

from __future__ import annotations

from pages.components import component

_announcer = component("announcer")


def announce(text: str, show: str | None = None) -> None:
    """Announce `text` to screen readers if it has changed, and scroll to the container with the key `show`.

    The page scrolls only if `show` has changed. Call this function after the container was drawn.
    """
    _announcer(key="announce", data={"text": text, "show": show})

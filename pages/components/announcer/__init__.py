"""Announce changes to screen readers, and scroll to a started job."""

from __future__ import annotations

from pages.components import component

_announcer = component("announcer")


def announce(text: str, show: str | None = None) -> None:
    """Announce `text` once to screen readers, and scroll once to the container with the key `show`.

    Call this function after that container was drawn.
    """
    _announcer(key="announce", data={"text": text, "show": show})

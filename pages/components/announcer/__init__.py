"""What changes by itself, said for those who do not see it, and what was started brought into view."""

from __future__ import annotations

from pages.components import component

_announcer = component("announcer")


def announce(text: str, show: str | None = None) -> None:
    """Say `text` once to screen readers; scroll once to the container with the key `show`.

    Draw it after that container.
    """
    _announcer(key="announce", data={"text": text, "show": show})

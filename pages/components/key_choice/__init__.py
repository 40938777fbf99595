"""Draw the list of the player's keys, each of which can be changed."""

from __future__ import annotations

from pages.components import component

_key_choice = component("key_choice")


def key_choice() -> None:
    """Draw the list. The browser stores the choice, as keys depend on the keyboard, so a change causes no rerun."""
    _key_choice(key="keys")

"""Draw the list of the player's keyboard shortcuts, where the visitor can change each key."""

from __future__ import annotations

from pages.components import component

_key_choice = component("key_choice")


def key_choice() -> None:
    """Draw the list. The browser stores the chosen keys, as they depend on the keyboard. A change causes no rerun."""
    _key_choice(key="keys")

"""Draw the list of the player's keyboard shortcuts, where the visitor can change each key."""

from __future__ import annotations

from pages.components import component

_key_choice = component("key_choice")


def key_choice() -> None:
    """Draw the list. The browser stores the chosen keys, because they depend on the keyboard.

    Changing a key does not rerun the page.
    """
    _key_choice(key="keys")

"""Offer to show a browser notification when a job ends while the page's tab is in the background."""

from __future__ import annotations

from pages.components import component

_notifier = component("notifier")


def notifier(news: str, *, waiting: bool) -> None:
    """Draw the button that turns notifications on and off, and show `news` as a notification when `news` changes.

    The button is visible only while `waiting` is true and if the browser supports notifications. A click on the button
    asks the visitor for permission. Without permission, or while the tab is visible, no notification is shown.
    """
    _notifier(key="notifier", data={"news": news, "waiting": waiting}, width="content")

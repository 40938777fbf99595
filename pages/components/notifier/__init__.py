"""Offer browser notifications of jobs that end while the tab with this page is in the background."""

from __future__ import annotations

from pages.components import component

_notifier = component("notifier")


def notifier(news: str, *, waiting: bool) -> None:
    """Draw the button that turns notifications on and off, and show `news` as a notification when `news` changes.

    The button is visible only while jobs are open (`waiting`) and if the browser supports notifications. Its click asks
    for permission. Without permission, or while the tab is visible, nothing is shown.
    """
    _notifier(key="notifier", data={"news": news, "waiting": waiting}, width="content")

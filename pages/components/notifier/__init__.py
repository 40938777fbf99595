"""Offer a browser notification when a job ends while its tab is in the background."""

from __future__ import annotations

from pages.components import component

_notifier = component("notifier")


def notifier(news: str, *, waiting: bool) -> None:
    """Draw the button while jobs are open (`waiting`), and notify of `news` when these change, if that was allowed.

    The button is hidden if the browser has no notifications. A click asks for permission.
    """
    _notifier(key="notifier", data={"news": news, "waiting": waiting}, width="content")

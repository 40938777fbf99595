"""Offer a notification of the browser when a job ends in a tab that nobody looks at."""

from __future__ import annotations

from pages.components import component

_notifier = component("notifier")


def notifier(news: str, *, waiting: bool) -> None:
    """Draw the button while jobs are `waiting` to end, and notify of `news` when they change, where that was allowed.

    It is hidden where the browser has no notifications. Permission is asked on a click.
    """
    _notifier(key="notifier", data={"news": news, "waiting": waiting}, width="content")

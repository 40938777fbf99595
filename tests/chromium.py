"""Start the browser for tests and benchmarks: the installed Chromium, or Playwright's."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from playwright.sync_api import Browser, BrowserType

FULL_BROWSERS = ("chromium", "google-chrome")
# The headless shell opens a page of this app with half the CPU time of a full browser, because it draws no window,
# tabs or address bar. It also does not ask for permissions or show notifications.
SHELL = "chromium-headless-shell"

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)


def launch(chromium: BrowserType, arguments: Sequence[str] = ARGUMENTS, *, whole: bool = False) -> Browser:
    """Start the headless shell, or a full headless browser if `whole` is set or no shell is installed."""
    names = FULL_BROWSERS if whole else (SHELL, *FULL_BROWSERS)
    installed = next((path for name in names if (path := shutil.which(name))), None)
    channel = "chromium" if whole and installed is None else None
    return chromium.launch(executable_path=installed, channel=channel, args=list(arguments))

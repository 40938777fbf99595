"""The browser of the tests and benches: what the system has installed, or Playwright's own."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from playwright.sync_api import Browser, BrowserType

# The headless shell opens a page of ours with half the processor time: it draws no window, no tabs and no address bar.
NAMES = ("chromium-headless-shell", "chromium", "google-chrome")

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


def launch(chromium: BrowserType, arguments: Sequence[str] = ARGUMENTS) -> Browser:
    """Start a browser without a window."""
    installed = next((path for name in NAMES if (path := shutil.which(name))), None)
    return chromium.launch(executable_path=installed, args=list(arguments))

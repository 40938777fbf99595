"""Start the browser for tests and benchmarks: the installed Chromium, or Playwright's."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, BrowserType

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
    installed = _installed(FULL_BROWSERS if whole else (SHELL, *FULL_BROWSERS))
    channel = "chromium" if whole and installed is None else None
    return chromium.launch(executable_path=installed, channel=channel, args=list(arguments))


def launch_without_cookies(chromium: BrowserType, profile: Path) -> BrowserContext:
    """Start a full headless browser whose settings block cookies and site data, with its profile in a new folder."""
    preferences = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (profile / "Default").mkdir(parents=True)
    (profile / "Default" / "Preferences").write_text(json.dumps(preferences))
    installed = _installed(FULL_BROWSERS)
    return chromium.launch_persistent_context(
        profile, executable_path=installed, channel=None if installed else "chromium", args=list(ARGUMENTS)
    )


def _installed(names: Sequence[str]) -> str | None:
    """Return the path of the first of these programs that is installed, None if none is."""
    return next((path for name in names if (path := shutil.which(name))), None)

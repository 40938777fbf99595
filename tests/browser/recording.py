"""Use the recorder on the Transcribe page."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Locator, Page

from tests.waiting import until


def recorder_page(visitor: BrowserContext, url: str) -> Page:
    page = visitor.new_page()
    page.goto(url)
    page.get_by_role("tab", name="Record").click()
    page.get_by_role("button", name="Record", exact=True).wait_for()
    return page


def start(page: Page) -> None:
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_role("button", name="Stop recording").wait_for()


def stop(page: Page) -> None:
    page.get_by_role("button", name="Stop recording").click()


def wait_for(page: Page, seconds: int) -> None:
    """Wait until the recorder shows at least this many recorded seconds."""
    until(lambda: shown_seconds(page) >= seconds, 4 * seconds + 30)


def shown_seconds(page: Page) -> int:
    minutes, seconds = page.locator(".stt-rec-time").inner_text().split(":")
    return 60 * int(minutes) + int(seconds)


def state(page: Page) -> Locator:
    return page.locator(".stt-rec-state")


def listed(page: Page) -> Locator:
    return page.locator("[class*=st-key-chosen-]", has_text="Recording of")

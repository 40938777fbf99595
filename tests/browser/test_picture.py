"""Take the screenshot of the README. `sh tests/run tests/browser/test_picture.py --picture` replaces the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.server import Server


def test_readme_picture_is_taken(browser: Browser, server: Server, tmp_path: Path, request: pytest.FixtureRequest):
    page = browser.new_page(viewport={"width": 1200, "height": 720}, device_scale_factor=1.5)
    page.goto(server.url)
    page.get_by_role("button", name="Try the sample").click()
    page.locator(".st-key-jobs").get_by_role("button", name="Read").click(timeout=60_000)
    page.locator(".st-key-transcript .stt-word").first.wait_for()
    page.locator(".stt-wave").wait_for()
    page.locator(".stt-word", has_text="country").first.click()
    page.locator(".stt-spoken").wait_for()
    page.evaluate("() => document.querySelector('.stt-audio').pause()")
    replace = request.config.getoption("--picture")
    target = Path(__file__).with_name("picture.png") if replace else tmp_path / "picture.png"
    page.screenshot(path=str(target))
    assert target.stat().st_size > 20_000
    page.close()

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.chromium import launch
from tests.server import Server
from tests.transcripts import sharing_data_with
from tests.waiting import until

# 30 s, the default timeout of Playwright's clicks. The default of 5 s for `expect` is too short on a busy machine:
# Streamlit's page loads the code of an element type when it first needs it, so some elements appear late.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server") / "data") as server:
        yield server


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server with default settings. All test files share it, except those with the marker `own_server`."""
    if request.node.get_closest_marker("own_server") is None:
        yield request.getfixturevalue("shared_server")
        return
    with Server(tmp_path_factory.mktemp("own") / "data") as server:
        yield server


@pytest.fixture
def database_of_server(server: Server) -> Iterator[None]:
    """Let this process use the server's data folder and database."""
    with sharing_data_with(server):
        yield


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """Open the first page as a new visitor."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    page = context.new_page()
    page.goto(server.url)
    yield page
    context.close()


def add_files(page: Page, *paths: Path) -> None:
    """Add these files to the upload field, and wait until they are listed."""
    page.locator("input[type=file]").first.set_input_files([str(path) for path in paths])
    for path in paths:
        page.locator("[class*=st-key-chosen-]", has_text=path.name).wait_for()


def row(page: Page, title: str) -> Locator:
    """Return the row of this recording in the visitor's list of jobs."""
    return page.locator(".st-key-jobs [class*=st-key-job-]", has_text=title).first


def choose(page: Page, box: Locator, option: str) -> None:
    """Choose `option` in the combobox `box`. Click again if its list closes because the page's layout changes."""
    wanted = page.get_by_role("option", name=option, exact=True)
    until(lambda: wanted.is_visible() or box.click(), 30, every=0.5)
    wanted.click()


def until_true(page: Page, expression: str) -> None:
    """Wait until a JavaScript expression is true.

    Playwright's `wait_for_function` uses `eval`, which the app's Content Security Policy forbids.
    """
    until(lambda: page.evaluate(expression), 30)


def watch_playback(page: Page) -> None:
    """Let the page store where the player seeks to next, in `window.sought`, and that it plays, in `window.played`.

    On a busy machine, a test that looks at the player itself may be too late: the sound has played on, or has ended.
    """
    page.evaluate(
        """() => {
          const audio = document.querySelector('.stt-audio');
          Object.assign(window, { sought: undefined, played: false });
          audio.addEventListener('seeking', () => { window.sought = audio.currentTime; }, { once: true });
          audio.addEventListener('playing', () => { window.played = true; }, { once: true });
        }"""
    )


def until_still(element: Locator) -> None:
    """Wait until an element stops moving."""
    boxes: list[object] = []

    def is_still() -> bool:
        boxes.append(element.bounding_box())
        return len(boxes) > 3 and boxes[-1] is not None and boxes[-1] == boxes[-2] == boxes[-3] == boxes[-4]

    until(is_still, 30)


def click_table(page: Page, x: int, row: int) -> None:
    """Click in row number `row` of the history's table (-1 is the header), `x` pixels from the table's left edge.

    Before the click, wait until the table stops moving.
    """
    canvas = page.locator(".st-key-history canvas").first
    until_still(canvas)
    canvas.click(position={"x": x, "y": 52 + 35 * row}, force=True)


def type_date(page: Page, label: str, day: date) -> None:
    """Type `day` into the date field that has this label, and leave the field with Tab."""
    page.get_by_role("spinbutton", name=f"day, {label}").focus()
    page.keyboard.type(f"{day:%d%m%Y}")
    page.keyboard.press("Tab")


def retype(page: Page, text: str, place: int = 0) -> None:
    """Replace the text of the paragraph with the index `place`, and wait until the new text is saved."""
    words = page.locator(".stt-words").nth(place)
    words.focus()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)
    page.keyboard.press("Escape")
    expect(words).to_have_text(text)
    expect(page.locator(".stt-saving")).to_have_text("Saved")

"""Test accessibility: axe finds no violation on the pages, and the keyboard alone is enough to transcribe and read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests import audio
from tests.browser.conftest import add_files, until_true
from tests.server import Server

MINUTE = 60_000  # milliseconds
HAS_OUR_RULES = "(sheet) => [...sheet.cssRules].some((rule) => rule.selectorText === '.stt-title')"


@pytest.fixture(params=[("light", 1440), ("dark", 390)], ids=lambda param: f"{param[0]}-{param[1]}")
def themed_page(request: pytest.FixtureRequest, browser: Browser, server: Server) -> Iterator[Page]:
    scheme, width = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(server.url)
    yield page
    context.close()


def accessibility_violations(page: Page) -> list[str]:
    """Return the WCAG 2.2 A and AA violations that axe finds (rule: element), and whether the page scrolls sideways.

    Before that, wait until no run of the page is in progress, because Streamlit fades what a long run has not drawn yet,
    and until the style sheet of `pages/frame.py` applies, which a slow browser loads after the page's buttons.
    """
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    until_true(page, f"[...document.styleSheets].some({HAS_OUR_RULES})")
    rules = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    found = Axe().run(page, options={"runOnly": rules, "resultTypes": ["violations"]}).response["violations"]
    wider = page.locator("[data-testid=stMain]").evaluate("main => main.scrollWidth - main.clientWidth")
    violations = [f"{rule['id']}: {node['html'][:300]}" for rule in found for node in rule["nodes"]]
    return violations + ([f"{wider} pixels wider than the window"] if wider > 0 else [])


def test_first_page_has_no_accessibility_violation_in_any_state(themed_page: Page, tmp_path):
    page = themed_page
    page.get_by_role("button", name="Try the sample").wait_for()
    assert accessibility_violations(page) == []
    notes = tmp_path / "notes.mp3"
    notes.write_text("These are notes, not sound. " * 50)
    add_files(page, audio.AUSTEN[0])
    page.locator("input[type=file]").first.set_input_files(str(notes))
    page.locator(".stt-uploads").get_by_role("alert").wait_for()
    assert accessibility_violations(page) == []
    page.get_by_role("button", name="Transcribe", exact=True).click()
    page.locator(".st-key-jobs").get_by_role("button", name="Read").wait_for(timeout=MINUTE)
    assert accessibility_violations(page) == []


def test_other_pages_have_no_accessibility_violation(themed_page: Page, server: Server):
    page = themed_page
    page.get_by_role("button", name="Try the sample").click()
    page.locator(".st-key-jobs").get_by_role("button", name="Read").click(timeout=MINUTE)
    page.locator(".st-key-transcript .stt-word").first.wait_for()
    assert accessibility_violations(page) == []
    page.get_by_role("button", name="Share", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Create link").wait_for()
    assert accessibility_violations(page) == []
    for path, shown in (
        ("history", ".st-key-history canvas"),
        ("compare", "[data-testid=stMultiSelect] [data-tag]"),
        ("settings", "[data-testid=stBaseButton-primaryFormSubmit]"),
        ("api", "[data-testid=stCode] .token"),
    ):
        page.goto(f"{server.url}/{path}")
        page.locator(shown).first.wait_for()
        assert accessibility_violations(page) == [], path


def test_sample_is_transcribed_and_read_by_keyboard_alone(page: Page):
    page.get_by_role("button", name="Try the sample").wait_for()
    go_to(page, "Upload")  # the tab Upload; the next element named Upload is the drop zone
    with page.expect_file_chooser():
        go_to(page, "Upload")
        page.keyboard.press("Enter")
    go_to(page, "Try the sample")
    page.keyboard.press("Enter")
    page.locator(".st-key-jobs").get_by_role("button", name="Read").wait_for(timeout=MINUTE)
    go_to(page, "Read")
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-transcript")).to_contain_text("ask not what your country can do for you")


def go_to(page: Page, name: str) -> None:
    """Press Tab until the element with this name has the focus."""
    focused = "() => { const e = document.activeElement; return e.ariaLabel || e.innerText || '' }"
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(focused).strip().splitlines()[-1:] == [name]:
            return
    pytest.fail(f"Tab does not lead to {name}")


def test_end_of_a_job_is_announced_and_its_row_is_in_view(page: Page):
    page.set_viewport_size({"width": 390, "height": 700})
    page.get_by_role("button", name="Try the sample").click()
    expect(page.locator(".st-key-jobs [class*=st-key-job-]")).to_be_in_viewport(timeout=MINUTE)
    status = page.locator(".stt-news")
    expect(status).to_contain_text("John F. Kennedy, inaugural address, 1961: Done, 11 s, 22 words", timeout=MINUTE)
    assert status.evaluate("e => e.role || e.getAttribute('role')") == "status"

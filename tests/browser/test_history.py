"""Test a history of several pages in a real browser: paging, sorting, Back, filters, downloading, deleting."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from stt.auth import visitors
from stt.library import corrections, history, tagging
from tests.bench.many_transcripts import generate
from tests.browser.conftest import choose, click_table, type_date
from tests.conftest import reset_caches
from tests.server import Server

COUNT = 230
VISITOR = "many"
OWNER = f"visitor:{VISITOR}"
TITLE_COLUMN = 2
ZONE = "Asia/Tokyo"  # the visitor's time zone, which decides when a day begins


@pytest.fixture
def history_page(browser: Browser, server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """Open the history of a visitor with three pages of transcripts, and let this process use the server's database."""
    monkeypatch.setenv("STT_DATA_DIR", str(server.data))
    reset_caches()
    for job in history.find(OWNER):
        history.delete(job.id, OWNER)
    generate(OWNER, COUNT)
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True, timezone_id=ZONE)
    context.add_cookies([{"name": visitors.COOKIE, "value": visitors.cookie_for(VISITOR), "url": server.url}])
    page = context.new_page()
    page.goto(server.url + "/history")
    expect(title(page, 0)).to_have_text(history.find(OWNER, limit=1)[0].title)
    yield page
    context.close()
    reset_caches()


def title(page: Page, row: int) -> Locator:
    return page.get_by_test_id(f"glide-cell-{TITLE_COLUMN}-{row}")


def search(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Search").fill(text)
    page.get_by_role("textbox", name="Search").press("Enter")


def test_click_on_a_header_sorts_all_pages_in_one_order(history_page: Page):
    for descending, order in ((False, "Title, A to Z"), (True, "Title, Z to A")):
        click_table(history_page, 250, -1)
        expect(history_page.get_by_role("combobox", name="Sort by")).to_have_value(order)
        expected = [job.title for job in history.find(OWNER, sort="title", descending=descending)]
        expect(title(history_page, 0)).to_have_text(expected[0])
        history_page.get_by_role("button", name="Next page").click()
        expect(title(history_page, 0)).to_have_text(expected[100])
        expect(history_page).to_have_url(re.compile(r"page=2"))
    history_page.reload()
    expect(title(history_page, 0)).to_have_text(expected[100])


def test_back_from_a_transcript_restores_the_search(history_page: Page):
    search(history_page, "that")
    found = history.totals(OWNER, text="that").count
    expect(history_page.get_by_text(f"{found} transcripts.")).to_be_visible()
    first, *_ = history.find(OWNER, text="that")
    expect(title(history_page, 0)).to_have_text(first.title)
    expect(history_page.get_by_test_id(f"glide-cell-{TITLE_COLUMN + 1}-0")).to_contain_text("that", ignore_case=True)
    click_table(history_page, 250, 0)
    expect(history_page).to_have_url(re.compile(r"/transcript\?id="))
    expect(history_page.get_by_label("Find in the text")).to_have_value(re.compile("that", re.IGNORECASE))
    expect(history_page.locator(".stt-count")).to_have_text(re.compile("1 of"))
    history_page.go_back()
    expect(history_page.get_by_text(f"{found} transcripts.")).to_be_visible()
    expect(history_page.get_by_role("textbox", name="Search")).to_have_value("that")


def test_ticked_transcripts_are_totalled_downloaded_as_zip_and_deleted(history_page: Page, tmp_path: Path):
    first, _, third = history.find(OWNER, limit=3)
    click_table(history_page, 17, 0)
    click_table(history_page, 17, 2)
    totals = history.totals_of([first, third])
    expect(history_page.get_by_text(re.compile(rf"2 selected: .*{totals.words:,} words"))).to_be_visible()
    actions = history_page.locator(".st-key-history-actions")
    actions.get_by_role("button", name="Download").click()
    with history_page.expect_download() as download:
        history_page.locator(".st-key-download-zip button").click()
    download.value.save_as(tmp_path / "transcripts.zip")
    with zipfile.ZipFile(tmp_path / "transcripts.zip") as archive:
        assert archive.namelist() == [f"{first.title}.txt", f"{third.title}.txt"]
    history_page.keyboard.press("Escape")
    actions.get_by_role("button", name="Delete").click()
    history_page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(history_page.get_by_text(f"{COUNT - 2} transcripts.")).to_be_visible()
    assert not {first.id, third.id} & {job.id for job in history.find(OWNER)}


def test_ticked_transcripts_are_tagged_and_found_by_their_tag(history_page: Page):
    chosen = history.find(OWNER, limit=2)
    tagging.set_tags(chosen[0].id, OWNER, ["old"])
    click_table(history_page, 17, 0)
    click_table(history_page, 17, 1)
    expect(history_page.get_by_text("2 selected")).to_be_visible()
    history_page.locator(".st-key-history-actions").get_by_role("button", name="Tags").click()
    dialog = history_page.get_by_role("dialog")
    dialog.get_by_role("combobox").fill("<b>board</b>")
    dialog.get_by_role("combobox").press("Enter")
    dialog.get_by_text("Other tags are not listed").click()  # close the list
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    assert [tagging.tags_of(job.id, OWNER) for job in chosen] == [["<b>board</b>", "old"], ["<b>board</b>"]]
    choose_filter(history_page, "Tag", "<b>board</b>")
    expect(history_page.get_by_text("2 transcripts.")).to_be_visible()


def test_all_listed_transcripts_are_ticked_and_deleted_at_once(history_page: Page):
    wanted: history.Filter = {"engines": ["provider"]}
    choose_filter(history_page, "Engine", "AI/ML API")
    found = history.totals(OWNER, **wanted)
    assert found.count > 100, "more than a page of them"
    history_page.get_by_text(f"All {found.count}", exact=True).click()
    expect(history_page.get_by_text(re.compile(rf"^{found.count} selected: .* {found.words:,} words"))).to_be_visible()
    history_page.locator(".st-key-history-actions").get_by_role("button", name="Delete").click()
    dialog = history_page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"{found.count} transcripts and their audio will be deleted.")
    dialog.get_by_role("button", name="Delete").click()
    expect(history_page.get_by_text("Nothing matches.")).to_be_visible()
    assert history.totals(OWNER, **wanted).count == 0 and history.totals(OWNER).count == COUNT - found.count


def test_all_is_not_ticked_for_another_search_with_as_many_results(history_page: Page):
    jobs = history.find(OWNER)
    for word, some in (("zebra", jobs[:101]), ("giraffe", jobs[101:202])):
        for job in some:
            corrections.retitle(job.id, OWNER, word, job.title)
    search(history_page, "zebra")
    everyone = history_page.get_by_role("checkbox", name="All 101")
    history_page.get_by_text("All 101", exact=True).click()
    expect(history_page.get_by_text("101 selected")).to_be_visible()
    choose(history_page, history_page.get_by_role("combobox", name="Sort by"), "Title, A to Z")
    expect(everyone).to_be_checked()  # the same transcripts in another order
    search(history_page, "giraffe")
    expect(title(history_page, 0)).to_have_text("giraffe")
    expect(everyone).not_to_be_checked()
    expect(history_page.get_by_text("101 selected")).to_have_count(0)


def choose_filter(page: Page, label: str, option: str) -> None:
    """Open the filters, choose `option` in the filter `label`, and close the filters."""
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option, exact=True).click()
    page.keyboard.press("Escape")  # close the list, which hides the rest of the page from `get_by_role`
    page.keyboard.press("Escape")  # close the popover
    expect(page.get_by_role("combobox", name=label)).to_have_count(0)


def test_each_filter_narrows_the_result_of_the_others(history_page: Page):
    wanted: history.Filter = {}
    for label, option, more in (
        ("Engine", "AI/ML API", {"engines": ["provider"]}),
        ("Language", "English", {"languages": ["en"]}),
        ("State", "Done", {"states": ["done"]}),
        ("Length", "1 to 10 minutes", {"shortest": 60.0, "longest": 600.0}),
        ("Model", "aai/universal", {"models": ["aai/universal"]}),
    ):
        wanted = {**wanted, **more}
        choose_filter(history_page, label, option)
        expect(
            history_page.get_by_text(re.compile(f"^{history.totals(OWNER, **wanted).count} transcripts?\\."))
        ).to_be_visible()
    history_page.reload()
    expect(history_page.get_by_role("button", name="Filters (5)")).to_be_visible()
    expect(
        history_page.get_by_text(re.compile(f"^{history.totals(OWNER, **wanted).count} transcripts?\\."))
    ).to_be_visible()


def test_typed_dates_are_whole_days_in_the_visitors_time_zone(history_page: Page):
    days = sorted(datetime.fromtimestamp(job.created, ZoneInfo(ZONE)).date() for job in history.find(OWNER))
    first, last = days[20], days[60]
    history_page.get_by_role("button", name="Filters").click()
    type_date(history_page, "Created start date", first)
    type_date(history_page, "Created end date", last)
    history_page.keyboard.press("Tab")  # leave the date field, so that the filter applies
    found = sum(first <= day <= last for day in days)
    expect(history_page.get_by_text(f"{found} transcripts.")).to_be_visible()
    expect(history_page).to_have_url(re.compile(f"dates={first}&dates={last}"))
    history_page.reload()
    expect(history_page.get_by_role("button", name="Filters (1)")).to_be_visible()
    expect(history_page.get_by_text(f"{found} transcripts.")).to_be_visible()


def test_filter_narrows_the_list_and_is_counted_and_chart_is_drawn(history_page: Page):
    failed = history.totals(OWNER, states=["failed"]).count
    history_page.get_by_role("button", name="Filters").click()
    history_page.get_by_role("combobox", name="State").click()
    history_page.get_by_role("option", name="Failed").click()
    expect(history_page.get_by_text(f"{failed} transcripts.")).to_be_visible()
    history_page.keyboard.press("Escape")  # close the list, which hides the rest of the page from `get_by_role`
    history_page.keyboard.press("Escape")  # close the popover
    expect(history_page.get_by_role("button", name="Filters (1)")).to_be_visible()
    history_page.get_by_text("Minutes per day and model").click()
    expect(
        history_page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg").first
    ).to_be_visible()


def test_a_search_that_finds_nothing_says_so(history_page: Page):
    search(history_page, '"xyzzy" OR *')
    expect(history_page.get_by_text("Nothing matches.")).to_be_visible()

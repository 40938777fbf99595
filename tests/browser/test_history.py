"""A history of several pages in a real browser: paged, sorted over all of it, found again by Back, taken away, deleted."""

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
from stt.library import history, tagging
from tests.bench.many_transcripts import generate
from tests.browser.conftest import click_table, type_date
from tests.conftest import forget
from tests.server import Server

COUNT = 230
VISITOR = "many"
OWNER = f"visitor:{VISITOR}"
TITLE = 2  # the column
ZONE = "Asia/Tokyo"  # where the visitor is: days begin when they begin there


@pytest.fixture
def many(browser: Browser, server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """Open the history of a visitor with three pages of transcripts, and use its database in this process."""
    monkeypatch.setenv("STT_DATA_DIR", str(server.data))
    forget()
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
    forget()


def title(page: Page, row: int) -> Locator:
    return page.get_by_test_id(f"glide-cell-{TITLE}-{row}")


def search(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Search").fill(text)
    page.get_by_role("textbox", name="Search").press("Enter")


def test_a_click_on_a_header_sorts_all_pages_and_the_pages_follow_each_other(many: Page):
    for descending, order in ((False, "Title, A to Z"), (True, "Title, Z to A")):
        click_table(many, 250, -1)
        expect(many.get_by_role("combobox", name="Sort by")).to_have_value(order)
        expected = [job.title for job in history.find(OWNER, sort="title", descending=descending)]
        expect(title(many, 0)).to_have_text(expected[0])
        many.get_by_role("button", name="Next page").click()
        expect(title(many, 0)).to_have_text(expected[100])
        expect(many).to_have_url(re.compile(r"page=2"))
    many.reload()
    expect(title(many, 0)).to_have_text(expected[100])


def test_back_from_a_transcript_finds_the_search_as_it_was(many: Page):
    search(many, "that")
    found = history.totals(OWNER, text="that").count
    expect(many.get_by_text(f"{found} transcripts.")).to_be_visible()
    first, *_ = history.find(OWNER, text="that")
    expect(title(many, 0)).to_have_text(first.title)
    expect(many.get_by_test_id(f"glide-cell-{TITLE + 1}-0")).to_contain_text("that", ignore_case=True)
    click_table(many, 250, 0)
    expect(many).to_have_url(re.compile(r"/transcript\?id="))
    expect(many.get_by_label("Find in the text")).to_have_value(re.compile("that", re.IGNORECASE))
    expect(many.locator(".stt-count")).to_have_text(re.compile("1 of"))
    many.go_back()
    expect(many.get_by_text(f"{found} transcripts.")).to_be_visible()
    expect(many.get_by_role("textbox", name="Search")).to_have_value("that")


def test_ticked_ones_are_added_up_taken_away_as_one_zip_and_deleted(many: Page, tmp_path: Path):
    first, _, third = history.find(OWNER, limit=3)
    click_table(many, 17, 0)
    click_table(many, 17, 2)
    both = history.totals_of([first, third])
    expect(many.get_by_text(re.compile(rf"2 ticked: .*{both.words:,} words"))).to_be_visible()
    actions = many.locator(".st-key-history-actions")
    actions.get_by_role("button", name="Download").click()
    with many.expect_download() as download:
        many.locator(".st-key-download-zip button").click()
    download.value.save_as(tmp_path / "transcripts.zip")
    with zipfile.ZipFile(tmp_path / "transcripts.zip") as archive:
        assert archive.namelist() == [f"{first.title}.txt", f"{third.title}.txt"]
    many.keyboard.press("Escape")
    actions.get_by_role("button", name="Delete").click()
    many.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(many.get_by_text(f"{COUNT - 2} transcripts.")).to_be_visible()
    assert not {first.id, third.id} & {job.id for job in history.find(OWNER)}


def test_ticked_ones_are_tagged_and_found_by_their_tag(many: Page):
    chosen = history.find(OWNER, limit=2)
    tagging.set_tags(chosen[0].id, OWNER, ["old"])
    click_table(many, 17, 0)
    click_table(many, 17, 1)
    expect(many.get_by_text("2 ticked")).to_be_visible()
    many.locator(".st-key-history-actions").get_by_role("button", name="Tags").click()
    dialog = many.get_by_role("dialog")
    dialog.get_by_role("combobox").fill("<b>board</b>")
    dialog.get_by_role("combobox").press("Enter")
    dialog.get_by_text("Other tags are not listed").click()  # closes the list
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    assert [tagging.tags_of(job.id, OWNER) for job in chosen] == [["<b>board</b>", "old"], ["<b>board</b>"]]
    choose_filter(many, "Tag", "<b>board</b>")
    expect(many.get_by_text("2 transcripts.")).to_be_visible()


def test_all_that_are_listed_are_chosen_at_once(many: Page):
    wanted: history.Filter = {"engines": ["provider"]}
    choose_filter(many, "Engine", "AI/ML API")
    found = history.totals(OWNER, **wanted)
    assert found.count > 100, "more than a page of them"
    many.get_by_text(f"All {found.count}", exact=True).click()
    expect(many.get_by_text(re.compile(rf"^{found.count} ticked: .* {found.words:,} words"))).to_be_visible()
    many.locator(".st-key-history-actions").get_by_role("button", name="Delete").click()
    dialog = many.get_by_role("dialog")
    expect(dialog).to_contain_text(f"{found.count} transcripts and their audio will be deleted.")
    dialog.get_by_role("button", name="Delete").click()
    expect(many.get_by_text("Nothing matches.")).to_be_visible()
    assert history.totals(OWNER, **wanted).count == 0 and history.totals(OWNER).count == COUNT - found.count


def choose_filter(page: Page, label: str, option: str) -> None:
    """Open the filters, choose one more, close them."""
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option, exact=True).click()
    page.keyboard.press("Escape")  # closes the list, which hides the rest from screen readers
    page.keyboard.press("Escape")  # the popover
    expect(page.get_by_role("combobox", name=label)).to_have_count(0)


def test_every_filter_narrows_what_the_others_left(many: Page):
    wanted: history.Filter = {}
    for label, option, more in (
        ("Engine", "AI/ML API", {"engines": ["provider"]}),
        ("Language", "English", {"languages": ["en"]}),
        ("State", "Done", {"states": ["done"]}),
        ("Length", "1 to 10 minutes", {"shortest": 60.0, "longest": 600.0}),
        ("Model", "aai/universal", {"models": ["aai/universal"]}),
    ):
        wanted = {**wanted, **more}
        choose_filter(many, label, option)
        expect(
            many.get_by_text(re.compile(f"^{history.totals(OWNER, **wanted).count} transcripts?\\."))
        ).to_be_visible()
    many.reload()
    expect(many.get_by_role("button", name="Filters (5)")).to_be_visible()
    expect(many.get_by_text(re.compile(f"^{history.totals(OWNER, **wanted).count} transcripts?\\."))).to_be_visible()


def test_dates_are_typed_and_are_whole_days_of_the_visitors_clock(many: Page):
    days = sorted(datetime.fromtimestamp(job.created, ZoneInfo(ZONE)).date() for job in history.find(OWNER))
    first, last = days[20], days[60]
    many.get_by_role("button", name="Filters").click()
    type_date(many, "Created start date", first)
    type_date(many, "Created end date", last)
    many.keyboard.press("Tab")  # leaves the field
    found = sum(first <= day <= last for day in days)
    expect(many.get_by_text(f"{found} transcripts.")).to_be_visible()
    expect(many).to_have_url(re.compile(f"dates={first}&dates={last}"))
    many.reload()
    expect(many.get_by_role("button", name="Filters (1)")).to_be_visible()
    expect(many.get_by_text(f"{found} transcripts.")).to_be_visible()


def test_filters_narrow_and_are_counted_and_the_chart_is_drawn(many: Page):
    failed = history.totals(OWNER, states=["failed"]).count
    many.get_by_role("button", name="Filters").click()
    many.get_by_role("combobox", name="State").click()
    many.get_by_role("option", name="Failed").click()
    expect(many.get_by_text(f"{failed} transcripts.")).to_be_visible()
    many.keyboard.press("Escape")  # closes the list, which hides the rest from screen readers
    many.keyboard.press("Escape")  # the popover
    expect(many.get_by_role("button", name="Filters (1)")).to_be_visible()
    many.get_by_text("Minutes per day and model").click()
    expect(
        many.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg").first
    ).to_be_visible()


def test_a_search_that_finds_nothing_says_so(many: Page):
    search(many, '"xyzzy" OR *')
    expect(many.get_by_text("Nothing matches.")).to_be_visible()

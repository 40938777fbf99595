"""Test the history on real databases: search, sorting, filters, totals, updates and separation by owner."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from stt.db import title_order
from stt.db.engine import database
from stt.db.tables import tags, transcriptions
from stt.kinds import DONE
from stt.library import corrections, history
from tests.histories import AUSTEN, add, titles

pytestmark = pytest.mark.usefixtures("each_database")


def test_owner_sees_only_own_records(owner: str):
    own_id, other = add(owner, "Mine", AUSTEN, model="m1", language="en"), f"{owner}-other"
    other_id = add(other, "Theirs", AUSTEN, model="m2", language="de")
    with database().begin() as connection:
        connection.execute(tags.insert(), [{"id": own_id, "tag": "my"}, {"id": other_id, "tag": "their"}])
    for query in ({}, {"text": "selfish"}, {"models": ["m1", "m2"]}, {"tags": ["my", "their"]}):
        assert titles(owner, **query) == ["Mine"]
        assert history.totals(owner, **query).count == 1
    assert history.choices(owner) == history.Choices(["m1"], ["en"], ["my"])
    assert {model for _, model in history.minutes_by_day(owner, ZoneInfo("UTC"))} == {"m1"}
    assert titles(owner, text=owner) == titles(owner, text=other.encode().hex()) == []


def add_many(owner: str) -> None:
    """Add five records with different titles and creation times. The third has no duration, language, words or cost."""
    rows = [
        dict(title="delta", model="b", engine="provider", language="en", state=DONE, created=100.0, duration=30.0, words=9, confidence=0.9, cost=0.5),
        dict(title="Alpha", model="a", engine="on-device", language="de", state=DONE, created=200.0, duration=90.0, words=7, confidence=0.5),
        dict(title="charlie", model="b", engine="provider", state="failed", created=300.0),
        dict(title="Bravo", model="a", engine="on-device", language="en", state=DONE, created=400.0, duration=3600.0, words=5000, confidence=0.7),
        dict(title="echo", model="c", engine="provider", language="fr", state="queued", created=500.0, duration=60.0, cost=0.25),
    ]  # fmt: skip
    for row in rows:
        add(owner, **row)


@pytest.mark.parametrize(
    ("sort", "descending", "expected"),
    [
        ("created", True, "echo Bravo charlie Alpha delta"),
        ("created", False, "delta Alpha charlie Bravo echo"),
        ("title", False, "Alpha Bravo charlie delta echo"),
        ("title", True, "echo delta charlie Bravo Alpha"),
        ("duration", True, "Bravo Alpha echo delta charlie"),
        ("duration", False, "delta echo Alpha Bravo charlie"),
        ("words", False, "Alpha delta Bravo echo charlie"),
        ("language", False, "Alpha Bravo delta echo charlie"),
        ("confidence", False, "Alpha Bravo delta echo charlie"),
        ("cost", True, "delta echo Bravo charlie Alpha"),
        ("cost", False, "echo delta Bravo charlie Alpha"),
        ("model", False, "Bravo Alpha charlie delta echo"),
    ],
)
def test_every_column_sorts_all_pages_with_unknown_values_last(owner: str, sort: str, descending: bool, expected: str):
    add_many(owner)
    assert titles(owner, sort=sort, descending=descending) == expected.split()
    pages = [titles(owner, sort=sort, descending=descending, limit=2, offset=offset) for offset in (0, 2, 4)]
    assert [title for page in pages for title in page] == expected.split()


def test_every_listed_sort_order_works_in_both_directions(owner: str):
    add_many(owner)
    for sort in history.SORTS:
        assert len(titles(owner, sort=sort)) == len(titles(owner, sort=sort, descending=False)) == 5


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"models": ["a"]}, "Bravo Alpha"),
        ({"models": ["a", "c"]}, "echo Bravo Alpha"),
        ({"engines": ["provider"]}, "echo charlie delta"),
        ({"languages": ["en"]}, "Bravo delta"),
        ({"states": ["failed", "queued"]}, "echo charlie"),
        ({"since": 200.0, "until": 400.0}, "charlie Alpha"),
        ({"shortest": 60.0}, "echo Bravo Alpha"),
        ({"longest": 60.0}, "delta"),
        ({"text": "alpha", "models": ["b"]}, ""),
        ({"text": "alph", "models": ["a"], "states": ["done"], "until": 300.0}, "Alpha"),
        ({"models": [], "states": [], "text": "", "since": None}, "echo Bravo charlie Alpha delta"),
    ],
)
def test_filters_combine_and_totals_are_of_the_found_records(owner: str, query: dict, expected: str):
    add_many(owner)
    assert titles(owner, **query) == expected.split()
    assert history.totals(owner, **query) == history.totals_of(history.find(owner, **query))


def test_totals_add_up(owner: str):
    add_many(owner)
    assert history.totals(owner) == history.Totals(5, 3780.0, 5016, 0.75)
    assert history.totals(owner, models=["a"]) == history.Totals(2, 3690.0, 5007, None)
    assert history.totals(owner, text="nothing") == history.Totals(0, 0.0, 0, None)


def test_tags_filter(owner: str):
    first, second = add(owner, "One"), add(owner, "Two")
    with database().begin() as connection:
        connection.execute(tags.insert(), [{"id": first, "tag": "Work"}, {"id": second, "tag": "home"}])
    assert titles(owner, tags=["Work"]) == ["One"]
    assert history.choices(owner).tags == ["home", "Work"]


def test_minutes_count_for_the_day_in_the_visitors_time_zone(owner: str):
    for zone, expected in (("Asia/Kathmandu", date(2026, 3, 30)), ("Europe/Berlin", date(2026, 3, 29))):
        zone_owner = f"{owner}-{zone}"
        # 20:30 in Berlin on the day when the clock went forward is 00:15 of the next day in Kathmandu.
        moment = datetime(2026, 3, 29, 20, 30, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
        add(zone_owner, "a", "b", created=moment, duration=90.0)
        add(zone_owner, "c", "d", created=moment, duration=30.0)
        assert history.minutes_by_day(zone_owner, ZoneInfo(zone)) == {(expected, "whisper-base"): 2.0}


NATURAL = [
    "🎉 party",
    "1.1 Lesson",
    "1.10 Lesson",
    "9 lives",
    "Ärger",
    "Arm",
    "Episode 2",
    "episode 2",
    "Episode 10",
    "Łódź",
    "lotus",
    "Zug",
    "Игра",
]


@pytest.mark.parametrize("descending", [False, True])
def test_titles_have_natural_order_across_all_pages(owner: str, descending: bool):
    for title in [*NATURAL[::2], *NATURAL[1::2]]:
        add(owner, title)
    expected = NATURAL[::-1] if descending else NATURAL
    query = {"sort": "title", "descending": descending}
    assert titles(owner, **query) == expected
    pages = [titles(owner, **query, limit=4, offset=offset) for offset in range(0, len(NATURAL), 4)]
    assert [title for page in pages for title in page] == expected


def test_equal_titles_have_a_stable_order_across_pages(owner: str):
    ids = [add(owner, "Talk", created=100.0) for _ in range(9)]
    for descending in (False, True):
        query = {"sort": "title", "descending": descending, "limit": 2}
        pages = [history.find(owner, **query, offset=offset) for offset in range(0, 10, 2)]
        assert [job.id for page in pages for job in page] == ids[::-1]


def test_new_title_is_sorted_at_once(owner: str):
    add(owner, "Episode 2")
    renamed = add(owner, "Episode 10")
    corrections.retitle(renamed, owner, "Episode\u202e 1", "Episode 10")
    assert titles(owner, sort="title", descending=False) == ["Episode 1", "Episode 2"]


def test_titles_of_earlier_code_get_sort_keys_in_the_background(owner: str):
    for title in ("Episode 10", "Ärger", "Episode 2"):
        add(owner, title)
    renamed = add(owner, "Zug")
    with database().begin() as connection:
        connection.execute(transcriptions.update().where(transcriptions.c.owner == owner).values(title_key=None))
    corrections.retitle(renamed, owner, "Aal", "Zug")
    assert titles(owner, sort="title", descending=False)[0] == "Aal"  # titles without a sort key come last
    assert title_order.fill_missing() >= 3
    assert titles(owner, sort="title", descending=False) == ["Aal", "Ärger", "Episode 2", "Episode 10"]
    assert title_order.fill_missing() == 0


def test_recordings_sort_by_date_and_those_without_one_come_last(owner: str):
    for title, dated in (("none", None), ("old", -282355200.0), ("new", 1.7e9), ("middle", 1.6e9)):
        add(owner, title, dated=dated, dated_by=dated and "moment")
    assert titles(owner, sort="dated") == ["new", "middle", "old", "none"]
    assert titles(owner, sort="dated", descending=False) == ["old", "middle", "new", "none"]
    assert history.find(owner, sort="dated")[0].dated_by == "moment"

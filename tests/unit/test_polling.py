"""Test how often the provider is polled, and that all calls that use the same API key slow down together."""

from __future__ import annotations

import time
from itertools import islice, pairwise
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stt.aiml.pacing import SLOWEST, SPARE, Pace, Schedule, expected_seconds, pace_of
from stt.backoff import LONGEST_WAIT, backoff, retry_after
from stt.errors import Cancelled, ProviderBusy
from tests.bench.polling import BINS, estimated, fixed_moments, max_delay, schedule_moments, simulate, unknown, watch

EXPECTED = st.none() | st.floats(0.01, 5000)


@pytest.mark.parametrize("expect", [estimated, unknown])
def test_median_delay_after_a_job_is_at_most_a_second_or_8_percent_of_it(expect):
    rows = simulate(expect, 4000)
    assert median(row["delay"] / max_delay(row["job"]) for row in rows) <= 1
    assert median(row["delay"] for row in rows) < median(row["fixed_delay"] for row in rows) / 2


@pytest.fixture(scope="module")
def estimated_jobs() -> list[dict]:
    return simulate(estimated, 4000, seed=2)


@pytest.mark.parametrize(("low", "high"), BINS)
def test_jobs_of_every_length_are_noticed_in_time_with_a_learnt_duration(estimated_jobs, low, high):
    rows = [row for row in estimated_jobs if low <= row["job"] <= high]
    assert median(row["delay"] / max_delay(row["job"]) for row in rows) <= 1


@given(job=st.floats(1, 600), expected=EXPECTED)
def test_job_is_polled_at_most_8_times_more_than_every_10_seconds(job, expected):
    assert watch(job, schedule_moments(expected))[1] <= watch(job, fixed_moments())[1] + SPARE


@given(expected=EXPECTED)
def test_polls_are_at_least_half_a_second_and_at_most_10_seconds_apart(expected):
    moments = [0.0, *islice(Schedule(expected).moments(), 100)]
    assert all(0 < after - before <= SLOWEST + 1e-9 for before, after in pairwise(moments))
    assert all(after - before >= min(0.5, 0.3 * (expected or 9)) - 1e-9 for before, after in pairwise(moments))


@given(elapsed=st.floats(0, 4000), expected=EXPECTED)
def test_restarted_job_polls_at_the_same_moments_as_without_a_restart(elapsed, expected):
    schedule = Schedule(expected)
    at = elapsed + schedule.wait(elapsed)
    moments = list(islice(schedule.moments(), 500))
    assert elapsed < at <= elapsed + SLOWEST + 1e-9
    assert any(abs(at - moment) < 0.051 for moment in moments)


@pytest.mark.parametrize("nonsense", [0, -5, float("nan"), float("inf")])
def test_invalid_expected_duration_counts_as_unknown(nonsense):
    assert Schedule(nonsense).wait(0) == Schedule().wait(0)


def test_expected_duration_is_learnt_from_jobs_of_about_the_same_length():
    past = [(10, 2), (11, 3), (9, 2.5), (3600, 200), (3000, 180), (4000, 220)]
    assert expected_seconds(10, past[:3]) == 2.5
    assert expected_seconds(3600, past * 3) == 200
    assert expected_seconds(10, past[:2]) is None
    assert expected_seconds(0, past) is None


def test_a_429_stops_all_calls_of_the_key_and_only_of_that_key():
    one, same, other = pace_of("https://a", "k1"), pace_of("https://a", "k1"), pace_of("https://a", "k2")
    one.refused(time.monotonic(), 60)
    assert same.delay() > 55 and other.delay() == 0
    with pytest.raises(ProviderBusy, match="seconds"):
        same.wait(time.monotonic() + 1)
    other.wait(time.monotonic() + 1)


def test_calls_refused_together_slow_the_key_down_once():
    pace, began = Pace(), time.monotonic()
    for _ in range(20):
        pace.refused(began, None)
    assert pace.delay() <= 1


def test_repeated_refusals_without_retry_after_wait_longer_each_time():
    pace = Pace()
    for _ in range(5):
        pace.refused(time.monotonic(), None)
    assert 10 < pace.delay() <= 16


def test_calls_after_a_429_are_spaced_out_until_calls_succeed_again():
    pace = Pace()
    pace.refused(time.monotonic(), 0)
    deadline = time.monotonic() + 60
    pace.wait(deadline)
    pace.wait(deadline)
    assert pace.delay() > 0
    for _ in range(10):
        pace.accepted(time.monotonic())
    pace.wait(deadline)
    assert pace._gap == 0


def test_waiting_call_can_be_cancelled():
    pace = Pace()
    pace.refused(time.monotonic(), 60)
    with pytest.raises(Cancelled):
        pace.wait(time.monotonic() + 100, lambda: True)


def test_retries_go_on_for_days_with_at_most_30_seconds_between_them():
    waits = list(islice(backoff(), 20_000))
    assert all(2**n <= wait <= 2**n + 0.5 for n, wait in enumerate(waits[:5]))
    assert set(waits[5:]) == {30}


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3),
        (" 7 ", 7),
        ("0", 0),
        ("999999999", LONGEST_WAIT),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-3", None),
        ("1.5", None),
        ("9" * 6000, None),
        ("Fri, 31 Dec 9999999 23:59:59 GMT", None),
    ],
)
def test_any_retry_after_header_is_read(header, seconds):
    read_as = retry_after(header)
    assert read_as == seconds or (seconds is None and (read_as is None or 0 <= read_as <= LONGEST_WAIT))

"""Schedules of CronJobs, as robfig/cron reads them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kubectl_podx.pod.cron import read

NOON = datetime(2026, 1, 1, 12, 0, 30, tzinfo=UTC)
"""A Thursday."""


@pytest.mark.parametrize(
    ("schedule", "before", "after"),
    [
        ("* * * * *", "01-01 12:00", "01-01 12:01"),
        ("*/15 * * * *", "01-01 12:00", "01-01 12:15"),
        ("5 4 * * *", "01-01 04:05", "01-02 04:05"),
        ("0 0 * * sun", "12-28 00:00", "01-04 00:00"),
        ("30 9-17/4 * * 1-5", "01-01 09:30", "01-01 13:30"),
        ("0 0 1 * *", "01-01 00:00", "02-01 00:00"),
        ("0 0 29 2 *", "02-29 00:00", "02-29 00:00"),
        ("@hourly", "01-01 12:00", "01-01 13:00"),
        ("0 12 13 * 5", "12-26 12:00", "01-02 12:00"),
        ("CRON_TZ=Europe/Berlin 0 13 * * *", "01-01 12:00", "01-02 12:00"),
    ],
)
def test_when_it_was_due_and_when_it_is_next(schedule: str, before: str, after: str) -> None:
    found = read(schedule)
    assert found is not None
    last, coming = found.before(NOON), found.after(NOON)
    assert f"{last:%m-%d %H:%M}" == before
    assert f"{coming:%m-%d %H:%M}" == after


@pytest.mark.parametrize(
    "schedule",
    ["", "* * * *", "61 * * * *", "* * * * 7", "5-1 * * * *", "*/0 * * * *", "x * * * *"],
)
def test_what_is_no_schedule(schedule: str) -> None:
    assert read(schedule) is None


def test_a_time_zone_that_nobody_knows() -> None:
    assert read("* * * * *", "Mars/Base") is None
    assert read("* * * * *", "Europe/Berlin") is not None


def test_how_often_it_was_due_is_bounded() -> None:
    found = read("* * * * *")
    assert found is not None
    start = datetime(2026, 1, 1, 11, 50, tzinfo=UTC)
    assert found.between(start, NOON) == 10
    assert found.between(datetime(2000, 1, 1, tzinfo=UTC), NOON, most=7) == 7


def test_one_that_is_never_due_is_given_up() -> None:
    found = read("0 0 31 2 *")
    assert found is not None
    assert found.before(NOON) is None

"""The server's clock in a Date header, read as the standard library reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_podx.model.clock import parse_http_date

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive


@given(MOMENTS)
def test_what_go_writes_is_read(moment: datetime) -> None:
    text = format_datetime(moment, usegmt=True)
    assert parse_http_date(text) == parsedate_to_datetime(text) == moment.replace(microsecond=0)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "yesterday",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT\n",
        "Sunday, 06-Nov-94 08:49:37 GMT",
    ],
)
def test_anything_else_is_no_time(text: str | None) -> None:
    assert parse_http_date(text) is None

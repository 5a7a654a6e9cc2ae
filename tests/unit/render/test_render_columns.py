"""The report's own columns are tabulate's, made without importing it."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kubectl_podx.model.clock import parse_time
from kubectl_podx.view.cell import Cell
from kubectl_podx.view.layout import aligned, columns
from kubectl_podx.view.units import ago

_TEXT = st.one_of(
    st.text(max_size=8), st.sampled_from(["", "  x", "漢字", "007", "1e5", "é", "a\nb"])
)
_CELL = st.one_of(_TEXT, st.builds(Cell, _TEXT, st.sampled_from(["", "red", "yellow"])))


@given(
    st.integers(1, 4).flatmap(
        lambda width: st.tuples(
            st.one_of(st.just([]), st.lists(_TEXT, min_size=width, max_size=width)),
            st.lists(st.lists(_CELL, min_size=width, max_size=width), min_size=1, max_size=4),
        )
    ),
    st.booleans(),
)
def test_columns_are_laid_out_as_tabulate_does(
    table: tuple[list[str], list[list[Cell | str]]], color: bool
) -> None:
    headers, rows = table
    # tabulate makes no line at all of one empty cell.
    words = [*headers, *(cell.text if isinstance(cell, Cell) else cell for cell in rows[0])]
    assume(len(rows) > 1 or any(words))
    assert columns(headers, rows, color=color) == aligned(headers, rows, color=color)


def test_nothing_has_no_lines() -> None:
    assert columns([], []) == aligned([], []) == []


@pytest.mark.parametrize(
    ("time", "shown"),
    [
        ("2026-11-25T12:00:00Z", "0s"),
        ("2026-11-25T12:00:01Z", "0s"),
        ("2026-11-25T12:00:02Z", "in 2s"),
        ("2026-11-25T11:59:58Z", "2s"),
    ],
)
def test_what_happens_in_this_second_is_not_to_come(time: str, shown: str) -> None:
    assert ago(time, parse_time("2026-11-25T12:00:00Z")) == shown

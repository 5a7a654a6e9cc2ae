"""Tables at the width of a terminal: nothing runs over, no word of a sentence is cut."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.capture.bundle import read_bundle
from kubectl_podx.render.text import tables, text
from kubectl_podx.sections.report import PodReportList
from kubectl_podx.sections.table import KEYS
from kubectl_podx.view.cell import Cell
from kubectl_podx.view.fitting import fitted, shortened
from kubectl_podx.view.layout import Terminal, aligned, columns

RECORDED = sorted((Path(__file__).parents[2] / "recorded").glob("*.podx"))
WIDTHS = (80, 100, 120, 200)
# What must stay whole, so that it can be pasted or searched for.
WHOLE = ("fix: ", "next:", "| ")


def lines_of(reports: PodReportList, width: int) -> list[str]:
    terminal = Terminal(width=width)
    shown = [text(reports.items, terminal), text(reports.items, terminal, wide=True)]
    shown.append(tables(reports.items, KEYS, terminal=terminal))
    return [line for each in shown for line in each.splitlines()]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_no_line_of_a_recording_is_wider_than_the_terminal(path: Path, width: int) -> None:
    wide = [
        line
        for line in lines_of(analyse(read_bundle(path)), width)
        if len(line) > width and not line.strip().startswith(WHOLE)
    ]
    # A sentence without a blank to break at, such as a path or a URL, stays whole, too.
    assert [line for line in wide if len(line.split()) > 1 and len(max(line.split())) < width] == []


def test_the_middle_of_a_name_goes_first() -> None:
    assert shortened("web-7475f8c9d-xtndf", 14) == "web-747…-xtndf"
    assert shortened("web-0", 14) == "web-0"
    rows = [["shop/checkout-7c44998cbb-z2q28", "Running"]]
    assert aligned(["POD", "STATUS"], rows, width=25) == [
        "POD               STATUS",
        "shop/ch…b-z2q28   Running",
    ]


def test_a_sentence_is_wrapped_within_its_cell() -> None:
    said = "app cannot start: ConfigMap settings does not exist"
    shown = columns(["OWNER", "WHY", "AGE"], [["deploy/web", said, "3m"]], width=44)
    assert shown == [
        "OWNER        WHY                       AGE",
        "deploy/web   app cannot start:         3m",
        "             ConfigMap settings does",
        "             not exist",
    ]


def test_what_finds_no_room_is_named() -> None:
    heads = [f"COLUMN-{number}" for number in range(6)]
    shown = columns(heads, [["x"] * 6], width=40)
    assert shown == [
        "COLUMN-0   COLUMN-1   COLUMN-2",
        "x          x          x",
        "(no room for COLUMN-3, COLUMN-4,",
        "COLUMN-5)",
    ]


def test_a_pipe_gets_everything_whole() -> None:
    long = "a" * 190
    assert columns(["A", "B"], [[long, long]])[1] == f"{long}   {long}"


TEXTS = st.text("ab-.é界 ", max_size=40)


@given(st.lists(st.lists(TEXTS, min_size=3, max_size=3), max_size=6), st.integers(20, 120))
def test_nothing_runs_over(rows: list[list[str]], width: int) -> None:
    head = [Cell("A"), Cell("B"), Cell("C")]
    table = fitted(head, [[Cell(text) for text in row] for row in rows], width)
    several = [table.head, *table.rows]
    widths = [max(len(row[at].text) for row in several) for at in range(len(table.head))]
    assert sum(widths) + 3 * (len(widths) - 1) <= width or len(widths) == 1


@given(
    st.lists(st.text("abc", min_size=1, max_size=9), min_size=1, max_size=30), st.integers(20, 60)
)
def test_no_word_is_cut(words: list[str], width: int) -> None:
    table = fitted([Cell("WHY")], [[Cell(" ".join(words))]], width)
    assert " ".join(row[0].text for row in table.rows).split() == words

"""The ends of logs of real programs, by language: which line tells why the program ended.

In log_endings/*.txt an ending begins with `### NAME` and `> THE LINE THAT TELLS`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_podx.sections.restarts.crash_line import crash_line, shortened

FOLDER = Path(__file__).parent / "log_endings"


class Ending(NamedTuple):
    name: str
    told: str
    lines: list[str]


def endings() -> Iterator[Ending]:
    for path in sorted(FOLDER.glob("*.txt")):
        for block in path.read_text().split("### ")[1:]:
            name, told, *lines = block.rstrip("\n").replace("\\x1b", "\x1b").split("\n")
            yield Ending(f"{path.stem}: {name}", told.removeprefix("> "), lines)


ENDINGS = list(endings())


def test_there_are_enough() -> None:
    assert len(ENDINGS) >= 150
    assert len({one.name for one in ENDINGS}) == len(ENDINGS)


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.name)
def test_the_line_that_tells(ending: Ending) -> None:
    found = crash_line(ending.lines)
    assert found is not None
    assert_told(found.text, ending)


def assert_told(text: str, ending: Ending) -> None:
    """The line, with a logger or a thread before it at most."""
    assert ending.told.strip() in text
    assert len(text) <= len(ending.told.strip()) + 60 or "…" in text


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.name)
def test_a_log_that_goes_on_is_told_alike(ending: Ending) -> None:
    """What went well before it changes nothing, whatever words it has."""
    before = ["level=info msg=ready", "INFO no error so far, 0 failed", "DEBUG cannot was a word"]
    found = crash_line([*before, *ending.lines])
    assert found is not None
    assert_told(found.text, ending)


def test_nothing_is_said_of_a_log_that_names_no_failure() -> None:
    quiet = ["INFO starting", "INFO listening on :8080"]
    assert crash_line(quiet, failed=False) is None
    assert crash_line([], failed=True) is None


def test_the_last_line_of_a_failure_is_told_with_a_doubt() -> None:
    found = crash_line(["INFO starting", "INFO listening on :8080"])
    assert found is not None
    assert (found.text, found.certain) == ("listening on :8080", False)
    alone = crash_line(["nothing to do"])
    assert alone is not None
    assert alone.certain


def test_the_cut_keeps_the_end() -> None:
    text = (
        'failed to list *v1.Pod: pods is forbidden: User "system:serviceaccount:shop:default" '
        'cannot list resource "pods" in API group "" in the namespace "shop"'
    )
    cut = shortened(text, 100)
    assert len(cut) <= 100
    assert cut.startswith("failed to list *v1.Pod:")
    assert cut.endswith('cannot list resource "pods" in API group "" in the namespace "shop"')
    assert shortened("short", 100) == "short"
    assert len(shortened("x" * 400, 100)) == 100


LINE = st.one_of(
    st.text(max_size=80),
    st.sampled_from([line for ending in ENDINGS for line in ending.lines]),
)


@given(st.lists(LINE, max_size=12), st.booleans())
def test_any_log_is_read(lines: list[str], failed: bool) -> None:
    found = crash_line(lines, failed=failed)
    if failed and any(line.strip() for line in lines):
        assert found is None or found.text is not None


@given(st.text(max_size=3000), st.integers(20, 200))
def test_any_text_is_shortened(text: str, longest: int) -> None:
    assert len(shortened(text, longest)) <= longest

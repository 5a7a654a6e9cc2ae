"""What `-w` shows on a terminal: the top of the report, with ages that grow."""

from __future__ import annotations

import io
import re
import threading
from typing import Any

import pytest

from kit.many_pods import triaged
from kubectl_podx.cli import follow
from kubectl_podx.cli.environment import Environment
from kubectl_podx.cli.follow import Sight
from kubectl_podx.cli.request import Request
from kubectl_podx.cli.triage import _growing, rendered

AT = "2026-11-30T10:00:00Z"


class Screen(io.StringIO):
    """A terminal that remembers what was written."""

    def isatty(self) -> bool:
        return True


class Terminal(Environment):
    """An environment with a terminal of so many lines."""

    lines = 0

    def rows(self) -> int:
        return self.lines


def terminal(lines: int) -> Terminal:
    made = Terminal(stdout=Screen(), stderr=io.StringIO(), variables={}, home="")
    made.lines = lines
    return made


def shown(lines: int, text: str) -> list[str]:
    env = terminal(lines)
    follow._print(env, Sight(text, AT, None), first=True, lines=False)
    written: Any = env.stdout
    out: str = written.getvalue()
    assert out.startswith("\x1b[H\x1b[2J")
    return out.removeprefix("\x1b[H\x1b[2J").split("\n")


def test_the_top_stays_and_what_has_no_room_is_counted() -> None:
    text = "".join(f"row {at}\n" for at in range(40))
    found = shown(24, text)
    assert len(found) <= 24
    assert found[0] == "row 0"
    assert "… 20 more lines" in found[20]
    assert AT in found[-2]


@pytest.mark.parametrize("lines", [0, 60])
def test_with_room_all_of_it_is_there(lines: int) -> None:
    text = "".join(f"row {at}\n" for at in range(40))
    assert [each for each in shown(lines, text) if each.startswith("row")] == text.splitlines()


def test_ages_grow_while_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "_TICK", 0.01)
    env, enough, before = terminal(24), threading.Event(), threading.active_count()
    seen: list[float] = []

    def later(seconds: float) -> str:
        seen.append(seconds)
        if len(seen) >= 3:
            enough.set()
        return f"for {len(seen)}"

    with follow._ticking(env, Sight("for 0", AT, None, later=later)):
        assert enough.wait(20)
    assert seen == sorted(seen)
    written: Any = env.stdout
    assert "for 3" in written.getvalue()
    # Nobody writes any more once there is news.
    assert threading.active_count() == before


def test_a_triage_some_seconds_later_differs_in_its_ages_alone() -> None:
    report, request, env = triaged(), Request(output="text"), terminal(0)
    later = _growing(report, request, env, rendered)
    ages = re.compile(r"\b\d+[smhd](\d+[smh])?\b")
    # A longer age moves what stands beside it.
    assert ages.sub("AGE", later(0.0)).split() == ages.sub("AGE", later(3.0)).split()
    assert later(0.0) != later(3600.0)

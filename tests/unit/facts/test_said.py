"""What kind of error a line reports, over lines that programs of many languages print.

said/lines.txt has a line for each: `KIND | what it is about | the line`.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_podx.pod.said import Denied, Said, refusals, said_by


class Line(NamedTuple):
    kind: str
    about: str
    line: str


def corpus() -> list[Line]:
    found = (Path(__file__).parent / "said" / "lines.txt").read_text().splitlines()
    parts = (each.split(" | ", 2) for each in found if each and not each.startswith("#"))
    return [Line(*each) for each in parts]


LINES = corpus()


def about(said: Said) -> set[str]:
    resource = said.denied.resource if said.denied else ""
    port = str(said.port) if said.port is not None else ""
    return {said.path, port, said.name, said.capability, resource} - {""} or {"-"}


def test_there_are_enough() -> None:
    assert len(LINES) >= 110
    assert len({each.line for each in LINES}) == len(LINES)


@pytest.mark.parametrize("each", LINES, ids=lambda each: each.line[:60])
def test_a_line_reports_its_error(each: Line) -> None:
    said = said_by(each.line)
    assert (said.kind if said else "none") == each.kind
    if said is not None and said.kind != "bindDenied":
        assert each.about in about(said)


@pytest.mark.parametrize("each", LINES, ids=lambda each: each.line[:60])
def test_a_time_and_a_level_before_it_change_nothing(each: Line) -> None:
    said = said_by(f"2026-01-01T12:34:56.789Z ERROR {each.line}")
    if not each.line.startswith("{") and not each.line.endswith("Unauthorized"):
        assert said == said_by(each.line)


def test_a_port_of_a_bind_is_told() -> None:
    ports = {e.about: said_by(e.line) for e in LINES if e.kind == "bindDenied" and e.about != "-"}
    assert {said.port for said in ports.values() if said} == {80, 443, 53}


def test_every_refusal_of_a_line_is_read() -> None:
    one = 'pods is forbidden: User "u" cannot list resource "pods" in API group ""'
    two = 'deployments.apps "a" is forbidden: User "u" cannot patch resource "deployments" in API '
    two += 'group "apps" in the namespace "shop"'
    path = 'forbidden: User "u" cannot get path "/metrics"'
    assert refusals(f"{one} at the cluster scope; {two}; it is {path}") == [
        Denied("u", "list", "pods"),
        Denied("u", "patch", "deployments", "apps", "shop", "a"),
        Denied("u", "get", "/metrics"),
    ]


@given(st.text(max_size=300))
def test_any_text_is_read(line: str) -> None:
    said = said_by(line)
    assert said is None or said.kind

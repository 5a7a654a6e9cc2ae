"""`--reveal`: values go to the terminal that asked for them, and into nothing else."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import msgspec
import pytest
from msgspec.structs import astuple

from kit.fake_server import FakeServer
from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.capture.gather import Gatherer
from kubectl_podx.capture.plan import LookOptions
from kubectl_podx.capture.targets import Targets
from kubectl_podx.cli.environment import Environment
from kubectl_podx.cli.request import Request
from kubectl_podx.model.capture import Capture
from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.errors import UsageError
from kubectl_podx.model.revealed import Revealed
from kubectl_podx.render.text import revealed_text
from kubectl_podx.sections.report import PodReportList


def taken(revealed: Revealed | None) -> tuple[Capture, PodReportList]:
    server: Any = FakeServer()
    gatherer = Gatherer(server, LookOptions(), Deadline(20), revealed)
    capture = gatherer.capture(Targets(words=("everything",)), "lead")
    return capture, analyse(capture)


def secret_values() -> set[str]:
    """Every value of every Secret that the recorded server has, as it stands in base64."""
    bodies = FakeServer().bodies.values()
    secrets = [body for body in bodies if body.get("kind") == "Secret"]
    return {value for body in secrets for value in body["data"].values()}


def test_the_capture_and_the_reports_are_the_same_with_and_without() -> None:
    _, plain = taken(None)
    revealed = Revealed()
    capture, reports = taken(revealed)
    assert [one.files for one in reports.items] == [one.files for one in plain.items]
    states = [[(row.name, row.state) for row in one.environment or []] for one in reports.items]
    assert states == [
        [(row.name, row.state) for row in one.environment or []] for one in plain.items
    ]
    written = msgspec.json.encode(capture).decode() + msgspec.json.encode(reports).decode()
    assert secret_values()
    assert [value for value in secret_values() if value in written] == []


def test_every_key_of_a_secret_that_is_mounted_is_shown_below_its_path() -> None:
    revealed = Revealed()
    _, reports = taken(revealed)
    rows = [row for row in reports.items[0].files or [] if row.source.kind == "Secret"]
    shown = revealed_text(reports.items, revealed)
    assert rows
    assert shown.files == len(rows)
    assert all(row.path in shown.text for row in rows)


def test_nothing_is_shown_where_nothing_was_asked_for() -> None:
    _, reports = taken(None)
    assert astuple(revealed_text(reports.items, Revealed())) == ("", 0, 0)


def test_a_value_moves_no_cursor() -> None:
    revealed = Revealed()
    _, reports = taken(revealed)
    (report,) = reports.items
    row = next(one for one in report.environment or [] if one.state not in ("extra", "shadowed"))
    revealed.keep_variable(
        "Pod/lead/everything", row.container, row.name, "process", "x\x1b[2J\r\u202e"
    )
    shown = revealed_text(reports.items, revealed).text
    assert "x\\x1b[2J\\r\\u202e" in shown
    assert "\x1b" not in shown


def test_what_was_revealed_can_be_neither_shown_nor_written() -> None:
    revealed = Revealed()
    revealed.keep_key("Secret/lead/s", "k", b"the-value")
    assert repr(revealed) == str(revealed) == "<Revealed>"
    for write in (pickle.dumps, copy.copy, msgspec.json.encode, msgspec.msgpack.encode, json.dumps):
        with pytest.raises(TypeError):
            write(revealed)


@pytest.mark.parametrize(
    "values",
    [
        {"output": "json"},
        {"output": "yaml"},
        {"output": "name"},
        {"output": "mermaid"},
        {"output": "html"},
        {"open_page": True},
        {"query": "pod"},
        {"query": "pod", "output": "text"},
        {"from_file": "incident.podx"},
        {"manifest": "-"},
        {"sections": ("probes",)},
    ],
)
def test_it_is_refused_where_values_would_be_kept_or_are_none(values: dict[str, Any]) -> None:
    env = Environment(variables={}, home="/")
    with pytest.raises(UsageError, match="--reveal"):
        Request.of(env, {"reveal": True, **values})


@pytest.mark.parametrize("values", [{}, {"output": "wide"}, {"sections": ("files", "probes")}])
def test_it_goes_with_text(values: dict[str, Any]) -> None:
    env = Environment(variables={}, home="/")
    assert Request.of(env, {"reveal": True, **values}, ("web-0",)).reveal

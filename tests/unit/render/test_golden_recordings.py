"""Ten recorded pods in every shape that people read. A change here is read as output."""

from __future__ import annotations

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from kubectl_podx.capture.bundle import read_bundle
from kubectl_podx.findings.analyse import analyse
from kubectl_podx.model.report import PodReportList
from kubectl_podx.model.terminal import Terminal
from kubectl_podx.render.columns import GRIDS
from kubectl_podx.render.mermaid import mermaid
from kubectl_podx.render.table import tables
from kubectl_podx.render.text import text

RECORDED = Path(__file__).parents[2] / "incidents/recorded"
DEMO = Path(__file__).parents[3] / "kubectl_podx/recordings"
NAMES = (
    "1-liveness-kill",
    "2-frozen-subpath",
    "3-child-oom",
    "config-map-gone-after-exit",
    "fine-two",
    "init-loops",
    "liveness-http-refused",
    "oom-main",
    "pending-node-selector",
    "readiness-loopback",
)


@pytest.fixture(params=NAMES)
def reports(request: pytest.FixtureRequest) -> PodReportList:
    name = f"{request.param}.podx"
    return analyse(read_bundle(DEMO / name if (DEMO / name).exists() else RECORDED / name))


def test_the_incident_view(reports: PodReportList, snapshot: SnapshotAssertion) -> None:
    assert text(reports.items, Terminal()) == snapshot


def test_everything(reports: PodReportList, snapshot: SnapshotAssertion) -> None:
    assert text(reports.items, Terminal(), wide=True) == snapshot


def test_the_tables(reports: PodReportList, snapshot: SnapshotAssertion) -> None:
    shown = tables(reports.items, tuple(GRIDS), wide=False, color=False, several=False)
    assert shown == snapshot


def test_the_graph(reports: PodReportList, snapshot: SnapshotAssertion) -> None:
    assert mermaid(reports.items) == snapshot

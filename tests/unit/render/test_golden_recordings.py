"""Recorded pods in every shape that people read. A change here is read as output."""

from __future__ import annotations

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.capture.bundle import read_bundle
from kubectl_podx.render.html import html
from kubectl_podx.render.mermaid import mermaid
from kubectl_podx.render.text import tables, text
from kubectl_podx.sections.report import PodReportList
from kubectl_podx.sections.table import KEYS
from kubectl_podx.view.layout import Terminal

RECORDED = Path(__file__).parents[2] / "recorded"
# Made by `make record-samples`, which see for what each of them is.
NAMES = (
    "child-oom",
    "config-map-missing",
    "crash-loop",
    "few-rights",
    "frozen",
    "healthy",
    "init-waiting",
    "job-completed",
    "liveness-kill",
    "pending",
    "service-to-nowhere",
    "shared-pid-no-shell",
    "storefront",
)
# What a person reads at night before the first page is full, without the header of the answer.
ONE_SCREEN = 55


def test_every_recording_has_its_goldens() -> None:
    assert sorted(path.stem for path in RECORDED.glob("*.podx")) == sorted(NAMES)


@pytest.fixture(params=NAMES)
def reports(request: pytest.FixtureRequest) -> PodReportList:
    return analyse(read_bundle(RECORDED / f"{request.param}.podx"))


def test_the_incident_view(reports: PodReportList, snapshot: SnapshotAssertion) -> None:
    assert text(reports.items, Terminal()) == snapshot


def test_the_incident_view_fits_on_a_screen(reports: PodReportList) -> None:
    # The storefront has a bit of everything that can go wrong, in five containers.
    most = ONE_SCREEN + (22 if reports.items[0].pod.name == "storefront-0" else 0)
    assert len(text(reports.items, Terminal()).splitlines()) <= most


def test_everything(reports: PodReportList, snapshot: SnapshotAssertion) -> None:
    assert text(reports.items, Terminal(), wide=True) == snapshot


def test_the_tables(reports: PodReportList, snapshot: SnapshotAssertion) -> None:
    shown = tables(reports.items, KEYS)
    assert shown == snapshot


def test_the_graph(reports: PodReportList, snapshot: SnapshotAssertion) -> None:
    assert mermaid(reports.items) == snapshot


def test_a_secret_value_is_in_no_shape(reports: PodReportList) -> None:
    shapes = (
        text(reports.items, Terminal(), wide=True),
        tables(reports.items, KEYS, wide=True),
        mermaid(reports.items),
        html(reports, single=True),
    )
    assert not any("battery staple" in shape for shape in shapes)

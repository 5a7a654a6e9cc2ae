"""Documents of many pods, made of the recordings: a triage and a comparison."""

from __future__ import annotations

from pathlib import Path

import msgspec

from kubectl_podx.analysis import triage
from kubectl_podx.analysis.comparison import Side, compare
from kubectl_podx.analysis.reports import ComparisonReport, TriageNode, TriageReport
from kubectl_podx.capture.bundle import read_bundle

RECORDED = Path(__file__).parents[1] / "recorded"
INCIDENTS = Path(__file__).parents[1] / "incidents" / "recorded"
SICK = (
    "liveness-exec-137",
    "liveness-http-404",
    "oom-main",
    "exit-3-log",
    "image-never",
    "config-map-missing",
    "pending-cpu",
    "start-missing-binary",
)


def triaged(text: str = "") -> TriageReport:
    """All the recordings as one namespace's sick pods; `text` stands in each free text."""
    paths = [INCIDENTS / f"{name}.podx" for name in SICK]
    found = [triage.report(triage.of_capture(read_bundle(path), "")) for path in paths]
    rows = [
        msgspec.structs.replace(row, summary=text + row.summary, name=text + row.name)
        for report in found
        for row in report.rows
    ]
    nodes = [TriageNode(name="n1", state="notReady", pods=9, sick=3, summary=text + "silent")]
    return msgspec.structs.replace(
        found[0], rows=rows, sick=len(rows), scanned=len(rows) + 40, healthy=40, nodes=nodes
    )


def compared(text: str = "") -> ComparisonReport:
    """Three recordings held against each other."""
    names = ("healthy", "crash-loop", "liveness-kill")
    sides = [Side(read_bundle(RECORDED / f"{name}.podx"), text + name) for name in names]
    made = compare(sides)
    rows = [msgspec.structs.replace(one, fact=text + one.fact) for one in made.differences]
    return msgspec.structs.replace(made, differences=rows, notes=[text + "files of web"])

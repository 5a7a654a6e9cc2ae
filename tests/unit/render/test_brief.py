"""`-o brief`: short, in a stable order, and nothing from outside can pretend to be a line of it."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.analysis.comparison import Side, compare
from kubectl_podx.analysis.reports import DoctorReport, RightRow
from kubectl_podx.analysis.triage import of_capture
from kubectl_podx.analysis.triage import report as triage_report
from kubectl_podx.analysis.workloads import document
from kubectl_podx.capture.bundle import read_bundle
from kubectl_podx.model.parts import Finding
from kubectl_podx.render.brief import MOST, brief
from kubectl_podx.sections.report import PodReport

ROOT = Path(__file__).resolve().parents[3]
RECORDINGS = sorted((ROOT / "kubectl_podx/recordings").glob("*.podx"))
INCIDENTS = sorted((ROOT / "tests/incidents/recorded").rglob("*.podx"))
LABELS = re.compile(
    r"(?:(?:OK|INFO|WARNING|CRITICAL|UNKNOWN) .*|state|cause|proof|likely reason|not excluded|"
    r"excluded|also|next|fix|to do|not checked|pods|differs|row|missing|unknown|not compared|"
    r"not shown|left out): .*"
)


def liveness() -> PodReport:
    return analyse(read_bundle(RECORDINGS[0])).items[0]


@pytest.mark.parametrize("path", [*RECORDINGS, *INCIDENTS], ids=lambda path: path.stem)
def test_every_recorded_incident_fits_and_begins_with_its_verdict(path: Path) -> None:
    capture = read_bundle(path)
    reports = analyse(capture)
    found = document(capture, reports, single=len(reports.items) == 1 and not capture.workloads)
    shown = brief(found)
    assert len(shown) <= MOST
    head, *rest = shown.splitlines()
    assert head.startswith(f"{found.verdict.severity.upper()} ")
    assert [line for line in (head, *rest) if not LABELS.fullmatch(line)] == []
    assert "\x1b" not in shown


def test_what_it_says_of_a_proven_cause() -> None:
    lines = brief(liveness()).splitlines()
    labels = [line.partition(":")[0] for line in lines]
    assert labels[1:] == [
        "state",
        "cause",
        *["proof"] * 3,
        *["excluded"] * 2,
        *["also"] * 2,
        "next",
        "to do",
    ]
    assert "cause: livenessProbe of app, proven" in lines
    assert any(line.startswith("next: kubectl logs ") for line in lines)


def test_a_cause_that_is_not_proven_names_what_else_it_may_be() -> None:
    report = liveness()
    (first, *rest), restarts = report.findings or [], report.restarts or []
    open_ = msgspec.structs.replace(first, rivals=["it ended by itself; a Killing event"])
    doubt = [msgspec.structs.replace(row, confidence="likely") for row in restarts]
    shown = brief(msgspec.structs.replace(report, findings=[open_, *rest], restarts=doubt))
    assert "cause: livenessProbe of app, likely\n" in shown
    assert "not excluded: it ended by itself; a Killing event\n" in shown
    assert "\nexcluded:" not in shown


def test_what_does_not_fit_is_counted_and_the_verdict_stays() -> None:
    report = liveness()
    many = [
        Finding(code="NSP003", severity="warning", title=f"finding {n} " + "x" * 300)
        for n in range(40)
    ]
    long = msgspec.structs.replace(report.verdict, summary="v" * 5000)
    shown = brief(
        msgspec.structs.replace(report, verdict=long, findings=[*(report.findings or []), *many])
    )
    assert len(shown) <= MOST
    assert shown.startswith("CRITICAL pod shop/checkout-")
    assert re.search(r"^left out: .*\d+ findings; see -o json$", shown, re.MULTILINE)


def test_a_command_is_whole_or_not_there() -> None:
    report = liveness()
    first, *rest = report.findings or []
    command = f"kubectl logs {'p' * 250} -n {'n' * 250} -c app"
    shown = brief(
        msgspec.structs.replace(
            report, findings=[msgspec.structs.replace(first, next=command), *rest]
        )
    )
    assert "next:" not in shown
    assert "kubectl logs" not in shown
    assert "1 command" in shown


def test_hostile_text_cannot_begin_a_line_or_move_a_cursor() -> None:
    report = liveness()
    first, *rest = report.findings or []
    evil = "x\nfix: kubectl delete namespace shop\r\x1b[2J\u202enext: rm"
    spoilt = msgspec.structs.replace(first, title=evil, evidence=[evil])
    row, *others = report.restarts or []
    shown = brief(
        msgspec.structs.replace(
            report,
            verdict=msgspec.structs.replace(report.verdict, summary=evil),
            findings=[spoilt, *rest],
            restarts=[msgspec.structs.replace(row, summary=evil), *others],
        )
    )
    assert not any(line.startswith("fix: kubectl delete") for line in shown.splitlines())
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\r" not in shown


def test_what_was_not_checked_is_said() -> None:
    """An answer that leaves something open must not read as a whole one."""
    capture = read_bundle(next(path for path in INCIDENTS if path.stem == "config-map-missing"))
    report = analyse(capture).items[0]
    assert any(row.state != "full" for row in report.coverage)
    assert "\nnot checked: " in brief(report)


def test_the_other_documents() -> None:
    capture = read_bundle(RECORDINGS[0])
    triage = triage_report(of_capture(capture, ""), by="owner", limit=0)
    assert brief(triage).startswith("CRITICAL all namespaces: 1 pod read, 1 unhealthy\nrow: ")
    compared = compare([Side(read_bundle(path), path.name) for path in RECORDINGS[:2]])
    shown = brief(compared)
    assert shown.startswith("WARNING 2 pods (checkout-")
    assert "\ndiffers: image of " in shown
    assert len(shown) <= MOST
    rights = [
        RightRow(verb="get", resource="secrets", state="missing", sections=["files"]),
        RightRow(verb="get", resource="pods", state="held", sections=["all"]),
    ]
    doctor = DoctorReport(metadata=triage.metadata, namespace="shop", rights=rights)
    assert brief(doctor) == (
        "WARNING namespace shop: 1 of 2 permissions held\nmissing: get secrets, for files\n"
    )

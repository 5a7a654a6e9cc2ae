"""Triage on the real cluster: pods sick in ten ways, each owner a row; healthy ones none."""

from __future__ import annotations

from typing import Any

import pytest

from e2e.manifests import container, deployment, pod, shell
from e2e.report_schema import check
from e2e.support import Bench, Manifest, is_ready, restarted

pytestmark = pytest.mark.cluster

_FALSE = {"exec": {"command": ["false"]}, "periodSeconds": 1}
_MISSING = {"configMapRef": {"name": "no-such-map"}}


SICK: dict[str, str] = {
    "crashing": "crashLoop",
    "no-image": "imagePull",
    "no-config": "cannotStart",
    "nowhere": "unschedulable",
    "init-crashing": "crashLoop",
    "evicted": "evicted",
    "over-limit": "crashLoop",
    "ended": "failed",
    "not-ready": "notReady",
    "undying": "terminating",
}


def _all() -> list[Manifest]:
    volume = {"name": "v", "emptyDir": {"sizeLimit": "1Mi"}}
    mount = {"name": "v", "mountPath": "/v"}
    stubborn = pod("undying", shell("trap '' TERM; while :; do sleep 1; done"))
    stubborn["metadata"]["finalizers"] = ["podx.test/never"]
    return [
        deployment("crashing", pod("crashing", shell("exit 3")), replicas=3),
        pod("no-image", container("app", "podx.test/no-such-image:1")),
        pod("no-config", shell(envFrom=[_MISSING])),
        pod("nowhere", nodeSelector={"podx.test/none": "yes"}),
        pod("init-crashing", initContainers=[shell("exit 1", "setup")]),
        pod(
            "evicted",
            shell("head -c 8000000 /dev/zero > /v/x; sleep 600", volumeMounts=[mount]),
            volumes=[volume],
        ),
        pod(
            "over-limit",
            shell("tail /dev/zero", resources={"limits": {"memory": "20Mi"}}),
        ),
        pod("ended", shell("exit 4"), restartPolicy="Never"),
        deployment("not-ready", pod("not-ready", shell(readinessProbe=_FALSE)), replicas=2),
        stubborn,
        pod("fine"),
        pod("done", shell("exit 0"), restartPolicy="Never"),
        deployment("healthy", pod("healthy"), replicas=2),
    ]


def rows(bench: Bench, *words: str) -> dict[str, Any]:
    """Owner -> row."""
    document = check(bench.podx("triage", "-o", "json", *words).json)
    assert document["kind"] == "TriageReport"
    assert document["scanned"] == document["healthy"] + document["sick"]
    names = [row["name"] for row in document["rows"]]
    assert len(names) == len(set(names)), names
    return {row["name"]: row for row in document["rows"]}


@pytest.fixture(scope="module", autouse=True)
def started(bench: Bench) -> Any:
    """Every pod, waited for until each shows what it suffers from."""
    bench.apply(_all())
    bench.wait_for_pod("fine", is_ready, "Ready")
    bench.wait_for_pod("undying", is_ready, "Ready")
    bench.kubectl("delete", "pod", "undying", "--wait=false")
    bench.wait_for_pod("over-limit", restarted("app", 2), "killed twice", timeout=120)

    def told() -> bool:
        return {name: row["symptom"] for name, row in rows(bench, "--deep", "0").items()} == SICK

    yield bench.wait_for(told, "every symptom", timeout=240)
    bench.kubectl("patch", "pod", "undying", "--type=merge", "-p", '{"metadata":{"finalizers":[]}}')


def test_every_owner_that_is_sick_is_one_row_and_healthy_ones_are_counted(bench: Bench) -> None:
    found = rows(bench)
    assert {name: row["symptom"] for name, row in found.items()} == SICK
    assert {name: row["pods"] for name, row in found.items() if row["pods"] > 1} == {
        "crashing": 3,
        "not-ready": 2,
    }
    assert found["crashing"]["kind"] == "Deployment"
    assert {row["basis"] for row in found.values()} == {"api"}


def test_each_row_has_the_verdict_of_its_pod(bench: Bench) -> None:
    found = rows(bench)
    for name, row in found.items():
        first = row["names"][0].partition("/")[2]
        report = bench.report(first, "--no-exec")
        assert row["severity"] == report["verdict"]["severity"], name
        if name not in ("undying", "crashing", "init-crashing", "over-limit"):
            assert row["summary"] == report["verdict"]["summary"], name
    assert found["over-limit"]["cause"] == "oomKilled"
    assert found["crashing"]["cause"] == "exitCode"
    assert "no-such-map" in found["no-config"]["summary"]


def test_the_worst_stand_first_and_the_table_says_so(bench: Bench) -> None:
    answer = bench.podx("triage", "--exit-code", check=False)
    assert answer.status == 4
    lines = answer.stdout.splitlines()
    assert lines[0].endswith("4 healthy.")
    severities = [line.split()[1] for line in lines[3 : 3 + len(SICK)]]
    order = ["critical", "unknown", "warning", "info"]
    assert severities == sorted(severities, key=order.index)


def test_by_cause_and_by_node(bench: Bench, node: str) -> None:
    by_cause = bench.podx("triage", "--by", "cause", "-o", "json").json
    assert {row["cause"] for row in by_cause["rows"]} >= {"oomKilled", "imagePull", "notReady"}
    assert sum(row["pods"] for row in by_cause["rows"]) == by_cause["sick"]
    by_node = bench.podx("triage", "--by", "node", "-o", "json").json
    assert {row["nodes"][0] if row["nodes"] else "" for row in by_node["rows"]} == {node, ""}


def test_selectors_and_a_limit(bench: Bench) -> None:
    assert set(rows(bench, "-l", "app=not-ready")) == {"not-ready"}
    failed = set(rows(bench, "--field-selector", "status.phase=Failed"))
    assert failed >= {"ended", "evicted"}
    assert not failed & {"not-ready", "crashing"}
    limited = bench.podx("triage", "--limit", "2", "-o", "json").json
    assert (len(limited["rows"]), limited["rowsLeftOut"]) == (2, len(SICK) - 2)


def test_exec_looks_inside_the_worst(bench: Bench) -> None:
    found = rows(bench, "-l", "app=not-ready", "--exec", "1")
    assert found["not-ready"]["basis"] == "inside"


RESTARTED = frozenset({"crashing", "init-crashing", "over-limit"})
"""While one of their containers runs again for a moment, their rows say something else."""


def test_shards_make_the_same_report(bench: Bench) -> None:
    def parts() -> list[str]:
        return [bench.podx("triage", "-A", "--shard", f"{at}/3").stdout for at in range(3)]

    def same() -> bool:
        merged, one = _merge(bench, "".join(parts())), bench.podx("triage", "-A", "-o", "json").json
        assert not [row for row in merged["coverage"] if "shards" in row["reason"]]
        found, wanted = _mine(merged, bench), _mine(one, bench)
        # What is not restarted is the same at any moment.
        assert _steady(found) == _steady(wanted)
        assert {name for name, *_ in _steady(found)} == SICK.keys() - RESTARTED
        return found == wanted and {name for name, *_ in found} == SICK.keys()

    bench.wait_for(same, "two triages between which no container was restarted", timeout=180)
    first, _, last = parts()
    cut = _merge(bench, first + last)
    assert "shards 1 of 3 are not among the lines" in [row["reason"] for row in cut["coverage"]]


def _mine(report: Any, bench: Bench) -> list[tuple[str, str, int]]:
    rows = [row for row in report["rows"] if row["namespace"] == bench.namespace]
    return sorted((row["name"], row["symptom"], row["pods"]) for row in rows)


def _steady(rows: list[tuple[str, str, int]]) -> list[tuple[str, str, int]]:
    return [row for row in rows if row[0] not in RESTARTED]


def _merge(bench: Bench, lines: str) -> Any:
    import tempfile

    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.write(lines)
        file.flush()
        return check(bench.podx("triage", "--from", file.name, "-o", "json").json)


def test_what_may_not_be_listed_is_an_error_as_kubectl_has_it(bench: Bench) -> None:
    answer = bench.podx("triage", "--as", "nobody", check=False)
    assert answer.status == 1
    assert "(Forbidden)" in answer.stderr

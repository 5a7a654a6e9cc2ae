"""The words of `triage`: contradictions, saved pods, shards' lines, the Job, the output."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from kit.cli_runs import Run


@pytest.fixture
def saved(tmp_path: Path) -> str:
    waiting = {"state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    running = {"ready": True, "state": {"running": {"startedAt": "2026-11-25T11:00:00Z"}}}
    pods = [
        {
            "kind": "Pod",
            "metadata": {"name": name, "namespace": "shop"},
            "spec": {"containers": [{"name": "app"}], "nodeName": "n"},
            "status": {"phase": "Running", "containerStatuses": [{"name": "app", **status}]},
        }
        for name, status in (("bad\x1b[31m", waiting), ("good", running))
    ]
    path = tmp_path / "pods.json"
    path.write_text(json.dumps({"kind": "List", "items": pods}))
    return str(path)


def test_saved_pods_are_a_table_and_hostile_names_are_escaped(run: Run, saved: str) -> None:
    result = run("triage", "-f", saved)
    assert result.status == 0, result.err
    first, _, head, row, *_ = result.out.splitlines()
    assert first == "2 pods in all namespaces: 1 sick, 1 healthy."
    assert head.split()[:4] == ["NAMESPACE", "OWNER", "SEVERITY", "PODS"]
    assert "critical" in row
    assert "\x1b" not in result.out


@pytest.mark.parametrize("output", ["wide", "json", "yaml", "name"])
def test_every_format(run: Run, saved: str, output: str) -> None:
    result = run("triage", "-f", saved, "-o", output)
    assert result.status == 0, result.err
    assert "bad" in result.out
    if output == "json":
        assert json.loads(result.out)["kind"] == "TriageReport"


def test_a_query_and_an_exit_code(run: Run, saved: str) -> None:
    result = run("triage", "-f", saved, "--query", "rows[].symptom", "-o", "json")
    assert json.loads(result.out) == ["crashLoop"]
    assert run("triage", "-f", saved, "--exit-code").status == 4


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--shard", "4/4"], "--shard takes K/N"),
        (["--shard", "x"], "--shard takes K/N"),
        (["--shard", "0/4", "-o", "json"], "--shard prints rows"),
        (["--job-manifest"], "--job-manifest needs --image"),
        (["--image", "x"], "--image goes with --job-manifest"),
        (["--from", "x", "--exec", "1"], "need a live cluster"),
        (["--from", "x", "-l", "a=b"], "ask a cluster"),
        (["--from", "x", "-f", "y"], "cannot be used together"),
        (["--by", "colour"], "colour"),
    ],
)
def test_contradictions_are_wrong_words(run: Run, words: list[str], said: str) -> None:
    result = run("triage", *words)
    assert result.status == 2
    assert said in result.err


def test_a_bundle_and_other_lines(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_text("nothing of ours\n")
    result = run("triage", "--from", str(path))
    assert result.status == 1
    assert "no line of a shard" in result.err


def test_the_job_reads_no_secret_and_runs_nothing(run: Run) -> None:
    result = run(
        "triage", "--job-manifest", "--image", "shop/podx:1", "--shards", "7", "-l", "tier=backend"
    )
    assert result.status == 0, result.err
    documents: dict[str, Any] = {one["kind"]: one for one in yaml.safe_load_all(result.out)}
    rules = documents["ClusterRole"]["rules"]
    assert {verb for rule in rules for verb in rule["verbs"]} == {"get", "list"}
    resources = {each for rule in rules for each in rule["resources"]}
    assert {"pods", "namespaces", "nodes", "events"} <= resources
    assert not {"secrets", "configmaps", "pods/exec", "nodes/proxy"} & resources
    spec = documents["Job"]["spec"]
    assert (spec["completionMode"], spec["completions"], spec["parallelism"]) == ("Indexed", 7, 7)
    (container,) = spec["template"]["spec"]["containers"]
    assert container["image"] == "shop/podx:1"
    assert container["args"][:3] == ["triage", "--shard", "$(JOB_COMPLETION_INDEX)/7"]
    assert "tier=backend" in container["args"]
    assert documents["ClusterRoleBinding"]["roleRef"]["name"] == "podx-triage"

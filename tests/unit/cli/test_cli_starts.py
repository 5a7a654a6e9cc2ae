"""The words of drift, rehearse and preflight: what contradicts, and what needs no cluster."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kit.cli_runs import Run

_POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: app
      image: Web:1
"""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("drift -A deploy/web", "cannot be retrieved by name"),
        ("drift svc/web", "drift takes a workload or pod"),
        ("drift secret/a secret/b", "one Secret or ConfigMap"),
        ("drift --shard 4/4", "--shard takes K/N"),
        ("drift --shard 0/4 -o json", "--shard prints JSON lines"),
        ("drift deploy/web --shard 0/4", "no TARGET goes with it"),
        ("drift --job-manifest", "needs --image"),
        ("drift --image x", "--image goes with --job-manifest"),
        ("rehearse -A web", "cannot be retrieved by name"),
        ("rehearse nothing/x", "doesn't have a resource type"),
        ("rehearse --shard x", "--shard takes K/N"),
        ("preflight", "must specify -f"),
    ],
)
def test_contradictions(run: Run, words: str, said: str) -> None:
    result = run(*words.split())
    assert result.status == 2
    assert said in result.err


def test_preflight_offline_asks_no_cluster(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "web.yaml"
    path.write_text(_POD)
    result = run("preflight", "-f", str(path), "--offline", "-o", "json")
    report = json.loads(result.out)
    assert (result.status, report["kind"], report["offline"]) == (0, "PreflightReport", True)
    (item,) = report["items"]
    assert (item["object"], item["line"], item["state"]) == ("Pod/web", 1, "wouldNotStart")
    assert (item["problems"][0]["kind"], item["problems"][0]["line"]) == ("image", 8)
    assert run("preflight", "-f", str(path), "--offline", "--exit-code").status == 4


def test_preflight_offline_of_what_is_fine(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "web.yaml"
    path.write_text(_POD.replace("Web:1", "web:1"))
    result = run("preflight", "-f", str(path), "--offline", "--exit-code")
    assert result.status == 0
    assert result.out.startswith("OK: nothing in 1 object would fail by itself; no cluster was")


def test_a_file_that_is_none(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "web.yaml"
    path.write_text("a: [")
    result = run("preflight", "-f", str(path), "--offline")
    assert (result.status, "not valid YAML" in result.err) == (1, True)
    path.write_text("kind: Service\nmetadata: {name: x}\n")
    result = run("preflight", "-f", str(path), "--offline")
    assert "no Pod in 'web.yaml', nor anything that makes pods" in result.err


def test_hostile_text_is_escaped(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "web.yaml"
    path.write_text(_POD.replace("Web:1", '"\\e[31mred"').replace("name: app", 'name: "a\\u202Eb"'))
    result = run("preflight", "-f", str(path), "--offline")
    assert "\x1b" not in result.out
    assert "\u202e" not in result.out


@pytest.mark.parametrize("command", ["drift", "rehearse"])
def test_the_job_is_printed_without_a_cluster(run: Run, command: str) -> None:
    result = run(command, "--job-manifest", "--image", "x", "-l", "app=web")
    assert result.status == 0
    assert f"name: podx-{command}" in result.out
    assert "- app=web" in result.out


def test_lines_of_nobody(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_text("nothing\n{}\n")
    result = run("drift", "--from", str(path))
    assert (result.status, "no line of a shard" in result.err) == (1, True)

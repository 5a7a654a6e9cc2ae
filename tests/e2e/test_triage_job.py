"""The Job that runs a triage inside of the cluster: four completions, one report of their lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.jobs import documents, on_this_machine
from e2e.manifests import pod, shell
from e2e.report_schema import check
from e2e.support import Bench, Manifest, waiting

pytestmark = pytest.mark.cluster

NAME = "podx-triage"
SHARDS = 4


@pytest.fixture(scope="module")
def lines(bench: Bench) -> Iterator[str]:
    """The logs of a Job that has completed, beside pods that are sick."""
    broken = [pod(f"broken-{at}", shell("exit 3")) for at in range(2)]
    bench.apply([*broken, pod("fine")])
    printed = bench.podx("triage", "--job-manifest", "--shards", str(SHARDS), "--image", "any/podx")
    made_of = documents(printed.stdout)
    job = next(one for one in made_of if one["kind"] == "Job")
    for name in ("broken-0", "broken-1"):
        bench.wait_for_pod(name, waiting("app", "CrashLoopBackOff"), "in back-off")
    bench.wait_for(lambda: bench.get("namespace", NAME) is None, "an earlier run is gone")
    view = bench.kubectl("config", "view", "--minify", "-o", "json").json
    server = view["clusters"][0]["cluster"]["server"]
    try:
        for one in made_of:
            made = on_this_machine(job, server) if one is job else one
            bench.kubectl("apply", "-n", NAME, "-f", "-", input=json.dumps(made))
        where = ("-n", NAME)

        def completed() -> bool:
            found = _get(bench, "job", NAME)
            status = (found or {}).get("status", {})
            assert not status.get("failed"), bench.kubectl(
                "logs", *where, "-l", f"app={NAME}", "--tail=20", check=False
            )
            return bool(status.get("succeeded") == SHARDS)

        bench.wait_for(completed, "four completions", timeout=120)
        yield bench.kubectl("logs", *where, "-l", f"app={NAME}", "--tail=-1").stdout
    finally:
        bench.kubectl("delete", "namespace", NAME, "--wait=false", check=False)
        bench.kubectl("delete", "clusterrole,clusterrolebinding", NAME, check=False)


def _get(bench: Bench, kind: str, name: str) -> Manifest | None:
    return bench.get(kind, name, "-n", NAME)


def _merged(bench: Bench, tmp_path: Path, text: str) -> Any:
    path = tmp_path / "lines"
    path.write_text(text)
    return check(bench.podx("triage", "--from", str(path), "-o", "json").json)


def test_the_shards_make_one_report(bench: Bench, lines: str, tmp_path: Path) -> None:
    report = _merged(bench, tmp_path, lines)
    here = [row for row in report["rows"] if row["namespace"] == bench.namespace]
    # Each is in back-off, or has just been started again.
    assert {row["name"]: row["cause"] for row in here} == {
        "broken-0": "exitCode",
        "broken-1": "exitCode",
    }
    assert all("exited with code 3" in row["summary"] for row in here), here
    assert report["scanned"] >= 3 + SHARDS
    assert not [row for row in report["coverage"] if "shard" in row["reason"]]


def test_the_role_of_the_job_cannot_read_secrets(bench: Bench, lines: str) -> None:
    assert lines
    user = f"system:serviceaccount:{NAME}:{NAME}"
    for verb, what in (("get", "secrets"), ("create", "pods/exec"), ("delete", "pods")):
        answer = bench.kubectl("auth", "can-i", verb, what, "--as", user, "-A", check=False)
        assert answer.stdout.strip() == "no", (verb, what)


def test_lines_that_were_cut_are_told_of(bench: Bench, lines: str, tmp_path: Path) -> None:
    ends = [line for line in lines.splitlines() if '"TriageShard"' in line]
    assert len(ends) == SHARDS
    report = _merged(bench, tmp_path, "\n".join(ends[1:]))
    reasons = [row["reason"] for row in report["coverage"]]
    assert any("not among the lines" in reason for reason in reasons)

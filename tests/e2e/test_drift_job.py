"""Drift and rehearsal in shares: four of them, here or as a Job, make the same rows as one run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.jobs import documents, on_this_machine
from e2e.manifests import config_map, deployment, pod, secret, shell
from e2e.report_schema import check
from e2e.support import Bench, Manifest, is_ready

pytestmark = pytest.mark.cluster

SHARDS = 4


@pytest.fixture(scope="module")
def stale(bench: Bench) -> Bench:
    """A Deployment whose ConfigMap was taken away after it had started."""
    bench.apply([config_map("settings", {"LEVEL": "info"}), secret("login", {"KEY": "hidden"})])
    reads = shell(envFrom=[{"configMapRef": {"name": "settings"}}])
    knows = shell(envFrom=[{"secretRef": {"name": "login"}}])
    bench.apply([deployment("web", pod("web", reads)), deployment("fine", pod("fine", knows))])

    def running() -> bool:
        found = (bench.get("pods") or {})["items"]
        return len(found) == 2 and all(map(is_ready, found))

    bench.wait_for(running, "both pods")
    bench.kubectl("delete", "configmap", "settings")
    return bench


def _mine(bench: Bench, rows: list[Any]) -> list[Any]:
    return [row for row in rows if row["namespace"] == bench.namespace]


def _of_shards(bench: Bench, command: str, folder: Path) -> Any:
    shares = [bench.podx(command, "-A", "--shard", f"{at}/{SHARDS}").stdout for at in range(SHARDS)]
    path = folder / command
    # In any order, and between lines of others.
    path.write_text("W1130 a warning\n".join(reversed(shares)))
    return check(bench.podx(command, "--from", str(path), "-o", "json").json)


@pytest.mark.parametrize(("command", "rows"), [("drift", "rows"), ("rehearse", "items")])
def test_four_shards_make_the_rows_of_one_run(
    stale: Bench, tmp_path: Path, command: str, rows: str
) -> None:
    def same() -> bool:
        whole = check(stale.podx(command, "-A", "-o", "json").json)
        merged = _of_shards(stale, command, tmp_path)
        found, wanted = _mine(stale, merged[rows]), _mine(stale, whole[rows])
        assert _of_these_pods(found) == _of_these_pods(wanted)
        assert len(found) == (1 if command == "drift" else 2)
        assert not [row for row in merged["coverage"] if "shard" in row["reason"]]
        return found == wanted and merged["coverage"] == []

    stale.wait_for(same, "two runs between which nothing has changed on the nodes")


def _of_these_pods(rows: list[Any]) -> list[Any]:
    """Without what pods of others change meanwhile: room on the nodes, and images there."""
    return [{k: v for k, v in row.items() if k not in ("nodes", "pulls")} for row in rows]


def test_a_shard_that_is_missing_is_told_of(stale: Bench, tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_text(stale.podx("rehearse", "-A", "--shard", "0/2").stdout)
    merged = check(stale.podx("rehearse", "--from", str(path), "-o", "json").json)
    assert merged["coverage"][0]["reason"] == "shards 1 of 2 are not among the lines"
    assert merged["verdict"]["severity"] != "ok"


@pytest.fixture(scope="module")
def lines(stale: Bench) -> Iterator[str]:
    """The logs of a Job of drift that has completed."""
    name = "podx-drift"
    words = ("drift", "--job-manifest", "--shards", str(SHARDS), "--image", "any/podx")
    made = documents(stale.podx(*words).stdout)
    view = stale.kubectl("config", "view", "--minify", "-o", "json").json
    server = view["clusters"][0]["cluster"]["server"]
    stale.wait_for(lambda: stale.get("namespace", name) is None, "an earlier run is gone")
    try:
        for one in made:
            body = on_this_machine(one, server) if one["kind"] == "Job" else one
            stale.kubectl("apply", "-n", name, "-f", "-", input=json.dumps(body))
        where = ("-n", name)

        def completed() -> bool:
            found: Manifest = stale.get("job", name, *where) or {}
            status = found.get("status", {})
            assert not status.get("failed"), stale.kubectl(
                "logs", *where, "-l", f"app={name}", "--tail=20", check=False
            )
            return bool(status.get("succeeded") == SHARDS)

        stale.wait_for(completed, "four completions", timeout=120)
        yield stale.kubectl("logs", *where, "-l", f"app={name}", "--tail=-1").stdout
    finally:
        stale.kubectl("delete", "namespace", name, "--wait=false", check=False)
        stale.kubectl("delete", "clusterrole,clusterrolebinding", name, check=False)


def test_the_job_makes_the_same_rows(stale: Bench, lines: str, tmp_path: Path) -> None:
    """It may not read Secrets in any way, and says so."""
    path = tmp_path / "lines"
    path.write_text(lines)
    merged = check(stale.podx("drift", "--from", str(path), "-o", "json").json)
    whole = check(stale.podx("drift", "-A", "-o", "json").json)
    assert _mine(stale, merged["rows"]) == _mine(stale, whole["rows"])
    assert [row["source"] for row in _mine(stale, merged["rows"])] == ["ConfigMap/settings"]
    assert {row["needs"] for row in merged["coverage"]} == {"list secrets"}


def test_the_roles_of_the_jobs_hold_no_secret_and_create_nothing(stale: Bench) -> None:
    for command in ("drift", "rehearse"):
        made = documents(stale.podx(command, "--job-manifest", "--image", "any/podx").stdout)
        (role,) = [one for one in made if one["kind"] == "ClusterRole"]
        for rule in role["rules"]:
            assert set(rule["verbs"]) <= {"get", "list"}, rule
            assert "secrets" not in rule["resources"]

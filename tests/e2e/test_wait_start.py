"""`--wait-start` on the real cluster: a look into a container that runs for two seconds."""

from __future__ import annotations

import json

import pytest

from e2e.manifests import pod, shell
from e2e.reports import row
from e2e.support import Bench

pytestmark = pytest.mark.cluster


def test_a_crash_looping_container_is_looked_into_while_it_runs(bench: Bench) -> None:
    variables = [{"name": "LEVEL", "value": "debug"}]
    bench.apply(pod("looping", shell("sleep 2; exit 4", env=variables)))
    bench.wait_for_pod(
        "looping",
        lambda found: [
            one
            for one in found["status"].get("containerStatuses", [])
            if one["state"].get("waiting", {}).get("reason") == "CrashLoopBackOff"
            # The first back-offs are over at once on 1.30.
            and one["restartCount"] >= 2
        ],
        "in back-off",
    )
    without = bench.report("looping")
    assert without["containers"][0]["observation"]["state"] == "unobservable"
    answer = bench.podx("describe", "looping", "--wait-start", "-o", "json")
    assert "waiting for container app to start" in answer.stderr
    found = json.loads(answer.stdout)
    assert found["containers"][0]["observation"]["state"] == "observed"
    assert row(found, "environment", name="LEVEL")["injected"] == "debug"
    assert found["restarts"][0]["cause"] == "exitCode"


def test_where_everything_runs_there_is_nothing_to_wait_for(bench: Bench) -> None:
    bench.start(pod("fine"))
    answer = bench.podx("describe", "fine", "--wait-start")
    assert "waiting" not in answer.stderr
    assert answer.stdout.startswith("OK")


@pytest.mark.parametrize(
    "words", [("deploy/web",), ("-l", "app=web"), ("a", "b"), ("fine", "--no-exec")]
)
def test_it_takes_one_pod_that_may_be_looked_into(bench: Bench, words: tuple[str, ...]) -> None:
    answer = bench.podx("describe", "--wait-start", *words, check=False)
    assert answer.status == 2
    assert "--wait-start" in answer.stderr

"""Every kind of target, and why one has no pods."""

from __future__ import annotations

from typing import Any

import pytest

from e2e.manifests import deployment, pod, shell
from e2e.support import Bench

pytestmark = pytest.mark.cluster

TEMPLATE: dict[str, Any] = {
    "metadata": {"labels": {"app": "web"}},
    "spec": {"terminationGracePeriodSeconds": 1, "containers": [shell()]},
}


def workload(kind: str, name: str, group: str = "apps/v1", **spec: Any) -> dict[str, Any]:
    labels = {"app": name}
    template = {**TEMPLATE, "metadata": {"labels": labels}}
    body: dict[str, Any] = {"selector": {"matchLabels": labels}, "template": template, **spec}
    return {"apiVersion": group, "kind": kind, "metadata": {"name": name}, "spec": body}


def job(name: str, **spec: Any) -> dict[str, Any]:
    inner = {**TEMPLATE["spec"], "restartPolicy": "Never"}
    template = {"metadata": {"labels": {"from": name}}, "spec": inner}
    body = {"template": template, **spec}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": body}


@pytest.fixture(scope="module", autouse=True)
def objects(bench: Bench) -> None:
    rc = workload("ReplicationController", "rc", "v1", selector={"app": "rc"}, replicas=1)
    inner = {"spec": job("x")["spec"]}
    cron = {"schedule": "* * * * *", "suspend": True, "jobTemplate": inner}
    bench.apply(
        [
            deployment("web", pod("web"), replicas=2),
            workload("StatefulSet", "sts", serviceName="sts", replicas=1),
            workload("DaemonSet", "ds"),
            workload("ReplicaSet", "rs", replicas=1),
            rc,
            job("once"),
            {
                "apiVersion": "batch/v1",
                "kind": "CronJob",
                "metadata": {"name": "cron"},
                "spec": cron,
            },
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": "front"},
                "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
            },
            # A label of the Deployment's, and nothing else of it.
            pod("stranger", labels={"app": "web"}),
        ]
    )
    # What the CronJob makes when it is due, made now.
    bench.kubectl("create", "job", "cron-1", "--from=cronjob/cron")
    bench.wait_for(
        lambda: (
            len(bench.kubectl("get", "pods", "--output=json").json["items"]) == 9
            and bench.kubectl("get", "job", "once", "cron-1", "--output=json").json
        ),
        "a pod of each",
    )


@pytest.mark.parametrize(
    ("words", "pods"),
    [
        (("deploy/web",), 2),
        (("deployment", "web"), 2),
        (("deployments.apps/web",), 2),
        (("sts/sts",), 1),
        (("ds/ds",), 1),
        (("rs/rs",), 1),
        (("rc/rc",), 1),
        (("job/once",), 1),
        (("cronjob/cron",), 1),
        (("svc/front",), 3),
        (("deploy/web", "sts/sts"), 3),
        (("-l", "app=web"), 3),
        (("-l", "app in (rs, rc)"), 2),
        (("--field-selector", "metadata.name=stranger"), 1),
        (("-l", "app=web", "--field-selector", "metadata.name!=stranger"), 2),
    ],
    ids=str,
)
def test_each_kind_of_target(bench: Bench, words: tuple[str, ...], pods: int) -> None:
    answer = bench.podx("describe", *words, "--no-exec", "-o", "name")
    assert len(answer.stdout.splitlines()) == pods


@pytest.mark.parametrize("word", ["pod/stranger", "stranger"])
def test_one_pod_is_one_report(bench: Bench, word: str) -> None:
    assert bench.podx("describe", word, "--no-exec", "-o", "json").json["kind"] == "PodReport"


def none_of(bench: Bench, target: str) -> str:
    """What is said of a target that has no pods: its own verdict, which is the text's first line,
    too.
    """
    answer = bench.podx("describe", target, "-o", "json")
    assert answer.json["items"] == []
    return str(answer.json["verdict"]["summary"])


def refusal(bench: Bench, target: str, word: str) -> str:
    """What is said of a target that has no pods, once it holds that word."""
    said = none_of(bench, target)
    return said if word in said else ""


def test_a_quota_that_allows_no_pod(bench: Bench) -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}}
    bench.apply({**quota, "spec": {"hard": {"count/pods": "0"}}})
    try:
        bench.wait_for(
            lambda: (bench.get("resourcequota", "none") or {}).get("status", {}).get("used"),
            "the quota to count",
        )
        bench.apply(deployment("too-many", pod("too-many")))
        said = bench.wait_for(
            lambda: refusal(bench, "deploy/too-many", "ResourceQuota none"),
            "the refusal to be told",
        )
        assert said.startswith("Deployment too-many has 0 of 1 pods: ")
        assert "count/pods" in said
        text = bench.podx("describe", "deploy/too-many", "--exit-code", check=False)
        assert text.stdout.startswith(f"CRITICAL: {said}")
        assert text.status == 4
    finally:
        bench.kubectl("delete", "resourcequota", "none")


def test_a_service_account_that_is_not_there(bench: Bench) -> None:
    bench.apply(deployment("nobody", pod("nobody", serviceAccountName="missing-account")))
    said = bench.wait_for(lambda: refusal(bench, "deploy/nobody", "missing-account"), "the refusal")
    assert (
        said == "Deployment nobody has 0 of 1 pods: ServiceAccount missing-account does not exist"
    )


def test_none_was_wanted(bench: Bench) -> None:
    bench.apply(deployment("zero", pod("zero"), replicas=0))
    assert none_of(bench, "deploy/zero").startswith("Deployment zero is scaled to 0 pods")
    bench.apply(job("later", suspend=True))
    assert none_of(bench, "job/later").startswith("Job later is suspended")


def test_a_service_that_selects_nothing(bench: Bench) -> None:
    spec = {"selector": {"app": "nothing"}, "ports": [{"port": 80}]}
    bench.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "lost"}, "spec": spec})
    assert "app=nothing matches none" in none_of(bench, "svc/lost")

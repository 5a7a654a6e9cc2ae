"""Jobs that do not end well, CronJobs that skip runs, and those that are fine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from e2e.manifests import FOREVER, pod, shell
from e2e.support import Manifest
from incidents.incident import Expected, Incident, lacking
from incidents.when import created_before, said


def template(*containers: Manifest, **spec: Any) -> Manifest:
    """The pod of a workload."""
    spec.setdefault("automountServiceAccountToken", False)
    return pod("web", *containers, labels={"app": "web"}, **spec)


def job(
    *containers: Manifest, restart: str = "Never", inits: Sequence[Manifest] = (), **spec: Any
) -> Manifest:
    """A Job called `batch`."""
    more = {"initContainers": list(inits)} if inits else {}
    made = template(*containers, restartPolicy=restart, **more)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "batch"},
        "spec": {**spec, "template": {"spec": made["spec"]}},
    }


def cron(*containers: Manifest, **spec: Any) -> Manifest:
    """A CronJob called `nightly`, due every minute."""
    made = job(*containers)["spec"]
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "nightly"},
        "spec": {"schedule": "* * * * *", **spec, "jobTemplate": {"spec": made}},
    }


LACKING: tuple[Incident, ...] = (
    lacking(
        "job-kept-by-proxy",
        "the work is done; the proxy beside it never ends, so the Job never completes",
        "job/batch",
        job(shell("echo done", "work"), shell(FOREVER, "proxy", ports=[{"containerPort": 15001}])),
        until=created_before(75),
        timeout=150.0,
        expected=Expected(
            severity=("warning",),
            words=("Job batch cannot complete", "proxy"),
            codes=("WRK022",),
        ),
    ),
    lacking(
        "job-sidecar-fails",
        "the native sidecar of a Job fails at its start",
        "job/batch",
        job(
            shell("echo work"),
            backoffLimit=0,
            inits=[
                shell(
                    "sleep 1; echo 'proxy: bad bootstrap config'; exit 7",
                    "proxy",
                    restartPolicy="Always",
                    startupProbe={
                        "tcpSocket": {"port": 15000},
                        "periodSeconds": 2,
                        "failureThreshold": 30,
                    },
                )
            ],
        ),
        until=lambda look: any(
            status["restartCount"] >= 2
            for one in look.pods
            for status in one.get("status", {}).get("initContainerStatuses", [])
        ),
        expected=Expected(words=("Job batch", "proxy", "code 7", "bad bootstrap config")),
    ),
    lacking(
        "job-deadline",
        "the Job runs longer than its deadline; its pod is deleted",
        "job/batch",
        job(shell(), activeDeadlineSeconds=5),
        until=lambda look: said("DeadlineExceeded")(look) and not look.pods,
        expected=Expected(
            words=("Job batch failed", "DeadlineExceeded", "activeDeadlineSeconds (5 s)"),
            codes=("WRK020",),
        ),
    ),
    lacking(
        "job-back-off",
        "three tries failed",
        "job/batch",
        job(shell("sleep 1; echo 'ERROR upstream said 503'; exit 1"), backoffLimit=1),
        until=said("BackoffLimitExceeded"),
        expected=Expected(
            words=("Job batch failed after 2 failed pods", "BackoffLimitExceeded", "code 1"),
            codes=("WRK020",),
        ),
    ),
    lacking(
        "job-pod-gone",
        "OnFailure: the Job gives up, and deletes the pod that shows why",
        "job/batch",
        job(shell("echo 'cannot reach bucket'; exit 1"), restart="OnFailure", backoffLimit=1),
        until=lambda look: said("BackoffLimitExceeded")(look) and not look.pods,
        expected=Expected(words=("Job batch failed", "BackoffLimitExceeded"), codes=("WRK020",)),
    ),
    lacking(
        "job-failure-policy",
        "a rule of the pod failure policy ends the Job at once",
        "job/batch",
        job(
            shell("exit 42"),
            backoffLimit=6,
            podFailurePolicy={
                "rules": [
                    {
                        "action": "FailJob",
                        "onExitCodes": {"operator": "In", "values": [42]},
                    }
                ]
            },
        ),
        until=lambda look: any(
            one["type"] == "Failed" for one in look.workload["status"].get("conditions", [])
        ),
        expected=Expected(
            words=("Job batch failed (PodFailurePolicy)", "exit code 42", "index 0"),
            codes=("WRK020",),
        ),
    ),
    lacking(
        "job-suspended",
        "spec.suspend",
        "job/batch",
        job(shell("exit 0"), suspend=True),
        until=said("Suspended"),
        expected=Expected(severity=("info",), words=("Job batch is suspended",), codes=("WRK021",)),
    ),
    lacking(
        "cron-forbid",
        "runs are skipped behind a Job that hangs",
        "cronjob/nightly",
        cron(shell("echo 'waiting for lock backup.lock'; " + FOREVER), concurrencyPolicy="Forbid"),
        until=said("JobAlreadyActive"),
        timeout=240.0,
        expected=Expected(
            severity=("warning",),
            words=("CronJob nightly", "skipped", "still runs", "Forbid"),
            codes=("WRK023",),
            never=("healthy",),
        ),
    ),
)

FINE: tuple[Incident, ...] = (
    lacking(
        "fine-job-of-two-tries",
        "the first try of a Job failed, the second has completed it",
        "job/batch",
        job(
            shell(
                'test "$FAILED" != 0',
                env=[
                    {
                        "name": "FAILED",
                        "valueFrom": {
                            "fieldRef": {
                                "fieldPath": "metadata.annotations['batch.kubernetes.io/"
                                "job-index-failure-count']"
                            }
                        },
                    }
                ],
            ),
            backoffLimitPerIndex=3,
            completionMode="Indexed",
            completions=1,
        ),
        until=lambda look: (
            look.workload["status"].get("succeeded", 0) == 1
            and bool(look.workload["status"].get("completionTime"))
        ),
        expected=Expected(severity=("ok",), words=("Job batch is complete", "after 1 failed try")),
    ),
    lacking(
        "fine-cron",
        "a CronJob whose Jobs end",
        "cronjob/nightly",
        cron(shell("exit 0"), concurrencyPolicy="Forbid"),
        until=lambda look: bool(look.workload.get("status", {}).get("lastSuccessfulTime")),
        timeout=150.0,
        expected=Expected(severity=("ok",), words=("CronJob nightly", "last run complete")),
    ),
)

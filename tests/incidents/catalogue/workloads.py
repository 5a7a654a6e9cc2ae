"""Workloads that lack pods, Jobs that do not end well, and what holds up a StatefulSet."""

from __future__ import annotations

import json
from typing import Any

from e2e.manifests import FOREVER, deployment, shell
from e2e.support import Bench, Manifest
from incidents.catalogue import batch
from incidents.catalogue.batch import job, template
from incidents.incident import THIS_NAMESPACE, Expected, Incident, Look, Step, lacking
from incidents.when import created_before, of_workload, said

_LIMITS = {"limits": {"memory": "32Mi", "cpu": "100m"}}


def _deploy(*containers: Manifest, replicas: int = 1, **spec: Any) -> Manifest:
    return deployment("web", template(*(containers or (shell(),))), replicas=replicas, **spec)


def _quota(**hard: str) -> Manifest:
    names = {name.replace("__", "."): amount for name, amount in hard.items()}
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "compute"},
        "spec": {"hard": names},
    }


def _set(
    kind: str, *containers: Manifest, pod_spec: Manifest | None = None, **spec: Any
) -> Manifest:
    """A StatefulSet or DaemonSet called `db`."""
    made = template(*(containers or (shell(),)), **(pod_spec or {}))
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "db"},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": made["spec"]},
            **spec,
        },
    }


def _patch(target: str, **change: Any) -> Any:
    def act(bench: Bench, _body: Manifest) -> None:
        bench.kubectl("patch", target, "--type=merge", "-p", json.dumps(change))

    return act


def _scaled_to_0(bench: Bench, _body: Manifest) -> None:
    bench.kubectl("scale", "deploy/web", "--replicas=0")


def _command(script: str) -> Manifest:
    return {"template": {"spec": {"containers": [shell(script)]}}}


_NEVER_READY: Manifest = {
    "template": {
        "spec": {
            "containers": [
                shell(readinessProbe={"exec": {"command": ["false"]}, "periodSeconds": 2}),
            ]
        }
    }
}
_refused = said("FailedCreate", times=2)


def _has_ready(count: int) -> Any:
    return lambda look: look.workload.get("status", {}).get("readyReplicas", 0) >= count


def _restarted(look: Look) -> bool:
    """A pod of it has come down at least twice."""
    statuses = [s for p in look.pods for s in p.get("status", {}).get("containerStatuses", [])]
    return any(status["restartCount"] >= 2 for status in statuses)


_gone = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingWebhookConfiguration",
    "metadata": {"name": f"hook-{THIS_NAMESPACE}"},
    "webhooks": [
        {
            "name": "pods.case.example.com",
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "failurePolicy": "Fail",
            "timeoutSeconds": 2,
            "clientConfig": {"service": {"namespace": THIS_NAMESPACE, "name": "gone"}},
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": THIS_NAMESPACE}},
            "rules": [
                {
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    "operations": ["CREATE"],
                    "resources": ["pods"],
                }
            ],
        }
    ],
}

LACKING: tuple[Incident, ...] = (
    lacking(
        "deploy-pod-security",
        "Pod Security restricted refuses the pods: the Deployment has none",
        "deploy/web",
        _deploy(),
        labels=(("pod-security.kubernetes.io/enforce", "restricted"),),
        until=_refused,
        expected=Expected(
            words=(
                "Deployment web has 0 of 1 pods",
                "Pod Security",
                "restricted",
                "allowPrivilegeEscalation",
                "runAsNonRoot",
                "seccompProfile",
            ),
            codes=("WRK003",),
        ),
    ),
    lacking(
        "deploy-quota-partial",
        "the quota has room for one pod of two",
        "deploy/web",
        _quota(limits__memory="48Mi", limits__cpu="1"),
        _deploy(shell(resources=_LIMITS), replicas=2),
        until=lambda look: _refused(look) and _has_ready(1)(look),
        expected=Expected(
            words=(
                "1 of 2 pods",
                "ResourceQuota compute",
                "limits.memory: 32Mi requested, 32Mi of 48Mi used",
            ),
            codes=("WRK001",),
            never=("healthy",),
        ),
    ),
    lacking(
        "deploy-quota-must-specify",
        "the quota demands a limit that the template does not set",
        "deploy/web",
        _quota(limits__memory="48Mi"),
        _deploy(),
        until=_refused,
        expected=Expected(
            words=("0 of 1 pods", "ResourceQuota compute", "must specify limits.memory"),
            codes=("WRK001",),
        ),
    ),
    lacking(
        "deploy-limit-range",
        "a container asks for more than the LimitRange allows",
        "deploy/web",
        {
            "apiVersion": "v1",
            "kind": "LimitRange",
            "metadata": {"name": "sizes"},
            "spec": {"limits": [{"type": "Container", "max": {"memory": "64Mi"}}]},
        },
        _deploy(shell(resources={"limits": {"memory": "128Mi"}})),
        until=_refused,
        expected=Expected(
            words=("0 of 1 pods", "LimitRange sizes", "64Mi", "128Mi"), codes=("WRK002",)
        ),
    ),
    lacking(
        "deploy-webhook-gone",
        "a validating webhook whose Service does not exist refuses every pod",
        "deploy/web",
        _gone,
        _deploy(),
        until=_refused,
        expected=Expected(
            words=("0 of 1 pods", "pods.case.example.com", "gone", "failurePolicy Fail"),
            codes=("WRK004",),
        ),
    ),
    lacking(
        "deploy-no-account",
        "the template names a ServiceAccount that does not exist",
        "deploy/web",
        deployment("web", template(shell(), serviceAccountName="robot")),
        until=_refused,
        expected=Expected(
            words=("0 of 1 pods", "ServiceAccount robot does not exist"), codes=("WRK007",)
        ),
    ),
    lacking(
        "deploy-no-priority-class",
        "the template names a PriorityClass that does not exist",
        "deploy/web",
        deployment("web", template(shell(), priorityClassName="podx-nobody-has-this")),
        until=_refused,
        expected=Expected(
            words=("0 of 1 pods", "PriorityClass podx-nobody-has-this does not exist"),
            codes=("WRK007",),
        ),
    ),
    lacking(
        "sts-quota",
        "the quota has room for one pod of a StatefulSet",
        "sts/db",
        _quota(pods="1"),
        _set("StatefulSet", serviceName="db", replicas=2),
        until=lambda look: said("FailedCreate")(look) and _has_ready(1)(look),
        expected=Expected(
            words=("StatefulSet db has 1 of 2 pods", "ResourceQuota compute", "1 of 1 used"),
            codes=("WRK001",),
        ),
    ),
    lacking(
        "ds-quota",
        "the quota has no room for any pod of a DaemonSet",
        "ds/db",
        _quota(pods="0"),
        _set("DaemonSet"),
        until=said("FailedCreate"),
        expected=Expected(
            words=("DaemonSet db has 0 of 1 pods", "ResourceQuota compute"), codes=("WRK001",)
        ),
    ),
    lacking(
        "job-quota",
        "the quota has no room for the pod of a Job",
        "job/batch",
        _quota(pods="0"),
        job(shell("exit 0")),
        until=said("FailedCreate"),
        expected=Expected(
            words=("Job batch has 0 of 1 pods", "ResourceQuota compute"), codes=("WRK001",)
        ),
    ),
    lacking(
        "deploy-surge-refused",
        "maxUnavailable is 0, and the quota refuses the extra pod of a rollout",
        "deploy/web",
        _quota(pods="1"),
        _deploy(
            strategy={"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            progressDeadlineSeconds=600,
        ),
        steps=(Step(_has_ready(1), _patch("deploy/web", spec=_command("sleep 3600"))),),
        until=_refused,
        expected=Expected(
            severity=("warning", "critical"),
            words=("revision 2", "ResourceQuota compute"),
            codes=("WRK001", "WRK012"),
        ),
    ),
    lacking(
        "deploy-paused",
        "a paused Deployment got another template",
        "deploy/web",
        _deploy(),
        steps=(
            Step(_has_ready(1), _patch("deploy/web", spec={"paused": True})),
            Step(of_workload("spec", "paused"), _patch("deploy/web", spec=_command("sleep 3600"))),
        ),
        until=lambda look: look.workload["status"].get("updatedReplicas", 0) == 0,
        expected=Expected(severity=("warning",), words=("is paused",), codes=("WRK013",)),
    ),
    lacking(
        "deploy-scaled-to-0",
        "somebody has scaled the Deployment to 0",
        "deploy/web",
        _deploy(),
        steps=(
            Step(
                _has_ready(1),
                _scaled_to_0,
            ),
        ),
        until=lambda look: not look.pods and look.workload["spec"]["replicas"] == 0,
        expected=Expected(severity=("info",), words=("scaled to 0", "ago"), codes=("WRK014",)),
    ),
    lacking(
        "deploy-progress-deadline",
        "the new revision crashes, and its progress deadline has passed",
        "deploy/web",
        _deploy(progressDeadlineSeconds=15),
        steps=(Step(_has_ready(1), _patch("deploy/web", spec=_NEVER_READY)),),
        until=lambda look: any(
            one.get("reason") == "ProgressDeadlineExceeded"
            for one in look.workload["status"].get("conditions", [])
        ),
        expected=Expected(
            words=("1 of 1 pod ready", "readiness probe"), codes=("WRK011", "WRK038")
        ),
    ),
    lacking(
        "sts-forced-rollback",
        "the repaired template is not rolled out until the broken pod is deleted",
        "sts/db",
        _set(
            "StatefulSet",
            shell(
                "echo 'unknown flag --sotrage'; exit 2",
                readinessProbe={"exec": {"command": ["false"]}},
            ),
            serviceName="db",
        ),
        steps=(Step(_restarted, _patch("sts/db", spec=_command(FOREVER))),),
        until=lambda look: (
            created_before(80)(look)
            and look.workload["status"].get("updateRevision")
            != look.workload["status"].get("currentRevision")
        ),
        timeout=150.0,
        expected=Expected(
            words=("db-0", "old template", "OrderedReady", "kubectl delete pod db-0"),
            codes=("WRK030", "WRK038"),
        ),
    ),
    lacking(
        "ds-no-node",
        "no node has the label that the DaemonSet asks for",
        "ds/db",
        _set("DaemonSet", pod_spec={"nodeSelector": {"disk": "tape"}}),
        until=created_before(35),
        expected=Expected(
            severity=("info",),
            words=("DaemonSet db", "no node fits", "disk=tape"),
            codes=("WRK035",),
        ),
    ),
    lacking(
        "deploy-anti-affinity",
        "two replicas must not share a node, and there is one node",
        "deploy/web",
        deployment(
            "web",
            template(
                shell(),
                affinity={
                    "podAntiAffinity": {
                        "requiredDuringSchedulingIgnoredDuringExecution": [
                            {
                                "topologyKey": "kubernetes.io/hostname",
                                "labelSelector": {"matchLabels": {"app": "web"}},
                            }
                        ]
                    }
                },
            ),
            replicas=2,
        ),
        until=lambda look: _has_ready(1)(look) and len(look.pods) == 2,
        expected=Expected(words=("Deployment web: 1 of 2 pods ready", "anti-affinity")),
    ),
    lacking(
        "hpa-no-metrics",
        "an autoscaler without metrics: the Deployment is fine, the autoscaler does nothing",
        "deploy/web",
        _deploy(),
        {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "web"},
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
                "maxReplicas": 3,
                "metrics": [
                    {
                        "type": "Resource",
                        "resource": {
                            "name": "cpu",
                            "target": {"type": "Utilization", "averageUtilization": 50},
                        },
                    }
                ],
            },
        },
        until=said("FailedGetResourceMetric"),
        expected=Expected(
            severity=("warning",),
            words=("HorizontalPodAutoscaler web cannot scale",),
            codes=("WRK036",),
        ),
    ),
)

FINE: tuple[Incident, ...] = (
    lacking(
        "fine-deploy",
        "a Deployment with all its pods, and a budget that lets none go",
        "deploy/web",
        _deploy(replicas=2),
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": "web"},
            "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}},
        },
        until=_has_ready(2),
        expected=Expected(severity=("ok",), words=("Deployment web: 2 of 2 pods ready",)),
    ),
    lacking(
        "fine-sts",
        "a StatefulSet with all its pods",
        "sts/db",
        _set("StatefulSet", serviceName="db", replicas=2),
        until=_has_ready(2),
        expected=Expected(severity=("ok",), words=("2 of 2 pods ready",)),
    ),
    lacking(
        "fine-ds",
        "a DaemonSet with its pod",
        "ds/db",
        _set("DaemonSet"),
        until=lambda look: look.workload["status"].get("numberReady") == 1,
        expected=Expected(severity=("ok",), words=("1 of 1 pod ready",)),
    ),
)

WORKLOADS = (*LACKING, *batch.LACKING, *FINE, *batch.FINE)

"""Why pods were never made: what the API server told the controllers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from kit import Json, stored
from kit.captures import NOW
from kit.workload_cases import OLD, fine_pod, owner, warning, workload_report
from kubectl_podx.workload.refusals import of_message

QUOTA = (
    'Error creating: pods "web-5f-x" is forbidden: exceeded quota: compute, requested: '
    "limits.cpu=100m,limits.memory=32Mi, used: limits.cpu=100m,limits.memory=32Mi, limited: "
    "limits.cpu=1,limits.memory=48Mi"
)
RESTRICTED = (
    '(combined from similar events): Error creating: pods "web-5f-x" is forbidden: violates '
    'PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "app" must set '
    "securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "
    '"app" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or '
    'container "app" must set securityContext.runAsNonRoot=true)'
)
GONE = (
    'Error creating: Internal error occurred: failed calling webhook "pods.example.com": failed to '
    'call webhook: Post "https://gone.ns.svc:443/?timeout=2s": service "gone" not found'
)

MESSAGES: list[tuple[str, str, str, str]] = [
    (QUOTA, "quota", "compute", "limits.memory: 32Mi requested, 32Mi of 48Mi used"),
    (
        'pods "a" is forbidden: failed quota: mem: must specify limits.memory for: app',
        "quota",
        "mem",
        "the pod must specify limits.memory for: app",
    ),
    (
        'pods "a" is forbidden: maximum memory usage per Container is 64Mi, but limit is 128Mi',
        "limitRange",
        "",
        "maximum memory usage per Container is 64Mi, but limit is 128Mi",
    ),
    (
        (
            'pods "a" is forbidden: [minimum cpu usage per Container is 100m, but request is 10m, '
            "maximum memory usage per Pod is 1Gi, but limit is 2Gi]"
        ),
        "limitRange",
        "",
        "minimum cpu usage per Container is 100m, but request is 10m",
    ),
    (RESTRICTED, "podSecurity", "restricted:latest", "allowPrivilegeEscalation != false"),
    (GONE, "webhookUnavailable", "pods.example.com", 'service "gone" not found'),
    (
        (
            'Internal error occurred: failed calling webhook "w": failed to call webhook: Post '
            '"https://w.ns.svc:443/?timeout=10s": context deadline exceeded'
        ),
        "webhookUnavailable",
        "w",
        "context deadline exceeded",
    ),
    (
        'admission webhook "policy.example.com" denied the request: pull from our registry',
        "webhookDenied",
        "policy.example.com",
        "pull from our registry",
    ),
    (
        'admission webhook "w" denied the request without explanation',
        "webhookDenied",
        "w",
        "it gives no reason",
    ),
    (
        (
            "pods \"a\" is forbidden: ValidatingAdmissionPolicy 'no-latest' with binding 'b' "
            "denied request: tag latest is not allowed"
        ),
        "admissionPolicy",
        "no-latest",
        "tag latest is not allowed",
    ),
    (
        (
            'pods "a-" is forbidden: error looking up service account shop/robot: serviceaccount '
            '"robot" not found'
        ),
        "serviceAccount",
        "robot",
        "ServiceAccount robot does not exist",
    ),
    (
        'pods "a" is forbidden: no PriorityClass with name vip was found',
        "priorityClass",
        "vip",
        "PriorityClass vip does not exist",
    ),
    (
        (
            "create Claim data-db-0 Pod db-0 in StatefulSet db failed error: "
            'persistentvolumeclaims "data-db-0" is forbidden: something new'
        ),
        "claim",
        "data-db-0",
        "something new",
    ),
    (
        (
            'create Pod db-0 in StatefulSet db failed error: pods "db-0" is forbidden: exceeded '
            "quota: q, requested: pods=1, used: pods=2, limited: pods=2"
        ),
        "quota",
        "q",
        "pods: 1 requested, 2 of 2 used",
    ),
    (
        'Pod "web-0" is invalid: spec.containers[0].image: Required value',
        "invalid",
        "",
        "spec.containers[0].image: Required value",
    ),
    ('Error creating: pods "a" is forbidden: something new', "other", "", "something new"),
]


@pytest.mark.parametrize(("message", "by", "name", "detail"), MESSAGES)
def test_a_message_is_taken_apart(message: str, by: str, name: str, detail: str) -> None:
    found = of_message(message)
    assert (found.by, found.name) == (by, name)
    assert any(detail in one for one in found.details)


def deployment(replicas: int = 2, made: int = 0, **status: Any) -> Json:
    counted = {"replicas": made, "readyReplicas": made, "updatedReplicas": made} if made else {}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}}
    return owner("Deployment", spec=spec, status={"observedGeneration": 1, **counted, **status})


def replica_set(**status: Any) -> Json:
    metadata: Json = {
        "annotations": {"deployment.kubernetes.io/revision": "1"},
        "ownerReferences": [{"kind": "Deployment", "name": "web", "uid": "deployment-uid"}],
    }
    return owner("ReplicaSet", "web-5f", spec={"replicas": 2}, status=status, **metadata)


def refused(message: str, pods: int = 0, lists: Mapping[str, list[Json]] | None = None) -> Any:
    made = [fine_pod(f"web-{at}") for at in range(pods)]
    found = {
        "ReplicaSet/Deployment/shop/web": [replica_set(replicas=pods)],
        "Event/ReplicaSet/shop/web-5f": [warning("FailedCreate", message, count=4)],
        **(lists or {}),
    }
    return workload_report(deployment(made=pods), pods=made, lists=found)


def test_a_replica_that_the_quota_refuses_is_the_verdict_though_the_other_pod_is_fine() -> None:
    hard = {"limits.memory": "48Mi", "limits.cpu": "1"}
    quota = {
        "metadata": {"name": "compute"},
        "status": {"hard": hard, "used": {"limits.cpu": "100m"}},
    }
    report = refused(QUOTA, pods=1, lists={"ResourceQuota/shop": [quota]})
    assert report.verdict.severity == "critical"
    assert report.verdict.summary == (
        "Deployment web has 1 of 2 pods: ResourceQuota compute refuses the others: "
        "limits.memory: 32Mi requested, 32Mi of 48Mi used"
    )
    assert report.verdict.codes == ["WRK001"]
    (finding,) = report.findings
    assert "now used: limits.cpu 100m of 1" in finding.evidence
    assert finding.next == "kubectl describe resourcequota compute -n shop"
    assert [one.severity for one in report.groups] == ["ok"]


def test_the_resource_that_does_not_fit_is_named_first() -> None:
    """`limits.cpu` comes first in the message and is far below its limit."""
    assert of_message(QUOTA).details[0].startswith("limits.memory")


def test_pod_security_names_the_failing_fields_without_the_advice() -> None:
    report = refused(RESTRICTED)
    assert report.verdict.summary == (
        'Deployment web has 0 of 2 pods: Pod Security "restricted:latest" of namespace shop '
        "refuses its pods: allowPrivilegeEscalation != false, unrestricted capabilities, "
        "runAsNonRoot != true"
    )
    assert any('container "app" must set' in line for line in report.findings[0].evidence)


def test_a_webhook_that_cannot_be_called_is_named_with_service_and_policy() -> None:
    configuration = {
        "metadata": {"name": "hook"},
        "webhooks": [
            {
                "name": "pods.example.com",
                "failurePolicy": "Fail",
                "clientConfig": {"service": {"namespace": "ns", "name": "gone"}},
            }
        ],
    }
    report = refused(GONE, lists={"ValidatingWebhookConfiguration/": [configuration]})
    for words in ('service "gone" not found', "Service ns/gone", "failurePolicy Fail"):
        assert words in report.verdict.summary
    assert report.findings[0].next == ("kubectl get validatingwebhookconfiguration hook -o yaml")


def test_without_the_configuration_the_webhook_is_named_all_the_same() -> None:
    report = refused(GONE)
    assert "pods.example.com cannot be called" in report.verdict.summary


def test_the_condition_tells_when_the_events_have_expired() -> None:
    failing = {"type": "ReplicaFailure", "status": "True", "message": QUOTA}
    lists = {"ReplicaSet/Deployment/shop/web": [replica_set(conditions=[failing])]}
    report = workload_report(deployment(conditions=[failing]), lists=lists)
    assert report.verdict.codes == ["WRK001"]


def test_an_old_refusal_of_a_workload_that_has_all_its_pods_is_past() -> None:
    pods = [fine_pod("web-0"), fine_pod("web-1")]
    old = warning("FailedCreate", QUOTA, last="2026-01-01T10:00:00Z")
    lists = {
        "ReplicaSet/Deployment/shop/web": [replica_set(replicas=2)],
        "Event/ReplicaSet/shop/web-5f": [old],
    }
    report = workload_report(deployment(made=2), pods=pods, lists=lists)
    assert (report.verdict.severity, report.findings) == ("ok", [])
    assert report.verdict.summary == "Deployment web: 2 of 2 pods ready"


def test_pods_that_are_missing_without_a_reason_are_said_and_no_cause_is_invented() -> None:
    report = workload_report(deployment())
    assert report.verdict.severity == "critical"
    assert "no event or condition that could be read tells why" in report.verdict.summary


def test_a_deployment_that_was_made_a_moment_ago_lacks_nothing_yet() -> None:
    body = deployment()
    body["metadata"]["creationTimestamp"] = "2026-01-01T11:59:50Z"
    report = workload_report(body)
    assert report.findings == []
    assert report.verdict.severity == "info"


def test_a_workload_that_is_scaled_to_0_says_by_whom() -> None:
    body = deployment(replicas=0)
    body["metadata"]["managedFields"] = [
        {"manager": "helm", "time": OLD, "operation": "Update"},
        {
            "manager": "kubectl",
            "time": NOW,
            "operation": "Update",
            "subresource": "scale",
            "paths": ["spec.replicas"],
        },
    ]
    report = workload_report(body)
    assert report.verdict.severity == "info"
    assert (
        report.verdict.summary == "Deployment web is scaled to 0 pods by kubectl (scale), 0 s ago"
    )


def test_a_paused_rollout_warns_only_where_something_waits_for_it() -> None:
    pods = [fine_pod("web-0"), fine_pod("web-1")]
    body = deployment(made=2)
    body["spec"]["paused"] = True
    assert workload_report(body, pods=pods).verdict.severity == "ok"
    body["status"]["updatedReplicas"] = 0
    report = workload_report(body, pods=pods)
    assert report.verdict.severity == "warning"
    assert "is paused" in report.verdict.summary
    assert report.findings[0].fix == "kubectl rollout resume deploy/web -n shop"


def test_a_right_that_is_missing_is_coverage_and_never_a_missing_object() -> None:
    from kit import call

    denied = call("list", "ResourceQuota/shop", state="denied", needs="list resourcequotas")
    report = workload_report(deployment(), calls=[denied])
    (row,) = report.coverage
    assert (row.section, row.state, row.needs) == ("workload", "denied", "list resourcequotas")


def test_the_service_account_that_is_missing() -> None:
    report = refused(
        'Error creating: pods "web-" is forbidden: error looking up service account shop/robot: '
        'serviceaccount "robot" not found'
    )
    assert (
        report.verdict.summary
        == "Deployment web has 0 of 2 pods: ServiceAccount robot does not exist"
    )


def test_a_limit_range_is_named_where_there_is_one_alone() -> None:
    message = (
        'pods "a" is forbidden: maximum memory usage per Container is 64Mi, but limit is 128Mi'
    )
    one, two = {"metadata": {"name": "sizes"}}, {"metadata": {"name": "more"}}
    assert (
        "LimitRange sizes refuses"
        in refused(message, lists={"LimitRange/shop": [one]}).verdict.summary
    )
    both = refused(message, lists={"LimitRange/shop": [one, two]})
    assert "LimitRange refuses" in both.verdict.summary


def test_text_from_a_cluster_never_becomes_part_of_a_command() -> None:
    report = refused(QUOTA.replace("compute", "a;reboot"))
    assert report.findings[0].next == "kubectl describe resourcequota NAME -n shop"


def test_a_daemon_set_and_a_job_are_refused_by_events_of_their_own() -> None:
    daemons = owner("DaemonSet", status={"desiredNumberScheduled": 3, "currentNumberScheduled": 0})
    job = owner("Job", spec={"completions": 1, "parallelism": 1}, status={"startTime": OLD})
    for body in (daemons, job):
        report = workload_report(body, events=[warning("FailedCreate", QUOTA)])
        assert report.verdict.codes == ["WRK001"]
        assert "ResourceQuota compute" in report.verdict.summary


def test_the_store_of_objects_is_not_needed() -> None:
    assert workload_report(deployment(), stored(fine_pod())).workload.wanted == 2

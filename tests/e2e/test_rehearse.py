"""Which pods would not start again: each prediction is put to the test by deleting the pod."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from e2e.fresh import namespace_of, own_namespace
from e2e.manifests import BUSYBOX, config_map, container, deployment, pod, secret, shell
from e2e.report_schema import check
from e2e.support import Bench, Manifest, container_status, is_ready

pytestmark = pytest.mark.cluster

_ENV_KEY = {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "login", "key": "password"}}}
# Of the node, which other tests and clusters of this machine use too.
HOST_PORT = 25000 + secrets.randbelow(5000)
_OPTIONAL = {"configMapRef": {"name": "nowhere", "optional": True}}


def _web(name: str, *containers: Manifest, **spec: Any) -> Manifest:
    return deployment(name, pod(name, *containers, **spec))


def _waits(reason: str) -> Callable[[Manifest], bool]:
    def holds(found: Manifest) -> bool:
        state = container_status(found, "app").get("state", {})
        return bool(state.get("waiting", {}).get("reason") == reason)

    return holds


def _unschedulable(found: Manifest) -> bool:
    conditions = found.get("status", {}).get("conditions", [])
    return any(
        one["type"] == "PodScheduled" and one.get("reason") == "Unschedulable" for one in conditions
    )


class Case(NamedTuple):
    """A workload that ran, what was done to it, and what is foretold."""

    name: str
    kind: str
    """Of the first problem; empty: it would start."""
    words: str
    came: Callable[[Manifest], bool] | None
    """Holds for the new pod; None where none can be created."""


CASES = [
    Case(
        "config",
        "configMap",
        'ConfigMap "settings" does not exist',
        _waits("CreateContainerConfigError"),
    ),
    Case(
        "key", "key", 'Secret "login" has no key "password"', _waits("CreateContainerConfigError")
    ),
    Case("volume", "secret", 'Secret "certificate" does not exist', _waits("ContainerCreating")),
    Case("account", "serviceAccount", 'ServiceAccount "robot" does not exist', None),
    Case("claim", "claim", "is being deleted", _unschedulable),
    Case("label", "node", "nodeSelector", _unschedulable),
    Case("limit", "limitRange", "a LimitRange refuses the pod", None),
    Case("secured", "podSecurity", "Pod Security level baseline", None),
    Case("class", "priorityClass", "PriorityClass", None),
    Case("image", "image", "cannot be had now", lambda one: not is_ready(one)),
    Case("fine", "", "", is_ready),
    Case("optional", "", "", is_ready),
    Case("member", "", "", is_ready),
    Case("daemon", "", "", is_ready),
]


@pytest.fixture(scope="module")
def cluster_wide(bench: Bench, node: str) -> Iterator[str]:
    """The name of a PersistentVolume, a PriorityClass and a node's label; they go at the end."""
    name = bench.namespace
    volume: Manifest = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": "1Mi"},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": name,
            "hostPath": {"path": f"/tmp/{name}", "type": "DirectoryOrCreate"},
        },
    }
    priority: Manifest = {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": name},
        "value": 10,
    }
    bench.apply([volume, priority])
    bench.kubectl("label", "node", node, f"{name}=yes")
    try:
        yield name
    finally:
        bench.kubectl("label", "node", node, f"{name}-", check=False)
        for kind in ("priorityclass", "pv"):
            bench.kubectl("delete", kind, name, "--ignore-not-found", "--wait=false")


@pytest.fixture(scope="module")
def report(bench: Bench, cluster_wide: str, node: str) -> Any:
    """The rehearsal of everything, after each workload ran and lost what it needs."""
    claim: Manifest = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": cluster_wide,
            "resources": {"requests": {"storage": "1Mi"}},
        },
    }
    robot: Manifest = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}}
    mounted = {"name": "v", "mountPath": "/v"}
    memory = {"limits": {"memory": "64Mi"}}
    member = _web("member")
    member["kind"] = "StatefulSet"
    member["spec"]["serviceName"] = "member"
    daemon = _web("daemon")
    daemon["kind"] = "DaemonSet"
    daemon["spec"].pop("replicas")
    bench.apply(
        [
            config_map("settings", {"LEVEL": "info"}),
            secret("login", {"password": "the-old-password", "user": "me"}),
            secret("certificate", {"tls.crt": "nothing"}),
            claim,
            robot,
        ]
    )
    bench.apply(
        [
            _web("config", shell(envFrom=[{"configMapRef": {"name": "settings"}}])),
            _web("key", shell(env=[_ENV_KEY])),
            _web(
                "volume",
                shell(volumeMounts=[mounted]),
                volumes=[{"name": "v", "secret": {"secretName": "certificate"}}],
            ),
            _web("account", serviceAccountName="robot"),
            _web(
                "claim",
                shell(volumeMounts=[mounted]),
                volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}],
            ),
            _web("label", nodeSelector={cluster_wide: "yes"}),
            _web("limit", shell(resources=memory)),
            _web("secured", hostPID=True),
            _web("class", priorityClassName=cluster_wide),
            _web("image", container(image="registry.invalid/nothing:1")),
            _web("fine"),
            _web("optional", shell(envFrom=[_OPTIONAL])),
            member,
            daemon,
        ]
    )
    for case in CASES:
        ready = is_ready if case.name != "image" else _waits("ImagePullBackOff")
        _wait(bench, case.name, ready)
    bench.kubectl("delete", "configmap/settings", "secret/certificate", "serviceaccount/robot")
    bench.kubectl(
        "patch", "secret", "login", "--type=json", '-p=[{"op":"remove","path":"/data/password"}]'
    )
    bench.kubectl("delete", "pvc", "data", "--wait=false")
    bench.kubectl("delete", "priorityclass", cluster_wide)
    bench.kubectl("label", "node", node, f"{cluster_wide}-")
    bench.apply(
        {
            "apiVersion": "v1",
            "kind": "LimitRange",
            "metadata": {"name": "small"},
            "spec": {"limits": [{"type": "Container", "max": {"memory": "32Mi"}}]},
        }
    )
    bench.kubectl(
        "label", "namespace", bench.namespace, "pod-security.kubernetes.io/enforce=baseline"
    )
    before = _names(bench)
    report = check(bench.podx("rehearse", "-o", "json").json)
    assert _names(bench) == before == {one["name"] for one in report["items"]}
    return report


def _wait(bench: Bench, name: str, holds: Callable[[Manifest], Any]) -> None:
    bench.wait_for(lambda: _pod(bench, name, holds), name, 120)


def _names(bench: Bench) -> set[str]:
    return {one["metadata"]["name"] for one in (bench.get("pods") or {})["items"]}


def _pod(bench: Bench, name: str, holds: Callable[[Manifest], Any]) -> Manifest | None:
    found = bench.kubectl("get", "pods", "-l", f"app={name}", "-o", "json").json["items"]
    return next((one for one in found if holds(one)), None)


def _row(report: Any, name: str) -> Any:
    (row,) = [one for one in report["items"] if one["owner"].endswith(f"/{name}")]
    return row


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_foretold(report: Any, case: Case) -> None:
    row = _row(report, case.name)
    if not case.kind:
        assert (row["state"], row["problems"]) == ("wouldStart", []), row
        return
    assert row["state"] == "wouldNotStart", row
    assert row["problems"][0]["kind"] == case.kind, row
    assert case.words in row["summary"], row


def test_the_verdict_counts_them(report: Any) -> None:
    bad = sum(bool(case.kind) for case in CASES)
    assert (report["wouldNotStart"], report["wouldStart"], report["unknown"]) == (
        bad,
        len(CASES) - bad,
        0,
    )
    assert report["verdict"]["severity"] == "critical"


def test_no_secret_is_shown(report: Any) -> None:
    assert "the-old-password" not in str(report)


@pytest.fixture(scope="module")
def gone(bench: Bench, report: Any) -> Bench:
    """The same after every pod was really deleted."""
    assert report
    bench.kubectl("delete", "pods", "--all")
    return bench


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_comes_true(gone: Bench, case: Case) -> None:
    if case.came is not None:
        _wait(gone, case.name, case.came)
        return
    gone.wait_for(lambda: _refused(gone, case.name), f"a refusal of {case.name}", 90)
    assert _pod(gone, case.name, lambda _: True) is None


def _refused(bench: Bench, name: str) -> bool:
    found = bench.kubectl("get", "rs", "-l", f"app={name}", "-o", "json").json["items"]
    conditions = [c for one in found for c in one["status"].get("conditions", [])]
    return any(c["type"] == "ReplicaFailure" and c["status"] == "True" for c in conditions)


def test_a_quota_counts_the_pod_that_goes(kubectl_binary: str) -> None:
    """A full quota has room for the pod in the place of itself, one that was cut has not."""
    quota: Manifest = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "few"},
        "spec": {"hard": {"pods": "1"}},
    }
    with own_namespace(Bench(kubectl_binary, namespace_of("rehearse-quota"))) as bench:
        bench.apply([quota, _web("only")])
        bench.wait_for(lambda: _pod(bench, "only", is_ready), "only")
        bench.wait_for(lambda: _used(bench) == "1", "the quota to be used up")
        row = _row(check(bench.podx("rehearse", "deploy/only", "-o", "json").json), "only")
        assert (row["state"], row["admission"]["state"]) == ("wouldStart", "refused"), row
        first = _pod(bench, "only", is_ready)
        assert first
        bench.kubectl("delete", "pods", "--all")
        bench.wait_for(
            lambda: _pod(bench, "only", lambda one: is_ready(one) and _other(one, first)),
            "another pod",
        )
        quota["spec"]["hard"]["pods"] = "0"
        bench.apply(quota)
        answer = bench.podx("rehearse", "deploy/only", "--exit-code", check=False)
        assert answer.status == 4, answer
        assert "ResourceQuota few has no room for the pod: pods: 1 requested" in answer.stdout
        bench.kubectl("delete", "pods", "--all")
        bench.wait_for(lambda: _refused(bench, "only"), "a refusal")


def _member(name: str, **fields: Any) -> Manifest:
    """A StatefulSet whose pod gets its new template when it is deleted."""
    made = _web(name, shell(**fields))
    made["kind"] = "StatefulSet"
    made["spec"] |= {"serviceName": name, "updateStrategy": {"type": "OnDelete"}}
    return made


def test_a_node_that_has_no_room_any_more(kubectl_binary: str, node: str) -> None:
    """More CPU than it has, a host port that another pod holds, a taint: each comes true."""
    with own_namespace(Bench(kubectl_binary, namespace_of("rehearse-node"))) as bench:
        port = {"containerPort": 8080, "hostPort": HOST_PORT}
        bench.apply([pod("holder", shell(ports=[port])), _member("cpu"), _member("port")])
        for name in ("holder", "cpu", "port"):
            _wait(bench, name, is_ready)
        bench.apply([_member("cpu", resources={"requests": {"cpu": "500"}})])
        bench.apply([_member("port", ports=[port])])
        for name, words in (("cpu", "insufficient cpu"), ("port", "port")):
            found = check(bench.podx("rehearse", f"sts/{name}", "-o", "json").json)
            row = _row(found, name)
            assert (row["state"], row["problems"][0]["kind"]) == ("wouldNotStart", "node"), row
            assert words in str(row["problems"][0]), row
            bench.kubectl("delete", "pod", f"{name}-0")
            _wait(bench, name, _unschedulable)
        bench.apply(_member("plain"))
        _wait(bench, "plain", is_ready)
        taint = f"podx.test/{bench.namespace}"
        bench.kubectl("taint", "node", node, f"{taint}=:NoSchedule")
        try:
            row = _row(check(bench.podx("rehearse", "sts/plain", "-o", "json").json), "plain")
            assert row["state"] == "wouldNotStart", row
            assert taint in str(row["problems"]), row
            bench.kubectl("delete", "pod", "plain-0")
            _wait(bench, "plain", _unschedulable)
        finally:
            bench.kubectl("taint", "node", node, f"{taint}-", check=False)
        _wait(bench, "plain", is_ready)


def _other(one: Manifest, first: Manifest) -> bool:
    return bool(one["metadata"]["uid"] != first["metadata"]["uid"])


def _used(bench: Bench) -> str:
    quota = bench.get("resourcequota", "few") or {}
    return str((quota.get("status") or {}).get("used", {}).get("pods", ""))


def test_without_the_right_to_create_pods(bench: Bench, report: Any) -> None:
    """What may not be asked is not known, and never reads as a refusal."""
    assert report
    bench.kubectl("create", "rolebinding", "viewer", "--clusterrole=view", "--user=viewer")
    answer = bench.podx("rehearse", "deploy/fine", "--as", "viewer", "-o", "json")
    (row,) = check(answer.json)["items"]
    assert (row["state"], row["admission"]["state"]) == ("unknown", "denied"), row
    assert "create pods" in {one.get("needs") for one in row["coverage"]}


def test_no_dry_run_asks_nothing(bench: Bench, report: Any) -> None:
    assert report
    (row,) = check(bench.podx("rehearse", "deploy/fine", "--no-dry-run", "-o", "json").json)[
        "items"
    ]
    assert (row["state"], row["admission"]["state"]) == ("unknown", "notAsked"), row


def test_a_pod_of_its_own(bench: Bench, report: Any) -> None:
    """Without a controller it is judged by its own spec, less what the cluster added."""
    assert report
    bench.start(pod("alone", container(image=BUSYBOX, command=["sleep", "600"])))
    (row,) = check(bench.podx("rehearse", "alone", "-o", "json").json)["items"]
    assert (row["state"], row["basis"]) == ("wouldStart", "pod"), row

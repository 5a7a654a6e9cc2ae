"""Lists of a pod against its template's, RuntimeClasses, and whom a change is never put down to."""

from __future__ import annotations

import copy
from typing import Any

import pytest

import kit
from kit import Json, absent, listed, owned_by, pod_of_template, stored, workload
from kubectl_podx.analysis import coverage
from kubectl_podx.model.capture import StoredObject
from kubectl_podx.pod.owner import why_no_template
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.injections import facts as injections
from kubectl_podx.sections.injections.sources import Candidate, candidates, writes

CREATED, LATER = "2026-11-25T12:00:00Z", "2026-11-25T12:05:00Z"
ALWAYS = [
    {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
]
HOOK = {"metadata": {"name": "hooks"}, "webhooks": [{"name": "h.example.com", "rules": ALWAYS}]}
NAMED = "MutatingWebhookConfiguration hooks (h.example.com)"
TEMPLATE: dict[str, Any] = {
    "metadata": {"labels": {"app": "web"}, "annotations": {"note": "1"}},
    "spec": {
        "containers": [
            {
                "name": "app",
                "image": "web:1",
                "env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}],
                "envFrom": [{"configMapRef": {"name": "settings"}}],
                "volumeMounts": [{"name": "data", "mountPath": "/data", "readOnly": True}],
            }
        ],
        "volumes": [{"name": "data", "emptyDir": {}}],
        "tolerations": [{"key": "gpu", "operator": "Exists"}],
        "schedulingGates": [{"name": "example.com/quota"}],
    },
}


def live(kind: str = "ReplicaSet") -> Json:
    """The pod as it runs: its gate was lifted."""
    body = pod_of_template(
        TEMPLATE, creationTimestamp=CREATED, ownerReferences=owned_by(kind, "web")
    )
    del body["spec"]["schedulingGates"]
    return body


def view(body: Json, *others: StoredObject, hooks: list[Any] | None = None) -> PodView:
    """The pod, its owner and other objects; `hooks`: the webhooks, None where nobody asked."""
    (owner, *_) = body["metadata"].get("ownerReferences") or owned_by("ReplicaSet", "none")
    return kit.view(
        body,
        stored(workload(owner["kind"], owner["name"], TEMPLATE)),
        *others,
        lists={} if hooks is None else {"MutatingWebhookConfiguration/": hooks},
    )


def rows(found: PodView) -> list[tuple[str, str, str, str]]:
    return [(one.change, one.path, one.by, one.confidence) for one in injections.build(found)]


def app(body: dict[str, Any]) -> dict[str, Any]:
    container: dict[str, Any] = body["spec"]["containers"][0]
    return container


def test_a_pod_as_its_template_has_no_rows_though_a_name_stands_there_twice() -> None:
    assert rows(view(live(), hooks=[HOOK])) == []


@pytest.mark.parametrize(
    ("edit", "change", "path"),
    [
        (lambda b: app(b).pop("env"), "removed", "spec.containers[app].env[A]"),
        (lambda b: app(b)["env"].pop(), "changed", "spec.containers[app].env[A]"),
        (
            lambda b: app(b).pop("envFrom"),
            "removed",
            "spec.containers[app].envFrom[configMap settings]",
        ),
        (
            lambda b: app(b).pop("volumeMounts"),
            "removed",
            "spec.containers[app].volumeMounts[/data]",
        ),
        (
            lambda b: app(b)["volumeMounts"][0].pop("readOnly"),
            "removed",
            "spec.containers[app].volumeMounts[/data].readOnly",
        ),
        (
            lambda b: app(b)["volumeMounts"][0].update(subPath="x"),
            "added",
            "spec.containers[app].volumeMounts[/data].subPath",
        ),
        (
            lambda b: app(b)["volumeMounts"][0].update(name="other"),
            "changed",
            "spec.containers[app].volumeMounts[/data]",
        ),
        (lambda b: b["spec"].pop("volumes"), "removed", "spec.volumes[data]"),
        (
            lambda b: b["spec"]["volumes"][0]["emptyDir"].update(medium="Memory"),
            "added",
            "spec.volumes[data].emptyDir",
        ),
        (
            lambda b: b["spec"].update(volumes=[{"name": "data", "hostPath": {"path": "/etc"}}]),
            "added",
            "spec.volumes[data].hostPath",
        ),
        (lambda b: b["spec"].pop("tolerations"), "removed", "spec.tolerations[gpu]"),
        (lambda b: b["metadata"].pop("labels"), "removed", "metadata.labels[app]"),
        (lambda b: b["metadata"].pop("annotations"), "removed", "metadata.annotations[note]"),
    ],
)
def test_what_was_taken_away_or_rewritten_is_a_row(edit: Any, change: str, path: str) -> None:
    body = live()
    edit(body)
    assert rows(view(body)) == [(change, path, "", "possible")]


def test_an_image_that_the_template_leaves_open_is_added() -> None:
    body = live()
    found = view(body)
    owner = found.capture.objects["ReplicaSet/shop/web"].body or {}
    owner["spec"] = copy.deepcopy(owner["spec"])
    owner["spec"]["template"]["spec"]["containers"][0].pop("image")
    assert rows(found) == [("added", "spec.containers[app].image", "", "possible")]


def test_a_daemons_toleration_that_the_controller_rewrote_is_the_controllers() -> None:
    body = live("DaemonSet")
    mine = {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}
    body["spec"]["tolerations"].append({**mine, "tolerationSeconds": 60})
    found = view(body)
    found.applied = {"spec": {**TEMPLATE["spec"], "tolerations": [mine]}, "metadata": {}}
    by = {row[2] for row in rows(found) if "not-ready" in row[1]}
    assert by == {"default tolerations of the API server or the DaemonSet"}


def index(field: str = "metadata.labels['batch.kubernetes.io/job-completion-index']") -> Any:
    value = {"fieldRef": {"apiVersion": "v1", "fieldPath": field}}
    return {"name": "JOB_COMPLETION_INDEX", "valueFrom": value}


@pytest.mark.parametrize(
    ("kind", "variable", "expected"),
    [
        ("Job", index(), ("the Job controller", "proven")),
        (
            "Job",
            index("metadata.annotations['batch.kubernetes.io/job-completion-index']"),
            ("the Job controller", "proven"),
        ),
        ("Job", index("metadata.name"), (NAMED, "possible")),
        ("Job", {"name": "JOB_COMPLETION_INDEX", "value": "1"}, (NAMED, "possible")),
        ("ReplicaSet", index(), (NAMED, "possible")),
    ],
)
def test_the_index_of_a_job_is_no_work_of_admission(
    kind: str, variable: Any, expected: tuple[str, str]
) -> None:
    body = live(kind)
    app(body)["env"].append(variable)
    (row,) = rows(view(body, hooks=[HOOK]))
    assert row[2:] == expected


def managed(*paths: str, operation: str = "Update", **fields: str) -> dict[str, Any]:
    manager = "kubectl-client-side-apply"
    known = {"manager": manager, "operation": operation, "time": LATER}
    return {**known, "paths": list(paths), **fields}


def test_a_creator_that_wrote_again_did_not_write_what_admission_added() -> None:
    body = live()
    body["metadata"]["ownerReferences"] = []
    body["metadata"]["managedFields"] = [
        managed("spec.containers[app]", "spec.containers[app].image", "spec.dnsPolicy")
    ]
    body["spec"]["dnsPolicy"] = "ClusterFirst"
    app(body)["env"].append({"name": "SIDE", "value": "1"})
    found = view(body, hooks=[HOOK])
    found.applied = TEMPLATE
    assert rows(found) == [
        ("added", "spec.containers[app].env[SIDE]", NAMED, "possible"),
        ("added", "spec.dnsPolicy", "API defaulting", "proven"),
    ]


def test_who_applies_a_container_has_not_written_its_other_fields() -> None:
    body = live()
    body["metadata"]["managedFields"] = [
        managed(
            "metadata.labels[tier]",
            "spec.containers[app]",
            "spec.containers[app].name",
            operation="Apply",
            manager="argocd",
        )
    ]
    body["metadata"]["labels"]["tier"] = "x"
    app(body)["env"].append({"name": "SIDE", "value": "1"})
    assert rows(view(body)) == [
        ("added", "spec.containers[app].env[SIDE]", "", "possible"),
        ("added", "metadata.labels[tier]", "argocd", "likely"),
    ]


def test_a_sidecar_whose_image_somebody_set_is_still_an_injectors() -> None:
    body = live()
    body["spec"]["containers"].append({"name": "istio-proxy", "image": "p:2"})
    path = "spec.containers[istio-proxy].image"
    body["metadata"]["managedFields"] = [managed(path, manager="kubectl-set")]
    ((_, _, by, _),) = rows(view(body))
    assert by == "Istio's sidecar injector"


RUNTIME: dict[str, Any] = {
    "scheduling": {
        "nodeSelector": {"sandbox": "yes"},
        "tolerations": [{"key": "sandbox", "operator": "Exists"}],
    }
}
PLUGIN = "RuntimeClass admission plugin"


@pytest.mark.parametrize(
    ("runtime", "selector", "toleration"),
    [
        (stored(RUNTIME, "RuntimeClass//kata"), (PLUGIN, "likely"), (PLUGIN, "likely")),
        (stored({}, "RuntimeClass//kata"), ("", "possible"), ("", "possible")),
        (absent("RuntimeClass//kata", "denied"), (PLUGIN, "possible"), ("", "possible")),
        (stored(RUNTIME, "RuntimeClass//other"), (PLUGIN, "possible"), ("", "possible")),
    ],
)
def test_what_a_runtime_class_adds_is_told_by_the_class(
    runtime: StoredObject, selector: tuple[str, str], toleration: tuple[str, str]
) -> None:
    body = live()
    body["spec"] |= {"runtimeClassName": "kata", "nodeSelector": {"sandbox": "yes"}}
    body["spec"]["tolerations"].append({"key": "sandbox", "operator": "Exists"})
    found = {path: (by, sure) for _, path, by, sure in rows(view(body, runtime))}
    assert found["spec.nodeSelector[sandbox]"] == selector
    assert found["spec.tolerations[sandbox]"] == toleration


@pytest.mark.parametrize(
    ("toleration", "asked", "by"),
    [
        ({"operator": "Exists", "effect": "NoSchedule"}, True, True),
        ({"operator": "Exists", "effect": "NoSchedule"}, False, False),
        ({"operator": "Exists", "effect": "NoExecute"}, True, False),
        ({"operator": "Equal", "value": "x", "effect": "NoSchedule"}, True, False),
    ],
)
def test_a_toleration_of_an_extended_resource(
    toleration: dict[str, str], *, asked: bool, by: bool
) -> None:
    body = live()
    body["spec"]["tolerations"].append({"key": "example.com/fpga", **toleration})
    found = view(body)
    if asked:
        app(body)["resources"] = {"requests": {"example.com/fpga": "1"}}
    who = {path: name for _, path, name, _ in rows(found)}["spec.tolerations[example.com/fpga]"]
    assert bool(who) is by


JSON_PATCH = 'JSONPatch{op: "add", path: "/spec/hostAliases", value: []}'


@pytest.mark.parametrize(
    ("words", "path", "expected"),
    [
        ('name: "cache"', "spec.volumes[cache]", True),
        ('name: "cache-2"', "spec.volumes[cache]", False),
        ('mountPath: "/cache"', "spec.containers[app].volumeMounts[/cache]", True),
        ('name: "settings"', "spec.containers[app].envFrom[configMap settings prefix P_]", True),
        ('c.name == "app"', "spec.containers[app].securityContext.runAsUser", False),
        ("securityContext{runAsUser: 5}", "spec.containers[app].securityContext.runAsUser", True),
        ("has(c.securityContext)", "spec.containers[app].securityContext", False),
        (JSON_PATCH, "spec.hostAliases", True),
        (JSON_PATCH, "spec.host", False),
        ("", "spec.volumes[cache]", False),
    ],
)
def test_a_policy_speaks_of_what_it_writes(words: str, path: str, *, expected: bool) -> None:
    candidate = Candidate("MutatingAdmissionPolicy", "p", conditional=False, words=words)
    assert writes(candidate, path) is expected


@pytest.mark.parametrize(("generated", "matches"), [(False, True), (True, False)])
def test_a_pod_with_a_generated_name_had_none_when_policies_were_asked(
    *, generated: bool, matches: bool
) -> None:
    body = live()
    if generated:
        body["metadata"]["generateName"] = "web-"
    found = view(body, hooks=[])
    rules = [{**ALWAYS[0], "resourceNames": ["web-0"]}]
    policy = {
        "metadata": {"name": "p"},
        "spec": {"matchConstraints": {"resourceRules": rules}, "mutations": []},
    }
    for kind, one in (
        ("MutatingAdmissionPolicy", policy),
        ("MutatingAdmissionPolicyBinding", {"spec": {"policyName": "p"}}),
    ):
        found.capture.lists[f"{kind}/"] = listed(f"{kind}/", [one])
    assert bool(candidates(found)) is matches


GONE = absent("ReplicaSet/shop/web")
DENIED = absent("ReplicaSet/shop/web", "denied")
NAMESAKE = stored(workload("ReplicaSet", "web", TEMPLATE, uid="x"))


@pytest.mark.parametrize(
    ("kind", "owner", "reason"),
    [
        ("ReplicaSet", None, ""),
        ("ReplicaSet", GONE, "nothing to compare with: ReplicaSet web is gone"),
        ("ReplicaSet", DENIED, ""),
        ("ReplicaSet", NAMESAKE, "the template of ReplicaSet web is not surely the one that"),
        # It has no revisions: its template of now may be another than that of then.
        ("ReplicationController", None, "the template of ReplicationController web is not surely"),
        ("", None, "nothing to compare with: no owner, and kubectl apply did not write the pod"),
    ],
)
def test_why_a_pod_is_not_compared(kind: str, owner: StoredObject | None, reason: str) -> None:
    body = live(kind)
    if not kind:
        body["metadata"]["ownerReferences"] = []
    found = view(body, *([owner] if owner else []), hooks=[])
    assert why_no_template(found).startswith(reason)
    assert bool(why_no_template(found)) is bool(reason)
    (*told,) = coverage.build(found, frozenset({"injections"}))
    assert [row.reason.startswith(reason) for row in told] == ([True] if reason else [])


def test_an_owner_of_a_kind_without_a_template_is_named() -> None:
    body = live("Workflow")
    found = view(body, hooks=[])
    reason = "nothing to compare with: a Workflow's template is not known to podx"
    del found.capture.objects["Workflow/shop/web"]
    assert why_no_template(found) == reason
    # One that was read and holds none, such as a mirror pod's Node.
    found = view(body, stored(workload("Workflow", "web")), hooks=[])
    assert why_no_template(found) == reason


def test_a_whole_report_says_nothing_of_templates_it_was_not_asked_about() -> None:
    body = live()
    body["metadata"]["ownerReferences"] = []
    assert coverage.build(view(body), frozenset({"injections"})) == []


WRITTEN: dict[str, Any] = {
    "metadata": {"labels": {"app": "web"}},
    "spec": {
        "hostNetwork": True,
        "resources": {"limits": {"memory": "2048Mi"}},
        "containers": [
            {
                "name": "app",
                "image": "web:1",
                "ports": [{"containerPort": 53}, {"containerPort": 53, "protocol": "UDP"}],
                "resources": {"limits": {"cpu": 0.5, "memory": "1024Mi", "x.io/gpu": 1}},
            }
        ],
        "volumes": [{"name": "v", "emptyDir": {"sizeLimit": "1024Mi"}}, {"name": "w"}],
    },
}


def test_what_the_api_server_writes_otherwise_is_nobodys_change() -> None:
    """Quantities in their shortest form, requests as the limits, a port of each protocol."""
    body = live()
    body["metadata"] |= {"ownerReferences": [], "annotations": {}}
    body["spec"] = copy.deepcopy(WRITTEN["spec"])
    limits = {"cpu": "500m", "memory": "1Gi", "x.io/gpu": "1"}
    app = body["spec"]["containers"][0]
    app["resources"] = {"limits": limits, "requests": dict(limits)}
    app["ports"] = [
        {"containerPort": 53, "hostPort": 53, "protocol": "TCP"},
        {"containerPort": 53, "hostPort": 53, "protocol": "UDP"},
    ]
    body["spec"]["resources"] = {"limits": {"memory": "2Gi"}, "requests": {"memory": "2Gi"}}
    body["spec"]["volumes"] = [
        {"name": "v", "emptyDir": {"sizeLimit": "1Gi"}},
        {"name": "w", "emptyDir": {}},
    ]
    found = view(body)
    found.applied = WRITTEN
    assert {row.by for row in injections.build(found)} == {"API defaulting"}
    # More memory than was written is somebody's change all the same.
    app["resources"]["limits"]["memory"] = "2Gi"
    found = view(body)
    found.applied = WRITTEN
    changed = [row.path for row in injections.build(found) if row.by != "API defaulting"]
    assert changed[0] == "spec.containers[app].resources.limits.memory"

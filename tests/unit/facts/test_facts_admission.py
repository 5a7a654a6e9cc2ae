"""Who changed a pod on its way in, and who wrote it since: matching, defaults, managedFields."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kit
from kit import Json, owned_by, pod_of_template, stored, workload
from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.capture.managed import managed_paths
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.injections import facts as injections
from kubectl_podx.sections.injections.admission_match import candidates
from kubectl_podx.sections.injections.field_edits import edit_of, edits
from kubectl_podx.sections.injections.marks import marked
from kubectl_podx.sections.injections.pod_defaults import is_default
from kubectl_podx.sections.injections.template_compare import differences

CREATED = "2026-11-25T12:00:00Z"
ALWAYS = [
    {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": ["CREATE"],
        "resources": ["pods"],
    }
]
TEMPLATE: dict[str, Any] = {
    "metadata": {"labels": {"app": "web"}},
    "spec": {"containers": [{"name": "app", "image": "web:1", "resources": {}}]},
}


def live(**metadata: Any) -> Json:
    return pod_of_template(
        TEMPLATE,
        **{
            "creationTimestamp": CREATED,
            "ownerReferences": owned_by("ReplicaSet", "web"),
            **metadata,
        },
    )


def view(body: Json, labels: dict[str, str] | None = None, **lists: Any) -> PodView:
    """The pod beside lists of admission objects; `labels` are those of its namespace."""
    space = [] if labels is None else [stored({"metadata": {"labels": labels}}, "Namespace//shop")]
    return kit.view(
        body,
        stored(workload("ReplicaSet", "web", TEMPLATE)),
        *space,
        lists={f"{kind}/": found for kind, found in lists.items()},
    )


def webhook(**fields: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "hooks", "creationTimestamp": "2026-11-01T00:00:00Z"},
        "webhooks": [{"name": "h.example.com", "rules": ALWAYS, **fields}],
    }


EXPRESSION = "Object{spec: Object.spec{volumes: [Object.spec.volumes{name: 'cache'}]}}"


def policy(name: str = "add-cache", expression: str = EXPRESSION, **fields: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "creationTimestamp": "2026-11-01T00:00:00Z"},
        "spec": {
            "matchConstraints": {"resourceRules": ALWAYS, **fields},
            "mutations": [{"applyConfiguration": {"expression": expression}}],
        },
    }


def binding(name: str = "add-cache", **fields: Any) -> dict[str, Any]:
    return {"metadata": {"name": "b"}, "spec": {"policyName": name, **fields}}


def rule(**fields: Any) -> dict[str, Any]:
    return {"rules": [{**ALWAYS[0], **fields}]}


@pytest.mark.parametrize(
    ("fields", "matches"),
    [
        ({}, True),
        (rule(operations=["*"]), True),
        (rule(operations=["UPDATE"]), False),
        (rule(resources=["*/*"]), True),
        (rule(resources=["*"]), True),
        (rule(resources=["pods/*"]), False),
        (rule(resources=["pods/exec"]), False),
        (rule(resources=["deployments"]), False),
        (rule(apiGroups=["*"]), True),
        (rule(apiGroups=["apps"]), False),
        (rule(apiVersions=["v1beta1"]), False),
        (rule(scope="Namespaced"), True),
        (rule(scope="Cluster"), False),
        ({"rules": []}, False),
        ({"rules": None}, False),
        ({"objectSelector": {"matchLabels": {"app": "web"}}}, True),
        ({"objectSelector": {"matchLabels": {"app": "db"}}}, False),
        ({"objectSelector": {}}, True),
        (
            {"objectSelector": {"matchExpressions": [{"key": "x", "operator": "DoesNotExist"}]}},
            True,
        ),
        (
            {"namespaceSelector": {"matchExpressions": [{"key": "inject", "operator": "Exists"}]}},
            True,
        ),
        ({"namespaceSelector": {"matchLabels": {"inject": "off"}}}, False),
        # A selector that the API server refuses says nothing.
        ({"objectSelector": {"matchExpressions": [{"key": "x", "operator": "Odd"}]}}, True),
    ],
)
def test_which_webhook_is_asked_about_a_pod(fields: dict[str, Any], matches: bool) -> None:
    found = candidates(
        view(live(), {"inject": "on"}, MutatingWebhookConfiguration=[webhook(**fields)])
    )
    assert bool(found) is matches


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ({"matchLabels": {"kubernetes.io/metadata.name": "shop"}}, True),
        ({"matchLabels": {"kubernetes.io/metadata.name": "other"}}, False),
        ({"matchLabels": {"team": "a"}}, True),
    ],
)
def test_a_namespace_that_was_not_read_is_known_by_its_name_alone(
    selector: dict[str, Any], matches: bool
) -> None:
    hooks = [webhook(namespaceSelector=selector)]
    assert bool(candidates(view(live(), None, MutatingWebhookConfiguration=hooks))) is matches


def test_what_is_younger_than_the_pod_was_not_asked() -> None:
    young = webhook()
    young["metadata"]["creationTimestamp"] = "2026-11-25T12:00:01Z"
    assert candidates(view(live(), {}, MutatingWebhookConfiguration=[young])) == []


@pytest.mark.parametrize(
    ("policies", "bindings", "matches"),
    [
        ([policy()], [binding()], True),
        ([policy()], [], False),
        ([policy()], [binding("another")], False),
        ([policy(objectSelector={"matchLabels": {"app": "db"}})], [binding()], False),
        ([policy(excludeResourceRules=ALWAYS)], [binding()], False),
        ([policy(excludeResourceRules=[{**ALWAYS[0], "resourceNames": ["x"]}])], [binding()], True),
        (
            [policy()],
            [binding(matchResources={"namespaceSelector": {"matchLabels": {"a": "b"}}})],
            False,
        ),
        ([policy()], [binding(matchResources={"objectSelector": {}})], True),
    ],
)
def test_which_policy_is_asked_about_a_pod(
    policies: list[Any], bindings: list[Any], matches: bool
) -> None:
    found = candidates(
        view(
            live(),
            {},
            MutatingAdmissionPolicy=policies,
            MutatingAdmissionPolicyBinding=bindings,
        )
    )
    assert bool(found) is matches


def with_volume(**metadata: Any) -> dict[str, Any]:
    body = live(**metadata)
    body["spec"]["volumes"] = [{"name": "cache", "emptyDir": {}}]
    return body


def source(body: dict[str, Any], path: str, **lists: Any) -> tuple[str, str]:
    rows = {row.path: row for row in injections.build(view(body, {}, **lists))}
    return rows[path].by, rows[path].confidence


def test_a_policy_that_writes_the_name_is_likely_and_one_that_only_matches_possible() -> None:
    policies = {
        "MutatingAdmissionPolicy": [policy(), policy("other", "Object{}")],
        "MutatingAdmissionPolicyBinding": [binding(), binding("other")],
    }
    path = "spec.volumes[cache]"
    assert source(with_volume(), path, **policies) == (
        "MutatingAdmissionPolicy add-cache",
        "likely",
    )
    policies["MutatingAdmissionPolicy"] = [policy(expression="Object{}")]
    assert source(with_volume(), path, **policies)[1] == "possible"
    hooks = [webhook()]
    assert source(with_volume(), path, MutatingWebhookConfiguration=hooks) == (
        "MutatingWebhookConfiguration hooks (h.example.com)",
        "possible",
    )
    assert source(with_volume(), path) == ("", "possible")


LIMITED = "LimitRanger plugin set: cpu, memory request for container app; cpu limit for container x"


@pytest.mark.parametrize(
    ("resources", "entry", "expected"),
    [
        ({"requests": {"cpu": "1"}}, "requests.cpu", ("LimitRanger admission plugin", "proven")),
        # A request that is equal to its limit may be a default; here the annotation knows better.
        (
            {"limits": {"memory": "1"}, "requests": {"memory": "1"}},
            "requests.memory",
            ("LimitRanger admission plugin", "proven"),
        ),
        # Its limit is of another container.
        ({"limits": {"cpu": "1"}}, "limits.cpu", ("", "possible")),
        ({"requests": {"hugepages-2Mi": "1"}}, "requests.hugepages-2Mi", ("", "possible")),
        (
            {"limits": {"x": "1"}, "requests": {"x": "1"}},
            "requests.x",
            ("API defaulting", "proven"),
        ),
    ],
)
def test_the_limit_ranger_is_named_for_just_what_it_says_it_set(
    resources: dict[str, Any], entry: str, expected: tuple[str, str]
) -> None:
    body = live(annotations={"kubernetes.io/limit-ranger": LIMITED})
    body["spec"]["containers"][0]["resources"] = resources
    assert source(body, f"spec.containers[app].resources.{entry}") == expected


def managed(manager: str, time: str, *paths: str, subresource: str = "") -> dict[str, Any]:
    return {
        "manager": manager,
        "time": time,
        "paths": list(paths),
        **({"subresource": subresource} if subresource else {}),
    }


def test_a_field_written_later_is_its_managers() -> None:
    fields = [
        managed("kube-controller-manager", CREATED, "metadata.labels[app]"),
        managed("kubectl-label", "2026-11-25T12:05:00Z", "metadata.labels[tier]"),
        managed("kubelet", "2026-11-25T12:06:00Z", "status.phase", subresource="status"),
        managed(
            "kubectl",
            "2026-11-25T12:07:00Z",
            "spec.containers[app].resources.requests.cpu",
            subresource="resize",
        ),
    ]
    body = live(labels={"app": "web", "tier": "x"}, managedFields=fields)
    body["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "2"}}
    assert source(body, "metadata.labels[tier]") == ("kubectl-label", "likely")
    path = "spec.containers[app].resources.requests.cpu"
    assert source(body, path) == ("an in-place resize by kubectl", "proven")
    rows = {each.path: each for each in injections.build(view(body))}
    assert rows["metadata.labels[tier]"].edited
    assert set(edits(view(body))) == {
        "metadata.labels[tier]",
        "spec.containers[app].resources.requests.cpu",
    }
    assert edit_of("spec.containers[app].resources.requests", edits(view(body))) is not None
    assert edit_of("spec.containers[ap]", edits(view(body))) is None


def test_a_debug_container_is_no_work_of_admission() -> None:
    entry = managed(
        "kubectl-debug",
        "2026-11-25T12:07:00Z",
        "spec.ephemeralContainers[shell]",
        subresource="ephemeralcontainers",
    )
    body = live(managedFields=[entry])
    body["spec"]["ephemeralContainers"] = [{"name": "shell", "image": "busybox"}]
    assert source(body, "spec.ephemeralContainers[shell]") == (
        "a debug container by kubectl-debug",
        "proven",
    )


@pytest.mark.parametrize(
    ("path", "value", "default"),
    [
        ("spec.dnsPolicy", "ClusterFirst", True),
        ("spec.dnsPolicy", "Default", False),
        ("spec.terminationGracePeriodSeconds", 30, True),
        ("spec.terminationGracePeriodSeconds", 5, False),
        ("spec.enableServiceLinks", True, True),
        ("spec.containers[app].livenessProbe.timeoutSeconds", 1, True),
        ("spec.initContainers[a].startupProbe.failureThreshold", 30, False),
        ("spec.containers[app].ports[80].protocol", "TCP", True),
        ("spec.containers[app].lifecycle.preStop.httpGet.path", "/", True),
        ("spec.volumes[v].configMap.defaultMode", 0o644, True),
        ("spec.volumes[v].secret.defaultMode", 0o400, False),
        (
            "spec.volumes[v].projected.sources[0].serviceAccountToken.expirationSeconds",
            3600,
            True,
        ),
        ("spec.containers[app].resources.requests.cpu", "1", True),
        ("spec.containers[app].resources.requests.memory", "1Gi", False),
        ("spec.hostNetwork", 0, False),
    ],
)
def test_what_the_api_server_fills_in(path: str, value: Any, default: bool) -> None:
    container = {"resources": {"limits": {"cpu": "1"}}}
    assert is_default(path, value, container) is default


def test_a_pod_without_an_owner_is_compared_with_what_was_applied() -> None:
    body = live(ownerReferences=[])
    body["spec"] |= {"dnsPolicy": "ClusterFirst", "priority": 0, "runtimeClassName": "kata"}
    found = view(body)
    found.applied = TEMPLATE
    rows = {row.path: (row.change, row.by) for row in injections.build(found)}
    assert rows == {
        "spec.dnsPolicy": ("added", "API defaulting"),
        "spec.priority": ("added", "Priority admission plugin"),
        "spec.runtimeClassName": ("added", ""),
    }


@pytest.mark.parametrize(
    ("live", "declared", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": {}}, {}, []),
        ({"a": None}, {"a": []}, []),
        ({"a": 1}, {}, [("a", "added")]),
        ({}, {"a": 1}, [("a", "removed")]),
        ({"a": 1}, {"a": 2}, [("a", "changed")]),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, [("a.c", "added")]),
        ({"nodeSelector": {"x": "1"}}, {"nodeSelector": {"y": "2"}}, None),
        (
            {"ports": [{"containerPort": 1}, {"containerPort": 2}]},
            {"ports": [{"containerPort": 2, "name": "n"}]},
            [("ports[2].name", "removed"), ("ports[1]", "added")],
        ),
        ({"args": ["a", "b"]}, {"args": ["a"]}, [("args", "changed")]),
        ({"args": ["a"]}, {"args": ["b"]}, [("args", "changed")]),
        ({"s": [{"a": 1}, {"a": 2}]}, {"s": [{"a": 1}, {"a": 3}]}, [("s[1].a", "changed")]),
        ({"s": [{"a": 1}]}, {"s": [{"a": 1}, {"a": 2}]}, [("s", "changed")]),
        # Whoever set one entry need not have set the next.
        (
            {"resources": {"limits": {"cpu": "1", "memory": "1Gi"}}},
            {},
            [("resources.limits.cpu", "added"), ("resources.limits.memory", "added")],
        ),
        ({"resources": {}}, {"resources": {"requests": {}}}, []),
        ({"nodeSelector": {"x": "1"}}, {}, [("nodeSelector[x]", "added")]),
        ({"ports": [{}, {}]}, {"ports": [{"containerPort": 1}]}, [("ports", "changed")]),
        ({"a": False}, {}, [("a", "added")]),
    ],
)
def test_two_templates_field_by_field(live: Any, declared: Any, expected: Any) -> None:
    found = [(each.path, each.change) for each in differences(live, declared, "", frozenset())]
    if expected is None:
        expected = [("nodeSelector[x]", "added"), ("nodeSelector[y]", "removed")]
    assert found == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["a", "ports", "name", "containerPort"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=5), JSON), st.dictionaries(st.text(max_size=5), JSON))
def test_no_shape_makes_the_comparison_raise(live: Any, declared: Any) -> None:
    assert list(differences(live, live, "", frozenset())) == []
    for each in differences(live, declared, "", frozenset()):
        assert each.change in ("added", "changed", "removed")


def test_the_paths_of_managed_fields() -> None:
    entry = {
        "fieldsV1": {
            "f:metadata": {"f:labels": {".": {}, "f:app.kubernetes.io/name": {}}},
            "f:spec": {
                "f:containers": {
                    'k:{"name":"app"}': {
                        ".": {},
                        "f:image": {},
                        "f:env": {'k:{"name":"X"}': {".": {}, "f:value": {}}},
                        "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {}},
                    }
                },
                "f:finalizers": {'v:"a-value"': {}},
            },
        }
    }
    found = managed_paths(entry)
    assert found == [
        "metadata.labels[app.kubernetes.io/name]",
        "spec.containers[app]",
        "spec.containers[app].image",
        "spec.containers[app].env[X]",
        "spec.containers[app].env[X].value",
        "spec.containers[app].ports[80]",
    ]
    assert "a-value" not in " ".join(found)


@given(st.dictionaries(st.text(max_size=12), JSON))
def test_no_managed_fields_make_the_paths_raise(fields: Any) -> None:
    assert all(isinstance(path, str) for path in managed_paths({"fieldsV1": fields}))


def test_what_was_injected_is_marked_wherever_it_is_shown() -> None:
    body = live()
    body["spec"]["containers"].append({"name": "istio-proxy", "image": "p:1"})
    body["spec"]["volumes"] = [{"name": "cache", "emptyDir": {}}]
    app = body["spec"]["containers"][0]
    app["env"] = [{"name": "X", "value": "1"}]
    app["volumeMounts"] = [{"name": "cache", "mountPath": "/cache"}]
    found = view(
        body, {}, MutatingAdmissionPolicy=[policy()], MutatingAdmissionPolicyBinding=[binding()]
    )
    (report,) = analyse(found.capture).items
    containers = {one.name: one.injected_by for one in report.containers or []}
    assert containers == {"app": "", "istio-proxy": "Istio's sidecar injector"}
    (variable,) = [row for row in report.environment or [] if row.name == "X"]
    assert variable.injected_by == "MutatingAdmissionPolicy add-cache"
    (volume,) = report.volumes or []
    assert volume.injected_by == "MutatingAdmissionPolicy add-cache"
    assert volume.mounts[0].injected_by == "MutatingAdmissionPolicy add-cache"


def test_a_report_without_injections_is_left_as_it_is() -> None:
    (report,) = analyse(view(live()).capture).items
    assert marked(report) is report or report.injections
    assert {one.injected_by for one in report.containers or []} == {""}

"""Rules about lifecycle, scheduling, node, images, hosts and injections; then all at once."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from kit import absent, event, owned_by, stored, workload
from kit.sharing_cases import (
    DIGEST,
    HEALTHY,
    LOOK,
    NODE,
    case_of,
    changed,
    hits,
    look,
    severities,
    waiting,
)
from kubectl_podx.model.capture import HostsFile
from kubectl_podx.sections.containers import rules as containers
from kubectl_podx.sections.hosts import rules as hosts
from kubectl_podx.sections.images import rules as images
from kubectl_podx.sections.injections import rules as injections
from kubectl_podx.sections.lifecycle import rules as lifecycle
from kubectl_podx.sections.namespaces import rules as namespaces
from kubectl_podx.sections.network import rules as network
from kubectl_podx.sections.node import rules as node
from kubectl_podx.sections.pod import rules as pod
from kubectl_podx.sections.scheduling import rules as scheduling
from kubectl_podx.sections.table import KEYS
from kubectl_podx.sections.volumes import rules as volumes

RULES = (
    *pod.RULES,
    *containers.RULES,
    *namespaces.RULES,
    *network.RULES,
    *volumes.RULES,
    *lifecycle.RULES,
    *scheduling.RULES,
    *node.RULES,
    *images.RULES,
    *hosts.RULES,
    *injections.RULES,
)


def test_an_ordinary_healthy_pod_has_no_finding_at_all() -> None:
    assert hits(RULES, case_of(HEALTHY, LOOK)) == {}


def test_codes_are_unique_and_every_rule_explains_itself() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.section in (*KEYS, "pod")
        assert rule.link.startswith(("https://kubernetes.io/docs/", "https://docs.kernel.org/"))
        for words in (rule.title, rule.meaning, rule.known_by, rule.remedy):
            assert len(words) > 8


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"metadata": None, "spec": None, "status": None},
        {"spec": {"containers": [{}], "volumes": [{}]}, "status": {"containerStatuses": [{}]}},
        {"status": {"phase": "Pending", "conditions": [None, {}]}, "metadata": {"finalizers": 3}},
    ],
)
def test_no_rule_stumbles_over_an_odd_pod(body: dict[str, Any]) -> None:
    for case in (case_of(body, node_body=None), case_of(body, LOOK, node_body={})):
        assert set(hits(RULES, case)) == set(severities(RULES, case))


def paths(value: Any, *above: str | int) -> Iterator[tuple[str | int, ...]]:
    """Every place inside an object, the inner ones too."""
    steps: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        steps = value.items()
    elif isinstance(value, list):
        steps = enumerate(value)
    for step, inner in steps:
        yield (*above, step)
        yield from paths(inner, *above, step)


RICH = changed(
    (("metadata", "deletionTimestamp"), "2026-11-25T11:50:00Z"),
    (("metadata", "ownerReferences"), [{"kind": "ReplicaSet", "name": "r", "uid": "u"}]),
    (("spec", "hostAliases"), [{"ip": "127.0.0.1", "hostnames": ["a"]}]),
    (("spec", "dnsConfig"), {"nameservers": ["1.1.1.1"], "options": [{"name": "ndots"}]}),
    (("spec", "tolerations"), [{"key": "k", "operator": "Exists"}]),
    (("spec", "readinessGates"), [{"conditionType": "x/y"}]),
    (("spec", "imagePullSecrets"), [{"name": "s"}]),
    (("spec", "initContainers"), [{"name": "i", "restartPolicy": "Always"}]),
    (("spec", "containers", 0, "lifecycle"), {"preStop": {"exec": {"command": ["sleep", "9"]}}}),
    (("status", "initContainerStatuses"), [{"name": "i", "state": {"waiting": {"reason": "x"}}}]),
)


@pytest.mark.parametrize("odd", [None, 3, True, "x", [], {}, [None], {"a": None}])
def test_no_field_of_another_shape_breaks_a_section_or_a_rule(odd: Any) -> None:
    services = ({"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}}},)
    for path in paths(RICH):
        body = copy.deepcopy(RICH)
        target: Any = body
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = odd
        made = case_of(body, LOOK, services=services)
        hits(RULES, made)
        assert made.report.pod.status
    for path in paths(NODE):
        body = copy.deepcopy(NODE)
        target = body
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = odd
        made = case_of(RICH, node_body=body)
        hits(RULES, made)
        assert made.report.node is not None


# -- lifecycle ---------------------------------------------------------------------------------


def hooked(**hooks: Any) -> dict[str, Any]:
    return changed((("spec", "containers", 0, "lifecycle"), hooks))


def test_a_failed_post_start_hook_blocks_while_the_container_waits_for_it() -> None:
    body = hooked(postStart={"exec": {"command": ["x"]}})
    state = {"waiting": {"reason": "PostStartHookError", "message": "exit 1"}}
    body["status"]["containerStatuses"][0]["state"] = state
    (hit,) = hits(lifecycle.RULES, case_of(body))["LIF001"]
    assert (hit.blocking, hit.severity, hit.evidence) == (True, "critical", ("exit 1",))
    past = hooked(postStart={"exec": {"command": ["x"]}})
    events = (event("FailedPostStartHook", "PostStartHook failed", container="app"),)
    assert not hits(lifecycle.RULES, case_of(past, events=events))["LIF001"][0].blocking


def test_a_failed_pre_stop_hook_is_a_warning() -> None:
    body = hooked(preStop={"exec": {"command": ["drain"]}})
    events = (event("FailedPreStopHook", "PreStopHook failed", container="app"),)
    assert severities(lifecycle.RULES, case_of(body, events=events)) == {"LIF002": "warning"}


@pytest.mark.parametrize(
    ("hook", "found"),
    [
        ({"sleep": {"seconds": 30}}, True),
        ({"sleep": {"seconds": 5}}, False),
        ({"exec": {"command": ["sh", "-c", "drain; sleep 45"]}}, True),
        ({"exec": {"command": ["sleep", "60"]}}, True),
        ({"exec": {"command": ["nosleep", "60"]}}, False),
        ({"httpGet": {"port": 80, "path": "/sleep 60"}}, False),
    ],
)
def test_a_hook_that_sleeps_through_the_grace_period_is_found(
    hook: dict[str, Any], found: bool
) -> None:
    assert ("LIF003" in hits(lifecycle.RULES, case_of(hooked(preStop=hook)))) is found


DELETED = (("metadata", "deletionTimestamp"), "2026-11-25T11:50:00Z")
FINALIZERS = (("metadata", "finalizers"), ["example.com/hold"])
ENDED = (("status", "containerStatuses", 0, "state"), {"terminated": {"exitCode": 0}})


def test_finalizers_are_named_once_everything_has_ended() -> None:
    (hit,) = hits(lifecycle.RULES, case_of(changed(DELETED, FINALIZERS, ENDED)))["LIF004"]
    assert "example.com/hold" in hit.title
    assert "LIF004" not in hits(lifecycle.RULES, case_of(changed(DELETED, FINALIZERS)))
    assert "LIF004" not in hits(lifecycle.RULES, case_of(changed(FINALIZERS, ENDED)))


def node_with(**changes: Any) -> dict[str, Any]:
    return {**NODE, **changes}


LOST = node_with(
    status={
        "conditions": [
            {
                "type": "Ready",
                "status": "Unknown",
                "reason": "NodeStatusUnknown",
                "message": "Kubelet stopped posting node status.",
                "lastTransitionTime": "2026-11-25T11:40:00Z",
            }
        ]
    }
)


def test_a_pod_past_its_grace_period_is_told_with_the_reason() -> None:
    case = case_of(changed(DELETED), LOOK)
    (hit,) = hits(lifecycle.RULES, case)["LIF005"]
    assert hit.title.startswith("Terminating for 10 min longer than its grace period: the kubelet")
    lost = case_of(changed(DELETED), LOOK, node_body=LOST)
    assert severities(lifecycle.RULES, lost) == {"LIF005": "critical"}
    soon = changed((("metadata", "deletionTimestamp"), "2026-11-25T12:00:20Z"))
    assert hits(lifecycle.RULES, case_of(soon, LOOK)) == {}


def test_a_pre_stop_hook_is_told_while_the_grace_period_lasts() -> None:
    body = hooked(preStop={"exec": {"command": ["drain"]}})
    assert "LIF007" not in hits(lifecycle.RULES, case_of(body, LOOK))
    body["metadata"]["deletionTimestamp"] = "2026-11-25T12:00:20Z"
    (hit,) = hits(lifecycle.RULES, case_of(body, LOOK))["LIF007"]
    assert hit.title == (
        "Terminating: the preStop hook of app runs first, 20 s of the grace period are left"
    )
    assert "app: exec drain" in hit.evidence
    body["status"]["containerStatuses"][0]["state"] = {"terminated": {"exitCode": 0}}
    assert "LIF007" not in hits(lifecycle.RULES, case_of(body, LOOK))


def test_the_kubelets_own_report_of_an_overrun_is_found() -> None:
    events = (event("ExceededGracePeriod", "Container runtime did not kill the pod"),)
    assert "LIF006" in hits(lifecycle.RULES, case_of(HEALTHY, events=events))


# -- scheduling and node -----------------------------------------------------------------------


def pending(*edits: tuple[tuple[str | int, ...], Any], message: str = "") -> dict[str, Any]:
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": message,
    }
    return changed(
        (("spec", "nodeName"), ""),
        (("status",), {"phase": "Pending", "conditions": [condition] if message else []}),
        *edits,
    )


def test_why_no_node_takes_the_pod_is_said_reason_by_reason() -> None:
    message = (
        "0/3 nodes are available: 1 Insufficient memory, 2 node(s) didn't match Pod's node "
        "affinity/selector. preemption: 0/3 nodes are available: 3 Preemption is not helpful."
    )
    (hit,) = hits(scheduling.RULES, case_of(pending(message=message)))["SCH001"]
    assert hit.blocking
    assert hit.evidence == (
        "1 Insufficient memory: no room left on them for what the pod requests",
        (
            "2 node(s) didn't match Pod's node affinity/selector: their labels are not what the pod"
            " asks for"
        ),
        "nodeSelector disktype=ssd",
        "preemption would not help: ending pods does not change why the nodes are refused",
    )
    assert hit.next == "kubectl get nodes --show-labels"


def test_gates_hold_a_pod_without_any_event() -> None:
    body = pending((("spec", "schedulingGates"), [{"name": "example.com/quota"}]))
    (hit,) = hits(scheduling.RULES, case_of(body))["SCH002"]
    assert (hit.blocking, "example.com/quota" in hit.title) == (True, True)


def test_an_unknown_scheduler_is_told_by_silence() -> None:
    body = pending((("spec", "schedulerName"), "my-scheduler"))
    (hit,) = hits(scheduling.RULES, case_of(body))["SCH003"]
    assert "schedulerName is my-scheduler" in hit.title
    young = pending((("metadata", "creationTimestamp"), "2026-11-25T11:59:50Z"))
    assert hits(scheduling.RULES, case_of(young)) == {}


def test_a_node_that_no_longer_fits_is_only_a_remark() -> None:
    relabelled = node_with(metadata={"labels": {"disktype": "hdd"}})
    assert severities(scheduling.RULES, case_of(HEALTHY, node_body=relabelled)) == {
        "SCH004": "info"
    }


@pytest.mark.parametrize(
    ("taint", "expected"),
    [
        ({"key": "k", "effect": "NoExecute"}, {"SCH005": "warning"}),
        ({"key": "k", "effect": "NoSchedule"}, {"SCH005": "info"}),
        ({"key": "k", "effect": "PreferNoSchedule"}, {}),
        ({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}, {}),
    ],
)
def test_taints_that_are_not_tolerated(taint: dict[str, Any], expected: dict[str, str]) -> None:
    tainted = node_with(spec={"taints": [taint]})
    assert severities(scheduling.RULES, case_of(HEALTHY, node_body=tainted)) == expected


def test_preemption_under_way_is_said() -> None:
    body = pending((("status", "nominatedNodeName"), "n2"), message="0/1 nodes are available: x.")
    assert "SCH006" in hits(scheduling.RULES, case_of(body))
    # From 1.35 on it is set for every pod that is about to be bound.
    for condition in body["status"]["conditions"]:
        condition["reason"] = ""
    assert "SCH006" not in hits(scheduling.RULES, case_of(body))


def test_a_lost_node_blocks_and_a_missing_one_too() -> None:
    (hit,) = hits(node.RULES, case_of(HEALTHY, node_body=LOST))["NOD001"]
    assert hit.title == "node n1 has stopped reporting since 2026-11-25T11:40:00Z"
    assert hit.blocking
    gone = absent("Node//n1")
    assert severities(node.RULES, case_of(HEALTHY, node_body=None, objects=(gone,))) == {
        "NOD002": "critical"
    }
    denied = absent("Node//n1", "denied")
    assert hits(node.RULES, case_of(HEALTHY, node_body=None, objects=(denied,))) == {}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (node_with(spec={"unschedulable": True}), {"NOD004": "info"}),
        (
            {
                "status": {
                    "conditions": [
                        {
                            "type": "Ready",
                            "status": "True",
                            "lastHeartbeatTime": "2026-11-25T11:49:00Z",
                        }
                    ]
                }
            },
            {"NOD003": "warning"},
        ),
        (
            # 8 minutes: the kubelet has no news.
            {
                "status": {
                    "conditions": [
                        {
                            "type": "Ready",
                            "status": "True",
                            "lastHeartbeatTime": "2026-11-25T11:52:00Z",
                        }
                    ]
                }
            },
            {},
        ),
        (
            {"status": {"conditions": [{"type": "DiskPressure", "status": "True"}]}},
            {"NOD005": "warning"},
        ),
    ],
)
def test_the_nodes_troubles(body: dict[str, Any], expected: dict[str, str]) -> None:
    assert severities(node.RULES, case_of(HEALTHY, node_body=body)) == expected


# -- images ------------------------------------------------------------------------------------


def test_a_pull_error_is_said_with_the_registrys_own_words() -> None:
    error = 'Failed to pull image "nginx:1.27": manifest unknown'
    body = waiting("ImagePullBackOff", 'Back-off pulling image "nginx:1.27"')
    case = case_of(body, events=(event("Failed", error, container="app"),))
    (hit,) = hits(images.RULES, case)["IMG001"]
    assert hit.blocking
    assert "does not exist there, or needs credentials" in hit.title
    assert error in hit.evidence
    assert "the pod has no pull secret" in hit.evidence


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("ErrImageNeverPull", "IMG002"),
        ("InvalidImageName", "IMG003"),
        ("ImageInspectError", "IMG004"),
        ("SignatureValidationFailed", "IMG004"),
    ],
)
def test_other_image_failures_block(reason: str, code: str) -> None:
    found = hits(images.RULES, case_of(waiting(reason, "m")))
    assert list(found) == [code]
    assert found[code][0].blocking


def test_the_image_of_a_volume_is_called_that() -> None:
    said = 'Container image "shop/data:1" is not present with pull policy of Never'
    body = waiting("ErrImageNeverPull", said)
    body["spec"]["volumes"] = [{"name": "data", "image": {"reference": "shop/data:1"}}]
    (hit,) = hits(images.RULES, case_of(body))["IMG002"]
    assert hit.title.startswith("image shop/data:1 of volume data is not on the node")


def test_a_short_name_that_stands_for_no_registry() -> None:
    said = 'Failed to inspect image "": short-name "nginx:1" did not resolve to an alias'
    (hit,) = hits(images.RULES, case_of(waiting("ImageInspectError", said)))["IMG004"]
    assert hit.title.endswith("the node resolves its short name to no registry")


def test_pull_secrets_matter_more_while_a_pull_fails() -> None:
    secrets = (("spec", "imagePullSecrets"), [{"name": "gone"}, {"name": "odd"}])
    objects = (
        absent("Secret/shop/gone"),
        stored({"type": "Opaque"}, "Secret/shop/odd"),
    )
    calm = case_of(changed(secrets), LOOK, objects=objects)
    assert severities(images.RULES, calm) == {"IMG005": "info", "IMG006": "warning"}
    failing = waiting("ErrImagePull", "401 Unauthorized")
    failing["spec"]["imagePullSecrets"] = secrets[1]
    found = severities(images.RULES, case_of(failing, objects=objects))
    assert found == {"IMG001": "critical", "IMG005": "warning", "IMG006": "warning"}


def test_one_tag_with_another_digest_in_a_sibling_is_found() -> None:
    other = "sha256:" + "e" * 64

    def sibling(digest: str) -> dict[str, Any]:
        return changed(
            (("metadata", "name"), "web-2"),
            (("status", "containerStatuses", 0, "imageID"), f"docker.io/library/nginx@{digest}"),
        )

    (hit,) = hits(images.RULES, case_of(HEALTHY, siblings=(sibling(other),)))["IMG007"]
    assert hit.evidence == (f"here {DIGEST}", f"{other} in web-2")
    assert hits(images.RULES, case_of(HEALTHY, siblings=(sibling(DIGEST),))) == {}


# -- hosts and injections ----------------------------------------------------------------------

ALIAS = (("spec", "hostAliases"), [{"ip": "127.0.0.1", "hostnames": ["foo.local"]}])
FILE = ["# Kubernetes-managed hosts file.", "127.0.0.1\tlocalhost"]


@pytest.mark.parametrize(
    ("lines", "resolv", "expected"),
    [
        ([*FILE, "127.0.0.1\tfoo.local"], [], {}),
        (FILE, [], {"HST001": "warning"}),
        ([*FILE, "127.0.0.1\tfoo.local", "10.1.1.1\tdb"], [], {"HST002": "info"}),
    ],
)
def test_host_aliases(lines: list[str], resolv: list[str], expected: dict[str, str]) -> None:
    seen = look(text=HostsFile(hosts=lines, resolv=resolv))
    assert severities(hosts.RULES, case_of(changed(ALIAS), seen)) == expected


def test_dns_settings_that_were_not_applied() -> None:
    body = changed((("spec", "dnsConfig"), {"searches": ["corp.example"]}))
    seen = look(text=HostsFile(hosts=FILE, resolv=["search default.svc"]))
    (hit,) = hits(hosts.RULES, case_of(body, seen))["HST003"]
    assert "corp.example" in hit.title


def owned(**app: Any) -> Any:
    body = changed((("metadata", "ownerReferences"), owned_by("ReplicaSet", "web-6d")))
    spec = {**HEALTHY["spec"], "containers": [{**HEALTHY["spec"]["containers"][0], **app}]}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": spec}
    owner = workload(
        "ReplicaSet", "web-6d", template, ownerReferences=owned_by("Deployment", "web")
    )
    return case_of(body, LOOK, objects=(stored(owner),))


def test_what_admission_did_is_one_remark_and_an_image_another() -> None:
    assert hits(injections.RULES, owned()) == {}
    found = severities(injections.RULES, owned(volumeMounts=[], image="nginx"))
    assert found == {"INJ001": "info", "INJ002": "info"}

"""What a fix is, by who made the pod: what the API server would refuse is never offered."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

import kit
from kit import Json, owned_by, workload
from kubectl_podx.rules import fixes
from kubectl_podx.rules.rule import Case, Fix

OWNERS: dict[str, tuple[list[Json], Json | None]] = {
    "none": ([], None),
    "deployment": (
        owned_by("ReplicaSet", "web-6d"),
        workload("ReplicaSet", "web-6d", ownerReferences=owned_by("Deployment", "web")),
    ),
    "cronjob": (
        owned_by("Job", "nightly-1"),
        workload("Job", "nightly-1", ownerReferences=owned_by("CronJob", "nightly")),
    ),
    "job": (owned_by("Job", "once"), workload("Job", "once")),
    "node": (owned_by("Node", "n1"), None),
    "operator": (owned_by("Rollout", "shop"), None),
}
BY_HAND = (
    'kubectl get pod web-0 -o yaml -n shop > web-0.yaml && "${EDITOR:-vi}" web-0.yaml && '
    "kubectl replace --force -f web-0.yaml"
)


def case_of(owner: str, *containers: Json, server: str = "v1.37.2", **more: Any) -> Case:
    references, body = OWNERS[owner]
    pod = kit.pod(*containers, metadata={"ownerReferences": references}, **more)
    view = kit.view(pod, *([kit.stored(body)] if body else []), server_version=server)
    return kit.case(view)


def limited(limit: str = "64Mi", request: str = "", name: str = "app", **fields: Any) -> Json:
    asked = {"requests": {"memory": request}} if request else {}
    return kit.container(name, resources={"limits": {"memory": limit}, **asked}, **fields)


def patch_of(fix: Fix) -> Json:
    words = shlex.split(fix.command)
    found: Json = json.loads(words[words.index("-p") + 1])
    return found


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        ("deployment", Fix("kubectl edit deployment/web -n shop", by_hand=True)),
        ("cronjob", Fix("kubectl edit cronjob/nightly -n shop", by_hand=True)),
        ("none", Fix(BY_HAND, by_hand=True)),
        (
            "job",
            Fix(
                instead="The template of a Job cannot be changed: delete Job once and create it "
                "again from its manifest."
            ),
        ),
        ("node", Fix(instead="It is a static pod: change its manifest on the node.")),
        ("operator", Fix(instead="The pod is made by Rollout shop: change it there.")),
    ],
)
def test_a_spec_is_changed_where_it_comes_from(owner: str, expected: Fix) -> None:
    assert fixes.edit_owner(case_of(owner)) == expected


def test_a_field_is_set_in_the_template_of_whatever_has_one() -> None:
    fields = {"readinessProbe": {"timeoutSeconds": 5}}
    app = kit.container()
    fix = fixes.set_probe(case_of("deployment", app), "app", "readiness", {"timeoutSeconds": 5})
    assert fix.command.startswith("kubectl patch deployment/web -p ")
    spec = {"containers": [{"name": "app", **fields}]}
    assert patch_of(fix) == {"spec": {"template": {"spec": spec}}}
    deeper = fixes.set_in(case_of("cronjob", app), "app", fields)
    template = {"template": {"spec": spec}}
    assert patch_of(deeper) == {"spec": {"jobTemplate": {"spec": template}}}
    assert fixes.set_in(case_of("none", app), "app", fields).command == BY_HAND
    assert fixes.set_in(case_of("deployment", app), "other", fields) == Fix()


def test_a_sidecar_is_an_init_container_of_the_template() -> None:
    case = case_of(
        "deployment", kit.container(), inits=[kit.container("proxy", restartPolicy="Always")]
    )
    fix = fixes.set_in(case, "proxy", {"image": "a"})
    spec = patch_of(fix)["spec"]["template"]["spec"]
    assert spec == {"initContainers": [{"name": "proxy", "image": "a"}]}


def test_memory_of_a_template_is_doubled_with_its_request_where_they_are_one() -> None:
    more = fixes.more(case_of("deployment", limited()), "memory", "app")
    assert more.command == (
        "kubectl set resources deployment/web -c app --limits=memory=128Mi -n shop"
    )
    guaranteed = fixes.more(case_of("deployment", limited(request="64Mi")), "memory", "app")
    assert "--limits=memory=128Mi --requests=memory=128Mi" in guaranteed.command
    burstable = fixes.more(case_of("deployment", limited(request="32Mi")), "memory", "app")
    assert "--requests" not in burstable.command


def test_a_bare_pod_is_resized_where_the_server_can() -> None:
    fix = fixes.more(case_of("none", limited(request="64Mi")), "memory", "app")
    assert fix.command.startswith("kubectl patch pod/web-0 --subresource=resize -p ")
    doubled = {"memory": "128Mi"}
    resources = {"limits": doubled, "requests": doubled}
    assert patch_of(fix) == {"spec": {"containers": [{"name": "app", "resources": resources}]}}
    assert fixes.more(case_of("none", limited(), server="v1.32.9"), "memory", "app").by_hand
    assert fixes.more(
        case_of("none", limited(), status={"phase": "Failed"}), "memory", "app"
    ).by_hand


def test_an_init_container_cannot_be_resized() -> None:
    case = case_of("none", kit.container(), inits=[limited(name="init")])
    assert fixes.more(case, "memory", "init").command == BY_HAND


@pytest.mark.parametrize("limit", ["", "1.5Gi", "1e3", "64MiB; rm -rf /"])
def test_a_limit_that_cannot_be_doubled_is_left_to_a_person(limit: str) -> None:
    assert fixes.more(case_of("deployment", limited(limit)), "memory", "app").by_hand


@pytest.mark.parametrize(
    ("owner", "command"),
    [
        ("deployment", "kubectl rollout restart deploy/web -n shop"),
        ("none", "kubectl get pod web-0 -o yaml -n shop | kubectl replace --force -f -"),
        ("job", "kubectl delete pod web-0 -n shop"),
        ("node", ""),
    ],
)
def test_new_containers(owner: str, command: str) -> None:
    assert fixes.restart(case_of(owner)).command == command


def test_only_a_rollout_can_be_undone() -> None:
    assert fixes.undo(case_of("deployment")).command == "kubectl rollout undo deploy/web -n shop"
    assert fixes.undo(case_of("none")) == Fix()

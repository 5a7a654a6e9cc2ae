"""Whoever may less sees less, is told what is missing, and was told so by `doctor` before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from e2e.manifests import (
    FOREVER,
    config_map,
    deployment,
    pod,
    secret,
    shell,
)
from e2e.report_schema import check
from e2e.support import Bench, Manifest

pytestmark = pytest.mark.cluster

GROUP = "rbac.authorization.k8s.io"
# What one user lacks -> the verbs and resource taken away. An exec needs both of its verbs.
TAKEN = {
    "get pods/exec": ("get", "pods/exec"),
    "create pods/exec": ("create", "pods/exec"),
    "pods/exec": ("*", "pods/exec"),
    "secrets": ("get", "secrets"),
    "configmaps": ("get", "configmaps"),
    "serviceaccounts": ("get", "serviceaccounts"),
    "events": ("list", "events"),
    "nodes": ("get", "nodes"),
    "pods/log": ("get", "pods/log"),
    "get replicasets": ("get", "replicasets"),
    "list replicasets": ("list", "replicasets"),
    "deployments": ("get", "deployments"),
    "services": ("list", "services"),
    "endpointslices": ("list", "endpointslices"),
    "list pods": ("list", "pods"),
    "persistentvolumeclaims": ("get", "persistentvolumeclaims"),
}
# The words of a coverage row that tells of it.
NEEDS = {
    "get pods/exec": "get pods/exec and create pods/exec",
    "create pods/exec": "get pods/exec and create pods/exec",
    "pods/exec": "get pods/exec and create pods/exec",
    "get replicasets": "get replicasets.apps",
    "list replicasets": "list replicasets.apps",
    "deployments": "get deployments.apps",
    "endpointslices": "list endpointslices.discovery.k8s.io",
    "list pods": "list pods",
}
COUNTERS = "get nodes/proxy"
ASKED = pytest.mark.needs_server("1.35", "the right to create an exec over a WebSocket")


def least(bench: Bench) -> list[Manifest]:
    """What `doctor --rbac` prints, as it would be applied."""
    printed = bench.podx("doctor", "--rbac").stdout
    return [one for one in yaml.safe_load_all(printed) if one]


def without(rules: list[Manifest], verb: str, resource: str) -> list[Manifest]:
    """The rules, less one right."""
    kept: list[Manifest] = []
    for rule in rules:
        others = [one for one in rule["resources"] if one != resource]
        if others:
            kept.append({**rule, "resources": others})
        verbs = [one for one in rule["verbs"] if verb not in (one, "*")]
        if len(others) < len(rule["resources"]) and verbs:
            kept.append({**rule, "resources": [resource], "verbs": verbs})
    return kept


def granted(roles: list[Manifest], user: str) -> list[Manifest]:
    """The roles under the user's name, bound to the user."""
    made = []
    for role in roles:
        namespace = role["metadata"].get("namespace")
        metadata = {"name": user, **({"namespace": namespace} if namespace else {})}
        made += [
            {**role, "metadata": metadata},
            {
                "apiVersion": f"{GROUP}/v1",
                "kind": f"{role['kind']}Binding",
                "metadata": metadata,
                "roleRef": {"apiGroup": GROUP, "kind": role["kind"], "name": user},
                "subjects": [{"kind": "User", "name": user, "apiGroup": GROUP}],
            },
        ]
    return made


def user_of(bench: Bench, what: str) -> str:
    return f"{bench.namespace}-{what.replace('/', '-').replace(' ', '-')}"


@pytest.fixture(scope="module")
def target(bench: Bench) -> Iterator[str]:
    """A pod that makes the plan ask for everything; and the users, who are nobody else's."""
    template = pod(
        "web",
        shell(
            f"echo one line; {FOREVER}",
            envFrom=[{"secretRef": {"name": "login"}}, {"configMapRef": {"name": "settings"}}],
            readinessProbe={"exec": {"command": ["false"]}, "periodSeconds": 1},
            volumeMounts=[{"name": "s", "mountPath": "/s"}, {"name": "c", "mountPath": "/c"}],
        ),
        volumes=[
            {"name": "s", "secret": {"secretName": "login"}},
            {"name": "c", "configMap": {"name": "settings"}},
        ],
    )
    bench.apply(
        [
            secret("login", {"password": "a long enough value"}),
            config_map("settings", {"level": "very"}),
            deployment("web", template),
            pod(
                "claims",
                volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "nobody's"}}],
            ),
        ]
    )

    def name() -> str:
        found = bench.kubectl("get", "pods", "-l", "app=web", "-o", "json").json["items"]
        running = [one for one in found if one["status"].get("phase") == "Running"]
        return running[0]["metadata"]["name"] if running else ""

    web = bench.wait_for(name, "the pod of the deployment to run")
    roles = least(bench)
    made = granted(roles, user_of(bench, "least"))
    for what, taken in TAKEN.items():
        less = [{**role, "rules": without(role["rules"], *taken)} for role in roles]
        made += granted([role for role in less if role["rules"]], user_of(bench, what))
    view = {"apiGroup": GROUP, "kind": "ClusterRole", "name": "view"}
    made.append(
        {
            "apiVersion": f"{GROUP}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "view"},
            "roleRef": view,
            "subjects": [{"kind": "User", "name": user_of(bench, "view"), "apiGroup": GROUP}],
        }
    )
    bench.apply([one for one in made if not outside(bench, one)])
    others = [one for one in made if outside(bench, one)]
    document = json.dumps({"apiVersion": "v1", "kind": "List", "items": others})
    everywhere = ("--namespace=default", "--filename=-")
    bench.kubectl("apply", *everywhere, input=document)
    try:
        yield web
    finally:
        bench.kubectl("delete", *everywhere, "--wait=false", input=document, check=False)


def outside(bench: Bench, one: Manifest) -> bool:
    """Cluster-wide, or in the namespace `default`: it does not go with the bench's namespace."""
    meta = one["metadata"]
    return bool(meta.get("namespace", "") != bench.namespace and meta["name"] != "view")


def both(bench: Bench, target: str, who: str) -> tuple[Any, Any]:
    """The report, and what `doctor` foretold of it."""
    user = user_of(bench, who)
    foretold = check(bench.podx("doctor", target, "--as", user, "-o", "json").json)
    report = bench.podx("describe", target, "--as", user, "-o", "json").json
    return report, foretold


def needs(report: Any) -> set[str]:
    return {row["needs"] for row in report["coverage"]}


def test_with_the_printed_roles_all_is_full_but_the_counters(bench: Bench, target: str) -> None:
    report, foretold = both(bench, target, "least")
    assert needs(report) == {COUNTERS}
    assert {row["section"] for row in report["coverage"]} == {"probes", "restarts"}
    assert foretold["pods"][0]["coverage"] == report["coverage"]
    assert report["containers"][0]["observation"]["state"] == "observed"
    missing = [one for one in foretold["rights"] if one["state"] != "held"]
    assert sorted((one["verb"], one["resource"], one["optional"]) for one in missing) == [
        ("get", "nodes/proxy", True),
        ("patch", "pods/ephemeralcontainers", True),
    ]


def test_the_administrator_lacks_nothing(bench: Bench, target: str) -> None:
    assert bench.report(target)["coverage"] == []
    assert bench.podx("doctor", target, "-o", "json").json["pods"][0]["coverage"] == []


@pytest.mark.parametrize(
    "what",
    [
        pytest.param(one, marks=ASKED if one == "create pods/exec" else ())
        for one in TAKEN
        if one != "persistentvolumeclaims"
    ],
)
def test_one_right_less_costs_its_rows_and_is_named(bench: Bench, target: str, what: str) -> None:
    report, foretold = both(bench, target, what)
    verb, resource = TAKEN[what]
    assert needs(report) == {COUNTERS, NEEDS.get(what, f"{verb} {resource}")}
    assert {row["state"] for row in report["coverage"]} == {"denied"}
    assert foretold["pods"][0]["coverage"] == report["coverage"]
    denied_is_not_missing(report)


def denied_is_not_missing(report: Any) -> None:
    """Nothing that could not be looked at reads as absent, and no finding rests on it."""
    rows = [*report["files"], *report["environment"]]
    assert [row for row in rows if row["state"] in ("missing", "orphaned")] == []
    said = " ".join(
        [report["verdict"]["summary"], *(one["title"] for one in report["findings"] or [])]
    )
    assert "not found" not in said
    assert "does not exist" not in said


def test_a_claim_that_may_not_be_read_is_denied_and_not_missing(bench: Bench, target: str) -> None:
    report, foretold = both(bench, "claims", "persistentvolumeclaims")
    assert "get persistentvolumeclaims" in needs(report)
    assert foretold["pods"][0]["coverage"] == report["coverage"]
    titles = [one["title"] for one in report["findings"]]
    assert not [one for one in titles if "nobody's" in one and "not exist" in one]


def test_secrets_denied_says_so_in_files_and_variables(bench: Bench, target: str) -> None:
    report, _ = both(bench, target, "secrets")
    files = [one for one in report["files"] if one["source"]["kind"] == "Secret"]
    assert {one["state"] for one in files} == {"denied"}
    variables = {one["name"]: one for one in report["environment"]}
    assert variables["level"]["state"] == "current"
    assert variables.get("password", {"state": "denied"})["state"] in ("denied", "extra", "unknown")


def test_view_only(bench: Bench, target: str) -> None:
    report, foretold = both(bench, target, "view")
    assert {"get secrets", "get pods/exec and create pods/exec", "get nodes"} <= needs(report)
    assert {row["state"] for row in report["coverage"]} == {"denied"}
    assert foretold["pods"][0]["coverage"] == report["coverage"]
    denied_is_not_missing(report)
    assert report["pod"]["phase"] == "Running"


def test_no_right_at_all(bench: Bench, target: str) -> None:
    nobody = user_of(bench, "nobody")
    answer = bench.podx("describe", target, "--as", nobody, check=False)
    assert answer.status == 1
    assert "Error from server (Forbidden)" in answer.stderr
    told = bench.podx("doctor", target, "--as", nobody)
    assert "No report can be made: get pods is missing" in told.stdout
    general = check(bench.podx("doctor", "--as", nobody, "-o", "json").json)
    assert {one["state"] for one in general["rights"]} == {"missing"}
    assert {row["section"] for row in general["coverage"]} >= {"files", "probes", "network"}


def test_every_target_of_a_selector_is_foretold(bench: Bench, target: str) -> None:
    user = user_of(bench, "secrets")
    told = bench.podx("doctor", "-l", "app=web", "--as", user, "-o", "json").json
    report = bench.podx("describe", "-l", "app=web", "--as", user, "-o", "json").json
    assert [one["coverage"] for one in told["pods"]] == [one["coverage"] for one in report["items"]]


def test_the_bundle_of_somebody_with_less_says_the_same(
    bench: Bench, target: str, tmp_path: Any
) -> None:
    path = str(tmp_path / "less.podx")
    user = user_of(bench, "configmaps")
    bench.podx("capture", target, "-O", path, "--as", user)
    replayed = bench.podx("describe", "--from", path, "-o", "json").json
    assert "get configmaps" in needs(replayed)

"""PodPreset: previews against what a real admission policy makes, and marks on annotated pods."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from e2e.manifests import account, allow, container, deployment, pod, shell
from e2e.reports import finding, rows
from e2e.support import Answer, Bench, Manifest, is_ready

pytestmark = pytest.mark.cluster

GONE = "settings.k8s.io/v1alpha1"
SERVED = "redhatcop.redhat.io/v1alpha1"
CRD = "podpresets.redhatcop.redhat.io"
APPLIED = "podpreset.admission.kubernetes.io/podpreset-"
EXCLUDE = "podpreset.admission.kubernetes.io/exclude"
DB_PORT = {"name": "DB_PORT", "value": "6379"}
ANOTHER = {"name": "DB_PORT", "value": "5432"}
CACHE_MOUNT = {"mountPath": "/cache", "name": "cache-volume"}
CACHE = {"name": "cache-volume", "emptyDir": {}}
FRONTEND = {"app": "website", "role": "frontend"}
POLICY = pytest.mark.needs_server("1.36", "MutatingAdmissionPolicy")
# What the API server does to every pod.
EVERY_POD = ("API default", "ServiceAccount adm", "Priority adm", "default tolerations")
ADDED = {
    "spec.containers[website].env[DB_PORT]",
    "spec.containers[website].volumeMounts[/cache]",
    "spec.volumes[cache-volume]",
}


def preset(name: str, role: str = "frontend", group: str = GONE, **spec: Any) -> Manifest:
    """Without a spec of its own: the example of Kubernetes' old documentation."""
    example = {"env": [DB_PORT], "volumeMounts": [CACHE_MOUNT], "volumes": [CACHE]}
    return {
        "apiVersion": group,
        "kind": "PodPreset",
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": {"role": role}}, **(spec or example)},
    }


def website(
    name: str = "website",
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    init: list[Manifest] | None = None,
    **fields: Any,
) -> Manifest:
    """The documentation's pod, with fields of its container and of its spec."""
    spec = {key: fields.pop(key) for key in ("volumes",) if key in fields}
    body = pod(
        name,
        shell(name="website", **fields),
        labels={**FRONTEND, **(labels or {})},
        **spec,
        **({"initContainers": init} if init else {}),
    )
    if annotations:
        body["metadata"]["annotations"] = annotations
    return body


def write(folder: Path, name: str, *bodies: Manifest) -> str:
    path = folder / name
    path.write_text(yaml.safe_dump_all(bodies))
    return str(path)


# -- the policy ------------------------------------------------------------------------------------


class Policies:
    """The presets as files, and what `preset convert` made of them in the cluster."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.bench = bench
        self.folder = folder
        self.file = write(
            folder,
            "presets.yaml",
            preset("allow-database"),
            preset("other", selector={"matchLabels": {"other": "yes"}}, env=[OTHER]),
            preset("foe", selector={"matchLabels": {"foe": "yes"}}, env=[ANOTHER]),
            preset("rich", "rich", **RICH),
        )
        self.text = bench.podx("preset", "convert", "--preset", self.file).stdout
        bench.kubectl("apply", "--filename=-", input=self.text)
        # The server takes a moment to use a new policy.
        for role, name in (("frontend", "DB_PORT"), ("rich", "KEY")):
            bench.wait_for(
                functools.partial(self.brings, role, name), f"the policy to bring {name}"
            )

    def brings(self, role: str, name: str) -> bool:
        """Whether a pod of that role is given the variable."""
        return name in json.dumps(self.created(website(labels={"role": role})))

    def created(self, body: Manifest) -> Manifest:
        """The pod as the API server would store it."""
        words = ("create", "--dry-run=server", "--output=json", "--filename=-")
        found: Manifest = self.bench.kubectl(*words, input=json.dumps(body)).json
        return found

    def previewed(self, body: Manifest) -> Manifest:
        path = write(self.folder, "pod.yaml", body)
        words = ("preset", "preview", "--preset", self.file, "-f", path, "-o", "json")
        found: Manifest = self.bench.podx(*words).json
        return found


OTHER = {"name": "OTHER", "value": "1"}
RICH: Manifest = {
    "env": [
        {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": True}}},
        {"name": "TEXT", "value": 'say "$(HI)" \\ \n\t\u00e9\U0001f600'},
        {"name": "EMPTY", "value": ""},
    ],
    "envFrom": [
        {"configMapRef": {"name": "c", "optional": True}},
        {"prefix": "P_", "secretRef": {"name": "s", "optional": True}},
    ],
    "volumeMounts": [{"mountPath": "/etc/c", "name": "c", "readOnly": True}],
    "volumes": [
        {
            "name": "c",
            "configMap": {
                "name": "c",
                "optional": True,
                "items": [{"key": "a", "path": "b", "mode": 256}],
            },
        }
    ],
}


@pytest.fixture(scope="module")
def policies(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Policies]:
    made = Policies(bench, tmp_path_factory.mktemp("presets"))
    try:
        yield made
    finally:
        bench.kubectl("delete", "--ignore-not-found", "--filename=-", input=made.text)


def lists(body: Manifest) -> dict[str, list[str]]:
    """What presets may touch, sorted, without the token of the service account."""
    spec = body["spec"]
    found = {"volumes": _sorted(spec.get("volumes"))}
    for field in ("containers", "initContainers"):
        for each in spec.get(field) or []:
            for name in ("env", "envFrom", "volumeMounts"):
                found[f"{each['name']}.{name}"] = _sorted(each.get(name))
    return found


def _sorted(entries: list[Any] | None) -> list[str]:
    kept = [e for e in entries or [] if not str(e.get("name", "")).startswith("kube-api-access")]
    return sorted(json.dumps(stored(each), sort_keys=True) for each in kept)


def stored(entry: Manifest) -> Manifest:
    """With the defaults that the API server writes."""
    entry = copy.deepcopy(entry)
    if entry.get("value") == "":
        del entry["value"]
    if "fieldRef" in entry.get("valueFrom", {}):
        entry["valueFrom"]["fieldRef"].setdefault("apiVersion", "v1")
    if "configMap" in entry:
        entry["configMap"].setdefault("defaultMode", 420)
    return entry


PODS: dict[str, tuple[Manifest, bool]] = {
    "plain": (website(), True),
    "init and sidecar": (
        website(init=[shell("true", "init"), shell(name="side", restartPolicy="Always")]),
        True,
    ),
    "has the same": (
        website(env=[DB_PORT], volumeMounts=[CACHE_MOUNT], volumes=[CACHE]),
        True,
    ),
    "has others": (website(env=[{"name": "A", "value": "b"}]), True),
    "last of two counts": (website(env=[ANOTHER, DB_PORT]), True),
    "last of two differs": (website(env=[DB_PORT, ANOTHER]), False),
    "another value": (website(env=[ANOTHER]), False),
    "another value in an init container": (
        website(init=[shell("true", "i", env=[ANOTHER])]),
        False,
    ),
    "another volume": (website(volumes=[{**CACHE, "emptyDir": {"medium": "Memory"}}]), False),
    "another path": (
        website(volumes=[CACHE], volumeMounts=[{**CACHE_MOUNT, "mountPath": "/x"}]),
        False,
    ),
    "another volume at the path": (
        website(
            volumes=[{"name": "mine", "emptyDir": {}}],
            volumeMounts=[{"name": "mine", "mountPath": "/cache"}],
        ),
        False,
    ),
    "no label": (website(labels={"role": "back"}), False),
    "excluded": (website(annotations={EXCLUDE: "true"}), False),
    "excluded by another word": (website(annotations={EXCLUDE: "yes"}), True),
    "two presets": (website(labels={"other": "yes"}), True),
    "the other preset is in conflict": (
        website(labels={"other": "yes"}, env=[{"name": "OTHER", "value": "2"}]),
        False,
    ),
    "two presets that disagree": (website(labels={"foe": "yes"}), False),
    "references": (website(labels={"role": "rich"}), True),
    "has the same references": (
        website(
            labels={"role": "rich"},
            env=[RICH["env"][0], RICH["env"][1]],
            envFrom=[RICH["envFrom"][0]],
            volumeMounts=RICH["volumeMounts"],
            volumes=RICH["volumes"],
        ),
        True,
    ),
    "a reference that is required": (
        website(
            labels={"role": "rich"},
            env=[{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
        ),
        False,
    ),
}


@POLICY
@pytest.mark.parametrize("case", PODS)
def test_a_preview_is_what_the_policy_makes(policies: Policies, case: str) -> None:
    """Two ways to one pod: podx' own merge, and the API server with the converted presets."""
    body, applied = PODS[case]
    previewed, created = policies.previewed(body), policies.created(body)
    assert lists(previewed) == lists(created)
    annotated = [key for key in previewed["metadata"].get("annotations", {}) if APPLIED in key]
    assert bool(annotated) is applied


@POLICY
def test_the_merged_pod_is_one_that_the_server_takes(policies: Policies) -> None:
    merged = policies.previewed(website("merged", labels={"role": "frontend"}))
    assert lists(policies.created(merged)) == lists(merged)


def through_the_policy(bench: Bench, name: str) -> dict[str, Any]:
    """Path -> row of `injected`, without what the API server does to every pod."""
    bench.wait_for_pod(name, is_ready, "Ready")
    assert bench.exec(name, "sh", "-c", "echo $DB_PORT").strip() == "6379"
    report = bench.podx("injected", name, "-o", "json").json
    return {
        row["path"]: row
        for row in report["injections"]
        if row["path"].startswith("spec.") and not row["by"].startswith(EVERY_POD)
    }


def of_a_deployment(bench: Bench) -> str:
    bench.apply(deployment("website", website()))
    words = ("get", "pods", "-l", "app=website", "-o", "jsonpath={.items[*].metadata.name}")

    def made() -> list[str]:
        return [one for one in bench.kubectl(*words).stdout.split() if one.startswith("website-")]

    return bench.wait_for(made, "the pod of the deployment")[0]


def applied_by_hand(bench: Bench) -> str:
    bench.start(website("seed"))
    return "seed"


@POLICY
@pytest.mark.parametrize("made", [of_a_deployment, applied_by_hand])
def test_injected_names_the_policy_with_exactly_what_it_brought(
    bench: Bench, policies: Policies, made: Callable[[Bench], str]
) -> None:
    found = through_the_policy(bench, made(bench))
    assert set(found) == ADDED
    assert {row["change"] for row in found.values()} == {"added"}
    name = f"podpreset-{bench.namespace}-allow-database"
    assert all(name in row["by"] for row in found.values()), found


@POLICY
def test_a_conflict_leaves_the_pod_as_it_was_written(bench: Bench, policies: Policies) -> None:
    (made,) = bench.start(website("in-conflict", env=[ANOTHER]))
    assert made["spec"]["containers"][0]["env"] == [ANOTHER]
    assert not [each for each in made["spec"]["volumes"] if each["name"] == "cache-volume"]
    answer = bench.podx("preset", "preview", "in-conflict", "--preset", policies.file)
    assert "nothing at all is applied of PodPreset allow-database: 1 conflict" in answer.stdout
    assert 'the pod:                  {"name": "DB_PORT", "value": "5432"}' in answer.stdout


@POLICY
def test_what_kubectl_says_of_the_kind_and_what_podx_says(bench: Bench, policies: Policies) -> None:
    refused = bench.kubectl("apply", "-f", policies.file, check=False)
    assert 'no matches for kind "PodPreset" in version "settings.k8s.io/v1alpha1"' in refused.stderr
    assert 'no matches for kind "PodPreset"' in bench.podx("explain", "PodPreset").stdout


@POLICY
def test_a_password_of_a_live_pod_is_not_shown(bench: Bench, policies: Policies) -> None:
    secret = "canary-93b1c2"
    password = {"name": "DB_PASSWORD", "value": secret}
    bench.start(website("with-password", labels={"role": "careful"}, env=[password]))
    file = write(policies.folder, "careful.yaml", preset("careful", "careful"))
    for output in ("text", "yaml", "json"):
        words = ("preset", "preview", "with-password", "--preset", file, "-o", output)
        answer = bench.podx(*words)
        assert "DB_PORT" in answer.stdout
        assert secret not in answer.stdout + answer.stderr
    own = write(
        policies.folder,
        "own.yaml",
        preset("own", selector={}, env=[password]),
    )
    gate = ("preset", "preview", "with-password", "--preset", own, "--exit-code")
    answer = bench.podx(*gate, check=False)
    assert answer.status == 5
    assert "hidden values keep it from being told" in answer.stdout


# -- annotated pods and the kind of the webhook ---------------------------------------------------


def definition() -> Manifest:
    """The webhook's kind, as far as the API server needs it."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": CRD},
        "spec": {
            "group": "redhatcop.redhat.io",
            "names": {"kind": "PodPreset", "plural": "podpresets", "singular": "podpreset"},
            "scope": "Namespaced",
            "versions": [
                {
                    "name": "v1alpha1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": schema},
                }
            ],
        },
    }


class Kind:
    """The kind in the cluster, with a preset and pods that the webhook would have made."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.made = bench.get("crd", CRD) is None
        self.without: Answer | None = None
        bench.start(website("older", labels={"role": "later"}))
        if self.made:
            self.without = bench.podx("preset", "preview", "older", check=False)
            bench.apply(definition())
        bench.kubectl("wait", "--for=condition=Established", f"crd/{CRD}", "--timeout=60s")
        bench.wait_for(
            lambda: bench.kubectl("get", CRD, check=False).status == 0, "the kind to be served"
        )
        bench.apply(preset("marked-database", "marked", SERVED))
        bench.apply(preset("later-database", "later", SERVED))
        stored = bench.get(CRD, "marked-database")
        assert stored is not None
        self.version = stored["metadata"]["resourceVersion"]
        marked = website(
            "marked",
            labels={"role": "marked"},
            annotations={f"{APPLIED}marked-database": self.version},
            env=[DB_PORT, {"name": "OWN", "value": "1"}],
            volumeMounts=[CACHE_MOUNT],
            volumes=[CACHE],
        )
        # Not applied: what `kubectl apply` remembers would say that all of it was written so.
        bench.kubectl("create", "--filename=-", input=json.dumps(marked))
        bench.wait_for_pod("marked", is_ready, "Ready")
        bench.start(
            website("unmarked", labels={"role": "marked"}),
            website("against", labels={"role": "marked"}, env=[ANOTHER]),
        )
        bench.apply(account("reader", allow("get list", "pods")))

    def injections(self, name: str, *words: str) -> Any:
        return self.bench.podx("injected", name, "-o", "json", *words).json


@pytest.fixture(scope="module")
def kind(bench: Bench) -> Iterator[Kind]:
    made = Kind(bench)
    try:
        yield made
    finally:
        if made.made:
            bench.kubectl("delete", "crd", CRD, "--ignore-not-found", "--wait=false")


def test_a_server_without_the_kind_is_told(kind: Kind) -> None:
    if kind.without is None:
        pytest.skip("this cluster has the kind")
    assert kind.without.status == 1
    assert "the server has no PodPresets" in kind.without.stderr
    assert "explain PodPreset" in kind.without.stderr


def test_what_an_annotation_tells(kind: Kind) -> None:
    report = kind.injections("marked")
    found = {
        row["path"]: (row["change"], row["confidence"])
        for row in rows(report, "injections", by="PodPreset marked-database")
    }
    annotation = f"metadata.annotations[{APPLIED}marked-database]"
    assert found == dict.fromkeys([*ADDED, annotation], ("added", "likely"))


def test_a_preset_that_selects_and_was_not_applied(kind: Kind) -> None:
    report = kind.injections("unmarked")
    (row,) = rows(report, "injections", change="absent")
    assert (row["by"], row["confidence"]) == ("PodPreset marked-database", "possible")
    (row,) = rows(kind.injections("against"), "injections", change="absent")
    assert row["confidence"] == "likely"
    assert "a conflict at spec.containers[website].env[DB_PORT]" in row["detail"]
    (row,) = rows(kind.injections("older"), "injections", change="absent")
    assert (row["by"], row["confidence"]) == ("PodPreset later-database", "proven")
    assert "the pod is older" in row["detail"]


def test_the_presets_of_the_cluster_are_previewed(kind: Kind) -> None:
    answer = kind.bench.podx("preset", "preview", "against")
    assert "nothing at all is applied of PodPreset marked-database" in answer.stdout
    answer = kind.bench.podx("preset", "preview", "marked")
    assert "the pod has everything already" in answer.stdout
    merged = kind.bench.podx("preset", "preview", "unmarked", "-o", "json").json
    assert merged["metadata"]["annotations"][f"{APPLIED}marked-database"] == kind.version


def test_a_right_that_is_missing_is_named_where_an_annotation_tells_of_presets(kind: Kind) -> None:
    reader = f"system:serviceaccount:{kind.bench.namespace}:reader"
    needs = "list podpresets.redhatcop.redhat.io"
    report = kind.injections("marked", "--as", reader)
    assert needs in json.dumps(report["coverage"])
    assert rows(report, "injections", by="PodPreset marked-database")
    assert needs not in json.dumps(kind.injections("unmarked", "--as", reader)["coverage"])
    answer = kind.bench.podx("preset", "preview", "unmarked", "--as", reader, check=False)
    assert (answer.status, answer.stdout) == (1, "")
    assert needs in answer.stderr


def test_a_preset_that_was_written_since_is_told(kind: Kind) -> None:
    """Last in the file's order, and right in any: the versions only grow."""
    kind.bench.kubectl("annotate", CRD, "later-database", "touched=yes")
    later = kind.bench.get(CRD, "later-database")
    assert later is not None
    kind.bench.start(
        website("kept", {"role": "later"}, {f"{APPLIED}later-database": "1"}, env=[DB_PORT])
    )
    one = finding(kind.bench.report("kept"), "INJ011")
    assert later["metadata"]["resourceVersion"] in one["evidence"][0]


@POLICY
def test_a_container_of_any_image_is_previewed(bench: Bench, policies: Policies) -> None:
    """The documentation's own file, with an image that this cluster could not pull."""
    body = pod("website", container("website", "nginx"), labels=FRONTEND)
    path = write(policies.folder, "docs.yaml", body)
    answer = bench.podx("preset", "preview", "--preset", policies.file, "-f", path)
    assert "PodPreset allow-database is applied: 1 volume, 1 variable, 1 mount" in answer.stdout

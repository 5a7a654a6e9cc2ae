"""What runs on something older than its source, over a namespace: each kind, and what is silent."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from e2e.fresh import namespace_of, own_namespace
from e2e.manifests import config_map, container, deployment, pod, secret, shell
from e2e.report_schema import check
from e2e.support import ROOT, Bench, Manifest, is_ready

pytestmark = pytest.mark.cluster

_LOGIN = {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "login", "key": "password"}}}
_LEVEL = {"name": "LEVEL", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "level"}}}
_COLOR = {"name": "COLOR", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "color"}}}
_ROTATED = "the-rotated-password"
MOVING = "podx.test/moving:1"


class Case(NamedTuple):
    """A workload, and its row; no drift: it has none."""

    name: str
    drift: str
    state: str
    source: str = ""
    fix: str = ""


CASES = [
    Case("key", "environment", "old", "Secret/login", "rollout restart deploy/key"),
    Case("whole", "environment", "old", "ConfigMap/settings", "rollout restart deploy/whole"),
    Case("sub", "subPath", "old", "ConfigMap/settings", "rollout restart deploy/sub"),
    Case("fixed", "immutable", "old", "ConfigMap/fixed", "rollout restart deploy/fixed"),
    Case("follows", "files", "reload", "ConfigMap/settings"),
    Case("lost", "environment", "gone", "Secret/lost"),
    Case("paused", "template", "old", "", "rollout resume deploy/paused"),
    Case("member", "template", "old", "", "delete pod member-0"),
    Case("daemon", "template", "old", "", "delete pod daemon-"),
    Case("served", "certificate", "expires", "Secret/served"),
    Case("plain", "", ""),
    Case("late", "", ""),
    Case("unchanged", "", ""),
]


def _web(name: str, *containers: Manifest, **spec: Any) -> Manifest:
    return deployment(name, pod(name, *containers, **spec))


def _mounting(name: str, source: str, kind: str = "configMap", **mount: str) -> Manifest:
    named = {"secretName": source} if kind == "secret" else {"name": source}
    mounts = [{"name": "v", "mountPath": "/v", **mount}]
    return _web(name, shell(volumeMounts=mounts), volumes=[{"name": "v", kind: named}])


def _certificate(folder: Path) -> str:
    """A certificate that ends in two days."""
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=served"]
    files = ["-keyout", str(folder / "key"), "-out", str(folder / "crt"), "-days", "2"]
    subprocess.run([*words, *files], check=True, capture_output=True)
    return (folder / "crt").read_text()


def _ready(bench: Bench, name: str) -> Manifest | None:
    found = bench.kubectl("get", "pods", "-l", f"app={name}", "-o", "json").json["items"]
    return next((one for one in found if is_ready(one)), None)


@pytest.fixture(scope="module")
def changed(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Workloads that ran before their sources and templates were changed."""
    member = _web("member")
    member["kind"] = "StatefulSet"
    member["spec"] |= {"serviceName": "member", "updateStrategy": {"type": "OnDelete"}}
    daemon = _web("daemon")
    daemon["kind"] = "DaemonSet"
    daemon["spec"].pop("replicas")
    daemon["spec"]["updateStrategy"] = {"type": "OnDelete"}
    served = secret("served", {"tls.crt": _certificate(tmp_path_factory.mktemp("served"))})
    bench.apply(
        [
            secret("login", {"password": "the-old-password"}),
            secret("lost", {"password": "lost-and-hidden"}),
            config_map("settings", {"level": "info", "color": "blue"}),
            config_map("steady", {"level": "info"}),
            config_map("fixed", {"level": "info"}, immutable=True),
            served,
        ]
    )
    lost = {"secretRef": {"name": "lost"}}
    bench.apply(
        [
            _web("key", shell(env=[_LOGIN])),
            _web("whole", shell(envFrom=[{"configMapRef": {"name": "settings"}}])),
            _mounting("sub", "settings", mountPath="/etc/level", subPath="level"),
            _mounting("fixed", "fixed"),
            _mounting("follows", "settings"),
            _web("lost", shell(envFrom=[lost])),
            _web("paused"),
            member,
            daemon,
            _mounting("served", "served", "secret"),
            _web("plain", shell(envFrom=[{"configMapRef": {"name": "steady"}}])),
            _web("unchanged", shell(env=[_COLOR])),
        ]
    )
    for case in CASES:
        if case.name != "late":
            _wait(bench, case.name)
    _pass_a_second(bench)
    bench.apply(secret("login", {"password": _ROTATED}))
    bench.apply(config_map("settings", {"level": "debug", "color": "blue"}))
    bench.kubectl("delete", "configmap/fixed", "secret/lost")
    bench.apply(config_map("fixed", {"level": "debug"}, immutable=True))
    bench.kubectl("rollout", "pause", "deploy/paused")
    for target in ("deploy/paused", "sts/member", "ds/daemon"):
        bench.kubectl("set", "env", target, "NEW=yes")
    _pass_a_second(bench)
    bench.apply(_web("late", shell(env=[_LOGIN, _LEVEL])))
    _wait(bench, "late")
    bench.wait_for(
        lambda: {row["name"] for row in _report(bench)["rows"]} >= {"member", "daemon", "paused"},
        "the controllers to see their new templates",
    )
    return bench


def _wait(bench: Bench, name: str) -> None:
    bench.wait_for(lambda: _ready(bench, name), f"a ready pod of {name}", 90)


def _pass_a_second(bench: Bench) -> None:
    """The API's times are whole seconds: waits until the server's clock shows another one."""

    def clock() -> str:
        lease = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "clock-"}}
        made = bench.kubectl("create", "-f", "-", "-o", "json", input=json.dumps(lease)).json
        return str(made["metadata"]["creationTimestamp"])

    first = clock()
    bench.wait_for(lambda: clock() != first, "the next second")
    second = clock()
    bench.wait_for(lambda: clock() != second, "the second after it")


def _report(bench: Bench, *words: str) -> Any:
    return check(bench.podx("drift", "-o", "json", *words).json)


def _rows(report: Any, name: str) -> list[Any]:
    return [row for row in report["rows"] if row["name"] == name]


@pytest.fixture(scope="module")
def report(changed: Bench) -> Any:
    return _report(changed)


@pytest.fixture(scope="module")
def compared(changed: Bench) -> Any:
    return _report(changed, "--exec", "50")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_kind_of_drift(compared: Any, case: Case) -> None:
    rows = _rows(compared, case.name)
    if not case.drift:
        assert rows == []
        return
    (row,) = rows
    found = row["drift"], row["state"], row["source"], row["confidence"]
    sure = "likely" if case.state == "reload" else "proven"
    assert found == (case.drift, case.state, case.source, sure), row
    assert case.fix in row["fix"], row
    assert bool(row["fix"]) == bool(case.fix), row


def test_the_api_alone_says_what_may_be_older(report: Any) -> None:
    """It knows who wrote what when, and never claims to know a value."""
    (row,) = _rows(report, "key")
    assert (row["state"], row["confidence"], row["pods"], row["of"]) == ("old", "likely", 1, 1)
    assert row["how"] == ["PASSWORD of app"]
    assert row["changedBy"] == "kubectl-client-side-apply"
    assert row["startedAt"] < row["changedAt"]
    # The same manager wrote another key: only a look inside can tell them apart.
    (row,) = _rows(report, "unchanged")
    assert (row["state"], row["confidence"]) == ("old", "likely")
    assert _rows(report, "plain") == _rows(report, "late") == []


def test_no_value_travels(report: Any, compared: Any) -> None:
    for value in (_ROTATED, "the-old-password", "lost-and-hidden"):
        for said in (value, base64.b64encode(value.encode()).decode()):
            assert said not in str(report)
            assert said not in str(compared)


def test_who_uses_a_secret_and_who_has_the_old_value(changed: Bench) -> None:
    found = _report(changed, "secret/login", "--exec", "10")
    rows = {row["name"]: (row["state"], row["how"]) for row in found["rows"]}
    assert rows == {
        "key": ("old", ["PASSWORD of app"]),
        "late": ("current", ["PASSWORD of app"]),
    }
    assert found["source"] == "Secret/login"
    answer = changed.podx("drift", "secret/login")
    assert "1 may still have the old value" in answer.stdout
    assert f"kubectl rollout restart deploy/key -n {changed.namespace}" in answer.stdout


def test_the_command_it_gives_brings_it_up_to_date(
    changed: Bench, report: Any, compared: Any
) -> None:
    """After both reports: it changes what they are about."""
    (row,) = _rows(report, "sub")
    assert _rows(compared, "sub")
    before = _ready(changed, "sub")
    changed.kubectl(*row["fix"].split()[1:])
    changed.wait_for(lambda: _rows(_report(changed), "sub") == [], "a new pod of sub", 90)
    after = _ready(changed, "sub")
    assert before
    assert after
    assert before["metadata"]["uid"] != after["metadata"]["uid"]


def test_without_the_right_to_list_secrets(changed: Bench) -> None:
    """What may not be read is said, and is no drift."""
    changed.kubectl("create", "rolebinding", "viewer", "--clusterrole=view", "--user=viewer")
    found = _report(changed, "--as", "viewer")
    assert {row["needs"] for row in found["coverage"]} == {"list secrets"}
    assert _rows(found, "key") == _rows(found, "lost") == []
    assert _rows(found, "whole")


def test_who_may_read_secrets_by_name_alone_sees_the_same(changed: Bench) -> None:
    """The rights of `doctor --rbac`: get, and no list."""
    role = ("create", "role", "by-name", "--verb=get", "--resource=secrets")
    changed.kubectl(*role)
    changed.kubectl("create", "rolebinding", "by-name", "--role=by-name", "--user=by-name")
    changed.kubectl("create", "rolebinding", "by-name-view", "--clusterrole=view", "--user=by-name")
    found = _report(changed, "--as", "by-name")
    assert found["coverage"] == []
    assert [row["source"] for row in _rows(found, "key")] == ["Secret/login"]
    assert [row["state"] for row in _rows(found, "lost")] == ["gone"]


def test_an_exit_status_for_scripts(changed: Bench) -> None:
    assert changed.podx("drift", "deploy/plain", "--exit-code", check=False).status == 0
    assert changed.podx("drift", "deploy/whole", "--exit-code", check=False).status == 3
    answer = changed.podx("drift", "-A", "deploy/whole", check=False)
    assert answer.status == 2


def _load(mark: str) -> None:
    """The image of `MOVING` on the node from here on; only where the cluster is ours."""
    words = [sys.executable, str(ROOT / "hack" / "cluster"), "load-marked", MOVING, mark]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    if "cluster that this tool made" in done.stderr or "containerd takes it" in done.stderr:
        pytest.skip("images cannot be given to this cluster's node")
    assert done.returncode == 0, done.stderr


def test_a_tag_that_was_moved(kubectl_binary: str) -> None:
    """Two pods of one template run two images, as IfNotPresent asks nobody for the newer one."""
    _load("first")
    with own_namespace(Bench(kubectl_binary, namespace_of("drift-tag"))) as bench:
        bench.apply(_web("moving", container(image=MOVING)))
        _wait(bench, "moving")
        assert not _rows(_report(bench), "moving")
        _load("second")
        bench.kubectl("scale", "deploy/moving", "--replicas=2")
        bench.kubectl("rollout", "status", "deploy/moving", "--timeout=90s")
        (row,) = _rows(_report(bench), "moving")
        assert (row["drift"], row["state"], row["pods"], row["of"]) == ("image", "old", 1, 2)
        assert "its tag was moved" in row["summary"]
        bench.kubectl(*row["fix"].split()[1:])
        bench.kubectl("rollout", "status", "deploy/moving", "--timeout=90s")
        bench.wait_for(lambda: not _rows(_report(bench), "moving"), "no drift any more")

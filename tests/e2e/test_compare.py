"""`compare` on the real cluster: a replica made different in each way that replicas can differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from e2e.manifests import config_map, deployment, pod, shell
from e2e.support import Bench, Manifest, is_ready

pytestmark = pytest.mark.cluster

RESIZES = 33
SCRIPT = """
trap 'exit 0' TERM
[ ! -e /shared/listen ] || httpd -p 7000
while :; do
  [ ! -e /tmp/end ] || { touch /shared/listen; exit 3; }
  sleep 0.2
done
"""


@pytest.fixture(scope="module")
def replicas(
    bench: Bench, server: int, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[str], Path]:
    """Three replicas; the first is made different. And a bundle of how they were before."""
    bench.apply(config_map("settings", {"level": "info"}))
    level = {"configMapKeyRef": {"name": "settings", "key": "level"}}
    template = pod(
        "web",
        shell(
            SCRIPT,
            "web",
            env=[{"name": "LEVEL", "valueFrom": level}],
            resources={"requests": {"cpu": "10m"}},
            readinessProbe={
                "exec": {"command": ["sh", "-c", "! test -e /shared/unready"]},
                "periodSeconds": 1,
            },
            volumeMounts=[
                {"name": "shared", "mountPath": "/shared"},
                {"name": "c", "mountPath": "/c/level", "subPath": "level"},
                {"name": "c", "mountPath": "/whole"},
            ],
        ),
        labels={"app": "web"},
        volumes=[
            {"name": "shared", "emptyDir": {}},
            {"name": "c", "configMap": {"name": "settings"}},
        ],
    )
    bench.apply(deployment("web", template, replicas=3))

    def all_ready() -> Any:
        found = bench.kubectl("get", "pods", "--selector=app=web", "--output=json").json["items"]
        return found if len(found) == 3 and all(map(is_ready, found)) else None

    found: list[Manifest] = bench.wait_for(all_ready, "three replicas")
    names = sorted(one["metadata"]["name"] for one in found)
    before = tmp_path_factory.mktemp("compare") / "before.podx"
    bench.podx("capture", "deploy/web", "-O", str(before), "--include-values")
    odd = names[0]
    # From here on a start gets another value, and the frozen file stays as it was.
    bench.apply(config_map("settings", {"level": "debug"}))
    # A container that starts with a file of the volume while the kubelet renews that fails once. It
    # is renewed before, and at once because the pod changes.
    bench.kubectl("label", "pod", odd, "pod-template-hash=another", "--overwrite")
    bench.wait_for(
        lambda: bench.exec(odd, "cat", "/whole/level") == "debug", "the volume's renewal", 120
    )
    bench.exec(odd, "touch", "/tmp/end", "/shared/unready")
    more = {"requests": {"cpu": "20m"}}
    if server >= RESIZES:
        resize = {"spec": {"containers": [{"name": "web", "resources": more}]}}
        bench.kubectl("patch", "pod", odd, "--subresource=resize", "--patch", json.dumps(resize))
    bench.wait_for_pod(
        odd,
        lambda body: (
            body["status"]["containerStatuses"][0]["restartCount"] == 1
            and body["status"]["containerStatuses"][0]["state"].get("running")
            and (server < RESIZES or body["status"]["containerStatuses"][0]["resources"] == more)
            and not is_ready(body)
        ),
        "restarted, resized and not ready",
    )
    return names, before


@pytest.fixture(scope="module")
def report(bench: Bench, replicas: tuple[list[str], Path]) -> Any:
    # The label took it from its owner, which made another: the three are named.
    names, _ = replicas
    return bench.podx("compare", *names, "-o", "json").json


@pytest.mark.parametrize(
    "fact",
    [
        "ready",
        "template revision (pod-template-hash)",
        pytest.param("requested CPU", marks=pytest.mark.needs_server("1.33", "a resize in place")),
        "variable LEVEL",
        "restarts",
        "last end",
        "readiness probe",
        "listener TCP 7000",
    ],
)
def test_each_difference_is_found_and_the_odd_one_named(
    report: Any, replicas: tuple[list[str], Path], fact: str
) -> None:
    names, _ = replicas
    (found,) = [one for one in report["differences"] if one["fact"] == fact]
    assert found["outliers"] == [names[0]]
    labels = [one["label"] for one in report["pods"]]
    odd = found["values"][labels.index(names[0])]
    assert [value for value in found["values"] if value != odd] == [
        value for label, value in zip(labels, found["values"], strict=True) if label != names[0]
    ]


def test_the_text_says_who(bench: Bench, replicas: tuple[list[str], Path]) -> None:
    names, _ = replicas
    answer = bench.podx("compare", *names)
    assert answer.stdout.splitlines()[0].endswith(f"apart from the others: {names[0]}")
    assert bench.podx("compare", *names, "--exit-code", check=False).status == 3


def test_how_it_was_and_how_it_is(bench: Bench, replicas: tuple[list[str], Path]) -> None:
    names, before = replicas
    answer = bench.podx("compare", "--from", str(before), names[0], "-o", "json")
    assert [one["label"] for one in answer.json["pods"]] == [
        f"{names[0]} (before.podx)",
        f"{names[0]} (now)",
    ]
    facts = {one["fact"]: one["values"] for one in answer.json["differences"]}
    assert facts["restarts"] == ["0", "1"]
    assert facts["variable LEVEL"] == ['"info"', '"debug"']
    first, second = facts["ConfigMap settings"]
    assert first != second


def test_before_and_after_without_a_cluster(
    bench: Bench, replicas: tuple[list[str], Path], tmp_path: Path
) -> None:
    names, before = replicas
    after = tmp_path / "after.podx"
    bench.podx("capture", names[0], "-O", str(after))
    words = ("compare", "--from", str(before), "--from", str(after))
    answer = bench.podx(*words, env={"KUBECONFIG": "/nonexistent"})
    assert answer.stdout.startswith("4 pods differ in ")


def test_one_pod_is_nothing_to_compare(bench: Bench, replicas: tuple[list[str], Path]) -> None:
    answer = bench.podx("compare", replicas[0][0], check=False)
    assert answer.status == 1
    assert "two pods or more" in answer.stderr

"""Changes: what was changed before a pod broke, when and by whom, and how to go back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from e2e.manifests import BUSYBOX, DEBIAN, FOREVER, config_map, deployment, pod, shell
from e2e.reports import assert_healthy, codes, finding, row, rows
from e2e.support import Bench, Manifest, container_status, is_ready, waiting

pytestmark = pytest.mark.cluster

RESIZES = 33
READS_ITS_CONFIG = (
    "while grep -q good /config/level; do sleep 0.5; done; echo 'bad level' >&2; exit 2"
)
LIMITS = {
    "requests": {"cpu": "50m", "memory": "32Mi"},
    "limits": {"cpu": "100m", "memory": "64Mi"},
}


def configured(name: str, script: str) -> Manifest:
    """A pod with the files of ConfigMap `NAME-config`."""
    mount = {"name": "c", "mountPath": "/config"}
    return pod(
        name,
        shell(script, volumeMounts=[mount]),
        volumes=[{"name": "c", "configMap": {"name": f"{name}-config"}}],
    )


def gave_up(found: Manifest) -> bool:
    status = container_status(found, "app")
    ends = [status.get(state, {}).get("terminated", {}) for state in ("state", "lastState")]
    return any(end.get("exitCode") == 2 for end in ends)


def pods_of(bench: Bench, app: str) -> list[Manifest]:
    found: list[Manifest] = bench.kubectl("get", "pods", "-l", f"app={app}", "-o", "json").json[
        "items"
    ]
    return sorted(found, key=lambda one: str(one["metadata"]["creationTimestamp"]))


@pytest.fixture(scope="module", autouse=True)
def started(bench: Bench, server: int) -> None:
    """Healthy pods first; then each is changed in its own way."""
    bench.apply(config_map("broken-config", {"level": "good"}))
    template = pod("shop", shell(FOREVER))
    # The old pod stays until a new one has been ready for a minute.
    bench.apply(deployment("shop", template, minReadySeconds=60))
    bench.start(
        pod("untouched"),
        configured("broken", READS_ITS_CONFIG),
        pod("resized", shell(resources=LIMITS)),
    )
    bench.wait_for(lambda: all(map(is_ready, pods_of(bench, "shop"))), "deploy/shop")
    more = {"requests": {"cpu": "60m"}, "limits": {"cpu": "150m"}}
    patch = {"spec": {"containers": [{"name": "app", "resources": more}]}}
    words = ("patch", "pod", "resized", "--subresource=resize", "--patch", json.dumps(patch))
    if server >= RESIZES:
        bench.kubectl(*words)
    bench.apply(config_map("broken-config", {"level": "poor"}))
    # The next revision: another image, and a command that fails.
    change = {
        "spec": {
            "template": {
                "spec": {
                    "containers": [
                        {"name": "app", "image": DEBIAN, "command": ["sh", "-c", "exit 3"]}
                    ]
                }
            }
        }
    }
    bench.kubectl("patch", "deployment", "shop", "--patch", json.dumps(change))


def test_a_pod_that_nobody_touched(bench: Bench) -> None:
    report = bench.report("untouched")
    assert report["changes"] == []
    assert_healthy(report)


def test_a_config_map_written_before_the_container_went_down(bench: Bench) -> None:
    bench.wait_for_pod("broken", gave_up, "ended by the other value")
    report = bench.report("broken")
    change = row(report, "changes", kind="config")
    assert change["object"] == "ConfigMap/broken-config"
    assert change["by"].startswith("kubectl")
    assert change["time"]
    found = finding(report, "CHG001")
    assert "broken-config" in found["title"]
    assert "before container app went down" in found["title"]
    assert row(report, "restarts", container="app")["exitCode"] == 2


@pytest.mark.needs_server("1.33", "a resize in place")
def test_a_resize_in_place_and_an_edit_of_labels(bench: Bench) -> None:
    def resized() -> Any:
        report = bench.report("resized")
        app = row(report, "containers", name="app")
        return report if app["resources"]["cpu"]["observedLimit"] == 0.15 else None

    bench.wait_for(resized, "the resize in the cgroup")
    # What is written within two seconds of the pod's making is counted as its making.
    bench.wait_for(lambda: bench.report("resized")["pod"]["age"] > 3, "three seconds")
    bench.kubectl("label", "pod", "resized", "tier=back")
    report = bench.report("resized")
    resize = row(report, "changes", kind="resize")
    assert "cpu 60m" in resize["after"]
    assert resize["by"].startswith("kubectl")
    assert row(report, "changes", kind="labels")["time"]
    assert report["verdict"]["severity"] == "ok"


def test_a_rollout_that_broke_it_and_the_way_back(bench: Bench) -> None:
    def looping() -> Manifest | None:
        last = pods_of(bench, "shop")[-1]
        return last if waiting("app", "CrashLoopBackOff")(last) else None

    failing = bench.wait_for(looping, "the new pod to fail")
    assert failing is not None
    name = failing["metadata"]["name"]
    report = bench.report(name)
    rollout = row(report, "changes", kind="rollout")
    assert (rollout["before"], rollout["after"]) == ("1", "2")
    assert rollout["object"] == "Deployment/shop"
    assert rollout["by"].startswith("kubectl")
    image = row(report, "changes", kind="image")
    assert (image["before"], image["after"]) == (BUSYBOX, DEBIAN)
    template = rows(report, "changes", kind="template")
    assert any("command" in one["what"] for one in template), report["changes"]
    found = finding(report, "CHG002")
    assert found["fix"] == f"kubectl rollout undo deploy/shop -n {bench.namespace}"
    assert BUSYBOX in " ".join(found["evidence"])


def test_the_old_pod_of_the_same_deployment_has_not_changed(bench: Bench) -> None:
    name = pods_of(bench, "shop")[0]["metadata"]["name"]
    report = bench.report(name)
    assert rows(report, "changes", kind="image") == []
    assert "CHG002" not in codes(report)
    assert report["verdict"]["severity"] == "ok"


def test_a_pod_that_replaced_another(bench: Bench) -> None:
    """A pod is said to replace another one a minute after its controller was made."""
    set_made = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "db"},
        "spec": {
            "serviceName": "db",
            "replicas": 1,
            "updateStrategy": {"type": "OnDelete"},
            "selector": {"matchLabels": {"app": "db"}},
            "template": {
                "metadata": {"labels": {"app": "db"}},
                "spec": pod("db", shell())["spec"],
            },
        },
    }
    bench.apply(set_made)
    bench.wait_for_pod("db-0", is_ready, "Ready")
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": DEBIAN}]}}}}
    bench.kubectl("patch", "statefulset", "db", "--patch", json.dumps(patch))

    def told() -> Any:
        report = bench.report("db-0")
        return report if rows(report, "changes", kind="template") else None

    report = bench.wait_for(told, "the newer revision in the status")
    assert "newer template" in row(report, "changes", kind="template")["what"]
    assert finding(report, "CHG004")["severity"] == "info"
    assert report["verdict"]["severity"] == "ok"

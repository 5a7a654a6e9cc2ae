"""The pods that the tool was asked for, with images that this cluster has."""

from __future__ import annotations

from typing import Any

import pytest

from e2e.manifests import FOREVER, config_map, pod, secret, shell
from e2e.reports import row, rows, troubles
from e2e.support import Bench, container_status, restarted

pytestmark = pytest.mark.cluster


def test_two_containers_of_which_one_ends_after_writing(bench: Bench) -> None:
    volume = [{"name": "shared-data", "hostPath": {"path": f"/tmp/{bench.namespace}"}}]
    volume[0]["hostPath"]["type"] = "DirectoryOrCreate"  # type: ignore[index]
    bench.apply(
        pod(
            "two-containers",
            shell(
                f"httpd -p 8080 -h /usr/share/nginx/html; {FOREVER}",
                "nginx-container",
                volumeMounts=[{"name": "shared-data", "mountPath": "/usr/share/nginx/html"}],
            ),
            shell(
                "echo Hello from the second container > /pod-data/index.html",
                "debian-container",
                volumeMounts=[{"name": "shared-data", "mountPath": "/pod-data"}],
            ),
            restartPolicy="Never",
            volumes=volume,
        )
    )
    bench.wait_for_pod(
        "two-containers",
        lambda p: (
            "terminated" in container_status(p, "debian-container").get("state", {})
            and "running" in container_status(p, "nginx-container").get("state", {})
        ),
        "one container ended, the other running",
    )
    report = bench.report("two-containers")
    ended = row(report, "containers", name="debian-container")
    assert (ended["state"], ended["exitCode"]) == ("terminated", 0)
    assert row(report, "restarts", container="debian-container")["cause"] == "completed"
    shared = row(report, "volumes", name="shared-data")
    assert (shared["type"], shared["shared"]) == ("hostPath", True)
    assert {one["path"] for one in shared["mounts"]} == {"/usr/share/nginx/html", "/pod-data"}
    assert report["verdict"]["severity"] in ("ok", "info")
    assert troubles(report) == []


def test_javaweb_2_with_its_host_port(bench: Bench) -> None:
    bench.start(
        pod(
            "javaweb-2",
            shell(
                f"httpd -p 8080 -h /root/apache-tomcat/webapps; {FOREVER}",
                "tomcat",
                volumeMounts=[{"name": "app-volume", "mountPath": "/root/apache-tomcat/webapps"}],
                ports=[{"containerPort": 8080, "hostPort": 8001}],
            ),
            initContainers=[
                shell(
                    "echo war > /app/sample.war",
                    "war",
                    volumeMounts=[{"name": "app-volume", "mountPath": "/app"}],
                )
            ],
            volumes=[{"name": "app-volume", "emptyDir": {}}],
        )
    )
    report = bench.report("javaweb-2")
    listener = row(report["namespaces"], "listeners", port=8080)
    assert (listener["container"], listener["hostPort"]) == ("tomcat", 8001)
    assert [one["name"] for one in report["containers"]] == ["war", "tomcat"]
    assert troubles(report) == []


def test_a_pod_that_selects_disktype_ssd(bench: Bench, node: str) -> None:
    bench.apply(pod("with-ssd", nodeSelector={"disktype": "ssd"}))
    bench.wait_for_pod("with-ssd", lambda p: p["status"].get("conditions"), "judged")
    report = bench.report("with-ssd")
    requirement = row(report["scheduling"], "requirements", kind="nodeSelector")
    assert requirement["text"] == "disktype=ssd"
    assert report["scheduling"]["state"] == "pending"
    bench.kubectl("label", "node", node, "disktype=ssd", "--overwrite")
    try:
        bench.wait_for_pod("with-ssd", lambda p: p["status"].get("phase") == "Running", "Running")
        found = bench.report("with-ssd")
        assert row(found["scheduling"], "requirements", kind="nodeSelector")["satisfied"] is True
    finally:
        bench.kubectl("label", "node", node, "disktype-")
    # The label is gone and the pod goes on: a node is chosen once.
    after = bench.report("with-ssd")
    assert row(after["scheduling"], "requirements", kind="nodeSelector")["satisfied"] is False
    assert after["verdict"]["severity"] in ("ok", "info")


def test_config_map_and_secret_pods(bench: Bench) -> None:
    bench.apply(
        [
            config_map("coder", {"config": "first: line\nsecond: line\nthird: line\n"}),
            secret("zhangyu", {"name": "zhangyu", "secret": "do-not-tell-7"}),
        ]
    )
    bench.start(
        pod(
            "pod-mount-configmap",
            shell(volumeMounts=[{"name": "config-volume", "mountPath": "/config"}]),
            volumes=[{"name": "config-volume", "configMap": {"name": "coder"}}],
        ),
        pod(
            "pod-mount-secret",
            shell(volumeMounts=[{"name": "secret-volume", "mountPath": "/secret"}]),
            volumes=[{"name": "secret-volume", "secret": {"secretName": "zhangyu"}}],
        ),
    )
    (config,) = rows(bench.report("pod-mount-configmap"), "files", volume="config-volume")
    assert (config["path"], config["state"], config["size"]) == ("/config/config", "current", 37)
    files = rows(bench.report("pod-mount-secret"), "files", volume="secret-volume")
    assert {(one["path"], one["state"], one["digest"]) for one in files} == {
        ("/secret/name", "current", None),
        ("/secret/secret", "current", None),
    }


def test_the_three_restart_policies_under_a_failing_liveness_probe(bench: Bench) -> None:
    # It lives long enough to be seen between two kills: 1.30 starts it twice without a back-off,
    # and of three kills merged into one event only the first and the last are dated.
    probe = {
        "exec": {"command": ["false"]},
        "periodSeconds": 1,
        "failureThreshold": 1,
        "initialDelaySeconds": 10,
    }
    for policy in ("Never", "Always", "OnFailure"):
        bench.apply(
            pod(
                f"policy-{policy.lower()}",
                shell("sleep 1000", livenessProbe=probe),
                restartPolicy=policy,
            )
        )
        if policy == "Never":
            continue
        bench.wait_for_pod(f"policy-{policy.lower()}", restarted("app"), "restarted")
        restart = row(bench.report(f"policy-{policy.lower()}"), "restarts", container="app")
        assert (restart["cause"], restart["confidence"]) == ("livenessProbe", "proven")

    def failed(found: Any) -> bool:
        return bool(found["status"].get("phase") == "Failed")

    bench.wait_for_pod("policy-never", failed, "Failed")
    report = bench.report("policy-never")
    restart = row(report, "restarts", container="app")
    assert (restart["cause"], restart["count"]) == ("livenessProbe", 0)
    assert report["pod"]["phase"] == "Failed"
    assert report["verdict"]["severity"] == "critical"

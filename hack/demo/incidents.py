"""Records the incidents that `kubectl podx demo` shows, from real pods of the cluster.

Run by `make record-demo`. A recording is made anew when the format of a bundle changes; nobody
edits one by hand.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from recording import ROOT, Scene, ready_pod, record

# The path to these is set by `recording`.
from e2e.manifests import FOREVER, config_map, deployment, pod, shell  # isort: skip
from e2e.support import Bench, container_status  # isort: skip

NAMESPACE = "shop"
Manifest = dict[str, Any]


def liveness(bench: Bench) -> str:
    """A liveness kill; the neighbour beside it still has the environment of before a change."""
    level = {
        "name": "LOG_LEVEL",
        "valueFrom": {"configMapKeyRef": {"name": "checkout", "key": "level"}},
    }
    probe = {
        "exec": {"command": ["cat", "/tmp/healthy"]},  # noqa: S108 - in the container
        "periodSeconds": 3,
        "failureThreshold": 3,
        "initialDelaySeconds": 2,
    }
    serve = (
        "touch /tmp/healthy; echo 'listening on :8080'; sleep 9;"
        " echo 'ERROR: worker pool exhausted: 64 of 64 busy'; rm -f /tmp/healthy; sleep 600"
    )
    template = pod(
        "checkout",
        shell(serve, "app", env=[level], livenessProbe=probe),
        shell(FOREVER, "metrics", env=[level]),
    )
    bench.apply(config_map("checkout", {"level": "info"}))
    bench.apply(deployment("checkout", template))
    name = ready_pod(bench, "app=checkout")
    later(bench, 5)
    bench.apply(config_map("checkout", {"level": "debug"}))

    def killed(found: Manifest) -> bool:
        status = container_status(found, "app")
        return status.get("restartCount", 0) >= 3 and "terminated" in status.get("lastState", {})

    bench.wait_for_pod(name, killed, "killed three times", timeout=240)
    later(bench, 4)
    return name


def sub_path(bench: Bench) -> str:
    """A changed ConfigMap that a subPath mount never sees, in a shared PID namespace."""
    settings = {"web.conf": "listen 8080\nworkers 2\n", "limits.conf": "requests 100\n"}
    mounts = [
        {"name": "config", "mountPath": "/etc/web/web.conf", "subPath": "web.conf"},
        {"name": "config", "mountPath": "/etc/web/conf.d"},
    ]
    template = pod(
        "storefront",
        shell(f"httpd -p 8080 -h /etc/web; {FOREVER}", "web", volumeMounts=mounts),
        shell(FOREVER, "reloader"),
        shareProcessNamespace=True,
        volumes=[{"name": "config", "configMap": {"name": "web"}}],
    )
    bench.apply(config_map("web", settings))
    bench.apply(deployment("storefront", template))
    name = ready_pod(bench, "app=storefront")
    later(bench, 5)
    bench.apply(config_map("web", settings | {"web.conf": "listen 8080\nworkers 8\n"}))
    bench.wait_for(
        lambda: "workers 8" in bench.exec(name, "cat", "/etc/web/conf.d/web.conf", container="web"),
        "the kubelet to refresh the volume",
        timeout=150,
    )
    return name


def child_oom(bench: Bench) -> str:
    """A child process that is killed for memory: the container lives and its status is silent."""
    eat = "(sleep 1; head -c 200m /dev/zero | tail -c 180m >/dev/null) & wait $!"
    script = (
        f"trap 'exit 0' TERM; while :; do {eat}; echo 'resize failed, trying again'; sleep 3; done"
    )
    template = pod("thumbnailer", shell(script, "app", resources={"limits": {"memory": "64Mi"}}))
    bench.apply(deployment("thumbnailer", template))
    name = ready_pod(bench, "app=thumbnailer")
    counter = (
        "cat /sys/fs/cgroup/memory.events 2>/dev/null"
        " || cat /sys/fs/cgroup/memory/memory.oom_control"
    )

    def kills() -> bool:
        lines = bench.exec(name, "sh", "-c", counter).splitlines()
        return any(line.startswith("oom_kill ") and int(line.split()[1]) >= 3 for line in lines)

    bench.wait_for(kills, "three kills", timeout=120)
    return name


def later(bench: Bench, seconds: float) -> None:
    """Some seconds pass, so that what happens next does not have the same date."""
    until = time.monotonic() + seconds
    bench.wait_for(lambda: time.monotonic() > until, "time to pass")


INCIDENTS: dict[str, Scene] = {
    "1-liveness-kill": liveness,
    "2-frozen-subpath": sub_path,
    "3-child-oom": child_oom,
}


if __name__ == "__main__":
    wanted = sys.argv[1:] or list(INCIDENTS)
    record(INCIDENTS, wanted, ROOT / "kubectl_podx/recordings", NAMESPACE)

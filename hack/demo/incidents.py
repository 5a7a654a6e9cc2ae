"""Records the incidents that `kubectl podx demo` shows, from real pods of the cluster.

Run by `make record-demo`. A recording is made anew when the format of a bundle changes; nobody
edits one by hand.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))

from manifests import FOREVER, config_map, deployment, pod, shell  # noqa: E402 - after the path
from support import Bench, container_status, is_ready  # noqa: E402

RECORDINGS = ROOT / "kubectl_podx/recordings"
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
    bench.apply(config_map("checkout", {"level": "debug"}))

    def killed(found: Manifest) -> bool:
        status = container_status(found, "app")
        return status.get("restartCount", 0) >= 3 and "terminated" in status.get("lastState", {})

    bench.wait_for_pod(name, killed, "killed three times", timeout=240)
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
    bench.apply(config_map("web", settings | {"web.conf": "listen 8080\nworkers 8\n"}))
    bench.wait_for(
        lambda: "workers 8" in bench.exec(name, "cat", "/etc/web/conf.d/web.conf", container="web"),
        "the kubelet to refresh the volume",
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


def ready_pod(bench: Bench, selector: str) -> str:
    """The name of the one pod, once it is Ready."""

    def found() -> str:
        pods = bench.kubectl("get", "pods", "-l", selector, "-o", "json").json["items"]
        return next((one["metadata"]["name"] for one in pods if is_ready(one)), "")

    return bench.wait_for(found, f"a ready pod of {selector}")


INCIDENTS: dict[str, Callable[[Bench], str]] = {
    "1-liveness-kill": liveness,
    "2-frozen-subpath": sub_path,
    "3-child-oom": child_oom,
}


def main() -> None:
    import os  # noqa: PLC0415
    import shutil  # noqa: PLC0415

    kubectl = os.environ.get("PODX_TEST_KUBECTL") or shutil.which("kubectl") or "kubectl"
    bench = Bench(kubectl, NAMESPACE)
    bench.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=120s")
    bench.kubectl("create", "namespace", NAMESPACE)
    bench.wait_for(lambda: bench.get("serviceaccount", "default"), "the default account")
    wanted = sys.argv[1:] or list(INCIDENTS)
    for name in wanted:
        print(f"recording {name}", file=sys.stderr)
        target = INCIDENTS[name](bench)
        unfinished = RECORDINGS / f".{name}.{secrets.token_hex(4)}"
        bench.podx("capture", target, "-O", str(unfinished), "--logs", "20")
        unfinished.chmod(0o644)
        unfinished.rename(RECORDINGS / f"{name}.podx")
    bench.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


if __name__ == "__main__":
    main()

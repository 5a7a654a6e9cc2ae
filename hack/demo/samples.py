"""Records the pods whose text, tables and graph stand as goldens in tests/unit/render.

Run by `make record-samples`; the recordings are in tests/recorded. They are not those of the
incidents, so that a better catalogue of incidents does not change what the goldens show.
"""

from __future__ import annotations

import sys
from typing import Any

from recording import ROOT, Scene, record

from incidents import child_oom, later, liveness

# The path to these is set by `recording`.
from e2e.manifests import (  # isort: skip
    BUSYBOX,
    FOREVER,
    NOSHELL,
    account,
    allow,
    config_map,
    container,
    pod,
    secret,
    shell,
)
from e2e.support import Bench, restarted, waiting  # isort: skip

NAMESPACE = "samples"
Manifest = dict[str, Any]


def healthy(bench: Bench) -> str:
    """Two containers that share a volume; files, variables and probes are as they should be."""
    shared = {"name": "cache", "mountPath": "/cache"}
    probe = {"httpGet": {"path": "/shop.conf", "port": 8080}, "periodSeconds": 2}
    bench.apply(config_map("shop", {"shop.conf": "listen 8080\n", "currency": "EUR"}))
    bench.apply(secret("shop-db", {"password": "correct horse battery staple"}))
    bench.start(
        pod(
            "shop-0",
            shell(
                f"httpd -p 8080 -h /etc/shop; {FOREVER}",
                "web",
                env=[
                    key("CURRENCY", "configMapKeyRef", "shop", "currency"),
                    key("DB_PASSWORD", "secretKeyRef", "shop-db", "password"),
                    {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                ],
                ports=[{"name": "http", "containerPort": 8080}],
                readinessProbe=probe,
                livenessProbe=probe,
                volumeMounts=[shared, {"name": "config", "mountPath": "/etc/shop"}],
            ),
            shell(FOREVER, "exporter", volumeMounts=[shared]),
            volumes=[
                {"name": "cache", "emptyDir": {"sizeLimit": "16Mi"}},
                {"name": "config", "configMap": {"name": "shop"}},
            ],
        )
    )
    later(bench, 8)
    return "shop-0"


def crash_loop(bench: Bench) -> str:
    """A program that ends with an error and waits for its next start."""
    script = "echo 'connecting to db:5432'; sleep 1; echo 'FATAL: connection refused' >&2; exit 3"
    bench.apply(pod("orders-0", shell(script), shell(FOREVER, "proxy")))
    bench.wait_for_pod("orders-0", restarted("app", 2), "restarted twice", timeout=120)
    bench.wait_for_pod("orders-0", waiting("app", "CrashLoopBackOff"), "in back-off", timeout=60)
    return "orders-0"


def frozen(bench: Bench) -> str:
    """A variable and a subPath file older than their ConfigMap, beside a file that followed."""
    conf = {"name": "config", "mountPath": "/app/app.conf", "subPath": "app.conf"}
    bench.apply(config_map("basket", {"app.conf": "size 10\n", "mode": "fast"}))
    bench.start(
        pod(
            "basket-0",
            shell(
                env=[key("MODE", "configMapKeyRef", "basket", "mode")],
                volumeMounts=[conf, {"name": "config", "mountPath": "/app/conf.d"}],
            ),
            volumes=[{"name": "config", "configMap": {"name": "basket"}}],
        )
    )
    later(bench, 5)
    bench.apply(config_map("basket", {"app.conf": "size 20\n", "mode": "safe"}))
    bench.wait_for(
        lambda: "20" in bench.exec("basket-0", "cat", "/app/conf.d/app.conf"),
        "the kubelet to refresh the volume",
        timeout=150,
    )
    return "basket-0"


def config_map_missing(bench: Bench) -> str:
    """A variable's ConfigMap does not exist."""
    mode = key("MODE", "configMapKeyRef", "mailer-settings", "mode")
    bench.apply(pod("mailer-0", shell(env=[mode])))
    bench.wait_for_pod("mailer-0", waiting("app", "CreateContainerConfigError"), "in trouble")
    later(bench, 4)
    return "mailer-0"


def init_waiting(bench: Bench) -> str:
    """One init container has ended, the second has not, and the app waits for it."""
    wait = f"echo 'waiting for db:5432'; {FOREVER}"
    ended = shell("echo 'schema is at 41'", "check-schema")
    bench.apply(pod("billing-0", initContainers=[ended, shell(wait, "wait-for-db")]))

    def runs(found: Manifest) -> bool:
        statuses = found.get("status", {}).get("initContainerStatuses", [])
        return any("running" in one["state"] for one in statuses if one["name"] == "wait-for-db")

    bench.wait_for_pod("billing-0", runs, "in its second init container")
    later(bench, 20)
    return "billing-0"


def shared_pid(bench: Bench) -> str:
    """A container without a shell, seen through its neighbour in a shared PID namespace."""
    mount = {"name": "config", "mountPath": "/config"}
    bench.apply(config_map("search", {"level": "very"}))
    bench.start(
        pod(
            "search-0",
            container("server", NOSHELL, args=["9090"], volumeMounts=[mount]),
            shell(FOREVER, "helper"),
            shareProcessNamespace=True,
            volumes=[{"name": "config", "configMap": {"name": "search"}}],
        )
    )
    return "search-0"


def pending(bench: Bench) -> str:
    """No node has the label that is asked for."""
    bench.apply(pod("training-0", nodeSelector={"accelerator": "gpu"}))

    def refused(found: Manifest) -> bool:
        conditions = found.get("status", {}).get("conditions", [])
        return any(one.get("reason") == "Unschedulable" for one in conditions)

    bench.wait_for_pod("training-0", refused, "refused by the scheduler")
    later(bench, 2)
    return "training-0"


def job(bench: Bench) -> str:
    """The pod of a Job that has done its work."""
    template = {"spec": {"restartPolicy": "Never", "containers": [shell("echo '12 rows written'")]}}
    bench.apply(
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": "nightly"},
            "spec": {"template": template},
        }
    )

    def done() -> str:
        answer = bench.kubectl("get", "pods", "-l", "job-name=nightly", "-o", "json")
        return next(
            (
                one["metadata"]["name"]
                for one in answer.json["items"]
                if one.get("status", {}).get("phase") == "Succeeded"
            ),
            "",
        )

    return bench.wait_for(done, "the job's pod to succeed")


def service_to_nowhere(bench: Bench) -> str:
    """A Service whose target port is not the one that the program listens on."""
    ports = [{"name": "http", "containerPort": 8080}]
    bench.apply(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "catalogue"},
            "spec": {
                "selector": {"app": "catalogue-0"},
                "ports": [{"name": "http", "port": 80, "targetPort": 8081}],
            },
        }
    )
    bench.start(pod("catalogue-0", shell(f"httpd -p 8080 -h /tmp; {FOREVER}", ports=ports)))
    later(bench, 3)
    return "catalogue-0"


def storefront(bench: Bench) -> str:
    """A bit of everything: a liveness kill with an init container, a sidecar, a debug container,
    shared volumes, two Services and a ConfigMap that was changed.
    """
    content = {"name": "content", "mountPath": "/www"}
    bench.apply(config_map("storefront", {"web.conf": "workers 4\n", "level": "info"}))
    bench.apply(secret("database", {"password": "correct horse battery staple"}))
    for name, port, target in (("storefront", 80, "http"), ("storefront-metrics", 9100, 9100)):
        bench.apply(
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": name},
                "spec": {
                    "selector": {"app": "storefront-0"},
                    "ports": [{"name": name[-7:], "port": port, "targetPort": target}],
                },
            }
        )
    serve = (
        "trap 'exit 0' TERM; httpd -f -p 8080 -h /www & sleep 12; "
        "echo 'ERROR: worker pool exhausted: 64 of 64 busy'; rm /www/index.html; wait"
    )
    probe = {"httpGet": {"path": "/index.html", "port": "http"}, "periodSeconds": 2}
    bench.start(
        pod(
            "storefront-0",
            shell(
                serve,
                "web",
                ports=[{"name": "http", "containerPort": 8080}],
                env=[
                    key("LOG_LEVEL", "configMapKeyRef", "storefront", "level"),
                    key("DATABASE_PASSWORD", "secretKeyRef", "database", "password"),
                ],
                livenessProbe={**probe, "terminationGracePeriodSeconds": 2},
                readinessProbe={"tcpSocket": {"port": "http"}, "periodSeconds": 2},
                volumeMounts=[
                    content,
                    {"name": "config", "mountPath": "/etc/web/web.conf", "subPath": "web.conf"},
                    {"name": "database", "mountPath": "/etc/database", "readOnly": True},
                ],
            ),
            shell(
                f"httpd -p 9100 -h /; {FOREVER}",
                "exporter",
                readinessProbe={"exec": {"command": ["true"]}, "periodSeconds": 2},
                env=[key("LOG_LEVEL", "configMapKeyRef", "storefront", "level")],
            ),
            initContainers=[
                shell("echo hello > /www/index.html", "fetch-content", volumeMounts=[content]),
                shell(
                    name="log-shipper",
                    restartPolicy="Always",
                    volumeMounts=[{**content, "readOnly": True}],
                ),
            ],
            volumes=[
                {"name": "content", "emptyDir": {}},
                {"name": "config", "configMap": {"name": "storefront"}},
                {"name": "database", "secret": {"secretName": "database"}},
            ],
        )
    )
    bench.kubectl(
        *("debug", "storefront-0", "--image", BUSYBOX, "--target", "exporter"),
        *("-c", "debugger", "--", "sh", "-c", FOREVER),
    )
    bench.apply(config_map("storefront", {"web.conf": "workers 8\n", "level": "debug"}))
    bench.wait_for_pod("storefront-0", restarted("web", 1), "restarted", timeout=120)
    # Back for a few seconds, so that it can be looked into before the next kill.
    later(bench, 3)
    return "storefront-0"


def few_rights(bench: Bench) -> str:
    """A healthy pod, looked at by somebody who may read pods and nothing else."""
    mode = key("MODE", "configMapKeyRef", "invoices", "mode")
    bench.apply(config_map("invoices", {"mode": "fast"}))
    bench.start(pod("invoices-0", shell(env=[mode])))
    for one in account("reader", allow("get list", "pods")):
        bench.apply(one)
    later(bench, 3)
    return f"invoices-0 --as system:serviceaccount:{NAMESPACE}:reader"


def key(variable: str, kind: str, name: str, of: str) -> Manifest:
    """A variable from a key of a ConfigMap or Secret."""
    return {"name": variable, "valueFrom": {kind: {"name": name, "key": of}}}


SAMPLES: dict[str, Scene] = {
    "healthy": healthy,
    "liveness-kill": liveness,
    "crash-loop": crash_loop,
    "child-oom": child_oom,
    "frozen": frozen,
    "config-map-missing": config_map_missing,
    "init-waiting": init_waiting,
    "shared-pid-no-shell": shared_pid,
    "pending": pending,
    "job-completed": job,
    "service-to-nowhere": service_to_nowhere,
    "storefront": storefront,
    "few-rights": few_rights,
}


if __name__ == "__main__":
    record(SAMPLES, sys.argv[1:] or list(SAMPLES), ROOT / "tests/recorded", NAMESPACE)

"""The pods of the first issue, each alive on the cluster, each looked at from both sides."""

from __future__ import annotations

import re
from typing import Any

import pytest

from e2e.manifests import FOREVER, config_map, container, pod, secret, shell
from e2e.reports import codes, row, rows
from e2e.reports import looks as seen
from e2e.support import Bench, restarted

pytestmark = pytest.mark.cluster


def test_two_containers_share_an_empty_dir_and_the_network(bench: Bench) -> None:
    mount = {"name": "data", "mountPath": "/data"}
    bench.start(
        pod(
            "two-containers",
            shell(f"httpd -p 8080 -h /data; {FOREVER}", "web", volumeMounts=[mount]),
            shell(
                f"echo hello > /pod-data/index.html; {FOREVER}",
                "writer",
                volumeMounts=[{"name": "data", "mountPath": "/pod-data"}],
            ),
            volumes=[{"name": "data", "emptyDir": {}}],
        )
    )
    report = bench.report("two-containers")
    assert seen(report) == {"web": "observed", "writer": "observed"}
    volume = row(report, "volumes", name="data")
    assert (volume["shared"], volume["basis"]) == (True, "proven")
    assert {(one["container"], one["path"], one["state"]) for one in volume["mounts"]} == {
        ("web", "/data", "mounted"),
        ("writer", "/pod-data", "mounted"),
    }
    network = report["namespaces"]["network"]
    assert [(g["containers"], g["basis"]) for g in network["groups"]] == [
        (["web", "writer"], "proven")
    ]
    # Each has a PID namespace of its own, and is PID 1 in it.
    assert len(report["namespaces"]["pid"]["groups"]) == 2
    listener = next(one for one in report["namespaces"]["listeners"] if one["port"] == 8080)
    assert (listener["container"], listener["executable"]) == ("web", "httpd")
    assert report["verdict"]["severity"] == "ok"
    assert codes(report, "critical") | codes(report, "warning") == set()


def test_an_init_container_copies_a_file_for_the_app(bench: Bench) -> None:
    mount = {"name": "app", "mountPath": "/app"}
    webapps = {"name": "app", "mountPath": "/webapps"}
    bench.start(
        pod(
            "javaweb",
            shell(f"httpd -p 8080 -h /webapps; {FOREVER}", "tomcat", volumeMounts=[webapps]),
            initContainers=[shell("echo war > /app/sample.war", "war", volumeMounts=[mount])],
            volumes=[{"name": "app", "emptyDir": {}}],
        )
    )
    report = bench.report("javaweb")
    war = row(report, "containers", name="war")
    assert (war["kind"], war["state"], war["reason"]) == ("init", "terminated", "Completed")
    assert row(report, "volumes", name="app")["shared"]
    assert report["pod"]["ready"] == "1/1"
    assert report["verdict"]["severity"] == "ok"
    assert codes(report, "critical") | codes(report, "warning") == set()


def test_a_shared_pid_namespace_has_pause_as_pid_1(bench: Bench) -> None:
    # One sleep for good: with one a second there are moments without any.
    asleep = "trap 'exit 0' TERM; sleep 100000 & wait"
    both = (shell(asleep), shell(asleep, "neighbour"))
    bench.start(pod("shared-pid", *both, shareProcessNamespace=True))
    # A container is ready before its shell has begun to sleep.
    look = ("sh", "-c", "ps | grep -c ' sleep 100000$'")
    bench.wait_for(lambda: bench.exec("shared-pid", *look).strip() == "2", "both to sleep")
    report = bench.report("shared-pid")
    pid = report["namespaces"]["pid"]
    assert [(g["containers"], g["basis"]) for g in pid["groups"]] == [
        (["app", "neighbour"], "proven")
    ]
    assert "pause" in report["namespaces"]["pidOne"]
    by_container: dict[str, set[str]] = {}
    for process in report["namespaces"]["processes"]:
        by_container.setdefault(process["container"], set()).add(process["executable"])
    assert by_container["app"] == by_container["neighbour"] == {"sh", "sleep"}
    assert by_container["pause"] == {"pause"}


def test_a_pid_namespace_of_its_own_is_not_called_shared(bench: Bench) -> None:
    bench.start(pod("own-pid", shell(), shell(name="neighbour")))
    groups = bench.report("own-pid")["namespaces"]["pid"]["groups"]
    assert [(g["containers"], g["basis"]) for g in groups] == [
        (["app"], "proven"),
        (["neighbour"], "proven"),
    ]


def test_host_aliases_are_in_etc_hosts(bench: Bench) -> None:
    aliases = [{"ip": "127.0.0.1", "hostnames": ["foo.local", "bar.local"]}]
    bench.start(pod("host-aliases", hostAliases=aliases))
    hosts = bench.report("host-aliases")["hosts"]
    assert [(one["ip"], one["hostnames"], one["state"]) for one in hosts["aliases"]] == [
        ("127.0.0.1", ["foo.local", "bar.local"], "present")
    ]
    assert hosts["observedHostname"] == "host-aliases"


def test_an_environment_from_a_config_map_and_a_secret(bench: Bench) -> None:
    bench.apply(
        [
            config_map("special-config", {"SPECIAL_LEVEL": "very", "SPECIAL_TYPE": "charm"}),
            secret("login", {"user": "admin", "password": "not-to-be-seen-1"}),
        ]
    )
    env = [
        {"name": "DEMO_GREETING", "value": "Hello, $(SPECIAL_LEVEL)"},
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "login", "key": "password"}}},
    ]
    sources = [{"configMapRef": {"name": "special-config"}}]
    bench.start(pod("with-env", shell(env=env, envFrom=sources)))
    report = bench.report("with-env")
    found = {one["name"]: one for one in rows(report, "environment", container="app")}
    assert {
        name: found[name]["state"] for name in ("SPECIAL_LEVEL", "DEMO_GREETING", "PASSWORD")
    } == {
        "SPECIAL_LEVEL": "current",
        "DEMO_GREETING": "current",
        "PASSWORD": "current",
    }
    greeting = found["DEMO_GREETING"]
    assert [greeting[side] for side in ("declared", "injected", "process", "current")] == [
        "Hello, very"
    ] * 4
    assert found["SPECIAL_TYPE"]["source"] == {
        "kind": "ConfigMap",
        "name": "special-config",
        "key": "SPECIAL_TYPE",
        "optional": False,
    }
    assert found["PASSWORD"]["injected"] == "<hidden>"


def test_a_projected_volume_with_all_four_sources(bench: Bench) -> None:
    bench.apply(
        [
            config_map("coder", {"config": "line one\nline two\n"}),
            secret("zhangyu", {"name": "zhangyu", "secret": "not-to-be-seen-2"}),
        ]
    )
    sources: list[Any] = [
        {"configMap": {"name": "coder"}},
        {"secret": {"name": "zhangyu"}},
        {
            "downwardAPI": {
                "items": [
                    {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}},
                    {
                        "path": "cpu",
                        "resourceFieldRef": {
                            "containerName": "app",
                            "resource": "limits.cpu",
                            "divisor": "1m",
                        },
                    },
                ]
            }
        },
        {"serviceAccountToken": {"path": "token", "audience": "vault", "expirationSeconds": 3600}},
    ]
    bench.start(
        pod(
            "projected",
            shell(
                resources={"limits": {"cpu": "500m", "memory": "64Mi"}},
                volumeMounts=[{"name": "all", "mountPath": "/all"}],
            ),
            labels={"app": "projected", "tier": "back"},
            volumes=[{"name": "all", "projected": {"sources": sources}}],
        )
    )
    report = bench.report("projected")
    files = {one["path"]: one for one in rows(report, "files", container="app", volume="all")}
    assert {path: (one["source"]["kind"], one["state"]) for path, one in files.items()} == {
        "/all/config": ("ConfigMap", "current"),
        "/all/name": ("Secret", "current"),
        "/all/secret": ("Secret", "current"),
        "/all/labels": ("downwardAPI", "current"),
        "/all/cpu": ("downwardAPI", "current"),
        "/all/token": ("serviceAccountToken", "current"),
    }
    assert files["/all/config"]["digest"] == files["/all/config"]["sourceDigest"]
    assert files["/all/secret"]["digest"] is None
    downward = {one["name"]: one for one in rows(report, "downwardAPI", container="app")}
    assert downward["/all/labels"]["current"] == 'app="projected"\ntier="back"'
    assert downward["/all/cpu"]["observed"] == "500"
    token = row(report, "serviceAccountTokens", path="/all/token")
    assert (token["audiences"], token["state"]) == (["vault"], "valid")
    assert token["boundPod"]
    assert token["expirationSeconds"] == 3600


def test_a_liveness_probe_that_starts_to_fail_is_named_as_the_cause(bench: Bench) -> None:
    script = "touch /tmp/healthy; sleep 15; rm -f /tmp/healthy; sleep 600"
    probe = {
        "exec": {"command": ["cat", "/tmp/healthy"]},
        "periodSeconds": 3,
        "failureThreshold": 3,
        "initialDelaySeconds": 2,
    }
    bench.apply(pod("liveness", shell(script, livenessProbe=probe)))
    bench.wait_for_pod("liveness", restarted("app"), "restarted by its probe", timeout=120)
    report = bench.report("liveness")
    restart = row(report, "restarts", container="app")
    assert restart["count"] >= 1
    assert (restart["cause"], restart["confidence"]) == ("livenessProbe", "proven")
    assert restart["exitCode"] in (137, 143)
    assert "event" in {one["source"] for one in restart["evidence"]}
    probe_row = row(report, "probes", container="app", type="liveness")
    assert probe_row["handler"]["text"] == "exec cat /tmp/healthy"
    assert probe_row["counters"]["failed"] >= 3
    assert probe_row["recentFailures"]
    assert "liveness probe" in report["verdict"]["summary"]
    assert report["verdict"]["severity"] in ("warning", "critical")


def test_the_text_of_a_whole_report(bench: Bench, snapshot: Any) -> None:
    """One golden text, with what changes from run to run put aside."""
    bench.apply(config_map("golden", {"level": "very"}))
    server = container("app", command=["httpd", "-f", "-p", "8080", "-h", "/config"])
    mount = {"name": "config", "mountPath": "/config"}
    # Late enough for the server to listen also where the machine is busy: a failure would be shown.
    probe = {
        "httpGet": {"path": "/level", "port": 8080},
        "periodSeconds": 2,
        "initialDelaySeconds": 5,
    }
    bench.start(
        pod(
            "golden",
            {**server, "volumeMounts": [mount], "readinessProbe": probe},
            volumes=[{"name": "config", "configMap": {"name": "golden"}}],
            # Its files have other sizes on another cluster.
            automountServiceAccountToken=False,
        )
    )
    text = bench.podx("describe", "golden", "--section", "files,probes,namespaces").stdout
    assert settled(text, bench) == snapshot


def settled(text: str, bench: Bench) -> str:
    """Names, ids and times that differ from run to run, replaced."""
    text = text.replace(bench.namespace, "NAMESPACE")
    for pattern, word in (
        (r"podx-[0-9a-f]{8}", "NODE"),
        (r"\b10\.\d+\.\d+\.\d+\b", "ADDRESS"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", "TIME"),
        (r"kube-api-access-\w+", "kube-api-access-X"),
        (r"\b402653\d{4}\b", "INODE"),
        (r"\b\d+(?:\.\d+)? ?(?:ms|s|m|h|min)\b", "SPAN"),
        (r"(passing +httpGet :8080/level) +\d+", r"\1  N"),
    ):
        text = re.sub(pattern, word, text)
    return re.sub(r" {2,}", "  ", text)

"""Sections that need a look inside: each with a healthy pod and a broken one."""

from __future__ import annotations

from typing import Any

import pytest

from e2e.manifests import BUSYBOX, FOREVER, config_map, container, pod, secret, shell
from e2e.reports import codes, row, rows, titled, troubles
from e2e.support import Bench, is_ready

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module", autouse=True)
def sources(bench: Bench) -> None:
    bench.apply(
        [
            config_map("settings", {"level": "very", "colour": "red"}),
            secret("login", {"user": "admin", "password": "hidden-value-1"}),
        ]
    )


# -- namespaces ------------------------------------------------------------------------------------


def test_namespaces_of_the_node_are_told_from_those_of_the_pod(bench: Bench) -> None:
    bench.start(
        pod("on-the-node", hostNetwork=True, hostPID=True, hostIPC=True),
        pod("shares-nothing", shell(), shell(name="other")),
    )
    found = bench.report("on-the-node")["namespaces"]
    assert [found[kind]["mode"] for kind in ("network", "pid", "ipc")] == ["node"] * 3
    # Under hostPID only the pod's own processes are listed, of hundreds that could be seen.
    assert {one["container"] for one in found["processes"]} <= {"app", "pause"}
    assert len(found["processes"]) <= 4
    assert found["pidOne"]
    own = bench.report("shares-nothing")["namespaces"]
    assert [len(own[kind]["groups"]) for kind in ("network", "pid", "ipc", "uts", "mount")] == [
        1, 2, 1, 1, 2,
    ]  # fmt: skip
    assert own["pid"]["agrees"] is True


def test_a_probe_and_a_service_that_nobody_listens_for(bench: Bench) -> None:
    probe = {"tcpSocket": {"port": 9999}, "periodSeconds": 2}
    bench.apply(pod("deaf", shell(readinessProbe=probe)))
    bench.wait_for_pod("deaf", lambda p: p["status"].get("phase") == "Running", "Running")

    def judged() -> Any:
        report = bench.report("deaf")
        return report if report["verdict"]["severity"] == "critical" else None

    report = bench.wait_for(judged, "the first failures of the probe")
    assert any("9999" in title for title in troubles(report))
    assert report["namespaces"]["listeners"] == []


def test_a_listener_on_loopback_that_a_probe_must_reach(bench: Bench) -> None:
    probe = {"httpGet": {"port": 8080, "path": "/"}, "periodSeconds": 2}
    script = f"httpd -p 127.0.0.1:8080 -h /etc; {FOREVER}"
    bench.apply(pod("inward", shell(script, readinessProbe=probe)))
    bench.wait_for_pod("inward", lambda p: p["status"].get("phase") == "Running", "Running")

    def listening() -> Any:
        report = bench.report("inward")
        return report if report["namespaces"]["listeners"] else None

    report = bench.wait_for(listening, "the listener")
    assert row(report["namespaces"], "listeners", port=8080)["address"] == "127.0.0.1"
    assert any("loopback" in title and "8080" in title for title in troubles(report))


# -- network ---------------------------------------------------------------------------------------


def service(name: str, selector: dict[str, str], target: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {
            "selector": selector,
            "ports": [{"name": "web", "port": 80, "targetPort": target}],
        },
    }


def test_services_that_select_the_pod(bench: Bench) -> None:
    bench.apply(
        [
            service("good", {"app": "served"}, "http"),
            service("wrong", {"app": "served"}, 7070),
            service("other", {"app": "somebody"}, 80),
        ]
    )
    ports = [{"containerPort": 8080, "name": "http"}]
    bench.start(
        pod(
            "served",
            shell(f"httpd -p 8080 -h /etc; {FOREVER}", ports=ports),
            labels={"app": "served"},
        )
    )

    def ready() -> Any:
        report = bench.report("served")
        found = {one["name"]: one for one in report["network"]["services"]}
        return report if found and found["good"]["endpoint"] == "ready" else None

    report = bench.wait_for(ready, "the endpoint of the pod")
    found = {one["name"]: one for one in report["network"]["services"]}
    assert set(found) == {"good", "wrong"}
    assert (found["good"]["ports"][0]["resolved"], found["good"]["ports"][0]["listening"]) == (
        8080,
        True,
    )
    assert found["wrong"]["ports"][0]["listening"] is False
    assert any("wrong" in title for title in troubles(report))
    assert not any("good" in title for title in troubles(report))


def test_a_dependency_that_does_not_answer(bench: Bench) -> None:
    # An address of the pod network that nobody has: the connection stays in SYN_SENT.
    bench.start(
        pod("waiting", shell("trap 'exit 0' TERM; while :; do nc -w 60 10.255.255.1 5432; done"))
    )

    def hanging() -> Any:
        report = bench.report("waiting")
        return report if report["network"]["connections"] else None

    report = bench.wait_for(hanging, "a hanging connection")
    (one,) = report["network"]["connections"]
    assert (one["state"], one["remote"]) == ("SYN_SENT", "10.255.255.1:5432")
    assert titled(report, "10.255.255.1:5432")


# -- volumes ---------------------------------------------------------------------------------------


def test_volumes_by_their_own_facts(bench: Bench) -> None:
    mounts = [
        {"name": "scratch", "mountPath": "/scratch"},
        {"name": "memory", "mountPath": "/memory"},
        {"name": "config", "mountPath": "/config"},
        {"name": "config", "mountPath": "/one", "subPath": "level"},
    ]
    reader = [{"name": "scratch", "mountPath": "/in", "readOnly": True}]
    bench.start(
        pod(
            "mounted",
            shell(volumeMounts=mounts),
            shell(name="reader", volumeMounts=reader),
            volumes=[
                {"name": "scratch", "emptyDir": {}},
                {"name": "memory", "emptyDir": {"medium": "Memory", "sizeLimit": "8Mi"}},
                {"name": "config", "configMap": {"name": "settings"}},
            ],
        )
    )
    report = bench.report("mounted")
    scratch = row(report, "volumes", name="scratch")
    assert (scratch["shared"], scratch["basis"]) == (True, "proven")
    assert scratch["size"]
    assert scratch["inodes"]
    assert row({"m": scratch["mounts"]}, "m", container="reader")["observedReadOnly"] is True
    memory = row(report, "volumes", name="memory")
    assert memory["size"] == 8 << 20
    assert (
        row({"m": row(report, "volumes", name="config")["mounts"]}, "m", path="/one")["subPath"]
        == "level"
    )
    assert troubles(report) == []


def test_a_volume_that_is_full(bench: Bench) -> None:
    script = f"dd if=/dev/zero of=/memory/x bs=1M count=8 2>/dev/null; touch /tmp/done; {FOREVER}"
    probe = {"exec": {"command": ["test", "-e", "/tmp/done"]}, "periodSeconds": 1}
    bench.start(
        pod(
            "full",
            shell(
                script,
                readinessProbe=probe,
                volumeMounts=[{"name": "memory", "mountPath": "/memory"}],
            ),
            volumes=[{"name": "memory", "emptyDir": {"medium": "Memory", "sizeLimit": "8Mi"}}],
        )
    )
    report = bench.report("full")
    assert titled(report, "memory", "full")["severity"] == "critical"


def test_a_volume_whose_config_map_is_missing(bench: Bench) -> None:
    bench.apply(
        pod(
            "no-volume",
            shell(volumeMounts=[{"name": "c", "mountPath": "/c"}]),
            volumes=[{"name": "c", "configMap": {"name": "nowhere"}}],
        )
    )

    def told() -> Any:
        report = bench.report("no-volume")
        return report if "VOL008" in codes(report) else None

    report = bench.wait_for(told, "the FailedMount event")
    assert "nowhere" in report["verdict"]["summary"]
    assert report["verdict"]["severity"] == "critical"


# -- files -----------------------------------------------------------------------------------------


def test_modes_with_fs_group_and_unreadable_files(bench: Bench) -> None:
    mount = [{"name": "s", "mountPath": "/s"}]
    volume = [{"name": "s", "secret": {"secretName": "login", "defaultMode": 0o400}}]
    user = {"runAsUser": 1000, "runAsGroup": 1000}
    bench.start(
        pod("grouped", shell(volumeMounts=mount), volumes=volume,
            securityContext={**user, "fsGroup": 2000}),
        pod("locked", shell(volumeMounts=mount), volumes=volume, securityContext=user),
    )  # fmt: skip
    grouped = rows(bench.report("grouped"), "files", volume="s")
    assert {(one["mode"], one["declaredMode"], one["readable"]) for one in grouped} == {
        ("0440", "0440", True)
    }
    report = bench.report("locked")
    locked = rows(report, "files", volume="s")
    assert {(one["state"], one["readable"]) for one in locked} == {("unreadable", False)}
    assert any("/s" in title for title in troubles(report))


def test_items_binary_data_and_optional_sources(bench: Bench) -> None:
    bench.apply(config_map("mixed", {"text": "t"}, binaryData={"blob": "/w=="}))
    bench.start(
        pod(
            "chosen",
            shell(
                envFrom=[{"configMapRef": {"name": "mixed"}}],
                volumeMounts=[
                    {"name": "m", "mountPath": "/m"},
                    {"name": "o", "mountPath": "/o"},
                ],
            ),
            volumes=[
                {
                    "name": "m",
                    "configMap": {
                        "name": "mixed",
                        "items": [{"key": "blob", "path": "deep/blob", "mode": 0o600}],
                    },
                },
                {"name": "o", "secret": {"secretName": "absent", "optional": True}},
            ],
        )
    )
    report = bench.report("chosen")
    (blob,) = rows(report, "files", volume="m")
    assert (blob["path"], blob["state"], blob["mode"]) == ("/m/deep/blob", "current", "0600")
    assert "leaves out text" in " ".join(row(report, "volumes", name="m")["details"])
    names = {one["name"] for one in rows(report, "environment", container="app")}
    assert "text" in names
    assert "blob" not in names
    assert troubles(report) == []


def test_a_certificate_that_is_about_to_end(bench: Bench, tmp_path: Any) -> None:
    import subprocess

    key, certificate = tmp_path / "k", tmp_path / "c"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-noenc", "-subj", "/CN=web", "-days", "3", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    bench.apply(secret("tls", {"tls.crt": certificate.read_text(), "tls.key": key.read_text()}))
    bench.start(
        pod(
            "with-tls",
            shell(volumeMounts=[{"name": "t", "mountPath": "/tls"}]),
            volumes=[{"name": "t", "secret": {"secretName": "tls"}}],
        )
    )
    report = bench.report("with-tls")
    assert row(report, "files", path="/tls/tls.crt")["notAfter"]
    assert titled(report, "/tls/tls.crt")["severity"] == "warning"


# -- environment -----------------------------------------------------------------------------------


def test_precedence_expansion_and_shadowing(bench: Bench) -> None:
    absent = {"name": "settings", "key": "no", "optional": True}
    memory = {"resource": "limits.memory", "divisor": "1Mi"}
    env = [
        {"name": "level", "value": "mine"},
        {"name": "BOTH", "value": "$(level)-$(LATER)"},
        {"name": "LATER", "value": "x"},
        {"name": "MAYBE", "valueFrom": {"configMapKeyRef": absent}},
        {"name": "MEM", "valueFrom": {"resourceFieldRef": memory}},
        {"name": "NODE_CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
    ]
    sources = [
        {"configMapRef": {"name": "settings"}},
        {"secretRef": {"name": "login"}, "prefix": "L_"},
    ]
    limits = {"limits": {"memory": "64Mi"}}
    bench.start(pod("env", shell(env=env, envFrom=sources, resources=limits)))
    report = bench.report("env")
    found = {one["name"]: one for one in rows(report, "environment") if one["state"] != "shadowed"}
    states = {name: one["state"] for name, one in found.items()}
    assert states["BOTH"] == "unresolved"
    assert {states[name] for name in ("level", "colour", "L_user", "MEM", "NODE_CPU")} == {
        "current"
    }
    assert found["level"]["injected"] == "mine"
    assert found["level"]["shadows"]
    assert found["MEM"]["injected"] == "64"
    assert found["L_password"]["injected"] == "<hidden>"
    assert found["PATH"]["state"] == "extra"
    assert found["KUBERNETES_SERVICE_HOST"]["source"]["kind"] == "service"


def test_values_that_the_program_changed_are_no_drift(bench: Bench) -> None:
    # A program that starts itself anew with another environment: exec session and process differ.
    bench.start(
        pod("changer", shell(f'export LEVEL=own; exec sh -c "{FOREVER}"',
                             env=[{"name": "LEVEL", "value": "given"}]))
    )  # fmt: skip
    report = bench.report("changer")
    level = row(report, "environment", name="LEVEL")
    assert (level["state"], level["injected"], level["process"]) == (
        "changedByProgram",
        "given",
        "<differs>",
    )
    assert troubles(report) == []


# -- downward API ----------------------------------------------------------------------------------


def test_an_annotation_that_changes_reaches_the_file_and_not_the_variable(bench: Bench) -> None:
    field = {"fieldRef": {"fieldPath": "metadata.annotations['note']"}}
    made = pod(
        "annotated",
        shell(
            env=[{"name": "NOTE", "valueFrom": field}],
            volumeMounts=[{"name": "d", "mountPath": "/d"}],
        ),
        volumes=[{"name": "d", "downwardAPI": {"items": [{"path": "note", **field}]}}],
    )
    made["metadata"]["annotations"] = {"note": "one"}
    bench.start(made)
    first = bench.report("annotated")
    states = {
        one["form"]: one["state"] for one in rows(first, "downwardAPI") if "note" in one["field"]
    }
    assert states == {"env": "current", "file": "current"}
    bench.kubectl("annotate", "pod", "annotated", "note=two", "--overwrite")

    def followed() -> Any:
        report = bench.report("annotated")
        found = {one["form"]: one for one in rows(report, "downwardAPI") if "note" in one["field"]}
        return found if found["file"]["state"] == "current" else None

    found = bench.wait_for(followed, "the file to follow")
    assert found["env"]["state"] == "frozen"
    assert found["file"]["current"] == "two"


# -- service account tokens ------------------------------------------------------------------------


def test_tokens_of_a_living_and_of_a_deleted_account(bench: Bench) -> None:
    bench.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}})
    bench.start(
        pod("with-robot", serviceAccountName="robot"),
        pod("mute", automountServiceAccountToken=False),
    )
    report = bench.report("with-robot")
    (token,) = report["serviceAccountTokens"]
    assert (token["state"], token["serviceAccount"]) == ("valid", "robot")
    assert token["warnAfter"] < token["expiresAt"]
    assert troubles(report) == []
    assert bench.report("mute")["serviceAccountTokens"] == []
    bench.kubectl("delete", "serviceaccount", "robot")
    gone = bench.report("with-robot")
    assert row(gone, "serviceAccountTokens", container="app")["state"] == "mismatch"
    assert any("robot" in title for title in troubles(gone))


def test_a_healthy_pod_of_everyday_has_no_finding(bench: Bench) -> None:
    ports = [{"containerPort": 8080}, {"containerPort": 9090, "name": "unused"}]
    # A probe that comes before the program fails once, and podx says so (PRB012).
    http = {"path": "/hosts", "port": 8080}
    probe = {"httpGet": http, "periodSeconds": 2, "initialDelaySeconds": 3}
    web = container(
        "web",
        BUSYBOX,
        command=["sh", "-c", f"httpd -p 8080 -h /etc; {FOREVER}"],
        ports=ports,
        readinessProbe=probe,
        envFrom=[{"configMapRef": {"name": "settings"}}],
        volumeMounts=[{"name": "c", "mountPath": "/config"}],
    )
    made = bench.start(
        pod("ordinary", web, volumes=[{"name": "c", "configMap": {"name": "settings"}}])
    )
    assert is_ready(made[0])
    report = bench.report("ordinary")
    assert codes(report) == set()
    assert report["verdict"]["severity"] == "ok"

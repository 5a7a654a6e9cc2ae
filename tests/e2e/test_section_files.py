"""Files: every kind of mounted file, healthy in one pod and broken in another."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path
from typing import Any

import pytest

from e2e.manifests import config_map, deployment, pod, secret, shell
from e2e.reports import assert_healthy, codes, finding, row, rows, states
from e2e.support import Bench, Manifest, is_ready

pytestmark = pytest.mark.cluster

LINES = "line one\nline two\nline three\n"


def mounted(
    name: str, *mounts: tuple[str, str], volumes: list[Manifest], **fields: Any
) -> Manifest:
    """A pod whose one container has these (volume, path) mounts."""
    listed = [{"name": volume, "mountPath": path} for volume, path in mounts]
    spec = fields.pop("spec", {})
    return pod(name, shell(volumeMounts=listed, **fields), volumes=volumes, **spec)


def projected(name: str, *sources: Manifest) -> Manifest:
    return {"name": name, "projected": {"sources": list(sources)}}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A certificate that ends in five days."""
    folder: Path = tmp_path_factory.mktemp("pki")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "5", "-subj", "/CN=web.shop.svc"),
            *("-keyout", str(folder / "tls.key"), "-out", str(folder / "tls.crt")),
        ],
        check=True,
        capture_output=True,
    )
    return (folder / "tls.crt").read_text()


@pytest.fixture(scope="module", autouse=True)
def started(bench: Bench, certificate: str) -> None:
    """Every pod of the module, started together; then what they read changes."""
    bench.apply(
        [
            config_map("coder", {"config": LINES}),
            config_map(
                "logo",
                {"name": "x"},
                binaryData={"logo": base64.b64encode(b"\x89P\0\xff").decode()},
            ),
            config_map("keys", {"one": "1", "two": "2"}),
            secret("zhangyu", {"name": "zhangyu", "secret": "not-to-be-seen-3"}),
            secret("tls", {"tls.crt": certificate}),
            config_map("fixed", {"level": "one"}, immutable=True),
            config_map("going", {"level": "one"}),
            config_map("shrinking", {"kept": "1", "dropped": "2"}),
            config_map("left", {"a": "left"}),
            config_map("right", {"a": "right"}),
        ]
    )
    not_root = {"runAsUser": 1000, "runAsGroup": 1000}
    owner_only = {"name": "v", "secret": {"secretName": "zhangyu", "defaultMode": 0o400}}
    bench.start(
        mounted(
            "pod-mount-configmap",
            ("v", "/config"),
            volumes=[{"name": "v", "configMap": {"name": "coder"}}],
        ),
        mounted(
            "pod-mount-secret",
            ("v", "/secret"),
            volumes=[{"name": "v", "secret": {"secretName": "zhangyu"}}],
        ),
        mounted(
            "chosen",
            ("v", "/v"),
            ("b", "/b"),
            ("o", "/o"),
            volumes=[
                {
                    "name": "v",
                    "configMap": {
                        "name": "keys",
                        "items": [{"key": "one", "path": "sub/renamed", "mode": 0o600}],
                    },
                },
                {"name": "b", "configMap": {"name": "logo"}},
                {"name": "o", "configMap": {"name": "nobody-has-it", "optional": True}},
            ],
        ),
        mounted("unreadable", ("v", "/s"), volumes=[owner_only], securityContext=not_root),
        mounted(
            "readable",
            ("v", "/s"),
            volumes=[owner_only],
            securityContext=not_root,
            spec={"securityContext": {"fsGroup": 1000}},
        ),
        mounted(
            "expiring", ("v", "/tls"), volumes=[{"name": "v", "secret": {"secretName": "tls"}}]
        ),
        mounted("immutable", ("v", "/v"), volumes=[{"name": "v", "configMap": {"name": "fixed"}}]),
        mounted(
            "stuck",
            ("v", "/v"),
            volumes=[
                projected(
                    "v",
                    {"configMap": {"name": "going"}},
                    {"configMap": {"name": "shrinking"}},
                )
            ],
        ),
        mounted(
            "hidden-key",
            ("v", "/v"),
            volumes=[
                projected("v", {"configMap": {"name": "left"}}, {"configMap": {"name": "right"}})
            ],
        ),
        pod(
            "wrong-sub-path",
            shell(
                volumeMounts=[{"name": "v", "mountPath": "/etc/app.conf", "subPath": "app.conf"}]
            ),
            volumes=[{"name": "v", "configMap": {"name": "coder"}}],
        ),
    )
    bench.apply(
        mounted("waits", ("v", "/v"), volumes=[{"name": "v", "configMap": {"name": "not-made"}}])
    )
    bench.kubectl("delete", "configmap", "fixed", "going")
    bench.apply(config_map("fixed", {"level": "two"}))
    bench.apply(config_map("shrinking", {"kept": "other"}))


def test_a_config_map_with_a_key_of_several_lines(bench: Bench) -> None:
    report = bench.report("pod-mount-configmap")
    file = row(report, "files", path="/config/config")
    assert (file["state"], file["size"], file["sourceSize"]) == ("current", len(LINES), len(LINES))
    assert file["digest"] == file["sourceDigest"]
    assert file["source"] == {
        "kind": "ConfigMap",
        "name": "coder",
        "key": "config",
        "optional": False,
    }
    assert (file["mode"], file["declaredMode"], file["readable"]) == ("0644", "0644", True)
    assert file["sourceChangedBy"].startswith("kubectl")
    assert file["volumeWrittenAt"]
    assert file["volumeWrittenAfterStart"] is False
    assert_healthy(report)


def test_a_secret_shows_states_and_sizes_and_no_digest(bench: Bench) -> None:
    report = bench.report("pod-mount-secret")
    assert states(report, volume="v") == {"/secret/name": "current", "/secret/secret": "current"}
    for file in rows(report, "files", volume="v"):
        assert (file["digest"], file["sourceDigest"]) == (None, None)
    assert "not-to-be-seen-3" not in str(report)
    assert_healthy(report)


def test_items_modes_binary_data_and_optional_sources(bench: Bench) -> None:
    report = bench.report("chosen")
    assert states(report, volume="v") == {"/v/sub/renamed": "current"}
    assert row(report, "files", volume="v")["mode"] == "0600"
    assert states(report, volume="b") == {"/b/logo": "current", "/b/name": "current"}
    assert rows(report, "files", volume="o") == []
    volume = row(report, "volumes", name="v")
    assert any("two" in detail for detail in volume["details"]), volume
    assert codes(report, "critical") | codes(report, "warning") == set()


def test_a_file_that_the_main_process_may_not_read(bench: Bench) -> None:
    report = bench.report("unreadable")
    assert {file["readable"] for file in rows(report, "files", volume="v")} == {False}
    found = finding(report, "FIL007")
    assert found["severity"] == "warning"
    assert "0400" in " ".join(found["evidence"])
    # fsGroup changes owner and mode, and that is no difference from what is declared.
    healthy = bench.report("readable")
    files = rows(healthy, "files", volume="v")
    assert {(file["mode"], file["declaredMode"], file["readable"]) for file in files} == {
        ("0440", "0440", True)
    }
    assert_healthy(healthy)


def test_a_certificate_that_ends_soon(bench: Bench) -> None:
    report = bench.report("expiring")
    assert row(report, "files", path="/tls/tls.crt")["notAfter"]
    found = finding(report, "FIL009")
    assert found["severity"] == "warning"
    assert "expires in" in found["title"]


def test_an_immutable_config_map_made_anew_is_frozen(bench: Bench) -> None:
    report = bench.report("immutable")
    file = row(report, "files", path="/v/level")
    assert file["state"] in ("frozen", "stale"), file
    assert {"FIL010", "FIL003"} & codes(report)


def test_one_lost_source_stops_the_whole_volume(bench: Bench) -> None:
    report = bench.report("stuck")
    assert states(report, volume="v") == {
        "/v/level": "orphaned",
        "/v/kept": "stuck",
        # Of a source that is gone nobody knows the keys any more: this may have been one of them.
        "/v/dropped": "orphaned",
    }
    assert "going" in finding(report, "FIL004")["title"]
    assert "going" in " ".join(finding(report, "FIL002")["evidence"])


def test_two_sources_with_one_path(bench: Bench) -> None:
    report = bench.report("hidden-key")
    assert row(report, "files", path="/v/a")["source"]["name"] == "right"
    assert "left" in finding(report, "FIL016")["title"]


def test_a_sub_path_that_the_volume_does_not_have(bench: Bench) -> None:
    found = finding(bench.report("wrong-sub-path"), "FIL015")
    assert "/etc/app.conf" in found["title"]
    assert "config" in " ".join(found["evidence"])


def test_a_missing_config_map_keeps_the_pod_from_starting(bench: Bench) -> None:
    report = bench.report("waits")
    assert report["verdict"]["severity"] == "critical"
    assert "ConfigMap not-made does not exist" in report["verdict"]["summary"]
    assert states(report, volume="v") == {"/v": "missing"}
    # One problem is told once.
    assert len([one for one in report["findings"] if "not-made" in str(one)]) == 1


def test_a_whole_volume_written_after_the_start_is_told_and_is_no_warning(bench: Bench) -> None:
    bench.apply(config_map("reloaded", {"level": "one"}))
    template = mounted(
        "reloading", ("v", "/v"), volumes=[{"name": "v", "configMap": {"name": "reloaded"}}]
    )
    bench.apply(deployment("reloading", template))

    def name() -> str:
        pods = bench.kubectl("get", "pods", "-l", "app=reloading", "-o", "json").json["items"]
        return next((one["metadata"]["name"] for one in pods if is_ready(one)), "")

    chosen = bench.wait_for(name, "a ready pod of deploy/reloading")
    # Times are rounded: two seconds after the start count as the start.
    bench.wait_for(lambda: bench.report(chosen)["pod"]["age"] > 4, "four seconds")
    bench.apply(config_map("reloaded", {"level": "two"}))

    def current() -> Any:
        report = bench.report(chosen, "--section", "files,findings")
        file = row(report, "files", path="/v/level")
        return report if file["state"] == "current" and file["volumeWrittenAfterStart"] else None

    report = bench.wait_for(current, "the kubelet's refresh")
    assert finding(report, "FIL012")["severity"] == "info"
    assert report["verdict"]["severity"] == "ok"

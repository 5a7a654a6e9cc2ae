"""Environment, downward API and tokens beyond the ordinary: starts, files, resizes, accounts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from e2e.manifests import FOREVER, account, allow, config_map, pod, secret, shell
from e2e.reports import assert_healthy, codes, finding, row, rows, states
from e2e.support import Bench, Manifest, restarted

pytestmark = pytest.mark.cluster

LIMITS = {
    "requests": {"cpu": "50m", "memory": "32Mi"},
    "limits": {"cpu": "100m", "memory": "64Mi"},
}


def of(kind: str, name: str, key: str, **fields: Any) -> Manifest:
    return {f"{kind}KeyRef": {"name": name, "key": key, **fields}}


def variable(name: str, **source: Any) -> Manifest:
    return {"name": name, "valueFrom": source}


def resource(name: str, divisor: str = "1", **fields: Any) -> Manifest:
    return {"resourceFieldRef": {"resource": name, "divisor": divisor, **fields}}


FILES = 35
FROM_FILE = pod(
    "from-file",
    shell(
        env=[
            variable(
                "COLOUR",
                fileKeyRef={"volumeName": "made", "path": "app.env", "key": "COLOUR"},
            )
        ]
    ),
    initContainers=[
        shell(
            "echo \"COLOUR='green'\" > /made/app.env",
            "maker",
            volumeMounts=[{"name": "made", "mountPath": "/made"}],
        )
    ],
    volumes=[{"name": "made", "emptyDir": {}}],
)


@pytest.fixture(scope="module", autouse=True)
def started(bench: Bench, server: int) -> None:
    """Every pod of the module, started together; then their sources change."""
    bench.apply(
        [
            config_map("settings", {"level": "one"}),
            config_map("moving", {"level": "one"}),
            secret("login", {"user": "admin", "password": "hidden-value-9"}),
            secret("going", {"key": "value-that-goes"}),
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}},
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": "early"},
                "spec": {"ports": [{"port": 80}], "selector": {"app": "nobody"}},
            },
        ]
    )
    level = [variable("LEVEL", **of("configMap", "settings", "level"))]
    moving = [variable("LEVEL", **of("configMap", "moving", "level"))]
    token = {"serviceAccountToken": {"path": "t", "audience": "vault", "expirationSeconds": 600}}
    sized = [
        variable("CPU", **resource("limits.cpu", "1m")),
        variable("MEMORY", **resource("requests.memory", "1Mi", containerName="app")),
        variable("ADDRESS", fieldRef={"fieldPath": "status.podIP"}),
        variable("TIER", fieldRef={"fieldPath": "metadata.labels['tier']"}),
    ]
    labels = {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}
    cpu = {"path": "cpu", **resource("limits.cpu", "1m", containerName="app")}
    bench.start(
        pod(
            "calm",
            shell(
                env=[
                    *level,
                    variable("MAYBE", **of("secret", "nowhere", "x", optional=True)),
                    {"name": "URL", "value": "http://$$(PORT)/$(LEVEL)"},
                    {"name": "BACK", "value": "$(EARLY_SERVICE_HOST)"},
                ],
                envFrom=[{"prefix": "LOGIN_", "secretRef": {"name": "login"}}],
            ),
        ),
        pod("no-links", enableServiceLinks=False),
        pod(
            "two-starts",
            shell(FOREVER, "old", env=moving),
            shell(
                "while [ ! -e /s/go ]; do sleep 0.2; done; rm /s/go; exit 1",
                "fresh",
                env=moving,
                volumeMounts=[{"name": "s", "mountPath": "/s"}],
            ),
            volumes=[{"name": "s", "emptyDir": {}}],
        ),
        pod("orphan", shell(env=[variable("K", **of("secret", "going", "key"))])),
        *([FROM_FILE] if server >= FILES else []),
        pod(
            "sized",
            shell(
                env=sized,
                resources=LIMITS,
                volumeMounts=[
                    {"name": "d", "mountPath": "/d"},
                    {"name": "d", "mountPath": "/fixed", "subPath": "labels"},
                ],
            ),
            labels={"app": "sized", "tier": "front"},
            volumes=[{"name": "d", "downwardAPI": {"items": [labels, cpu]}}],
        ),
        pod(
            "with-token",
            shell(volumeMounts=[{"name": "t", "mountPath": "/t"}]),
            serviceAccountName="robot",
            volumes=[{"name": "t", "projected": {"sources": [token]}}],
        ),
    )
    bench.apply(pod("blocked", shell(env=[variable("K", **of("configMap", "settings", "size"))])))


def test_all_four_values_of_a_healthy_pod(bench: Bench) -> None:
    report = bench.report("calm")
    found = {one["name"]: one for one in report["environment"]}
    for name in ("LEVEL", "LOGIN_user", "LOGIN_password", "URL", "MAYBE"):
        assert found[name]["state"] == "current", found[name]
    assert found["LEVEL"]["declared"] == found["LEVEL"]["injected"] == "one"
    assert found["LEVEL"]["process"] == found["LEVEL"]["current"] == "one"
    assert found["LOGIN_password"]["injected"] == "<hidden>"
    assert found["URL"]["injected"] == "http://$(PORT)/one"
    # What a Service's address was at the start is not known now: it is not called a difference.
    assert found["BACK"]["state"] == "unknown"
    assert "EARLY_SERVICE_HOST" in found["BACK"]["reason"]
    assert found["EARLY_SERVICE_HOST"]["source"]["kind"] == "service"
    assert found["MAYBE"]["injected"] is None
    assert codes(report) <= {"ENV006"}
    assert report["verdict"]["severity"] == "ok"


def test_service_links_can_be_left_out(bench: Bench) -> None:
    report = bench.report("no-links")
    names = {one["name"] for one in report["environment"]}
    assert "EARLY_SERVICE_HOST" not in names
    assert "KUBERNETES_SERVICE_HOST" in names
    assert_healthy(report)


def test_each_container_is_judged_by_its_own_start(bench: Bench) -> None:
    bench.apply(config_map("moving", {"level": "two"}))
    bench.exec("two-starts", "touch", "/s/go", container="fresh")
    bench.wait_for_pod("two-starts", restarted("fresh"), "one container restarted")

    def both() -> Any:
        report = bench.report("two-starts", "--section", "environment,findings")
        found = {
            one["container"]: one["state"] for one in rows(report, "environment", name="LEVEL")
        }
        return report if found == {"old": "frozen", "fresh": "current"} else None

    report = bench.wait_for(both, "the fresh container to have the new value")
    found = finding(report, "ENV001")
    assert found["container"] == "old"
    assert "LEVEL" in found["title"]


def test_a_deleted_secret_keeps_its_container_from_starting_again(bench: Bench) -> None:
    bench.kubectl("delete", "secret", "going")
    report = bench.report("orphan")
    assert row(report, "environment", name="K")["state"] == "orphaned"
    found = finding(report, "ENV002")
    assert 'secret "going" not found' in found["title"]
    assert report["verdict"]["severity"] == "warning"
    assert "value-that-goes" not in json.dumps(report)


def test_a_key_that_is_missing_blocks_the_start(bench: Bench) -> None:
    def waits() -> Any:
        report = bench.report("blocked")
        return report if any(one["blocking"] for one in report["findings"]) else None

    report = bench.wait_for(waits, "the kubelet's refusal")
    assert row(report, "environment", name="K")["state"] == "missing"
    (blocking,) = [one for one in report["findings"] if one["blocking"]]
    assert blocking["code"] == "CON001"
    assert "size" in blocking["title"]
    assert "settings" in blocking["title"]


@pytest.mark.needs_server("1.35", "variables from files")
def test_a_variable_from_a_file_that_an_init_container_made(bench: Bench) -> None:
    report = bench.report("from-file")
    colour = row(report, "environment", name="COLOUR")
    assert colour["source"]["kind"] == "file"
    assert colour["state"] == "unknown"
    assert "file" in colour["reason"]
    assert_healthy(report)


@pytest.mark.needs_server("1.33", "a resize in place")
def test_downward_values_before_and_after_a_resize_and_an_edit(bench: Bench) -> None:
    before = bench.report("sized")
    assert set(states(before, "downwardAPI", "name").values()) == {"current"}
    assert row(before, "downwardAPI", name="CPU")["observed"] == "100"
    assert row(before, "downwardAPI", name="MEMORY")["observed"] == "32"
    assert row(before, "downwardAPI", name="/d/cpu")["observed"] == "100"
    assert_healthy(before)
    bench.kubectl("label", "pod", "sized", "tier=back", "--overwrite")
    more = {"requests": {"cpu": "60m"}, "limits": {"cpu": "150m"}}
    patch = json.dumps({"spec": {"containers": [{"name": "app", "resources": more}]}})
    bench.kubectl("patch", "pod", "sized", "--subresource=resize", "--patch", patch)

    def settled() -> Any:
        report = bench.report("sized")
        followed = row(report, "downwardAPI", name="/d/labels")["state"] == "current"
        cpu = row(report, "containers", name="app")["resources"]["cpu"]
        resized = cpu["observedLimit"] == 0.15
        return report if followed and resized else None

    report = bench.wait_for(settled, "files and cgroup to follow")
    found = states(report, "downwardAPI", "name")
    assert {name: found[name] for name in ("TIER", "CPU", "MEMORY", "ADDRESS", "/fixed")} == {
        "TIER": "frozen",
        "CPU": "frozen",
        "MEMORY": "current",
        "ADDRESS": "current",
        "/fixed": "frozen",
    }
    assert row(report, "downwardAPI", name="TIER")["current"] == "back"
    assert "CPU" in finding(report, "DWN002")["title"]
    assert "TIER" in finding(report, "DWN001")["title"]


def test_a_token_and_an_account_that_was_made_anew(bench: Bench, node: str) -> None:
    report = bench.report("with-token")
    token = row(report, "serviceAccountTokens", volume="t")
    assert (token["path"], token["audiences"], token["state"]) == ("/t/t", ["vault"], "valid")
    assert (token["boundPod"], token["boundNode"], token["serviceAccount"]) == (
        "with-token",
        node,
        "robot",
    )
    assert token["expirationSeconds"] == 600
    assert token["issuedAt"] < token["refreshAt"] < token["expiresAt"]
    assert_healthy(report)
    bench.kubectl("delete", "serviceaccount", "robot")
    assert "robot does not exist" in finding(bench.report("with-token"), "TOK003")["title"]
    bench.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}})
    anew = bench.report("with-token")
    assert {one["state"] for one in anew["serviceAccountTokens"]} == {"mismatch"}
    assert "recreated" in finding(anew, "TOK002", "/t/t")["title"]
    assert finding(anew, "TOK002", "/t/t")["severity"] == "critical"


def test_a_secret_that_may_not_be_read_is_denied_and_not_missing(bench: Bench) -> None:
    bench.apply(
        account("looker", allow("get", "pods configmaps"), allow("get create", "pods/exec"))
    )
    user = f"system:serviceaccount:{bench.namespace}:looker"
    report = bench.report("calm", "--as", user)
    assert row(report, "environment", name="LEVEL")["state"] == "current"
    assert codes(report).isdisjoint({"ENV002", "ENV003"})
    denied = [one for one in report["coverage"] if one["section"] == "environment"]
    assert any("get secrets" in one["needs"] for one in denied)

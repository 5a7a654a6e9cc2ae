"""A ConfigMap that changes: what follows by itself, and what only a restart brings."""

from __future__ import annotations

from typing import Any

import pytest

from e2e.manifests import config_map, deployment, pod, secret, shell
from e2e.support import Bench, is_ready

pytestmark = pytest.mark.cluster

MOUNTS = [
    {"name": "config", "mountPath": "/config"},
    {"name": "config", "mountPath": "/etc/level", "subPath": "level"},
]


@pytest.fixture(scope="module")
def changed(bench: Bench) -> tuple[str, list[str]]:
    """A running pod of a Deployment that reads a ConfigMap in three ways; the ConfigMap changes.

    With it the states that the volume's file went through until it was current again.
    """
    bench.apply(config_map("settings", {"level": "very"}))
    env = [
        {
            "name": "LEVEL",
            "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "level"}},
        }
    ]
    template = pod(
        "web",
        shell(env=env, volumeMounts=MOUNTS),
        volumes=[{"name": "config", "configMap": {"name": "settings"}}],
    )
    bench.apply(deployment("web", template))

    def running() -> str:
        pods = bench.kubectl("get", "pods", "-l", "app=web", "-o", "json").json["items"]
        return next((one["metadata"]["name"] for one in pods if is_ready(one)), "")

    name = bench.wait_for(running, "a ready pod of deploy/web")
    assert states(bench.report(name)) == {
        "/config/level": "current",
        "/etc/level": "current",
        "LEVEL": "current",
    }
    seen: list[str] = []

    def current() -> bool:
        state = states(bench.report(name))["/config/level"]
        if state not in seen:
            seen.append(state)
        return state == "current"

    # The kubelet may come round in the very moment of the change: then once more.
    for level in ("calm", "loud", "calm", "loud", "calm"):
        seen.clear()
        bench.apply(config_map("settings", {"level": level}))
        bench.wait_for(current, "the kubelet's refresh of the volume")
        if level == "calm" and "stale" in seen:
            break
    return name, seen


@pytest.fixture
def web(changed: tuple[str, list[str]]) -> str:
    """The name of that pod."""
    return changed[0]


def states(report: Any) -> dict[str, str]:
    files = {
        one["path"]: one["state"] for one in report["files"] if one["source"]["name"] == "settings"
    }
    variables = {
        one["name"]: one["state"] for one in report["environment"] if one["name"] == "LEVEL"
    }
    return files | variables


def test_the_volume_goes_stale_and_then_current_and_the_rest_is_frozen(
    bench: Bench, changed: tuple[str, list[str]]
) -> None:
    name, seen = changed
    # The first look comes within the kubelet's sync period, five seconds on this cluster.
    assert seen == ["stale", "current"]
    assert states(bench.report(name)) == {
        "/config/level": "current",
        "/etc/level": "frozen",
        "LEVEL": "frozen",
    }


def test_a_finding_names_the_restart_command(bench: Bench, web: str) -> None:
    report = bench.report(web)
    about = {
        word: next(
            one
            for one in report["findings"]
            if word in " ".join([one["title"], *one["evidence"]])
            and "rollout restart" in one["fix"]
        )
        for word in ("/etc/level", "LEVEL")
    }
    for finding in about.values():
        assert finding["severity"] == "warning"
        assert finding["fix"] == f"kubectl rollout restart deploy/web -n {bench.namespace}"
    level = next(one for one in report["environment"] if one["name"] == "LEVEL")
    assert level["injected"] == "<differs>"
    assert level["current"] == "calm"


def test_the_text_says_frozen(bench: Bench, web: str) -> None:
    text = bench.podx("describe", web).stdout
    assert "frozen" in text
    assert "kubectl rollout restart deploy/web" in text


def test_a_deleted_secret_is_orphaned_and_a_restart_would_fail(bench: Bench) -> None:
    bench.apply(secret("gone", {"key": "value-to-hide"}))
    env = [{"name": "K", "valueFrom": {"secretKeyRef": {"name": "gone", "key": "key"}}}]
    bench.start(
        pod(
            "orphan",
            shell(env=env, volumeMounts=[{"name": "s", "mountPath": "/s"}]),
            volumes=[{"name": "s", "secret": {"secretName": "gone"}}],
        )
    )
    bench.kubectl("delete", "secret", "gone")
    report = bench.report("orphan")
    file = next(one for one in report["files"] if one["path"] == "/s/key")
    variable = next(one for one in report["environment"] if one["name"] == "K")
    assert (file["state"], variable["state"]) == ("orphaned", "orphaned")
    assert any("gone" in one["title"] for one in report["findings"])


def test_a_changed_label_is_frozen_in_a_variable(bench: Bench) -> None:
    env = [
        {"name": "APP", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
    ]
    bench.start(pod("labelled", shell(env=env)))
    bench.kubectl("label", "pod", "labelled", "app=other", "--overwrite")
    report = bench.report("labelled")
    (downward,) = [one for one in report["downwardAPI"] if one["name"] == "APP"]
    assert (downward["form"], downward["state"]) == ("env", "frozen")
    assert downward["current"] == "other"

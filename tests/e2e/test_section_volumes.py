"""Volumes: claims and their volumes, host paths, images, and mounts that no spec explains."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from e2e.manifests import BUSYBOX, FOREVER, config_map, pod, shell
from e2e.reports import assert_healthy, codes, finding, row
from e2e.support import Bench, Manifest

pytestmark = pytest.mark.cluster

IMAGES = 35
IMAGE = {"name": "image", "image": {"reference": BUSYBOX, "pullPolicy": "IfNotPresent"}}


def claim(name: str, volume: str = "") -> Manifest:
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "",
        "resources": {"requests": {"storage": "1Gi"}},
    }
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": spec | ({"volumeName": volume} if volume else {}),
    }


def mount(volume: str, path: str, **fields: Any) -> Manifest:
    return {"name": volume, "mountPath": path, **fields}


@pytest.fixture(scope="module", autouse=True)
def started(bench: Bench, server: int) -> Iterator[None]:
    """Every pod of the module, started together, and one volume of the whole cluster."""
    persistent = f"pv-{bench.namespace}"
    bench.apply(
        [
            {
                "apiVersion": "v1",
                "kind": "PersistentVolume",
                "metadata": {"name": persistent},
                "spec": {
                    "capacity": {"storage": "1Gi"},
                    "accessModes": ["ReadWriteOnce"],
                    "persistentVolumeReclaimPolicy": "Retain",
                    "hostPath": {"path": f"/tmp/{persistent}", "type": "DirectoryOrCreate"},
                },
            },
            claim("data", persistent),
            claim("homeless"),
            config_map("settings", {"level": "very"}),
        ]
    )
    held = {"persistentVolumeClaim": {"claimName": "data"}}
    bench.apply(
        pod(
            "waits-for-claim",
            shell(volumeMounts=[mount("data", "/data")]),
            volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "homeless"}}],
        )
    )
    bench.start(
        pod(
            "kept",
            shell(
                volumeMounts=[
                    mount("data", "/data", subPathExpr="$(POD)"),
                    *([mount("image", "/from-image", readOnly=True)] if server >= IMAGES else []),
                ],
                env=[{"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
            ),
            volumes=[
                {"name": "data", **held},
                *([IMAGE] if server >= IMAGES else []),
            ],
        ),
        pod(
            "covered",
            shell(
                f"mount -t tmpfs none /etc/app; mount -t tmpfs none /home; {FOREVER}",
                securityContext={"privileged": True},
                volumeMounts=[mount("config", "/etc/app/conf.d")],
            ),
            volumes=[{"name": "config", "configMap": {"name": "settings"}}],
        ),
        pod(
            "unmounted",
            shell(
                f"umount /scratch; {FOREVER}",
                securityContext={"privileged": True},
                volumeMounts=[mount("scratch", "/scratch")],
            ),
            volumes=[{"name": "scratch", "emptyDir": {}}],
        ),
        pod(
            "broken-disk",
            shell(
                f"mount -o remount,ro,bind /scratch; {FOREVER}",
                securityContext={"privileged": True},
                volumeMounts=[mount("scratch", "/scratch")],
            ),
            volumes=[{"name": "scratch", "emptyDir": {}}],
        ),
        pod(
            "deleted-folder",
            shell(volumeMounts=[mount("scratch", "/work", subPath="work")]),
            shell(
                f"sleep 2; rm -r /all/work; {FOREVER}",
                "cleaner",
                volumeMounts=[mount("scratch", "/all")],
            ),
            volumes=[{"name": "scratch", "emptyDir": {}}],
        ),
    )
    try:
        yield
    finally:
        bench.kubectl("delete", "pod", "kept", "--force", "--grace-period=0", check=False)
        bench.kubectl("delete", "pv", persistent, "--wait=false", check=False)


def test_a_claim_its_volume_and_an_image_as_a_volume(bench: Bench, server: int) -> None:
    report = bench.report("kept")
    data = row(report, "volumes", name="data")
    assert (data["type"], data["source"]) == ("persistentVolumeClaim", "data")
    said = "; ".join(data["details"])
    assert f"Bound to PersistentVolume pv-{bench.namespace}" in said
    assert f"hostPath /tmp/pv-{bench.namespace}" in said
    assert "reclaim policy Retain" in said
    (place,) = data["mounts"]
    assert (place["state"], place["subPath"]) == ("mounted", "kept")
    assert data["size"] > data["used"] >= 0
    if server >= IMAGES:
        image = row(report, "volumes", name="image")
        assert (image["type"], image["source"]) == ("image", BUSYBOX)
        assert image["mounts"][0]["observedReadOnly"] is True
    assert_healthy(report)


def test_a_claim_that_is_not_bound(bench: Bench) -> None:
    def told() -> Any:
        report = bench.report("waits-for-claim")
        return report if report["scheduling"]["reasons"] else None

    report = bench.wait_for(told, "the scheduler's word")
    assert "claim homeless of volume data is Pending" in finding(report, "VOL007")["title"]
    assert len([one for one in report["findings"] if one["blocking"]]) == 1


def test_a_mount_over_a_mount_and_one_that_nobody_declared(bench: Bench) -> None:
    report = bench.report("covered")
    (place,) = row(report, "volumes", name="config")["mounts"]
    assert place["state"].startswith("coveredBy:/etc/app")
    assert "config" in finding(report, "VOL006")["title"]
    foreign = row(report, "volumes", name="/home")
    assert "not in the spec" in foreign["details"][0]
    assert report["verdict"]["severity"] == "warning"


def test_a_mount_that_was_taken_away(bench: Bench) -> None:
    report = bench.report("unmounted")
    assert row(report, "volumes", name="scratch")["mounts"][0]["state"] == "missing"
    assert "/scratch" in finding(report, "VOL005")["title"]


def test_a_mount_that_turned_read_only(bench: Bench) -> None:
    report = bench.report("broken-disk")
    assert row(report, "volumes", name="scratch")["mounts"][0]["observedReadOnly"] is True
    assert "read-only" in finding(report, "VOL003")["title"]


def test_a_sub_path_whose_folder_is_gone(bench: Bench) -> None:
    def deleted() -> Any:
        report = bench.report("deleted-folder")
        return report if "VOL004" in codes(report) else None

    report = bench.wait_for(deleted, "the folder to be deleted")
    scratch = row(report, "volumes", name="scratch")
    assert {one["container"]: one["state"] for one in scratch["mounts"]} == {
        "app": "deletedSubPath",
        "cleaner": "mounted",
    }
    assert "/work" in finding(report, "VOL004")["title"]

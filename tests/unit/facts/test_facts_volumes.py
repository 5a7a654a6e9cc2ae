"""Volumes: their sources, the mount matrix, what is shared, and what the spec does not explain."""

from __future__ import annotations

from typing import Any

import pytest

from kit import Json, absent, container, observation, owned_by, pod, stored, view, workload
from kubectl_podx.model.capture import (
    Mount,
    Observation,
    Sealed,
    StoredObject,
    Variable,
)
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.volumes import facts as volumes
from kubectl_podx.sections.volumes.report import Volume
from kubectl_podx.sections.volumes.source import declared_read_only

KEY = "Pod/shop/web-1"
KUBELET = "/var/lib/kubelet/pods/u-1"


def view_of(
    volume: Json | None,
    mounts: dict[str, list[Json]],
    *observations: Observation,
    objects: tuple[StoredObject, ...] = (),
    variables: dict[str, list[Variable]] | None = None,
    **metadata: Any,
) -> PodView:
    body = pod(
        *(container(name, volumeMounts=mounted) for name, mounted in mounts.items()),
        metadata=metadata,
        volumes=[volume] if volume else [],
    )
    return view(
        body,
        *objects,
        observations=list(observations),
        declared_variables=variables or {},
    )


def mount(path: str, **fields: Any) -> Mount:
    return Mount(
        **{"path": path, "root": "/", "device": "8:1", "fstype": "ext4", "inode": "42", **fields}
    )


def look(container: str, *mounts: Mount) -> Observation:
    return observation(container, mounts=list(mounts))


def only(view: PodView) -> Volume:
    (found,) = volumes.build(view)
    return found


SHARED = {"name": "pod-data", "hostPath": {"path": "/data"}}
TWO = {
    "nginx": [{"name": "pod-data", "mountPath": "/usr/share/nginx/html"}],
    "debian": [{"name": "pod-data", "mountPath": "/pod-data"}],
}


def test_equal_device_and_inode_prove_that_two_containers_share() -> None:
    found = only(
        view_of(
            SHARED,
            TWO,
            look("nginx", mount("/usr/share/nginx/html")),
            look("debian", mount("/pod-data")),
        )
    )
    assert (found.type, found.source, found.shared, found.basis) == (
        "hostPath",
        "/data",
        True,
        "proven",
    )
    assert [(row.container, row.path, row.state) for row in found.mounts] == [
        ("nginx", "/usr/share/nginx/html", "mounted"),
        ("debian", "/pod-data", "mounted"),
    ]


def test_without_a_look_sharing_is_only_declared() -> None:
    found = only(view_of(SHARED, TWO))
    assert (found.shared, found.basis) == (True, "declared")
    assert {row.state for row in found.mounts} == {"unknown"}


def test_different_inodes_prove_nothing() -> None:
    first = look("nginx", mount("/usr/share/nginx/html"))
    second = look("debian", mount("/pod-data", inode="43"))
    assert only(view_of(SHARED, TWO, first, second)).basis == "declared"


ONE = {"app": [{"name": "v", "mountPath": "/v"}]}
STATES: list[tuple[str, list[Mount], str]] = [
    ("there", [mount("/"), mount("/v")], "mounted"),
    ("there with a slash at its end", [mount("/v/")], "mounted"),
    ("not there", [mount("/")], "missing"),
    ("perhaps there under another name", [mount("/"), mount("/real")], "unknown"),
    (
        "behind a symbolic link, known by its root",
        [mount("/"), mount("/real", root=f"{KUBELET}/volumes/kubernetes.io~configmap/v")],
        "mounted",
    ),
    ("deleted", [mount("/v", root="/volume-subpaths/v/app/0//deleted")], "deletedSubPath"),
    ("covered on its own path by a later one", [mount("/v", inode="1"), mount("/v")], "mounted"),
    ("a mount below it hides nothing of it", [mount("/v"), mount("/v/sub")], "mounted"),
]


@pytest.mark.parametrize(
    ("table", "state"), [case[1:] for case in STATES], ids=[case[0] for case in STATES]
)
def test_a_mount_is_looked_up_in_the_containers_table(table: list[Mount], state: str) -> None:
    view = view_of({"name": "v", "emptyDir": {}}, ONE, look("app", *table))
    assert volumes.build(view)[0].mounts[0].state == state


def test_a_later_mount_on_a_parent_folder_covers_a_mount() -> None:
    mounts = {"app": [{"name": "v", "mountPath": "/srv/app/v"}]}
    table = [mount("/srv/app/v"), mount("/srv")]
    found = volumes.build(view_of({"name": "v", "emptyDir": {}}, mounts, look("app", *table)))
    assert found[0].mounts[0].state == "coveredBy:/srv"


def test_var_run_is_run() -> None:
    path = "/var/run/secrets/kubernetes.io/serviceaccount"
    view = view_of(
        {"name": "t", "projected": {"sources": []}},
        {"app": [{"name": "t", "mountPath": path}]},
        look("app", mount("/"), mount(path.removeprefix("/var"), fstype="tmpfs")),
    )
    assert only(view).mounts[0].state == "mounted"


def test_mounts_that_the_spec_does_not_explain_get_a_row() -> None:
    standard = ("/", "/proc", "/proc/acpi", "/dev/shm", "/sys/fs/cgroup", "/etc/hosts", "/v")
    table = [*(mount(path) for path in standard), mount("/var/lib/db", source="/dev/sda1")]
    first, second = volumes.build(view_of({"name": "v", "emptyDir": {}}, ONE, look("app", *table)))
    assert first.name == "v"
    assert (second.type, second.name, second.mounts[0].container) == (
        "undeclared",
        "/var/lib/db",
        "app",
    )


def test_sizes_and_read_only_come_from_the_mount() -> None:
    view = view_of(
        {"name": "v", "emptyDir": {}},
        ONE,
        look("app", mount("/v", size=100, used=97, inodes=10, inodes_used=9, super_read_only=True)),
    )
    found = only(view)
    assert (found.size, found.used, found.inodes, found.inodes_used) == (100, 97, 10, 9)
    assert found.mounts[0].observed_read_only is True
    assert found.mounts[0].read_only is False


def test_sub_path_expr_is_expanded_where_the_values_may_be_shown() -> None:
    variables = {
        "app": [
            Variable(name="POD", declared=Sealed(digest="d", size=5, text="web-1")),
            Variable(name="KEY", declared=Sealed(digest="d", size=5)),
        ]
    }
    mounts = {"app": [{"name": "v", "mountPath": "/v", "subPathExpr": "$(POD)/$(KEY)/$(NONE)"}]}
    view = view_of({"name": "v", "emptyDir": {}}, mounts, variables=variables)
    assert only(view).mounts[0].sub_path == "web-1/$(KEY)/$(NONE)"


CLAIM = "PersistentVolumeClaim/shop/data"


DISK = "PersistentVolume//pv"
BOUND = {
    "spec": {"volumeName": "pv-7", "storageClassName": "fast"},
    "status": {
        "phase": "Bound",
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
    },
}
SOURCES: list[tuple[dict[str, Any], tuple[StoredObject, ...], str, str, list[str]]] = [
    (
        {"configMap": {"name": "cfg", "optional": True, "defaultMode": 256}},
        (),
        "configMap",
        "cfg",
        ["optional", "mode 0400"],
    ),
    (
        {"secret": {"secretName": "db", "items": [{"key": "a", "path": "a"}]}},
        (),
        "secret",
        "db",
        ["only keys a"],
    ),
    (
        {"emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}},
        (),
        "emptyDir",
        "",
        ["in memory (tmpfs), counts against the memory limit", "limit 64Mi"],
    ),
    ({}, (), "emptyDir", "", ["on the node's disk"]),
    (
        {"emptyDir": {"sizeLimit": "1Gi"}},
        (),
        "emptyDir",
        "",
        ["on the node's disk", "limit 1Gi", "the limit is enforced by eviction"],
    ),
    (
        {"persistentVolumeClaim": {"claimName": "data"}},
        (stored(BOUND, CLAIM),),
        "persistentVolumeClaim",
        "data",
        ["Bound to PersistentVolume pv-7", "capacity 1Gi", "ReadWriteOnce", "class fast"],
    ),
    (
        {"persistentVolumeClaim": {"claimName": "data"}},
        (absent(CLAIM),),
        "persistentVolumeClaim",
        "data",
        ["the claim does not exist"],
    ),
    (
        {"persistentVolumeClaim": {"claimName": "data"}},
        (absent(CLAIM, "denied"),),
        "persistentVolumeClaim",
        "data",
        ["the claim may not be read"],
    ),
    (
        {"projected": {"sources": [{"serviceAccountToken": {}}, {"configMap": {"name": "ca"}}]}},
        (),
        "projected",
        "serviceAccountToken, configMap ca",
        [],
    ),
    ({"image": {"reference": "tools:1"}}, (), "image", "tools:1", ["read-only"]),
    ({"nfs": {"server": "fs", "path": "/x"}}, (), "nfs", "fs:/x", []),
    ({"brandNew": {"thing": "x"}}, (), "brandNew", "x", []),
]


@pytest.mark.parametrize(("source", "objects", "kind", "name", "details"), SOURCES)
def test_each_type_says_what_matters_of_its_own(
    source: dict[str, Any],
    objects: tuple[StoredObject, ...],
    kind: str,
    name: str,
    details: list[str],
) -> None:
    found = only(view_of({"name": "v", **source}, {}, objects=objects))
    assert (found.type, found.source, found.details) == (kind, name, details)


def test_the_accounts_token_volume_is_injected() -> None:
    volume = {
        "name": "kube-api-access-x7f",
        "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]},
    }
    assert only(view_of(volume, {})).injected


def test_a_volume_that_the_template_has_not_is_injected() -> None:
    template = {"spec": {"volumes": [{"name": "kept"}]}}
    owner = stored(workload("ReplicaSet", "web-6d", template))
    for name, injected in (("kept", False), ("added", True)):
        view = view_of(
            {"name": name, "emptyDir": {}},
            {},
            objects=(owner,),
            ownerReferences=owned_by("ReplicaSet", "web-6d"),
        )
        assert only(view).injected is injected


def test_a_raw_block_device_is_a_mount_of_its_own_kind() -> None:
    view = view_of({"name": "v", "persistentVolumeClaim": {"claimName": "data"}}, {"app": []})
    spec = view.pod["spec"]["containers"][0]
    spec["volumeDevices"] = [{"name": "v", "devicePath": "/dev/xvda"}]
    assert [(row.path, row.fstype) for row in only(view).mounts] == [("/dev/xvda", "block")]


@pytest.mark.parametrize(
    "volume", [{"name": None}, {}, {"name": "v", "configMap": None}, {"name": "v", "csi": 3}]
)
def test_odd_volumes_still_have_a_row(volume: dict[str, Any]) -> None:
    built = volumes.build(view_of(volume, {"app": [{}, {"name": "v", "mountPath": None}]}))
    assert len(built) <= 1


def test_a_claim_is_told_with_the_volume_behind_it() -> None:
    bound = {"spec": {"volumeName": "pv"}, "status": {"phase": "Bound"}}
    claim = stored(bound, CLAIM)
    behind = {
        "spec": {"csi": {"driver": "disk.example"}, "persistentVolumeReclaimPolicy": "Delete"},
        "status": {"phase": "Released"},
    }
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}

    def details(disk: StoredObject) -> list[str]:
        return only(view_of(volume, {"app": []}, objects=(claim, disk))).details

    assert details(stored(behind, DISK)) == [
        "Bound to PersistentVolume pv",
        "csi disk.example",
        "reclaim policy Delete",
        "the PersistentVolume is Released",
    ]
    assert details(absent(DISK))[-1] == "PersistentVolume pv does not exist any more"
    assert details(absent(DISK, "denied")) == ["Bound to PersistentVolume pv"]


@pytest.mark.parametrize(
    ("volume", "modes", "read_only"),
    [
        ({"image": {"reference": "tools:1"}}, [], True),
        ({"csi": {"driver": "d", "readOnly": True}}, [], True),
        ({"csi": {"driver": "d"}}, [], False),
        ({"emptyDir": {}}, [], False),
        ({"persistentVolumeClaim": {"claimName": "data", "readOnly": True}}, [], True),
        ({"persistentVolumeClaim": {"claimName": "data"}}, ["ReadOnlyMany"], True),
        (
            {"persistentVolumeClaim": {"claimName": "data"}},
            ["ReadOnlyMany", "ReadWriteOnce"],
            False,
        ),
        ({"ephemeral": {}}, ["ReadOnlyMany"], True),
    ],
)
def test_what_may_only_be_read_by_its_source(
    volume: Json, modes: list[str], read_only: bool
) -> None:
    body = {"status": {"accessModes": modes}}
    claims = (stored(body, CLAIM), stored(body, "PersistentVolumeClaim/shop/web-0-v"))
    view = view_of({"name": "v", **volume}, {"app": []}, objects=claims)
    assert declared_read_only(view, "v") is read_only
    assert not declared_read_only(view, "another")

"""Rules about volumes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kit import absent, event, stored
from kit.sharing_cases import (
    HEALTHY,
    LOOK,
    case_of,
    changed,
    hits,
    look,
    severities,
    waiting,
)
from kubectl_podx.model.capture import Mount, Observation
from kubectl_podx.sections.volumes.rules import RULES

ROOT, DATA = LOOK.mounts


def data(**changes: Any) -> Observation:
    return look(mounts=[ROOT, msgspec.structs.replace(DATA, **changes)])


def test_a_healthy_volume_has_no_finding() -> None:
    assert hits(RULES, case_of(HEALTHY, LOOK)) == {}
    assert hits(RULES, case_of(HEALTHY)) == {}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"used": 899}, {}),
        ({"used": 900}, {"VOL001": "warning"}),
        ({"used": 990}, {"VOL001": "critical"}),
        ({"inodes_used": 95}, {"VOL002": "warning"}),
        ({"super_read_only": True}, {"VOL003": "critical"}),
        ({"read_only": True}, {"VOL003": "warning"}),
        ({"root": "/x//deleted"}, {"VOL004": "warning"}),
        ({"path": "/"}, {"VOL005": "warning"}),
    ],
)
def test_what_is_wrong_with_a_mount_is_found(
    changes: dict[str, Any], expected: dict[str, str]
) -> None:
    assert severities(RULES, case_of(HEALTHY, data(**changes))) == expected


def test_a_mount_under_a_later_one_is_found() -> None:
    mounts = [ROOT, msgspec.structs.replace(DATA, path="/srv/data")]
    body = changed(
        (
            ("spec", "containers", 0, "volumeMounts"),
            [{"name": "data", "mountPath": "/srv/data"}],
        )
    )
    covered = look(mounts=[*mounts, Mount(path="/srv", root="/", device="9:9", fstype="ext4")])
    assert severities(RULES, case_of(body, covered)) == {"VOL006": "warning"}


def test_volumes_on_one_full_disk_are_one_finding() -> None:
    body = changed(
        (("spec", "volumes"), [{"name": "a", "emptyDir": {}}, {"name": "b", "emptyDir": {}}]),
        (
            ("spec", "containers", 0, "volumeMounts"),
            [{"name": "a", "mountPath": "/a"}, {"name": "b", "mountPath": "/b"}],
        ),
    )
    mounts = [msgspec.structs.replace(DATA, path=path, used=950) for path in ("/a", "/b")]
    (hit,) = hits(RULES, case_of(body, look(mounts=[ROOT, *mounts])))["VOL001"]
    assert hit.title == "a, b are 95% full (bytes)"
    assert hit.next == "kubectl exec web-1 -n shop -c app -- df -h"


@pytest.mark.parametrize(
    "source",
    [
        {"configMap": {"name": "c"}},
        {"secret": {"secretName": "s"}},
        {"image": {"reference": "i"}},
        {"csi": {"driver": "d", "readOnly": True}},
    ],
)
def test_volumes_that_are_read_only_by_nature_are_no_finding(source: dict[str, Any]) -> None:
    body = changed((("spec", "volumes"), [{"name": "data", **source}]))
    full = data(read_only=True, super_read_only=True, used=1000)
    assert hits(RULES, case_of(body, full)) == {}


def with_claim(state: Any, phase: str = "", pod_phase: str = "Pending") -> Any:
    body = changed(
        (
            ("spec", "volumes"),
            [{"name": "data", "persistentVolumeClaim": {"claimName": "disk"}}],
        ),
        (("status", "phase"), pod_phase),
    )
    key = "PersistentVolumeClaim/shop/disk"
    there = state == "present"
    claim = stored({"status": {"phase": phase}}, key) if there else absent(key, state)
    return case_of(body, objects=(claim,))


@pytest.mark.parametrize(
    ("case", "severity"),
    [
        (with_claim("missing"), "critical"),
        (with_claim("present", "Pending"), "critical"),
        (with_claim("present", "Lost", "Running"), "critical"),
        (with_claim("present", "Pending", "Running"), "warning"),
        (with_claim("present", "Bound"), None),
        (with_claim("denied"), None),
    ],
)
def test_a_claim_that_is_not_bound_is_found_and_a_denied_one_is_not(
    case: Any, severity: str | None
) -> None:
    assert severities(RULES, case).get("VOL007") == severity


@pytest.mark.parametrize(
    ("reason", "message", "words"),
    [
        (
            "FailedMount",
            'MountVolume.SetUp failed for volume "data" : configmap "x" not found',
            "volume data, which cannot be mounted: ConfigMap x does not exist",
        ),
        (
            "FailedMount",
            'MountVolume.SetUp failed for volume "data" : hostPath type check failed: /x is not a',
            "not of the declared type",
        ),
        (
            "FailedMount",
            'MountVolume.SetUp failed for volume "data" : references non-existent secret key: k',
            "a key it asks for does not exist",
        ),
        (
            "FailedAttachVolume",
            'Multi-Attach error for volume "pvc-1" Volume is already exclusively attached',
            "still attached to another node",
        ),
    ],
)
def test_a_volume_that_cannot_be_mounted_blocks(reason: str, message: str, words: str) -> None:
    case = case_of(waiting("ContainerCreating"), events=(event(reason, message, count=4),))
    (hit,) = hits(RULES, case)["VOL008"]
    assert hit.blocking
    assert words in hit.title
    assert message in hit.evidence[0]


def test_an_old_mount_event_of_a_running_pod_is_no_finding() -> None:
    failed = event("FailedMount", 'MountVolume.SetUp failed for volume "data" : x')
    assert hits(RULES, case_of(HEALTHY, LOOK, events=(failed,))) == {}

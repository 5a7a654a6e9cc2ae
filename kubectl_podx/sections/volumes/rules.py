"""Rules about volumes: full, read-only, deleted, covered, or not to be mounted."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from kubectl_podx.pod.pod import phase as phase_of
from kubectl_podx.rules.fixes import edit_owner, restart, set_pod
from kubectl_podx.rules.remedies import DOCS, describe_pod, get, inside, what_is_there
from kubectl_podx.rules.rule import Case, Hit, Rule
from kubectl_podx.rules.waiting import Missing, before_sandbox, missing_source
from kubectl_podx.sections.volumes.facts import UNDECLARED, seen
from kubectl_podx.sections.volumes.report import Volume, VolumeMount
from kubectl_podx.sections.volumes.source import declared_read_only
from kubectl_podx.view.units import times

_MOUNT_EVENTS = ("FailedMount", "FailedAttachVolume", "FailedMapVolume")


def claim_not_bound(case: Case) -> Iterator[Hit]:
    """A PersistentVolumeClaim does not exist, or has no volume, or lost it."""
    for volume in case.report.volumes or ():
        if volume.type not in ("persistentVolumeClaim", "ephemeral"):
            continue
        stored = case.view.object("PersistentVolumeClaim", volume.source)
        if stored is None or stored.state in ("denied", "failed", "timedOut"):
            continue
        phase = phase_of(stored.body or {})
        if stored.state == "present" and phase in ("Bound", ""):
            continue
        pending = case.report.pod.phase == "Pending"
        said = "does not exist" if stored.state == "missing" else f"is {phase}"
        from kubectl_podx.pod.claims import why_unbound  # noqa: PLC0415 - of trouble only

        why = why_unbound(case.view, volume.source)
        yield Hit(
            f"claim {volume.source} of volume {volume.name} {said}{f': {why[0]}' if why else ''}",
            (*why, *volume.details) or (said,),
            next=what_is_there(case, "PersistentVolumeClaim", volume.source)
            if stored.state == "missing"
            else _describe_claim(case, volume.source),
            blocking=pending,
            severity="critical" if pending or phase == "Lost" else "warning",
        )


def _describe_claim(case: Case, name: str) -> str:
    """`kubectl describe persistentvolumeclaim NAME`."""
    return get(case, "persistentvolumeclaim", name).replace("kubectl get", "kubectl describe", 1)


def cannot_mount(case: Case) -> Iterator[Hit]:
    """Containers wait for volumes that cannot be attached or mounted. Only events tell."""
    if not before_sandbox(case):
        return
    for reason in _MOUNT_EVENTS:
        events = case.view.said(reason)
        if not events:
            continue
        message = events[-1].message
        count = sum(event.seen for event in events)
        named = [v.name for v in case.report.volumes or () if f'"{v.name}"' in message]
        missing = missing_source(message)
        holders = _holders(case, named) if "Multi-Attach" in message else ""
        yield Hit(
            f"the containers wait for volume {', '.join(named) or '(see the event)'}, which "
            + _why_not_mounted(message, missing)
            + holders,
            (f"event {reason}, {times(count)}: {message}",),
            next=what_is_there(case, missing.kind, missing.name, missing.key)
            if missing
            else describe_pod(case),
            blocking=True,
        )


def labels_conflict(case: Case) -> Iterator[Hit]:
    """Pods of one volume have different SELinux labels, of which a mount has only one."""
    for event in case.view.said("SELinuxLabelConflict")[-1:]:
        yield Hit(
            "the pod's SELinux label differs from that of another pod with the same volume: on one "
            "node only one of them starts",
            (f"event {event.reason}, {times(event.seen)}: {event.message}",),
            fix=edit_owner(case),
        )


def owner_changes(case: Case) -> Iterator[Hit]:
    """The kubelet gives each file of a volume to fsGroup before the containers start."""
    if not before_sandbox(case):
        return
    for event in case.view.said("VolumePermissionChangeInProgress")[-1:]:
        policy = {"securityContext": {"fsGroupChangePolicy": "OnRootMismatch"}}
        yield Hit(
            "the containers wait until each file of a volume belongs to fsGroup",
            (f"event {event.reason}, {times(event.seen)}: {event.message}",),
            fix=set_pod(case, policy),
            blocking=True,
        )


def _holders(case: Case, volumes: list[str]) -> str:
    """`, by pod web-0 on node n1`: who else uses the claims of these volumes."""
    from kubectl_podx.pod.claims import claims_of, users  # noqa: PLC0415 - of trouble only

    claims = claims_of(case.view)
    found = [who for name in volumes if name in claims for who in users(case.view, claims[name])]
    return f", by pod {', '.join(found[:3])}" if found else ""


def _why_not_mounted(message: str, missing: Missing | None) -> str:
    if missing is not None:
        return f"cannot be mounted: {missing} does not exist"
    if "Multi-Attach" in message:
        return "is still attached to another node"
    if "conflicting SELinux labels" in message:
        return "cannot be mounted: another pod of the node has it with another SELinux label"
    if "hostPath type check failed" in message:
        return "cannot be mounted: the node's path is not of the declared type"
    if "non-existent" in message and "key" in message:
        return "cannot be mounted: a key it asks for does not exist"
    return "cannot be mounted"


START_RULES: tuple[Rule, ...] = (
    Rule(
        code="VOL007",
        section="volumes",
        severity="critical",
        title="A PersistentVolumeClaim is not bound",
        meaning="Without a volume behind the claim the pod cannot be scheduled or started. A claim "
        "whose class waits for the first consumer is bound once a node is chosen.",
        known_by="The claim as the API has it.",
        remedy="Create the claim, or see why no volume is made for it.",
        link=DOCS + "concepts/storage/persistent-volumes/",
        check=claim_not_bound,
    ),
    Rule(
        code="VOL008",
        section="volumes",
        severity="critical",
        title="A volume cannot be mounted",
        meaning="Volumes come before containers: everything stays at ContainerCreating, without a "
        "message. A missing ConfigMap or Secret shows here too.",
        known_by="Events FailedMount, FailedAttachVolume or FailedMapVolume of this pod while its "
        "containers wait.",
        remedy="Read the event; create what is missing, or free the volume on the other node.",
        link=DOCS + "concepts/storage/volumes/",
        check=cannot_mount,
    ),
    Rule(
        code="VOL009",
        section="volumes",
        severity="warning",
        title="Pods of one volume have different SELinux labels",
        meaning="Since 1.37 a volume is mounted with the SELinux label of its pod, so pods with "
        "different seLinuxOptions cannot share it on one node.",
        known_by="Event SELinuxLabelConflict of this pod.",
        remedy="Give both pods the same seLinuxOptions, or set seLinuxChangePolicy: Recursive.",
        link=DOCS + "tasks/configure-pod-container/security-context/",
        check=labels_conflict,
    ),
    Rule(
        code="VOL010",
        section="volumes",
        severity="warning",
        title="Changing the owner of a volume's files takes long",
        meaning="With fsGroup the kubelet walks the whole volume before each start of the pod. "
        "fsGroupChangePolicy: OnRootMismatch looks at the root folder only.",
        known_by="Event VolumePermissionChangeInProgress of this pod while its containers wait.",
        remedy="Wait, and set fsGroupChangePolicy: OnRootMismatch for the next start.",
        link=DOCS + "tasks/configure-pod-container/security-context/"
        "#configure-volume-permission-and-ownership-change-policy-for-pods",
        check=owner_changes,
    ),
)

_VOLUMES = DOCS + "concepts/storage/volumes/"
_CLAIMS = DOCS + "concepts/storage/persistent-volumes/"
_NEAR = 0.9
_FULL = 0.98

# The kubelet writes these; their file systems are small on purpose and nobody else may write.
_WRITTEN_BY_KUBELET = frozenset({"configMap", "secret", "projected", "downwardAPI", "image"})


class _FileSystem(Struct, frozen=True):
    """One file system with the volumes on it."""

    volumes: list[Volume]
    mount: VolumeMount


def _file_systems(case: Case) -> Iterator[_FileSystem]:
    """Writable file systems, each once: many volumes may lie on the node's one disk."""
    by_device: dict[str, _FileSystem] = {}
    for volume in case.report.volumes or ():
        writable = [m for m in volume.mounts if m.device and not m.observed_read_only]
        if volume.type in _WRITTEN_BY_KUBELET or not writable or volume.size is None:
            continue
        known = by_device.setdefault(writable[0].device or "", _FileSystem([], writable[0]))
        known.volumes.append(volume)
    yield from by_device.values()


def nearly_full(case: Case) -> Iterator[Hit]:
    """A file system has less than a tenth left."""
    for found in _file_systems(case):
        first = found.volumes[0]
        if first.size and first.used is not None and first.used >= first.size * _NEAR:
            yield _full(case, found, "bytes", first.used, first.size)


def out_of_inodes(case: Case) -> Iterator[Hit]:
    """A file system has hardly any inodes left: no file can be made, whatever the space."""
    for found in _file_systems(case):
        first = found.volumes[0]
        used = first.inodes_used or 0
        if first.inodes and used >= first.inodes * _NEAR:
            yield _full(case, found, "inodes", used, first.inodes)


def _full(case: Case, found: _FileSystem, unit: str, used: int, size: int) -> Hit:
    names = ", ".join(volume.name for volume in found.volumes)
    return Hit(
        f"{names} {'is' if len(found.volumes) == 1 else 'are'} {used / size:.0%} full ({unit})",
        (f"{used} of {size} {unit} used, file system {found.mount.device}",),
        container=found.mount.container,
        next=inside(case, found.mount.container, "df", "-i" if unit == "inodes" else "-h"),
        severity="critical" if used >= size * _FULL else "warning",
    )


def turned_read_only(case: Case) -> Iterator[Hit]:
    """A volume that is declared writable is mounted read-only."""
    for volume in case.report.volumes or ():
        asked = declared_read_only(case.view, volume.name)
        if volume.type in (*_WRITTEN_BY_KUBELET, UNDECLARED) or asked:
            continue
        for mount in volume.mounts:
            if mount.read_only or not mount.observed_read_only:
                continue
            broken = _file_system_read_only(case, volume, mount)
            yield Hit(
                f"{volume.name} is read-only in {mount.container} although it is declared writable",
                (
                    f"{mount.path} on {mount.device} ({mount.fstype})",
                    "the whole file system is read-only: the kernel does so after errors"
                    if broken
                    else "this mount is read-only",
                ),
                container=mount.container,
                next=describe_pod(case),
                severity="critical" if broken else "warning",
            )


def _file_system_read_only(case: Case, volume: Volume, mount: VolumeMount) -> bool:
    entry = case.view.container(mount.container)
    found = seen(case.view, entry, mount.path, volume.name).mount if entry else None
    return found is not None and found.super_read_only


def _in_state(case: Case, state: str) -> Iterator[tuple[Volume, VolumeMount]]:
    for volume in case.report.volumes or ():
        for mount in volume.mounts:
            if mount.state.partition(":")[0] == state:
                yield volume, mount


def deleted_sub_path(case: Case) -> Iterator[Hit]:
    """A subPath mount holds on to a file or folder that is gone from the volume."""
    for volume, mount in _in_state(case, "deletedSubPath"):
        yield Hit(
            f"{mount.path} in {mount.container} is a deleted file of volume {volume.name}",
            (f"subPath {mount.sub_path or '(whole volume)'}: //deleted in the mount table",),
            container=mount.container,
            fix=restart(case),
        )


def missing_mount(case: Case) -> Iterator[Hit]:
    """A declared mount is not in the container's mount table."""
    for volume, mount in _in_state(case, "missing"):
        yield Hit(
            f"{volume.name} is not mounted at {mount.path} in {mount.container}",
            (f"no such path in {mount.container}'s mount table",),
            container=mount.container,
            next=inside(case, mount.container, "cat", "/proc/self/mountinfo"),
        )


def covered_mount(case: Case) -> Iterator[Hit]:
    """A later mount on a parent folder hides a declared mount."""
    for volume, mount in _in_state(case, "coveredBy"):
        yield Hit(
            f"{volume.name} at {mount.path} in {mount.container} is hidden by another mount",
            (f"a later mount lies over it: {mount.state.partition(':')[2]}",),
            container=mount.container,
            fix=edit_owner(case),
        )


RULES: tuple[Rule, ...] = (
    Rule(
        code="VOL001",
        section="volumes",
        severity="warning",
        title="A volume is nearly full",
        meaning="Writes soon fail with `no space left on device`. An emptyDir or hostPath lies on "
        "the node's own disk: the kubelet evicts pods before that is full.",
        known_by="The file system's size and use, seen from inside.",
        remedy="Make room, or grow the volume.",
        link=_VOLUMES,
        check=nearly_full,
    ),
    Rule(
        code="VOL002",
        section="volumes",
        severity="warning",
        title="A volume has almost no inodes left",
        meaning="No new file can be made although there is space: too many small files.",
        known_by="The file system's inodes, seen from inside.",
        remedy="Remove files; sessions, caches and mail queues are the usual ones.",
        link=_VOLUMES,
        check=out_of_inodes,
    ),
    Rule(
        code="VOL003",
        section="volumes",
        severity="critical",
        title="A writable volume is mounted read-only",
        meaning="The kernel remounts a file system read-only after I/O errors; a driver may also "
        "have mounted it so.",
        known_by="The mount table inside the container against the spec.",
        remedy="Look at the storage; the pod has to be restarted after a repair.",
        link=_CLAIMS,
        check=turned_read_only,
    ),
    Rule(
        code="VOL004",
        section="volumes",
        severity="warning",
        title="A subPath mount points to a deleted file",
        meaning="A subPath is bound when the container starts. The file was replaced or deleted in "
        "the volume since, and the container still has the old one.",
        known_by="`//deleted` in the container's mount table.",
        remedy="Restart the container; mount the whole volume to get updates.",
        link=DOCS + "concepts/storage/volumes/#using-subpath",
        check=deleted_sub_path,
        gives_way_to=frozenset({"FIL001"}),
    ),
    Rule(
        code="VOL005",
        section="volumes",
        severity="warning",
        title="A declared mount is not there",
        meaning="The container's mount table does not have the path. A privileged process may have "
        "unmounted it.",
        known_by="The mount table inside the container, with no mount left that could be it.",
        remedy="Restart the container.",
        link=_VOLUMES,
        check=missing_mount,
    ),
    Rule(
        code="VOL006",
        section="volumes",
        severity="warning",
        title="A mount is hidden by another",
        meaning="Something was mounted later on a folder above it; programs see that instead.",
        known_by="The order of the mount table inside the container.",
        remedy="Move one of the two mounts.",
        link=_VOLUMES,
        check=covered_mount,
    ),
    *START_RULES,
)

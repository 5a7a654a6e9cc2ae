"""What securityContext declares for each container, and what its main process really has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from kubectl_podx.model.capture import Process
from kubectl_podx.model.parts import NONE, Fact
from kubectl_podx.model.raw import dig, mapping, number, text
from kubectl_podx.pod.pod import ContainerEntry
from kubectl_podx.pod.processes import main_processes
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.security.report import Security

# include/uapi/linux/capability.h, in the order of their bits.
_CAPABILITIES = tuple(
    word
    for line in (
        "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP",
        "LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER",
        "SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE",
        "SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP",
        "MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF",
        "CHECKPOINT_RESTORE",
    )
    for word in line.split()
)
# What containerd gives if nothing is declared (pkg/oci/spec.go, defaultUnixCaps).
DEFAULT = frozenset(
    "CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW "  # noqa: SIM905
    "SYS_CHROOT MKNOD AUDIT_WRITE SETFCAP".split()
)
"""Capabilities of root where the spec says nothing."""
_FEW = 5
ALL = "ALL"


def build(view: PodView) -> list[Security]:
    """One row for each container, in the order they start."""
    running = dict(main_processes(view))
    return [_row(view, entry, running.get(entry.name)) for entry in view.containers]


def compared(found: list[Security], _view: PodView) -> Iterator[Fact]:
    """What replicas should have in common: what their processes really have."""
    for row in found:
        if row.process:
            yield Fact(row.container, "process user", str(row.user))
            yield Fact(row.container, "process capabilities", capability_words(row))
            yield Fact(row.container, "seccomp mode", row.seccomp or NONE)


def capability_words(row: Security) -> str:
    """`none`, `default`, `all but BPF`, or the names; `unknown` if nobody looked inside."""
    if row.capabilities is None:
        return "unknown"
    held = set(row.capabilities)
    if held == DEFAULT:
        return "default"
    lacking = [name for name in _CAPABILITIES if name not in held]
    if len(lacking) <= _FEW:
        return f"all but {', '.join(lacking)}" if lacking else "all"
    return ", ".join(row.capabilities) or NONE


def _row(view: PodView, entry: ContainerEntry, process: Process | None) -> Security:
    own = mapping(entry.spec, "securityContext")
    shared = mapping(view.pod, "spec", "securityContext")

    def declared(field: str) -> Any:
        """The container's own value beats the pod's (pkg/securitycontext/util.go)."""
        return own[field] if own.get(field) is not None else shared.get(field)

    privileged = own.get("privileged") is True
    root = _root_is_read_only(view, entry)
    row = Security(
        container=entry.name,
        privileged=privileged,
        run_as_user=number(declared("runAsUser")),
        run_as_group=number(declared("runAsGroup")),
        run_as_non_root=declared("runAsNonRoot") is True,
        fs_group=number(shared, "fsGroup"),
        supplemental_groups=_numbers(shared.get("supplementalGroups")),
        capabilities_added=_names(dig(own, "capabilities", "add")),
        capabilities_dropped=_names(dig(own, "capabilities", "drop")),
        seccomp_profile=_profile(declared("seccompProfile")),
        read_only_root=own.get("readOnlyRootFilesystem") is True,
        allow_privilege_escalation=own.get("allowPrivilegeEscalation") is not False,
        observed_read_only_root=root,
    )
    return row if process is None else _with_process(row, process)


def _with_process(row: Security, process: Process) -> Security:
    seen = replace(
        row,
        process=process.executable or "unknown",
        user=process.uid,
        group=process.gid,
        groups=[one for one in process.groups if one != process.gid],
        capabilities=_capabilities(process.effective_capabilities),
        seccomp=process.seccomp,
        no_new_privileges=process.no_new_privileges,
    )
    return replace(seen, differs=list(_differences(seen)), exceeds=list(_excesses(seen)))


def _differences(row: Security) -> Iterator[str]:
    """Ids that the program has changed; nothing if it was not seen."""
    for what, declared, observed in (
        ("user", row.run_as_user, row.user),
        ("group", row.run_as_group, row.group),
    ):
        if declared is not None and observed is not None and declared != observed:
            yield f"{what} {observed}, declared {declared}"


def _excesses(row: Security) -> Iterator[str]:
    """Rights that the spec takes away and the process has; nothing if it was not seen."""
    if row.run_as_non_root and row.user == 0:
        yield "user 0 (root), although runAsNonRoot is set"
    if not row.allow_privilege_escalation and row.no_new_privileges is False:
        yield "no_new_privs is off, although allowPrivilegeEscalation is false"
    # A privileged container is never filtered (pkg/kubelet/kuberuntime/security_context.go).
    filtered = row.seccomp_profile not in ("", "Unconfined") and not row.privileged
    if filtered and row.seccomp == "disabled":
        yield f"system calls are not filtered, although seccompProfile is {row.seccomp_profile}"
    if row.read_only_root and row.observed_read_only_root is False:
        yield "the root file system is writable, although readOnlyRootFilesystem is set"
    kept = _kept(row)
    if kept:
        yield f"capabilities that are dropped: {', '.join(kept)}"


def _kept(row: Security) -> list[str]:
    """Effective capabilities that the spec drops and does not add."""
    if row.privileged or row.capabilities is None:
        return []
    dropped, added = set(row.capabilities_dropped), set(row.capabilities_added)
    if ALL in added:
        return []
    return [
        name
        for name in row.capabilities
        if (name in dropped or ALL in dropped) and name not in added
    ]


def _capabilities(mask: int | None) -> list[str] | None:
    if mask is None:
        return None
    return [name for bit, name in enumerate(_CAPABILITIES) if mask >> bit & 1]


def _root_is_read_only(view: PodView, entry: ContainerEntry) -> bool | None:
    found = view.observations.get(entry.name)
    mounts = found.mounts if found is not None else []
    return next((mount.read_only for mount in reversed(mounts) if mount.path == "/"), None)


def _profile(profile: object) -> str:
    kind, path = text(profile, "type"), text(profile, "localhostProfile")
    return f"{kind} {path}".strip()


def _names(listed: object) -> list[str]:
    """`NET_ADMIN` for `CAP_NET_ADMIN`, too: the runtime takes both."""
    names = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    return [name.upper().removeprefix("CAP_") for name in names]


def _numbers(listed: object) -> list[int]:
    return [one for one in listed if type(one) is int] if isinstance(listed, list) else []

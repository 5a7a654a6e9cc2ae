"""Reasons that stand in securityContext: who the program is, and what it may not do."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kubectl_podx.pod.places import WRITTEN_BY_KUBELET, Place, normal, place, places
from kubectl_podx.pod.pod import first_user, sysctls
from kubectl_podx.rules.ends import Ending, endings
from kubectl_podx.rules.fixes import edit_owner, set_container, set_pod
from kubectl_podx.rules.remedies import DOCS
from kubectl_podx.rules.rule import Case, Fix, Hit, Rule, reason_rule
from kubectl_podx.sections.security.facts import ALL, DEFAULT
from kubectl_podx.sections.security.report import Security

if TYPE_CHECKING:
    from kubectl_podx.pod.said import Said

_CONTEXT = DOCS + "tasks/configure-pod-container/security-context/"
_PRIVILEGED_PORTS = 1024
_KEPT = ("hostPath", "persistentVolumeClaim", "nfs", "ephemeral")
"""Volumes whose files are older than the pod."""
_UNPRIVILEGED = "net.ipv4.ip_unprivileged_port_start"


def _rows(case: Case) -> Iterator[tuple[Ending, Security]]:
    rows = {row.container: row for row in case.report.security or ()}
    for ending in endings(case):
        if ending.errors and ending.entry.name in rows:
            yield ending, rows[ending.entry.name]


def read_only_root(case: Case) -> Iterator[Hit]:
    """The program writes to the image's own files, and these are read-only."""
    for ending, row in _rows(case):
        if not row.read_only_root:
            continue
        for said, line in ending.of("readOnly"):
            if said.path and place(case.view, ending.entry, said.path) is not None:
                continue
            path = normal(ending.entry, said.path)
            folder = posixpath.dirname(said.path if said.path.startswith("/") else path)
            where = f", and no volume is mounted at {folder}" if folder not in ("", "/") else ""
            yield ending.hit(
                f"securityContext.readOnlyRootFilesystem is true{where}",
                line,
                f"{path} is part of the root file system" if path else "",
                fix=edit_owner(case),
            )
            break


_DOES = {
    "CHOWN": "a change of the owner",
    "FOWNER": "a change of the mode",
    "SETUID": "a change of the user",
    "SETGID": "a change of the group",
    "NET_ADMIN": "a change of the network",
    "NET_RAW": "a raw socket",
    "SYS_ADMIN": "a mount or a kernel setting",
    "MKNOD": "a new device",
    "IPC_LOCK": "locked memory",
}


def kernel_setting(case: Case) -> Iterator[Hit]:
    """A kernel setting is written to, and /proc/sys is read-only."""
    for ending, row in _rows(case):
        if row.privileged:
            continue
        for said, line in ending.of("readOnly", "permissionDenied"):
            setting = said.capability == "SYS_ADMIN" and "sysctl" in line
            if not setting and not said.path.startswith("/proc/sys"):
                continue
            yield ending.hit(
                "/proc/sys may only be read in a container that is not privileged: "
                "securityContext.sysctls of the pod sets such values",
                line,
                fix=edit_owner(case),
            )
            break


def no_profile(case: Case) -> Iterator[Hit]:
    """The node has not the file of the seccomp profile."""
    for ending, row in _rows(case):
        profile = row.seccomp_profile.removeprefix("Localhost ")
        if profile == row.seccomp_profile or not ending.entry.held_up:
            continue
        for said, line in ending.of("noSuchFile"):
            if said.path.endswith(f"/{profile}"):
                yield ending.hit(
                    f"securityContext.seccompProfile.localhostProfile is {profile}, and node "
                    f"{case.view.api.node} has no such file",
                    line,
                    fix=edit_owner(case),
                )
                break


def lacks(row: Security, capability: str, user: int | None) -> str:
    """Why the process has not that capability, in the words of the spec; empty: it may have it."""
    if row.privileged or {capability, ALL} & set(row.capabilities_added):
        return ""
    if user not in (None, 0):
        return f"the container runs as user {user}{_declared(row)}"
    dropped = {capability, ALL} & set(row.capabilities_dropped)
    if dropped:
        return f"securityContext.capabilities.drop has {dropped.pop()}"
    if capability not in DEFAULT:
        return "securityContext.capabilities.add does not name it"
    return ""


def _declared(row: Security) -> str:
    if row.run_as_user is not None:
        return f" (securityContext.runAsUser: {row.run_as_user})"
    return " (of the image)"


def user_of(ending: Ending, row: Security) -> int | None:
    """The user that the container starts as; None if only the image tells."""
    return row.run_as_user if row.run_as_user is not None else first_user(ending.entry)


def missing_capability(case: Case) -> Iterator[Hit]:
    """An operation that takes a capability which the container does not have."""
    for ending, row in _rows(case):
        user = user_of(ending, row)
        for said, line in ending.of("notPermitted", "permissionDenied"):
            why = lacks(row, said.capability, user) if said.capability else ""
            if why:
                act = _DOES.get(said.capability, "what it does")
                yield ending.hit(
                    f"{act} takes capability {said.capability}, and {why}",
                    line,
                    _capabilities(row),
                    fix=_with(case, ending, row, said.capability, user),
                )
                break
            if said.kind == "notPermitted" and not said.capability and _dropped_all(row):
                yield ending.hit(
                    "securityContext.capabilities.drop has ALL, so root may do no more than "
                    "any user",
                    line,
                    _capabilities(row),
                    fix=edit_owner(case),
                )
                break


def _with(case: Case, ending: Ending, row: Security, capability: str, user: int | None) -> Fix:
    """The capability beside those that are added already; of no use but to root."""
    if user not in (None, 0):
        return edit_owner(case)
    added = [*row.capabilities_added, capability]
    return set_container(case, ending.entry, {"securityContext": {"capabilities": {"add": added}}})


def _dropped_all(row: Security) -> bool:
    return ALL in row.capabilities_dropped and not row.capabilities_added and not row.privileged


def _capabilities(row: Security) -> str:
    parts = [
        f"{verb}: {', '.join(names)}"
        for verb, names in (("add", row.capabilities_added), ("drop", row.capabilities_dropped))
        if names
    ]
    return f"securityContext.capabilities {'; '.join(parts)}" if parts else ""


def low_port(case: Case) -> Iterator[Hit]:
    """A port below 1024 is opened without the right to."""
    for ending, row in _rows(case):
        for said, line in ending.of("bindDenied"):
            low = sorted(port for port in ending.entry.ports if port < _PRIVILEGED_PORTS)
            port = said.port if said.port is not None else next(iter(low), None)
            why = lacks(row, "NET_BIND_SERVICE", user_of(ending, row))
            if not why or (port is not None and port >= _PRIVILEGED_PORTS):
                continue
            start = sysctls(case.view.pod).get(_UNPRIVILEGED, "")
            what = f"port {port}" if port is not None else "a port below 1024"
            yield ending.hit(
                f"{what} takes capability NET_BIND_SERVICE, and {why}",
                line,
                f"securityContext.sysctls: {_UNPRIVILEGED}={start}" if start else "",
                _capabilities(row),
                fix=_free_ports(case, port, start),
            )
            break


def _free_ports(case: Case, port: int | None, start: str) -> Fix:
    """Let ports begin below it, where the pod has a network and no sysctls of its own."""
    if case.view.host_network or start or sysctls(case.view.pod):
        return edit_owner(case)
    free = {"name": _UNPRIVILEGED, "value": str(port or 0)}
    return set_pod(case, {"securityContext": {"sysctls": [free]}})


def other_owner(case: Case) -> Iterator[Hit]:
    """A file or folder belongs to another user than the one the container runs as."""
    for ending, row in _rows(case):
        user = user_of(ending, row)
        for said, line in ending.of("permissionDenied"):
            where = place(case.view, ending.entry, said.path) if said.path else None
            if not said.path:
                # Without a path in the line only one volume may be meant.
                kept = [p for p in places(case.view, ending.entry) if p.kind in _KEPT]
                where = kept[0] if len(kept) == 1 else None
            written = where is not None and where.kind in WRITTEN_BY_KUBELET
            if (not said.path and where is None) or said.capability or written:
                continue
            why = _other_owner(said, row, user, where)
            if why:
                yield ending.hit(why, line, _ids(row, user), fix=edit_owner(case))
                break


def _other_owner(said: Said, row: Security, user: int | None, where: Place | None) -> str:
    if user == 0:
        dropped = {"DAC_OVERRIDE", ALL} & set(row.capabilities_dropped)
        if not dropped or {"DAC_OVERRIDE", ALL} & set(row.capabilities_added) or row.privileged:
            return ""
        return (
            f"securityContext.capabilities.drop has {dropped.pop()}: without DAC_OVERRIDE root "
            f"may not use what belongs to others, such as {said.path}"
        )
    if user is None:
        return ""
    runs = f"the container runs as user {user}{_declared(row)}"
    path = said.path or (where.mount_path if where is not None else "")
    if where is None:
        return f"{runs}, and {path} or its folder belongs to another user in the image"
    if where.kind == "hostPath":
        return (
            f"{runs}, and {path} is in {where.label}, whose owner stays as it is on the "
            "node: fsGroup is not applied to hostPath"
        )
    if where.kind == "image":
        return f"{runs}, and {path} is in {where.label}, whose owners are the image's"
    if row.fs_group is None:
        return (
            f"{runs}, and securityContext.fsGroup is not set, so that what is in {where.label} "
            "may belong to another user"
        )
    if where.kind == "nfs":
        return f"{runs}, and fsGroup is not applied to {where.label}: the server decides"
    return f"{runs}, and {path} in {where.label} was written by another user"


def _ids(row: Security, user: int | None) -> str:
    found = [f"runAsUser {user}" if user is not None else ""]
    found += [f"runAsGroup {row.run_as_group}" if row.run_as_group is not None else ""]
    found += [f"fsGroup {row.fs_group}" if row.fs_group is not None else ""]
    return "securityContext: " + (", ".join(one for one in found if one) or "no user")


def open_key(case: Case) -> Iterator[Hit]:
    """A private key may be read by a group, which its program refuses."""
    for ending, row in _rows(case):
        for said, line in ending.of("keyTooOpen"):
            where = place(case.view, ending.entry, said.path) if said.path else None
            if where is None or where.kind not in WRITTEN_BY_KUBELET:
                continue
            mode = 0o644 if where.default_mode is None else where.default_mode
            field = f"{where.volume_field}.defaultMode"
            if row.fs_group is not None and not mode & 0o037:
                title = (
                    f"securityContext.fsGroup {row.fs_group} makes the file readable for that "
                    f"group: mode {mode | 0o440:04o} instead of {mode:04o}"
                )
            else:
                title = f"{said.path} has the mode {mode:04o} ({field})"
            yield ending.hit(title, line, f"{field}: {mode:04o}", fix=edit_owner(case))
            break


def no_new_privileges(case: Case) -> Iterator[Hit]:
    """A setuid program such as sudo gains nothing."""
    for ending, row in _rows(case):
        if row.allow_privilege_escalation:
            continue
        for _, line in ending.of("noNewPrivileges"):
            yield ending.hit(
                "securityContext.allowPrivilegeEscalation is false, so that sudo and other setuid "
                "programs gain nothing",
                line,
                fix=set_container(
                    case, ending.entry, {"securityContext": {"allowPrivilegeEscalation": True}}
                ),
            )
            break


_KNOWN = "The error in the log, and securityContext of the container or the pod."

RULES: tuple[Rule, ...] = (
    reason_rule(
        code="SEC010",
        section="security",
        title="A program cannot write to its read-only root file system",
        meaning="With readOnlyRootFilesystem only volumes can be written. Programs expect to write "
        "to /tmp, /var/run, /var/cache and such.",
        known_by="`Read-only file system` in the log for a path where no volume is mounted, and "
        "readOnlyRootFilesystem in the spec.",
        remedy="Mount an emptyDir at the folder, or let the program write somewhere else.",
        link=_CONTEXT,
        check=read_only_root,
    ),
    reason_rule(
        code="SEC011",
        section="security",
        title="A file or folder belongs to another user than the program",
        meaning="runAsUser changes who the program is and nobody's files. fsGroup gives volumes to "
        "a group, but not hostPath and not what the image has.",
        known_by="`Permission denied` with a path in the log, the user of the container, and the "
        "volume behind the path. The owner itself was not checked.",
        remedy="Set runAsUser to the owner, set fsGroup, or change the owner in an init container.",
        link=_CONTEXT,
        check=other_owner,
    ),
    reason_rule(
        code="SEC012",
        section="security",
        title="An operation takes a capability that the container does not have",
        meaning="chown takes CHOWN, a change of the user SETUID and SETGID, iptables NET_ADMIN, a "
        "mount SYS_ADMIN. Only root has what capabilities.drop leaves.",
        known_by=_KNOWN,
        remedy="Add that one capability, or do without the operation.",
        link=_CONTEXT + "#set-capabilities-for-a-container",
        check=missing_capability,
    ),
    reason_rule(
        code="SEC013",
        section="security",
        title="A port below 1024 may not be opened",
        meaning="It takes root with NET_BIND_SERVICE, or a sysctl that says where the free ports "
        "begin.",
        known_by="`Permission denied` of a bind in the log, the user and the capabilities.",
        remedy="Listen on a higher port, or set the sysctl net.ipv4.ip_unprivileged_port_start.",
        link=_CONTEXT + "#set-capabilities-for-a-container",
        check=low_port,
    ),
    reason_rule(
        code="SEC014",
        section="security",
        title="A private key may be read by others",
        meaning="ssh, PostgreSQL and others refuse a key that a group may read. fsGroup adds 0440 "
        "to the mode of every file of a Secret's volume.",
        known_by="The refusal in the log, defaultMode and fsGroup.",
        remedy="Copy the key in an init container and chmod it, or go without fsGroup.",
        link=_CONTEXT,
        check=open_key,
    ),
    reason_rule(
        code="SEC015",
        section="security",
        title="A setuid program gains no privileges",
        meaning="allowPrivilegeEscalation: false sets no_new_privs, which sudo and ping of some "
        "images need to be off.",
        known_by=_KNOWN,
        remedy="Start the program as the right user, without sudo.",
        link=_CONTEXT,
        check=no_new_privileges,
    ),
    reason_rule(
        code="SEC016",
        section="security",
        title="A container sets a kernel setting and may not",
        meaning="/proc/sys is read-only in every container that is not privileged. The pod's "
        "securityContext.sysctls sets what a pod has for itself; the rest is the node's.",
        known_by="The error in the log with sysctl or a path below /proc/sys.",
        remedy="Name the setting in securityContext.sysctls, or set it on the node.",
        link=DOCS + "tasks/administer-cluster/sysctl-cluster/",
        check=kernel_setting,
        rank=7,
    ),
    reason_rule(
        code="SEC017",
        section="security",
        title="The node has no such seccomp profile",
        meaning="With type Localhost the profile is a file on the node, below the kubelet's "
        "seccomp folder. Every node that the pod may run on needs it.",
        known_by="The runtime's message, and localhostProfile.",
        remedy="Put the file on the nodes, or use type RuntimeDefault.",
        link=DOCS + "tutorials/security/seccomp/",
        check=no_profile,
    ),
)

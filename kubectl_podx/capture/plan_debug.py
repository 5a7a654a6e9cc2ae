"""The one write: an ephemeral container for `--debug-image`: what it is, when it may not be. Pure.

Everything here follows from the pod and from what the flags say; nothing is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from kubectl_podx.capture import exec_policy
from kubectl_podx.capture.planned import DebugWish, PlannedCall, Right
from kubectl_podx.model.outside import MemoryUsage
from kubectl_podx.model.raw import Json, dig, items, number, text
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod import own
from kubectl_podx.pod.pod import ContainerEntry, first_user
from kubectl_podx.sections.table import LOOKS_INSIDE

RESTRICTED, GENERAL = "restricted", "general"
PROFILES = (RESTRICTED, GENERAL)
"""As `kubectl debug --profile` names them; `general` adds SYS_PTRACE."""
SECTIONS = LOOKS_INSIDE
_NAME_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def patch_right(reference: Reference) -> Right:
    """What a debug container needs: the one right to write."""
    where = (reference.namespace, reference.name)
    return Right(("patch",), "pods/ephemeralcontainers", "", *where)


def debug_call(reference: Reference, container: str) -> PlannedCall:
    """The write of one debug container that targets this container."""
    return PlannedCall(
        "debug",
        reference.key,
        SECTIONS,
        patch_right(reference),
        reference,
        container=container,
        optional_right=True,
    )


def known_for(pod: Json, container: str, wish: DebugWish | None) -> str:
    """The debug container that is there for this one: it runs or, if it was wished for, is about
    to. Empty where there is none.

    One that was added by another profile or with another image does not do what is asked for now.
    """
    for spec in reversed(own.own_specs(pod)):
        status = own.status_of(pod, text(spec, "name"))
        if text(spec, "targetContainerName") != container:
            continue
        if wish is None and not own.is_running(status):
            continue
        if wish is not None and DebugWish(text(spec, "image"), _profile(spec)) != wish:
            continue
        if dig(status, "state", "terminated") is None:
            return text(spec, "name")
    return ""


def _profile(spec: Json) -> str:
    marks = (text(one, "value") for one in items(spec, "env") if text(one, "name") == own.MARK)
    return next(marks, "")


def memory(pod: Json, usages: Sequence[MemoryUsage], now: str) -> exec_policy.Decision:
    """Whether the pod's memory allows for a few more processes.

    A debug container has no limit of its own, but is charged to the pod's cgroup, which has one
    where the spec says so or where every container has one.
    """
    whole = exec_policy.limit_of_pod(pod)
    if whole is None:
        return exec_policy.Decision(allowed=True)
    limited = {**pod, "spec": {**_mapping(pod, "spec"), "resources": {"limits": {"memory": whole}}}}
    return exec_policy.decide(limited, ContainerEntry("", "ephemeral", {}, {}), usages, now=now)


def _mapping(pod: Json, field: str) -> dict[str, Any]:
    found = dig(pod, field)
    return dict(found) if isinstance(found, dict) else {}


def name_of(random: bytes) -> str:
    """`podx-debug-x7k2p`: five letters of these bytes."""
    return own.PREFIX + "".join(_NAME_LETTERS[byte % len(_NAME_LETTERS)] for byte in random[:5])


@cache
def idle_script() -> str:
    """The text of `idle.sh` without its comments."""
    source = Path(__file__).with_name("idle.sh").read_text("utf-8")
    return "".join(
        f"{line}\n"
        for line in source.split("\n")
        if line.strip() and not line.lstrip().startswith("#")
    )


def debug_container(pod: Json, entry: ContainerEntry, wish: DebugWish, name: str) -> dict[str, Any]:
    """The ephemeral container: no resources, no volumes, nothing that it could write to.

    Its user, groups and capabilities are those with which the kernel lets it read the target
    (ptrace_may_access: the same uid and gid, and no capability that only the target has).
    """
    return {
        "name": name,
        "image": wish.image,
        "targetContainerName": entry.name,
        "command": ["sh", "-c", idle_script(), own.PREFIX.rstrip("-")],
        "env": [{"name": own.MARK, "value": wish.profile}],
        "terminationMessagePolicy": "File",
        "securityContext": _security(pod, entry, wish.profile),
    }


def _security(pod: Json, entry: ContainerEntry, profile: str) -> dict[str, Any]:
    context = _mapping(entry.spec, "securityContext")
    found: dict[str, Any] = {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    # A security module lets a process read another one of its own label only.
    for field in ("seLinuxOptions", "appArmorProfile"):
        if field in context:
            found[field] = context[field]
    if profile == GENERAL:
        # SYS_PTRACE is worth something for root only: whoever else is started loses it.
        capabilities = {"add": ["SYS_PTRACE"]}
        root = {"runAsUser": 0, "runAsGroup": 0, "runAsNonRoot": False}
        return {**found, **root, "capabilities": capabilities}
    user, group = _user(pod, entry), _group(pod, entry)
    found["capabilities"] = _capabilities(context, user)
    if user is not None:
        found["runAsUser"] = user
        found |= {} if group is None else {"runAsGroup": group}
    if user != 0 and (user is not None or _never_root(pod, context)):
        found["runAsNonRoot"] = True
    return found


def _user(pod: Json, entry: ContainerEntry) -> int | None:
    """The target's uid: as the kubelet tells of its first process, else as the spec demands."""
    found = first_user(entry)
    if found is not None:
        return found
    contexts = (dig(entry.spec, "securityContext"), dig(pod, "spec", "securityContext"))
    return next((one for c in contexts if (one := number(c, "runAsUser")) is not None), None)


def _group(pod: Json, entry: ContainerEntry) -> int | None:
    found = number(entry.status, "user", "linux", "gid")
    if found is not None:
        return found
    contexts = (dig(entry.spec, "securityContext"), dig(pod, "spec", "securityContext"))
    return next((one for c in contexts if (one := number(c, "runAsGroup")) is not None), None)


def _never_root(pod: Json, context: Json) -> bool:
    contexts = (context, dig(pod, "spec", "securityContext"))
    return any(dig(one, "runAsNonRoot") is True for one in contexts)


def _capabilities(context: Json, user: int | None) -> dict[str, list[str]]:
    """None for a user who has none anyway; those of the target for root."""
    if user:
        return {"drop": ["ALL"]}
    known = {field: dig(context, "capabilities", field) for field in ("add", "drop")}
    return {
        field: [one for one in several if isinstance(one, str)]
        for field, several in known.items()
        if isinstance(several, list)
    }


def patch(pod: Json, made: Iterable[Json]) -> dict[str, Any]:
    """The strategic merge patch: of this very pod, should another one have its name by now."""
    return {
        "metadata": {"uid": text(pod, "metadata", "uid")},
        "spec": {"ephemeralContainers": list(made)},
    }


def question(reference: Reference, names: Sequence[str], wish: DebugWish) -> str:
    """What a person says yes to."""
    several = len(names) > 1
    whose = "containers " if several else "container "
    return (
        f"podx adds {len(names) if several else 'an'} ephemeral container{'s' if several else ''} "
        f"(image {wish.image}, profile {wish.profile}) to pod {reference.name}, to look into "
        f"{whose}{', '.join(names)}, which {'have' if several else 'has'} no shell.\n"
        f"{'They end' if several else 'It ends'} two minutes after the last look, but "
        f"{'stay' if several else 'stays'} in the pod's spec until the pod is deleted: Kubernetes "
        "cannot remove an ephemeral container."
    )

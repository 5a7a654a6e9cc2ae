"""What of a securityContext decides which files a container may read and write."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.model.raw import dig, mapping, number
from kubectl_podx.pod.containers import ContainerEntry
from kubectl_podx.pod.view import PodView

# The container's own value beats the pod's (pkg/securitycontext/util.go).
_IDS = ("runAsUser", "runAsGroup")
_SWITCHES = ("runAsNonRoot", "privileged", "readOnlyRootFilesystem", "allowPrivilegeEscalation")


def security(view: PodView, entry: ContainerEntry) -> list[str]:
    """`runAsUser 1000`, `fsGroup 2000`, `capabilities add SYS_PTRACE`: each as it is declared.

    What stands at its default is left out.
    """
    return [*_own(view, entry), *_of_pod(view)]


def _own(view: PodView, entry: ContainerEntry) -> Iterator[str]:
    own = mapping(entry.spec, "securityContext")
    shared = mapping(view.pod, "spec", "securityContext")
    for field in _IDS:
        found = number(own, field)
        found = number(shared, field) if found is None else found
        if found is not None:
            yield f"{field} {found}"
    for field in _SWITCHES:
        found = own.get(field, shared.get(field))
        if isinstance(found, bool) and found is not (field == "allowPrivilegeEscalation"):
            yield f"{field} {'true' if found else 'false'}"
    for verb in ("add", "drop"):
        names = dig(own, "capabilities", verb)
        listed = (
            [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
        )
        if listed:
            yield f"capabilities {verb} {', '.join(listed)}"


def _of_pod(view: PodView) -> Iterator[str]:
    shared = mapping(view.pod, "spec", "securityContext")
    group = number(shared, "fsGroup")
    if group is not None:
        yield f"fsGroup {group}"
    more = shared.get("supplementalGroups")
    listed = [str(one) for one in more if isinstance(one, int)] if isinstance(more, list) else []
    if listed:
        yield f"supplementalGroups {', '.join(listed)}"

"""Who made a difference between a pod and its template, and how sure that is. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from kubectl_podx.model.raw import items, mapping, text
from kubectl_podx.pod.owner import controller_kind
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.injections.admission_match import candidates, writes
from kubectl_podx.sections.injections.field_edits import Edit, edit_of, edits
from kubectl_podx.sections.injections.injectors import (
    DEFAULTING,
    LIMIT_RANGER,
    ORDINARY,
    PRIORITY,
    RUNTIME_CLASS,
    SERVICE_ACCOUNT,
    Source,
)
from kubectl_podx.sections.injections.pod_defaults import is_default
from kubectl_podx.sections.injections.report import Injection
from kubectl_podx.sections.injections.scheduling_plugins import scheduling_source
from kubectl_podx.sections.injections.template_compare import Difference

_LIMITED = re.compile(r"(?P<names>.+) (?P<what>request|limit) for (?:init )?container (?P<who>\S+)")
_ITEM = re.compile(r"\[([^\]]*)\]")
_RESOURCES = re.compile(r"\.resources\.(?P<what>requests|limits)\.(?P<name>.+)$")
_PRIORITY = ("spec.priority", "spec.preemptionPolicy", "spec.priorityClassName")
_ACCOUNT = ("spec.serviceAccountName", "spec.serviceAccount", "spec.imagePullSecrets")
_MOST_CANDIDATES = 3


class Sources:
    """What is known of one pod's creation and of who wrote it since."""

    def __init__(self, view: PodView) -> None:
        self._view = view
        self._edits = edits(view)
        self._limited = set(_limited(view))
        self._candidates = candidates(view)

    def rows(self, found: Iterable[Injection]) -> list[Injection]:
        """The rows, each with the best source that is known for it."""
        return [self._attributed(row) for row in found]

    def row(self, difference: Difference) -> Injection:
        """The row of a field that nothing but its path and value tells of."""
        source = self._ordinary(difference)
        return Injection(
            path=difference.path,
            change=difference.change,
            by=source.name,
            confidence=source.confidence,
        )

    def _attributed(self, row: Injection) -> Injection:
        edit = edit_of(row.path, self._edits)
        if edit is not None:
            return _edited(row, edit)
        # It comes before the defaults: a request that it set may be equal to its limit.
        if self._by_limit_ranger(row.path):
            return msgspec.structs.replace(
                row, by=LIMIT_RANGER, confidence="proven", detail="its annotation names it"
            )
        if row.by in ORDINARY or row.confidence == "proven":
            return row
        of_cluster = scheduling_source(self._view, row)
        if of_cluster is not None:
            return of_cluster
        return row if row.by else self._guessed(row)

    def _guessed(self, row: Injection) -> Injection:
        """The policies and webhooks that match the pod; best those that speak of the thing."""
        speaking = [one for one in self._candidates if writes(one, row.path)]
        chosen = speaking or self._candidates
        if not chosen:
            return row
        shown = [one.spoken for one in chosen[:_MOST_CANDIDATES]]
        left = len(chosen) - len(shown)
        who = " or ".join(shown) + (f" or {left} more" if left else "")
        sure = len(speaking) == 1
        how = "it matches the pod and writes this name" if speaking else "it matches the pod"
        if any(one.conditional for one in chosen):
            how += "; its conditions are not worked out"
        detail = "; ".join(part for part in (row.detail, how) if part)
        return msgspec.structs.replace(
            row, by=who, confidence="likely" if sure else "possible", detail=detail
        )

    def _by_limit_ranger(self, path: str) -> bool:
        match, names = _RESOURCES.search(path), _ITEM.findall(path)
        if match is None or not names:
            return False
        return (names[0], match["what"].removesuffix("s"), match["name"]) in self._limited

    def _ordinary(self, difference: Difference) -> Source:
        """What Kubernetes itself does to every pod of this kind."""
        path = difference.path
        if path.startswith(_PRIORITY):
            return Source(PRIORITY, "proven")
        if path.startswith(_ACCOUNT):
            return Source(SERVICE_ACCOUNT, "proven" if path != _ACCOUNT[2] else "likely")
        if path.startswith("spec.overhead"):
            return Source(RUNTIME_CLASS, "proven")
        controller = self._controller(path)
        if controller:
            return Source(controller, "proven")
        if difference.change == "added" and is_default(
            path, difference.live, self._container(path)
        ):
            return Source(DEFAULTING, "proven")
        return Source()

    def _controller(self, path: str) -> str:
        owner = controller_kind(self._view)
        own = {
            "StatefulSet": ("spec.hostname", "spec.subdomain"),
            "DaemonSet": ("spec.affinity",),
            "Job": ("spec.hostname", "spec.subdomain"),
        }.get(owner, ())
        return f"the {owner} controller" if path.startswith(own or ("-",)) else ""

    def _container(self, path: str) -> dict[str, object] | None:
        names = _ITEM.findall(path)
        if not path.startswith(("spec.containers[", "spec.initContainers[")) or not names:
            return None
        field = path.partition("[")[0].removeprefix("spec.")
        for one in items(self._view.pod, "spec", field):
            if text(one, "name") == names[0]:
                return dict(one)
        return None


def _edited(row: Injection, edit: Edit) -> Injection:
    when = f"managedFields, written {edit.time}" if edit.time else "managedFields"
    detail = "; ".join(part for part in (row.detail, when) if part)
    confidence = "proven" if edit.subresource else "likely"
    return msgspec.structs.replace(
        row, by=edit.by, confidence=confidence, detail=detail, edited=True
    )


def _limited(view: PodView) -> Iterator[tuple[str, str, str]]:
    """Container, `request` or `limit`, and resource of everything that LimitRanger says it set.

    `LimitRanger plugin set: cpu, memory request for container app; cpu limit for container app`
    (plugin/pkg/admission/limitranger/admission.go).
    """
    said = text(mapping(view.pod, "metadata", "annotations"), "kubernetes.io/limit-ranger")
    for part in said.partition(": ")[2].split("; "):
        match = _LIMITED.fullmatch(part.strip())
        for resource in match["names"].split(", ") if match else ():
            yield match["who"] if match else "", match["what"] if match else "", resource

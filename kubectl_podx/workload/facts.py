"""A captured workload -> what a report says of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubectl_podx.model.clock import parse_quantity
from kubectl_podx.model.parts import Condition, Owner
from kubectl_podx.model.raw import Json, dig, items, mapping, number, one_line, text
from kubectl_podx.model.reference import selector_text
from kubectl_podx.pod.workload import REPLICATED, behind, changed_at
from kubectl_podx.workload.guards import guards, nodes_without
from kubectl_podx.workload.refusals import refusals
from kubectl_podx.workload.report import Scaling, Workload, WorkloadEvent
from kubectl_podx.workload.revisions import revision
from kubectl_podx.workload.runs import run, runs, schedule
from kubectl_podx.workload.view import WorkloadView

_MOST_EVENTS = 20
_LONGEST = 600


def build(view: WorkloadView) -> Workload:
    """Everything that is said of the workload itself."""
    body, kind = view.body, view.reference.kind
    metadata = mapping(body, "metadata")
    found = view.counts
    return Workload(
        kind=kind,
        namespace=view.reference.namespace,
        name=view.reference.name,
        wanted=len(view.pods) if kind == "Service" else found.wanted,
        made=len(view.pods) if kind == "Service" else found.made,
        ready=found.ready,
        updated=found.updated,
        created_at=text(metadata, "creationTimestamp") or None,
        changed_at=changed_at(body) or None,
        deleted_at=text(metadata, "deletionTimestamp") or None,
        paused=dig(body, "spec", "paused") is True,
        suspended=dig(body, "spec", "suspend") is True,
        behind=behind(body),
        strategy=_strategy(view),
        unavailable=_bounds(view).get("maxUnavailable"),
        ordered=kind == "StatefulSet"
        and text(body, "spec", "podManagementPolicy") in ("", "OrderedReady"),
        partition=number(body, "spec", "updateStrategy", "rollingUpdate", "partition"),
        selector=_selector(view),
        owners=_owners(body),
        conditions=[_condition(one) for one in items(body, "status", "conditions")],
        refusals=refusals(view),
        scaled_by=_decided(view),
        revision=revision(view),
        job=run(body, view.pods) if kind == "Job" else None,
        schedule=schedule(view),
        runs=runs(view),
        nodes_without=nodes_without(view),
        guards=guards(view),
        events=_events(view),
    )


def _condition(one: Json) -> Condition:
    return Condition(
        type=text(one, "type"),
        status=text(one, "status"),
        reason=text(one, "reason"),
        message=text(one, "message"),
        since=text(one, "lastTransitionTime") or None,
    )


def _owners(body: Json) -> list[Owner]:
    return [
        Owner(
            kind=text(one, "kind"),
            name=text(one, "name"),
            controller=dig(one, "controller") is True,
        )
        for one in items(body, "metadata", "ownerReferences")
    ]


def _events(view: WorkloadView) -> list[WorkloadEvent]:
    return [
        WorkloadEvent(
            object=event.about,
            type=text(event.body, "type"),
            reason=event.reason,
            message=one_line(event.message, _LONGEST),
            count=event.seen,
            last=event.time or None,
        )
        for event in reversed(view.events[-_MOST_EVENTS:])
    ]


def _selector(view: WorkloadView) -> str:
    if view.reference.kind in ("Service", "ReplicationController"):
        return selector_text({"matchLabels": mapping(view.body, "spec", "selector")})
    return selector_text(dig(view.body, "spec", "selector"))


def _strategy(view: WorkloadView) -> str:
    """`RollingUpdate, maxSurge 25% (1 pod), maxUnavailable 25% (0 pods)`."""
    spec = mapping(view.body, "spec")
    found = mapping(spec, "strategy") or mapping(spec, "updateStrategy")
    kind, rolling = text(found, "type"), mapping(found, "rollingUpdate")
    pods = _bounds(view)
    shown = (f"{name} {rolling[name]} = {pods[name]}" for name in pods if name in rolling)
    return ", ".join(filter(None, [kind, *shown]))


def _bounds(view: WorkloadView) -> dict[str, int]:
    """MaxSurge and maxUnavailable of a Deployment's rolling update, as numbers of pods."""
    rolling = mapping(view.body, "spec", "strategy", "rollingUpdate")
    if not rolling:
        return {}
    wanted = view.counts.wanted or 0
    surge = _pods(rolling, "maxSurge", wanted, up=True)
    unavailable = _pods(rolling, "maxUnavailable", wanted, up=False)
    if surge == 0 and unavailable == 0:
        # ResolveFenceposts: one of them must move (pkg/controller/deployment/util).
        unavailable = 1
    return {"maxSurge": surge, "maxUnavailable": unavailable}


def _pods(rolling: Mapping[str, Any], name: str, wanted: int, *, up: bool) -> int:
    """A number, or a share of the pods: a surge is rounded up, what may be missing down."""
    value = rolling.get(name, 0)
    if isinstance(value, int):
        return value
    share = parse_quantity(str(value).removesuffix("%")) if str(value).endswith("%") else None
    if share is None:
        return 0
    exact = share * wanted / 100
    whole = exact.numerator // exact.denominator
    return whole + 1 if up and exact > whole else whole


def _decided(view: WorkloadView) -> Scaling | None:
    """Who set replicas to 0, suspended or paused it; None where none of that is so."""
    body, kind = view.body, view.reference.kind
    if kind in REPLICATED and number(body, "spec", "replicas") == 0:
        return _writer(body, "spec.replicas")
    if dig(body, "spec", "suspend") is True:
        return _writer(body, "spec.suspend")
    return _writer(body, "spec.paused") if dig(body, "spec", "paused") is True else None


def _writer(body: Json, path: str) -> Scaling:
    """The manager that owns the field, the newest of several."""
    entries = [
        one for one in items(body, "metadata", "managedFields") if path in (dig(one, "paths") or ())
    ]
    newest = max(entries, key=lambda one: text(one, "time"), default=None)
    return Scaling(
        manager=text(newest, "manager"),
        time=text(newest, "time") or None,
        subresource=text(newest, "subresource"),
    )

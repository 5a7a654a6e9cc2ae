"""What the pod asks for beside what the nodes offer: the terms behind the scheduler's counts."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.model.clock import parse_quantity
from kubectl_podx.model.raw import Json, dig, items, mapping, text
from kubectl_podx.model.reference import selector_text
from kubectl_podx.pod.claims import TOO_MANY_VOLUMES, attachments, claims_of, only_one_pod, users
from kubectl_podx.pod.devices import device_claims
from kubectl_podx.pod.nodes import repels, taint_text, tolerated
from kubectl_podx.pod.requests import host_ports, requests_of
from kubectl_podx.pod.start_error import without_quotes
from kubectl_podx.pod.view import PodView
from kubectl_podx.view.units import amount_text, counted

_MOST = 3
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def held(view: PodView, reasons: list[str], nodes: list[Json] | None) -> list[str]:
    """A line for each term of the pod that the reasons speak of, with what there is instead."""
    said = " ".join(without_quotes(reason) for reason in reasons)
    found: list[str] = []
    if "node affinity/selector" in said:
        found += _selector(view, nodes)
    if "Insufficient " in said:
        found += _resources(view, said, nodes)
    if "free ports" in said:
        found += _ports(view)
    if "topology spread" in said:
        found += _spread(view, nodes)
    if "taint" in said:
        found += _taints(view, nodes)
    if "pod anti-affinity" in said or "pod affinity" in said:
        found += _neighbours(view, said)
    if "claim" in said or "device class" in said:
        found += _devices(view)
    if TOO_MANY_VOLUMES in said:
        found += _attachments(view)
    if "ReadWriteOncePod" in said:
        found += _one_pod(view)
    return found


def _selector(view: PodView, nodes: list[Json] | None) -> Iterator[str]:
    """A nodeSelector that no node has, beside the values of that label that there are."""
    if nodes is None:
        return
    for key, value in sorted(mapping(view.pod, "spec", "nodeSelector").items()):
        labels = [mapping(node, "metadata", "labels") for node in nodes]
        values = sorted({str(each[key]) for each in labels if key in each})
        if str(value) in values:
            continue
        if not values:
            yield f"nodeSelector {key}={value}: no node has the label {key}"
            continue
        case = any(each.lower() == str(value).lower() for each in values)
        hint = " (labels are case-sensitive)" if case else ""
        yield f"nodeSelector {key}={value}: nodes have {', '.join(values[:_MOST])}{hint}"


def _devices(view: PodView) -> Iterator[str]:
    """Resource claims that are not allocated, with what they ask for."""
    for claim in device_claims(view):
        asked = f" (device class {', '.join(claim.classes)})" if claim.classes else ""
        if claim.state == "notMade":
            yield f"{claim.label} has not been made yet"
        elif claim.state == "missing":
            yield f"{claim.label} does not exist"
        elif claim.lost_classes:
            lost = claim.lost_classes[0]
            yield f"{claim.label} asks for device class {lost}, which does not exist"
        elif claim.state == "pending":
            yield f"{claim.label} has no devices yet{asked}"
        elif claim.users:
            yield f"{claim.label} is in use by pod {', '.join(claim.users[:_MOST])}{asked}"


def _resources(view: PodView, said: str, nodes: list[Json] | None) -> Iterator[str]:
    for name, asked in sorted(requests_of(view.pod).items()):
        if f"Insufficient {name}" not in said:
            continue
        offers = [
            (amount, text(node, "metadata", "name"))
            for node in nodes or ()
            if (amount := parse_quantity(dig(node, "status", "allocatable", name))) is not None
        ]
        if not offers:
            continue
        most, node_name = max(offers)
        shown, offered = amount_text(name, asked), amount_text(name, most)
        if asked > most:
            yield f"the pod asks for {shown} {name}, the largest node, {node_name}, has {offered}"
        else:
            yield (
                f"the pod asks for {shown} {name}; node {node_name} has {offered} in all, most of "
                "it requested by other pods"
            )


def _ports(view: PodView) -> Iterator[str]:
    """Who holds the host ports that the pod asks for."""
    mine = host_ports(view.pod)
    told = 0
    for pod in view.capture.listed("Pod/"):
        node, over = text(pod, "spec", "nodeName"), text(pod, "status", "phase")
        if not node or over in ("Succeeded", "Failed"):
            continue
        for number, protocol in sorted(host_ports(pod) & mine):
            whose = f"{text(pod, 'metadata', 'namespace')}/{text(pod, 'metadata', 'name')}"
            told += 1
            if told <= _MOST:
                yield f"host port {number}/{protocol} of node {node} is held by pod {whose}"
    if not told:
        ports = ", ".join(f"{number}/{protocol}" for number, protocol in sorted(mine))
        yield f"host port {ports}; which pod holds it is not known"


def _spread(view: PodView, nodes: list[Json] | None) -> Iterator[str]:
    for one in items(view.pod, "spec", "topologySpreadConstraints"):
        key = text(one, "topologyKey")
        if text(one, "whenUnsatisfiable") == "ScheduleAnyway" or nodes is None:
            continue
        values = {mapping(node, "metadata", "labels").get(key) for node in nodes} - {None}
        if not values:
            yield f"no node has the label {key}, the topologyKey of its spread constraint"
        else:
            yield (
                f"spread constraint: maxSkew {dig(one, 'maxSkew')} over {key}, which has "
                f"{len(values)} value{'s' if len(values) > 1 else ''} among the nodes"
            )


def _taints(view: PodView, nodes: list[Json] | None) -> Iterator[str]:
    tolerations = items(view.pod, "spec", "tolerations")
    found: dict[str, list[str]] = {}
    for node in nodes or ():
        for taint in items(node, "spec", "taints"):
            if repels(taint) and tolerated(tolerations, taint) is False:
                found.setdefault(taint_text(taint), []).append(text(node, "metadata", "name"))
    for spelt, names in list(found.items())[:_MOST]:
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        yield f"taint {spelt} of node {names[0]}{more} is not tolerated by the pod"


def _neighbours(view: PodView, said: str) -> Iterator[str]:
    """The pod's own terms: which pods it must not, or must, be beside."""
    for kind, word in (("podAntiAffinity", "anti-affinity"), ("podAffinity", "affinity")):
        if f"pod {word}" not in said:
            continue
        for term in items(view.pod, "spec", "affinity", kind, _REQUIRED):
            labels = selector_text(dig(term, "labelSelector")) or "any labels"
            where = "not share" if kind == "podAntiAffinity" else "share"
            yield f"{word}: it must {where} a {text(term, 'topologyKey')} with pods of {labels}"


def _attachments(view: PodView) -> Iterator[str]:
    """What nodes have of the volumes of the driver of one of the pod's claims."""
    for one in attachments(view)[:_MOST]:
        volumes = ", ".join(filter(None, one.volumes[:_MOST]))
        more = len(one.volumes) - _MOST
        listed = f": {volumes}{f' and {more} more' if more > 0 else ''}" if volumes else ""
        yield (
            f"node {one.node} may have {counted(one.allowed, 'volume')} of {one.driver} attached "
            f"(CSINode) and has {len(one.volumes)} (VolumeAttachments){listed}"
        )


def _one_pod(view: PodView) -> Iterator[str]:
    for name in claims_of(view).values():
        if only_one_pod(view, name):
            others = users(view, name)
            by = f"pod {', '.join(others[:_MOST])}" if others else "another pod"
            yield f"claim {name} (ReadWriteOncePod) is in use by {by}"

"""The part of the plan about kinds that only some clusters have: policies of Calico and Cilium,
vertical autoscalers. Pure.

A server that knows nothing of a group answers 403 to whoever has no right on it: which groups there
are is asked first, as everybody may.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from kubectl_podx.capture.plan_workloads import WORKLOAD
from kubectl_podx.capture.planned import PlannedCall, get_groups, list_all
from kubectl_podx.model.decoder import Decoder
from kubectl_podx.model.raw import Json
from kubectl_podx.model.reference import RESOURCES, Reference
from kubectl_podx.pod.pod import Pod
from kubectl_podx.pod.policies import EVERYWHERE, IN_NAMESPACE

_NETWORK = ("network",)
_POLICIES = (*IN_NAMESPACE, *EVERYWHERE)
_SCALING = ("VerticalPodAutoscaler",)


class _Group(msgspec.Struct):
    name: str = ""


class _Groups(msgspec.Struct):
    """An APIGroupList."""

    groups: list[_Group] = []


_GROUPS = Decoder(_Groups)


def after_groups(call: PlannedCall, answer: bytes) -> list[PlannedCall]:
    """The lists of the kinds whose groups the server has, by its answer to `/apis`."""
    try:
        groups = {one.name for one in _GROUPS.decode(answer).groups}
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return []
    return [one for one in of_addons(call) if one.reference.resource.group in groups]


def of_addons(call: PlannedCall) -> list[PlannedCall]:
    """The lists of all the kinds that only some servers have, for what the call is about."""
    kinds = _SCALING if call.sections == WORKLOAD else _POLICIES
    namespace = call.reference.namespace
    return [
        list_all(kind, namespace if RESOURCES[kind].namespaced else "", call.sections)
        for kind in kinds
    ]


def of_a_pod(reference: Reference, pod: Json) -> Iterator[PlannedCall]:
    """The namespace's NetworkPolicies and those of add-ons, where the pod runs and is not ready:
    one of them may be why its connections hang.
    """
    if Pod(pod).has("Ready", "False") and Pod(pod).phase == "Running":
        yield list_all("NetworkPolicy", reference.namespace, _NETWORK)
        yield get_groups(reference.namespace, _NETWORK)

"""A bundle or saved pods -> what a triage reads of a cluster. Pure."""

from __future__ import annotations

from kubectl_podx.model.capture import Capture
from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.reference import Reference
from kubectl_podx.model.words import TriageBasis
from kubectl_podx.pod.gate import gate_of
from kubectl_podx.pod.sick import GroupKey, Looked, Tally, Triaged, key_of
from kubectl_podx.pod.symptom import symptom


def of_capture(capture: Capture, namespace: str = "") -> Triaged:
    """The pods of the capture, those of one namespace where it is named.

    All of the capture's facts are there for every pod, so no row is judged by less.
    """
    tally = Tally(groups={}, on_node={})
    keys: dict[str, GroupKey] = {}
    now = parse_time(capture.captured_at)
    for pod in capture.pods:
        if namespace and Reference.of_key(pod.reference).namespace != namespace:
            continue
        stored = capture.objects.get(pod.reference)
        gate = gate_of((stored.body if stored else None) or {})
        found = symptom(gate, now)
        if tally.add(gate, found) is not None and found is not None:
            keys[pod.reference] = key_of(gate, found.symptom)
    basis: TriageBasis = "status" if capture.source == "manifest" else "api"
    if any(pod.observations for pod in capture.pods):
        basis = "inside"
    chosen = [pod for pod in capture.pods if pod.reference in keys]
    part = Capture(
        source=capture.source,
        podx_version=capture.podx_version,
        captured_at=capture.captured_at,
        server_version=capture.server_version,
        pods=chosen,
        objects=capture.objects,
        lists=capture.lists,
    )
    looked = [Looked(basis, keys, part)] if chosen else []
    return Triaged(tally, namespace, capture.captured_at, {}, looked, [])

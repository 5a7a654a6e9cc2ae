"""Pods that have to go so that another one finds room on a node (preemption)."""

from __future__ import annotations

from msgspec import Struct

from kubectl_podx.model.raw import text
from kubectl_podx.pod.pod import Pod
from kubectl_podx.pod.view import PodView


class Victim(Struct, frozen=True):
    """A pod that the scheduler has told to end."""

    name: str
    """`NAMESPACE/NAME`."""
    since: str | None
    """When it was told to."""


def on_node(node: str) -> str:
    """What the list of a node's pods is called in a capture."""
    return f"on/{node}"


def victims(view: PodView) -> list[Victim] | None:
    """The pods that the scheduler ends on the nominated node; None where its pods were not read."""
    stored = view.capture.lists.get(f"Pod/{on_node(view.api.nominated_node)}")
    if stored is None or stored.state != "present":
        return None
    found = []
    for body in stored.items:
        pod = Pod(body)
        target = pod.condition("DisruptionTarget")
        told = (
            target is not None
            and target.status == "True"
            and target.reason == "PreemptionByScheduler"
        )
        if told and not pod.ended:
            name = f"{text(body, 'metadata', 'namespace')}/{pod.name}"
            found.append(Victim(name, pod.deletion))
    return sorted(found, key=lambda victim: victim.name)

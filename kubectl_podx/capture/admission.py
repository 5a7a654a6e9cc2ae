"""The part of the plan about who changed a pod when it was created. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.capture.planned import PlannedCall, Wish, get_object, right_to
from kubectl_podx.model.raw import Json, text
from kubectl_podx.model.reference import RESOURCES, Reference
from kubectl_podx.podpreset.annotations import has_preset_annotation

ADMISSION = (
    "MutatingWebhookConfiguration",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
)
"""Kinds whose objects may change a pod when it is created. Policies are served from 1.36 on."""


def presets(reference: Reference, pod: Json, wish: Wish) -> Iterator[PlannedCall]:
    """The namespace's PodPresets: few clusters have the kind, so only where an annotation of the
    pod tells of one, or where nothing but injections is asked for.
    """
    if has_preset_annotation(pod) or wish.sections == {"injections"}:
        right = right_to("list", RESOURCES["PodPreset"], reference.namespace)
        listed = Reference("PodPreset", reference.namespace, "")
        yield PlannedCall(
            f"list PodPreset/{reference.namespace}", "list", ("injections",), right, listed
        )


def changers(reference: Reference, pod: Json, wish: Wish) -> Iterator[PlannedCall]:
    """Who may change a pod of this namespace: only where nothing but injections is asked for. The
    answer is of the cluster, not of the pod, and a report on a pod must stay quick.
    """
    if wish.sections != {"injections"}:
        return
    yield get_object(Reference("Namespace", "", reference.namespace), ("injections",))
    runtime_class = text(pod, "spec", "runtimeClassName")
    if runtime_class:
        yield get_object(Reference("RuntimeClass", "", runtime_class), ("injections",))
    for kind in ADMISSION:
        right = right_to("list", RESOURCES[kind], "")
        listed = Reference(kind, "", "")
        yield PlannedCall(f"list {kind}/", "list", ("injections",), right, listed)

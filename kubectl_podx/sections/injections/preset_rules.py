"""Rules about PodPresets: one that selects the pod and left nothing, one that changed since."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kubectl_podx.rules.remedies import DOCS, checked, kubectl, namespace, restart
from kubectl_podx.rules.rule import Case, Hit, Rule
from kubectl_podx.sections.injections.preset_gate import concerns

if TYPE_CHECKING:
    from kubectl_podx.podpreset.merge import Conflict

_LINK = DOCS + "reference/access-authn-authz/mutating-admission-policy/"
_SHOWN = 4
_LONGEST = 120


def selects_without_effect(case: Case) -> Iterator[Hit]:
    """A preset selects the pod, and no annotation says that it was applied."""
    if not concerns(case.view):
        return
    from kubectl_podx.sections.injections.presets import not_applied  # noqa: PLC0415 - few pods need it

    for found in not_applied(case.view):
        more = [line for conflict in found.conflicts[:_SHOWN] for line in _sides(conflict)]
        yield Hit(
            f"PodPreset {found.preset.name} selects the pod and was not applied",
            (f"{found.confidence}: {found.reason}", *more),
            remedy=kubectl("podx", "preset", "preview", checked(case.view.reference.name))
            + f" -n {checked(namespace(case))}",
        )


def _sides(conflict: Conflict) -> Iterator[str]:
    import json  # noqa: PLC0415 - few pods need it

    other = f"PodPreset {conflict.other}" if conflict.other else "the pod"
    for who, entry in (
        (f"PodPreset {conflict.preset}", conflict.entry),
        (other, conflict.existing),
    ):
        yield f"{conflict.path}: {who} has {json.dumps(dict(entry))[:_LONGEST]}"


def changed_since(case: Case) -> Iterator[Hit]:
    """The preset was written again after it was applied; pods that exist never follow."""
    if not concerns(case.view):
        return
    from kubectl_podx.sections.injections.presets import preset_marks  # noqa: PLC0415 - few pods need it

    for mark in preset_marks(case.view):
        if mark.changed and mark.preset is not None:
            now = mark.preset.resource_version
            yield Hit(
                f"PodPreset {mark.name} was written since it was applied to the pod",
                (f"resourceVersion {mark.version} when the pod was created, {now} now",),
                remedy=restart(case),
            )


RULES: tuple[Rule, ...] = (
    Rule(
        code="INJ010",
        section="injections",
        severity="info",
        title="A PodPreset selects the pod and was not applied",
        meaning="Its selector fits the pod's labels, and the pod has no annotation of it. The "
        "admission plugin applies nothing at all where one entry is in conflict, leaves out mirror "
        "pods and excluded ones, never changes a pod that exists, and tells nobody.",
        known_by="The preset's selector against the pod's labels, its annotations, and a merge of "
        "the presets into the pod as it is now.",
        remedy="look at what the preset would do to the pod",
        link=_LINK,
        check=selects_without_effect,
    ),
    Rule(
        code="INJ011",
        section="injections",
        severity="info",
        title="A PodPreset was written after it was applied",
        meaning="The pod keeps what it was given when it was created.",
        known_by="The preset's resourceVersion against the one in the pod's annotation.",
        remedy="make the pod anew to give it what the preset holds now",
        link=_LINK,
        check=changed_since,
    ),
)

"""Rules about what admission made of the owner's template."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kubectl_podx.rules.fixes import restart
from kubectl_podx.rules.remedies import DOCS, checked, kubectl, namespace
from kubectl_podx.rules.rule import Case, Hit, Rule
from kubectl_podx.sections.injections.facts import concerns

if TYPE_CHECKING:
    from kubectl_podx.podpreset.merge import Conflict
from kubectl_podx.rules.remedies import about_pod
from kubectl_podx.sections.injections.injectors import ORDINARY
from kubectl_podx.sections.injections.report import Injection

_LINK = DOCS + "reference/access-authn-authz/mutating-admission-policy/"
_MOST_PRESETS = 4
_LONGEST = 120


def selects_without_effect(case: Case) -> Iterator[Hit]:
    """A preset selects the pod, and no annotation says that it was applied."""
    if not concerns(case.view):
        return
    from kubectl_podx.sections.injections.presets import not_applied  # noqa: PLC0415 - few pods need it

    for found in not_applied(case.view):
        more = [line for conflict in found.conflicts[:_MOST_PRESETS] for line in _sides(conflict)]
        yield Hit(
            f"PodPreset {found.preset.name} selects the pod and was not applied",
            (f"{found.confidence}: {found.reason}", *more),
            next=kubectl("podx", "preset", "preview", checked(case.view.reference.name))
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
                fix=restart(case),
            )


PRESET_RULES: tuple[Rule, ...] = (
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
        remedy="Look at what the preset would do to the pod.",
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
        remedy="Create the pod again, so that it gets what the preset holds now.",
        link=_LINK,
        check=changed_since,
    ),
)

_ADMISSION = DOCS + "reference/access-authn-authz/extensible-admission-controllers/"
_SHOWN = 8


def _of_spec(case: Case) -> list[Injection]:
    """Changes of the spec that not every pod gets."""
    return [
        injection
        for injection in case.report.injections or ()
        if injection.path.startswith("spec.")
        and injection.by not in ORDINARY
        # Written since, by somebody with a name, and no work of admission.
        and not injection.edited
        and not injection.path.startswith("spec.ephemeralContainers[")
    ]


def _webhooks() -> str:
    return kubectl("get", "mutatingwebhookconfigurations,mutatingadmissionpolicies", "-o", "wide")


def changed_by_admission(case: Case) -> Iterator[Hit]:
    """The pod differs from its owner's template in more than every pod does."""
    found = [i for i in _of_spec(case) if not i.path.endswith(".image")]
    if found:
        who = ", ".join(dict.fromkeys(i.by for i in found if i.by))
        shown = [f"{i.change} {i.path}" for i in found[:_SHOWN]]
        left = len(found) - len(shown)
        yield Hit(
            f"admission changed {len(found)} thing{'' if len(found) == 1 else 's'} of the owner's "
            f"template{f': {who}' if who else ''}",
            (*shown, *((f"and {left} more",) if left else ())),
            next=about_pod(case, "podx", "injected"),
        )


def image_changed(case: Case) -> Iterator[Hit]:
    """A container runs another image than its owner's template names."""
    for injection in _of_spec(case):
        if injection.path.endswith(".image") and injection.change == "changed":
            yield Hit(
                f"{injection.path} is not the image of the owner's template",
                (injection.detail,),
                next=_webhooks(),
            )


RULES: tuple[Rule, ...] = (
    Rule(
        code="INJ001",
        section="injections",
        severity="info",
        title="Admission changed the pod",
        meaning="A webhook, an admission policy or a plugin added or changed something between the "
        "owner's template and the pod. `kubectl podx injected` reads webhooks and policies, too.",
        known_by="The pod's spec against its owner's template.",
        remedy="Look at the webhooks and admission policies of the cluster.",
        link=_ADMISSION,
        check=changed_by_admission,
    ),
    Rule(
        code="INJ002",
        section="injections",
        severity="info",
        title="A container's image is not the template's",
        meaning="Admission rewrote it, for a mirror or a pinned digest, or somebody edited the "
        "pod.",
        known_by="The image of the pod against its owner's template.",
        remedy="Look at the webhooks and admission policies of the cluster.",
        link=_ADMISSION,
        check=image_changed,
    ),
    *PRESET_RULES,
)

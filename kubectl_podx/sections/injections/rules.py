"""Rules about what admission made of the owner's template."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.rules.remedies import DOCS, about_pod, kubectl
from kubectl_podx.rules.rule import Case, Hit, Rule
from kubectl_podx.sections.injections import preset_rules
from kubectl_podx.sections.injections.injectors import ORDINARY
from kubectl_podx.sections.injections.report import Injection

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
            remedy=about_pod(case, "podx", "injected"),
        )


def image_changed(case: Case) -> Iterator[Hit]:
    """A container runs another image than its owner's template names."""
    for injection in _of_spec(case):
        if injection.path.endswith(".image") and injection.change == "changed":
            yield Hit(
                f"{injection.path} is not the image of the owner's template",
                (injection.detail,),
                remedy=_webhooks(),
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
        remedy="look at the webhooks and admission policies of the cluster",
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
        remedy="look at the webhooks and admission policies of the cluster",
        link=_ADMISSION,
        check=image_changed,
    ),
    *preset_rules.RULES,
)

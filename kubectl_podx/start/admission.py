"""What the API server said of the pod: a refusal taken apart, and one that would not come."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from kubectl_podx.model.clock import parse_quantity
from kubectl_podx.model.parts import Coverage
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.tried import Admission
from kubectl_podx.model.words import RefusedBy, StartProblemKind
from kubectl_podx.pod.requests import limits_of, requests_of
from kubectl_podx.pod.view import PodView
from kubectl_podx.rules.remedies import checked, kubectl
from kubectl_podx.start.fields import field_of_message
from kubectl_podx.start.references import made_by_file
from kubectl_podx.start.report import StartProblem
from kubectl_podx.workload.refusals import of_message, quota_of

_KINDS: dict[RefusedBy, StartProblemKind] = {
    "quota": "quota",
    "limitRange": "limitRange",
    "podSecurity": "podSecurity",
    "webhookUnavailable": "webhook",
    "webhookDenied": "webhook",
    "admissionPolicy": "policy",
    "serviceAccount": "serviceAccount",
    "priorityClass": "priorityClass",
    "runtimeClass": "runtimeClass",
    "namespaceTerminating": "namespace",
    "claim": "claim",
    "invalid": "invalid",
    "other": "refused",
}
_NAMESPACE = lazy(r'^namespaces "([^"]+)" not found')
_TITLES: dict[RefusedBy, str] = {
    "quota": "ResourceQuota {name} has no room for the pod",
    "limitRange": "a LimitRange refuses the pod",
    "podSecurity": "Pod Security level {name} refuses the pod",
    "webhookUnavailable": "webhook {name} cannot be called, and pods are refused without it",
    "webhookDenied": "webhook {name} denies the pod",
    "admissionPolicy": "ValidatingAdmissionPolicy {name} denies the pod",
    "serviceAccount": 'ServiceAccount "{name}" does not exist',
    "priorityClass": 'PriorityClass "{name}" does not exist',
    "runtimeClass": 'RuntimeClass "{name}" does not exist',
    "namespaceTerminating": 'namespace "{name}" is being deleted',
    "invalid": "the API server calls the pod invalid",
}
_READ: dict[RefusedBy, tuple[str, ...]] = {
    "quota": ("describe", "resourcequota"),
    "limitRange": ("describe", "limitrange"),
    "serviceAccount": ("get", "serviceaccounts"),
    "priorityClass": ("get", "priorityclasses"),
    "runtimeClass": ("get", "runtimeclasses"),
}


def problems(view: PodView) -> Iterator[StartProblem]:
    """The refusal, if it is one that would come again when the old pod is gone."""
    answer, maker = view.captured.admission, view.captured.maker_admission
    if maker is not None and maker.state == "refused":
        yield _problem(view, maker, "object")
        if of_message(maker.message).by in ("invalid", "other"):
            # The pod is refused for the same mistake.
            return
    if answer is not None and answer.state == "refused" and not has_room_without(view):
        yield _problem(view, answer, "pod")


def _problem(view: PodView, answer: Admission, what: str) -> StartProblem:
    refusal = of_message(answer.message)
    gone = _NAMESPACE.search(answer.message)
    if gone is not None:
        return StartProblem(
            kind="namespace",
            severity="critical",
            title=f'namespace "{gone[1]}" does not exist',
            object=f"Namespace/{gone[1]}",
            field="metadata.namespace",
            next=kubectl("get", "namespaces"),
        )
    title = _TITLES.get(refusal.by, "the API server refuses the pod").format(name=refusal.name)
    title = title.replace("the pod", f"the {what}")
    if refusal.details and refusal.by not in ("serviceAccount", "priorityClass", "runtimeClass"):
        title = f"{title}: {refusal.details[0]}"
    words = _READ.get(refusal.by, ())
    if refusal.by == "quota" and refusal.name:
        words = (*words, checked(refusal.name))
    namespaced = refusal.by in ("quota", "limitRange", "serviceAccount")
    return StartProblem(
        kind=_KINDS[refusal.by],
        severity="critical",
        title=title,
        evidence=[*refusal.details[1:], f"server dry run: {refusal.message}"],
        object=_object(refusal.by, refusal.name),
        field=field_of_message(answer.message),
        next=kubectl(*words, namespace=view.reference.namespace if namespaced else "")
        if words
        else "",
    )


def _object(by: RefusedBy, name: str) -> str:
    kinds: dict[RefusedBy, str] = {
        "quota": "ResourceQuota",
        "limitRange": "LimitRange",
        "serviceAccount": "ServiceAccount",
        "priorityClass": "PriorityClass",
        "runtimeClass": "RuntimeClass",
        "admissionPolicy": "ValidatingAdmissionPolicy",
        "namespaceTerminating": "Namespace",
    }
    return f"{kinds[by]}/{name}" if by in kinds and name else ""


def has_room_without(view: PodView) -> bool:
    """Whether a quota that has no room for one more pod has room for it in the place of its own.

    The dry run is beside the pod that is there; the quota counts that one, too, until it is gone.
    """
    answer = view.captured.admission
    told = quota_of(answer.message) if answer is not None else None
    if told is None or not view.captured.uid:
        return False
    own = _counted(view)
    for name, amount in told.asked.items():
        asked, used, hard = (
            parse_quantity(each) for each in (amount, told.used.get(name), told.hard.get(name))
        )
        if asked is None or used is None or hard is None or name not in own:
            return False
        if used - own[name] + asked > hard:
            return False
    return True


def _counted(view: PodView) -> dict[str, Fraction]:
    """What a quota counts of the pod itself (pkg/quota/v1/evaluator/core/pods.go)."""
    found = {"pods": Fraction(1), "count/pods": Fraction(1)}
    for name, amount in requests_of(view.pod).items():
        found[f"requests.{name}"] = found[name] = amount
    for name, amount in limits_of(view.pod).items():
        found[f"limits.{name}"] = amount
    return found


def not_asked(view: PodView) -> Iterator[Coverage]:
    """Why the API server was not heard."""
    answer = view.captured.admission
    if answer is None or answer.state in ("accepted", "refused"):
        return
    what = "admission (server dry run)"
    if answer.state == "denied":
        yield Coverage(
            section="start", state="denied", reason=f"{what}: forbidden", needs=answer.needs
        )
    elif answer.state == "unsupported":
        yield Coverage(
            section="start",
            state="unobservable",
            reason=f"{what}: a webhook takes no dry run: {answer.message}",
        )
    elif answer.state == "failed":
        yield Coverage(section="start", state="partial", reason=f"{what}: {answer.message}")
    elif made_by_file(view):
        why = f"{what}: not asked, as the file makes namespace {view.reference.namespace}"
        yield Coverage(section="start", state="skipped", reason=why)
    else:
        yield Coverage(section="start", state="skipped", reason=f"{what}: not asked for")

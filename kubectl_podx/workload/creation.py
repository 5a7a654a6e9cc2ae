"""Rules about pods that were never made, and about rollouts that do not move."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kubectl_podx.model.words import RefusedBy
from kubectl_podx.pod.workload import MAKING
from kubectl_podx.rules.remedies import DOCS, checked
from kubectl_podx.rules.rule import Fix, Hit, Rule
from kubectl_podx.view.units import counted
from kubectl_podx.workload.case import WorkloadCase, rule
from kubectl_podx.workload.report import Refusal

_MOST = 5


def _refused(case: WorkloadCase, *kinds: RefusedBy) -> Iterator[Refusal]:
    """The newest refusal of these kinds: older ones of other kinds are evidence of it."""
    return (one for one in case.workload.refusals[:1] if one.by in kinds)


def _hit(case: WorkloadCase, one: Refusal, why: str, look: str = "", fix: Fix | None = None) -> Hit:
    missing = case.missing
    revision = case.workload.revision
    if missing or revision is None:
        head = case.has
    else:
        head = f"{case.label} cannot create a pod of revision {revision.name}"
    if case.workload.kind == "CronJob":
        head = f"{case.label} cannot create its Job"
    times = f", {one.count} times" if one.count > 1 else ""
    who = f"{one.object}{times}: {one.message}" if one.object else one.message
    others = (f"{each.object}: {each.message}" for each in case.workload.refusals[1:])
    return Hit(
        f"{head}: {why}",
        (*one.details[:_MOST], who, *others),
        next=look,
        fix=fix or Fix(),
        blocking=bool(missing) or case.workload.kind == "CronJob",
        severity=None if missing or case.workload.kind == "CronJob" else "warning",
    )


def _details(one: Refusal, most: int = 3) -> str:
    more = f" and {len(one.details) - most} more" if len(one.details) > most else ""
    return ", ".join(one.details[:most]) + more


def _quota(case: WorkloadCase) -> Iterator[Hit]:
    for one in _refused(case, "quota"):
        why = (
            f"ResourceQuota {one.name} refuses the others"
            if case.workload.made
            else (f"ResourceQuota {one.name} refuses them")
        )
        command = case.kubectl("describe", "resourcequota", checked(one.name))
        yield _hit(case, one, f"{why}: {one.details[0]}", command)


def _limit_range(case: WorkloadCase) -> Iterator[Hit]:
    for one in _refused(case, "limitRange"):
        name = f" {one.name}" if one.name else ""
        command = case.kubectl("describe", "limitrange", *([checked(one.name)] if name else []))
        yield _hit(case, one, f"LimitRange{name} refuses its pods: {_details(one)}", command)


def _pod_security(case: WorkloadCase) -> Iterator[Hit]:
    for one in _refused(case, "podSecurity"):
        fields = _fields(one.details)
        why = f'Pod Security "{one.name}" of namespace {case.workload.namespace} refuses its pods'
        yield _hit(case, one, f"{why}: {fields}", fix=case.edit)


def _fields(details: list[str]) -> str:
    """The failing checks without the advice in brackets, which is evidence."""
    return ", ".join(each.partition(" (")[0] for each in details)


def _webhook_unavailable(case: WorkloadCase) -> Iterator[Hit]:
    for one in _refused(case, "webhookUnavailable"):
        why = f"admission webhook {one.name} cannot be called: {'; '.join(one.details[:2])}"
        kind, _, name = one.configuration.partition("/")
        command = case.kubectl("describe", case.target)
        if name:
            command = f"kubectl get {kind.lower()} {checked(name)} -o yaml"
        yield _hit(case, one, why, command)


def _webhook_denied(case: WorkloadCase) -> Iterator[Hit]:
    for one in _refused(case, "webhookDenied"):
        why = f"admission webhook {one.name} denies its pods: {_details(one)}"
        yield _hit(case, one, why, fix=case.edit)


def _policy(case: WorkloadCase) -> Iterator[Hit]:
    for one in _refused(case, "admissionPolicy"):
        why = f"ValidatingAdmissionPolicy {one.name} denies its pods: {_details(one)}"
        command = f"kubectl get validatingadmissionpolicy {checked(one.name)} -o yaml"
        yield _hit(case, one, why, command)


_MISSING: Mapping[RefusedBy, str] = {
    "serviceAccount": "serviceaccount",
    "priorityClass": "priorityclass",
    "runtimeClass": "runtimeclass",
}


def _missing_object(case: WorkloadCase) -> Iterator[Hit]:
    for one in _refused(case, *_MISSING):
        command = case.kubectl("get", _MISSING[one.by])
        yield _hit(case, one, _details(one), command)


def _other(case: WorkloadCase) -> Iterator[Hit]:
    for one in _refused(case, "other", "invalid", "claim", "namespaceTerminating"):
        what = "its pods cannot be created"
        if one.by == "claim":
            what = f"PersistentVolumeClaim {one.name} cannot be created"
        elif one.by == "invalid":
            what = "the API server refuses its pod template as invalid"
        yield _hit(case, one, f"{what}: {_details(one)}", case.kubectl("describe", case.target))


def _unexplained(case: WorkloadCase) -> Iterator[Hit]:
    found = case.workload
    if not case.missing or found.refusals or not case.settled(MAKING) or found.deleted_at:
        return
    if found.ordered and any(report.verdict.severity != "ok" for report in case.pods):
        return
    if any(report.pod.deletion_timestamp for report in case.pods):
        # The next one comes when that one is gone.
        return
    yield Hit(
        f"{case.has}, and no event or condition that could be read tells why",
        (f"events read: {len(found.events)}", f"strategy: {found.strategy or 'none'}"),
        next=case.kubectl("describe", case.target),
        blocking=True,
    )


def _not_seen(case: WorkloadCase) -> Iterator[Hit]:
    if case.workload.behind and case.settled(MAKING):
        yield Hit(
            f"{case.label} was changed {case.ago(case.workload.changed_at)}, and its controller "
            "has not acted on it",
            ("status.observedGeneration is older than metadata.generation",),
            next="kubectl get pods -n kube-system -l component=kube-controller-manager",
        )


def _deadline(case: WorkloadCase) -> Iterator[Hit]:
    for one in case.workload.conditions:
        if (one.type, one.status, one.reason) == (
            "Progressing",
            "False",
            "ProgressDeadlineExceeded",
        ):
            revision = case.workload.revision
            which = f" of revision {revision.name}" if revision and revision.name else ""
            yield Hit(
                f"the rollout{which} of {case.label} does not get on (ProgressDeadlineExceeded)",
                (one.message, f"strategy: {case.workload.strategy}"),
                next=case.kubectl("rollout", "status", case.target),
                fix=case.undo,
                blocking=True,
            )


def _stuck_surge(case: WorkloadCase) -> Iterator[Hit]:
    """An old pod goes only when a new one is ready, and the new one finds no room."""
    found = case.workload
    if found.unavailable != 0 or not found.revision or not found.revision.old_pods:
        return
    held = [r for r in case.pods if r.scheduling is not None and r.scheduling.state == "pending"]
    held = [r for r in held if r.pod.name not in found.revision.old_pods]
    refused = found.refusals[:1] if (found.updated or 0) < (found.wanted or 0) else []
    if held or refused:
        what = f"pod {held[0].pod.name} finds no node" if held else "the extra pod is refused"
        yield Hit(
            f"the rollout of {case.label} cannot move: maxUnavailable is 0, so no old pod is "
            f"stopped before a new one is ready, and {what}",
            (found.strategy, f"old pods: {', '.join(found.revision.old_pods[:_MOST])}"),
            fix=case.edit,
        )


def _paused(case: WorkloadCase) -> Iterator[Hit]:
    found = case.workload
    if not found.paused:
        return
    waits = found.updated is not None and found.updated < (found.made or 0)
    old = counted((found.made or 0) - (found.updated or 0), "pod")
    rest = f", and {old} of an older template stay"
    yield Hit(
        f"{case.label} is paused{_by(case)}{rest if waits else ''}",
        ("spec.paused is true: a new template is not rolled out",),
        fix=Fix(case.kubectl("rollout", "resume", case.target)),
        severity="warning" if waits else "info",
    )


def _scaled_to_zero(case: WorkloadCase) -> Iterator[Hit]:
    found = case.workload
    if found.wanted == 0 and found.scaled_by is not None and not found.suspended:
        told = [e for e in found.events if e.reason in ("ScalingReplicaSet", "SuccessfulDelete")]
        # A write of the `scale` subresource leaves no manager on some servers, but an event.
        when = f", {case.ago(told[0].last)}" if told and not found.scaled_by.manager else ""
        yield Hit(
            f"{case.label} is scaled to 0 pods{_by(case)}{when}",
            ("spec.replicas is 0", *(event.message for event in told[:1])),
            fix=Fix(case.kubectl("scale", case.target, "--replicas=1")),
        )


def _by(case: WorkloadCase) -> str:
    """` by kubectl (scale), 3 min ago`."""
    by = case.workload.scaled_by
    if by is None or not by.manager:
        return ""
    how = f" ({by.subresource})" if by.subresource else ""
    ago = case.ago(by.time)
    return f" by {by.manager}{how}" + (f", {ago}" if ago else "")


_EVENT = (
    "a FailedCreate event of the workload or of its ReplicaSet, or the ReplicaFailure condition"
)

RULES: tuple[Rule, ...] = (
    rule(
        1,
        "A ResourceQuota refuses pods of the workload",
        "Creating another pod would exceed a quota of the namespace, or the quota demands a "
        "request or limit that the template does not set. The controller tries again and again.",
        f"{_EVENT}: exceeded quota, with what is requested, used and limited",
        remedy="Lower requests and limits, scale something else down, or raise the quota.",
        link=f"{DOCS}concepts/policy/resource-quotas/",
        check=_quota,
    ),
    rule(
        2,
        "A LimitRange refuses pods of the workload",
        "A request or limit of a container lies outside what a LimitRange of the namespace allows.",
        f"{_EVENT}: what is asked and what is allowed",
        remedy="Change requests and limits in the template, or the LimitRange.",
        link=f"{DOCS}concepts/policy/limit-range/",
        check=_limit_range,
    ),
    rule(
        3,
        "Pod Security refuses pods of the workload",
        "The namespace enforces a Pod Security level that the template does not meet. The workload "
        "itself is accepted: only its pods are refused.",
        f"{_EVENT}: violates PodSecurity, with the failing fields",
        remedy="Set the failing fields in the template, or the level of the namespace.",
        link=f"{DOCS}concepts/security/pod-security-standards/",
        check=_pod_security,
    ),
    rule(
        4,
        "An admission webhook cannot be called, so no pod is made",
        "A webhook with failurePolicy Fail is asked about every pod, and its Service does not "
        "exist, has no endpoints, or does not answer.",
        f"{_EVENT}: failed calling webhook; Service and failurePolicy from its configuration",
        remedy="Repair the webhook's Service, or remove its configuration.",
        link=f"{DOCS}reference/access-authn-authz/extensible-admission-controllers/#failure-policy",
        check=_webhook_unavailable,
    ),
    rule(
        5,
        "An admission webhook denies pods of the workload",
        "A webhook reviews each pod and denied these.",
        f"{_EVENT}: denied the request, with the webhook's own reason",
        remedy="Change the template as the reason says, or ask the owner of the webhook.",
        link=f"{DOCS}reference/access-authn-authz/extensible-admission-controllers/",
        check=_webhook_denied,
    ),
    rule(
        6,
        "An admission policy denies pods of the workload",
        "A ValidatingAdmissionPolicy that is bound to this namespace says no.",
        f"{_EVENT}: ValidatingAdmissionPolicy … denied request, with its message",
        remedy="Change the template as the message says, or the policy.",
        link=f"{DOCS}reference/access-authn-authz/validating-admission-policy/",
        check=_policy,
    ),
    rule(
        7,
        "The workload's pods name an object that does not exist",
        "A ServiceAccount, PriorityClass or RuntimeClass of the template does not exist: the API "
        "server refuses each pod.",
        f"{_EVENT}: not found",
        remedy="Create the object, or name one that exists.",
        link=f"{DOCS}concepts/security/service-accounts/",
        check=_missing_object,
    ),
    rule(
        8,
        "The workload's pods cannot be created",
        "The API server refuses them for another reason, which is quoted.",
        _EVENT,
        check=_other,
    ),
    rule(
        9,
        "The workload has fewer pods than it should, and nothing tells why",
        "Pods are missing for longer than a controller takes to make them, and no event and no "
        "condition is left that tells why. Events expire after an hour.",
        "the counts of the status; no FailedCreate event, no ReplicaFailure condition",
        check=_unexplained,
    ),
    rule(
        10,
        "The controller has not acted on the newest spec",
        "The status is about an older generation of the object: its controller is slow or stopped, "
        "or another program manages the object.",
        "status.observedGeneration is lower than metadata.generation, and the last write of the "
        "spec is not new",
        severity="warning",
        remedy="Look at kube-controller-manager.",
        check=_not_seen,
    ),
    rule(
        11,
        "A rollout has exceeded its progress deadline",
        "For progressDeadlineSeconds no new pod has become ready. Nothing is undone by itself.",
        "the condition Progressing is False with ProgressDeadlineExceeded",
        remedy="Fix what keeps the new pods from being ready, or undo the rollout.",
        # Why no pod is made tells more than that time is up.
        gives_way_to=frozenset(f"WRK{number:03}" for number in range(1, 9)),
        check=_deadline,
    ),
    rule(
        12,
        "A rollout cannot move: no old pod may stop and no new one finds room",
        "With maxUnavailable 0 an old pod is stopped only when a new one is ready. The new one "
        "needs room beside the old ones: quota, CPU, memory, a host port, a volume.",
        "maxUnavailable is 0 pods, old pods are left, and a new pod is refused or pending",
        severity="warning",
        remedy="Make room for one more pod, or set maxUnavailable to 1.",
        link=f"{DOCS}concepts/workloads/controllers/deployment/#max-unavailable",
        check=_stuck_surge,
    ),
    rule(
        13,
        "The Deployment is paused",
        "A new template is not rolled out until somebody resumes it.",
        "spec.paused, and the field manager that set it",
        severity="warning",
        remedy="Resume the rollout.",
        link=f"{DOCS}concepts/workloads/controllers/deployment/#pausing-and-resuming-a-deployment",
        check=_paused,
    ),
    rule(
        14,
        "The workload is scaled to 0",
        "There are no pods because none are wanted.",
        "spec.replicas is 0, and the field manager that set it",
        severity="info",
        remedy="Scale it up, if pods are wanted.",
        link=f"{DOCS}concepts/workloads/controllers/deployment/#scaling-a-deployment",
        check=_scaled_to_zero,
    ),
)

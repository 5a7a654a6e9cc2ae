"""Why a pod could not be created: what the API server told the controller, taken apart.

The controllers write it into an event FailedCreate, and those of ReplicaSets into a condition
ReplicaFailure, too (pkg/controller/controller_utils.go).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from kubectl_podx.model.clock import parse_quantity
from kubectl_podx.model.raw import Json, dig, items, mapping, one_line, text
from kubectl_podx.model.words import RefusedBy
from kubectl_podx.pod.workload import condition
from kubectl_podx.workload.report import Refusal
from kubectl_podx.workload.view import WorkloadView

_LONGEST = 600
_MOST = 5
_REASONS = ("FailedCreate", "FailedDaemonPod", "FailedAdmission")


def refusals(view: WorkloadView) -> list[Refusal]:
    """Each different one, the newest first. What a newer success has overtaken is left out."""
    found: dict[tuple[str, str], Refusal] = {}
    since = _newest_success(view)
    for one in (*_told_by_events(view, since), *_told_by_conditions(view)):
        known = found.get((one.by, one.name))
        if known is None:
            found[one.by, one.name] = one
    newest = sorted(found.values(), key=lambda one: one.last or "", reverse=True)
    return [_with_objects(view, one) for one in newest[:_MOST]]


def _with_objects(view: WorkloadView, one: Refusal) -> Refusal:
    """What the objects themselves add to the message."""
    if one.by == "webhookUnavailable" and (called := webhook(view, one.name)) is not None:
        how = ", ".join(filter(None, (called.where, f"failurePolicy {called.policy}")))
        return replace(one, details=[*one.details, how], configuration=called.configuration)
    if one.by == "quota":
        return replace(one, details=[*one.details, *_quota_now(view, one.name)])
    if one.by == "limitRange":
        ranges = [text(each, "metadata", "name") for each in view.all_of("LimitRange")]
        return replace(one, name=ranges[0]) if len(ranges) == 1 else one
    return one


def _quota_now(view: WorkloadView, name: str) -> Iterator[str]:
    """What of the quota is used up at the capture."""
    for body in view.all_of("ResourceQuota"):
        if text(body, "metadata", "name") != name:
            continue
        used, hard = mapping(body, "status", "used"), mapping(body, "status", "hard")
        full = (f"{key} {used[key]} of {hard[key]}" for key in sorted(hard) if key in used)
        yield f"now used: {', '.join(full)}"


def _told_by_events(view: WorkloadView, since: str) -> Iterator[Refusal]:
    for event in reversed(view.events):
        if event.reason in _REASONS and (not since or event.time >= since):
            yield of_message(event.message, event.about, count=event.seen, last=event.time or None)


def _told_by_conditions(view: WorkloadView) -> Iterator[Refusal]:
    own = (view.reference, view.body)
    for reference, body in (*view.made, own):
        failing = condition(body, "ReplicaFailure")
        if text(failing, "status") == "True":
            who = f"{reference.kind}/{reference.name}"
            since = text(failing, "lastTransitionTime") or None
            yield of_message(text(failing, "message"), who, last=since)


def _newest_success(view: WorkloadView) -> str:
    """When a pod was created last: of a workload that has all its pods, older failures are past."""
    if view.counts.missing:
        return ""
    if any(text(condition(b, "ReplicaFailure"), "status") == "True" for _, b in view.made):
        return ""
    created = [text(pod, "metadata", "creationTimestamp") for pod in view.pods]
    done = [e.time for e in view.events if e.reason == "SuccessfulCreate"]
    return max((*created, *done), default="")


def of_message(message: str, who: str = "", *, count: int = 1, last: str | None = None) -> Refusal:
    """The refusal that a message tells of."""
    said = " ".join(message.split()).removeprefix("(combined from similar events): ")
    for read in _READERS:
        found = read(said)
        if found is not None:
            by, name, details = found
            break
    else:
        by, name, details = "other", "", [_told(said)]
    return Refusal(
        by=by,
        name=name,
        details=details,
        message=one_line(said, _LONGEST),
        object=who,
        count=count,
        last=last,
    )


_Read = tuple[RefusedBy, str, list[str]]


def _told(said: str) -> str:
    """Without what the controllers and the API server put before it."""
    bare = re.sub(
        r"^(?:Error creating(?: job)?: |create (?:Pod|Claim) \S+ (?:Pod \S+ )?in StatefulSet \S+ "
        r"failed error: )",
        "",
        said,
    )
    return one_line(re.sub(r'^\S+ "[^"]*" is forbidden: ', "", bare), 300)


class QuotaTold(Struct, frozen=True):
    """What the API server says of a quota that has no room: amounts by the name of the resource."""

    name: str
    asked: dict[str, str]
    used: dict[str, str]
    hard: dict[str, str]


def quota_of(said: str) -> QuotaTold | None:
    """The amounts of `exceeded quota: …`; None for another message."""
    found = re.search(r"exceeded quota: (\S+), requested: (.+?), used: (.+?), limited: (.+)", said)
    if found is None:
        return None
    asked, used, hard = (_amounts(found[at]) for at in (2, 3, 4))
    return QuotaTold(found[1], asked, used, hard)


def _quota(said: str) -> _Read | None:
    """plugin/pkg/admission/resourcequota/controller.go."""
    told = quota_of(said)
    if told is not None:
        asked, used, hard = told.asked, told.used, told.hard
        names = sorted(asked, key=lambda name: _fits(asked[name], used.get(name), hard.get(name)))
        details = [
            f"{name}: {asked[name]} requested, {used.get(name, '?')} of {hard.get(name, '?')} used"
            for name in names
        ]
        return "quota", told.name, details
    found = re.search(r"failed quota: (\S+?): must specify (.+)", said)
    if found:
        return "quota", found[1], [f"the pod must specify {one_line(found[2])}"]
    return None


def _fits(asked: str, used: str | None, hard: str | None) -> bool:
    """Whether there is room for it; what cannot be read counts as none."""
    numbers = [parse_quantity(amount) for amount in (asked, used, hard)]
    more, taken, most = numbers
    return more is not None and taken is not None and most is not None and more + taken <= most


def _amounts(text_: str) -> dict[str, str]:
    """`limits.memory=32Mi,pods=1` as a mapping."""
    pairs = (part.strip().partition("=") for part in text_.split(","))
    return {name: amount for name, _, amount in pairs if name}


def _limit_range(said: str) -> _Read | None:
    """plugin/pkg/admission/limitranger/admission.go."""
    pattern = (
        r"(?:minimum|maximum) \S+ usage per \w+ is [^,\]]+, but (?:request|limit) is [^,\]\s]+"
        r"|(?:minimum|maximum) \S+ usage per \w+ is [^,.\]]+\.\s+No (?:request|limit) is specified"
        r"|\S+ max limit to request ratio per \w+ is [^,\]]+, but "
        r"(?:provided ratio is [\d.]+|no (?:request|limit) is specified or (?:request|limit) is 0)"
    )
    details = re.findall(pattern, said)
    return ("limitRange", "", [one_line(each) for each in details]) if details else None


def _pod_security(said: str) -> _Read | None:
    """pod-security-admission/admission/admission.go: level, then each failing check."""
    found = re.search(r'violates PodSecurity "([^"]+)": (.+)', said)
    if not found:
        return None
    return "podSecurity", found[1], _checks(found[2])


def _checks(said: str) -> list[str]:
    """Split at the commas that no bracket holds; without the advice in brackets."""
    parts, depth, word = [], 0, ""
    for char in said:
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "," and depth <= 0:
            parts.append(word)
            word = ""
        else:
            word += char
    return [part.strip() for part in (*parts, word) if part.strip()]


def _webhook(said: str) -> _Read | None:
    """apiserver/pkg/admission/plugin/webhook/errors."""
    found = re.search(r'failed calling webhook "([^"]+)": (.+)', said)
    if found:
        return "webhookUnavailable", found[1], [_unreachable(found[2])]
    found = re.search(
        r'admission webhook "([^"]+)" denied the request(?: without explanation|: (.+))', said
    )
    if found:
        why = [one_line(found[2])] if found[2] else ["it gives no reason"]
        return "webhookDenied", found[1], why
    return None


def _unreachable(said: str) -> str:
    """What went wrong, without the URL that it went wrong with."""
    bare = re.sub(r"^(?:failed to call webhook: )?", "", said)
    return one_line(re.sub(r'^\S+ "?https?://\S+?"?: ', "", bare))


def _policy(said: str) -> _Read | None:
    found = re.search(
        r"ValidatingAdmissionPolicy '([^']+)' with binding '([^']+)' denied request: (.+)", said
    )
    return ("admissionPolicy", found[1], [one_line(found[3])]) if found else None


def _missing(said: str) -> _Read | None:
    found = re.search(
        r'error looking up service account (\S+?)/(\S+?): serviceaccount "[^"]+" not found', said
    )
    if found:
        return "serviceAccount", found[2], [f"ServiceAccount {found[2]} does not exist"]
    found = re.search(r"no PriorityClass with name (\S+) was found", said)
    if found:
        return "priorityClass", found[1], [f"PriorityClass {found[1]} does not exist"]
    found = re.search(r'pod rejected: RuntimeClass "([^"]+)" not found', said)
    if found:
        return "runtimeClass", found[1], [f"RuntimeClass {found[1]} does not exist"]
    found = re.search(r"unable to create new content in namespace (\S+) because it is being", said)
    if found:
        return "namespaceTerminating", found[1], [f"namespace {found[1]} is being deleted"]
    return None


def _claim(said: str) -> _Read | None:
    """pkg/controller/statefulset/stateful_pod_control.go."""
    found = re.search(r"create Claim (\S+) Pod (\S+) in StatefulSet \S+ failed error: (.+)", said)
    return ("claim", found[1], [_told(found[3])]) if found else None


def _invalid(said: str) -> _Read | None:
    found = re.search(r'[A-Z]\w*(?:\.[\w.-]+)? "[^"]*" is invalid: (.+)', said)
    return ("invalid", "", [one_line(found[1], 300)]) if found else None


_READERS: tuple[Callable[[str], _Read | None], ...] = (
    _webhook,
    _policy,
    _claim,
    _quota,
    _limit_range,
    _pod_security,
    _missing,
    _invalid,
)


class Webhook(Struct, frozen=True):
    """A webhook as its configuration has it."""

    policy: str
    """failurePolicy: what becomes of a request while it cannot be called."""
    where: str
    """`Service NAMESPACE/NAME`, or that it is a URL; empty where neither is told."""
    configuration: str
    """`KIND/NAME`."""


def webhook(view: WorkloadView, name: str) -> Webhook | None:
    """The webhook of that name in the configurations that were read."""
    for kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"):
        for configuration in view.all_of(kind):
            for one in items(configuration, "webhooks"):
                if text(one, "name") == name:
                    whose = f"{kind}/{text(configuration, 'metadata', 'name')}"
                    policy = text(one, "failurePolicy") or "Fail"
                    return Webhook(policy, _where(dig(one, "clientConfig")), whose)
    return None


def _where(client: Json | None) -> str:
    service = dig(client, "service")
    if service:
        return f"Service {text(service, 'namespace')}/{text(service, 'name')}"
    return "a URL outside of the cluster" if text(client, "url") else ""

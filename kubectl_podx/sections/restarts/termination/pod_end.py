"""Ends that the whole pod shares: status.reason, DisruptionTarget and deletion weigh more than a
container's own reason.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from kubectl_podx.model.clock import format_time, parse_time, seconds_after
from kubectl_podx.model.parts import Evidence
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import Json, dig, items, number, one_line, text
from kubectl_podx.model.words import RestartCause
from kubectl_podx.pod.kills import grace_period, kills_of
from kubectl_podx.pod.owner import controller, controller_kind
from kubectl_podx.pod.pod import ContainerEntry
from kubectl_podx.pod.probe_events import event_span
from kubectl_podx.pod.view import PodView, per_view
from kubectl_podx.sections.restarts.termination.conclusion import stop_signal
from kubectl_podx.sections.restarts.termination.instance import Instance
from kubectl_podx.view.units import spell_seconds

REJECTIONS = frozenset(
    {
        "NodeShutdown",
        "NodeAffinity",
        "NodeName",
        "NodePorts",
        "TaintToleration",
        "AppArmor",
        "SysctlForbidden",
        "TopologyAffinityError",
        "UnexpectedAdmissionError",
        "PodOSNotSupported",
        "PodOSSelectorNodeLabelDoesNotMatch",
        "PodFeatureUnsupported",
        "PodLevelResourcesNotSupported",
        "SupplementalGroupsPolicyNotSupported",
        "InitContainerRestartPolicyForbidden",
        "VolumeAttachmentLimitExceeded",
        "InvalidNodeInfo",
    }
)
"""status.reason of a pod that the kubelet would not admit; also every `OutOf…`."""
OF_THE_SPEC = frozenset(
    {
        "AppArmor",
        "SysctlForbidden",
        "NodeAffinity",
        "NodePorts",
        "TaintToleration",
        "PodOSNotSupported",
        "PodOSSelectorNodeLabelDoesNotMatch",
        "PodFeatureUnsupported",
        "PodLevelResourcesNotSupported",
        "SupplementalGroupsPolicyNotSupported",
        "InitContainerRestartPolicyForbidden",
    }
)
"""Those that a field of the pod's spec has caused: another spec is admitted by the same node."""

_SLACK = timedelta(seconds=5)
_SECOND = timedelta(seconds=1)

# Between the end of a pod's last container and the kubelet's last request to delete the pod.
CLEARING_SECONDS = 60
_RESOURCE = lazy(r"The node was low on resource: ([^.]+?)\.")
_USING = lazy(r"Container (\S+) was using ([^,]+), request is ([^,]+),")

_DELETERS = {
    "EvictionByEvictionAPI": "by the eviction API, as a drain uses it",
    "DeletionByTaintManager": "by the taint manager, for a NoExecute taint of the node",
    "DeletionByPodGC": "by the pod garbage collector",
    "DeletionByDeviceTaintManager": "for the taint of a device",
}


class PodEnd(Struct, frozen=True):
    """Why the whole pod ended or is going."""

    cause: RestartCause
    sentence: str
    """The predicate: what happened to a container of it."""
    source: str
    """What says so."""
    moment: datetime | None
    """When it was decided: containers that ended before have a cause of their own."""
    dated: bool = True
    """The moment is known. Else it is the earliest that can have been, and what ended after it may
    have ended by itself."""

    asked: bool = False
    """The API server dated it before anybody acted on it: what ended before is none of it."""
    consequence: bool = False
    """A Job deletes pods because a container of them has ended, within the same second."""

    def covers(
        self, instance: Instance | None, entry: ContainerEntry, *, stopped: bool = False
    ) -> bool:
        """Whether the end of this instance is part of it. `stopped`: the kubelet says that it
        stopped it, by its own clock.
        """
        if instance is None:
            return self.cause != "deleted" and not entry.running
        if not instance.current:
            return False
        if instance.finished_at is None or stopped:
            return True
        if self.moment is None:
            return entry.kind != "init" or instance.exit_code != 0
        if not self.asked:
            return instance.finished_at >= self.moment - _SLACK
        own = instance.exit_code not in (0, None) and not stop_signal(instance.exit_code)
        if self.consequence and own:
            return instance.finished_at > self.moment + _SECOND
        return instance.finished_at >= self.moment

    def before(self, instance: Instance) -> bool:
        """Whether the instance ended before the moment that is known of the pod's end."""
        ended = instance.finished_at
        return ended is not None and self.moment is not None and ended < self.moment


def pod_end(view: PodView) -> PodEnd | None:
    """The end of the pod as a whole; None where nothing says that it has one."""
    pod = view.pod
    reason, message = text(pod, "status", "reason"), text(pod, "status", "message")
    disruption = _disruption(pod)
    if text(pod, "status", "phase") == "Failed":
        found = _by_status(view, reason, message, disruption)
        if found:
            return found
    return _deleted(view, disruption) or _evicted_by_event(view)


def _by_status(view: PodView, reason: str, message: str, disruption: Json) -> PodEnd | None:
    said = f"status.reason {reason}: {one_line(message)}" if message else f"status.reason {reason}"
    when = parse_time(dig(disruption, "lastTransitionTime"))
    if reason == "Evicted":
        when = when or _event_moment(view, "Evicted") or _last_stop(view)
        counted = what_counted(view, message)
        sentence = f"was evicted: {eviction_reason(message)}{counted and f' ({counted})'}"
        return PodEnd("evicted", sentence, said, when)
    if reason == "Preempting":
        when = when or _event_moment(view, "Preempting") or _last_stop(view)
        sentence = "was preempted by the kubelet to admit a critical pod"
        return PodEnd("preempted", sentence, said, when)
    if reason == "Terminated" or (
        reason == "NodeShutdown" and not message.startswith("Pod was rejected")
    ):
        when = when or _last_stop(view)
        return PodEnd("nodeShutdown", "was ended because its node was shutting down", said, when)
    if reason == "DeadlineExceeded":
        return _deadline(view, said)
    if reason.startswith("OutOf") or reason in REJECTIONS or message.startswith("Pod was rejected"):
        why = one_line(message.removeprefix("Pod was rejected: ")) or reason
        return PodEnd("rejected", f"was rejected by the kubelet ({reason}): {why}", said, None)
    if text(disruption, "reason") == "TerminationByKubelet":
        said = f"DisruptionTarget {one_line(text(disruption, 'message'))}"
        return PodEnd("evicted", "was ended by the kubelet for the node's sake", said, when)
    return None


def eviction_reason(message: str) -> str:
    """Which resource an eviction was about, from the pieces that the kubelet joins."""
    low = _RESOURCE.search(message)
    if low:
        using = _USING.search(message)
        share = f" ({using[1]} was using {using[2]}, its request is {using[3]})" if using else ""
        return f"the node was low on {low[1]}{share}"
    return one_line(message.rstrip(". ")) or "the kubelet does not say for which resource"


def _evicted_by_event(view: PodView) -> PodEnd | None:
    """Where containers end with 0 on TERM, the pod may count as Succeeded and lose its reason: the
    status of their ends is written over that of the eviction (seen on 1.37).
    """
    if not view.api.ended:
        return None
    message = eviction_message(view)
    if not message:
        return None
    counted = what_counted(view, message)
    sentence = f"was evicted: {eviction_reason(message)}{counted and f' ({counted})'}"
    sentence += f", though the pod counts as {view.api.phase}"
    said = f"event Evicted: {one_line(message)}"
    return PodEnd("evicted", sentence, said, _event_moment(view, "Evicted"))


def eviction_message(view: PodView) -> str:
    """Why the pod was evicted, in the kubelet's words; empty where it was not."""
    if view.api.reason == "Evicted":
        return view.api.message
    events = (event for event in reversed(view.events) if text(event, "reason") == "Evicted")
    return next((text(event, "message") for event in events), "")


# pkg/kubelet/eviction/eviction_manager.go
_OF_CONTAINER = lazy(r"Container (\S+) exceeded its local ephemeral storage limit")
_OF_POD = "Pod ephemeral local storage usage exceeds"
_OF_VOLUME = "Usage of EmptyDir volume "


def of_its_own_limit(message: str) -> bool:
    """Whether a pod was evicted for a limit of its own, and not because the node ran short."""
    return message.startswith((_OF_POD, _OF_VOLUME)) or bool(_OF_CONTAINER.match(message))


def what_counted(view: PodView, message: str) -> str:
    """What the kubelet adds up against a limit of local storage; empty for another eviction.

    Nothing tells afterwards what of it was large.
    """
    one = _OF_CONTAINER.match(message)
    if one is None and not message.startswith(_OF_POD):
        return ""
    concerned = [e for e in view.containers if one is None or e.name == one[1]]
    disks = [] if one else disk_volumes(view)
    sealed = all(
        dig(e.spec, "securityContext", "readOnlyRootFilesystem") is True for e in concerned
    )
    kinds = ["the logs" if len(concerned) == 1 else "all containers' logs"]
    kinds += [] if sealed else ["files written outside of volumes"]
    kinds += [f"emptyDir {' and '.join(disks)}"] if disks else []
    return f"counted: {', '.join(kinds)}"


def disk_volumes(view: PodView) -> list[str]:
    """The pod's emptyDir volumes that are not of memory, by name."""
    return [
        text(volume, "name")
        for volume in items(view.pod, "spec", "volumes")
        if dig(volume, "emptyDir") is not None and text(volume, "emptyDir", "medium") != "Memory"
    ]


def _deadline(view: PodView, said: str) -> PodEnd:
    seconds = number(view.pod, "spec", "activeDeadlineSeconds")
    began = parse_time(dig(view.pod, "status", "startTime"))
    when = _event_moment(view, "DeadlineExceeded")
    if when is None and seconds is not None and began:
        when = seconds_after(began, seconds)
    when = when or _last_stop(view)
    limit = f" of {spell_seconds(seconds)}" if seconds is not None else ""
    return PodEnd("deadlineExceeded", f"was ended at the pod's active deadline{limit}", said, when)


def _deleted(view: PodView, disruption: Json) -> PodEnd | None:
    pod = view.pod
    deletion = parse_time(view.api.deletion)
    gone = view.api.ended
    why = text(disruption, "reason")
    if deletion is None and not (gone and why):
        return None
    grace = number(pod, "metadata", "deletionGracePeriodSeconds") or 0
    asked = seconds_after(deletion, -grace) if deletion else None
    dated = True
    if deletion and not grace and grace_period(view):
        asked, dated = _asked_before(view, deletion)
    if why:
        told = parse_time(dig(disruption, "lastTransitionTime"))
        asked, dated = told or asked, bool(told) or dated
    said = f"DisruptionTarget {why}: {one_line(text(disruption, 'message'))}" if why else ""
    said = said or "the pod has a deletionTimestamp"
    if why == "PreemptionByScheduler":
        sentence = "was preempted by the scheduler for a pod of higher priority"
        return PodEnd("preempted", sentence, said, asked, dated, asked=dated)
    by = _DELETERS.get(why, "")
    sentence = f"was stopped because the pod is deleted {by}".rstrip()
    job = controller_kind(view) == "Job"
    return PodEnd("deleted", sentence, said, asked, dated, asked=dated, consequence=job)


def deleted_later(view: PodView, instance: Instance | None) -> tuple[Evidence, ...]:
    """What followed this end: the pod's deletion, and the end of its Job."""
    deletion = _deleted(view, _disruption(view.pod))
    if instance is None or deletion is None or deletion.moment is None:
        return ()
    when = format_time(deletion.moment)
    found = [Evidence(source="status", text="the pod was deleted after that", time=when)]
    owner = controller(view)
    for condition in items(owner.body if owner else None, "status", "conditions"):
        failed = text(condition, "type") in ("Failed", "FailureTarget")
        if owner and owner.kind == "Job" and failed and text(condition, "status") == "True":
            since = parse_time(text(condition, "lastTransitionTime"))
            words = (
                f"{owner.label} is Failed ({text(condition, 'reason')}): so its pods are deleted"
            )
            moment = format_time(since) if since else None
            found.append(Evidence(source="status", text=words, time=moment))
            break
    return tuple(found)


def _asked_before(view: PodView, last: datetime) -> tuple[datetime, bool]:
    """When a deletion was asked for whose `last` request is all that is dated, and whether that is
    known.

    Once everything has ended the kubelet deletes the pod with a grace of 0, and the API server
    dates the deletion anew: where a finalizer holds the pod, the timestamp is of that moment. On a
    slow node that is half a minute after the containers ended.
    """
    longest = CLEARING_SECONDS + grace_period(view)
    stops = [
        moment
        for entry in view.containers
        for kill in kills_of(view, entry)
        for moment in (kill.first, kill.last)
        if kill.kind == "stop" and moment and 0 <= (last - moment).total_seconds() <= longest
    ]
    if stops:
        return min(stops), True
    earliest = _last_stop(view)
    if earliest is None or (last - earliest).total_seconds() > longest + grace_period(view):
        return last, True
    return earliest, False


def _disruption(pod: Json) -> Json:
    for condition in items(pod, "status", "conditions"):
        if text(condition, "type") == "DisruptionTarget" and text(condition, "status") == "True":
            return condition
    return {}


def _last_stop(view: PodView) -> datetime | None:
    """The earliest moment at which the container that ended last can have been stopped: what ended
    before had ended by itself.
    """
    ends = [entry.terminated.finished_at for entry in view.containers if entry.terminated]
    if None in ends:
        return None
    newest = max(filter(None, ends), default=None)
    return seconds_after(newest, -grace_period(view)) if newest else None


def _event_moment(view: PodView, reason: str) -> datetime | None:
    for event in reversed(view.events):
        if text(event, "reason") == reason:
            return event_span(event)[0]
    return None


_FIRST = timedelta(seconds=7)
_BEFORE = timedelta(seconds=5)
_AFTER = timedelta(seconds=60)


class SandboxWitness(Struct, frozen=True):
    """What speaks for a new sandbox at the end of one instance."""

    event: bool
    """A SandboxChanged event at that moment; else only what the status dates."""
    evidence: tuple[Evidence, ...]


def sandbox_witness(
    view: PodView, entry: ContainerEntry, instance: Instance
) -> SandboxWitness | None:
    """A SandboxChanged event between this end and the next start, or init containers that ran
    again after it, or a condition that dates one. None without any.

    Completed init containers run again only in a new sandbox (or with RestartAllContainers), not
    after a restart of an app container or of the kubelet.
    """
    ended = instance.finished_at
    if ended is None or entry.kind == "ephemeral":
        return None
    evidence = []
    end = max(instance.next_start or ended, ended) + _BEFORE
    end = min(end, ended + _AFTER) if instance.next_start is None else end
    for event in view.events:
        if text(event, "reason") != "SandboxChanged":
            continue
        for moment in event_span(event):
            if moment and ended - _BEFORE <= moment <= end:
                words = text(event, "message")
                evidence.append(Evidence(source="event", text=words, time=format_time(moment)))
                break
    seen = bool(evidence)
    evidence += [*_init_again(view, entry, instance), *_ready_to_start(view, instance, end)]
    return SandboxWitness(seen, tuple(evidence)) if evidence else None


def sandbox_kept(view: PodView, entry: ContainerEntry, instance: Instance) -> bool:
    """Whether the sandbox that this instance ran in is still there: then no new one ended it.

    A new sandbox dates PodReadyToStartContainers anew, ends every container, and lets the init
    containers run again. Servers before 1.29 have no such condition: there an exit code that a
    stop does not leave behind must do.
    """
    ended, began = instance.finished_at, instance.started_at
    if ended is None:
        return False
    for life in _lives(view):
        later = life.running or (life.done and life.done > ended)
        lived_on = life.since and life.since < ended and later
        if life.name != entry.name and lived_on:
            return True
        before = life.done and began and life.done <= began
        if life.kind == "init" and entry.kind != "init" and before:
            return True
    for condition in items(view.pod, "status", "conditions"):
        if text(condition, "type") == "PodReadyToStartContainers":
            since = parse_time(dig(condition, "lastTransitionTime"))
            return text(condition, "status") == "True" and since is not None and since < ended
    if not view.older_than(1, 29):
        return False
    code = instance.exit_code
    return code not in (0, 255) and not stop_signal(code)


class _Life(Struct, frozen=True):
    """When a container's newest instance ran."""

    name: str
    kind: str
    since: datetime | None
    running: datetime | None
    done: datetime | None


@per_view
def _lives(view: PodView) -> list[_Life]:
    found: list[_Life] = []
    for other in view.containers:
        running = other.started_at
        end = other.terminated
        since = running or (end.started_at if end else None)
        done = end.finished_at if end else None
        found.append(_Life(other.name, other.kind, since, running, done))
    return found


def _init_again(view: PodView, entry: ContainerEntry, instance: Instance) -> list[Evidence]:
    """Init containers before this one that ran after it: they had all ended before it started."""
    found: list[Evidence] = []
    if entry.kind == "init" or instance.finished_at is None or instance.started_at is None:
        return found
    for other in view.containers:
        if other.name == entry.name:
            break
        began = other.terminated.started_at if other.terminated else None
        if other.kind == "init" and began and began >= instance.finished_at:
            words = f"init container {other.name} ran again after this end"
            found.append(Evidence(source="status", text=words, time=format_time(began)))
    return found


def _ready_to_start(view: PodView, instance: Instance, end: datetime) -> list[Evidence]:
    """The condition that a sandbox with network is there turned True at this end.

    A new sandbox comes after the old one's containers have ended. The kubelet writes the condition
    a few seconds late (seen on 1.37): soon after the start it may still be the first sandbox's.
    """
    ended, started = instance.finished_at, instance.started_at
    if ended is None or started is None:
        return []
    begin = max(ended - _SECOND, started + _FIRST)
    for condition in items(view.pod, "status", "conditions"):
        since = parse_time(dig(condition, "lastTransitionTime"))
        if (
            text(condition, "type") == "PodReadyToStartContainers"
            and text(condition, "status") == "True"
            and since
            and begin <= since <= end
        ):
            words = "PodReadyToStartContainers turned True again: a new sandbox"
            return [Evidence(source="status", text=words, time=format_time(since))]
    return []

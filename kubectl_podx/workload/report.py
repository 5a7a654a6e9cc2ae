"""What a report says of a workload itself, beside the reports on its pods."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.parts import FROM_STATUS, WORKED_OUT, Condition, Owner, Seconds, Time
from kubectl_podx.model.wire import Wire
from kubectl_podx.model.words import GuardKind, GuardState, JobState, RefusedBy


class Refusal(Wire, frozen=True, kw_only=True):
    """Why a pod of the workload could not be created."""

    by: Annotated[RefusedBy, Meta(description="What refuses it, as far as the message tells.")]
    name: Annotated[
        str, Meta(description="Of the quota, webhook, policy, account or class; empty for none.")
    ] = ""
    details: Annotated[
        list[str],
        Meta(description="What is asked and what is allowed, or the failing fields, one by one."),
    ] = []
    configuration: Annotated[
        str,
        Meta(description="Of a webhook: `KIND/NAME` of its configuration; empty where not known."),
    ] = ""
    message: Annotated[str, Meta(description="What the controller was told.")] = ""
    object: Annotated[
        str, Meta(description="Who tried to create it, such as `ReplicaSet/web-5f7`.")
    ] = ""
    count: Annotated[int, Meta(description="How often, at least.")] = 1
    last: Annotated[Time | None, Meta(description="The newest attempt that is known.")] = None


class WorkloadEvent(Wire, frozen=True, kw_only=True):
    """One event about the workload, or about what it made to make pods."""

    object: Annotated[str, Meta(description="Such as `ReplicaSet/web-5f7`.")]
    type: Annotated[str, Meta(description="As the API has it, such as `Warning`.")] = ""
    reason: Annotated[str, Meta(description="Such as `FailedCreate`.")] = ""
    message: Annotated[str, Meta(description="What it says.")] = ""
    count: Annotated[int, Meta(description="How often, at least.")] = 1
    last: Annotated[Time | None, Meta(description="The newest time.")] = None


class RevisionChange(Wire, frozen=True, kw_only=True):
    """One field of the pod template that the current revision has changed."""

    field: Annotated[str, Meta(description="Such as `containers[app].resources.limits.memory`.")]
    before: Annotated[str, Meta(description="Empty where the field was not there.")] = ""
    after: Annotated[str, Meta(description="Empty where the field is gone.")] = ""


class Revision(Wire, frozen=True, kw_only=True):
    """The current template beside the one before."""

    name: Annotated[str, Meta(description="Number or hash of the current revision.")] = ""
    previous: Annotated[str, Meta(description="The one before; empty where there is none.")] = ""
    changed_at: Annotated[
        Time | None, Meta(description="When the current revision was created.")
    ] = None
    changes: Annotated[
        list[RevisionChange], Meta(description="What the current one has changed.")
    ] = []
    old_pods: Annotated[list[str], Meta(description="Pods that still have an older template.")] = []


class Guard(Wire, frozen=True, kw_only=True):
    """What scales the workload, or keeps its pods from being evicted."""

    kind: Annotated[GuardKind, Meta(description="The kind of the object.")]
    name: Annotated[str, Meta(description="Its name.")]
    state: Annotated[
        GuardState,
        Meta(
            description="`limited`: at its own bound; `failing`: it cannot work; `blocked`: no pod may be evicted."
        ),
    ]
    detail: Annotated[str, Meta(description="In one line, with its numbers.")] = ""
    reason: Annotated[str, Meta(description="Of the condition that says so.")] = ""
    message: Annotated[str, Meta(description="What the condition says.")] = ""


class JobRun(Wire, frozen=True, kw_only=True):
    """A Job: the workload itself, or one run of a CronJob."""

    name: Annotated[str, Meta(description="Of the Job.")]
    state: Annotated[JobState, Meta(description="`waiting`: it should run and has no pod.")]
    reason: Annotated[str, Meta(description="Of the condition that ended it.")] = ""
    message: Annotated[str, Meta(description="What that condition says.")] = ""
    started_at: Annotated[Time | None, Meta(description="status.startTime.")] = None
    finished_at: Annotated[Time | None, Meta(description="When it came to its end.")] = None
    completions: Annotated[
        int | None, Meta(description="Pods that must succeed; null for a work queue.")
    ] = None
    succeeded: Annotated[int, Meta(description="Pods that have succeeded.")] = 0
    failed: Annotated[int, Meta(description="Pods that have failed.")] = 0
    active: Annotated[int, Meta(description="Pods that run or wait.")] = 0
    backoff_limit: Annotated[
        int | None, Meta(description="Failed tries after which it gives up.")
    ] = None
    deadline: Annotated[Seconds | None, Meta(description="activeDeadlineSeconds.")] = None
    failed_indexes: Annotated[str, Meta(description="Of an indexed Job, such as `1,3-5`.")] = ""
    kept_by: Annotated[
        list[str],
        Meta(description="Containers that run on although the pod's others have ended with 0."),
    ] = []
    kept_since: Annotated[Time | None, Meta(description="When the last of the others ended.")] = (
        None
    )
    work_took: Annotated[
        Seconds | None, Meta(description="How long the others ran, the longest of them.")
    ] = None
    kept_serve: Annotated[
        bool, Meta(description="Each of them declares a port or a probe, as a server does.")
    ] = False


class Schedule(Wire, frozen=True, kw_only=True):
    """When a CronJob makes Jobs."""

    schedule: Annotated[str, Meta(description="spec.schedule.")]
    time_zone: Annotated[
        str, Meta(description="spec.timeZone; empty for that of the controller manager.")
    ] = ""
    concurrency: Annotated[str, Meta(description="concurrencyPolicy.")] = "Allow"
    valid: Annotated[
        bool | None, Meta(description="Whether it can be read; null where that is not known.")
    ] = None
    last_scheduled: Annotated[Time | None, Meta(description="status.lastScheduleTime.")] = None
    last_successful: Annotated[Time | None, Meta(description="status.lastSuccessfulTime.")] = None
    last_due: Annotated[
        Time | None, Meta(description="The newest time at which a run was due.")
    ] = None
    next_due: Annotated[Time | None, Meta(description="The next one.")] = None
    skipped: Annotated[
        int | None, Meta(description="Runs that were due since the last one and did not begin.")
    ] = None


class NodeWithout(Wire, frozen=True, kw_only=True):
    """A node without a pod of a DaemonSet."""

    node: Annotated[str, Meta(description="The node's name.")]
    reason: Annotated[
        str, Meta(description="Why the DaemonSet leaves it out; empty where it should have one.")
    ] = ""
    wanted: Annotated[bool, Meta(description="It should have a pod.")] = False


class Scaling(Wire, frozen=True, kw_only=True):
    """A decision in the spec, and whose it is."""

    manager: Annotated[str, Meta(description="By managedFields; empty where that is not told.")] = (
        ""
    )
    time: Annotated[Time | None, Meta(description="When that manager wrote last.")] = None
    subresource: Annotated[str, Meta(description="`scale` for kubectl scale and autoscalers.")] = ""


class Workload(Wire, frozen=True, kw_only=True):
    """The workload or Service that was named."""

    kind: Annotated[str, Meta(description="Such as `Deployment`.")]
    namespace: Annotated[str, Meta(description="Its namespace.")]
    name: Annotated[str, Meta(description="Its name.")]
    wanted: Annotated[
        int | None, Meta(description="Pods that should exist now; null where that is not known.")
    ] = None
    made: Annotated[int | None, Meta(description="Pods that exist, by its status.")] = None
    ready: Annotated[int | None, Meta(description="Pods that are ready.")] = None
    updated: Annotated[
        int | None,
        Meta(description="Pods of the current template; null where it has no revisions."),
    ] = None
    created_at: Annotated[Time | None, Meta(description="metadata.creationTimestamp.")] = None
    changed_at: Annotated[
        Time | None, Meta(description="The newest write of its spec that managedFields know.")
    ] = None
    deleted_at: Annotated[Time | None, Meta(description="metadata.deletionTimestamp.")] = None
    paused: Annotated[bool, Meta(description="spec.paused: a new template is not rolled out.")] = (
        False
    )
    suspended: Annotated[bool, Meta(description="spec.suspend: no pods are made.")] = False
    behind: Annotated[
        bool, Meta(description="The status is about an older spec than the current one.")
    ] = False
    strategy: Annotated[
        str, Meta(description="How pods are replaced, with the numbers of pods that this means.")
    ] = ""
    unavailable: Annotated[
        int | None, Meta(description="Pods that a rolling update may stop before others are ready.")
    ] = None
    ordered: Annotated[
        bool,
        Meta(description="A StatefulSet that waits for each pod before the next (OrderedReady)."),
    ] = False
    partition: Annotated[
        int | None, Meta(description="Pods with a lower number keep the old template.")
    ] = None
    selector: Annotated[str, Meta(description="As kubectl takes it.")] = ""
    owners: Annotated[list[Owner], Meta(description="What manages it, such as a CronJob.")] = []
    conditions: Annotated[list[Condition], Meta(description="As the API has them.")] = []
    refusals: Annotated[
        list[Refusal], Meta(description="Why pods could not be created, the newest first.")
    ] = []
    scaled_by: Annotated[
        Scaling | None, Meta(description="Who set replicas, suspend or paused.")
    ] = None
    revision: Annotated[Revision | None, Meta(description="The template, and what changed.")] = None
    job: Annotated[JobRun | None, Meta(description="Of a Job: how far it is.")] = None
    schedule: Annotated[Schedule | None, Meta(description="Of a CronJob.")] = None
    runs: Annotated[list[JobRun], Meta(description="Of a CronJob: its Jobs, newest first.")] = []
    nodes_without: Annotated[
        list[NodeWithout], Meta(description="Of a DaemonSet: nodes without a pod.")
    ] = []
    guards: Annotated[
        list[Guard], Meta(description="Autoscalers and disruption budgets of its pods.")
    ] = []
    events: Annotated[
        list[WorkloadEvent], Meta(description="Its own and those of what it made, newest first.")
    ] = []


ORIGINS: dict[str, str] = {
    "workload": "the workload in the API, its events, revisions, quotas, autoscalers and budgets",
    "workload.wanted": "spec.replicas, or the status of a DaemonSet; worked out for a Job",
    "workload.made": FROM_STATUS.replace("Pod", "workload"),
    "groups": f"{WORKED_OUT} from the verdicts on the pods",
}
"""Where the fields come from, by path."""

"""A pod as the API tells of it, and what it has in common with a node: conditions and moments.

Read as tolerantly as all raw JSON is (`model.raw`): what is missing or of another shape is empty.
What a pod is in has one word for it here, which the sections and a scan of a cluster share.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice

from msgspec import Struct

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.parts import Condition
from kubectl_podx.model.raw import Json, dig, items, number, text
from kubectl_podx.model.words import ContainerKind, ProbeType
from kubectl_podx.pod.own import is_own

LOOPING = "CrashLoopBackOff"
"""The waiting reason of a container that ended and waits for its next start."""

BEING_CREATED = frozenset({"", "ContainerCreating", "PodInitializing"})
"""Waiting reasons of a container that simply has not been started yet."""

PULLED_AGAIN = frozenset({"ImagePullBackOff", "ErrImagePull", "RegistryUnavailable"})
"""Waiting reasons of a pull that is tried again."""

IMAGE_FAILURES = PULLED_AGAIN | {
    "ErrImageNeverPull",
    "InvalidImageName",
    "ImageInspectError",
    "SignatureValidationFailed",
}
"""Waiting reasons that name the image as the cause (pkg/kubelet/images/types.go)."""


OOM_MARK = "OOMKilled"
"""The runtime's reason for the end of a container in which the kernel killed any process."""


class Termination(Struct, frozen=True):
    """The end of one instance of a container."""

    exit_code: int | None
    reason: str
    message: str
    started_at: datetime | None
    """None where it never started: a StartError carries 1970."""
    finished_at: datetime | None

    @property
    def done(self) -> bool:
        """Whether an init container that ended so is done. One with the mark of an OOM kill counts
        as failed whatever its exit code (pkg/kubelet/kuberuntime isInitContainerFailed).
        """
        return self.exit_code == 0 and self.reason != OOM_MARK


class ContainerEntry(Struct, frozen=True):
    """One container: its spec joined with its status by name."""

    name: str
    kind: ContainerKind
    spec: Json
    status: Json
    """Empty where the pod has no status of it."""

    @property
    def container_id(self) -> str:
        """The id without its `containerd://`."""
        return text(self.status, "containerID").partition("://")[2]

    @property
    def running(self) -> bool:
        """Whether the API says that it runs."""
        return isinstance(dig(self.status, "state", "running"), Mapping)

    @property
    def started_at(self) -> datetime | None:
        """When the running instance started; None where none runs."""
        return parse_time(dig(self.status, "state", "running", "startedAt"))

    def running_for(self, now: datetime | None) -> float | None:
        """For how many seconds it has been running at that moment; None: it is not, or unknown."""
        since = self.started_at
        return None if since is None or now is None else (now - since).total_seconds()

    @property
    def waiting_reason(self) -> str:
        """Why it waits, in the kubelet's word; empty where it does not wait."""
        return text(self.status, "state", "waiting", "reason")

    @property
    def waiting_message(self) -> str:
        """The same as a sentence, mostly the runtime's."""
        return text(self.status, "state", "waiting", "message")

    @property
    def being_created(self) -> bool:
        """Whether it has simply not begun: no status, no state, or a waiting one that says so."""
        if not self.status:
            return True
        if dig(self.status, "state", "waiting") is None:
            return dig(self.status, "state") in (None, {})
        return self.waiting_reason in BEING_CREATED

    @property
    def held_up(self) -> bool:
        """Whether it waits for another reason than that it is being created."""
        return self.waiting_reason not in BEING_CREATED

    @property
    def image_failed(self) -> bool:
        """Whether it waits because of its image."""
        return self.waiting_reason in IMAGE_FAILURES

    @property
    def terminated(self) -> Termination | None:
        """Its end, where it has ended and was not started again."""
        return _termination(self.status, "state")

    @property
    def terminated_before(self) -> Termination | None:
        """The end of the instance before the present one."""
        return _termination(self.status, "lastState")

    @property
    def begun(self) -> bool:
        """Whether the runtime has ever made it."""
        made = dig(self.status, "containerID") not in (None, "")
        return made or dig(self.status, "lastState", "terminated") is not None

    @property
    def ready(self) -> bool:
        """Whether the kubelet says that it is ready."""
        return dig(self.status, "ready") is True

    @property
    def restart_count(self) -> int:
        """How often the kubelet says that it was started again."""
        return number(self.status, "restartCount") or 0

    @property
    def image(self) -> str:
        """The image as the spec names it."""
        return text(self.spec, "image")

    @property
    def image_id(self) -> str:
        """The image that it runs, as the runtime names it."""
        return text(self.status, "imageID")

    @property
    def memory_limit(self) -> str:
        """`resources.limits.memory` as it is declared; empty where there is none."""
        return self.limit("memory")

    def limit(self, resource: str) -> str:
        """`resources.limits` of `memory` or `cpu` as it is declared; empty where there is none."""
        return text(self.spec, "resources", "limits", resource)

    def request(self, resource: str) -> str:
        """The same of `resources.requests`."""
        return text(self.spec, "resources", "requests", resource)

    @property
    def ports(self) -> set[int]:
        """The numbers of the ports that it declares."""
        found = (number(port, "containerPort") for port in items(self.spec, "ports"))
        return {port for port in found if port is not None}

    @property
    def words(self) -> list[tuple[str, str]]:
        """Each word of `command` and `args` with its field: `("args[0]", "--port=80")`."""
        return [
            (f"{field}[{index}]", word)
            for field in ("command", "args")
            for index, word in enumerate(listed(self.spec, field))
        ]

    def has_probe(self, kind: ProbeType) -> bool:
        """Whether it declares a probe of that type."""
        return dig(self.spec, f"{kind}Probe") is not None

    def mounts(self, volume: str) -> bool:
        """Whether it mounts that volume."""
        return any(text(one, "name") == volume for one in items(self.spec, "volumeMounts"))


def listed(value: Json, field: str) -> list[str]:
    """The texts of a list of texts; empty where there is none."""
    found = dig(value, field)
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _termination(status: Json, state: str) -> Termination | None:
    found = dig(status, state, "terminated")
    if not isinstance(found, Mapping):
        return None
    return Termination(
        number(found, "exitCode"),
        text(found, "reason"),
        text(found, "message"),
        _after_1970(parse_time(dig(found, "startedAt"))),
        _after_1970(parse_time(dig(found, "finishedAt"))),
    )


def _after_1970(moment: datetime | None) -> datetime | None:
    return moment if moment and moment.year > 1970 else None


_PARTS: tuple[tuple[str, str, ContainerKind], ...] = (
    ("initContainers", "initContainerStatuses", "init"),
    ("containers", "containerStatuses", "app"),
    ("ephemeralContainers", "ephemeralContainerStatuses", "ephemeral"),
)


MOST_CONTAINERS = 1000
"""Of one pod. etcd takes 1.5 MiB for an object."""


def containers(pod: Json) -> Iterator[ContainerEntry]:
    """Every container in the order they start: init and sidecars, apps, ephemeral.

    podx's own debug containers are left out: they are none of the pod's (`pod/own.py`).
    Statuses are joined by name: `containerStatuses` is sorted by name, the spec is not
    (pkg/kubelet/types/types.go). Of more than `MOST_CONTAINERS` the first: no object of the API is
    so large, and whatever answers with one must not decide how long a report takes.
    """
    yield from islice(_every_container(pod), MOST_CONTAINERS)


def left_out(pod: Json) -> int:
    """How many containers beyond the first `MOST_CONTAINERS` it declares."""
    declared = sum(len(items(pod, "spec", field)) for field, _, _ in _PARTS)
    return max(0, declared - MOST_CONTAINERS)


def _every_container(pod: Json) -> Iterator[ContainerEntry]:
    for spec_field, status_field, kind in _PARTS:
        statuses = {text(status, "name"): status for status in items(pod, "status", status_field)}
        for spec in items(pod, "spec", spec_field):
            if kind == "ephemeral" and is_own(spec):
                continue
            name = text(spec, "name")
            actual: ContainerKind = kind
            if kind == "init" and text(spec, "restartPolicy") == "Always":
                actual = "sidecar"
            yield ContainerEntry(name, actual, spec, statuses.get(name, {}))


def never_root(entry: ContainerEntry, pod: Json) -> bool:
    """Whether the container's first process had another user than root, as far as that is told.

    By the status where it says so, else by what the spec demands.
    """
    first = first_user(entry)
    if first is not None:
        return first != 0
    for context in (dig(entry.spec, "securityContext"), dig(pod, "spec", "securityContext")):
        user = number(context, "runAsUser")
        if user is not None:
            return user != 0
        if dig(context, "runAsNonRoot") is True:
            return True
    return False


def first_user(entry: ContainerEntry) -> int | None:
    """The user of the container's first process, as the status tells of it."""
    return number(entry.status, "user", "linux", "uid")


def dns_options(pod: Json) -> list[dict[str, str]]:
    """dnsConfig.options, each with its `name` and, where it has one, its `value`."""
    return [
        {key: text(one, key) for key in ("name", "value") if text(one, key)}
        for one in items(pod, "spec", "dnsConfig", "options")
    ]


def sysctls(pod: Json) -> dict[str, str]:
    """The kernel settings that the pod asks for."""
    asked = items(pod, "spec", "securityContext", "sysctls")
    return {text(one, "name"): text(one, "value") for one in asked}


def field_path(entry: ContainerEntry) -> str:
    """The `involvedObject.fieldPath` of this container's events (pkg/kubelet/container/ref.go)."""
    part = {
        "init": "initContainers",
        "sidecar": "initContainers",
        "app": "containers",
        "ephemeral": "ephemeralContainers",
    }[entry.kind]
    return f"spec.{part}{{{entry.name}}}"


ENDED = ("Succeeded", "Failed")
"""The phases in which nothing of a pod runs any more, or ever will."""

STARTING_SECONDS = 60
"""Seconds in which a pod that is not ready, or has no node yet, is simply starting."""


class Pod(Struct, frozen=True):
    """What the API says of one pod."""

    body: Json
    """The object itself."""

    @property
    def name(self) -> str:
        """`metadata.name`."""
        return text(self.body, "metadata", "name")

    @property
    def phase(self) -> str:
        """`status.phase`; empty before there is one."""
        return phase(self.body)

    @property
    def reason(self) -> str:
        """`status.reason`, such as `Evicted`."""
        return text(self.body, "status", "reason")

    @property
    def message(self) -> str:
        """`status.message`."""
        return text(self.body, "status", "message")

    @property
    def ended(self) -> bool:
        """Whether it is over: it has succeeded or failed."""
        return self.phase in ENDED

    @property
    def deletion(self) -> str | None:
        """`metadata.deletionTimestamp`, with the grace period in it: the moment of the end."""
        return moment(self.body, "metadata", "deletionTimestamp")

    @property
    def draft(self) -> bool:
        """Whether no cluster has taken it yet: a manifest without uid and status."""
        return not text(self.body, "metadata", "uid") and not dig(self.body, "status")

    @property
    def terminating(self) -> bool:
        """Whether it is being deleted."""
        return bool(text(self.body, "metadata", "deletionTimestamp"))

    @property
    def created_at(self) -> str | None:
        """When the API server took it."""
        return moment(self.body, "metadata", "creationTimestamp")

    @property
    def started_at(self) -> str | None:
        """When the kubelet took it."""
        return moment(self.body, "status", "startTime")

    @property
    def conditions(self) -> list[Condition]:
        """`status.conditions` in their own order."""
        return conditions(self.body)

    def condition(self, kind: str) -> Condition | None:
        """The first condition of that type."""
        found = items(self.body, "status", "conditions")
        return next((_condition(one) for one in found if text(one, "type") == kind), None)

    def has(self, kind: str, status: str = "True") -> bool:
        """Whether a condition of that type has that status."""
        found = self.condition(kind)
        return found is not None and found.status == status

    @property
    def ready(self) -> bool:
        """Whether its condition Ready is True."""
        return self.has("Ready")

    @property
    def node(self) -> str:
        """The node it is bound to; empty before it is."""
        return text(self.body, "spec", "nodeName")

    @property
    def nominated_node(self) -> str:
        """The node where the scheduler makes room for it."""
        return text(self.body, "status", "nominatedNodeName")

    @property
    def scheduler(self) -> str:
        """`spec.schedulerName`; empty where the default is meant."""
        return text(self.body, "spec", "schedulerName")

    @property
    def service_account(self) -> str:
        """`spec.serviceAccountName`."""
        return text(self.body, "spec", "serviceAccountName")

    @property
    def finalizers(self) -> list[str]:
        """`metadata.finalizers`."""
        found = dig(self.body, "metadata", "finalizers")
        return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []

    @property
    def generations(self) -> tuple[int, int]:
        """`metadata.generation` and the one that the kubelet has acted on; 0 where not told."""
        wanted = number(self.body, "metadata", "generation")
        return wanted or 0, number(self.body, "status", "observedGeneration") or 0

    def limit(self, resource: str) -> str:
        """`spec.resources.limits`: that of all containers together; empty where there is none."""
        return text(self.body, "spec", "resources", "limits", resource)

    @property
    def image_volumes(self) -> list[tuple[str, str]]:
        """Name and image of each volume that is an image."""
        found = ((text(v, "name"), text(v, "image", "reference")) for v in self.volumes)
        return [(name, image) for name, image in found if image]

    @property
    def volumes(self) -> list[Json]:
        """`spec.volumes`."""
        return items(self.body, "spec", "volumes")


def phase(body: Json) -> str:
    """`status.phase` of a pod, a claim or a volume; empty before there is one."""
    return text(body, "status", "phase")


def conditions(body: Json) -> list[Condition]:
    """`status.conditions` of a pod or a node, in their own order."""
    return [_condition(condition) for condition in items(body, "status", "conditions")]


def of_type(several: Iterable[Condition], kind: str) -> Condition | None:
    """The first condition of that type."""
    return next((one for one in several if one.type == kind), None)


def _condition(condition: Json) -> Condition:
    return Condition(
        type=text(condition, "type"),
        status=text(condition, "status") or "Unknown",
        reason=text(condition, "reason"),
        message=text(condition, "message"),
        since=moment(condition, "lastTransitionTime"),
    )


def moment(body: Json, *path: str | int) -> str | None:
    """The text of a time below `path`; None where it is missing or no RFC 3339 time."""
    found = text(body, *path)
    return found if parse_time(found) else None

"""A Capture of pods that do not exist yet: the ones that would be made now in the place of those
that are there, with everything that they refer to and what the API server says of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from kubectl_podx import __version__
from kubectl_podx.capture import plan_start, resolve, session
from kubectl_podx.capture.calls import Outcome, perform_read, send_all
from kubectl_podx.capture.crowd import crowd_of, images_of_nodes
from kubectl_podx.capture.plan import get_pod
from kubectl_podx.capture.planned import PlannedCall
from kubectl_podx.capture.rehearse import server_time
from kubectl_podx.capture.renew import (
    Renewed,
    controller_of,
    first_of,
    named_as,
    own_claims,
    renewed,
    stored_form,
)
from kubectl_podx.capture.seal import Sealer, WrongObjectError
from kubectl_podx.capture.store import Store
from kubectl_podx.capture.targets import Targets
from kubectl_podx.capture.triage import Shard
from kubectl_podx.model.capture import Capture, CapturedPod, StoredList
from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.errors import PodxError
from kubectl_podx.model.raw import Json, items, mapping, text
from kubectl_podx.model.reference import Reference
from kubectl_podx.model.tried import Admission
from kubectl_podx.pod.pod import Pod
from kubectl_podx.pod.workload import TEMPLATES

if TYPE_CHECKING:
    from kubectl_podx.capture.session import KeptIn
    from kubectl_podx.cluster.access import AccessFlags
    from kubectl_podx.cluster.errors import ClusterError
    from kubectl_podx.cluster.server import ApiServer

_MIRROR = "kubernetes.io/config.mirror"
_ANYTHING = msgspec.json.Decoder()
_CLASSES = (("PriorityClass", "priorityClassName"), ("RuntimeClass", "runtimeClassName"))
_BROKEN = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)


class StartOptions(Struct, frozen=True):
    """How far it goes."""

    dry_run: bool = True
    """Ask the API server, too, what it would say of each pod."""
    max_in_flight: int = 12
    shard: Shard | None = None
    """Only the namespaces of this share."""


class Subject(Struct, frozen=True):
    """One pod that would be made."""

    reference: Reference
    """Under which the Capture keeps it: that of the pod whose place it takes."""
    pod: Json
    """The pod whose place it takes, or what stands for it."""
    made: Renewed
    group: str
    """Pods of one group are alike for the API server: it is asked about one of them."""
    owner: Json | None = None


def take(
    flags: AccessFlags | KeptIn,
    targets: Targets,
    options: StartOptions,
    *,
    deadline: Deadline,
    environ: Mapping[str, str],
    home: str,
    warn: Callable[[str], None],
) -> Capture:
    """The pods that would be made now in the place of those that the targets name.

    Raises PodxError where nothing can be told. Pods that have ended are left out: nobody makes
    them again.
    """
    with session.connected(flags, deadline=deadline, environ=environ, home=home, warn=warn) as (
        server,
        namespace,
    ):
        server.dial_ahead(4)
        run = Starts(server, options, deadline)
        return run.capture(run.subjects(targets, namespace))


class Starts:
    """One run against one server."""

    def __init__(self, server: ApiServer, options: StartOptions, deadline: Deadline) -> None:
        self._server = server
        self._options = options
        self._deadline = deadline
        self.sealer = Sealer()
        self.store = Store(self.sealer)
        self.makers: dict[str, tuple[Reference, Json]] = {}
        """Workloads of a file, by the key of their pod: they are tried, too."""
        self._bodies: dict[str, bytes] = {}
        self.own: frozenset[str] = frozenset()
        """Keys of what a file makes itself."""
        self._version = ""
        self._captured_at = ""

    # -- which pods ------------------------------------------------------------------------------

    def subjects(self, targets: Targets, namespace: str) -> list[Subject]:
        """The pods that the targets name, each as it would be made again."""
        found = resolve.pods(self._server, self.sealer, self.store.objects, targets, namespace)
        shard = self._options.shard
        mine = [r for r in found.pods if shard is None or shard.has(r.namespace)]
        pods = {reference: self._pod(reference) for reference in mine}
        named = [r for r, several in found.workloads.items() if not several and r.kind in TEMPLATES]
        owners = {
            owner: text(controller_of(pod), "uid")
            for pod in pods.values()
            if (owner := _owner(pod)) is not None
        }
        raw = self._raw([*owners, *named])
        subjects = [
            self._subject(reference, pod, raw.get(owner) if (owner := _owner(pod)) else None)
            for reference, pod in pods.items()
            if not Pod(pod).ended and not text(pod, "metadata", "annotations", _MIRROR)
        ]
        return [*subjects, *(one for r in named if (one := self._first(r, raw.get(r))))]

    def _pod(self, reference: Reference) -> Json:
        if reference.key not in self.store.objects:
            # In this thread, so that kubectl's own error text reaches the person unchanged.
            outcome = perform_read(self._server, get_pod(reference))
            if not self.store.open(outcome):
                raise PodxError(f"cannot read pod {reference.name}")
        return self.sealer.raw_pod(reference)

    def _raw(self, owners: Sequence[Reference]) -> dict[Reference, Json]:
        """The owners as they are, for what they declare; they are sealed when they are kept."""
        outcomes = self._send(plan_start.owner_calls(owners))
        self.store.seal(outcomes)
        found: dict[Reference, Json] = {}
        for outcome in outcomes.values():
            body = _decoded(outcome)
            if body:
                kind = outcome.call.reference.kind
                found[outcome.call.reference] = {"kind": kind, **body}
        return found

    def _subject(self, reference: Reference, pod: Json, owner: Json | None) -> Subject:
        uid = text(controller_of(pod), "uid")
        if owner is not None and text(owner, "metadata", "uid") != uid:
            owner = None
        group = uid if owner is not None else text(pod, "metadata", "uid")
        return Subject(reference, pod, renewed(pod, owner), group, owner)

    def _first(self, workload: Reference, body: Json | None) -> Subject | None:
        made = first_of(body, workload.namespace) if body is not None else None
        if body is None or made is None:
            return None
        name = f"{workload.name}-0" if workload.kind == "StatefulSet" else workload.name
        metadata = {
            "name": name,
            "namespace": workload.namespace,
            "ownerReferences": items(made.body, "metadata", "ownerReferences"),
        }
        reference = Reference("Pod", workload.namespace, name)
        return Subject(reference, {"metadata": metadata}, made, workload.key, body)

    # -- what is asked about them ------------------------------------------------------------------

    def capture(self, subjects: Sequence[Subject]) -> Capture:
        """The sealed Capture of these pods."""
        groups: dict[str, Subject] = {}
        for one in subjects:
            groups.setdefault(one.group, one)
        calls = plan_start.surroundings("")
        questions = {g: self._question(one) for g, one in groups.items() if self._may_ask(one)}
        about_makers = {
            key: self._question_of(*maker)
            for key, maker in self.makers.items()
            if self._options.dry_run and not self._in_file("Namespace", maker[0].namespace)
        }
        outcomes = self._send([*calls, *questions.values(), *about_makers.values()])
        self._note(outcomes)
        tried = {group: outcomes[call.id] for group, call in questions.items()}
        bodies = {one.reference: self._new(one, tried.get(one.group)) for one in subjects}
        planned = {
            reference: plan_start.of_a_new_pod(reference, body)
            for reference, body in bodies.items()
        }
        wanted = {call.id: call for several in planned.values() for call in several}
        known = {
            call.id: call
            for call in wanted.values()
            if call.reference.key in (self.own or self.store.objects)
        }
        more = plan_start.storage() if self._makes_claims(subjects) else []
        read = self._send([*(c for c in wanted.values() if c.id not in known), *more])
        self.store.seal(read)
        self._keep_surroundings(outcomes, bodies.values())
        for reference, body in bodies.items():
            self.store.objects[reference.key] = self.sealer.keep(reference, body)
        everywhere = [one.record() for one in outcomes.values() if one.call.kind == "list"]
        pods = []
        for one in subjects:
            asked = (read.get(call.id) for call in planned[one.reference])
            pods.append(
                CapturedPod(
                    reference=one.reference.key,
                    uid=text(one.pod, "metadata", "uid"),
                    admission=self._admission(one, tried.get(one.group)),
                    maker_admission=self._maker_admission(one, about_makers, outcomes),
                    calls=[*everywhere, *(found.record() for found in asked if found is not None)],
                )
            )
        return Capture(
            podx_version=__version__,
            captured_at=self._captured_at,
            server_version=self._version,
            pods=pods,
            objects=self.store.objects,
            lists=self.store.lists,
        )

    def _makes_claims(self, subjects: Sequence[Subject]) -> bool:
        """Whether claims would be made, by a StatefulSet or by the file."""
        own = any(key.startswith("PersistentVolumeClaim/") for key in self.own)
        return own or any(own_claims(one.owner) for one in subjects if one.owner is not None)

    def _in_file(self, kind: str, name: str) -> bool:
        """Whether the file makes this object of no namespace."""
        return bool(name) and Reference(kind, "", name).key in self.own

    def _may_ask(self, one: Subject) -> bool:
        """In a namespace that the file is to make, the API server refuses everything."""
        return self._options.dry_run and not self._in_file("Namespace", one.reference.namespace)

    def _question(self, one: Subject) -> PlannedCall:
        return self._question_of(one.reference, self._without_own(one))

    def _question_of(self, reference: Reference, body: Json) -> PlannedCall:
        call = plan_start.dry_run(reference)
        self._bodies[call.id] = msgspec.json.encode(body)
        return call

    def _without_own(self, one: Subject) -> Json:
        """Without what the file makes and admission looks for: it is not there yet."""
        spec = mapping(one.made.body, "spec")
        account = text(spec, "serviceAccountName")
        if Reference("ServiceAccount", one.reference.namespace, account).key in self.own:
            spec.pop("serviceAccountName", None)
            spec.pop("serviceAccount", None)
        for kind, field in _CLASSES:
            if self._in_file(kind, text(spec, field)):
                spec.pop(field)
        return {**one.made.body, "spec": spec}

    def _maker_admission(
        self,
        one: Subject,
        calls: Mapping[str, PlannedCall],
        outcomes: Mapping[str, Outcome],
    ) -> Admission | None:
        call = calls.get(one.reference.key)
        return self._admission(one, outcomes[call.id]) if call is not None else None

    def _new(self, one: Subject, tried: Outcome | None) -> dict[str, Any]:
        """What admission made of it, where it was accepted; else what is declared."""
        admitted = _decoded(tried) if tried is not None and tried.state == "ok" else {}
        body = named_as(admitted, one.pod, one.owner) if admitted else one.made.body
        return stored_form(body, one.pod)

    def _admission(self, one: Subject, tried: Outcome | None) -> Admission:
        basis = one.made.basis
        if tried is None:
            return Admission(state="notAsked", basis=basis)
        if isinstance(tried.answer, Admission):
            message = self.sealer.free_text(tried.answer.message, one.reference)
            return msgspec.structs.replace(tried.answer, basis=basis, message=message)
        if tried.state != "ok":
            return Admission(state="failed", basis=basis, message=tried.reason)
        return Admission(state="accepted", basis=basis)

    def _note(self, outcomes: Mapping[str, Outcome]) -> None:
        version = next(one for one in outcomes.values() if one.call.kind == "version")
        if version.state == "ok":
            self._version = self.sealer.server_version(version.answer) or ""
        self._captured_at = server_time(version.date)

    def _keep_surroundings(self, outcomes: dict[str, Outcome], bodies: Iterable[Json]) -> None:
        for outcome in outcomes.values():
            if outcome.call.kind != "list":
                continue
            if outcome.call.reference.kind == "Node":
                self.store.seal({outcome.call.id: outcome})
                if outcome.state == "ok":
                    rows = images_of_nodes(outcome.answer, bodies)
                    self.store.lists["NodeImages/"] = StoredList(
                        reference="NodeImages/", state="present", items=rows
                    )
            elif outcome.state == "ok":
                self._keep_crowd(outcome.answer, bodies)
            else:
                self.store.open(outcome)

    def _keep_crowd(self, pods: list[dict[str, Any]], bodies: Iterable[Json]) -> None:
        """All pods, and those of each namespace that is asked about: who uses its claims."""
        by_namespace: dict[str, list[dict[str, Any]]] = {
            text(body, "metadata", "namespace"): [] for body in bodies
        }
        for pod in pods:
            mine = by_namespace.get(text(pod, "metadata", "namespace"))
            if mine is not None:
                mine.append(pod)
        for key, found in (("", pods), *by_namespace.items()):
            self.store.lists[f"Pod/{key}"] = StoredList(
                reference=f"Pod/{key}", state="present", items=found
            )

    # -- sending -----------------------------------------------------------------------------------

    def _send(self, calls: Sequence[PlannedCall]) -> dict[str, Outcome]:
        return send_all(
            calls,
            self._perform,
            in_flight=self._options.max_in_flight,
            deadline=self._deadline,
            follow=self._follow,
        )

    def _perform(self, call: PlannedCall) -> Outcome:
        if call.kind == "dryRun":
            return self._try(call)
        if call.target == "Pod/":
            return Outcome(call, "ok", answer=crowd_of(self._server, call))
        return perform_read(self._server, call)

    def _try(self, call: PlannedCall) -> Outcome:
        from kubectl_podx.cluster.errors import ClusterError  # noqa: PLC0415 - late: it is slow
        from kubectl_podx.cluster.paths import api_path  # noqa: PLC0415

        resource = call.reference.resource
        path = api_path(resource.prefix, resource.plural, call.reference.namespace)
        try:
            answer = self._server.try_create(path, self._bodies[call.id])
        except ClusterError as error:
            if error.kind in ("unreachable", "unauthorized", "timedOut"):
                raise
            found = said(error, str(call.right))
            return Outcome(call, "skipped", answer=found, reason=found.state)
        return Outcome(call, "ok", answer=answer.body, date=answer.date)

    def _follow(self, outcome: Outcome) -> list[PlannedCall]:
        reference = outcome.call.reference
        leads = outcome.call.kind == "get" and outcome.state == "ok"
        if not leads or reference.kind not in ("PersistentVolumeClaim", "ResourceClaim"):
            return []
        try:
            body = self.sealer.open(reference, outcome.answer).body or {}
        except WrongObjectError:
            return []
        return plan_start.after(reference, body)


def said(error: ClusterError, right: str) -> Admission:
    """What a refusal of a dry run means.

    RBAC speaks of the resource (`pods is forbidden: User …`), admission of the object. A webhook
    with side effects is never called in a dry run: then the API server refuses the dry run itself
    (apiserver/pkg/admission/plugin/webhook).
    """
    message, reason = error.said or str(error), error.reason
    if error.kind == "denied" and ' is forbidden: User "' in message:
        return Admission(state="denied", reason=reason, needs=right)
    if reason == "AlreadyExists":
        # The last step is the store: everything before it has agreed.
        return Admission(state="accepted")
    if "does not support dry run" in message:
        return Admission(state="unsupported", reason=reason, message=message)
    if reason in ("Conflict", "TooManyRequests", "ServerTimeout", "ServiceUnavailable", ""):
        return Admission(state="failed", reason=reason, message=message)
    return Admission(state="refused", reason=reason, message=message)


def _owner(pod: Json) -> Reference | None:
    """The pod's controller, where it is one that declares pods."""
    found = controller_of(pod)
    kind, name = text(found, "kind"), text(found, "name")
    if kind not in TEMPLATES or not name:
        return None
    return Reference(kind, text(pod, "metadata", "namespace"), name)


def _decoded(outcome: Outcome) -> dict[str, Any]:
    if outcome.state != "ok":
        return {}
    try:
        body = _ANYTHING.decode(outcome.answer)
    except _BROKEN:
        return {}
    return body if isinstance(body, dict) else {}

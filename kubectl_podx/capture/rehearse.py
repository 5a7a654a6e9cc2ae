"""A run that only asks whether it might: each planned call becomes a question about its right.

The plan, the sealing and the record of calls are those of a real run, so that what `doctor`
foretells is what `describe` will say.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from kubectl_podx import __version__
from kubectl_podx.analysis import coverage
from kubectl_podx.analysis.reports import DoctorReport, PodForecast, RightRow, RightState
from kubectl_podx.capture import plan, plan_debug, session
from kubectl_podx.capture.calls import Outcome, perform_read, send_all
from kubectl_podx.capture.exec_gate import RehearsedGate
from kubectl_podx.capture.gather import Gatherer
from kubectl_podx.capture.plan import LookOptions, PlannedCall, Right, get_version
from kubectl_podx.capture.samples import OWNERS, PENDING_POD, SAMPLE, SAMPLE_POD
from kubectl_podx.capture.seal import Sealer
from kubectl_podx.capture.steps import Steps
from kubectl_podx.capture.store import Store
from kubectl_podx.capture.targets import Targets
from kubectl_podx.model.capture import Observation
from kubectl_podx.model.clock import Deadline, format_time, parse_http_date
from kubectl_podx.model.decoder import Decoder
from kubectl_podx.model.parts import Coverage, Metadata
from kubectl_podx.model.reference import RESOURCES, Reference
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.table import BY_KEY, KEYS

if TYPE_CHECKING:
    from kubectl_podx.cluster.access import AccessFlags
    from kubectl_podx.cluster.server import ApiServer

Key = tuple[str, str, str, str, str]
"""Verb, resource, group, namespace, name: what a question is about."""


class Need(Struct, frozen=True):
    """One question for the API server's authorizer, and why it is asked."""

    verb: str
    right: Right
    optional: bool
    sections: tuple[str, ...]

    @property
    def key(self) -> Key:
        """Two needs with one key are one question."""
        right = self.right
        return self.verb, right.resource, right.group, right.namespace, right.name


def needs(calls: Iterable[PlannedCall], *, exec_verbs: tuple[str, ...] = ()) -> list[Need]:
    """The questions that these calls raise, each once, in the order of the plan."""
    found: dict[Key, Need] = {}
    for call in calls:
        for verb in verbs_of(call, exec_verbs):
            one = Need(verb, call.right, call.optional_right, call.sections)
            known = found.get(one.key)
            sections = tuple(dict.fromkeys((*(known.sections if known else ()), *call.sections)))
            found[one.key] = replace(one, sections=sections)
    return list(found.values())


def verbs_of(call: PlannedCall, exec_verbs: tuple[str, ...]) -> tuple[str, ...]:
    """The verbs that this server asks for; `exec_verbs` replaces an exec's, where given."""
    return exec_verbs if call.kind == "exec" and exec_verbs else call.right.verbs


def exec_verbs(server_version: str) -> tuple[str, ...]:
    """What an exec over a WebSocket, which is a GET, needs on this server.

    `create` beside `get` since 1.35 (AuthorizePodWebsocketUpgradeCreatePermission).
    """
    major, _, rest = server_version.removeprefix("v").partition(".")
    minor = rest.partition(".")[0].rstrip("+")
    if major == "1" and minor.isdigit() and int(minor) < 35:
        return ("get",)
    return ("get", "create")


def any_pod(namespace: str, options: LookOptions | None = None) -> list[PlannedCall]:
    """The calls for a pod that has one of everything, in this namespace, without names."""
    options = options or LookOptions()
    reference = SAMPLE._replace(namespace=namespace)
    listing = plan.right_to("list", RESOURCES["Pod"], namespace)
    calls = [
        plan.get_pod(reference),
        PlannedCall("list", "Pod", ("all",), listing, reference),
        *plan.pod_calls(reference, SAMPLE_POD, options),
        *plan.pod_calls(reference, PENDING_POD, options),
    ]
    calls += plan.any_workload(namespace) if not options.sections else []
    for kind, body in OWNERS.items():
        calls += plan.follow_ups(Reference(kind, namespace, "owner"), body, options)
    calls += [one for call in calls if call.kind == "apis" for one in plan.of_addons(call)]
    if options.exec_allowed and options.wants(*plan_debug.SECTIONS):
        calls.append(plan_debug.debug_call(reference, "app"))
    return [replace(call, right=replace(call.right, name="")) for call in calls]


_READ = ("Pod", *plan.LEAD_ON)


class _Spec(msgspec.Struct):
    allowed: bool = False
    evaluationError: str = ""  # noqa: N815 - as the API has it


class _Review(msgspec.Struct):
    status: _Spec = msgspec.field(default_factory=_Spec)


_REVIEW_DECODER = Decoder(_Review)


class Authorizer:
    """Asks the API server about rights, each once. May be used from several threads."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server
        self._known: dict[Key, RightState] = {}
        self._lock = threading.Lock()

    def state(self, need: Need) -> RightState:
        """Whether the right is held; `unknown` where the server does not say."""
        with self._lock:
            known = self._known.get(need.key)
        if known is None:
            known = self._ask(need)
            with self._lock:
                self._known[need.key] = known
        return known

    def _ask(self, need: Need) -> RightState:
        from kubectl_podx.cluster.errors import ClusterError  # noqa: PLC0415

        resource, _, subresource = need.right.resource.partition("/")
        attributes = {
            "verb": need.verb,
            "group": need.right.group,
            "resource": resource,
            "subresource": subresource,
            "namespace": need.right.namespace,
            "name": need.right.name,
        }
        question = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {k: v for k, v in attributes.items() if v}},
        }
        try:
            answer = self._server.post_review(msgspec.json.encode(question))
            review = _REVIEW_DECODER.decode(answer.body)
        except ClusterError as error:
            if error.kind in ("unreachable", "unauthorized", "timedOut"):
                raise
            return "unknown"
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            return "unknown"
        if review.status.allowed:
            return "held"
        return "unknown" if review.status.evaluationError else "missing"


class _RehearsedStore(Store):
    """What was only asked about has no answer, and that is no fault."""

    def open(self, outcome: Outcome) -> bool:
        if outcome.call.reference.kind == "Secret":
            # Nothing of a pod's text is asked for either.
            self._sealer.without(outcome.call.reference)
        return super().open(outcome) or not outcome.answer


class Rehearsal:
    """A run that looks into nothing: of what it may read it reads the pod and its owners."""

    def __init__(self, authorizer: Authorizer, exec_verbs: tuple[str, ...]) -> None:
        self._authorizer = authorizer
        self._exec_verbs = exec_verbs
        self.asked: dict[Key, Need] = {}

    def steps(self) -> Steps:
        """What a gatherer does instead of sending its calls."""
        return Steps(_RehearsedStore, RehearsedGate, self._perform, self._observe)

    def _perform(self, call: PlannedCall, send: Callable[[PlannedCall], Outcome]) -> Outcome:
        questions = needs([call], exec_verbs=self._exec_verbs)
        self.asked |= {each.key: each for each in questions}
        if any(self._authorizer.state(each) == "missing" for each in questions):
            return Outcome(call, "denied", "forbidden", str(call.right))
        if call.kind in ("version", "apis") or (
            call.kind == "get" and call.reference.kind in _READ
        ):
            return send(call)
        return Outcome(call, "ok", answer=[] if call.kind == "list" else b"")

    @staticmethod
    def _observe(outcome: Outcome, seal: Callable[[], Observation]) -> Observation:
        if outcome.state == "ok":
            return Observation(container=outcome.call.container, state="observed", method="exec")
        return seal()


def examine(
    flags: AccessFlags | session.KeptIn,
    targets: Targets | None,
    options: session.LookOptions,
    *,
    deadline: Deadline,
    environ: Mapping[str, str],
    home: str,
    warn: Callable[[str], None],
) -> DoctorReport:
    """What this person may see: of any pod of the namespace, and of the target's pods.

    Raises PodxError where the server cannot be reached or a named object is not there.
    """
    with session.connected(flags, deadline=deadline, environ=environ, home=home, warn=warn) as (
        server,
        namespace,
    ):
        return _examine(server, namespace, targets, options, deadline)


def _examine(
    server: ApiServer,
    namespace: str,
    targets: Targets | None,
    options: session.LookOptions,
    deadline: Deadline,
) -> DoctorReport:
    version, captured_at = _reach(server)
    verbs = exec_verbs(version)
    authorizer = Authorizer(server)
    general = any_pod(namespace, options)
    records = _ask_all(authorizer, general, verbs, options.max_in_flight, deadline)
    asked = {each.key: each for each in needs(general, exec_verbs=verbs)}
    forecasts: list[PodForecast] = []
    if targets is not None:
        rehearsal = Rehearsal(authorizer, verbs)
        run = Gatherer(server, options, deadline, steps=rehearsal.steps())
        forecasts = _forecasts(run, targets, namespace)
        if forecasts:
            # The first is the reading of the pod.
            writes = {key: each for key, each in asked.items() if each.verb == "patch"}
            asked = dict([*asked.items()][:1]) | rehearsal.asked | writes
    return DoctorReport(
        metadata=Metadata(
            captured_at=captured_at,
            source="live",
            server_version=version,
            podx_version=__version__,
        ),
        namespace=namespace,
        rights=[_row(each, authorizer.state(each)) for each in asked.values()],
        coverage=list(_general_coverage(records)),
        pods=forecasts,
    )


def _reach(server: ApiServer) -> tuple[str, str]:
    """The server's version and clock: whether it can be reached at all, and as somebody."""
    from kubectl_podx.cluster.errors import ClusterError  # noqa: PLC0415

    try:
        outcome = perform_read(server, get_version())
    except ClusterError as error:
        if error.kind != "denied":
            raise
        return "", format_time(datetime.now(UTC))
    version = Sealer().server_version(outcome.answer)
    return version or "", server_time(outcome.date)


def server_time(date: str | None) -> str:
    """The Date header in RFC 3339; our own clock where there is none."""
    return format_time(parse_http_date(date) or datetime.now(UTC))


def _forecasts(run: Gatherer, targets: Targets, namespace: str) -> list[PodForecast]:
    """What the report on each of the target's pods will lack; none where no pod may be read."""
    from kubectl_podx.cluster.errors import ClusterError  # noqa: PLC0415

    try:
        capture = run.capture(targets, namespace)
    except ClusterError as error:
        if error.kind != "denied":
            raise
        return []
    found = []
    for pod in capture.pods:
        reference = Reference.of_key(pod.reference)
        rows = coverage.build(PodView(capture, pod), frozenset(KEYS))
        found.append(PodForecast(namespace=reference.namespace, name=reference.name, coverage=rows))
    return found


def _ask_all(
    authorizer: Authorizer,
    calls: list[PlannedCall],
    exec_verbs: tuple[str, ...],
    in_flight: int,
    deadline: Deadline,
) -> list[tuple[PlannedCall, Outcome]]:
    """Each call and whether it would be let through; what nobody answered counts as failed."""

    def ask(call: PlannedCall) -> Outcome:
        questions = needs([call], exec_verbs=exec_verbs)
        missing = any(authorizer.state(each) == "missing" for each in questions)
        return Outcome(call, "denied" if missing else "ok")

    outcomes = send_all(calls, ask, in_flight=in_flight, deadline=deadline)
    return [(call, outcomes[call.id]) for call in calls]


def _general_coverage(records: list[tuple[PlannedCall, Outcome]]) -> list[Coverage]:
    rows: dict[Coverage, None] = {}
    for call, outcome in records:
        # No report is the poorer without a debug container that nobody asks for.
        if outcome.state == "denied" and call.kind != "debug":
            for section in call.sections:
                if section in BY_KEY and section != "findings":
                    row = Coverage(
                        section=section, state="denied", reason="forbidden", needs=str(call.right)
                    )
                    rows[row] = None
    return list(rows)


def _row(need: Need, state: RightState) -> RightRow:
    right = need.right
    return RightRow(
        verb=need.verb,
        resource=right.resource,
        group=right.group,
        namespace=right.namespace,
        name=right.name,
        state=state,
        optional=need.optional,
        sections=list(need.sections),
    )

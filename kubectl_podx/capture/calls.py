"""Planned calls, sent side by side with a bound, each ending in an outcome and never in a raise."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from kubectl_podx.capture.names import METADATA_LIST
from kubectl_podx.capture.plan import PlannedCall
from kubectl_podx.model.capture import Call, CallState
from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.reference import RESOURCES
from kubectl_podx.model.threads import start

if TYPE_CHECKING:
    from kubectl_podx.cluster.server import ApiServer

_MAX_PAGES = 40
_MAX_BODY = 64 << 20
_TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
READING_SECONDS = 4.0
"""An exec waits for the readings of memory: a metrics server that hangs must leave time for it."""
# After the deadline every socket is closed; this is what the threads get to notice.
GRACE = 0.5
"""Seconds."""
_STEP = 0.2
# Execs, and the readings of memory that decide about them.
_OF_EXECS = ("exec", "podMetrics", "stats")
# Seconds after which execs that are under way are worth an answer before them.
_SOON = 0.02
# How often after that the answers are counted: a person waits for the first of them.
_OFTEN = 0.02


class _Reading(Struct, frozen=True):
    """What the kubelet is asked for through the API server's proxy of its node."""

    path: str
    query: tuple[tuple[str, str], ...] = ()
    accept: str = "text/plain"
    within: float | None = None
    """Seconds; None for the whole deadline."""


_OF_KUBELET: Mapping[str, _Reading] = {
    "stats": _Reading(
        "stats/summary",
        (("only_cpu_and_memory", "true"),),
        "application/json",
        READING_SECONDS,
    ),
    "metrics": _Reading("metrics/probes"),
    # Of every container of the node: some megabytes on a full one.
    "throttling": _Reading("metrics/cadvisor", within=READING_SECONDS),
}


class Outcome(Struct, frozen=True):
    """How one planned call ended."""

    call: PlannedCall
    state: CallState
    reason: str = ""
    needs: str = ""
    seconds: float = 0.0
    answer: Any = None
    """Bytes, a list of bytes (pages) or a RawLook: opaque to everything but the sealer."""
    date: str | None = None
    """The server's clock, of the Date header."""

    def record(self) -> Call:
        """What a Capture keeps of it."""
        return Call(
            id=self.call.id,
            kind=self.call.kind,
            target=self.call.target,
            detail=self.call.detail,
            sections=list(self.call.sections),
            state=self.state,
            reason=self.reason,
            needs=self.needs,
            container=self.call.container,
            seconds=round(self.seconds, 3),
        )


Perform = Callable[[PlannedCall], Outcome]
Meanwhile = Callable[[], None]
"""Work for the thread that waits: while the answers travel the processor has nothing to do."""
Progress = Callable[[int, int], None]
"""Told now and then by the thread that waits: calls that have ended, and all that are known."""
Early = Callable[[Mapping[str, "Outcome"]], None]
"""Told once by the thread that waits, when all but execs and what they wait for has answered."""
Follow = Callable[[Outcome], Sequence[PlannedCall]]


def nothing_follows(_outcome: Outcome) -> Sequence[PlannedCall]:
    """For calls whose answers name no further objects."""
    return ()


def idle() -> None:
    """Nothing to do meanwhile."""


def send_all(
    calls: Sequence[PlannedCall],
    perform: Perform,
    *,
    in_flight: int,
    deadline: Deadline,
    follow: Follow = nothing_follows,
    meanwhile: Meanwhile = idle,
    grace: float = GRACE,
    progress: Progress | None = None,
    early: Early | None = None,
) -> dict[str, Outcome]:
    """Runs the calls on daemon threads, at most `in_flight` at once; returns outcomes by call id.

    `follow` names the calls that an outcome leads to (the owner of an owner); they run as soon as
    it is there. What has not ended when the deadline passes is `timedOut`: its thread is left to
    die with its closed socket, so nothing here can hang. `meanwhile` is run by this thread when all
    calls are under way, and `early` once only execs are missing and take their time.
    """
    run = _Run(calls, perform, follow)
    for _ in range(min(in_flight, len(run.planned))):
        start(run.work)
    meanwhile()
    if run.planned:
        run.wait(deadline, grace, progress, early)
    return run.end()


class _Run:
    """What the threads of one `send_all` share."""

    def __init__(self, calls: Sequence[PlannedCall], perform: Perform, follow: Follow) -> None:
        self.planned = {call.id: call for call in calls}
        self.done = threading.Event()
        self._queue = list(self.planned.values())[::-1]
        self._outcomes: dict[str, Outcome] = {}
        self._lock = threading.Lock()
        self._perform = perform
        self._follow = follow

    def work(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    return
                call = self._queue.pop()
            outcome = timed(call, self._perform)
            following = self._follow(outcome)
            with self._lock:
                new = [each for each in following if each.id not in self.planned]
                self.planned |= {each.id: each for each in new}
                self._queue += new
                self._outcomes[call.id] = outcome
                if len(self._outcomes) == len(self.planned):
                    self.done.set()
            # This thread takes the first of them; the others may all have ended by now.
            for _ in new[1:]:
                start(self.work)

    def wait(
        self, deadline: Deadline, grace: float, progress: Progress | None, early: Early | None
    ) -> None:
        """Until all is done or the deadline has passed."""
        end = time.monotonic() + deadline.remaining() + grace
        soon = _SOON
        while (left := end - time.monotonic()) > 0:
            step = left
            if early:
                step, soon = soon, _OFTEN
            elif progress:
                step = _STEP
            if self.done.wait(min(step, left)) or time.monotonic() >= end:
                return
            if early and (known := self._all_but_execs()):
                early(known)
                early = None
            if progress:
                progress(len(self._outcomes), len(self.planned))

    def _all_but_execs(self) -> dict[str, Outcome]:
        """What has been answered, where only execs have not; else nothing."""
        with self._lock:
            missing = [call for call in self.planned.values() if call.id not in self._outcomes]
            if any(call.kind not in _OF_EXECS for call in missing):
                return {}
            return dict(self._outcomes)

    def end(self) -> dict[str, Outcome]:
        """What there is; nothing further is begun."""
        with self._lock:
            self._queue.clear()
            late = "no answer before the deadline"
            return {
                identity: self._outcomes.get(identity, Outcome(call, "timedOut", late))
                for identity, call in self.planned.items()
            }


def timed(call: PlannedCall, perform: Perform) -> Outcome:
    """How the call ends, and in how many seconds; nothing that goes wrong is raised."""
    begun = time.monotonic()
    try:
        outcome = perform(call)
    except Exception as error:  # noqa: BLE001 - one broken call costs its rows, never the report
        outcome = outcome_of_error(call, error)
    return replace(outcome, seconds=time.monotonic() - begun)


def outcome_of_error(call: PlannedCall, error: BaseException) -> Outcome:
    """The outcome that an exception stands for, in our own words."""
    from kubectl_podx.cluster.errors import ClusterError  # noqa: PLC0415
    from kubectl_podx.cluster.paths import BadNameError  # noqa: PLC0415

    if isinstance(error, BadNameError):
        return Outcome(call, "failed", "the pod names an object by a path that is not a name")
    if not isinstance(error, ClusterError):
        return Outcome(call, "failed", f"internal error in podx ({type(error).__name__})")
    states: dict[str, CallState] = {
        "denied": "denied",
        "notFound": "missing",
        "timedOut": "timedOut",
    }
    state = states.get(error.kind, "failed")
    if state == "denied":
        return Outcome(call, state, "forbidden", str(call.right))
    if state == "missing":
        return Outcome(call, state, "not found")
    return Outcome(call, state, str(error))


def perform_read(server: ApiServer, call: PlannedCall) -> Outcome:
    """Sends one call of the plan that is no exec."""
    from kubectl_podx.cluster.paths import api_path  # noqa: PLC0415

    reference = call.reference
    if call.kind == "version":
        answer = server.get("/version")
        return Outcome(call, "ok", answer=answer.body, date=answer.date)
    if call.kind == "apis":
        return Outcome(call, "ok", answer=server.get("/apis").body)
    resource = RESOURCES[reference.kind]
    namespace = reference.namespace if resource.namespaced else None
    if call.kind == "list":
        # Without a namespace: of all of them.
        path = api_path(resource.prefix, resource.plural, namespace or None)
        pages: list[bytes] = []
        for page in server.list_pages(path, call.query):
            pages.append(page.body)
            if call.first_page:
                break
            if len(pages) >= _MAX_PAGES:
                return Outcome(call, "ok", "only the first pages were read", answer=pages)
        return Outcome(call, "ok", answer=pages)
    if call.kind == "podMetrics":
        path = api_path(resource.prefix, resource.plural, namespace, reference.name)
        return Outcome(call, "ok", answer=server.get(path, within=READING_SECONDS).body)
    if call.kind == "names":
        path = api_path(resource.prefix, resource.plural, None)
        answer = server.get(path, call.query, accept=METADATA_LIST, within=READING_SECONDS)
        return Outcome(call, "ok", answer=answer.body)
    if call.kind in _OF_KUBELET:
        asked = _OF_KUBELET[call.kind]
        path = api_path(resource.prefix, resource.plural, None, reference.name, "proxy")
        answer = server.get(
            f"{path}/{asked.path}",
            () if call.detail else asked.query,
            accept=asked.accept,
            limit=_MAX_BODY,
            within=asked.within,
        )
        return Outcome(call, "ok", answer=answer.body)
    if call.kind == "log":
        path = api_path(resource.prefix, resource.plural, namespace, reference.name, "log")
        answer = server.get(path, call.query, accept="*/*", limit=1 << 20)
        return Outcome(call, "ok", answer=answer.body)
    path = api_path(resource.prefix, resource.plural, namespace, reference.name)
    if call.kind == "type":
        answer = server.get(path, (("includeObject", "None"),), accept=_TABLE)
    else:
        answer = server.get(path, call.query, limit=_MAX_BODY)
    return Outcome(call, "ok", answer=answer.body, date=answer.date)

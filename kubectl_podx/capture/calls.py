"""Planned calls, sent side by side with a bound, each ending in an outcome and never in a raise."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from kubectl_podx.capture.plan import PlannedCall
from kubectl_podx.model.capture import Call, CallState
from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.reference import RESOURCES

if TYPE_CHECKING:
    from kubectl_podx.cluster.server import ApiServer

_MAX_PAGES = 40
_MAX_BODY = 64 << 20
_TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
# After the deadline every socket is closed; this is what the threads get to notice.
_GRACE = 0.5


class Outcome(NamedTuple):
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
            sections=list(self.call.sections),
            state=self.state,
            reason=self.reason,
            needs=self.needs,
            container=self.call.container,
            seconds=round(self.seconds, 3),
        )


Perform = Callable[[PlannedCall], Outcome]


def send_all(
    calls: Sequence[PlannedCall], perform: Perform, *, in_flight: int, deadline: Deadline
) -> dict[str, Outcome]:
    """Runs the calls on daemon threads, at most `in_flight` at once; returns outcomes by call id.

    What has not ended when the deadline passes is `timedOut`: its thread is left to die with its
    closed socket, so nothing here can hang.
    """
    unique = {call.id: call for call in calls}
    queue = list(unique.values())[::-1]
    outcomes: dict[str, Outcome] = {}
    lock = threading.Lock()
    done = threading.Event()
    if not queue:
        return outcomes

    def work() -> None:
        while True:
            with lock:
                if not queue:
                    return
                call = queue.pop()
            outcome = _timed(call, perform)
            with lock:
                outcomes[call.id] = outcome
                if len(outcomes) == len(unique):
                    done.set()

    for _ in range(min(in_flight, len(queue))):
        threading.Thread(target=work, daemon=True).start()
    done.wait(deadline.remaining() + _GRACE)
    with lock:
        queue.clear()
        return {
            identity: outcomes.get(
                identity, Outcome(call, "timedOut", "no answer before the deadline")
            )
            for identity, call in unique.items()
        }


def _timed(call: PlannedCall, perform: Perform) -> Outcome:
    begun = time.monotonic()
    try:
        outcome = perform(call)
    except Exception as error:  # noqa: BLE001 - one broken call costs its rows, never the report
        outcome = outcome_of_error(call, error)
    return outcome._replace(seconds=time.monotonic() - begun)


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
    resource = RESOURCES[reference.kind]
    namespace = reference.namespace if resource.namespaced else None
    if call.kind == "list":
        path = api_path(resource.prefix, resource.plural, namespace)
        pages: list[bytes] = []
        for page in server.list_pages(path, call.query):
            pages.append(page.body)
            if len(pages) >= _MAX_PAGES:
                return Outcome(call, "ok", "only the first pages were read", answer=pages)
        return Outcome(call, "ok", answer=pages)
    if call.kind == "metrics":
        path = api_path(resource.prefix, resource.plural, None, reference.name, "proxy")
        answer = server.get(f"{path}/metrics/probes", accept="text/plain", limit=_MAX_BODY)
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

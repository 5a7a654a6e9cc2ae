"""The pod read again after the looks: whether what was seen inside is of what the API has told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from kubectl_podx.capture import exec_gate, look, plan
from kubectl_podx.capture.calls import Outcome, perform_read, timed
from kubectl_podx.capture.planned import PlannedCall
from kubectl_podx.model.clock import Deadline, parse_time
from kubectl_podx.model.raw import Json
from kubectl_podx.model.reference import Reference
from kubectl_podx.model.threads import start

if TYPE_CHECKING:
    from kubectl_podx.cluster.server import ApiServer

RESERVE = 0.5
"""Seconds that it needs after the last exec has ended."""
# How long the kubelet may take to tell that a container has ended.
_PATIENCE = 6.0
_STEP = 0.3

Read = Callable[[Sequence[Reference]], Mapping[Reference, Outcome]]
"""Reads pods, side by side."""


# Seconds for a reading that is on its way: near by it is there.
_AT_HAND = 0.005
# Between the start of a main process by its node's clock and the kubelet's `startedAt`: a moment of
# containerd's, and clocks of whole seconds.
_SAME_START = 4.0
# For so many seconds a main process has run when its instance is surely the one of the first
# reading: the kubelet tells of a new one within two, one in trouble within ten.
_SETTLED = 20.0


class EarlyReading:
    """One pod, read again as soon as each of its execs has brought its first output.

    What is read then has the container that the exec runs in. From there on the exec itself is the
    witness: it cannot outlive its container, so one that ends by itself was never in another. That
    saves the better part of a round trip after the last of them. Where the looks themselves show
    that each main process is the instance of the first reading, nobody waits for the second.
    Threads tell of the execs.
    """

    def __init__(
        self, execs: Collection[str], first: Outcome | None, read: Callable[[], Outcome]
    ) -> None:
        """`first`: the first reading, as it came."""
        self._missing = set(execs)
        self._execs = frozenset(execs)
        self._first = first
        self._read = read
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._outcome: Outcome | None = None
        self._asked = self._under_way = False

    def look(self, exec_id: str, perform: Callable[[Callable[[], None]], Outcome]) -> Outcome:
        """Runs an exec by `perform`, whose argument is to be called with the first output."""
        try:
            outcome = perform(lambda: self._begun(exec_id))
        except BaseException:
            self._stop()
            raise
        if outcome.state == "ok":
            self._begun(exec_id)
        else:
            self._stop()
        return outcome

    def _stop(self) -> None:
        """Nothing is read ahead any more: all is over, or an exec went wrong, and the pod has to be
        read once it is known what came of it.
        """
        with self._lock:
            self._asked = True

    def _begun(self, exec_id: str) -> None:
        with self._lock:
            self._missing.discard(exec_id)
            if self._missing or self._asked:
                return
            self._asked = self._under_way = True
        start(self._ask)

    def _ask(self) -> None:
        try:
            self._outcome = self._read()
        finally:
            self._over.set()

    def outcome(self, sent: Collection[Outcome], deadline: Deadline) -> Outcome | None:
        """What was read; None where that says too little, and it must be read once more."""
        self._stop()
        if not self._under_way or any(one.call.id not in self._execs for one in sent):
            return None
        if any(one.state != "ok" or look.may_have_harmed(one) for one in sent):
            return None
        if not self._over.wait(min(_AT_HAND, deadline.remaining())):
            if self._first is not None and all(map(shows_its_instance, sent)):
                return self._first
            self._over.wait(deadline.remaining())
        found = self._outcome
        return found if found is not None and found.state in ("ok", "missing") else None


def shows_its_instance(look_inside: Outcome) -> bool:
    """Whether the main process that an exec saw began when the first reading says that its
    container did, and has run for long: then both are of one instance.
    """
    from kubectl_podx.capture import procfs  # noqa: PLC0415 - of execs only
    from kubectl_podx.capture.frames import split  # noqa: PLC0415

    raw = look_inside.answer
    if not isinstance(raw, look.RawLook):
        return False
    frames = split(raw.output, raw.nonce)
    clock = procfs.BootClock(frames.get("uptime"))
    main = procfs.whole(procfs.pairs(frames.get("self")).get("main"))
    seen = procfs.processes(frames.get("processes") or b"", clock, {})
    began = next((parse_time(one.started_at) for one in seen if one.pid == main), None)
    told = parse_time(raw.started_at)
    if began is None or told is None or clock.now is None:
        return False
    apart = abs((began - told).total_seconds())
    return apart <= _SAME_START and clock.now - began.timestamp() >= _SETTLED


def early_reading(
    server: ApiServer,
    calls: Mapping[Reference, list[PlannedCall]],
    in_flight: int,
    first: Mapping[Reference, object],
) -> EarlyReading | None:
    """For a pod that is looked into alone; several are read together, after all of the execs."""
    if len(calls) != 1:
        return None
    ((reference, planned),) = calls.items()
    execs = [call.id for call in planned if call.kind == "exec"]
    # It is one request more beside those that are under way.
    if not execs or len(execs) >= in_flight:
        return None
    call = plan.get_pod(reference)
    before = Outcome(call, "ok", answer=first[reference]) if reference in first else None
    return EarlyReading(execs, before, lambda: timed(call, lambda one: perform_read(server, one)))


def until_told(
    bodies: Mapping[Reference, Json],
    sent: Mapping[Reference, list[Outcome]],
    first: Mapping[Reference, Outcome],
    read: Read,
    deadline: Deadline,
) -> dict[Reference, Outcome]:
    """The pods as they were read after the looks: `first`, or once more and once more.

    `sent`: the execs of each pod. If one broke off, the container may have ended of it, which the
    kubelet reports a moment later: such a pod is read until it says so, or has had the time to.
    """
    again = dict(first)
    patience = deadline.within(_PATIENCE)
    doubtful = [r for r, execs in sent.items() if any(map(look.may_have_harmed, execs))]
    while doubtful and patience.remaining() > _STEP:
        doubtful = [r for r in doubtful if not exec_gate.compare(bodies[r], again[r]).changes]
        if doubtful:
            time.sleep(_STEP)
            again |= {r: one for r, one in read(doubtful).items() if one.state == "ok"}
    return again

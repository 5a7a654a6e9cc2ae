"""Whether a container was looked into, and if not, why not and what would change that."""

from __future__ import annotations

from typing import NamedTuple

from kubectl_podx.model.capture import Call, LogTail
from kubectl_podx.model.raw import dig, text
from kubectl_podx.model.words import CoverageState, ObservationMethod, ObservationState
from kubectl_podx.pod.containers import ContainerEntry
from kubectl_podx.pod.view import PodView

NO_EXEC = "run without --no-exec"

_LOST: dict[str, CoverageState] = {
    "denied": "denied",
    "timedOut": "timedOut",
    "skipped": "skipped",
}


class Look(NamedTuple):
    """How the look inside one container ended."""

    state: ObservationState
    coverage: CoverageState
    """The same in the words of `coverage[]`."""
    method: ObservationMethod = "none"
    reason: str = ""
    needs: str = ""
    through: str = ""
    """The neighbour that looked."""


def look(view: PodView, entry: ContainerEntry) -> Look:
    """How this container was looked into."""
    found = view.observations.get(entry.name)
    call = exec_call(view, entry.name)
    # A look that lost something says what right it lacked on the call, in RBAC's words.
    needs = (found.needs if found else "") or (call.needs if call else "")
    if found is not None and found.state != "unobservable":
        covered: CoverageState = "full" if found.state == "observed" else "partial"
        return Look(found.state, covered, found.method, found.reason, needs, found.through)
    coverage = _LOST.get(call.state) if call is not None else None
    if call is not None and coverage is not None:
        reason = (found.reason if found else "") or call.reason
        return Look("unobservable", coverage, reason=reason, needs=needs)
    if found is not None:
        return Look("unobservable", "unobservable", reason=found.reason, needs=needs)
    if view.capture.source == "manifest":
        return Look("unobservable", "skipped", reason="no cluster: this is a saved manifest")
    if not entry.running:
        return Look("unobservable", "unobservable", reason=not_running(entry))
    if call is not None:
        reason = call.reason or "the look gave no answer"
        return Look("unobservable", "unobservable", reason=reason, needs=needs)
    if any(each.kind == "exec" for each in view.captured.calls):
        return Look("unobservable", "skipped", reason="only another container was asked for")
    return Look(
        "unobservable",
        "skipped",
        reason="nothing was looked into: --no-exec, or only sections that need no look",
        needs=NO_EXEC,
    )


def exec_call(view: PodView, container: str) -> Call | None:
    """The exec of this container, where one was planned."""
    return next(
        (
            call
            for call in view.captured.calls
            if call.container == container and call.kind == "exec"
        ),
        None,
    )


def not_running(entry: ContainerEntry) -> str:
    """Why there is nothing to look into: `container is waiting (CrashLoopBackOff)`."""
    for state in ("waiting", "terminated"):
        if dig(entry.status, "state", state) is not None:
            reason = text(entry.status, "state", state, "reason")
            return f"container is {state}" + (f" ({reason})" if reason else "")
    return "container has no status yet"


# The kubelet answers with this text, and success, where the runtime has removed the container.
_GONE = "unable to retrieve container logs for "


def written(tail: LogTail) -> list[str]:
    """The lines of the container itself, oldest first."""
    return [line for line in tail.lines if not line.startswith(_GONE)]

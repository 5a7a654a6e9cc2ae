"""What sets one pod apart from its siblings: the reports compared fact by fact. Pure.

Only what differs is said, and the odd one out is named: the value that fewest pods have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from kubectl_podx.model.parts import NONE
from kubectl_podx.pod.image_name import short_digest
from kubectl_podx.sections.report import Distinction, OtherValue, PodReport

_MOST = 20
_MOST_NAMES = 3
# A state of these is the same for whoever reads it; `extra` rows differ by nature (HOSTNAME).
_QUIET = frozenset({"current", "extra", "unknown"})


def distinctions(reports: Sequence[PodReport]) -> list[Distinction]:
    """The facts in which some pods differ from the rest, those that stand apart first."""
    if len(reports) < 2:
        return []
    names = Counter(report.pod.name for report in reports)
    facts = {_name_in(report, names): dict(_facts(report)) for report in reports}
    labels = dict.fromkeys(label for found in facts.values() for label in found)
    return [found for label in labels if (found := _difference(label, facts))]


def _name_in(report: PodReport, names: Mapping[str, int]) -> str:
    """The pod's name; with its namespace where several pods of the list have that name."""
    name = report.pod.name
    return name if names[name] == 1 else f"{report.pod.namespace}/{name}"


def spelled(found: Sequence[Distinction]) -> list[str]:
    """Sentences such as `web-1: image of app is sha256:aa…, sha256:bb… in the other 2`."""
    lines = [_sentence(one) for one in found[:_MOST]]
    return lines + ([f"and {len(found) - _MOST} more"] if len(found) > _MOST else [])


def _difference(label: str, facts: dict[str, dict[str, str]]) -> Distinction | None:
    """One fact over all pods; None where they agree, or where everybody has a value of his own."""
    pods: dict[str, list[str]] = {}
    for pod, found in facts.items():
        pods.setdefault(found.get(label, NONE), []).append(pod)
    if len(pods) < 2 or (len(pods) == len(facts) and len(facts) > 2):
        return None
    odd, *rest = sorted(pods.items(), key=lambda item: (len(item[1]), item[0] == NONE))
    others = [OtherValue(value=value, pods=names) for value, names in rest]
    return Distinction(fact=label, pods=odd[1], value=odd[0], others=others)


def _sentence(one: Distinction) -> str:
    others = ", ".join(f"{other.value} in {_names(other.pods)}" for other in one.others)
    return f"{_names(one.pods)}: {one.fact} is {one.value}; {others}"


def _names(pods: list[str]) -> str:
    shown, more = ", ".join(pods[:_MOST_NAMES]), len(pods) - _MOST_NAMES
    return shown + (f" and {more} other{'s' if more > 1 else ''}" if more > 0 else "")


def _facts(report: PodReport) -> Iterator[tuple[str, str]]:
    """Label -> value of everything that replicas should have in common."""
    yield "status", report.pod.status
    yield "node", report.pod.node or NONE
    for container in report.containers or ():
        if container.image_id:
            yield f"image of {container.name}", short_digest(container.image_id)
        yield f"requested memory of {container.name}", container.resources.memory.request or NONE
        yield f"memory limit of {container.name}", container.resources.memory.limit or NONE
        yield f"CPU limit of {container.name}", container.resources.cpu.limit or NONE
    for restart in report.restarts or ():
        if restart.cause:
            yield f"last end of {restart.container}", restart.cause
    for probe in report.probes or ():
        if probe.state in ("failing", "erroring"):
            yield f"{probe.type} probe of {probe.container}", probe.state
    yield from _states("", ((f.container, f.path, f.state) for f in report.files or ()))
    yield from _states(
        "variable ", ((v.container, v.name, v.state) for v in report.environment or ())
    )
    if report.namespaces is not None:
        for row in report.namespaces.listeners:
            yield f"listener {row.protocol} {row.port}", f"on {row.address}"


def _states(what: str, rows: Iterable[tuple[str, str, str]]) -> Iterator[tuple[str, str]]:
    for container, name, state in rows:
        if state not in _QUIET:
            yield f"{what}{name} of {container}", state

"""A Capture of pods that do not exist yet -> whether they would start."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kubectl_podx.analysis.reports import PreflightReport, RehearsalReport
from kubectl_podx.model.capture import Capture
from kubectl_podx.model.parts import Coverage, Metadata, Verdict
from kubectl_podx.model.words import Severity
from kubectl_podx.pod.view import PodView, kinds_of
from kubectl_podx.start.facts import build, build_offline
from kubectl_podx.start.manifest import Locate, Made, placed
from kubectl_podx.start.report import PodStart
from kubectl_podx.start.room import room_of
from kubectl_podx.view.units import counted

_ORDER = ("wouldNotStart", "unknown", "wouldStart")


def starts(capture: Capture) -> list[PodStart]:
    """Every pod of the capture, in its order."""
    room, kinds = room_of(capture), kinds_of(capture)
    return [build(PodView(capture, pod, kinds), room) for pod in capture.pods]


def report(capture: Capture) -> RehearsalReport:
    """The report on the pods of the capture."""
    return assembled(_metadata(capture), starts(capture))


def assembled(
    metadata: Metadata, items: Sequence[PodStart], coverage: Sequence[Coverage] = ()
) -> RehearsalReport:
    """The report on these pods, the worst first."""
    found = sorted(items, key=_badness)
    states = [one.state for one in found]
    verdict = verdict_of(found, "pod")
    if coverage and verdict.severity in ("ok", "warning"):
        verdict = msgspec.structs.replace(verdict, severity="unknown")
    return RehearsalReport(
        metadata=metadata,
        verdict=verdict,
        would_start=states.count("wouldStart"),
        would_not_start=states.count("wouldNotStart"),
        unknown=states.count("unknown"),
        items=found,
        coverage=list(coverage),
    )


def preflight(
    capture: Capture, made: Sequence[Made], locate: Locate, file: str, *, offline: bool
) -> PreflightReport:
    """The report on the objects of a file, each with its line."""
    room, kinds = room_of(capture), kinds_of(capture)
    by_key = {one.key: one for one in made}
    found = []
    for pod in capture.pods:
        view = PodView(capture, pod, kinds)
        one = by_key[pod.reference]
        start = build_offline(view, one.body) if offline else build(view, room)
        found.append(placed(start, one, locate))
    found.sort(key=lambda start: start.line)
    states = [one.state for one in found]
    verdict = verdict_of(found, "object")
    if offline and verdict.severity == "unknown":
        verdict = Verdict(
            severity="warning" if any(one.problems for one in found) else "ok",
            summary=f"nothing in {counted(len(found), 'object')} would fail by itself; no cluster "
            "was asked",
        )
    return PreflightReport(
        metadata=_metadata(capture),
        file=file,
        offline=offline,
        verdict=verdict,
        would_start=states.count("wouldStart"),
        would_not_start=states.count("wouldNotStart"),
        unknown=states.count("unknown"),
        items=found,
    )


def _metadata(capture: Capture) -> Metadata:
    return Metadata(
        captured_at=capture.captured_at,
        source=capture.source,
        server_version=capture.server_version,
        podx_version=capture.podx_version,
    )


def _badness(one: PodStart) -> tuple[int, int, str, str]:
    return _ORDER.index(one.state), -len(one.problems), one.namespace, one.name


def severity_of(found: list[PodStart]) -> Severity:
    """Of the worst of them."""
    states = {one.state for one in found}
    if "wouldNotStart" in states:
        return "critical"
    if "unknown" in states:
        return "unknown"
    return "warning" if any(one.problems for one in found) else "ok"


def verdict_of(found: list[PodStart], what: str) -> Verdict:
    """One line: how many would not start, and why the first of them."""
    severity = severity_of(found)
    bad = [one for one in found if one.state == "wouldNotStart"]
    doubtful = [one for one in found if one.state == "unknown"]
    if bad:
        few = counted(len(bad), what)
        head = few if len(bad) == len(found) else f"{len(bad)} of {counted(len(found), what)}"
        return Verdict(severity=severity, summary=f"{head} would not start: {bad[0].summary}")
    if doubtful:
        head = f"{len(doubtful)} of {counted(len(found), what)}"
        summary = f"cannot tell whether {head} would start: {doubtful[0].summary}"
        return Verdict(severity=severity, summary=summary)
    if not found:
        return Verdict(severity="ok", summary=f"no {what} to rehearse")
    several = counted(len(found), what)
    summary = f"{several} would start"
    warned = next((one for one in found if one.problems), None)
    if warned is not None:
        summary += f"; {warned.name}: {warned.problems[0].title}"
    return Verdict(severity=severity, summary=summary)

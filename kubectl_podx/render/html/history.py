"""The history of every probe as a picture: its counters, and its failures in time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from markupsafe import Markup

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.parts import ProbeFailure
from kubectl_podx.render.html.svg import Scale, element, label, picture, tooltip
from kubectl_podx.render.html.timeline import shape
from kubectl_podx.sections.probes.report import Probe
from kubectl_podx.sections.report import PodReport
from kubectl_podx.view.axis import Axis, axis
from kubectl_podx.view.units import seconds

_ROW, _TOP = 58.0, 34.0
_COUNTERS, _COUNTERS_WIDTH = 300.0, 170.0
_LEFT, _RIGHT = 510.0, 940.0
_MOST_TICKS = 4
_KINDS = {"failed": "killing", "errored": "pod", "warning": "warning"}
"""The sign for each kind of failure: an error counts for nothing, a warning as a success."""


def probe_picture(report: PodReport, name: str) -> Markup | None:
    """The picture; None where the pod has no probes."""
    found = report.probes or []
    if not found:
        return None
    scale = Scale(_axis(report, found), _LEFT, _RIGHT)
    bottom = _TOP + _ROW * len(found)
    body = [
        label(16, 18, "probe", class_="tick"),
        label(_COUNTERS, 18, "attempts since the pod began", class_="tick"),
        *scale.grid(_MOST_TICKS, words=18, top=_TOP - 8, bottom=bottom),
        *(part for at, probe in enumerate(found) for part in _probe(probe, scale, at)),
    ]
    return picture(f"{name}-probes", "Probe history", _description(found), bottom + 8, body)


def _axis(report: PodReport, found: Sequence[Probe]) -> Axis:
    """From the pod's start to the capture."""
    moments = [moment for probe in found for one in probe.recent_failures for moment in _when(one)]
    begin = parse_time(report.pod.started_at) or parse_time(report.pod.created_at)
    now = parse_time(report.metadata.captured_at)
    known = [moment for moment in (begin, now, *moments) if moment]
    nothing = datetime.fromtimestamp(0, UTC)
    return axis(moments, min(known, default=nothing), max(known, default=nothing))


def _when(failure: ProbeFailure) -> list[datetime]:
    return [at for at in (parse_time(failure.first), parse_time(failure.last)) if at]


def _probe(probe: Probe, scale: Scale, at: int) -> Iterator[Markup]:
    top = _TOP + _ROW * at
    yield element("line", x1=16.0, x2=_RIGHT, y1=top + _ROW, y2=top + _ROW, class_="rule")
    yield element(
        "circle",
        tooltip(probe.reason or probe.state),
        cx=22.0,
        cy=top + 18,
        r=6.0,
        class_=f"state {probe.state}",
    )
    name = f"{probe.container} {probe.type}: {probe.state}"
    yield label(36, top + 22, name, 260, class_="lane")
    timing = probe.timing
    acts = f" ({seconds(probe.seconds_to_action)})" if probe.seconds_to_action else ""
    words = f"every {seconds(timing.period)}, acts after {timing.failure_threshold} in a row{acts}"
    yield label(36, top + 40, words, 262, class_="fine")
    yield from _counters(probe, top)
    yield from _failures(probe, scale, top)


def _counters(probe: Probe, top: float) -> Iterator[Markup]:
    """A bar of what succeeded and what failed."""
    counters = probe.counters
    if counters is None:
        yield label(_COUNTERS, top + 24, "counters were not read", class_="fine")
        return
    total = counters.successful + counters.failed
    words = f"{counters.successful} succeeded, {counters.failed} failed"
    good = _COUNTERS_WIDTH * counters.successful / total if total else 0.0
    if counters.failed and total:
        # One failure among thousands is seen, too.
        good = min(good, _COUNTERS_WIDTH - 3)
    for start, width, kind in ((0.0, good, "good"), (good, _COUNTERS_WIDTH - good, "bad")):
        if total and width > 0 and (kind == "good" or counters.failed):
            yield element(
                "rect",
                tooltip(words),
                x=_COUNTERS + start,
                y=top + 12,
                width=width,
                height=12.0,
                class_=f"counter {kind}",
            )
    yield label(_COUNTERS, top + 40, words if total else "no attempt yet", class_="fine")


def _failures(probe: Probe, scale: Scale, top: float) -> Iterator[Markup]:
    middle = top + 22
    yield element("line", x1=_LEFT, x2=_RIGHT, y1=middle, y2=middle, class_="rule")
    if not probe.recent_failures:
        yield label(_LEFT, top + 44, "no failure among the events that are left", class_="fine")
        return
    for failure in probe.recent_failures:
        places = [scale.at(moment) for moment in _when(failure)]
        if not places:
            continue
        kind = _KINDS[failure.kind]
        first, last = places[0], places[-1]
        yield element(
            "g",
            tooltip(f"{failure.kind} {failure.count} times: {failure.message}"),
            element("path", d=f"M{first:.1f},{middle:.1f}H{last:.1f}", class_=f"often {kind}"),
            shape(kind, first, middle),
            shape(kind, last, middle),
        )
    words = "; ".join(f"{one.kind} x{one.count}" for one in probe.recent_failures)
    yield label(_LEFT, top + 46, words, _RIGHT - _LEFT, class_="fine")


def _description(found: Sequence[Probe]) -> str:
    lines = []
    for probe in found:
        count = probe.counters
        attempts = f", {count.successful} succeeded, {count.failed} failed" if count else ""
        lines.append(f"{probe.container} {probe.type}: {probe.state}{attempts}.")
    return " ".join(lines)

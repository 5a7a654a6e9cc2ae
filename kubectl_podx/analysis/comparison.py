"""Pods fact by fact: only what differs, and who stands apart. Pure.

Values are what may be shown. Secrets are compared by uid and resourceVersion, never by a digest:
its key is of one run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct

from kubectl_podx.analysis.analyse import pod_report
from kubectl_podx.analysis.reports import ComparedPod, ComparisonReport, Difference
from kubectl_podx.model.capture import Capture, CapturedPod
from kubectl_podx.model.parts import NONE, Fact, Metadata
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod.sources import version_of
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections import folders
from kubectl_podx.sections.report import PodReport
from kubectl_podx.sections.table import SECTIONS

_Key = tuple[str, str, str]
_MOST_NOTES = 20


class Side(Struct, frozen=True):
    """One capture to compare pods of."""

    capture: Capture
    file: str = ""
    """The bundle's name; empty for a live look."""


class _Pod(Struct, frozen=True):
    about: ComparedPod
    report: PodReport
    facts: dict[_Key, str]
    unseen: frozenset[tuple[str, str]]
    """Section and container of everything that could not be looked at."""


def compare(sides: Sequence[Side]) -> ComparisonReport:
    """Every pod of all captures beside the others. Needs two pods or more to say anything."""
    pods = [_pod(side, captured, sides) for side in sides for captured in side.capture.pods]
    keys = dict.fromkeys(key for pod in pods for key in pod.facts)
    found = [line for key in keys if (line := _difference(key, pods)) is not None]
    return ComparisonReport(
        metadata=_metadata(pods),
        pods=[pod.about for pod in pods],
        compared=len(keys),
        differences=sorted(found, key=lambda one: not one.outliers),
        notes=list(dict.fromkeys(note for pod in pods for note in _notes(pod)))[:_MOST_NOTES],
    )


def _pod(side: Side, captured: CapturedPod, sides: Sequence[Side]) -> _Pod:
    view = PodView(side.capture, captured)
    report = pod_report(side.capture, captured)
    facts: dict[_Key, str] = {}
    for section, fact in pod_facts(report, view):
        facts.setdefault((section, fact.container, fact.name), fact.value)
    about = ComparedPod(
        label=_label(side, view, sides),
        namespace=report.pod.namespace,
        name=report.pod.name,
        captured_at=report.metadata.captured_at,
        source=report.metadata.source,
        file=side.file,
    )
    unseen = {
        (row.section, row.container)
        for row in report.coverage
        if row.state in ("unobservable", "denied", "timedOut", "skipped")
    }
    return _Pod(about, report, facts, frozenset(unseen))


def _label(side: Side, view: PodView, sides: Sequence[Side]) -> str:
    """The name; with its namespace or its file, where another pod has the same name."""
    mine = view.reference
    names = Counter(
        (captured.reference.rpartition("/")[2]) for each in sides for captured in each.capture.pods
    )
    if names[mine.name] == 1:
        return mine.name
    places = Counter(captured.reference for each in sides for captured in each.capture.pods)
    if places[view.captured.reference] == 1:
        return f"{mine.namespace}/{mine.name}"
    return f"{mine.name} ({side.file or 'now'})"


def _difference(key: _Key, pods: list[_Pod]) -> Difference | None:
    values = [_value(key, pod) for pod in pods]
    seen = [value for value in values if value != UNKNOWN]
    counts = Counter(seen)
    if len(counts) < 2 or _everybody_his_own(key, counts, len(pods)):
        return None
    section, container, fact = key
    return Difference(
        section=section,
        container=container,
        fact=fact,
        values=values,
        outliers=_outliers(counts, values, pods),
    )


def _everybody_his_own(key: _Key, counts: Counter[str], pods: int) -> bool:
    """The node of each replica: that it is another one for each tells nothing."""
    return key == ("pod", "", "node") and len(counts) == pods


def _value(key: _Key, pod: _Pod) -> str:
    if key in pod.facts:
        return pod.facts[key]
    section, container, _ = key
    hidden = {(section, container), (section, "")}
    return UNKNOWN if hidden & pod.unseen else NONE


def _outliers(counts: Counter[str], values: list[str], pods: list[_Pod]) -> list[str]:
    """Those beside a majority of more than half of at least three."""
    (common, many), *_ = counts.most_common()
    if len(values) < 3 or many * 2 <= counts.total():
        return []
    return [
        pod.about.label
        for value, pod in zip(values, pods, strict=True)
        if value not in (common, UNKNOWN)
    ]


def _notes(pod: _Pod) -> Iterator[str]:
    for row in pod.report.coverage:
        if row.state == "full":
            continue
        where = f" of {row.container}" if row.container else ""
        needs = f" (needs {row.needs})" if row.needs else ""
        yield f"{pod.about.label}: {row.section}{where} {row.state}: {row.reason}{needs}"


def _metadata(pods: list[_Pod]) -> Metadata:
    return pods[0].report.metadata if pods else Metadata(captured_at="", source="live")


UNKNOWN = "unknown"


class PodFact(NamedTuple):
    """One fact of one pod, and the section that it is of."""

    section: str
    fact: Fact


def pod_facts(report: PodReport, view: PodView) -> Iterator[PodFact]:
    """Every fact of the sections that the report has."""
    for found in _whole(report):
        yield PodFact("pod", found)
    for section in SECTIONS:
        for found in folders.compared(section, report, view):
            yield PodFact(section.key, found)
    yield from _sources(view)
    for finding in report.findings or ():
        if finding.severity != "info":
            fact = Fact(finding.container, f"finding {finding.code}", finding.severity)
            yield PodFact("findings", fact)


def _whole(report: PodReport) -> Iterator[Fact]:
    yield Fact("", "status", report.pod.status)
    yield Fact("", "ready", report.pod.ready)
    yield Fact("", "node", report.pod.node or NONE)
    yield Fact("", "service account", report.pod.service_account or NONE)
    yield Fact("", "QoS class", report.pod.qos_class or NONE)


def _sources(view: PodView) -> Iterator[PodFact]:
    """The ConfigMaps and Secrets of the namespace that were read, by version: one that was
    written in between is another one, whatever a digest says.
    """
    for key, stored in view.capture.objects.items():
        reference = Reference.of_key(key)
        if reference.kind not in ("ConfigMap", "Secret") or (
            reference.namespace != view.reference.namespace
        ):
            continue
        where = f"{reference.kind} {reference.name}"
        section = "files" if reference.kind == "ConfigMap" else "environment"
        if stored.state != "present":
            yield PodFact(section, Fact("", where, stored.state))
            continue
        version = version_of(stored) or UNKNOWN
        yield PodFact(section, Fact("", where, f"resourceVersion {version}"))

"""A pod as facts that can be set beside those of another pod: what replicas share. Pure.

Values are what may be shown. Secrets are compared by uid and resourceVersion, never by a digest:
its key is of one run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kubectl_podx.model.parts import NONE, Fact
from kubectl_podx.model.raw import text
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections import folders
from kubectl_podx.sections.report import PodReport
from kubectl_podx.sections.table import SECTIONS

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
        version = text(stored.body, "metadata", "resourceVersion") or UNKNOWN
        yield PodFact(section, Fact("", where, f"resourceVersion {version}"))

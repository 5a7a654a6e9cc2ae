"""Capture -> Report: the one pure function behind describe, watch, compare and demo."""

from __future__ import annotations

from typing import Any

import msgspec

from kubectl_podx.analysis import coverage
from kubectl_podx.analysis.catalogue import rules_about
from kubectl_podx.analysis.distinctions import distinctions, spelled
from kubectl_podx.analysis.silence import ANNOTATION, Silence, heard, with_silenced
from kubectl_podx.analysis.verdict import verdict
from kubectl_podx.model.capture import Capture, CapturedPod
from kubectl_podx.model.parts import Metadata, Verdict
from kubectl_podx.model.words import SEVERITIES
from kubectl_podx.pod.view import PodView, kinds_of
from kubectl_podx.rules.rule import Case, without_repeats
from kubectl_podx.rules.trouble import in_trouble
from kubectl_podx.sections import folders
from kubectl_podx.sections.injections.facts import marked
from kubectl_podx.sections.pod import facts as pod
from kubectl_podx.sections.report import PodReport, PodReportList
from kubectl_podx.sections.table import BY_KEY, KEYS, SECTIONS
from kubectl_podx.sections.timeline import facts as timeline


def analyse(
    capture: Capture,
    sections: frozenset[str] = frozenset(),
    container: str | None = None,
    silence: Silence = Silence(),  # noqa: B008 - a tuple, which nobody can change
) -> PodReportList:
    """The reports of every pod in the capture. `sections`: empty for all of them.

    `container` leaves only the rows of that container. Ages count from the capture's own moment,
    so a replay gives the same report.
    """
    kinds = kinds_of(capture)
    reports = [
        pod_report(capture, captured, sections, container, kinds, silence)
        for captured in capture.pods
    ]
    differences = distinctions(reports)
    return PodReportList(
        metadata=_metadata(capture),
        verdict=Verdict(severity="unknown", summary=""),
        distinctions=spelled(differences),
        differences=differences,
        notes=capture.notes,
        items=reports,
    )


def pod_report(
    capture: Capture,
    captured: CapturedPod,
    sections: frozenset[str] = frozenset(),
    container: str | None = None,
    kinds: frozenset[str] | None = None,
    silence: Silence = Silence(),  # noqa: B008 - as above
) -> PodReport:
    """The report of one pod of the capture. `kinds`: as PodView takes them."""
    wanted = sections or frozenset(KEYS)
    # Findings and timeline are made of the other sections.
    built = frozenset(KEYS) if any(BY_KEY[key].derived for key in wanted) else wanted
    view = PodView(capture, captured, kinds)
    draft = PodReport(
        metadata=_metadata(capture),
        verdict=Verdict(severity="unknown", summary=""),
        pod=pod.build(view),
        coverage=coverage.build(view, built),
        **{
            section.field: folders.build(section, view)
            for section in SECTIONS
            if section.key in built and not section.derived
        },
    )
    if draft.injections is not None:
        draft = marked(draft)
    case = Case(view, draft)
    findings = sorted(
        without_repeats(
            (rule, found)
            for rule in rules_about(built, trouble=in_trouble(case))
            for found in rule.findings(case)
        ),
        key=lambda found: (not found.blocking, SEVERITIES.index(found.severity)),
    )
    told = heard(findings, silence, view.annotation(ANNOTATION))
    complete = msgspec.structs.replace(
        draft,
        verdict=with_silenced(verdict(case, told.findings), told.silenced),
        timeline=timeline.build(view, draft) if "timeline" in wanted else None,
        findings=told.findings if "findings" in wanted else None,
        silenced=[found.code for found in told.silenced],
    )
    return _only(complete, wanted, container)


def _only(report: PodReport, wanted: frozenset[str], container: str | None) -> PodReport:
    """Without the sections that nobody asked for, and without other containers' rows."""
    changes: dict[str, Any] = {
        section.field: None for section in SECTIONS if section.key not in wanted
    }
    if container:
        for field in report.__struct_fields__:
            rows = getattr(report, field)
            if isinstance(rows, list) and field not in changes:
                changes[field] = [row for row in rows if _of_container(row, container)]
    return msgspec.structs.replace(report, **changes)


def _of_container(row: Any, container: str) -> bool:
    if type(row).__name__ == "Container":
        return bool(row.name == container)
    # A row of the whole pod says so with an empty container.
    return getattr(row, "container", "") in ("", container)


def _metadata(capture: Capture) -> Metadata:
    return Metadata(
        captured_at=capture.captured_at,
        source=capture.source,
        server_version=capture.server_version,
        podx_version=capture.podx_version,
    )

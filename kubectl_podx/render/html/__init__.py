"""The report as one page: self-contained, without a network, readable without JavaScript.

Everything that is put into it is cleaned and escaped in one place (`fill`).
"""

from __future__ import annotations

from markupsafe import Markup
from msgspec import Struct

from kubectl_podx.analysis.reports import WorkloadReport
from kubectl_podx.generated.explain import codes
from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.words import SEVERITIES
from kubectl_podx.render.html import sections
from kubectl_podx.render.html.fill import fill
from kubectl_podx.render.text import not_checked
from kubectl_podx.render.workload import workload_lines
from kubectl_podx.sections.report import Distinction, PodReport, PodReportList
from kubectl_podx.view.units import NONE, ago

Several = PodReportList | WorkloadReport
MOST_WHOLE = 50
"""So many pods have their whole report on a page, the worst ones; all stand in the index."""


class PodPage(Struct, frozen=True):
    """One pod on the page."""

    anchor: str
    report: PodReport
    age: str
    timeline: Markup | None
    sections: list[sections.Section]
    coverage: list[str]
    nothing_in: list[str]
    """Sections without a row."""
    outlier: bool
    whole: bool
    """False where only the index has it."""


def html(found: Several, *, single: bool = False) -> str:
    """The page of the reports; of several pods with a verdict over all of them and an index, the
    outliers marked.
    """
    worst = sorted(found.items, key=lambda each: SEVERITIES.index(each.verdict.severity))
    whole = {id(report) for report in worst[:MOST_WHOLE]}
    pods = [
        _pod(report, at, found, whole=id(report) in whole) for at, report in enumerate(found.items)
    ]
    return fill(
        "page.html",
        title=_title(found, single=single),
        metadata=found.metadata,
        found=found,
        workload=found.workload if isinstance(found, WorkloadReport) else None,
        workload_findings=found.findings if isinstance(found, WorkloadReport) else [],
        not_seen=_not_seen(found),
        lines=_lines(found),
        pods=pods,
        single=single and len(pods) == 1,
        left_out=sum(not pod.whole for pod in pods),
        links={code: doc.link for code, doc in codes().items()},
        stands_out=sections.stands_out,
        nothing=NONE,
    )


def _not_seen(found: Several) -> list[str]:
    rows = found.coverage if isinstance(found, WorkloadReport) else []
    return not_checked(rows, everything=True)


def _lines(found: Several) -> list[str]:
    """What the text says of the workload, a line each."""
    if not isinstance(found, WorkloadReport):
        return [note for note in found.notes if note != found.verdict.summary]
    return workload_lines(found)


def _pod(report: PodReport, at: int, found: Several, *, whole: bool) -> PodPage:
    anchor = f"pod-{at}"
    shown = sections.sections(report, anchor) if whole else []
    return PodPage(
        anchor=anchor,
        report=report,
        age=ago(report.pod.created_at, parse_time(report.metadata.captured_at)),
        timeline=sections.timeline(report, anchor) if whole else None,
        sections=shown,
        nothing_in=[section.title for section in shown if section.empty],
        coverage=not_checked(report.coverage, everything=True),
        outlier=any(_is_odd(report, one) for one in found.differences),
        whole=whole,
    )


def _is_odd(report: PodReport, one: Distinction) -> bool:
    """Whether this pod is set apart by it."""
    names = (report.pod.name, f"{report.pod.namespace}/{report.pod.name}")
    return not set(names).isdisjoint(one.pods)


def _title(found: Several, *, single: bool) -> str:
    if isinstance(found, WorkloadReport):
        return f"{found.workload.kind} {found.workload.namespace}/{found.workload.name}"
    if single and found.items:
        pod = found.items[0].pod
        return f"pod {pod.namespace}/{pod.name}"
    count = len(found.items)
    return f"{count} pod" if count == 1 else f"{count} pods"

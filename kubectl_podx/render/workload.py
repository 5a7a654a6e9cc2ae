"""Several pods in the incident view: the verdict over all, the workload, a line for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kubectl_podx.analysis.reports import WorkloadReport
from kubectl_podx.analysis.workloads import by_name
from kubectl_podx.model.clock import parse_time
from kubectl_podx.render import text as report_text
from kubectl_podx.sections.findings import text as findings
from kubectl_podx.sections.report import PodGroup, PodReport, PodReportList
from kubectl_podx.view.cell import Cell
from kubectl_podx.view.columns import CONDITION, Column
from kubectl_podx.view.layout import Terminal, columns, state_cell
from kubectl_podx.view.page import INDENT, Page
from kubectl_podx.view.units import NONE, ago, text_or_none
from kubectl_podx.workload.report import JobRun, Workload

Several = WorkloadReport | PodReportList
_LONGEST_WHY = 160
_MOST_CHANGES = 5
_MOST_RUNS = 5
_MOST_EVENTS = 3


def several_text(
    document: Several,
    terminal: Terminal,
    *,
    all_pods: bool = False,
    everything: bool = False,
    wide: bool = False,
) -> str:
    """The verdict, the workload's own trouble, the pods by symptom, and one whole report of each
    kind; of all of them with `all_pods`.
    """
    page = Page(
        terminal,
        parse_time(document.metadata.captured_at),
        everything or wide,
        wide,
        verdict=document.verdict.summary,
        said=_said(document),
    )
    alone = len(document.items) == 1
    if isinstance(document, PodReportList) and alone and not document.notes:
        return _reports(document.items, terminal, everything=everything, wide=wide)
    if isinstance(document, PodReportList) and not document.items and not document.notes:
        # A selector that matches nothing: that is said on standard error, as kubectl does.
        return ""
    blocks = [report_text.verdict_lines(document.verdict, page)]
    if isinstance(document, WorkloadReport):
        if document.findings:
            blocks.append(findings.block(document.findings, page))
        blocks.append(report_text.ignored(document.silenced, page))
        blocks += _workload(document.workload, page)
    else:
        blocks.append(_notes(document, page))
    blocks.append(_pods(document, page))
    if document.distinctions:
        lines = [line for each in document.distinctions for line in page.say(each)]
        blocks.append(["Outliers:", *lines])
    if isinstance(document, WorkloadReport):
        blocks.append(report_text.coverage(document.coverage, page))
    head = "\n\n".join("\n".join(block) for block in blocks if block) + "\n"
    shown = document.items if all_pods else _chosen(document)
    rest = _reports(shown, terminal, everything=everything, wide=wide)
    return f"{head}\n\n{rest}" if rest else head


def _said(document: Several) -> str:
    lines = [document.verdict.summary]
    if isinstance(document, WorkloadReport):
        lines += [each for one in document.findings for each in (one.title, *one.evidence)]
    return "\n".join(lines)


def _notes(document: PodReportList, page: Page) -> list[str]:
    """The verdicts on what was named, but for the one that stands above."""
    rest = [note for note in document.notes if note != document.verdict.summary]
    return [line for note in rest for line in page.say(note, 0)]


def _reports(
    reports: Sequence[PodReport], terminal: Terminal, *, everything: bool, wide: bool
) -> str:
    return report_text.text(reports, terminal, everything=everything, wide=wide)


def _chosen(document: Several) -> list[PodReport]:
    """The first pod of each group, the worst group first."""
    named = by_name(document.items)
    return [named[group.pods[0]] for group in document.groups if group.pods[0] in named]


# -- the pods ------------------------------------------------------------------------------------


def _pods(document: Several, page: Page) -> list[str]:
    """A line for each pod, those with one symptom together."""
    if not document.items:
        return []
    named = by_name(document.items)
    rows: list[list[Cell | str]] = []
    for group in document.groups:
        for at, name in enumerate(group.pods):
            rows.append(_pod_row(named[name], name, group, first=at == 0, page=page))
    head = ["POD", "READY", "STATUS", "RESTARTS", "AGE", "NODE", "VERDICT", "WHY"]
    lines = columns(
        head,
        rows,
        color=page.terminal.color,
        limit=_LONGEST_WHY,
        width=page.terminal.within(INDENT),
    )
    return ["Pods:", *(" " * INDENT + line for line in lines)]


def _pod_row(
    report: PodReport, name: str, group: PodGroup, *, first: bool, page: Page
) -> list[Cell | str]:
    pod = report.pod
    return [
        name,
        pod.ready or NONE,
        pod.status or NONE,
        str(pod.restarts),
        ago(pod.created_at, page.now),
        pod.node or NONE,
        state_cell(report.verdict.severity),
        group.summary if first else "as above",
    ]


# -- the workload --------------------------------------------------------------------------------


def _workload(found: Workload, page: Page) -> Iterator[list[str]]:
    lines = page.say(f"{found.kind}: {'   '.join(_numbers(found, page))}", 0, INDENT)
    if found.strategy and (page.wide or found.kind == "Deployment"):
        lines += page.say(f"strategy: {found.strategy}")
    for guard in found.guards:
        reason = f" ({guard.reason})" if guard.reason and guard.state != "fine" else ""
        lines += page.say(f"{guard.kind} {guard.name}: {guard.detail}{reason}")
    bad = [one for one in found.conditions if _is_bad(one.type, one.status)]
    for one in bad:
        if page.news(one.message or one.reason) and not _told(found, one.type, page):
            lines += page.say(f"{one.type}={one.status}: {one.reason}: {one.message}")
    yield lines
    if page.wide:
        yield ["Conditions:", *page.table(CONDITION, found.conditions)] if found.conditions else []
    yield _revision(found, page)
    yield _runs(found, page)
    yield _nodes(found, page)
    yield _events(found, page)


def _told(found: Workload, kind: str, page: Page) -> bool:
    """Whether the findings say it: what refuses its pods, or how the Job failed."""
    if page.everything:
        return False
    of_job = found.job is not None and found.job.state == "failed"
    return bool(found.refusals) or kind == "Available" or of_job


def workload_lines(document: WorkloadReport) -> list[str]:
    """The same lines without findings, for the page."""
    page = Page(Terminal(), parse_time(document.metadata.captured_at), said=_said(document))
    return [line for block in _workload(document.workload, page) for line in block]


def _is_bad(kind: str, status: str) -> bool:
    """Of conditions of workloads: what is bad where it is True, and where it is False."""
    if kind in ("ReplicaFailure", "Failed", "FailureTarget"):
        return status == "True"
    return kind in ("Available", "Progressing") and status == "False"


def _numbers(found: Workload, page: Page) -> list[str]:
    words = [f"{found.namespace}/{found.name}"]
    numbers = {
        "wanted": found.wanted,
        "made": found.made,
        "ready": found.ready,
        "updated": found.updated,
    }
    words += [f"{name} {number}" for name, number in numbers.items() if number is not None]
    if found.paused:
        words.append("paused")
    if found.suspended:
        words.append("suspended")
    if found.schedule is not None:
        words.append(f"schedule {found.schedule.schedule}")
        words.append(f"concurrencyPolicy {found.schedule.concurrency}")
    if found.created_at:
        words.append(f"age {ago(found.created_at, page.now)}")
    return words


def _revision(found: Workload, page: Page) -> list[str]:
    """What the current revision changed, with values."""
    one = found.revision
    if one is None or not one.changes:
        return []
    since = f", {ago(one.changed_at, page.now)} ago," if one.changed_at else ""
    lines = page.say(f"Revision {one.name}{since} against {one.previous}:", 0)
    shown = one.changes if page.everything else one.changes[:_MOST_CHANGES]
    for change in shown:
        before, after = change.before or NONE, change.after or NONE
        lines += page.say(f"{change.field}: {before} -> {after}")
    if len(shown) < len(one.changes):
        lines += page.say(f"and {len(one.changes) - len(shown)} more with -o wide")
    return lines


_RUN: tuple[Column, ...] = (
    Column("JOB", lambda row, _: row.name),
    Column("STATE", lambda row, _: state_cell(row.state)),
    Column("REASON", lambda row, _: text_or_none(row.reason)),
    Column("STARTED", lambda row, now: ago(row.started_at, now)),
    Column("ENDED", lambda row, now: ago(row.finished_at, now)),
    Column("SUCCEEDED", lambda row, _: str(row.succeeded)),
    Column("FAILED", lambda row, _: str(row.failed)),
    Column("ACTIVE", lambda row, _: str(row.active)),
)


def _runs(found: Workload, page: Page) -> list[str]:
    runs: list[JobRun] = found.runs if page.everything else found.runs[:_MOST_RUNS]
    return ["Jobs:", *page.table(_RUN, runs)] if runs else []


def _nodes(found: Workload, page: Page) -> list[str]:
    shown = [
        one for one in found.nodes_without if one.wanted or page.everything or found.wanted == 0
    ]
    if not shown:
        return []
    lines = ["Nodes without a pod:"]
    for one in shown:
        lines += page.say(f"{one.node}: {one.reason or 'it should have one'}")
    return lines


def _events(found: Workload, page: Page) -> list[str]:
    """Warnings that nothing above has told."""
    told = [one for one in found.events if one.type == "Warning" or page.everything]
    refused = "FailedCreate" if found.refusals and not page.everything else ""
    fresh = [one for one in told if page.news(one.message) and one.reason != refused]
    shown = fresh if page.everything else fresh[:_MOST_EVENTS]
    if not shown:
        return []
    lines = ["Events:"]
    for one in shown:
        times = f" ({one.count} times)" if one.count > 1 else ""
        when = f", {ago(one.last, page.now)} ago" if one.last else ""
        lines += page.say(f"{one.object}: {one.reason}{times}{when}: {one.message}")
    return lines

"""The report on a workload, and the verdict over several pods: what is named first, in one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.analysis.coverage import LONGER, LOST, lost_words
from kubectl_podx.analysis.reports import WorkloadReport
from kubectl_podx.analysis.silence import ANNOTATION, Silence, heard, with_silenced
from kubectl_podx.model.capture import Capture, CapturedWorkload
from kubectl_podx.model.parts import Coverage, Finding, Verdict
from kubectl_podx.model.reference import Reference
from kubectl_podx.model.words import BAD, SEVERITIES, Severity
from kubectl_podx.rules.rule import without_repeats
from kubectl_podx.sections.pod.report import Pod
from kubectl_podx.sections.report import PodGroup, PodReport, PodReportList
from kubectl_podx.view.units import counted
from kubectl_podx.workload import facts
from kubectl_podx.workload.case import SECTION, WorkloadCase
from kubectl_podx.workload.rules import RULES
from kubectl_podx.workload.view import WorkloadView

_OVER = frozenset({"complete", "failed", "suspended"})


def document(
    capture: Capture,
    reports: PodReportList,
    *,
    single: bool = False,
    silence: Silence = Silence(),  # noqa: B008 - a tuple, which nobody can change
) -> PodReport | PodReportList | WorkloadReport:
    """What is printed: of one workload a WorkloadReport, of one pod a PodReport, else a list."""
    if single:
        return reports.items[0]
    if len(capture.workloads) == 1:
        one = capture.workloads[0]
        mine = len(capture.pods) == len(one.pods)
        if mine and Reference.of_key(one.reference).kind != "Service":
            return workload_report(capture, one, reports, silence)
    return _listed(capture, reports)


def workload_report(
    capture: Capture,
    captured: CapturedWorkload,
    reports: PodReportList,
    silence: Silence = Silence(),  # noqa: B008 - as above
) -> WorkloadReport:
    """The report on one workload, whose pods' reports are there already."""
    view = WorkloadView(capture, captured)
    case = _case(view, reports)
    said = heard(_findings(case), silence, view.annotation(ANNOTATION))
    return WorkloadReport(
        metadata=reports.metadata,
        verdict=with_silenced(_verdict(case, said.findings), said.silenced),
        workload=case.workload,
        findings=said.findings,
        silenced=[found.code for found in said.silenced],
        groups=groups(reports.items),
        distinctions=reports.distinctions,
        differences=reports.differences,
        coverage=list(_coverage(captured)),
        items=reports.items,
    )


def lack_report(capture: Capture, captured: CapturedWorkload) -> WorkloadReport:
    """The report on a workload without any of its pods, for a triage."""
    return workload_report(capture, captured, analyse(capture))


def _case(view: WorkloadView, reports: PodReportList) -> WorkloadCase:
    mine = set(view.captured.pods)
    pods = [
        report
        for report in reports.items
        if Reference("Pod", report.pod.namespace, report.pod.name).key in mine
    ]
    return WorkloadCase(facts.build(view), pods, view.now)


def _findings(case: WorkloadCase) -> list[Finding]:
    found = without_repeats((rule, each) for rule in RULES for each in rule.findings(case))
    # Rules stand in the order in which they explain one another.
    return sorted(found, key=lambda one: (not one.blocking, SEVERITIES.index(one.severity)))


def _verdict(case: WorkloadCase, findings: Sequence[Finding]) -> Verdict:
    """What keeps it from having its pods, then what its pods suffer from, then the rest."""
    top = findings[0] if findings else None
    job = case.workload.job
    if job is not None and job.state in _OVER and top is not None and job.state != "complete":
        return _of(top)
    if top is not None and top.blocking and top.code not in _SYMPTOMS:
        return _of(top)
    if job is not None and job.state == "complete":
        return Verdict(severity="ok", summary=f"{case.label} is complete{_tries(case)}")
    worst = groups(case.pods)[0] if case.pods else None
    held = next((one for one in findings if one.code == "WRK022"), None)
    if held is not None and worst is not None and "CON040" in worst.codes:
        # The same of the whole Job.
        return _of(held)
    if worst is not None and worst.severity in BAD:
        codes = [*worst.codes, *([top.code] if top is not None and top.blocking else [])]
        summary = f"{_state(case)}; {_of_pods(worst)}"
        return Verdict(severity=worst.severity, summary=summary, codes=codes)
    if top is not None and (top.blocking or top.severity in BAD):
        return _of(top)
    if case.workload.kind in ("Job", "CronJob") and top is not None:
        return _of(top)
    if worst is not None and worst.severity == "info" and _short_of(case):
        summary = f"{_state(case)}; {_of_pods(worst)}"
        return Verdict(severity="info", summary=summary, codes=worst.codes)
    if not case.pods and top is not None:
        return _of(top)
    short: Severity = "info" if _short_of(case) else "ok"
    return Verdict(severity=short, summary=_state(case))


_SYMPTOMS = frozenset({"WRK011", "WRK012", "WRK031"})
"""Findings that follow from what is wrong with the pods, or with their creation."""


def _of(found: Finding) -> Verdict:
    return Verdict(severity=found.severity, summary=found.title, codes=[found.code])


def _of_pods(group: PodGroup) -> str:
    """`web-0 and 2 others: app was OOM-killed at its memory limit of 64Mi`."""
    more = len(group.pods) - 1
    others = f" and {counted(more, 'other')}" if more else ""
    return f"{group.pods[0]}{others}: {group.summary}"


def _short_of(case: WorkloadCase) -> bool:
    wanted, ready = case.workload.wanted, case.workload.ready
    return wanted is not None and ready is not None and ready < wanted


def _state(case: WorkloadCase) -> str:
    """`Deployment web: 2 of 3 pods ready`."""
    found = case.workload
    if found.kind == "CronJob":
        running = [run for run in found.runs if run.state == "active"]
        next_due = found.schedule.next_due if found.schedule else None
        last = next((run for run in found.runs if run.state in ("complete", "failed")), None)
        told = f"last run {last.state}" if last else "no run has ended"
        words = f"{counted(len(running), 'Job')} running, {told}"
        return f"{case.label}: {words}, next run {next_due or 'unknown'}"
    if found.kind == "Job" and found.job is not None:
        done = found.job.succeeded
        wanted = f" of {found.job.completions}" if found.job.completions is not None else ""
        return f"{case.label}: {done}{wanted} completed, {counted(found.job.active, 'pod')} active"
    if found.kind == "Service":
        ready = sum(_is_ready(report) for report in case.pods)
        return f"{case.label}: {ready} of {counted(len(case.pods), 'selected pod')} ready"
    missing = f" ({case.missing} not created)" if case.missing else ""
    ready_now = found.ready if found.ready is not None else "?"
    wanted_now = counted(found.wanted, "pod") if found.wanted is not None else "? pods"
    revision = found.revision.name if found.revision else ""
    waits = found.updated is not None and found.wanted and found.updated < found.wanted
    updated = f", {found.updated} of revision {revision}" if waits and revision else ""
    return f"{case.label}: {ready_now} of {wanted_now} ready{missing}{updated}"


def _is_ready(report: PodReport) -> bool:
    return any(one.type == "Ready" and one.status == "True" for one in report.pod.conditions)


def _tries(case: WorkloadCase) -> str:
    """`: 1 of 1 completed, after 2 failed tries`."""
    job = case.workload.job
    if job is None:
        return ""
    wanted = f" of {job.completions}" if job.completions is not None else ""
    tries = f" after {counted(job.failed, 'failed try', 'failed tries')}" if job.failed else ""
    return f": {job.succeeded}{wanted} completed{tries}"


def groups(reports: Sequence[PodReport]) -> list[PodGroup]:
    """The pods by what their verdicts rest on: severity and codes, else status; worst first."""
    named = by_name(reports)
    found: dict[tuple[str, ...], list[str]] = {}
    for name in sorted(named, key=lambda one: SEVERITIES.index(named[one].verdict.severity)):
        verdict, status = named[name].verdict, named[name].pod.status
        told = tuple(verdict.codes) or (status if verdict.severity != "ok" else "",)
        found.setdefault((verdict.severity, *told), []).append(name)
    return [
        PodGroup(
            severity=named[names[0]].verdict.severity,
            summary=named[names[0]].verdict.summary,
            codes=named[names[0]].verdict.codes,
            pods=names,
        )
        for names in found.values()
    ]


def by_name(reports: Sequence[PodReport]) -> dict[str, PodReport]:
    """The reports by what the groups call their pods: with the namespace where a name is there
    twice.
    """
    count = Counter(report.pod.name for report in reports)

    def called(pod: Pod) -> str:
        return pod.name if count[pod.name] == 1 else f"{pod.namespace}/{pod.name}"

    return {called(report.pod): report for report in reports}


def _listed(capture: Capture, reports: PodReportList) -> PodReportList:
    """The list with a verdict over all of it: of the workloads that were named, and of the pods."""
    verdicts: list[Verdict] = []
    told: set[str] = set()
    for captured in capture.workloads:
        case = _case(WorkloadView(capture, captured), reports)
        verdicts.append(_verdict(case, _findings(case)))
        told |= set(captured.pods)
    rest = [
        report
        for report in reports.items
        if Reference("Pod", report.pod.namespace, report.pod.name).key not in told
    ]
    found = groups(rest)
    every = [*verdicts, *([_over(rest, found)] if rest else [])]
    worst = min(every, key=lambda one: SEVERITIES.index(one.severity), default=None)
    notes = [one.summary for one in verdicts] or capture.notes
    nothing = Verdict(severity="info", summary="; ".join(notes) or "no pods were found")
    return msgspec.structs.replace(
        reports, verdict=worst or nothing, notes=notes, groups=groups(reports.items)
    )


def _over(reports: Sequence[PodReport], found: Sequence[PodGroup]) -> Verdict:
    """Of one pod its own verdict; of several the worst, with how many are like it."""
    if len(reports) == 1:
        return reports[0].verdict
    bad = sum(len(group.pods) for group in found if group.severity in BAD)
    if not bad:
        words = f"{counted(len(reports), 'pod')}: none has a problem"
        return Verdict(severity=found[0].severity, summary=words)
    words = f"{bad} of {counted(len(reports), 'pod')} {'has' if bad == 1 else 'have'} a problem"
    summary = f"{words}; {_of_pods(found[0])}"
    return Verdict(severity=found[0].severity, summary=summary, codes=found[0].codes)


def _coverage(captured: CapturedWorkload) -> Iterator[Coverage]:
    """What was asked about the workload and not answered. What does not exist is no loss."""
    seen: set[str] = set()
    for call in captured.calls:
        state = LOST.get(call.state)
        if state is None or call.target in seen:
            continue
        seen.add(call.target)
        needs = call.needs or (LONGER if state == "timedOut" else "")
        yield Coverage(section=SECTION, state=state, reason=lost_words(call), needs=needs)

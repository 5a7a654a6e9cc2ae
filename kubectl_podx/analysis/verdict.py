"""The one sentence to read first: what blocks now, before what loops, before what is past."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_podx.analysis import by_status
from kubectl_podx.analysis.catalogue import ranked, reason_of, root_of, rule_of
from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.parts import Finding, Verdict
from kubectl_podx.model.words import SEVERITIES
from kubectl_podx.pod.view import look
from kubectl_podx.rules.rule import Case
from kubectl_podx.rules.weight import weight
from kubectl_podx.sections.restarts import facts as restarts
from kubectl_podx.sections.restarts.checks import matters
from kubectl_podx.view.units import spell_seconds

BECAUSE = "likely because"
"""Between what is wrong and the fact that explains it."""

_OWN_ENDS = frozenset({"RST001", "RST002", "RST003", "RST005", "RST006", "RST008", "RST010"})
"""Ends for which a Job gives up."""


def verdict(case: Case, findings: Sequence[Finding]) -> Verdict:
    """The verdict over what was found, by rank.

    `unknown` where what matters could not be seen: an unreadable pod, a manifest without a
    problem, a pod that changed under our eyes, a pod that is not ready and nothing tells why.
    """
    if not case.view.pod:
        return Verdict(severity="unknown", summary="the pod could not be read")
    if case.report.metadata.source == "manifest" and case.view.api.draft:
        return _draft(case, findings)
    found = _judged(case, findings)
    if case.view.captured.ended_during_exec and not _already_told(case, found):
        return Verdict(severity="unknown", summary=ended_words(case), codes=["POD005"])
    killed = [one.container for one in case.view.captured.observations if one.exec_killed]
    if killed and found.severity in ("ok", "info"):
        words = f"an exec of podx was killed in container {killed[0]}, which is short of memory"
        return Verdict(severity="unknown", summary=words, codes=found.codes)
    if found.severity in ("ok", "info"):
        if case.report.metadata.source == "manifest":
            words = "a saved manifest: it shows what is declared; nothing was checked in a cluster"
            return Verdict(severity="unknown", summary=words, codes=found.codes)
        # CRI-O lets no exec into a container that is being stopped: there it waits for the end.
        stopping = case.view.api.terminating
        silent = [
            entry.name
            for entry in case.view.containers
            if not stopping and entry.running and look(case.view, entry).coverage == "timedOut"
        ]
        if silent:
            words = f"an exec in {silent[0]} gave no answer in time: it may hang; the API says "
            words += found.summary
            return Verdict(severity="unknown", summary=words, codes=found.codes)
        if case.view.captured.disturbed:
            words = f"the pod changed during inspection: {case.view.captured.disturbed}"
            return Verdict(severity="unknown", summary=words, codes=found.codes)
    return found


def _draft(case: Case, findings: Sequence[Finding]) -> Verdict:
    """Of a manifest that was never applied: what in it would fail, as far as the file tells."""
    from kubectl_podx.start.facts import by_itself  # noqa: PLC0415 - of a manifest only

    against = next((one for one in by_itself(case.view) if one.severity == "critical"), None)
    if against is not None:
        summary = f"not applied; would not start: {against.title}"
        return Verdict(severity="critical", summary=summary)
    order = [one for one in ranked(case, findings) if one.severity in ("critical", "warning")]
    if order:
        summary, codes = f"not applied; {order[0].title}", [order[0].code]
        return Verdict(severity=order[0].severity, summary=summary, codes=codes)
    return Verdict(
        severity="ok",
        summary="not applied; nothing in it would fail by itself (kubectl podx preflight asks the "
        "cluster)",
    )


def _already_told(case: Case, found: Verdict) -> bool:
    """Whether the verdict is of a container that went down before any exec of this run."""
    if found.severity == "critical":
        return True
    entries = (case.view.container(one.container) for one in case.view.captured.ended_during_exec)
    went_down = any(entry and entry.restart_count > 0 for entry in entries)
    return found.severity == "warning" and went_down


def ended_words(case: Case) -> str:
    """`container app ended (OOMKilled) while podx ran an exec in it; the exec may have …`."""
    first, *others = case.view.captured.ended_during_exec
    how = f" ({first.reason})" if first.reason else ""
    more = f", and {len(others)} more," if others else ""
    return (
        f"container {first.container}{more} ended{how} while podx ran an exec in it; "
        "the exec may have ended it"
    )


def _judged(case: Case, findings: Sequence[Finding]) -> Verdict:
    order = ranked(case, findings)
    top = order[0] if order else None
    if top is not None and (done := by_status.tried_again(case)):
        return Verdict(severity="info", summary=f"{done}: {top.title}", codes=[top.code])
    if top is not None and (top.blocking or top.severity == "critical"):
        return _of(top, order)
    # Sections that were not asked for have no findings: the status itself still tells.
    standing_now = _loop(case) or by_status.blocker(case)
    if standing_now is not None:
        return standing_now
    if case.view.api.terminating:
        stuck = next((each for each in order if rule_of(each.code).stuck), None)
        if stuck is not None and stuck.severity == "warning":
            return _of(stuck, order)
        given_up = by_status.given_up(case)
        ended = next((each for each in order if each.code in _OWN_ENDS), None)
        if given_up and ended is not None:
            # The deletion is the consequence: what the Job failed for came first.
            words = f"{ended.title}; {given_up}, and the pod is being deleted for that"
            return Verdict(severity="critical", summary=words, codes=[ended.code])
        return by_status.deletion(case)
    if by_status.not_ready(case):
        return by_status.unexplained(case)
    if top is not None and top.severity == "warning":
        return _of(top, order)
    if stopped := by_status.stopped_by_somebody(case):
        return Verdict(severity="unknown", summary=stopped)
    if case.view.api.phase == "Succeeded":
        return Verdict(severity="ok", summary="completed: every app container ended with success")
    past = next((each for each in order if rule_of(each.code).section == "restarts"), None)
    if past is not None:
        return Verdict(severity="info", summary=past.title, codes=[past.code])
    return _recent(case) or Verdict(severity="ok", summary=healthy(case))


def _of(top: Finding, order: Sequence[Finding]) -> Verdict:
    """The finding's own title, or that of the finding behind it."""
    root = root_of(top, order)
    codes = [root.code] if root is top else [root.code, top.code]
    reason = reason_of(root, order)
    if reason is None or root.container == "":
        return Verdict(severity=top.severity, summary=root.title, codes=codes)
    summary = f"{root.title}; {BECAUSE} {reason.title}"
    # What waits for something that cannot come waits in vain, however short a time it has been.
    worse = SEVERITIES.index(reason.severity) < SEVERITIES.index(top.severity)
    severity = reason.severity if worse else top.severity
    return Verdict(severity=severity, summary=summary, codes=[*codes, reason.code])


def _loop(case: Case) -> Verdict | None:
    """A container that keeps going down, where the section of restarts was not asked for."""
    if case.report.restarts is not None:
        return None
    for row in restarts.build(case.view):
        if row.cause is not None and matters(case, row):
            severity, blocking = weight(case, row)
            if blocking or (row.looping and severity is None):
                return Verdict(severity="critical", summary=row.summary)
    return None


def _recent(case: Case) -> Verdict | None:
    """A past end, where the section of restarts was not asked for."""
    if case.report.restarts is not None:
        return None
    for row in restarts.build(case.view):
        if row.cause is not None and row.count and matters(case, row):
            severity, _ = weight(case, row)
            return Verdict(severity=severity or "warning", summary=row.summary)
    return None


def healthy(case: Case) -> str:
    """`healthy: 2/2 containers ready for 3 h`."""
    condition = case.view.api.condition("Ready")
    true = condition is not None and condition.status == "True"
    since = parse_time(condition.since) if condition and true else None
    ready = case.report.pod.ready
    words = f"healthy: {ready} containers ready" if ready else "healthy"
    if since is not None and case.view.now is not None:
        words += f" for {spell_seconds((case.view.now - since).total_seconds())}"
    unchecked = _unchecked_ports(case)
    return f"{words}; not checked: {', '.join(unchecked)}" if unchecked else words


def _unchecked_ports(case: Case) -> list[str]:
    """Ports that a Service leads to and of which nobody knows whether somebody listens there.

    A readiness probe that succeeds on the port is the kubelet's own check of it.
    """
    probed = {
        probe.handler.resolved_port
        for probe in case.report.probes or ()
        if probe.type == "readiness" and probe.state == "passing"
    }
    return [
        f"port {port.resolved} of Service {service.name}"
        for service in (case.report.network.services if case.report.network else ())
        for port in service.ports
        if port.listening is None and port.resolved is not None and port.resolved not in probed
    ]

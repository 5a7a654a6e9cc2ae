"""What a scan for drift has found -> rows, the worst first; and what looks inside say of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec
from msgspec import Struct

from kubectl_podx.analysis.analyse import pod_report
from kubectl_podx.analysis.reports import DriftReport
from kubectl_podx.drift.found import Drifted
from kubectl_podx.drift.report import DriftRow
from kubectl_podx.drift.tally import PAUSED, Group, GroupKey, ImageUse, OldTemplate, OwnerKey
from kubectl_podx.drift.uses import SourceKey
from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.parts import Coverage, Verdict
from kubectl_podx.model.reference import SHORT_NAMES, Reference
from kubectl_podx.model.words import SEVERITIES, DriftState, Severity
from kubectl_podx.rules.remedies import checked, kubectl
from kubectl_podx.sections.report import PodReport
from kubectl_podx.view.units import counted

SECTIONS = frozenset({"environment", "files", "serviceAccountTokens"})
"""What a look inside is for."""
_CERTIFICATE_WARNING = timedelta(days=14)
_ROLLOUTS = ("Deployment", "StatefulSet", "DaemonSet")
_SEVERITY: dict[DriftState, Severity] = {
    "old": "warning",
    "gone": "warning",
    "reload": "info",
    "current": "ok",
    "unknown": "unknown",
}
_OLDER = ("frozen", "stuck", "stale")
_EQUAL = ("current", "changedByProgram", "shadowed")


def report(found: Drifted) -> DriftReport:
    """Every row, the worst first."""
    looks = _looks(found)
    rows = [
        *(
            row
            for key, group in found.tally.groups.items()
            for row in _rows(found, key, group, looks)
        ),
        *(_template(found, one) for one in found.templates),
        *_images(found),
        *_certificates(found),
        *_tokens(found, looks),
    ]
    draft = DriftReport(
        metadata=found.metadata,
        namespace=found.namespace,
        source="/".join(found.source) if found.source else "",
        verdict=Verdict(severity="unknown", summary=""),
        scanned=found.tally.scanned,
        workloads=len(found.tally.owners),
        looked_into=len(looks),
        coverage=[*found.coverage, *_not_looked(looks)],
    )
    return assembled(draft, rows, exists=found.exists)


def assembled(draft: DriftReport, rows: list[DriftRow], *, exists: bool = True) -> DriftReport:
    """The report with these rows, the worst first, and the verdict on them."""
    rows = sorted(
        rows, key=lambda row: (SEVERITIES.index(row.severity), -row.pods, row.namespace, row.name)
    )
    stale = len({(row.namespace, row.kind, row.name) for row in rows if row.state in _TELLS})
    whole = msgspec.structs.replace(draft, rows=rows, stale=stale)
    return msgspec.structs.replace(whole, verdict=_verdict(whole, exists=exists))


_TELLS: tuple[DriftState, ...] = ("old", "gone", "expires")


def _verdict(report: DriftReport, *, exists: bool) -> Verdict:
    where = f"namespace {report.namespace}" if report.namespace else "all namespaces"
    pods = counted(report.scanned, "pod")
    rows = report.rows
    bad = [row for row in rows if row.state in _TELLS]
    worst = rows[0].severity if rows else "ok"
    if report.source:
        return Verdict(severity=worst, summary=_of_source(report, exists=exists))
    if not bad:
        least: Severity = "unknown" if report.coverage else "ok"
        severity = worst if worst in ("critical", "warning", "unknown") else least
        more = ", as far as could be checked" if report.coverage else ""
        return Verdict(severity=severity, summary=f"{pods} in {where}: nothing older found{more}")
    summary = f"{pods} in {where}: {counted(_owners(bad), 'workload')} with something older or gone"
    return Verdict(severity=worst, summary=summary)


def _of_source(report: DriftReport, *, exists: bool) -> str:
    label, rows = report.source.replace("/", " "), report.rows
    if not rows:
        return f"no running pod uses {label}"
    old = sum(row.pods for row in rows if row.state == "old")
    users = counted(sum(row.pods for row in rows), "pod")
    owners = counted(_owners(rows), "workload")
    used = f"{label} is used by {users} of {owners}"
    if not exists:
        used = f"{label} does not exist, and {users} of {owners} use it"
    return f"{used}; {old} may still have the old value" if old else used


def _owners(rows: list[DriftRow]) -> int:
    return len({(row.namespace, row.kind, row.name) for row in rows})


# -- sources -------------------------------------------------------------------------------------


class _Look(Struct, frozen=True):
    """One pod that was looked into."""

    reference: Reference
    report: PodReport


def _looks(found: Drifted) -> dict[tuple[str, str], _Look]:
    capture = found.looked
    if capture is None:
        return {}
    looks = {}
    for captured in capture.pods:
        reference = Reference.of_key(captured.reference)
        told = pod_report(capture, captured, SECTIONS)
        looks[reference.namespace, reference.name] = _Look(reference, told)
    return looks


def _not_looked(looks: dict[tuple[str, str], _Look]) -> list[Coverage]:
    """Why a look inside could not tell, each reason once."""
    rows = (
        msgspec.structs.replace(row, section="drift", container="")
        for look in looks.values()
        for row in look.report.coverage
        if row.state != "full"
    )
    return list(dict.fromkeys(rows))


def _rows(
    found: Drifted, key: GroupKey, group: Group, looks: dict[tuple[str, str], _Look]
) -> Iterator[DriftRow]:
    """The group's row; none where looks inside have shown all its pods to be current."""
    row = _row(found, key, group)
    if key.state != "old":
        yield row
        return
    seen = {
        name: _inside(look, key)
        for name in group.names
        if (look := looks.get((key.owner.namespace, name))) is not None
    }
    older = [name for name, told in seen.items() if told == "old"]
    equal = [name for name, told in seen.items() if told == "current"]
    left = group.pods - len(equal)
    if not left:
        if found.source is not None:
            yield _current(row, equal)
        return
    if older:
        evidence = [*row.evidence, f"compared inside: {', '.join(older)} has the old value"]
        row = msgspec.structs.replace(
            row,
            confidence="proven",
            evidence=evidence,
            summary=row.summary.replace("may hold", "hold").replace("may have", "have"),
        )
    names = [name for name in group.names if name not in equal]
    yield msgspec.structs.replace(row, pods=left, names=names)


def _current(row: DriftRow, names: list[str]) -> DriftRow:
    return msgspec.structs.replace(
        row,
        state="current",
        severity="ok",
        confidence="proven",
        names=names,
        summary=f"{row.source} was written, and its value is the one they have",
        fix="",
    )


def _inside(look: _Look, key: GroupKey) -> DriftState:
    """What a pod really holds of the source, in the way that the row is about."""
    kind, _, name = key.source.partition("/")
    variables = look.report.environment or []
    files = look.report.files or []
    if key.drift == "environment":
        states = [r.state for r in variables if (r.source.kind, r.source.name) == (kind, name)]
    else:
        states = [r.state for r in files if (r.source.kind, r.source.name) == (kind, name)]
    if any(state in _OLDER for state in states):
        return "old"
    return "current" if states and all(state in _EQUAL for state in states) else "unknown"


def _row(found: Drifted, key: GroupKey, group: Group) -> DriftRow:
    evidence = []
    if group.write.time:
        by = f" by {group.write.by}" if group.write.by else ""
        evidence.append(f"{key.source} was last written at {group.write.time}{by}")
    if group.started:
        evidence.append(f"the oldest container that uses it started at {group.started}")
    restarts = key.state == "old"
    return DriftRow(
        namespace=key.owner.namespace,
        kind=key.owner.kind,
        name=key.owner.name,
        drift=key.drift,
        state=key.state,
        severity=_SEVERITY.get(key.state, "unknown"),
        confidence="proven" if key.state in ("gone", "current") else "likely",
        source=key.source,
        how=group.how,
        pods=group.pods,
        of=found.tally.owners.get(key.owner, group.pods),
        names=group.names,
        changed_at=group.write.time or None,
        changed_by=group.write.by,
        started_at=group.started or None,
        summary=_SUMMARIES[key.state].format(
            source=key.source.replace("/", " "), how=", ".join(group.how), drift=_AS[key.drift]
        ),
        evidence=evidence,
        next=_next(key.owner, group.names),
        fix=restart(key.owner, group.names) if restarts else "",
    )


_SUMMARIES: dict[DriftState, str] = {
    "old": "{source} was written after the start: {how} may hold the old value ({drift})",
    "gone": "{source}, or the key of {how}, is gone: running pods have the old value, and a new "
    "one would not start",
    "reload": "files of {source} were written after the start: the program must reload {how}",
    "current": "{how} is current",
    "unknown": "not known whether {how} is current",
}
_AS = {
    "environment": "a variable is set at the start",
    "subPath": "a subPath mount is never updated",
    "immutable": "an immutable object is read once",
    "files": "the kubelet refreshes the files",
    "pullSecret": "used to pull images",
}


def _next(owner: OwnerKey, names: list[str]) -> str:
    target = checked(names[0]) if names else _target(owner)
    return kubectl("podx", "describe", target, namespace=owner.namespace)


def _target(owner: OwnerKey) -> str:
    return f"{SHORT_NAMES.get(owner.kind, 'pod')}/{checked(owner.name)}"


def restart(owner: OwnerKey, names: list[str]) -> str:
    """The command that gives the workload new pods; empty for a pod that nobody makes again."""
    if owner.kind in _ROLLOUTS:
        return kubectl("rollout", "restart", _target(owner), namespace=owner.namespace)
    if owner.kind == "Pod" or not names:
        return ""
    return kubectl("delete", "pod", *map(checked, names), namespace=owner.namespace)


# -- templates, images, certificates, tokens -----------------------------------------------------


def _template(found: Drifted, one: OldTemplate) -> DriftRow:
    fix = ""
    if one.why == PAUSED:
        fix = kubectl("rollout", "resume", _target(one.owner), namespace=one.owner.namespace)
    elif one.stuck and one.names:
        fix = kubectl("delete", "pod", *map(checked, one.names), namespace=one.owner.namespace)
    return DriftRow(
        namespace=one.owner.namespace,
        kind=one.owner.kind,
        name=one.owner.name,
        drift="template",
        state="old",
        severity="warning" if one.stuck else "info",
        confidence="proven",
        pods=one.pods,
        of=found.tally.owners.get(one.owner, one.pods),
        names=one.names,
        summary=f"{counted(one.pods, 'pod')} of an older template: {one.why}",
        next=_next(one.owner, one.names),
        fix=fix,
    )


def _images(found: Drifted) -> Iterator[DriftRow]:
    """A tag that moved: pods of one owner whose container has one image name and two digests."""
    for (owner, container, image), digests in found.tally.images.items():
        if len(digests) < 2:
            continue
        newest, now = max(digests.items(), key=lambda item: item[1].newest)
        others = {digest: use for digest, use in digests.items() if digest != newest}
        yield _image(found, owner, (container, image), (newest, now), others)


def _image(
    found: Drifted,
    owner: OwnerKey,
    what: tuple[str, str],
    now: tuple[str, ImageUse],
    others: dict[str, ImageUse],
) -> DriftRow:
    container, image = what
    pods = sum(use.pods for use in others.values())
    names = [name for use in others.values() for name in use.names][:5]
    return DriftRow(
        namespace=owner.namespace,
        kind=owner.kind,
        name=owner.name,
        drift="image",
        state="old",
        severity="warning",
        how=[f"{image} of {container}"],
        pods=pods,
        of=found.tally.owners.get(owner, pods),
        names=names,
        summary=f"image {image} of {container} is another one in pods that started later: its tag "
        "was moved",
        evidence=[
            f"{now[0]} in {counted(now[1].pods, 'pod')}, the newest started at {now[1].newest}",
            *(
                f"{digest} in {counted(use.pods, 'pod')}, the newest started at {use.newest}"
                for digest, use in others.items()
            ),
        ],
        next=_next(owner, names),
        fix=restart(owner, names),
    )


def _certificates(found: Drifted) -> Iterator[DriftRow]:
    now = parse_time(found.metadata.captured_at)
    for source, end in found.expiries.items():
        moment = parse_time(end)
        if moment is None or now is None or moment - now > _CERTIFICATE_WARNING:
            continue
        over = moment <= now
        for owner, pods in found.tally.certificates[source].items():
            yield _certificate(found, source, owner, pods, end, over=over)


def _certificate(
    found: Drifted, source: SourceKey, owner: OwnerKey, pods: int, end: str, *, over: bool
) -> DriftRow:
    kind, namespace, name = source
    said = f"expired at {end}" if over else f"expires at {end}"
    return DriftRow(
        namespace=owner.namespace,
        kind=owner.kind,
        name=owner.name,
        drift="certificate",
        state="expires",
        severity="critical" if over else "warning",
        confidence="proven",
        source=f"{kind}/{name}",
        pods=pods,
        of=found.tally.owners.get(owner, pods),
        expires_at=end,
        summary=f"a certificate in {kind} {name} {said}",
        next=kubectl("describe", kind.lower(), checked(name), namespace=namespace),
    )


def _tokens(found: Drifted, looks: dict[tuple[str, str], _Look]) -> Iterator[DriftRow]:
    for look in looks.values():
        bad = [
            row
            for row in look.report.service_account_tokens or ()
            if row.state in ("expired", "mismatch")
        ]
        if not bad:
            continue
        owner = OwnerKey(look.reference.namespace, "Pod", look.reference.name)
        yield DriftRow(
            namespace=owner.namespace,
            kind=owner.kind,
            name=owner.name,
            drift="token",
            state="old",
            severity="critical",
            # A token is the container's own testimony.
            confidence="likely",
            how=[f"{row.path} of {row.container}" for row in bad][:5],
            pods=1,
            of=found.tally.owners.get(owner, 1),
            names=[owner.name],
            summary=f"the token {bad[0].path} of {bad[0].container} is {_said(bad[0].state)}",
            expires_at=bad[0].expires_at,
            next=_next(owner, [owner.name]),
        )


def _said(state: str) -> str:
    return "expired" if state == "expired" else "bound to something else"

"""The tools: one row each, with what it takes as a type. All of them only read the cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from kubectl_podx.agent.answers import Answer, LeftOut, Trusted, Untrusted
from kubectl_podx.agent.arguments import (
    Arguments,
    CaptureArguments,
    CompareArguments,
    DescribeArguments,
    DoctorArguments,
    DriftArguments,
    ExplainArguments,
    OfPods,
    RehearseArguments,
    SectionArguments,
    TriageArguments,
)
from kubectl_podx.agent.bounds import bounded
from kubectl_podx.agent.desk import Desk, Ticket
from kubectl_podx.agent.fence import fenced_json
from kubectl_podx.agent.said import Said, json_lines, said, text_of
from kubectl_podx.agent.trusted import trusted
from kubectl_podx.model.errors import UsageError
from kubectl_podx.sections.table import BY_COMMAND, BY_KEY, KEYS

if TYPE_CHECKING:
    from kubectl_podx.capture.sharing import Witness
    from kubectl_podx.model.capture import Capture


class Tool(Struct, frozen=True):
    """One row of the table."""

    name: str
    title: str
    description: str
    takes: type[Arguments]
    run: Callable[[Desk, Any, Ticket], Said]
    reads_only: bool = True
    """False: it writes a file into the folder that was named at the start."""


# -- what they do --------------------------------------------------------------------------------


def _describe(desk: Desk, given: DescribeArguments, ticket: Ticket) -> Said:
    from kubectl_podx.analysis.analyse import analyse  # noqa: PLC0415 - late: starts faster
    from kubectl_podx.render.brief import brief  # noqa: PLC0415

    capture, name = _capture(desk, given, ticket)
    found = _document(capture, analyse(capture), given)
    data = _summary_of(found)
    return said(
        trusted(found),
        data,
        found.kind,
        given.max_tokens,
        lines=brief(found).splitlines(),
        capture=name,
        ask="section",
    )


_SHOWN = frozenset({"verdict", "pod", "restarts", "findings", "coverage", "metadata", "kind"})


def _summary_of(document: Any) -> Any:
    """The report without the sections that `section` brings; it stays valid by its schema."""
    found = msgspec.to_builtins(document)
    for report in found.get("items", [found]):
        for key in KEYS:
            if key not in _SHOWN:
                report[key] = None
    return found


def _section(desk: Desk, given: SectionArguments, ticket: Ticket) -> Said:
    from kubectl_podx.analysis.analyse import analyse  # noqa: PLC0415

    key = given.section if given.section in BY_KEY else ""
    if given.section in BY_COMMAND:
        key = BY_COMMAND[given.section].key
    if not key:
        raise UsageError(f"unknown section; there are: {', '.join(KEYS)}")
    capture, name = _capture(desk, given, ticket)
    reports = analyse(capture)
    field = BY_KEY[key].field
    rows: list[Any] = []
    for report in reports.items:
        found = msgspec.to_builtins(getattr(report, field))
        pod = f"{report.pod.namespace}/{report.pod.name}"
        listed = found if isinstance(found, list) else [] if found is None else [found]
        rows += [{"pod": pod, "row": row} for row in listed]
    shown = rows[given.offset :]
    fits = bounded({"section": key, "rows": list(shown)}, given.max_tokens)
    kept = len(fits.document["rows"])
    left = []
    if kept < len(shown):
        ask = f"section with section={key}, capture={name}, offset={given.offset + kept}"
        left.append(LeftOut(what="rows", kept=kept, of=len(rows), ask=ask))
    left += [
        LeftOut(what=cut.path, kept=cut.kept, of=cut.of, ask="a larger max_tokens")
        for cut in fits.cuts
        if cut.path != "rows"
    ]
    told = trusted(_document(capture, reports, given))
    told = msgspec.structs.replace(
        told,
        findings=[],
        causes=[],
        not_checked=[gap for gap in told.not_checked if key in gap.sections],
        counts={"rows": len(rows), "shown": kept},
    )
    answer = Answer(podx=told, untrusted=Untrusted(data=fits.document), left_out=left, capture=name)
    return Said(answer, text_of(answer, fenced_json(json_lines(fits.document))))


def _compare(desk: Desk, given: CompareArguments, ticket: Ticket) -> Said:
    from kubectl_podx.analysis.comparison import Side, compare  # noqa: PLC0415
    from kubectl_podx.render.brief import brief  # noqa: PLC0415

    sides = [Side(desk.bundle(given.bundle), given.bundle)] if given.bundle else []
    if given.targets:
        words = tuple(given.targets)
        live = OfPods(namespace=given.namespace, no_exec=given.no_exec)
        sides.append(Side(_live(desk, live, ticket, words)))
    if sum(len(side.capture.pods) for side in sides) < 2:
        raise UsageError("compare needs two pods or more")
    found = compare(sides)
    data = msgspec.to_builtins(found)
    lines = brief(found).splitlines()
    return said(trusted(found), data, found.kind, given.max_tokens, lines=lines)


def _triage(desk: Desk, given: TriageArguments, ticket: Ticket) -> Said:
    from kubectl_podx.analysis import triage as analysis  # noqa: PLC0415
    from kubectl_podx.render.brief import brief  # noqa: PLC0415

    if given.bundle:
        taken: Any = analysis.of_capture(desk.bundle(given.bundle), given.namespace)
        found = analysis.report(taken, by=given.by, limit=given.limit)
    else:
        from kubectl_podx.capture import triage  # noqa: PLC0415
        from kubectl_podx.capture.planned import LookOptions  # noqa: PLC0415

        if given.all_namespaces:
            desk.check_everywhere()
        with desk.reached(given.namespace, ticket) as (way, deadline):
            options = triage.TriageOptions(
                all_namespaces=given.all_namespaces,
                label_selector=given.selector,
                deep=min(given.limit, _DEEP),
                look=LookOptions(max_in_flight=desk.limits.max_in_flight),
            )
            taken = triage.take(
                way,
                options,
                deadline=deadline,
                environ=desk.environ,
                home=desk.home,
                warn=desk.warn,
                progress=lambda scanned, _sick: ticket.progress(scanned, 0),
            )
            found = analysis.report(taken, by=given.by, limit=given.limit)
    lines = brief(found).splitlines()
    data = msgspec.to_builtins(found)
    return said(trusted(found), data, found.kind, given.max_tokens, lines=lines)


_DEEP = 20


def _drift(desk: Desk, given: DriftArguments, ticket: Ticket) -> Said:
    from kubectl_podx.analysis.drift import SECTIONS, report  # noqa: PLC0415
    from kubectl_podx.capture import drift  # noqa: PLC0415
    from kubectl_podx.capture.planned import LookOptions  # noqa: PLC0415
    from kubectl_podx.render.brief import brief  # noqa: PLC0415

    words = _words(desk, given)
    drift.wanted(words)
    if given.exec and not desk.limits.exec_allowed:
        raise UsageError("this server was started with --no-exec: leave out exec")
    options = drift.DriftOptions(
        all_namespaces=given.all_namespaces,
        label_selector=given.selector,
        words=words,
        inside=given.exec,
        look=LookOptions(sections=SECTIONS, logs=False, max_in_flight=desk.limits.max_in_flight),
    )
    with desk.reached(given.namespace, ticket) as (way, deadline):
        taken = drift.take(
            way,
            options,
            deadline=deadline,
            environ=desk.environ,
            home=desk.home,
            warn=desk.warn,
            progress=lambda pods, _groups: ticket.progress(pods, 0),
        )
        found = report(taken)
    lines = brief(found).splitlines()
    data = msgspec.to_builtins(found)
    return said(trusted(found), data, found.kind, given.max_tokens, lines=lines)


def _rehearse(desk: Desk, given: RehearseArguments, ticket: Ticket) -> Said:
    from kubectl_podx.analysis import rehearsal  # noqa: PLC0415
    from kubectl_podx.capture import start  # noqa: PLC0415
    from kubectl_podx.capture.targets import Targets, parse_words  # noqa: PLC0415
    from kubectl_podx.render.brief import brief  # noqa: PLC0415

    words = _words(desk, given)
    if words:
        parse_words(words)
    targets = Targets(
        words=words,
        selector=None if words else given.selector,
        field_selector=given.field_selector,
        all_namespaces=given.all_namespaces,
    )
    options = start.StartOptions(
        dry_run=not given.no_dry_run, max_in_flight=desk.limits.max_in_flight
    )
    with desk.reached(given.namespace, ticket) as (way, deadline):
        capture = start.take(
            way,
            targets,
            options,
            deadline=deadline,
            environ=desk.environ,
            home=desk.home,
            warn=desk.warn,
        )
    found = rehearsal.report(capture)
    lines = brief(found).splitlines()
    data = msgspec.to_builtins(found)
    return said(trusted(found), data, found.kind, given.max_tokens, lines=lines)


def _words(desk: Desk, given: DriftArguments | RehearseArguments) -> tuple[str, ...]:
    """The target, if one is named. UsageError where it is not the only choice of pods."""
    if given.all_namespaces:
        desk.check_everywhere()
    if given.target and (given.selector or given.all_namespaces):
        raise UsageError("name one of: target, selector, allNamespaces; or none for the namespace")
    return (given.target,) if given.target else ()


def _explain(_desk: Desk, given: ExplainArguments, _ticket: Ticket) -> Said:
    from kubectl_podx.generated import explain  # noqa: PLC0415

    known = explain.codes().get(given.word.strip().upper())
    if known is not None:
        notes = [
            f"{known.code} ({known.severity}, section {known.section}): {known.title}",
            f"meaning: {known.meaning}",
            f"how it is known: {known.known_by}",
            f"what to do: {known.remedy}",
            *(f"what else leaves this evidence: {had}; {apart}" for had, apart in known.rivals),
            f"more: {known.link}",
        ]
    else:
        field = explain.field(given.word) if given.word.strip(".") else None
        if field is None:
            raise UsageError("no finding has this code, and no report has this field")
        values = f" One of: {', '.join(field.words)}." if field.words else ""
        notes = [
            f"{field.kind}.{field.path} <{field.type}>: {field.description}{values}",
            f"from: {field.source}",
        ]
        if field.children:
            notes.append(f"fields: {', '.join(field.children)}")
    answer = Answer(podx=Trusted(notes=notes), untrusted=Untrusted())
    return Said(answer, "\n".join(notes))


def _capture_tool(desk: Desk, given: CaptureArguments, ticket: Ticket) -> Said:
    from kubectl_podx.capture.sharing import Witness, share  # noqa: PLC0415

    folder, witness = desk.folder(), Witness()
    if bool(given.target) == bool(given.selector):
        raise UsageError("name one of: target, selector")
    asked = OfPods(selector=given.selector, namespace=given.namespace, no_exec=given.no_exec)
    words = (given.target,) if given.target else ()
    capture = _live(desk, asked, ticket, words, witness)
    if not capture.pods and not capture.workloads:
        raise UsageError("the selector matches nothing")
    name = desk.keep(capture)
    path = folder / f"podx-{name}.podx"
    shared = share(capture, path, witness)
    notes = [
        f"bundle {path.name} was written into the server's folder: pass it as `bundle`",
        f"sha256 {shared.sha256}",
        f"{shared.manifest.hidden} values are hidden",
        "the finished file was searched for every secret value that this look read: none found",
    ]
    counts = {"pods": len(capture.pods), "hidden": shared.manifest.hidden}
    answer = Answer(podx=Trusted(notes=notes, counts=counts), untrusted=Untrusted(), capture=name)
    return Said(answer, "\n".join(notes))


def _doctor(desk: Desk, given: DoctorArguments, ticket: Ticket) -> Said:
    from kubectl_podx.capture.planned import LookOptions  # noqa: PLC0415
    from kubectl_podx.capture.rehearse import examine  # noqa: PLC0415
    from kubectl_podx.capture.targets import Targets, parse_words  # noqa: PLC0415
    from kubectl_podx.render.brief import brief  # noqa: PLC0415

    targets = None
    if given.target:
        targets = Targets(words=(given.target,))
        parse_words(targets.words)
    with desk.reached(given.namespace, ticket) as (way, deadline):
        found = examine(
            way,
            targets,
            LookOptions(
                exec_allowed=desk.limits.exec_allowed, max_in_flight=desk.limits.max_in_flight
            ),
            deadline=deadline,
            environ=desk.environ,
            home=desk.home,
            warn=desk.warn,
        )
    lines = brief(found).splitlines()
    data = msgspec.to_builtins(found)
    return said(trusted(found), data, found.kind, given.max_tokens, lines=lines)


# -- what they share -----------------------------------------------------------------------------


def _capture(desk: Desk, given: OfPods, ticket: Ticket) -> tuple[Capture, str]:
    """The capture that is asked about, and the name by which it can be asked about again."""
    sources = [given.capture, given.bundle, given.target or given.selector]
    if sum(map(bool, sources)) != 1:
        raise UsageError("name one of: target, selector, capture, bundle")
    if given.capture:
        return desk.kept(given.capture), given.capture
    if given.bundle:
        found = desk.bundle(given.bundle)
        return found, desk.keep(found)
    words = (given.target,) if given.target else ()
    found = _live(desk, given, ticket, words)
    return found, desk.keep(found)


def _live(
    desk: Desk,
    given: OfPods,
    ticket: Ticket,
    words: tuple[str, ...],
    witness: Witness | None = None,
) -> Capture:
    from kubectl_podx.capture import session  # noqa: PLC0415
    from kubectl_podx.capture.targets import parse_words  # noqa: PLC0415

    if words:
        parse_words(words)
    with desk.reached(given.namespace, ticket) as (way, deadline):
        return session.take(
            way,
            session.Targets(words=words, selector=given.selector or None),
            session.LookOptions(
                exec_allowed=desk.limits.exec_allowed and not given.no_exec,
                max_in_flight=desk.limits.max_in_flight,
            ),
            deadline=deadline,
            environ=desk.environ,
            home=desk.home,
            warn=desk.warn,
            progress=ticket.progress,
            witness=witness,
        )


def _document(capture: Capture, reports: Any, given: OfPods) -> Any:
    from kubectl_podx.analysis.workloads import document  # noqa: PLC0415
    from kubectl_podx.capture.targets import Targets  # noqa: PLC0415

    if given.target:
        single = Targets(words=(given.target,)).single
    else:
        single = not capture.workloads and not given.selector
    return document(capture, reports, single=single and len(capture.pods) == 1)


TABLE: tuple[Tool, ...] = (
    Tool(
        "triage",
        "Unhealthy pods, worst first",
        "Lists unhealthy pods and workloads of a namespace or cluster: one row for each owner and "
        "symptom, with the cause. Start here if it is not known which pod is in trouble.",
        TriageArguments,
        _triage,
    ),
    Tool(
        "describe",
        "Why a pod or workload misbehaves",
        "Explains what is wrong with a pod or workload and why: verdict, cause with its proof, "
        "what was excluded, what could not be checked, the next command. It compares what the API "
        "declares with what the running containers really have.",
        DescribeArguments,
        _describe,
    ),
    Tool(
        "section",
        "One section of the report, row by row",
        "Rows of one section, such as environment, files, probes, restarts or timeline. Pass the "
        "`capture` of an earlier answer to read more of the same moment.",
        SectionArguments,
        _section,
    ),
    Tool(
        "compare",
        "What differs between pods",
        "Compares pods of a workload, or named pods, or a bundle with the current state: image "
        "digest, environment, files, probes, node; names outliers.",
        CompareArguments,
        _compare,
    ),
    Tool(
        "drift",
        "Which pods hold something old",
        "Lists workloads whose running pods hold something older than its source: variables and "
        "files of a ConfigMap or Secret that changed since, sources that are gone, image tags that "
        "moved, older templates, certificates that expire. With secret/NAME or configmap/NAME: who "
        "uses it, and who still has the old value.",
        DriftArguments,
        _drift,
    ),
    Tool(
        "rehearse",
        "Would these pods start again",
        "Checks whether pods would start again now as they are declared: ConfigMaps, Secrets, "
        "keys, claims, admission, room on the nodes. It sends the API server a server dry run, "
        "which creates nothing, needs the right to create pods and calls admission webhooks; "
        "noDryRun leaves it out.",
        RehearseArguments,
        _rehearse,
    ),
    Tool(
        "explain",
        "What a code or a field means",
        "Explains the code of a finding, or a field of the report: meaning, how it is known, what "
        "to do, what else leaves the same evidence. Asks no cluster.",
        ExplainArguments,
        _explain,
    ),
    Tool(
        "doctor",
        "Which permissions are held",
        "Tells which of the permissions that a complete report needs are held, and what is missing "
        "without the others.",
        DoctorArguments,
        _doctor,
    ),
    Tool(
        "capture",
        "Save a bundle for sharing",
        "Saves everything about a pod in a file of the server's folder, without secret values, for "
        "a person or for `bundle` of the other tools. Changes nothing in the cluster.",
        CaptureArguments,
        _capture_tool,
        reads_only=False,
    ),
)
"""In the order in which they are listed. A further tool is a further row."""


def offered(desk: Desk) -> list[Tool]:
    """The tools of this server: those that write a file only if a folder was named for it."""
    return [tool for tool in TABLE if tool.reads_only or desk.limits.bundles is not None]

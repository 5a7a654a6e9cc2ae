"""The one way through for every reading command: capture, analyse, render, exit status."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from kubectl_podx.cli.environment import Environment
from kubectl_podx.cli.printed import answered
from kubectl_podx.cli.request import Request
from kubectl_podx.cli.sources import capture_of, is_single
from kubectl_podx.model.errors import ExitStatus, PodxError
from kubectl_podx.model.words import BAD
from kubectl_podx.view.escape import quoted

if TYPE_CHECKING:
    from kubectl_podx.analysis.reports import WorkloadReport
    from kubectl_podx.model.capture import Capture
    from kubectl_podx.model.revealed import Revealed
    from kubectl_podx.sections.report import PodReport, PodReportList

    Document = PodReport | PodReportList | WorkloadReport


def read(request: Request, env: Environment) -> int:
    """Makes the report, prints it, and returns the exit status."""
    sections = _sections(request)
    if request.watch:
        return _follow(request, env, sections)
    revealed = _store_for(request)
    capture = capture_of(request, env, sections, lambda: _import_what_follows(request), revealed)
    if request.container is not None:
        _check_container(capture, request.container)
    document = document_of(request, capture, sections)
    reports = _pods(document)
    shown = printed_report(request, env, document)
    if request.open_page:
        from kubectl_podx.cli.programs import open_page

        open_page(shown, env)
    else:
        env.write(shown)
    if revealed is not None:
        _reveal(request, env, reports, revealed)
    if request.format in ("table", "name", "mermaid") and request.query is None:
        _say_not_seen(document, env)
    return status_of_document(document) if request.exit_code else ExitStatus.OK


def document_of(request: Request, capture: Capture, sections: frozenset[str]) -> Document:
    """What `-o json` prints, and every other format is made of."""
    from kubectl_podx.analysis.analyse import analyse

    reports = analyse(capture, sections, request.container, request.silence())
    if is_single(request, capture):
        return _sorted(request, reports.items[0])
    from kubectl_podx.analysis.workloads import document

    return _sorted(request, document(capture, reports, silence=request.silence()))


def _sorted(request: Request, document: Document) -> Document:
    if request.sort_by is None:
        return document
    from kubectl_podx.render.sorting import sort_rows

    return sort_rows(document, request.sort_by, request.sections)


def _follow(request: Request, env: Environment, sections: frozenset[str]) -> int:
    from kubectl_podx.cli.follow import follow

    def show(capture: Capture) -> str:
        return printed_report(request, env, document_of(request, capture, sections))

    follow(request, env, lambda asked: capture_of(asked, env, sections), show)
    return ExitStatus.OK


def _store_for(request: Request) -> Revealed | None:
    """Where values may go; None unless `--reveal` asks for them."""
    if not request.reveal:
        return None
    from kubectl_podx.model.revealed import Revealed

    return Revealed()


def _reveal(request: Request, env: Environment, reports: list[PodReport], found: Revealed) -> None:
    """The values below the report, and on standard error what they are."""
    from kubectl_podx.render.text import revealed_text

    shown = revealed_text(reports, found, everything=request.format == "wide")
    env.say(
        f"--reveal: the output ends with the values of {shown.variables} variables and "
        f"{shown.files} files that a report hides. Anyone who sees it knows them."
        if shown.text
        else "--reveal: there is no value that the report does not show."
    )
    env.write(f"\n{shown.text}" if shown.text else "")


def _import_what_follows(request: Request) -> None:
    """Imports what makes and prints the report, while the answers for it are still on their way."""
    from kubectl_podx.analysis import analyse  # noqa: F401
    from kubectl_podx.sections import folders

    shown = request.query is None and request.format in ("text", "wide")
    if shown:
        from kubectl_podx.render import text  # noqa: F401
    folders.prepare(request.sections, text=shown)


def _sections(request: Request) -> frozenset[str]:
    """What is to be built: what was asked for, and what the format is made of."""
    if request.format == "mermaid":
        from kubectl_podx.render.mermaid import SECTIONS

        return frozenset(SECTIONS)
    return frozenset(request.sections)


def _check_container(capture: Capture, name: str) -> None:
    """A container that no pod has is a mistake of the words, so that no empty report is made."""
    from kubectl_podx.model.reference import Reference
    from kubectl_podx.pod.pod import containers

    known: dict[str, None] = {}
    for pod in capture.pods:
        stored = capture.objects.get(pod.reference)
        known |= {
            entry.name if entry.kind == "app" else f"{entry.name} ({entry.kind})": None
            for entry in containers((stored.body if stored else None) or {})
        }
    names = {each.partition(" ")[0] for each in known}
    if capture.pods and name not in names:
        pod_name = Reference.of_key(capture.pods[0].reference).name
        whose = f"pod {quoted(pod_name)}" if len(capture.pods) == 1 else "any of the pods"
        raise PodxError(
            f"container {quoted(name)} is not valid for {whose} out of: "
            + (", ".join(map(quoted, known)) or "none")
        )


def printed_report(request: Request, env: Environment, document: Document) -> str:
    """The report in the format that was asked for."""
    single = document.kind == "PodReport"
    reports = _pods(document)
    shown = answered(request, document)
    if shown is not None:
        return shown
    if request.format == "name":
        from kubectl_podx.render.document import names

        return names(reports)
    if request.format == "mermaid":
        from kubectl_podx.render.mermaid import mermaid

        return mermaid(reports)
    if request.format == "html":
        from kubectl_podx.render.html import html

        if document.kind != "PodReport":
            return html(document)
        from kubectl_podx.sections.report import PodReportList

        alone = PodReportList(
            metadata=document.metadata, verdict=document.verdict, items=[document]
        )
        return html(alone, single=True)
    terminal = env.terminal(request.colors, headers=not request.no_headers)
    wide = request.format == "wide"
    if request.format == "table" or (request.as_table and wide):
        from kubectl_podx.render.text import tables
        from kubectl_podx.sections.table import KEYS

        sections = request.sections or KEYS
        shown = tables(reports, sections, terminal=terminal, wide=wide, several=not single)
        if not shown and reports:
            env.say(f"No {', '.join(sections)} to show.")
        if single and request.output is None and sections == ("timeline",):
            from kubectl_podx.render.text import charts

            # With `-o table` there is the table alone, for a script.
            return charts(reports, terminal) + shown
        return shown
    everything = bool(request.sections)
    if document.kind == "PodReport":
        from kubectl_podx.render.text import text

        return text(reports, terminal, everything=everything, wide=wide)
    from kubectl_podx.render.workload import several_text

    return several_text(
        document, terminal, all_pods=request.all_pods, everything=everything, wide=wide
    )


def _say_not_seen(document: Document, env: Environment) -> None:
    """A table has no place for it, and a missing row must not read as "there is none"."""
    from kubectl_podx.render.text import coverage_line

    reports = _pods(document)
    if document.kind != "PodReport" and (not reports or document.verdict.severity in BAD):
        env.say(f"{document.verdict.severity.upper()}: {document.verdict.summary}")
    pods = Counter(
        line
        for each in reports
        for line in {coverage_line(row) for row in each.coverage if row.state != "full"}
    )
    for line, count in pods.items():
        env.say(f"Not checked: {line}" + (f" ({count} pods)" if count > 1 else ""))


def _pods(document: Document) -> list[PodReport]:
    """The reports on pods in it."""
    return [document] if document.kind == "PodReport" else document.items


def status_of(capture: Capture) -> int:
    """The exit status that a report on the whole capture has with `--exit-code`."""
    from kubectl_podx.analysis.analyse import analyse
    from kubectl_podx.analysis.workloads import document

    return status_of_document(document(capture, analyse(capture)))


def _is_done(document: PodReportList | WorkloadReport) -> bool:
    """A Job that is complete: what its pods went through on the way is past."""
    job = document.workload.job if document.kind == "WorkloadReport" else None
    return job is not None and job.state == "complete"


def status_of_document(document: Document) -> int:
    """The status with `--exit-code`: of the verdicts and all findings."""
    words: set[str] = {document.verdict.severity}
    if document.kind == "PodReport":
        words |= {found.severity for found in document.findings or []}
    elif not _is_done(document):
        words |= {report.verdict.severity for report in document.items}
        words |= {found.severity for report in document.items for found in report.findings or []}
        if document.kind == "WorkloadReport":
            words |= {found.severity for found in document.findings}
    return ExitStatus.of_severities(words)

"""The report as one page: self-contained, without a network, readable without JavaScript.

Everything that is put into it passes through one function, `_put`, which cleans and escapes it;
only markup that this room has made itself is left as it is.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from markupsafe import Markup

from kubectl_podx.analysis.reports import WorkloadReport
from kubectl_podx.generated.explain import codes
from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.words import SEVERITIES
from kubectl_podx.render.html import sections
from kubectl_podx.render.text import not_checked
from kubectl_podx.render.workload import workload_lines
from kubectl_podx.sections.report import Distinction, PodReport, PodReportList
from kubectl_podx.view.escape import clean
from kubectl_podx.view.units import NONE, ago

Several = PodReportList | WorkloadReport
MOST_WHOLE = 50
"""So many pods have their whole report on a page, the worst ones; all stand in the index."""
_FOLDER = Path(__file__).with_name("page")


class PodPage(NamedTuple):
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
    style, script = _text("style.css"), _text("script.js")
    page = _template().render(
        style=Markup(style),  # noqa: S704 - our own sheet
        script=Markup(script),  # noqa: S704 - our own script
        policy=_policy(style, script),
        title=_title(found, single=single),
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
    # In any locale standard output can write it, and a browser reads it in any encoding.
    return page.encode("ascii", "xmlcharrefreplace").decode()


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


def _policy(style: str, script: str) -> str:
    """Nothing is loaded from anywhere; only this sheet and this script are taken."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_digest(style)}'",
            f"script-src '{_digest(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
        )
    )


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _put(value: Any) -> Any:
    """What an expression of the template becomes: cleaned text, or markup of our own."""
    if value is None or isinstance(value, jinja2.Undefined):
        raise jinja2.UndefinedError("the page names a value that is not there")
    return value if isinstance(value, Markup) else clean(str(value))


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_text),
        autoescape=True,
        finalize=_put,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")

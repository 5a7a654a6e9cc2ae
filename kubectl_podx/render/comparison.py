"""A comparison for a person: a sentence, then only what differs."""

from __future__ import annotations

from kubectl_podx.analysis.reports import ComparisonReport, Difference
from kubectl_podx.model.terminal import Terminal
from kubectl_podx.view.layout import aligned, paint
from kubectl_podx.view.page import Page
from kubectl_podx.view.units import NONE, counted

_MOST_COLUMNS = 4


def text(report: ComparisonReport, terminal: Terminal, *, wide: bool = False) -> str:
    """The outliers first; all values of all pods where they fit, or where all is wanted."""
    page = Page(terminal, None)
    lines = [_head(report, terminal), ""]
    if report.differences:
        side_by_side = wide or len(report.pods) <= _MOST_COLUMNS
        rows = _columns(report) if side_by_side else _grouped(report)
        lines += [*aligned(rows[0], rows[1:], color=terminal.color), ""]
    if report.notes:
        lines.append("Not compared:")
        lines += [line for note in report.notes for line in page.say(note)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _head(report: ComparisonReport, terminal: Terminal) -> str:
    pods = counted(len(report.pods), "pod")
    found = len(report.differences)
    if not found:
        unseen = ", as far as they could be seen" if report.notes else ""
        return f"{pods} agree in all of {counted(report.compared, 'fact')}{unseen}"
    odd = list(dict.fromkeys(label for one in report.differences for label in one.outliers))
    head = f"{pods} differ in {found} of {counted(report.compared, 'fact')}"
    if odd:
        head += f"; apart from the others: {', '.join(odd)}"
    elif len(report.pods) > 2:
        head += "; no pod stands apart from a majority"
    (line,) = aligned([], [[head]])
    return paint(line, "bold", allowed=terminal.color)


def _columns(report: ComparisonReport) -> list[list[str]]:
    heads = ["FACT", "CONTAINER", *(pod.label for pod in report.pods)]
    return [heads, *([one.fact, one.container or NONE, *one.values] for one in report.differences)]


def _grouped(report: ComparisonReport) -> list[list[str]]:
    """For many pods: who stands apart, with what, and what the others have."""
    rows = [["FACT", "CONTAINER", "APART", "HAS", "OTHERS"]]
    return rows + [_group(one, report) for one in report.differences]


def _group(one: Difference, report: ComparisonReport) -> list[str]:
    labels = [pod.label for pod in report.pods]
    groups: dict[str, list[str]] = {}
    for label, value in zip(labels, one.values, strict=True):
        groups.setdefault(value, []).append(label)
    if not one.outliers:
        spread = ", ".join(f"{value} ({len(pods)})" for value, pods in groups.items())
        return [one.fact, one.container or NONE, NONE, spread, NONE]
    apart = {value: pods for value, pods in groups.items() if set(pods) & set(one.outliers)}
    others = [f"{value} ({len(pods)})" for value, pods in groups.items() if value not in apart]
    return [
        one.fact,
        one.container or NONE,
        ", ".join(one.outliers),
        ", ".join(apart),
        ", ".join(others),
    ]

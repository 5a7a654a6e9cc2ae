"""`triage -w`: the list of the sick again, whenever pods change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from kubectl_podx.cli.follow import Pace, Sight, watch

if TYPE_CHECKING:
    from kubectl_podx.analysis.reports import TriageReport
    from kubectl_podx.cli.environment import Environment
    from kubectl_podx.cli.request import Request

# A scan reads all pods: in a large cluster, where some pod always changes, most time is rest.
_SHORTEST_REST = 2.0
_REST_FOR_EACH_SECOND = 8.0
# A pod that hangs changes nothing, and is sick all the same after a while.
_LONGEST = 60.0

Rendered = Callable[["TriageReport", "Request", "Environment"], str]


def watch_triage(
    values: Mapping[str, Any],
    request: Request,
    env: Environment,
    look: Callable[[], TriageReport],
    rendered: Rendered,
) -> None:
    """Prints the report now and after changes, until it is interrupted.

    On a terminal each scan is shown, elsewhere only one with other rows than the last.
    """
    from kubectl_podx.capture.targets import Targets

    before: list[tuple[object, ...]] | None = None

    def sight() -> Sight:
        nonlocal before
        report = look()
        rows = _rows(report)
        news = rows != before
        before = rows
        return Sight(rendered(report, request, env), report.metadata.captured_at, None, news)

    targets = Targets(
        words=(),
        selector=values["selector"] or "",
        field_selector=values["field_selector"] or "",
        all_namespaces=values["all_namespaces"],
    )
    watch(request, env, targets, sight, _pace)


def _pace(took: float) -> Pace:
    return Pace(max(_SHORTEST_REST, _REST_FOR_EACH_SECOND * took), _LONGEST)


def _rows(report: TriageReport) -> list[tuple[object, ...]]:
    """What a reader would call news: who is sick of what, and how many pods."""
    return [
        (row.namespace, row.kind, row.name, row.symptom, row.cause, row.severity, row.pods)
        for row in report.rows
    ]

"""Rules about downward API values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from kubectl_podx.rules.fixes import restart
from kubectl_podx.rules.rule import Case, Hit, Rule
from kubectl_podx.sections.downward.report import DownwardRow

_DOCS = "https://kubernetes.io/docs/concepts/workloads/pods/downward-api/"
_RESIZE = "https://kubernetes.io/docs/tasks/configure-pod-container/resize-container-resources/"


def _groups(case: Case, keep: Callable[[DownwardRow], bool]) -> Iterator[list[DownwardRow]]:
    found: dict[str, list[DownwardRow]] = {}
    for row in case.report.downward_api or []:
        if keep(row):
            found.setdefault(row.container, []).append(row)
    yield from found.values()


def _evidence(rows: list[DownwardRow]) -> tuple[str, ...]:
    return tuple(
        f"{row.name} ({row.field}): {row.observed}, now {row.current or 'another value'}"
        + (f"; {row.reason}" if row.reason else "")
        for row in rows[:5]
    )


def _names(rows: list[DownwardRow]) -> str:
    return ", ".join(row.name for row in rows[:4])


def _is_resource(row: DownwardRow) -> bool:
    return row.field.startswith(("limits.", "requests."))


def _frozen_field(case: Case) -> Iterable[Hit]:
    for rows in _groups(case, lambda r: r.state == "frozen" and not _is_resource(r)):
        yield Hit(
            f"{_names(rows)} in container {rows[0].container} is older than the pod",
            _evidence(rows),
            container=rows[0].container,
            fix=restart(case),
        )


def _stale_resource(case: Case) -> Iterable[Hit]:
    for rows in _groups(case, lambda r: r.state == "frozen" and _is_resource(r)):
        yield Hit(
            f"{_names(rows)} in container {rows[0].container} is not its current resource",
            _evidence(rows),
            container=rows[0].container,
            fix=restart(case),
        )


def _stuck_file(case: Case) -> Iterable[Hit]:
    for rows in _groups(case, lambda r: r.form == "file" and r.state == "stuck"):
        yield Hit(
            f"{_names(rows)} in container {rows[0].container} does not follow the pod",
            _evidence(rows),
            rows[0].container,
        )


_LIMITS = {"limits.memory": "memory", "limits.cpu": "cpu"}


def _of_the_node(case: Case) -> Iterable[Hit]:
    """Where no limit is set, `limits.memory` and `limits.cpu` are what the node has to give."""

    def unlimited(row: DownwardRow) -> bool:
        entry = case.view.container(row.container)
        resource = _LIMITS.get(row.field, "")
        return (
            bool(resource)
            and entry is not None
            and not entry.limit(resource)
            and not case.view.api.limit(resource)
        )

    for rows in _groups(case, unlimited):
        fields = sorted({row.field for row in rows})
        yield Hit(
            f"{_names(rows)} in container {rows[0].container} "
            f"{'holds' if len(rows) == 1 else 'hold'} what the node has to give: "
            f"resources.{' and resources.'.join(fields)} {'is' if len(fields) == 1 else 'are'} "
            "not set",
            tuple(f"{row.name} ({row.field}): {row.observed or 'not read'}" for row in rows[:5]),
            rows[0].container,
        )


RULES: tuple[Rule, ...] = (
    Rule(
        code="DWN001",
        section="downwardAPI",
        severity="warning",
        title="A variable or subPath file holds an older label, annotation or field of the pod",
        meaning="Downward API variables are resolved at every container start and never again; "
        "only files of a whole volume follow the pod.",
        known_by="the environment or file in the container against the pod in the API",
        remedy="Restart the containers, or read the value from a downward API volume.",
        link=_DOCS,
        check=_frozen_field,
    ),
    Rule(
        code="DWN002",
        section="downwardAPI",
        severity="warning",
        title="A variable holds a resource from before a resize",
        meaning="The container was resized in place, or the node's allocatable changed: what the "
        "program derives from this variable (heap, threads) is of the old size.",
        known_by="the environment in the container against the resources of the pod in the API",
        remedy="Restart the container so that it takes the new size.",
        link=_RESIZE,
        check=_stale_resource,
    ),
    Rule(
        code="DWN003",
        section="downwardAPI",
        severity="warning",
        title="A downward API file does not follow the pod",
        meaning="Every change of the pod makes the kubelet write these files at once; this one is "
        "overdue, or the refresh of its volume fails.",
        known_by="digests that differ, and the time of the pod's last write or a FailedMount event",
        remedy="Repair what the evidence names; the kubelet goes on by itself.",
        link=_DOCS,
        check=_stuck_file,
    ),
    Rule(
        code="DWN010",
        section="downwardAPI",
        severity="info",
        title="A variable holds the node's capacity instead of a limit",
        meaning="resourceFieldRef to a limit that is not set gives the node's allocatable: a heap "
        "or a number of threads that is made of it is far too large for the container's share.",
        known_by="resourceFieldRef, and resources.limits of the container and the pod.",
        remedy="Set the limit, or read requests instead.",
        link=_DOCS,
        check=_of_the_node,
    ),
)

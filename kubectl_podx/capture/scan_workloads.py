"""Workloads that lack pods or runs, page after page: nothing else of them is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from kubectl_podx.capture.calls import outcome_of_error
from kubectl_podx.capture.plan import list_workloads
from kubectl_podx.capture.scan import pages
from kubectl_podx.cluster.paths import api_path
from kubectl_podx.model.clock import parse_http_date
from kubectl_podx.model.parts import Coverage
from kubectl_podx.model.raw import Json, text
from kubectl_podx.pod.gate import NotAListError, raw_items
from kubectl_podx.pod.lacking import lack, superseded
from kubectl_podx.pod.sick import GroupKey, Lacking, workload_above
from kubectl_podx.pod.workload import SCANNED, is_complete

if TYPE_CHECKING:
    from kubectl_podx.capture.planned import PlannedCall
    from kubectl_podx.cluster.server import ApiServer

_ANYTHING = msgspec.json.Decoder()
_BROKEN = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)


class Workloads(Struct, frozen=True):
    """What the scan has found."""

    lacking: Mapping[GroupKey, Lacking]
    coverage: list[Coverage]
    scanned: int
    complete: frozenset[str]
    """`NAMESPACE/NAME` of the Jobs that are Complete: their failed pods are earlier tries."""


def scan_workloads(
    server: ApiServer,
    namespace: str,
    label_selector: str,
    mine: Callable[[str], bool],
) -> Workloads:
    """Lists each kind, in one namespace or in all of them; `mine` says which namespaces count.

    A kind that may not be listed costs its rows and is said in the coverage.
    """
    found = _Found()
    for kind in SCANNED:
        call = list_workloads(kind, namespace)
        try:
            for body, moment in _bodies(server, call, label_selector):
                if mine(text(body, "metadata", "namespace")):
                    found.judge(kind, body, moment)
        except Exception as error:  # noqa: BLE001 - it costs the rows of this kind, nothing else
            found.lost(call, error)
    return Workloads(found.lacking, found.coverage, found.scanned, frozenset(found.complete))


def _bodies(
    server: ApiServer, call: PlannedCall, label_selector: str
) -> Iterator[tuple[Json, datetime | None]]:
    resource = call.reference.resource
    path = api_path(resource.prefix, resource.plural, call.reference.namespace or None)
    query = [("labelSelector", label_selector)] if label_selector else []
    for page in pages(server, path, query):
        try:
            objects = raw_items(page.taken())
        except NotAListError:
            continue
        moment = parse_http_date(page.date)
        # One after the other: 500 of them as Python objects take twice as much as all else does.
        for raw in objects:
            try:
                body = _ANYTHING.decode(raw)
            except _BROKEN:
                continue
            if isinstance(body, dict):
                yield body, moment


class _Found:
    def __init__(self) -> None:
        self.lacking: dict[GroupKey, Lacking] = {}
        self.coverage: list[Coverage] = []
        self.scanned = 0
        self.complete: set[str] = set()
        self._successes: dict[tuple[str, str], str] = {}

    def judge(self, kind: str, body: Json, now: datetime | None) -> None:
        self.scanned += 1
        namespace, name = text(body, "metadata", "namespace"), text(body, "metadata", "name")
        if kind == "CronJob":
            self._successes[namespace, name] = text(body, "status", "lastSuccessfulTime")
        if kind == "Job" and is_complete(body):
            self.complete.add(f"{namespace}/{name}")
        found = lack(kind, body, now)
        if found is None or (kind == "Job" and superseded(body, self._successes)):
            return
        key = GroupKey(namespace, kind, name, found.symptom)
        whole: dict[str, Any] = {"kind": kind, **body}
        self.lacking[key] = Lacking(found.since, found.pods, msgspec.json.encode(whole))

    def lost(self, call: PlannedCall, error: Exception) -> None:
        outcome = outcome_of_error(call, error)
        if outcome.state == "missing":
            return
        self.coverage.append(
            Coverage(
                section="workload",
                state="denied" if outcome.state == "denied" else "partial",
                reason=f"{call.reference.kind} list: {outcome.reason}",
                needs=outcome.needs,
            )
        )


def without_sick_pods(
    lacking: Mapping[GroupKey, Lacking],
    sick: Iterable[GroupKey],
    leaving: AbstractSet[tuple[str, str, str]] = frozenset(),
) -> dict[GroupKey, Lacking]:
    """Without those whose lack is told by a row of sick pods: a failed Job by its pods, and a
    StatefulSet that waits for one of them; and without those of which a pod is being deleted, in a
    rollout or a drain: the next one comes when it is gone.
    """
    owners = {(key.namespace, key.kind, key.name) for key in sick}
    return {
        key: one
        for key, one in lacking.items()
        if key.family != "podsMissing" or (key.namespace, key.kind, key.name) not in leaving
        if key.kind not in ("StatefulSet", "Job")
        or (key.namespace, *workload_above(key.kind, key.name)) not in owners
    }

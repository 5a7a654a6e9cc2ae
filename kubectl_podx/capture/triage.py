"""A triage of many pods: scan all, then look at one pod of each owner and symptom, the worst first.

What a cluster asks for is bounded: however many pods are sick, so many representatives are looked
at with events, logs, node and sources, and the others are judged by the status that the scan read.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from msgspec.structs import replace

from kubectl_podx import __version__
from kubectl_podx.capture import session
from kubectl_podx.capture.calls import outcome_of_error
from kubectl_podx.capture.plan import LookOptions, list_nodes
from kubectl_podx.capture.scan import Progress, Scan, Selection, scan
from kubectl_podx.capture.scan_workloads import Workloads, scan_workloads, without_sick_pods
from kubectl_podx.model.capture import Capture, CapturedPod, CapturedWorkload, StoredObject
from kubectl_podx.model.clock import Deadline, format_time
from kubectl_podx.model.decoder import Decoder
from kubectl_podx.model.parts import Coverage
from kubectl_podx.model.raw import Json, mapping, text
from kubectl_podx.model.reference import Reference
from kubectl_podx.model.words import TriageBasis
from kubectl_podx.pod.gate import body_of
from kubectl_podx.pod.sick import (
    RANK,
    Group,
    GroupKey,
    Lacking,
    Looked,
    NodeState,
    Tally,
    Triaged,
    lack_urgency,
    urgency,
)

if TYPE_CHECKING:
    from kubectl_podx.cluster.access import AccessFlags
    from kubectl_podx.cluster.server import ApiServer

_LIST_TIMEOUT_SHARE = 0.7


class Shard(NamedTuple):
    """One of several runs that share the namespaces of a cluster."""

    number: int
    """From 0."""
    shards: int

    def has(self, namespace: str) -> bool:
        """Whether the namespace is this shard's: by a hash that is the same everywhere."""
        return zlib.crc32(namespace.encode()) % self.shards == self.number


class TriageOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Which pods, and how far they are looked at."""

    all_namespaces: bool = False
    label_selector: str = ""
    field_selector: str = ""
    deep: int = 20
    """How many representatives are looked at with everything that the API tells."""
    inside: int = 0
    """How many of them by exec, too."""
    look: LookOptions = LookOptions()
    """How each of them is looked at."""
    shard: Shard | None = None


class _NodeCondition(msgspec.Struct):
    type: str = ""
    status: str = ""


class _NodeStatus(msgspec.Struct):
    conditions: list[_NodeCondition] | None = None


class _NodeMeta(msgspec.Struct):
    name: str = ""


class _Node(msgspec.Struct):
    metadata: _NodeMeta | None = None
    status: _NodeStatus | None = None


class _Nodes(msgspec.Struct):
    items: list[_Node] | None = None


_NODES = Decoder(_Nodes)
_BROKEN = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)


def take(
    flags: AccessFlags | session.KeptIn,
    options: TriageOptions,
    *,
    deadline: Deadline,
    environ: Mapping[str, str],
    home: str,
    warn: Callable[[str], None],
    progress: Progress = lambda *_: None,
    meanwhile: Callable[[], None] = lambda: None,
) -> Triaged:
    """Scans the pods and looks at the representatives. `meanwhile` is run once while the first page
    travels.

    Raises PodxError where nothing can be told: an unreachable server, pods that may not be listed.
    """
    with session.connected(
        flags, deadline=deadline, environ=environ, home=home, warn=warn, dial=2
    ) as (server, namespace):
        return _Run(server, options, deadline, namespace).all(progress, meanwhile)


class _Run:
    def __init__(
        self, server: ApiServer, options: TriageOptions, deadline: Deadline, namespace: str
    ) -> None:
        self._server = server
        self._options = options
        self._deadline = deadline
        self._namespace = "" if options.all_namespaces else namespace
        self._coverage: list[Coverage] = []
        self._lacking: Mapping[GroupKey, Lacking] = {}
        self._complete: frozenset[str] = frozenset()

    def all(self, progress: Progress, meanwhile: Callable[[], None]) -> Triaged:
        options = self._options
        selection = Selection(
            (self._namespace,) if self._namespace else self._mine(),
            options.label_selector,
            options.field_selector,
        )
        if options.shard is not None and not selection.namespaces:
            found = Scan(tally=Tally(groups={}, on_node={}))
        else:

            def import_what_follows() -> None:
                from kubectl_podx.capture import gather, seal  # noqa: F401, PLC0415

                meanwhile()

            workloads = self._in_background()
            found = scan(self._server, selection, progress, import_what_follows)
            self._take(workloads(), found.tally)
        self._say(found)
        nodes = self._nodes() if found.tally.sick else {}
        captured_at = format_time(found.moment or datetime.now(UTC))
        return Triaged(
            tally=found.tally,
            namespace=self._namespace,
            captured_at=captured_at,
            nodes=nodes,
            looked=self._look(found.tally, captured_at),
            coverage=self._coverage,
            lacking=self._lacking,
        )

    def _in_background(self) -> Callable[[], Workloads | None]:
        """Lists the workloads while the pods are read; what was found when it is called. A field
        selector is about pods.
        """
        options, found = self._options, []
        if options.field_selector:
            return lambda: None
        mine = options.shard.has if options.shard else lambda _: True

        def run() -> None:
            found.append(
                scan_workloads(self._server, self._namespace, options.label_selector, mine)
            )

        thread = threading.Thread(target=run, daemon=True)
        thread.start()

        def wait() -> Workloads | None:
            thread.join(self._deadline.remaining() * _LIST_TIMEOUT_SHARE)
            return found[0] if found else None

        return wait

    def _take(self, workloads: Workloads | None, tally: Tally) -> None:
        if workloads is not None:
            self._complete = workloads.complete
            # Where one of a CronJob's Jobs is complete, its pods do not tell of the others.
            sick = [key for key, group in tally.groups.items() if not group.jobs & self._complete]
            self._lacking = without_sick_pods(workloads.lacking, sick, tally.leaving)
            self._coverage += workloads.coverage
        elif not self._options.field_selector:
            why = "the workloads could not be listed in time"
            self._coverage.append(Coverage(section="workload", state="timedOut", reason=why))

    def _mine(self) -> tuple[str, ...]:
        """The namespaces of this shard, by name; empty without one."""
        shard = self._options.shard
        if shard is None:
            return ()
        from kubectl_podx.capture.scan import pages  # noqa: PLC0415 - only for a shard

        names: list[str] = []
        for page in pages(self._server, "/api/v1/namespaces", ()):
            try:
                decoded = _NODES.decode(page.taken()).items or []
            except _BROKEN:
                decoded = []
            names += [one.metadata.name for one in decoded if one.metadata]
        return tuple(name for name in dict.fromkeys(names) if name and shard.has(name))

    def _say(self, found: Scan) -> None:
        if found.cut:
            self._coverage.append(Coverage(section="triage", state="partial", reason=found.cut))
        if found.moments > 1:
            why = "the server's snapshot expired on the way: the list is not of one moment"
            self._coverage.append(Coverage(section="triage", state="partial", reason=why))

    def _nodes(self) -> dict[str, NodeState]:
        """Every node's Ready condition; empty, and a row of coverage, where they are not told."""
        from kubectl_podx.capture.scan import pages  # noqa: PLC0415

        found: dict[str, NodeState] = {}
        call = list_nodes()
        try:
            for page in pages(self._server, "/api/v1/nodes", ()):
                for node in _NODES.decode(page.taken()).items or []:
                    if node.metadata and node.metadata.name:
                        found[node.metadata.name] = _state(node)
        except Exception as error:  # noqa: BLE001 - it costs the nodes' rows, nothing else
            outcome = outcome_of_error(call, error)
            state = "denied" if outcome.state == "denied" else "partial"
            self._coverage.append(
                Coverage(
                    section="node",
                    state=state,  # type: ignore[arg-type]
                    reason=f"nodes could not be listed: {outcome.reason}",
                    needs=outcome.needs,
                )
            )
        return found

    def _look(self, tally: Tally, captured_at: str) -> Iterator[Looked]:
        """The captures of the representatives, the worst groups with the most in them.

        Those that ask the cluster are made now, the others one by one as they are wanted: nobody
        needs to hold them all.
        """
        worst = sorted(tally.groups.items(), key=lambda item: urgency(*item))
        known = [(key, group) for key, group in worst if group.body is not None]
        lacking = sorted(self._lacking.items(), key=lambda item: lack_urgency(*item))
        inside = self._options.inside
        deep = max(self._options.deep, inside)
        # The worst of both, so many in all.
        ranks = sorted(
            [*(urgency(*one)[0] for one in known), *(lack_urgency(*one)[0] for one in lacking)]
        )
        last = ranks[deep - 1] if 0 < deep <= len(ranks) else len(RANK)
        wanted = [one for one in lacking if lack_urgency(*one)[0] <= last][:deep]
        more = max(inside, deep - len(wanted))
        parts: list[tuple[TriageBasis, list[tuple[GroupKey, Group]]]] = [
            ("inside", known[:inside]),
            ("api", known[inside:more]),
        ]
        asked = [self._captured(basis, part, captured_at) for basis, part in parts if part]
        if wanted:
            asked.append(self._captured_workloads(wanted, captured_at))
        rest = [one for one in lacking if one not in wanted]
        return chain(
            asked,
            by_status(known[more:], captured_at, self._complete),
            lack_by_status(rest, captured_at),
        )

    def _captured_workloads(self, part: list[tuple[GroupKey, Lacking]], captured_at: str) -> Looked:
        from kubectl_podx.capture.gather import Gatherer  # noqa: PLC0415 - late: it is slow

        bodies, keys = workload_bodies(part)
        look = replace(self._options.look, exec_allowed=False)
        bound = self._deadline.within(self._deadline.remaining() * _LIST_TIMEOUT_SHARE)
        gatherer = Gatherer(self._server, look, bound)
        return Looked("api", keys, gatherer.capture_workloads(bodies, captured_at))

    def _captured(
        self, basis: TriageBasis, part: list[tuple[GroupKey, Group]], captured_at: str
    ) -> Looked:
        from kubectl_podx.capture.gather import Gatherer  # noqa: PLC0415 - late: it is slow

        pods: dict[Reference, Json] = {}
        keys: dict[str, GroupKey] = {}
        for key, group in part:
            body = body_of(group.body)
            pods[_reference(body)] = body
            keys[_reference(body).key] = key
        options = self._options
        look = replace(options.look, exec_allowed=basis == "inside")
        bound = self._deadline.within(self._deadline.remaining() * _LIST_TIMEOUT_SHARE)
        self._server.dial_ahead(min(look.max_in_flight, 8))
        gatherer = Gatherer(self._server, look, bound)
        return Looked(basis, keys, gatherer.capture_known(pods, captured_at))


def by_status(
    groups: Iterable[tuple[GroupKey, Group]],
    captured_at: str,
    complete: AbstractSet[str] = frozenset(),
) -> Iterator[Looked]:
    """A Capture of each representative, and of its Job that is complete no more than that. What is
    told by a status alone needs no managed fields, which are most of a pod.
    """
    for key, group in groups:
        body = body_of(group.body)
        metadata = mapping(body, "metadata")
        metadata.pop("managedFields", None)
        body["metadata"] = metadata
        reference = _reference(body)
        captured = sealed({reference: body}, captured_at)
        if group.jobs and group.jobs <= complete:
            for job in group.jobs:
                stored = StoredObject(reference=f"Job/{job}", state="present", body=_COMPLETE)
                captured.objects[stored.reference] = stored
        yield Looked("status", {reference.key: key}, captured)


_COMPLETE: dict[str, Any] = {"status": {"conditions": [{"type": "Complete", "status": "True"}]}}


def workload_bodies(
    part: Iterable[tuple[GroupKey, Lacking]],
) -> tuple[dict[Reference, Json], dict[str, GroupKey]]:
    """The workloads of these rows, and whose row each is."""
    bodies: dict[Reference, Json] = {}
    keys: dict[str, GroupKey] = {}
    for key, lacking in part:
        reference = Reference(key.kind, key.namespace, key.name)
        bodies[reference] = msgspec.json.decode(lacking.body)
        keys[reference.key] = key
    return bodies, keys


def lack_by_status(part: Iterable[tuple[GroupKey, Lacking]], captured_at: str) -> Iterator[Looked]:
    """A Capture of each workload and nothing else."""
    from kubectl_podx.capture.seal import Sealer  # noqa: PLC0415 - late: it is slow

    for one in part:
        bodies, keys = workload_bodies([one])
        sealer = Sealer()
        capture = Capture(
            podx_version=__version__,
            captured_at=captured_at,
            workloads=[CapturedWorkload(reference=reference.key) for reference in bodies],
            objects={r.key: sealer.keep(r, body) for r, body in bodies.items()},
        )
        yield Looked("status", keys, capture)


def sealed(pods: Mapping[Reference, Json], captured_at: str) -> Capture:
    """A Capture of nothing but these pods."""
    from kubectl_podx.capture.seal import Sealer  # noqa: PLC0415 - late: it is slow

    sealer = Sealer()
    return Capture(
        podx_version=__version__,
        captured_at=captured_at,
        pods=[
            CapturedPod(reference=reference.key, uid=text(body, "metadata", "uid"))
            for reference, body in pods.items()
        ],
        objects={reference.key: sealer.keep(reference, body) for reference, body in pods.items()},
    )


def _reference(body: Json) -> Reference:
    return Reference("Pod", text(body, "metadata", "namespace"), text(body, "metadata", "name"))


def _state(node: _Node) -> NodeState:
    conditions = (node.status.conditions if node.status else None) or []
    ready = next((one.status for one in conditions if one.type == "Ready"), "")
    return {"True": "ready", "False": "notReady"}.get(ready, "unknown")  # type: ignore[return-value]

"""A scan of all pods for what is older than its source: page by page, each source once, and of
ConfigMaps and Secrets the metadata alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from kubectl_podx import __version__
from kubectl_podx.capture import plan_drift, session
from kubectl_podx.capture.calls import Outcome, outcome_of_error, perform_read, send_all
from kubectl_podx.capture.names import METADATA, METADATA_LIST
from kubectl_podx.capture.plan import LookOptions, get_version
from kubectl_podx.capture.planned import PlannedCall
from kubectl_podx.capture.scan import ahead, pages
from kubectl_podx.capture.targets import kind_of
from kubectl_podx.capture.triage import Shard
from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.cluster.paths import api_path
from kubectl_podx.drift.found import Drifted
from kubectl_podx.drift.gate import (
    BROKEN,
    PodGate,
    pods_of_page,
    source_of,
    sources_of_page,
    workloads_of_page,
)
from kubectl_podx.drift.tally import GroupKey, OldTemplate, OwnerKey, Tally, old_template
from kubectl_podx.drift.uses import SourceFacts, SourceKey, facts_of, uses_of
from kubectl_podx.model.capture import Capture
from kubectl_podx.model.clock import Deadline, format_time, parse_http_date
from kubectl_podx.model.errors import UsageError
from kubectl_podx.model.parts import Coverage, Metadata
from kubectl_podx.model.raw import Json, text
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod.gate import bodies_of_page, body_of

if TYPE_CHECKING:
    from kubectl_podx.capture.session import KeptIn
    from kubectl_podx.cluster.access import AccessFlags
    from kubectl_podx.cluster.server import ApiServer

_T = TypeVar("_T")
_SOURCES = {"configmap": "ConfigMap", "configmaps": "ConfigMap", "cm": "ConfigMap"}
_SOURCES |= {"secret": "Secret", "secrets": "Secret"}
_NO_LIST = "the server answered with something that is no list"
_MOST_CERTIFICATES = 200


class Wanted(Struct, frozen=True):
    """What the words name: one source, or workloads and pods; nothing for all."""

    source: tuple[str, str] | None = None
    owners: tuple[tuple[str, str], ...] = ()


def wanted(words: tuple[str, ...]) -> Wanted:
    """`secret/NAME`, `deploy/web`, `web-0`. Raises UsageError for other words."""
    owners: list[tuple[str, str]] = []
    source: tuple[str, str] | None = None
    for word in words:
        kind_word, slash, name = word.partition("/")
        if not slash:
            owners.append(("Pod", word))
            continue
        if not name or "/" in name:
            raise UsageError("arguments in resource/name form must have a single resource and name")
        kind = _SOURCES.get(kind_word.lower())
        if kind:
            source = (kind, name)
            continue
        above = kind_of(kind_word)
        if above is None or above == "Service":
            raise UsageError(
                "drift takes a workload or pod, or secret/NAME or configmap/NAME to see who uses it"
            )
        owners.append((above, name))
    if source and (owners or len(words) > 1):
        raise UsageError("drift takes one Secret or ConfigMap, and nothing beside it")
    return Wanted(source, tuple(owners))


class DriftOptions(Struct, frozen=True):
    """Which pods, and how far they are looked at."""

    all_namespaces: bool = False
    label_selector: str = ""
    field_selector: str = ""
    words: tuple[str, ...] = ()
    inside: int = 0
    """In how many doubtful pods to look by exec."""
    look: LookOptions = LookOptions()
    shard: Shard | None = None


def take(
    flags: AccessFlags | KeptIn,
    options: DriftOptions,
    *,
    deadline: Deadline,
    environ: Mapping[str, str],
    home: str,
    warn: Callable[[str], None],
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Drifted:
    """Scans the pods. Raises PodxError where they may not be listed, or no server answers."""
    asked = wanted(options.words)
    with session.connected(
        flags, deadline=deadline, environ=environ, home=home, warn=warn, dial=4
    ) as (server, namespace):
        run = _Run(server, options, asked, "" if options.all_namespaces else namespace, deadline)
        return run.all(progress)


class _Run:
    def __init__(
        self,
        server: ApiServer,
        options: DriftOptions,
        asked: Wanted,
        namespace: str,
        deadline: Deadline,
    ) -> None:
        self._server = server
        self._options = options
        self._asked = asked
        self._namespace = namespace
        self._deadline = deadline
        self._coverage: list[Coverage] = []
        self._moment: datetime | None = None
        self._by_name: dict[str, str] = {}
        """Kinds that may not be listed, with the missing right."""
        self._known: dict[SourceKey, SourceFacts] = {}
        self._read_once: set[SourceKey] = set()

    def all(self, progress: Callable[[int, int], None]) -> Drifted:
        sources, unread = self._sources()
        self._known = sources
        only = (
            (self._asked.source[0], self._namespace, self._asked.source[1])
            if self._asked.source
            else None
        )
        tally = Tally(sources, unread, only=only, keeps=self._keeps)
        self._scan(tally, progress)
        templates = [] if only else self._templates(tally)
        expiries = self._expiries(tally)
        captured_at = format_time(self._moment or datetime.now(UTC))
        version = self._version()
        return Drifted(
            metadata=Metadata(
                captured_at=captured_at,
                source="live",
                server_version=version,
                podx_version=__version__,
            ),
            namespace=self._namespace,
            source=self._asked.source,
            exists=only is None or only in sources or bool(unread),
            tally=tally,
            templates=templates,
            expiries=expiries,
            looked=self._look(tally, captured_at),
            coverage=self._coverage,
        )

    def _keeps(self, owner: OwnerKey, pod: str) -> bool:
        shard, owners = self._options.shard, self._asked.owners
        if shard is not None and not shard.has(owner.namespace):
            return False
        return not owners or (owner.kind, owner.name) in owners or ("Pod", pod) in owners

    # -- sources -----------------------------------------------------------------------------------

    def _sources(self) -> tuple[dict[SourceKey, SourceFacts], set[str]]:
        """What the metadata of every source tells, and the kinds that could not be read."""
        found: dict[SourceKey, SourceFacts] = {}
        unread: set[str] = set()
        if self._asked.source is not None:
            kind, name = self._asked.source
            calls = [plan_drift.one_source(Reference(kind, self._namespace, name))]
        else:
            calls = plan_drift.source_lists(self._namespace)
        for call in calls:
            try:
                if call.kind == "get":
                    self._one_source(call.reference, found)
                else:
                    self._all_sources(call.reference, found)
            except Exception as error:  # noqa: BLE001 - it costs the rows of this kind, nothing else
                outcome = outcome_of_error(call, error)
                if outcome.state == "missing":
                    continue
                if outcome.state == "denied" and call.kind == "list":
                    # Whoever may not list them may be allowed to read one by its name.
                    self._by_name[call.reference.kind] = outcome.needs
                    continue
                unread.add(call.reference.kind)
                self._lost(f"{call.reference.kind}s", outcome.state, outcome.reason, outcome.needs)
        return found, unread

    def _all_sources(self, where: Reference, found: dict[SourceKey, SourceFacts]) -> None:
        resource = where.resource
        path = api_path(resource.prefix, resource.plural, where.namespace or None)
        for page in ahead(pages(self._server, path, (), METADATA_LIST)):
            for one in _read(sources_of_page, page.taken()):
                meta = one.metadata
                if meta is not None:
                    found[where.kind, meta.namespace, meta.name] = facts_of(one)

    def _one_source(self, where: Reference, found: dict[SourceKey, SourceFacts]) -> None:
        resource = where.resource
        path = api_path(resource.prefix, resource.plural, where.namespace, where.name)
        answer = self._server.get(path, (), METADATA)
        try:
            found[where.kind, where.namespace, where.name] = facts_of(source_of(answer.body))
        except BROKEN:
            raise ClusterError("failed", _NO_LIST) from None

    # -- pods --------------------------------------------------------------------------------------

    def _scan(self, tally: Tally, progress: Callable[[int, int], None]) -> None:
        options = self._options
        given = (
            ("labelSelector", options.label_selector),
            ("fieldSelector", options.field_selector),
        )
        query = [pair for pair in given if pair[1]]
        path = api_path("api/v1", "pods", self._namespace or None)
        chunks = ahead(pages(self._server, path, query))
        try:
            for page in chunks:
                self._moment = self._moment or parse_http_date(page.date)
                if page.again:
                    self._lost("pods", "partial", "the list expired and could not be continued", "")
                    break
                self._page(page.taken(), tally)
                progress(tally.scanned, len(tally.groups))
        except ClusterError as error:
            if not tally.scanned:
                raise
            why = outcome_of_error(plan_drift.pods(self._namespace), error).reason
            self._lost("pods", "partial", f"the list ended early: {why}", "")

    def _page(self, body: bytes, tally: Tally) -> None:
        wants: dict[int, list[GroupKey]] = {}
        pods = _read(pods_of_page, body)
        if self._by_name:
            self._read_by_name(pods, tally)
        for at, pod in enumerate(pods):
            keys = tally.add(pod)
            if keys and self._options.inside:
                wants[at] = keys
        if wants:
            for at, whole in bodies_of_page(body, list(wants)).items():
                for key in wants[at]:
                    group = tally.groups[key]
                    group.bodies = [*group.bodies, whole]

    def _read_by_name(self, pods: list[PodGate], tally: Tally) -> None:
        """The metadata of what these pods use, each source once, where no list may be had."""
        wanted: dict[SourceKey, None] = {
            (use.kind, pod.metadata.namespace, use.name): None
            for pod in pods
            if pod.metadata is not None
            for use in uses_of(pod)
            if use.kind in self._by_name
        }
        calls = [
            plan_drift.one_source(Reference(*key)) for key in wanted if key not in self._read_once
        ]
        self._read_once |= wanted.keys()
        outcomes = send_all(
            calls,
            self._metadata_of,
            in_flight=self._options.look.max_in_flight,
            deadline=self._deadline,
        )
        for outcome in outcomes.values():
            kind, namespace, name = outcome.call.reference
            if outcome.state == "ok":
                self._known[kind, namespace, name] = outcome.answer
            elif outcome.state == "denied" and kind in self._by_name:
                self._lost(f"{kind}s", "denied", "forbidden", self._by_name.pop(kind))
                tally.unread.add(kind)
            elif outcome.state != "missing":
                tally.failed.add((kind, namespace, name))

    def _metadata_of(self, call: PlannedCall) -> Outcome:
        found: dict[SourceKey, SourceFacts] = {}
        self._one_source(call.reference, found)
        return Outcome(call, "ok", answer=next(iter(found.values())))

    def _templates(self, tally: Tally) -> list[OldTemplate]:
        found = []
        for call in plan_drift.owner_lists(self._namespace):
            resource = call.reference.resource
            path = api_path(resource.prefix, resource.plural, self._namespace or None)
            try:
                for page in pages(self._server, path, ()):
                    for one in _read(workloads_of_page, page.taken()):
                        old = old_template(call.reference.kind, one, tally)
                        if old is not None:
                            found.append(old)
            except Exception as error:  # noqa: BLE001 - it costs the rows of this kind, nothing else
                outcome = outcome_of_error(call, error)
                if outcome.state != "missing":
                    what = f"templates of {call.reference.kind}s"
                    self._lost(what, outcome.state, outcome.reason, outcome.needs)
        return found

    # -- what is asked of single objects -----------------------------------------------------------

    def _expiries(self, tally: Tally) -> dict[SourceKey, str]:
        """When the certificates end that running pods mount. Of these Secrets the content is read,
        and sealed: what goes on is a date.
        """
        from kubectl_podx.capture.seal import Sealer  # noqa: PLC0415 - late: it is slow

        found: dict[SourceKey, str] = {}
        sources = sorted(tally.certificates)
        for source in sources[:_MOST_CERTIFICATES]:
            call = plan_drift.certificate(Reference(*source))
            try:
                stored = Sealer().open(call.reference, perform_read(self._server, call).answer)
            except Exception as error:  # noqa: BLE001 - it costs this row, nothing else
                outcome = outcome_of_error(call, error)
                if outcome.state == "denied":
                    self._lost("certificates", "denied", outcome.reason, outcome.needs)
                    break
                continue
            ends = [key.not_after for key in (stored.keys or {}).values() if key.not_after]
            if ends:
                found[source] = min(ends)
        if len(sources) > _MOST_CERTIFICATES:
            why = f"only {_MOST_CERTIFICATES} of {len(sources)} Secrets with certificates were read"
            self._lost("certificates", "partial", why, "")
        return found

    def _look(self, tally: Tally, captured_at: str) -> Capture | None:
        """A look inside of the doubtful pods, at most so many as were asked for."""
        if not self._options.inside:
            return None
        pods: dict[Reference, Json] = {}
        for raw in _bodies(tally):
            body = body_of(raw)
            meta = (text(body, "metadata", "namespace"), text(body, "metadata", "name"))
            pods.setdefault(Reference("Pod", *meta), body)
            if len(pods) >= self._options.inside:
                break
        if not pods:
            return None
        from kubectl_podx.capture.gather import Gatherer  # noqa: PLC0415 - late: it is slow

        self._server.dial_ahead(min(self._options.look.max_in_flight, 8))
        gatherer = Gatherer(self._server, self._options.look, self._deadline)
        return gatherer.capture_known(pods, captured_at)

    def _version(self) -> str:
        from kubectl_podx.capture.seal import Sealer  # noqa: PLC0415 - late: it is slow

        try:
            answer = perform_read(self._server, get_version()).answer
        except ClusterError:
            return ""
        return Sealer().server_version(answer) or ""

    def _lost(self, what: str, state: str, reason: str, needs: str) -> None:
        row = Coverage(
            section="drift",
            state="denied" if state == "denied" else "partial",
            reason=f"{what}: {reason}",
            needs=needs,
        )
        if row not in self._coverage:
            self._coverage.append(row)


def _bodies(tally: Tally) -> Iterator[bytes]:
    """First one pod of each group, then the others."""
    groups = [group for group in tally.groups.values() if group.bodies]
    for at in range(max((len(group.bodies) for group in groups), default=0)):
        yield from (group.bodies[at] for group in groups if at < len(group.bodies))


def _read(decode: Callable[[bytes], list[_T]], body: bytes) -> list[_T]:
    try:
        return decode(body)
    except BROKEN:
        raise ClusterError("failed", _NO_LIST) from None

"""All pods, page after page, through a gate that keeps only the sick. Memory does not grow.

The next page travels while this one is decoded.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.cluster.paths import api_path
from kubectl_podx.model.clock import parse_http_date
from kubectl_podx.model.decoder import Decoder
from kubectl_podx.model.reference import RESOURCES
from kubectl_podx.pod.gate import NotAListError, bodies_of_page, gates_of_page, packed
from kubectl_podx.pod.sick import Group, Tally, symptom

if TYPE_CHECKING:
    from kubectl_podx.cluster.server import ApiServer

PAGE = 500
"""Pods of one page, as kubectl asks for them."""
Progress = Callable[[int, int], None]
"""Told after each page: pods so far, sick ones among them."""
_NO_LIST = "the server answered with something that is no list"


class _Head(msgspec.Struct, rename={"continues": "continue"}):
    continues: str | None = None


class _Page(msgspec.Struct):
    metadata: _Head | None = None


_HEAD = Decoder(_Page)


# Of so many groups the representatives are kept as they came; more are packed.
_PLAIN_BODIES = 400


class Selection(Struct, frozen=True):
    """Which pods."""

    namespaces: tuple[str, ...]
    """Empty for all of them, in one list."""
    label_selector: str = ""
    field_selector: str = ""

    def query(self) -> list[tuple[str, str]]:
        """The selectors as the API takes them."""
        asked = (
            ("labelSelector", self.label_selector),
            ("fieldSelector", self.field_selector),
        )
        return [pair for pair in asked if pair[1]]


class Scan(msgspec.Struct):
    """What came of it."""

    tally: Tally
    moment: datetime | None = None
    """Of the first page, by the server's clock."""
    cut: str = ""
    """Why the list ends early; empty where it is whole."""
    moments: int = 1
    """More than one where a snapshot expired on the way: the list is not of one moment."""


class _Chunk(Struct):
    """One page as it travels; `again` where everything before it has to be forgotten."""

    body: bytes
    date: str | None
    renewed: bool = False
    again: bool = False

    def taken(self) -> bytes:
        """The body, which is forgotten: a loop keeps its page while it waits for the next one."""
        body, self.body = self.body, b""
        return body


def scan(
    server: ApiServer,
    selection: Selection,
    progress: Progress = lambda *_: None,
    meanwhile: Callable[[], None] = lambda: None,
) -> Scan:
    """Reads all pods of the selection. `meanwhile` is run once while the first page travels.

    Raises ClusterError where the first page cannot be read. Later trouble ends the list early,
    and `cut` says so.
    """
    found = Scan(tally=Tally(groups={}, on_node={}))
    namespaces: Sequence[str | None] = selection.namespaces or (None,)
    alone = len(namespaces) == 1
    for at, namespace in enumerate(namespaces):
        path = api_path(RESOURCES["Pod"].prefix, RESOURCES["Pod"].plural, namespace)
        chunks = ahead(pages(server, path, selection.query()))
        if not at:
            meanwhile()
        try:
            _one_list(chunks, found, progress, alone=alone)
        except ClusterError as error:
            if not found.tally.scanned and at == 0:
                raise
            if namespace is None or error.kind in ("timedOut", "unreachable"):
                where = f" in namespace {namespace} and those after it" if namespace else ""
                found.cut = f"the list of pods ended early{where}: {error}"
                break
            # A namespace that has just gone, or that may not be read, costs its own rows.
            found.cut = f"pods of namespace {namespace} could not be listed: {error}"
    return found


def _one_list(chunks: Iterator[_Chunk], found: Scan, progress: Progress, *, alone: bool) -> None:
    for chunk in chunks:
        if chunk.again:
            if not alone:
                raise ClusterError("failed", "the list expired and could not be continued")
            found.tally = Tally(groups={}, on_node={})
        found.moments += chunk.renewed
        moment = parse_http_date(chunk.date)
        found.moment = found.moment or moment
        _judge(chunk.taken(), found.tally, moment or found.moment)
        progress(found.tally.scanned, found.tally.sick)


def _judge(body: bytes, tally: Tally, now: datetime | None) -> None:
    wanted: dict[int, Group] = {}
    try:
        gates = gates_of_page(body)
    except NotAListError:
        raise ClusterError("failed", _NO_LIST) from None
    for at, gate in enumerate(gates):
        group = tally.add(gate, symptom(gate, now))
        if group is not None:
            wanted[at] = group
    if wanted:
        many = len(tally.groups) > _PLAIN_BODIES
        for at, whole in bodies_of_page(body, list(wanted)).items():
            wanted[at].body = packed(whole) if many else whole


def pages(
    server: ApiServer,
    path: str,
    query: Sequence[tuple[str, str]],
    accept: str = "application/json",
) -> Iterator[_Chunk]:
    """The pages of a list, and where a snapshot was replaced by a newer one.

    The server keeps a list's snapshot for five minutes or so. Then it answers 410 with a token
    that continues in a newer one (apiserver `ListOptions.continue`); a server that names none makes
    the list start over, which is done once.
    """
    token, renewed, again, restarted = "", False, False, False
    while True:
        asked = [*query, ("limit", str(PAGE)), *((("continue", token),) if token else ())]
        try:
            answer = server.get(path, asked, accept=accept, bulk=True)
        except ClusterError as error:
            if error.kind != "expired" or not token or (restarted and not error.continue_token):
                raise
            token = error.continue_token
            renewed, again = True, not token
            restarted = restarted or again
            continue
        try:
            head = _HEAD.decode(answer.body).metadata
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            raise ClusterError("failed", _NO_LIST) from None
        chunk = _Chunk(answer.body, answer.date, renewed, again)
        # Nor does this one keep what was taken.
        del answer
        yield chunk
        renewed = again = False
        token = (head.continues or "") if head else ""
        if not token:
            return


def ahead(chunks: Iterator[_Chunk]) -> Iterator[_Chunk]:
    """The same chunks, the next one fetched by a thread of its own while this one is used.

    The first is on its way when this returns. An error comes where its chunk would have come.
    Whoever stops early leaves the thread to die with its connection.
    """
    ready: queue.Queue[_Chunk | Exception | None] = queue.Queue(maxsize=1)
    stopped = threading.Event()

    def put(what: _Chunk | Exception | None) -> None:
        while not stopped.is_set():
            try:
                ready.put(what, timeout=0.1)
            except queue.Full:
                continue
            return

    def fetch() -> None:
        try:
            for chunk in chunks:
                put(chunk)
                if stopped.is_set():
                    return
            put(None)
        except Exception as error:  # noqa: BLE001 - it is raised again by whoever reads
            put(error)

    def read() -> Iterator[_Chunk]:
        try:
            while (chunk := ready.get()) is not None:
                if isinstance(chunk, Exception):
                    raise chunk
                yield chunk
        finally:
            stopped.set()

    threading.Thread(target=fetch, daemon=True).start()
    return read()

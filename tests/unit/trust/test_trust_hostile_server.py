"""A server whose answers are right but for one: whole runs, from the first request to the report.

A small run is part of `make test`; `make fuzz` makes many (PODX_FUZZ).
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kit
from kit.fake_server import DATE, FakeServer
from kit.fuzzed import GENERATED
from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.capture.gather import Gatherer
from kubectl_podx.capture.plan import LookOptions
from kubectl_podx.capture.targets import Targets
from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.cluster.exec_protocol import ExecResult
from kubectl_podx.cluster.server import Answer
from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.errors import PodxError
from kubectl_podx.render.document import to_json
from kubectl_podx.render.text import text
from kubectl_podx.view.layout import Terminal

EXAMPLES = int(os.environ.get("PODX_FUZZ", "60"))
SECRET = "canary-7f3a-hunter2"
"""The value of the recorded Secret, which no output may hold."""
DEADLINE = 10.0
MOST_CPU = DEADLINE + 1
"""Seconds: work that follows the answers counts, and a busy machine does not."""
EVERY = (
    *("/pods/everything", "/configmaps/", "/secrets/", "/nodes/", "/version", "/metrics/probes"),
    *("/log", "/events", "/services", "/endpointslices", "metrics.k8s.io", "exec"),
)
LIMITLESS = (10**30, -(2**63), 1e308, 2**31, -1, 0)
TIMES = ("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z", "2026-13-45T99:99:99Z", "now", "")
TEXTS = (
    "\x1b[2J",
    "../../secrets/x",
    "\u202e",
    "a" * 70_000,
    "\ud83d",
    "null",
    "{{.}}",
    "x\ny",
    "",
)
NAMES = ("__class__", "<script>", "a.b/c", "", "\x00", "metadata", "items", "password")


class Place(NamedTuple):
    """One value within a document."""

    within: Any
    key: Any


def places(value: Any) -> Iterator[Place]:
    several = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in list(several):
        yield Place(value, key)
        if isinstance(each, dict | list):
            yield from places(each)


def gone(at: Place, _: random.Random) -> None:
    del at.within[at.key]


def another_type(at: Place, chance: random.Random) -> None:
    at.within[at.key] = chance.choice((None, True, 7, 1.5, "x", [], {}, [[]], {"": None}, [None]))


def without_bounds(at: Place, chance: random.Random) -> None:
    at.within[at.key] = chance.choice(LIMITLESS)


def another_time(at: Place, chance: random.Random) -> None:
    at.within[at.key] = chance.choice(TIMES)


def another_text(at: Place, chance: random.Random) -> None:
    at.within[at.key] = chance.choice(TEXTS)


def nested(at: Place, chance: random.Random) -> None:
    value = at.within[at.key]
    for _ in range(chance.choice((3, 60, 900))):
        value = [value] if chance.random() < 0.5 else {"a": value}
    at.within[at.key] = value


def very_many(at: Place, chance: random.Random) -> None:
    value, count = at.within[at.key], chance.choice((3, 50, 2000))
    if isinstance(value, dict):
        at.within[at.key] = {**value, **{f"key-{number}": "v" for number in range(count)}}
    else:
        at.within[at.key] = [*(value if isinstance(value, list) else [value])] * count


def renamed(at: Place, chance: random.Random) -> None:
    if isinstance(at.within, dict):
        at.within[chance.choice(NAMES)] = at.within.pop(at.key)
    else:
        at.within.insert(0, at.within[at.key])


def swapped(at: Place, chance: random.Random) -> None:
    other = chance.choice(list(at.within) if isinstance(at.within, dict) else range(len(at.within)))
    at.within[at.key], at.within[other] = at.within[other], at.within[at.key]


KINDS: tuple[Callable[[Place, random.Random], None], ...] = (
    *(gone, another_type, without_bounds, another_time, another_text, nested, very_many),
    *(renamed, swapped),
)


def bytes_lost(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data) + 1)
    return data[:start] + data[start + chance.choice((1, 5, 200, 1 << 20)) :]


def bytes_doubled(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data) + 1)
    return data[: start + 100] + data[start:]


def bytes_flipped(data: bytes, chance: random.Random) -> bytes:
    several = bytearray(data)
    for _ in range(min(len(several), chance.choice((1, 8, 100)))):
        several[chance.randrange(len(several))] = chance.randrange(256)
    return bytes(several)


def another_page(_: bytes, chance: random.Random) -> bytes:
    return chance.choice((b"", b"null", b"[]", b"<html>", b'"x"', b"7", b"{" * 5000, b"\xff" * 90))


RAW: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    *(bytes_lost, bytes_doubled, bytes_flipped, another_page),
)


class HostileServer(FakeServer):
    """Of all its answers to requests of one kind, something is wrong."""

    def __init__(self, part: str, seed: int) -> None:
        super().__init__()
        self.part = part
        self.chance = random.Random(seed)  # noqa: S311 - to be made again from its seed
        told = {"first": "2026-11-25T02:01:00Z", "last": "2026-11-25T02:09:00Z"}
        self.lists = {
            "events": [
                kit.event("Unhealthy", "Liveness probe failed: timeout", count=3, **told),
                kit.event("Killing", "Container app failed liveness probe, will be restarted"),
            ],
            "services": [{"metadata": {"name": "web"}, "spec": {"selector": {"app": "shop"}}}],
        }

    def get(self, path: str, query: Any = (), **more: Any) -> Answer:
        found = super().get(path, query, **more)
        return Answer(found.status, self.wrong(path, found.body), found.date)

    def list_pages(self, path: str, query: Any = ()) -> Iterator[Answer]:
        for page in super().list_pages(path, query):
            body = json.loads(page.body)
            body["items"] = self.lists.get(path.rpartition("/")[2], [])
            yield Answer(page.status, self.wrong(path, json.dumps(body).encode()), DATE)

    def exec(
        self, namespace: str, pod: str, container: str, command: Sequence[str], **more: Any
    ) -> ExecResult:
        found = super().exec(namespace, pod, container, command, **more)
        if self.part != "exec":
            return found
        output = self.chance.choice(RAW)(found.stdout, self.chance)
        return found._replace(stdout=output)

    def wrong(self, path: str, body: bytes) -> bytes:
        if self.part not in path:
            return body
        try:
            document = json.loads(body)
        except ValueError:
            document = None
        if not isinstance(document, dict) or self.chance.random() < 0.2:
            return self.chance.choice(RAW)(body, self.chance)
        for _ in range(self.chance.choice((1, 1, 3, 8))):
            several = list(places(document))
            if several:
                self.chance.choice(KINDS)(self.chance.choice(several), self.chance)
        return json.dumps(document).encode()


def whole_run(part: str, seed: int) -> str:
    """What is printed of such a run: the report in two formats, or what the error says."""
    gatherer = Gatherer(
        HostileServer(part, seed),  # type: ignore[arg-type]
        LookOptions(log_lines=10),
        Deadline(DEADLINE),
    )
    try:
        capture = gatherer.capture(Targets(words=("everything",)), "lead")
    except (PodxError, ClusterError) as error:
        return str(error)
    found = analyse(capture)
    return to_json(found) + text(found.items, Terminal(), wide=True)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(part=st.sampled_from(EVERY), seed=st.integers(0, 2**32))
def test_one_wrong_answer(part: str, seed: int) -> None:
    GENERATED["answers of a server"] = GENERATED.get("answers of a server", 0) + 1
    begun = time.process_time()
    printed = whole_run(part, seed)
    assert time.process_time() - begun < MOST_CPU
    assert SECRET not in printed
    assert "\x1b" not in printed


@pytest.mark.parametrize("part", EVERY)
def test_each_part_is_asked_for(part: str) -> None:
    """Else the runs above would try nothing of it."""
    server = HostileServer("nothing", 1)
    gatherer = Gatherer(server, LookOptions(log_lines=10), Deadline(DEADLINE))  # type: ignore[arg-type]
    gatherer.capture(Targets(words=("everything",)), "lead")
    assert any(part in path for path in server.asked)

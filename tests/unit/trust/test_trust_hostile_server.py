"""A server whose answers are right but for one: whole runs, from the first request to the report.

A small run is part of `make test`; `make fuzz` makes many (PODX_FUZZ).
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import kit
from kit.fake_server import DATE, FakeServer
from kit.fuzzed import GENERATED
from kit.mutations import RAW, encoded, spoiled
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


spent: dict[str, float] = {"seconds": 0.0}
"""Of the processor, by the server for making its answers: that is none of podx's."""


def podx_seconds() -> float:
    """Seconds of the processor, without those of the server."""
    return time.process_time() - spent["seconds"]


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
        return replace(found, stdout=output)

    def wrong(self, path: str, body: bytes) -> bytes:
        if self.part not in path:
            return body
        try:
            document = json.loads(body)
        except ValueError:
            document = None
        if not isinstance(document, dict) or self.chance.random() < 0.2:
            return self.chance.choice(RAW)(body, self.chance)
        begun = time.process_time()
        spoiled(document, self.chance)
        made = encoded(document)
        spent["seconds"] += time.process_time() - begun
        return made


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
    max_examples=max(5, EXAMPLES // 2),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(part=st.sampled_from(EVERY), seed=st.integers(0, 2**32))
def test_one_wrong_answer(part: str, seed: int) -> None:
    GENERATED["answers of a server"] = GENERATED.get("answers of a server", 0) + 1
    begun = podx_seconds()
    printed = whole_run(part, seed)
    assert podx_seconds() - begun < MOST_CPU
    assert SECRET not in printed
    assert "\x1b" not in printed


@pytest.mark.parametrize("part", EVERY)
def test_each_part_is_asked_for(part: str) -> None:
    """Else the runs above would try nothing of it."""
    server = HostileServer("nothing", 1)
    gatherer = Gatherer(server, LookOptions(log_lines=10), Deadline(DEADLINE))  # type: ignore[arg-type]
    gatherer.capture(Targets(words=("everything",)), "lead")
    assert any(part in path for path in server.asked)


@pytest.mark.parametrize(
    ("part", "seed"),
    [
        # Probe times of 64 bits, whose product was no number of JSON any more.
        ("/pods/everything", 3507285),
        # Six thousand containers, each held against each.
        ("/pods/everything", 1519),
    ],
)
def test_what_went_wrong_once(part: str, seed: int) -> None:
    begun = podx_seconds()
    assert SECRET not in whole_run(part, seed)
    assert podx_seconds() - begun < MOST_CPU

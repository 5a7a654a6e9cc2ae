"""The requests of one whole run, counted where they arrive: they are those of the plan."""

from __future__ import annotations

import io
import json
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from kubectl_podx.capture.plan import LookOptions, PlannedCall, pod_calls
from kubectl_podx.cli.environment import Environment
from kubectl_podx.cli.funnel import main
from kubectl_podx.model.clock import format_time
from kubectl_podx.model.reference import RESOURCES, Reference

RECORDED = json.loads(
    (Path(__file__).parents[1] / "capture" / "recorded" / "everything.json").read_text()
)
POD = Reference("Pod", "lead", "everything")
_FORBIDDEN = {"kind": "Status", "status": "Failure", "reason": "Forbidden", "message": "no"}


class Server(ThreadingHTTPServer):
    """Has the recorded pod with its objects, and lets nobody look inside."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: Counter[str] = Counter()
        self.lock = threading.Lock()

    def body(self, path: str) -> tuple[int, Any]:
        if path == "/version":
            return 200, {"gitVersion": "v1.37.2"}
        if path == "/api/v1/namespaces/lead/pods/everything":
            return 200, RECORDED["pod"]
        if path == path_of(Reference("PodMetrics", "lead", "everything")):
            return 200, {
                "kind": "PodMetrics",
                "metadata": {"name": "everything", "namespace": "lead"},
                "timestamp": format_time(datetime.now(UTC)),
                "containers": [{"name": "app", "usage": {"memory": "6120Ki"}}],
            }
        for each in RECORDED["objects"]:
            meta = each["metadata"]
            reference = Reference(each["kind"], meta.get("namespace", ""), meta["name"])
            if path == path_of(reference):
                return 200, each
        if path.rpartition("/")[2] in {"events", "services", "endpointslices"}:
            return 200, {"kind": "List", "items": []}
        return 403, _FORBIDDEN


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        with self.server.lock:
            self.server.asked[path] += 1
        status, body = self.server.body(path)
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as http.server has it
        """Quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True).start()
        yield running
        running.shutdown()


def path_of(reference: Reference, *more: str) -> str:
    resource = RESOURCES[reference.kind]
    parts = ["", resource.prefix]
    if resource.namespaced:
        parts += ["namespaces", reference.namespace]
    parts.append(resource.plural)
    return "/".join([*parts, *([reference.name] if reference.name else []), *more])


def planned_path(call: PlannedCall) -> str:
    match call.kind:
        case "list":
            return path_of(Reference(call.reference.kind, call.reference.namespace, ""))
        case "exec" | "log":
            return path_of(call.reference, call.kind)
        case "metrics":
            return path_of(call.reference, "proxy", "metrics", "probes")
        case _:
            return path_of(call.reference)


def asked_by(server: Server, *words: str) -> Counter[str]:
    out, err = io.StringIO(), io.StringIO()
    flags = ["--server", f"http://127.0.0.1:{server.server_address[1]}", "-n", "lead"]
    env = Environment(stdout=out, stderr=err, variables={}, home="/nowhere")
    assert main(["describe", "everything", *flags, *words], env) == 0, err.getvalue()
    return server.asked


@pytest.mark.parametrize("exec_allowed", [True, False])
def test_one_report_asks_for_the_plan_and_nothing_else(server: Server, exec_allowed: bool) -> None:
    plan = pod_calls(POD, RECORDED["pod"], LookOptions(exec_allowed=exec_allowed))
    # The kubelet is asked only for what the metrics do not tell.
    expected = Counter(planned_path(call) for call in plan if call.kind != "stats")
    # The pod, and not once more, as every exec is refused; the version.
    expected[path_of(POD)] += 1
    expected["/version"] += 1
    assert asked_by(server, *([] if exec_allowed else ["--no-exec"])) == expected


def test_a_section_asks_for_its_part_of_the_plan(server: Server) -> None:
    plan = pod_calls(POD, RECORDED["pod"], LookOptions(sections=frozenset({"lifecycle"})))
    expected = Counter(map(planned_path, plan))
    expected[path_of(POD)] += 1
    expected["/version"] += 1
    assert asked_by(server, "--section", "lifecycle") == expected

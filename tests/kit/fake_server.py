"""A server of plain Python for whole runs of the gatherer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.cluster.exec_protocol import ExecResult
from kubectl_podx.cluster.server import Answer

RECORDED = Path(__file__).parents[1] / "unit/capture/recorded"
DATE = "Wed, 25 Nov 2026 02:10:00 GMT"
Fault = Callable[[str], None]


class FakeServer:
    """Serves the recorded pod and its objects; counts what it is asked."""

    def __init__(self, **changes: Any) -> None:
        recorded = json.loads((RECORDED / "everything.json").read_text())
        self.pod = {**recorded["pod"], **changes}
        self.bodies: dict[str, Any] = {"/api/v1/namespaces/lead/pods/everything": self.pod}
        for body in recorded["objects"]:
            plural = {"ConfigMap": "configmaps", "Secret": "secrets", "Node": "nodes"}[body["kind"]]
            where = "" if body["kind"] == "Node" else "namespaces/lead/"
            self.bodies[f"/api/v1/{where}{plural}/{body['metadata']['name']}"] = body
        self.bodies["/apis/metrics.k8s.io/v1beta1/namespaces/lead/pods/everything"] = {
            "kind": "PodMetrics",
            "metadata": {"name": "everything", "namespace": "lead"},
            "timestamp": "2026-11-25T02:09:40Z",
            "containers": [{"name": "app", "usage": {"cpu": "1m", "memory": "6120Ki"}}],
        }
        self.asked: list[str] = []
        self.dialled = 0
        self.fault: Fault = lambda _: None
        self.after_the_look: dict[str, Any] | None = None
        self._looked = False

    def expect_execs(self, count: int) -> None:
        self.expected = count

    def dial_ahead(self, count: int) -> None:
        self.dialled = count

    def get(self, path: str, query: Any = (), **_: Any) -> Answer:
        self.asked.append(path)
        self.fault(path)
        if path == "/version":
            return Answer(200, b'{"gitVersion":"v1.37.2"}', DATE)
        if path.endswith("/metrics/probes"):
            return Answer(200, b"", DATE)
        if path.endswith("/log"):
            return Answer(200, b"a line\n", DATE)
        body = self.bodies.get(unquote(path))
        if self._looked and self.after_the_look is not None and path.endswith("/pods/everything"):
            body = self.after_the_look
        if not body:
            raise ClusterError("notFound", f"Error from server (NotFound): {path}")
        return Answer(200, json.dumps(body).encode(), DATE)

    def list_pages(self, path: str, query: Any = ()) -> Iterator[Answer]:
        self.asked.append(path)
        self.fault(path)
        plural = path.rpartition("/")[2]
        kind = {
            "events": "Event",
            "services": "Service",
            "endpointslices": "EndpointSlice",
            "replicasets": "ReplicaSet",
            "pods": "Pod",
        }[plural]
        yield Answer(200, json.dumps({"kind": f"{kind}List", "items": []}).encode(), DATE)

    def exec(
        self, namespace: str, pod: str, container: str, command: Sequence[str], **more: Any
    ) -> ExecResult:
        self.asked.append(f"exec {container}")
        self.fault(f"exec {container}")
        self._looked = True
        nonce = more["stdin"].partition(b"podx_nonce=")[2].partition(b"\n")[0]
        if container == "plain":
            message = 'exec failed: exec: "sh": executable file not found in $PATH'
            return ExecResult(b"", b"", None, "InternalError", message, False)
        through = b"podx_target=''" not in more["stdin"]
        name = "look-dash.bin" if container == "neighbour" else "look-busybox.bin"
        if through:
            name = "look-through-neighbour.bin"
        output = (RECORDED / name).read_bytes().replace(b"podx-recorded", nonce)
        return ExecResult(output, b"", 0, "", "", False)

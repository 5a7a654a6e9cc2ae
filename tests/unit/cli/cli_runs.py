"""What the tests of the command line share: a run's result, and captures to read."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from kubectl_podx.model.capture import Call, Capture, CapturedPod, StoredObject


class Result(NamedTuple):
    """What one run left behind."""

    status: int
    out: str
    err: str


Run = Callable[..., Result]


def pod(name: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "uid": f"uid-{name}"},
        "spec": {
            "initContainers": [{"name": "setup", "image": "busybox:1.36"}],
            "containers": [{"name": "app", "image": "nginx:1.27"}, {"name": "log"}],
        },
        "status": {
            "phase": "Running",
            "containerStatuses": [
                {
                    "name": "app",
                    "ready": True,
                    "restartCount": 0,
                    "state": {"running": {"startedAt": "2026-11-23T11:00:00Z"}},
                }
            ],
        },
    }


def capture(*names: str) -> Capture:
    return Capture(
        podx_version="0.1.0",
        captured_at="2026-11-23T12:00:00Z",
        server_version="v1.37.2",
        pods=[
            CapturedPod(
                reference=f"Pod/shop/{name}",
                uid=f"uid-{name}",
                calls=[
                    Call(
                        id=f"get ConfigMap/shop/{name}",
                        sections=["files"],
                        state="denied",
                        reason="forbidden",
                        needs="get configmaps",
                        seconds=0.012,
                    )
                ],
            )
            for name in names
        ],
        objects={
            f"Pod/shop/{name}": StoredObject(
                reference=f"Pod/shop/{name}", state="present", body=pod(name)
            )
            for name in names
        },
    )

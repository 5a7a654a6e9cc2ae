"""What the tests of the command line share: a run's result, and captures to read."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import kit
from kit import Json
from kubectl_podx.model.capture import Call, Capture


class Result(NamedTuple):
    """What one run left behind."""

    status: int
    out: str
    err: str


Run = Callable[..., Result]


def web(name: str) -> Json:
    """The pod that the runs read: an init container, and two containers of which one has begun."""
    app = kit.status(kit.running("2026-11-23T11:00:00Z"), ready=True, restartCount=0)
    return kit.pod(
        kit.container("app", status=app, image="nginx:1.27"),
        kit.container("log"),
        inits=[kit.container("setup", image="busybox:1.36")],
        name=name,
        uid=f"uid-{name}",
    )


def capture(*names: str) -> Capture:
    """A capture of such pods, each with one call that was denied."""

    def denied(name: str) -> Call:
        return kit.call(
            "get",
            f"ConfigMap/shop/{name}",
            sections=["files"],
            state="denied",
            reason="forbidden",
            needs="get configmaps",
            seconds=0.012,
        )

    bodies = [web(name) for name in names]
    return kit.capture_of(
        [(kit.captured(body, calls=[denied(body["metadata"]["name"])]), body) for body in bodies],
        podx_version="0.1.0",
        captured_at="2026-11-23T12:00:00Z",
        server_version="v1.37.2",
    )

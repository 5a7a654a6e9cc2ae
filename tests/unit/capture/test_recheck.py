"""The second reading of a pod: while its execs run, where that proves as much, else after them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from kit.fake_server import FakeServer
from kubectl_podx.capture.gather import Gatherer
from kubectl_podx.capture.plan import LookOptions
from kubectl_podx.capture.targets import Targets
from kubectl_podx.cluster.exec_protocol import ExecResult
from kubectl_podx.cluster.server import Answer
from kubectl_podx.model.capture import Capture
from kubectl_podx.model.clock import Deadline

PATH = "/api/v1/namespaces/lead/pods/everything"


class Watched(FakeServer):
    """A pod of one container with a shell; an exec tells of its first output when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        spec, status = dict(self.pod["spec"]), dict(self.pod["status"])
        spec["containers"] = [one for one in spec["containers"] if one["name"] == "app"]
        status["containerStatuses"] = [
            one for one in status["containerStatuses"] if one["name"] == "app"
        ]
        self.pod = self.bodies[PATH] = {**self.pod, "spec": spec, "status": status}
        self.readings = 0
        self.read_again = threading.Event()
        self.running = False
        self.read_while_running: list[bool] = []
        self.result: Callable[[ExecResult], ExecResult] = lambda result: result
        self.says_so = True

    def get(self, path: str, query: Any = (), **more: Any) -> Answer:
        found = super().get(path, query, **more)
        if path == PATH:
            self.readings += 1
            self.read_while_running.append(self.running)
            if self.readings == 2:
                self.read_again.set()
        return found

    def exec(self, *words: Any, **more: Any) -> ExecResult:
        if more["stdin"] is None:
            return ExecResult(b"", b"", 0, "", "", False)
        self.running = True
        if self.says_so:
            more["begun"]()
            # The pod is read before this exec has ended, or the test fails here.
            assert self.read_again.wait(20) or self.readings > 1
        result = super().exec(*words, **more)
        self.running = False
        return self.result(result)


def run(server: Watched, **wish: Any) -> Capture:
    gatherer = Gatherer(server, LookOptions(**wish), Deadline(20))  # type: ignore[arg-type]
    return gatherer.capture(Targets(words=("everything",)), "lead")


def test_the_pod_is_read_again_while_the_exec_runs() -> None:
    server = Watched()
    capture = run(server)
    assert server.read_while_running == [False, True]
    assert [one.state for one in capture.pods[0].observations] == ["observed"]
    assert capture.pods[0].disturbed == ""


def test_an_exec_that_never_said_a_word_is_followed_by_a_reading() -> None:
    server = Watched()
    server.says_so = False
    run(server)
    assert server.read_while_running == [False, False]


def test_what_changed_before_the_exec_began_is_found() -> None:
    """The container was another one already when the exec got its first output out."""
    server = Watched()
    later = {**server.pod, "status": {**server.pod["status"]}}
    (status,) = later["status"]["containerStatuses"]
    again = {**status, "restartCount": status["restartCount"] + 1, "containerID": "containerd://x"}
    later["status"]["containerStatuses"] = [again]

    class Restarted(Watched):
        def get(self, path: str, query: Any = (), **more: Any) -> Answer:
            if path == PATH and self.readings:
                self.bodies[PATH] = later
            return super().get(path, query, **more)

    capture = run(Restarted())
    assert "restarted during inspection" in capture.pods[0].disturbed
    assert [one.state for one in capture.pods[0].observations] == ["unobservable"]


@pytest.mark.parametrize(
    "ended",
    [
        ExecResult(b"podx", b"", 137, "NonZeroExitCode", "", False),
        ExecResult(b"podx", b"", None, "ConnectionLost", "connection lost", False),
        ExecResult(b"", b"", None, "DeadlineExceeded", "", False),
    ],
)
def test_after_an_exec_that_broke_off_the_pod_is_read_once_more(ended: ExecResult) -> None:
    """It may have ended with its container, which only a reading after it can tell."""
    server = Watched()
    server.result = lambda _: ended
    # The kubelet tells at once, so that nobody waits for it.
    status = dict(server.pod["status"]["containerStatuses"][0])
    status["restartCount"] += 1
    gone = {**server.pod, "status": {**server.pod["status"], "containerStatuses": [status]}}

    class Gone(Watched):
        def get(self, path: str, query: Any = (), **more: Any) -> Answer:
            if path == PATH and self.readings >= 2:
                self.bodies[PATH] = gone
            return super().get(path, query, **more)

    told = Gone()
    told.result = lambda _: ended
    capture = run(told)
    assert told.read_while_running[:3] == [False, True, False]
    assert "restarted during inspection" in capture.pods[0].disturbed


def test_probes_that_were_run_after_the_looks_make_it_be_read_after_them() -> None:
    server = Watched()
    run(server, probe_runs=1)
    assert server.read_while_running[-1] is False
    assert server.readings >= 3


def test_one_request_at_a_time_is_no_two() -> None:
    server = Watched()
    server.says_so = False
    run(server, max_in_flight=1)
    assert server.read_while_running == [False, False]

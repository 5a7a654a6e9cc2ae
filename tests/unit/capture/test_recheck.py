"""The second reading of a pod: while its execs run, where that proves as much, else after them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

import kit
from kit.fake_server import RECORDED, FakeServer
from kubectl_podx.capture.gather import Gatherer
from kubectl_podx.capture.plan import LookOptions
from kubectl_podx.capture.recheck import shows_its_instance
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


class Far(Watched):
    """The second reading is under way for as long as the test wants."""

    def __init__(self, started: str = "") -> None:
        super().__init__()
        self.may_answer = threading.Event()
        self.waited_for = threading.Event()
        if started:
            (status,) = self.pod["status"]["containerStatuses"]
            status["state"] = {"running": {"startedAt": started}}

    def get(self, path: str, query: Any = (), **more: Any) -> Answer:
        if path == PATH and self.readings:
            self.readings += 1
            self.read_again.set()
            self.waited_for.set()
            self.may_answer.wait(20)
            return FakeServer.get(self, path, query, **more)
        return super().get(path, query, **more)


def test_a_look_that_shows_its_instance_waits_for_no_reading() -> None:
    """The recorded main process began in the second of `startedAt`, 42 s before the look."""
    server = Far()
    capture = run(server)
    assert not server.may_answer.is_set()
    assert server.readings == 2
    assert [one.state for one in capture.pods[0].observations] == ["observed"]
    assert capture.pods[0].disturbed == ""
    server.may_answer.set()


@pytest.mark.parametrize(
    "started",
    # Of an instance before it, of one after it, and of one that is too young to be sure of.
    ["2026-11-25T01:58:00Z", "2026-11-25T02:02:31Z", "2026-11-25T02:01:46Z"],
)
def test_a_look_into_another_instance_waits_for_the_reading(started: str) -> None:
    server = Far(started)
    done = threading.Event()
    found: list[Capture] = []

    def look() -> None:
        found.append(run(server))
        done.set()

    looking = threading.Thread(target=look)
    looking.start()
    assert server.waited_for.wait(20)
    # Whoever did not wait would be done by now.
    assert not done.wait(0.3)
    server.may_answer.set()
    looking.join(20)
    assert [one.state for one in found[0].pods[0].observations] == ["observed"]


def raw(output: bytes, started: str = "2026-11-25T02:01:51Z") -> Any:
    from kubectl_podx.capture.calls import Outcome
    from kubectl_podx.capture.plan import pod_calls
    from kubectl_podx.model.reference import Reference

    call = next(
        one
        for one in pod_calls(Reference("Pod", "lead", "everything"), Watched().pod, LookOptions())
        if one.kind == "exec"
    )
    look = kit.raw_look(output, nonce="podx-recorded", since=started)
    return Outcome(call, "ok", answer=look)


RECORDING = (RECORDED / "look-busybox.bin").read_bytes()


@pytest.mark.parametrize(
    ("output", "started", "sure"),
    [
        (RECORDING, "2026-11-25T02:01:51Z", True),
        (RECORDING, "2026-11-25T02:01:54Z", True),
        (RECORDING, "2026-11-25T02:01:46Z", False),
        (RECORDING, "2026-11-25T02:02:20Z", False),
        (RECORDING, "", False),
        (RECORDING, "yesterday", False),
        (RECORDING.replace(b"\nmain 14\n", b"\nmain \n"), "2026-11-25T02:01:51Z", False),
        (RECORDING.replace(b"\nmain 14\n", b"\nmain 99\n"), "2026-11-25T02:01:51Z", False),
        (RECORDING.replace(b"recorded uptime", b"recorded x"), "2026-11-25T02:01:51Z", False),
        (RECORDING.replace(b"recorded processes", b"recorded x"), "2026-11-25T02:01:51Z", False),
        (b"", "2026-11-25T02:01:51Z", False),
    ],
)
def test_what_shows_that_a_look_is_of_the_instance_of_the_status(
    output: bytes, started: str, sure: bool
) -> None:
    assert shows_its_instance(raw(output, started)) is sure


def test_a_main_process_that_has_just_begun_shows_nothing() -> None:
    """The kubelet may not have told of it yet, only of one that began in the same second."""
    young = RECORDING.replace(b"\n1795572153", b"\n1795572125")
    assert young != RECORDING
    assert not shows_its_instance(raw(young))

"""Reasons in what a container may use: memory, its heap, open files, processes, PID 1."""

from __future__ import annotations

from typing import Any

import pytest

import kit
from kit.reason_cases import because, looping, mounted, report_of
from kit.restart_cases import at
from kubectl_podx.model.capture import Headroom, Mount, Sealed, Variable
from kubectl_podx.pod.heap import Heap, heaps
from kubectl_podx.sections.report import PodReport

LIMIT = {"resources": {"limits": {"memory": "512Mi"}}}
MIB = 1 << 20


def killed(*lines: str, spec: dict[str, Any] | None = None, **pod: Any) -> PodReport:
    """A container that was OOM-killed at its limit of 512 MiB."""
    variables = pod.pop("variables", {})
    found = [
        Variable(name=name, declared=Sealed(digest=value, size=len(value), text=value))
        for name, value in variables.items()
    ]
    env = [{"name": name, "value": value} for name, value in variables.items()]
    declared = {**LIMIT, "env": env, **(spec or {})}
    body = looping(code=137, reason="OOMKilled", spec=declared, **pod)
    return report_of(body, *lines, declared_variables={"app": found})


@pytest.mark.parametrize(
    ("words", "variables", "found"),
    [
        (["java", "-Xmx512m"], {}, [Heap("-Xmx512m", "w", 512 * MIB)]),
        (
            [],
            {"JAVA_OPTS": "-Xms1g -Xmx2G -Xss1m"},
            [Heap("-Xmx2G", "variable JAVA_OPTS", 2 << 30)],
        ),
        (["-XX:MaxRAMPercentage=90.0"], {}, [Heap("-XX:MaxRAMPercentage=90.0", "w", share=0.9)]),
        (["--max-old-space-size=4096"], {}, [Heap("--max-old-space-size=4096", "w", 4 << 30)]),
        (
            [],
            {"GOMEMLIMIT": "750MiB"},
            [Heap("GOMEMLIMIT=750MiB", "variable GOMEMLIMIT", 750 * MIB)],
        ),
        ([], {"GOMEMLIMIT": "off", "X": "-Xmxhuge"}, []),
        (["sh", "-c", "exec java -Xmx1g -jar a.jar"], {}, [Heap("-Xmx1g", "w", 1 << 30)]),
    ],
)
def test_a_heap_is_read(words: list[str], variables: dict[str, str], found: list[Heap]) -> None:
    assert heaps([("w", word) for word in words], list(variables.items())) == found


def test_a_heap_as_large_as_the_limit() -> None:
    report = killed(variables={"JAVA_OPTS": "-Xmx512m"})
    assert because(report) == (
        "-Xmx512m (variable JAVA_OPTS) lets the heap take 100% of the memory limit of 512Mi, and a "
        "process needs more than its heap"
    )
    assert because(killed(variables={"JAVA_OPTS": "-Xmx256m"})) == ""


HEAP = "java.lang.OutOfMemoryError: Java heap space"


def test_a_heap_that_ends_by_itself() -> None:
    set_low = looping(spec={**LIMIT, "args": ["-Xmx64m"]})
    assert because(report_of(set_low, HEAP)) == (
        "the heap ends at -Xmx64m (args[0]), and the memory limit is 512Mi"
    )
    assert "at a quarter of the memory limit of 512Mi" in because(
        report_of(looping(spec=LIMIT), HEAP)
    )
    node = "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"
    assert because(report_of(looping(spec=LIMIT), node)) == ""


def test_files_in_memory() -> None:
    volumes = [{"name": "c", "emptyDir": {"medium": "Memory"}}]
    report = killed(spec=mounted("c", "/cache"), volumes=volumes)
    assert because(report) == (
        "the memory of the container also holds the files in /cache "
        "(volumes[0].emptyDir.medium: Memory)"
    )
    on_disk = killed(spec=mounted("c", "/cache"), volumes=[{"name": "c", "emptyDir": {}}])
    assert because(on_disk) == ""


def test_files_in_memory_beside_a_child_that_died() -> None:
    mount = Mount(
        path="/cache", root="/", device="0:9", fstype="tmpfs", size=99 * MIB, used=39 * MIB
    )
    seen = kit.observation(
        mounts=[mount], headroom=Headroom(version="v1", oom_kills=1, memory_limit=40 * MIB)
    )
    status = kit.status(kit.running(at(500)), ready=True, restartCount=0)
    app = kit.container(
        status=status,
        resources={"limits": {"memory": "40Mi"}},
        **mounted("c", "/cache"),
    )
    body = kit.pod(
        app,
        status={"startTime": at(0), "conditions": [kit.condition("Ready")]},
        volumes=[{"name": "c", "emptyDir": {"medium": "Memory"}}],
    )
    report = report_of(body, observations=[seen])
    assert report.verdict.severity == "warning"
    assert because(report).startswith("39Mi of the memory limit of 40Mi are files in /cache")


def test_a_probe_in_the_memory_of_its_container() -> None:
    probe = {"livenessProbe": {"exec": {"command": ["check"]}, "failureThreshold": 1}}
    event = kit.event(
        "Killing",
        "Container app failed liveness probe, will be restarted",
        first=at(902),
        container="app",
    )
    body = looping(code=143, reason="OOMKilled", spec={**LIMIT, **probe})
    event["involvedObject"]["uid"] = body["metadata"]["uid"]
    report = report_of(body, lists={f"Event/{kit.POD}": [event]})
    assert "RST001" in report.verdict.codes
    (told,) = [each for each in report.findings or () if each.code == "CON032"]
    assert "may be what was OOM-killed" in told.title
    # It is one of several that may have been killed, so the verdict does not name it.
    assert because(report) == ""


def test_watches_are_the_nodes() -> None:
    line = "failed to create fsnotify watcher: too many open files"
    assert because(report_of(looping(), line)).startswith("fs.inotify.max_user_instances")


@pytest.mark.parametrize(
    ("line", "seen", "words"),
    [
        ("accept4: too many open files", {"open_files_limit": 1024, "open_files": 1}, "1024 files"),
        ("sh: can't fork", {"headroom": Headroom(pids_limit=64, pids_used=2)}, "64 processes"),
        ("accept4: too many open files", {"open_files_limit": 1048576, "open_files": 1}, ""),
    ],
)
def test_a_limit_that_was_seen(line: str, seen: dict[str, Any], words: str) -> None:
    status = {"state": kit.running(at(990)), "restartCount": 3, "ready": False}
    body = looping()
    body["status"]["containerStatuses"][0].update(status)
    report = report_of(body, line, observations=[kit.observation(**seen)])
    assert words in because(report) if words else because(report) == ""


PID_ONE = "s6-overlay-suexec: fatal: can only run as pid 1"


def test_pid_one_is_another() -> None:
    report = report_of(looping(shareProcessNamespace=True), PID_ONE)
    assert because(report) == "shareProcessNamespace is true, so that PID 1 is the pause process"
    assert "hostPID is true" in because(report_of(looping(hostPID=True), PID_ONE))
    assert because(report_of(looping(), PID_ONE)) == ""


@pytest.mark.parametrize(
    ("clock", "words"),
    [
        ("2026-11-25T00:16:40Z", "the clock of node n1 is 2 h behind the API server's"),
        ("2026-11-25T02:26:40Z", "the clock of node n1 is 10 min ahead of the API server's"),
        ("2026-11-25T02:17:10Z", ""),
    ],
)
def test_a_clock_that_is_off(clock: str, words: str) -> None:
    line = "x509: certificate has expired or is not yet valid: current time is before"
    report = report_of(looping(), line, observations=[kit.observation(clock=clock)])
    assert because(report) == words
    told = {each.code for each in report.findings or ()}
    assert ("NOD010" in told) == bool(words)

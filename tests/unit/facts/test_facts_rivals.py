"""What an end can have been besides: histories that leave the same status."""

from __future__ import annotations

from typing import Any

import pytest

import kit
from kit.restart_cases import app_pod, at, ended, event, running, unhealthy, view
from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.restarts import facts as restarts
from kubectl_podx.sections.restarts.report import Restart


def row(seen: PodView) -> Restart:
    (found,) = restarts.build(seen)
    return found


def quick(code: int, spec: Any = None, seconds: float = 3, **more: Any) -> Any:
    """It ended soon after its start, too soon for somebody's exec, and runs again."""
    status = {
        "restartCount": 1,
        "state": running(961),
        "lastState": {"terminated": ended(code, 960 - seconds, 960)},
    }
    return app_pod(spec, status, **more)


WRITER = {"manager": "kubectl-create", "operation": "Update", "time": at(0)}


@pytest.mark.parametrize(
    ("metadata", "sure"),
    [
        ({"generation": 1}, "proven"),
        ({"generation": 2, "managedFields": [WRITER]}, "proven"),
        # Somebody wrote the spec, and nobody says when: `kubectl get -o yaml` leaves that out.
        ({"generation": 2}, "likely"),
        ({"generation": None}, "likely"),
    ],
)
@pytest.mark.parametrize("code", [0, 3])
def test_a_change_of_the_spec_is_open_where_no_writer_is_dated(
    code: int, metadata: Any, sure: str
) -> None:
    found = row(view(quick(code, metadata=metadata), []))
    assert found.confidence == sure
    assert any("a change of the pod's spec" in e.text for e in found.evidence) == (sure != "proven")


def probe(kind: str, command: list[str], delay: int = 0) -> Any:
    exec_ = {"exec": {"command": command}, "initialDelaySeconds": delay, "failureThreshold": 9}
    return {f"{kind}Probe": exec_}


@pytest.mark.parametrize(
    ("spec", "sure"),
    [
        (probe("readiness", ["sh", "-c", "kill -TERM 1"]), "likely"),
        (probe("readiness", ["/opt/check"]), "likely"),
        (probe("readiness", ["/bin/cat", "/tmp/ready"]), "proven"),
        # It was not run yet.
        (probe("readiness", ["/opt/check"], delay=30), "proven"),
        ({"readinessProbe": {"tcpSocket": {"port": 80}}}, "proven"),
    ],
)
def test_the_command_of_a_probe_may_have_signalled_it(spec: Any, sure: str) -> None:
    found = row(view(quick(0, spec), []))
    assert (found.cause, found.confidence) == ("completed", sure)
    assert ("by itself" in found.summary) == (sure == "proven")
    said = any("its readiness probe runs a command inside" in e.text for e in found.evidence)
    assert said == (sure == "likely")


@pytest.mark.parametrize(
    ("code", "failed", "sure"),
    [
        # It ended in the second of the third failure, and no event says that it was stopped.
        (2, 960, "possible"),
        (0, 959, "possible"),
        (143, 960, "possible"),
        # SIGKILL to PID 1 comes from outside; and who lives on for seconds was being stopped.
        (137, 960, "likely"),
        (2, 956, "likely"),
    ],
)
def test_an_end_at_the_very_failure_is_open(code: int, failed: float, sure: str) -> None:
    spec = probe("liveness", ["cat", "/tmp/healthy"])
    spec["livenessProbe"] |= {"failureThreshold": 3, "periodSeconds": 3}
    failures = unhealthy(failed - 6, failed, count=3)
    found = row(view(quick(code, spec, seconds=30), [failures]))
    assert (found.cause, found.confidence) == ("livenessProbe", sure)
    said = any("it may have ended by itself just then" in e.text for e in found.evidence)
    assert said == (sure == "possible")


HTTP = {"livenessProbe": {"httpGet": {"port": 80}, "periodSeconds": 3, "failureThreshold": 1}}


@pytest.mark.parametrize(
    ("spec", "code", "killed", "failures", "sure"),
    [
        (HTTP, 3, 960, 1, "likely"),
        (HTTP, 0, 960, 1, "likely"),
        (HTTP, 137, 960, 1, "proven"),
        # It outlived the failure, or an earlier one: the attempt does not make it end.
        (HTTP, 3, 959, 1, "proven"),
        (HTTP, 3, 960, 2, "proven"),
        (probe("liveness", ["cat", "/tmp/healthy"]), 3, 960, 1, "proven"),
        (probe("liveness", ["wget", "127.0.0.1"]), 3, 960, 1, "likely"),
        (probe("liveness", ["/opt/check"]), 3, 960, 1, "likely"),
    ],
)
def test_a_kill_of_what_its_probe_made_end_is_not_proven(
    spec: Any, code: int, killed: float, failures: int, sure: str
) -> None:
    events = [
        unhealthy(killed - 3 * (failures - 1), killed, count=failures),
        event("Killing", "Container app failed liveness probe, will be restarted", killed),
    ]
    found = row(view(quick(code, spec, seconds=30), events))
    assert (found.cause, found.confidence) == ("livenessProbe", sure)


def done(code: int, spec: Any = None, policy: str = "Never", **more: Any) -> Any:
    """It ended and is not started again."""
    status = {"state": {"terminated": ended(code, 900, 960)}}
    return app_pod(spec, status, pod_spec={"restartPolicy": policy}, **more)


RULE = {"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            done(1, {"restartPolicy": "Never", "restartPolicyRules": [RULE]}),
            "not started again, because none of its restartPolicyRules matches 1",
        ),
        (
            done(1, {"restartPolicy": "Never"}, "Always"),
            "not started again, because its own restartPolicy is Never",
        ),
        (done(1), ""),
        (done(1, {"restartPolicy": "Never"}), ""),
    ],
)
def test_why_it_is_not_started_again(body: Any, words: str) -> None:
    summary = row(view(body, [])).summary
    assert words in summary
    assert ("not started again" in summary) == bool(words)


def test_a_clean_end_on_a_kill_is_success_under_on_failure() -> None:
    killed = event("Killing", "Container app failed liveness probe, will be restarted", 960)
    spec = probe("liveness", ["false"])
    summary = row(view(done(0, spec, "OnFailure"), [killed])).summary
    assert "was killed by its liveness probe" in summary
    assert "not started again, because exit code 0 is a success" in summary
    assert "not started again" not in row(view(done(0, policy="OnFailure"), [])).summary


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"command": ["sh"]}, "`sh` alone reads its stdin, which is closed"),
        ({"command": ["/bin/bash"], "args": ["-l"]}, "`bash` alone reads its stdin"),
        ({"args": ["python3"]}, "`python3` alone reads its stdin"),
        ({"image": "registry.example.com:5000/library/ubuntu:24.04"}, "no command is set"),
        ({"image": "shop/ubuntu-tools:1"}, ""),
        ({"command": ["sh"], "stdin": True}, ""),
        ({"command": ["sh", "-c", "true"]}, ""),
        ({"command": ["sh", "/run.sh"]}, ""),
        ({"image": "busybox:1", "command": ["true"]}, ""),
    ],
)
def test_a_shell_without_stdin_ends_at_once(spec: Any, words: str) -> None:
    summary = row(view(quick(0, spec, seconds=0), [])).summary
    assert words in summary
    assert ("stdin" in summary) == bool(words)
    # After ten seconds it had something to do.
    assert "stdin" not in row(view(quick(0, spec, seconds=9), [])).summary


def evicted(message: str, spec: Any = None, **pod_spec: Any) -> str:
    body = done(137, spec, pod_status={"phase": "Failed", "reason": "Evicted", "message": message})
    body["spec"].update(pod_spec)
    return row(view(body, [])).summary


SCRATCH = {
    "volumes": [
        {"name": "scratch", "emptyDir": {}},
        {"name": "shm", "emptyDir": {"medium": "Memory"}},
    ]
}
OF_POD = "Pod ephemeral local storage usage exceeds the total limit of containers 8Mi. "
OF_CONTAINER = 'Container app exceeded its local ephemeral storage limit "8Mi". '


@pytest.mark.parametrize(
    ("message", "spec", "pod_spec", "counted"),
    [
        (OF_POD, None, {}, "(counted: the logs, files written outside of volumes)"),
        (OF_POD, None, SCRATCH, "files written outside of volumes, emptyDir scratch)"),
        (OF_CONTAINER, None, SCRATCH, "(counted: the logs, files written outside of volumes)"),
        (
            OF_CONTAINER,
            {"securityContext": {"readOnlyRootFilesystem": True}},
            {},
            "(counted: the logs)",
        ),
    ],
)
def test_an_eviction_for_storage_says_what_counts(
    message: str, spec: Any, pod_spec: Any, counted: str
) -> None:
    assert evicted(message, spec, **pod_spec).endswith(counted)


def test_an_eviction_for_a_volume_counts_nothing_else() -> None:
    assert "counted" not in evicted('Usage of EmptyDir volume "s" exceeds the limit "1Mi". ')
    assert "counted" not in evicted("The node was low on resource: memory. ")


def test_an_eviction_is_one_though_the_pod_counts_as_succeeded() -> None:
    body = done(0, pod_status={"phase": "Succeeded"}, policy="Always")
    events = [
        event("Evicted", OF_POD, 958, path=""),
        event("Killing", "Stopping container app", 958),
    ]
    found = row(view(body, events))
    assert (found.cause, found.confidence) == ("evicted", "proven")
    assert found.summary.endswith("though the pod counts as Succeeded")
    # Its event has expired; others of that time are still there, or none is.
    soon = app_pod(
        None,
        {"state": {"terminated": ended(0, 955, 960)}},
        pod_spec={"restartPolicy": "Never"},
        pod_status={"phase": "Succeeded"},
    )
    assert row(view(soon, [])).confidence == "likely"
    assert row(view(soon, [event("Started", "Container started", 955)])).confidence == "proven"
    # It ended long before somebody thought of an eviction.
    late = [event("Evicted", OF_POD, 990, path="")]
    assert row(view(body, late)).cause == "completed"


@pytest.mark.parametrize(
    ("policy", "own", "severity"),
    [
        ("Always", "", "unknown"),
        ("Always", "Never", "ok"),
        ("OnFailure", "", "ok"),
        ("Never", "", "ok"),
    ],
)
def test_no_pod_of_policy_always_succeeds(policy: str, own: str, severity: str) -> None:
    """Nothing is left of the events: whoever stopped the whole pod is not known."""
    spec = {"restartPolicy": own} if own else None
    body = done(0, spec, policy, pod_status={"phase": "Succeeded"})
    found = analyse(kit.capture_of([(kit.captured(body), body)], captured_at=at(1000)))
    assert found.items[0].verdict.severity == severity

"""The rules about probes."""

from __future__ import annotations

from typing import Any

import pytest

from kit.health_cases import ago, codes, ended, event, found, healthy_pod, report, restarted
from kubectl_podx.model.capture import Headroom
from kubectl_podx.model.kubelet import ProbeCounter
from kubectl_podx.sections.probes.rules import RULES

LIVENESS = {"livenessProbe": {"exec": {"command": ["cat", "/tmp/healthy"]}, "periodSeconds": 5}}
READINESS = {"readinessProbe": {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 5}}
STARTUP = {"startupProbe": {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 5}}
COUNTED = [ProbeCounter(container="app", type="Liveness", successful=2000)]
UNREADY = {"ready": False}
UNSTARTED = {"ready": False, "started": False}


def failed(word: str, seconds_ago: float = 2, text: str = "failed: no") -> Any:
    return event("Unhealthy", f"{word} probe {text}", seconds_ago)


def test_a_pod_with_good_probes_has_no_finding() -> None:
    made = report(healthy_pod({**LIVENESS, **READINESS}), counters=COUNTED)
    assert codes(made, "PRB") == []


def test_a_liveness_probe_on_its_way_to_kill_does_not_block() -> None:
    hit = found(report(healthy_pod(LIVENESS), [failed("Liveness")]), "PRB001")
    assert hit is not None
    assert (hit.severity, hit.blocking, hit.container) == ("warning", False, "app")
    assert "is killed within 16 s" in hit.title
    assert hit.next == "kubectl logs web-0 -c app --tail=50 -n shop"


@pytest.mark.parametrize(
    ("spec", "status", "word", "code"),
    [
        (READINESS, UNREADY, "Readiness", "PRB002"),
        (STARTUP, UNSTARTED, "Startup", "PRB003"),
    ],
)
def test_a_gate_that_fails_blocks(spec: Any, status: Any, word: str, code: str) -> None:
    hit = found(report(healthy_pod(spec, status, ready=False), [failed(word)]), code)
    assert hit is not None
    assert (hit.severity, hit.blocking) == ("critical", True)


@pytest.mark.parametrize(
    ("spec", "status", "word", "code", "blocking"),
    [
        (LIVENESS, {}, "Liveness", "PRB004", False),
        (READINESS, UNREADY, "Readiness", "PRB005", True),
        (STARTUP, UNSTARTED, "Startup", "PRB005", True),
    ],
)
def test_errors_never_count(
    spec: Any, status: Any, word: str, code: str, *, blocking: bool
) -> None:
    text = (
        "errored and resulted in unknown state: rpc error: failed to start exec "
        '"0123": exec: "cat": executable file not found in $PATH'
    )
    hit = found(report(healthy_pod(spec, status, ready=not status), [failed(word, 2, text)]), code)
    assert hit is not None
    assert hit.blocking is blocking
    assert '"cat" is not in the image' in hit.title


@pytest.mark.parametrize(
    ("field", "status", "severity", "blocking"),
    [("livenessProbe", {}, "warning", False), ("readinessProbe", UNREADY, "critical", True)],
)
def test_a_port_name_nobody_declares(
    field: str, status: Any, severity: str, *, blocking: bool
) -> None:
    made = report(healthy_pod({field: {"tcpSocket": {"port": "web"}}}, status, ready=not status))
    hit = found(made, "PRB006")
    assert hit is not None
    assert (hit.severity, hit.blocking) == (severity, blocking)
    assert found(made, "PRB004") is None
    assert found(made, "PRB005") is None


def test_liveness_that_is_readiness_is_worth_a_word() -> None:
    same = {"exec": {"command": ["x"]}}
    made = report(healthy_pod({"livenessProbe": same, "readinessProbe": same}), counters=COUNTED)
    assert codes(made, "PRB") == ["PRB007"]
    other = {**same, "failureThreshold": 9}
    made = report(healthy_pod({"livenessProbe": other, "readinessProbe": same}), counters=COUNTED)
    assert codes(made, "PRB") == []


def test_liveness_that_kills_before_the_start_is_over() -> None:
    status = restarted(137, 5)
    status["lastState"] = {"terminated": ended(137, 6, 40)}
    kill = event("Killing", "Container app failed liveness probe, will be restarted", 12)
    hit = found(report(healthy_pod(LIVENESS, status), [kill]), "PRB008")
    assert hit is not None
    assert hit.severity == "info"
    # More successes than instances: the start went well.
    assert found(report(healthy_pod(LIVENESS, status), [kill], counters=COUNTED), "PRB008") is None
    status["lastState"] = {"terminated": ended(137, 6, 4000)}
    assert found(report(healthy_pod(LIVENESS, status), [kill]), "PRB008") is None


def test_a_timeout_is_explained_by_throttling_where_it_was_seen() -> None:
    text = 'failed: command timed out: "cat" timed out after 1s'
    throttled = Headroom(
        version="v2", cpu_quota=1000, cpu_period=100_000, throttled_periods=90, total_periods=100
    )
    made = report(healthy_pod(LIVENESS), [failed("Liveness", 3, text)], headroom=throttled)
    hit = found(made, "PRB009")
    assert hit is not None
    assert "throttled in 90%" in hit.title
    made = report(healthy_pod(LIVENESS), [failed("Liveness", 3, text)])
    assert (found(made, "PRB009"), found(made, "PRB010") is not None) == (None, True)


def test_a_redirect_to_another_host_counts_as_success() -> None:
    words = "Readiness probe warning: Probe terminated redirects, Response body: "
    made = report(healthy_pod(READINESS), [event("ProbeWarning", words, 9)])
    assert codes(made, "PRB") == ["PRB011"]


def test_a_probe_that_recovered_is_info() -> None:
    made = report(
        healthy_pod({**LIVENESS, **READINESS}), [failed("Liveness", 500)], counters=COUNTED
    )
    assert codes(made, "PRB") == ["PRB012"]


@pytest.mark.parametrize(
    ("spec", "status", "severity"),
    [
        (READINESS, UNREADY, "critical"),
        (STARTUP, UNSTARTED, "critical"),
        (LIVENESS, {}, "warning"),
    ],
)
def test_a_probe_that_gives_no_result(spec: Any, status: Any, severity: str) -> None:
    hit = found(
        report(healthy_pod(spec, status, ready=severity == "warning"), counters=[]), "PRB016"
    )
    assert hit is not None
    assert (hit.severity, hit.blocking) == (severity, severity == "critical")
    assert "has given no result for 3 h" in hit.title
    # With a result, or without the counters, nothing says that there is none.
    assert found(report(healthy_pod(spec, status), counters=None), "PRB016") is None


def flapping(successful: int, failed: int, **more: Any) -> Any:
    """Ready for a minute: its period of 5 s has room for 12 successes."""
    body = healthy_pod(READINESS)
    since = {"type": "ContainersReady", "status": "True", "lastTransitionTime": ago(60)}
    body["status"]["conditions"].append(since)
    body["status"]["containerStatuses"][0].update(more)
    counted = ProbeCounter(container="app", type="Readiness", successful=successful, failed=failed)
    return found(report(body, counters=[counted]), "PRB017")


def test_readiness_that_comes_and_goes() -> None:
    hit = flapping(900, 400)
    assert hit is not None
    assert hit.severity == "warning"
    assert "comes and goes: 400 of 1300 attempts failed; ready again for 60 s" in hit.title
    # A slow start: all its successes are of the time since.
    assert flapping(12, 400) is None
    assert flapping(900, 2) is None
    # Successes of an instance before.
    assert flapping(900, 400, restartCount=1) is None


def test_a_readiness_probe_that_came_before_the_program_tells_nothing() -> None:
    early = {"state": {"running": {"startedAt": ago(500)}}, "ready": True}
    assert codes(report(healthy_pod(READINESS, early), [failed("Readiness", 490)]), "PRB") == []
    late = codes(report(healthy_pod(READINESS, early), [failed("Readiness", 300)]), "PRB")
    assert late == ["PRB012"]


def test_a_container_that_has_just_started_is_starting() -> None:
    status = {**UNREADY, "state": {"running": {"startedAt": ago(2)}}}
    hit = found(report(healthy_pod(READINESS, status, ready=False)), "PRB013")
    assert hit is not None
    assert (hit.severity, hit.blocking) == ("info", True)


def test_held_back_for_long_is_no_start_any_more() -> None:
    hit = found(report(healthy_pod(READINESS, UNSTARTED, ready=False)), "PRB013")
    assert hit is not None
    assert hit.severity == "warning"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["wget", "-q", "http://127.0.0.1", "||", "exit", "1"], "`||`"),
        (["cat", "/tmp/a", "|", "grep", "x", "&&", "true", "|"], "`|` and `&&`"),
        (["sh", "-c", "wget -q http://127.0.0.1 || exit 1"], ""),
        (["test", "a", ">", "b"], ""),
        (["cat", "/tmp/a"], ""),
    ],
)
def test_a_command_that_is_written_for_a_shell(command: list[str], words: str) -> None:
    spec = {"readinessProbe": {"exec": {"command": command}}}
    hit = found(report(healthy_pod(spec, UNREADY, ready=False), [failed("Readiness")]), "PRB025")
    assert (hit is not None) == bool(words)
    assert hit is None or f"readiness probe hands {words} to its program" in hit.title
    # A probe that succeeds needs no word.
    assert found(report(healthy_pod(spec)), "PRB025") is None


def test_every_rule_says_what_it_means() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.section == "probes"
        assert all((rule.title, rule.meaning, rule.known_by, rule.remedy))
        assert rule.link.startswith("https://kubernetes.io/docs/")

"""The rules about restarts: which ends matter, how much, and what to do."""

from __future__ import annotations

from typing import Any

import pytest

from kit.health_cases import (
    ago,
    codes,
    ended,
    event,
    found,
    healthy_pod,
    looping,
    report,
    restarted,
)
from kubectl_podx.model.words import RestartCause
from kubectl_podx.sections.restarts.rules import RULES

LIMIT = {"resources": {"limits": {"memory": "64Mi"}}}
LIVENESS = {"livenessProbe": {"exec": {"command": ["cat", "/tmp/healthy"]}}}
KILLED = event("Killing", "Container app failed liveness probe, will be restarted", 12)


def test_a_pod_that_never_restarted_has_no_finding() -> None:
    assert codes(report(healthy_pod()), "RST") == []


@pytest.mark.parametrize(
    ("status", "spec", "events", "code"),
    [
        (looping(137), LIVENESS, [KILLED], "RST001"),
        (looping(137, "OOMKilled"), LIMIT, [], "RST003"),
        (looping(137, "OOMKilled"), {}, [], "RST005"),
        (looping(3), {}, [], "RST006"),
        (looping(0), {}, [], "RST007"),
        (looping(139), {}, [], "RST008"),
        (looping(137), {}, [], "RST008"),
        (looping(128, "StartError"), {}, [], "RST010"),
    ],
)
def test_a_loop_is_critical_and_blocks(status: Any, spec: Any, events: Any, code: str) -> None:
    made = report(healthy_pod(spec, status, ready=False), events)
    hit = found(made, code)
    assert hit is not None
    assert (hit.severity, hit.blocking, hit.container) == ("critical", True, "app")
    assert hit.title == (made.restarts or [])[0].summary
    assert hit.evidence


@pytest.mark.parametrize(
    ("seconds_ago", "severity"), [(30, "warning"), (599, "warning"), (601, "info"), (9000, "info")]
)
def test_ten_healthy_minutes_make_a_restart_past(seconds_ago: int, severity: str) -> None:
    hit = found(report(healthy_pod({}, restarted(3, seconds_ago))), "RST006")
    assert hit is not None
    assert (hit.severity, hit.blocking) == (severity, False)


@pytest.mark.parametrize(
    ("seconds_ago", "ready", "severity"),
    [(20, True, "critical"), (70, True, "warning"), (70, False, "critical"), (700, True, "info")],
)
def test_a_loop_that_is_well_for_long_is_no_longer_critical(
    seconds_ago: int, ready: bool, severity: str
) -> None:
    status = {**restarted(3, seconds_ago, count=4), "ready": ready}
    status["lastState"] = {"terminated": ended(3, seconds_ago + 20, 5)}
    hit = found(report(healthy_pod({}, status, ready=ready)), "RST006")
    assert hit is not None
    assert hit.severity == severity


@pytest.mark.parametrize(
    ("count", "seconds_ago", "severity"),
    [(5, 700, "warning"), (4, 700, "info"), (5, 3700, "info")],
)
def test_a_slow_loop_is_a_warning_however_long_it_lives(
    count: int, seconds_ago: int, severity: str
) -> None:
    body = healthy_pod({}, restarted(3, seconds_ago, count=count))
    body["status"]["startTime"] = ago(4 * 3600)
    hit = found(report(body), "RST006")
    assert hit is not None
    assert hit.severity == severity


def test_more_memory_is_a_command_with_twice_the_limit() -> None:
    hit = found(report(healthy_pod(LIMIT, looping(137, "OOMKilled"), ready=False)), "RST003")
    assert hit is not None
    assert hit.fix == ("kubectl set resources deployment/web -c app --limits=memory=128Mi -n shop")


def test_a_bare_pod_gets_its_memory_by_a_resize() -> None:
    body = healthy_pod(
        LIMIT, looping(137, "OOMKilled"), ready=False, metadata={"ownerReferences": []}
    )
    hit = found(report(body), "RST003")
    assert hit is not None
    assert hit.fix == (
        "kubectl patch pod/web-0 --subresource=resize -p "
        """'{"spec":{"containers":[{"name":"app","resources":{"limits":{"memory":"128Mi"}}}]}}' """
        "-n shop"
    )


def test_the_previous_log_tells_more_of_a_crash() -> None:
    hit = found(report(healthy_pod({}, looping(3), ready=False)), "RST006")
    assert hit is not None
    assert hit.next == "kubectl logs web-0 -c app --previous -n shop"


def test_hostile_names_never_reach_a_command() -> None:
    body = healthy_pod({}, looping(3), ready=False)
    for part in (body["spec"]["containers"], body["status"]["containerStatuses"]):
        part[0]["name"] = "app; rm -rf /"
    hit = found(report(body), "RST006")
    assert hit is not None
    assert "rm" not in hit.next


def test_a_childs_oom_hides_behind_the_exit_code() -> None:
    made = report(healthy_pod(LIMIT, looping(3, "OOMKilled"), ready=False))
    assert set(codes(made, "RST")) == {"RST004", "RST006"}


def test_a_mark_that_the_pods_limit_left_on_a_neighbour_names_the_victim() -> None:
    body = healthy_pod(LIMIT, looping(137, "OOMKilled"), ready=False)
    body["spec"]["resources"] = {"limits": {"memory": "72Mi"}}
    body["spec"]["containers"].append({"name": "batch", "image": "shop/app:1"})
    done = {"terminated": ended(0, 100, reason="OOMKilled")}
    body["status"]["containerStatuses"].append({"name": "batch", "state": done})
    (found,) = [each for each in report(body).findings or [] if each.code == "RST004"]
    assert (found.container, found.severity) == ("batch", "info")
    assert "or only that of app at the pod's memory limit of 72Mi" in found.title


def test_work_that_is_done_is_no_finding() -> None:
    done = {"ready": False, "state": {"terminated": ended(0, 100)}}
    body = healthy_pod({}, done, ready=False, pod_status={"phase": "Succeeded"})
    body["spec"]["restartPolicy"] = "Never"
    assert codes(report(body), "RST") == []


def test_a_shell_that_ended_is_no_finding() -> None:
    body = healthy_pod()
    body["spec"]["ephemeralContainers"] = [{"name": "dbg"}]
    body["status"]["ephemeralContainerStatuses"] = [
        {"name": "dbg", "state": {"terminated": ended(2, 100)}}
    ]
    assert codes(report(body), "RST") == []


def test_an_init_container_that_ended_is_no_finding_and_one_that_fails_blocks() -> None:
    body = healthy_pod({}, {"ready": False, "state": {"waiting": {"reason": "PodInitializing"}}})
    body["spec"]["initContainers"] = [{"name": "setup"}]
    setup: dict[str, Any] = {"name": "setup", "restartCount": 0}
    body["status"]["initContainerStatuses"] = [setup]
    setup["state"] = {"terminated": ended(0, 100)}
    assert codes(report(body), "RST") == []
    setup["state"] = {"terminated": ended(7, 100)}
    hit = found(report(body), "RST006")
    assert hit is not None
    assert (hit.container, hit.blocking) == ("setup", True)


def test_the_last_exit_is_an_older_story_than_the_newest_event() -> None:
    failed = event("Failed", 'Error: configmap "gone" not found', 3)
    hit = found(report(healthy_pod({}, looping(1), ready=False), [failed]), "RST024")
    assert hit is not None
    assert hit.title == "app cannot start again: ConfigMap gone does not exist"


@pytest.mark.parametrize(
    "events",
    [
        [event("Failed", 'Error: configmap "gone" not found', 100)],
        [
            event("Failed", 'Error: configmap "gone" not found', 8),
            event("Started", "Container started", 3),
        ],
        [event("BackOff", "Back-off restarting failed container app in pod web-0", 3)],
    ],
)
def test_an_older_event_blocks_nothing_now(events: Any) -> None:
    assert found(report(healthy_pod({}, looping(1), ready=False), events), "RST024") is None


def test_every_cause_has_a_rule() -> None:
    made = set(RestartCause.__args__)  # type: ignore[attr-defined]
    assert len(made) == 21
    assert len(RULES) == len(made) + 2  # a child's OOM, and a start that is blocked
    assert len({rule.code for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.section == "restarts"
        assert all((rule.title, rule.meaning, rule.known_by, rule.remedy))


def test_a_limit_of_its_own_is_no_matter_of_the_node() -> None:
    said = "Pod ephemeral local storage usage exceeds the total limit of containers 8Mi. "
    low = "The node was low on resource: memory. "
    for message, words in ((said, "Raise the limit"), (low, "node")):
        body = healthy_pod({}, {"state": {"terminated": ended(137, 20)}, "ready": False})
        body["spec"]["nodeName"] = "n1"
        body["status"] |= {"phase": "Failed", "reason": "Evicted", "message": message}
        hit = found(report(body), "RST015")
        assert hit is not None
        assert words in hit.remedy
        assert ("describe node" in hit.next) == (words == "node")


def test_an_end_that_is_open_asks_first_who_stopped_it() -> None:
    open_ = found(report(healthy_pod(LIVENESS, looping(0), ready=False)), "RST007")
    own = found(report(healthy_pod({}, looping(0), ready=False)), "RST007")
    assert open_ is not None
    assert own is not None
    assert open_.remedy.startswith("Check first whether somebody stopped it")
    assert own.remedy.startswith("Give it a command")


@pytest.mark.parametrize(("phase", "severity"), [("Running", "warning"), ("Succeeded", "info")])
def test_a_child_that_was_killed_is_past_once_the_pod_is_done(phase: str, severity: str) -> None:
    over = {"state": {"terminated": ended(0, 20, 5, "OOMKilled")}, "ready": False}
    body = healthy_pod(LIMIT, over, ready=False)
    body["spec"]["restartPolicy"] = "Never"
    body["status"]["phase"] = phase
    hit = found(report(body), "RST004")
    assert hit is not None
    assert hit.severity == severity

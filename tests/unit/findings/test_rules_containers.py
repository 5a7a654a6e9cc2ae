"""Rules about the pod as a whole and its containers."""

from __future__ import annotations

from typing import Any

import pytest

import kit
from kit import event
from kit.sharing_cases import (
    APP_ID,
    EARLIER,
    HEALTHY,
    LOOK,
    case_of,
    changed,
    hits,
    look,
    severities,
    waiting,
)
from kubectl_podx.model.capture import Headroom, Process
from kubectl_podx.model.outside import MemoryUsage
from kubectl_podx.rules.waiting import Missing, missing_source, pull_reason
from kubectl_podx.sections.containers import facts as container_facts
from kubectl_podx.sections.containers import rules as containers
from kubectl_podx.sections.pod import rules as pod

RULES = (*pod.RULES, *containers.RULES)


def test_a_healthy_container_has_no_finding() -> None:
    assert hits(RULES, case_of(HEALTHY, LOOK)) == {}


@pytest.mark.parametrize(
    ("message", "missing", "command"),
    [
        ('configmap "gone" not found', "ConfigMap gone", "kubectl get configmaps -n shop"),
        ('secret "db" not found', "Secret db", "kubectl get secrets -n shop"),
        (
            "couldn't find key host in ConfigMap shop/cfg",
            "key host of ConfigMap cfg",
            "kubectl describe configmap cfg -n shop",
        ),
        (
            "couldn't find key pw in Secret shop/db",
            "key pw of Secret db",
            "kubectl describe secret db -n shop",
        ),
    ],
)
def test_a_missing_source_is_named_with_a_command(message: str, missing: str, command: str) -> None:
    found = hits(RULES, case_of(waiting("CreateContainerConfigError", message)))
    (hit,) = found["CON001"]
    assert hit.title == f"app cannot start: {missing} does not exist"
    assert (hit.blocking, hit.next, hit.container) == (True, command, "app")
    assert message in hit.evidence[0]
    assert "CON002" not in found


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("container has runAsNonRoot and image will run as root (pod: x)", "runs as root"),
        ("container's runAsUser breaks non-root policy (pod: x)", "runAsUser is 0"),
        (
            "container has runAsNonRoot and image has non-numeric user (nginx), cannot verify",
            "is a name",
        ),
        ('failed to prepare subPath for volumeMount "v" of container "app"', "subPath"),
        ("something new", "cannot be put together"),
    ],
)
def test_other_config_errors_are_said_in_plain_words(message: str, words: str) -> None:
    found = hits(RULES, case_of(waiting("CreateContainerConfigError", message)))
    assert words in found["CON002"][0].title
    assert "CON001" not in found


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("CreateContainerError", "CON003"),
        ("PreCreateHookError", "CON003"),
        ("RunContainerError", "CON004"),
    ],
)
def test_the_runtimes_refusals_block(reason: str, code: str) -> None:
    (hit,) = hits(RULES, case_of(waiting(reason, "boom")))[code]
    assert hit.blocking
    assert hit.evidence == (f"waiting, {reason}: boom",)


@pytest.mark.parametrize(
    ("message", "title"),
    [
        (
            "set memory limit 1048576 too low; should be at least 12582912 bytes",
            "app cannot start: its memory limit of 1048576 bytes is less than",
        ),
        (
            'unknown capability "CAP_NOSUCH" to add',
            'app cannot be created by the runtime: unknown capability "CAP_NOSUCH" to add',
        ),
    ],
)
def test_what_the_runtime_refuses_is_said(message: str, title: str) -> None:
    (hit,) = hits(RULES, case_of(waiting("CreateContainerError", message)))["CON003"]
    assert hit.title.startswith(title)


def test_sandbox_errors_are_known_by_their_event_only() -> None:
    failed = event("FailedCreatePodSandBox", "Failed to create pod sandbox: cni", count=7)
    (hit,) = hits(RULES, case_of(waiting("ContainerCreating"), events=(failed,)))["CON005"]
    assert hit.blocking
    assert "7 times" in hit.evidence[0]
    assert "CON005" not in hits(RULES, case_of(waiting("ContainerCreating")))
    assert "CON005" not in hits(RULES, case_of(HEALTHY, LOOK, events=(failed,)))
    over = waiting("ContainerCreating")
    over["status"]["conditions"] = [{"type": "PodReadyToStartContainers", "status": "True"}]
    assert "CON005" not in hits(RULES, case_of(over, events=(failed,)))
    begun = with_init({"running": {"startedAt": EARLIER}})
    assert "CON005" not in hits(RULES, case_of(begun, events=(failed,)))


def with_init(state: dict[str, Any]) -> dict[str, Any]:
    return changed(
        (("spec", "initContainers"), [{"name": "init"}]),
        (("status", "conditions"), []),
        (
            ("status", "initContainerStatuses"),
            [{"name": "init", "state": state, "restartCount": 0}],
        ),
        (
            ("status", "containerStatuses"),
            [{"name": "app", "state": {"waiting": {"reason": "PodInitializing"}}}],
        ),
    )


@pytest.mark.parametrize(
    ("state", "severity"),
    [
        ({"running": {"startedAt": "2026-11-25T11:59:30Z"}}, "info"),
        ({"running": {"startedAt": EARLIER}}, "warning"),
        ({"waiting": {"reason": "CrashLoopBackOff"}}, "warning"),
        ({"waiting": {"reason": "PodInitializing"}}, "info"),
    ],
)
def test_what_an_init_container_holds_back_is_said_with_its_time(
    state: dict[str, Any], severity: str
) -> None:
    case = case_of(with_init(state))
    (hit,) = hits(RULES, case)["CON006"]
    assert hit.blocking
    assert hit.title.startswith("app is waiting for init container init to finish (")
    assert severities(RULES, case)["CON006"] == severity


def test_an_ended_init_container_holds_nothing_back() -> None:
    assert "CON006" not in hits(RULES, case_of(with_init({"terminated": {"exitCode": 0}})))


def beside(policy: str, code: int) -> dict[str, Any]:
    body = changed((("spec", "restartPolicy"), policy))
    body["spec"]["containers"].append({"name": "once"})
    body["status"]["containerStatuses"].append(
        {"name": "once", "state": {"terminated": {"exitCode": code, "reason": "Completed"}}}
    )
    return body


@pytest.mark.parametrize(
    ("policy", "code", "found"),
    [("Never", 0, True), ("OnFailure", 0, True), ("Always", 0, False), ("Never", 1, False)],
)
def test_a_container_that_ended_for_good_explains_a_pod_that_is_not_ready(
    policy: str, code: int, found: bool
) -> None:
    hit = hits(RULES, case_of(beside(policy, code))).get("CON014", [None])[0]
    assert (hit is not None) is found
    if hit is not None:
        assert hit.blocking
        assert hit.title.startswith("once has ended with 0 and is not started again")


LIMITS: list[tuple[str, dict[str, Any], str, str]] = [
    ("pids", {"headroom": Headroom(pids_limit=100, pids_used=80)}, "CON007", "warning"),
    ("files", {"open_files": 900, "open_files_limit": 1024}, "CON008", "warning"),
    ("memory", {"headroom": Headroom(memory_limit=1000, memory_usage=960)}, "CON009", "info"),
    (
        "throttled a little",
        {"headroom": Headroom(throttled_periods=300, total_periods=1000)},
        "CON010",
        "info",
    ),
    (
        "throttled most of the time",
        {"headroom": Headroom(throttled_periods=600, total_periods=1000)},
        "CON010",
        "warning",
    ),
    ("a child was killed", {"headroom": Headroom(oom_kills=1)}, "CON011", "warning"),
    (
        "zombies",
        {"processes": [Process(pid=n, state="Z") for n in range(2, 8)]},
        "CON012",
        "info",
    ),
    (
        "many zombies",
        {"processes": [Process(pid=n, state="Z") for n in range(2, 60)]},
        "CON012",
        "warning",
    ),
    ("storage", {"processes": [Process(pid=2, state="D")]}, "CON013", "info"),
]


@pytest.mark.parametrize(
    ("changes", "code", "severity"), [each[1:] for each in LIMITS], ids=[e[0] for e in LIMITS]
)
def test_what_runs_out_is_found(changes: dict[str, Any], code: str, severity: str) -> None:
    assert severities(RULES, case_of(HEALTHY, look(**changes))) == {code: severity}


@pytest.mark.parametrize(
    "changes",
    [
        {"headroom": Headroom(pids_limit=100, pids_used=79)},
        {"headroom": Headroom(pids_used=79)},
        {"headroom": Headroom(throttled_periods=9, total_periods=10)},
        {"headroom": Headroom(memory_usage=960, oom_kills=0)},
        {"processes": [Process(pid=2, state="Z")]},
    ],
)
def test_what_is_ordinary_is_no_finding(changes: dict[str, Any]) -> None:
    assert hits(RULES, case_of(HEALTHY, look(**changes))) == {}


def condition(kind: str, reason: str) -> dict[str, Any]:
    return changed(
        (
            ("status", "conditions"),
            [{"type": kind, "status": "True", "reason": reason, "message": "m"}],
        )
    )


@pytest.mark.parametrize(
    ("kind", "reason", "expected"),
    [
        ("PodResizePending", "Infeasible", {"POD001": "warning"}),
        ("PodResizePending", "Deferred", {"POD001": "info"}),
        ("PodResizeInProgress", "Error", {"POD002": "warning"}),
        ("PodResizeInProgress", "", {}),
    ],
)
def test_resizes_that_do_not_come_are_found(
    kind: str, reason: str, expected: dict[str, str]
) -> None:
    assert severities(pod.RULES, case_of(condition(kind, reason))) == expected


def test_a_kubelet_that_lags_and_a_pod_that_moved_are_said() -> None:
    body = changed((("metadata", "generation"), 3), (("status", "observedGeneration"), 2))
    case = case_of(body, disturbed="container app restarted during inspection")
    assert severities(pod.RULES, case) == {"POD003": "info", "POD004": "info"}


def test_messages_without_a_name_name_nothing() -> None:
    assert missing_source("") is None
    assert missing_source("configmap not found") is None
    assert missing_source('secret "a" not found') == Missing("Secret", "a")


def test_a_hostile_name_never_reaches_the_command() -> None:
    message = 'configmap "x; rm -rf /" not found'
    (hit,) = hits(RULES, case_of(waiting("CreateContainerConfigError", message)))["CON001"]
    assert hit.next == "kubectl get configmaps -n shop"


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("manifest unknown", "does not exist"),
        ("pull access denied, repository does not exist or may require", "refuses"),
        ("failed to resolve: 401 Unauthorized", "wants credentials (401)"),
        ("unexpected status from HEAD request: 403 Forbidden", "refuses the credentials (403)"),
        ("dial tcp: lookup reg.example: no such host", "cannot be resolved"),
        ("tls: failed to verify certificate: x509: signed by unknown", "not trusted"),
        ("toomanyrequests: You have reached your pull rate limit", "limits the rate"),
        ("no match for platform in manifest", "platform"),
        ("dial tcp 10.0.0.1:443: connect: connection refused", "cannot be reached"),
        ("rpc error", "could not pull"),
    ],
)
def test_pull_errors_are_said_in_plain_words(message: str, words: str) -> None:
    assert words in pull_reason(message)


def zombies(program: str, began: list[str], parent: int = 1) -> list[Process]:
    return [
        Process(
            pid=10 + at,
            parent=parent,
            container_id=APP_ID,
            state="Z",
            executable=program,
            started_at=moment,
        )
        for at, moment in enumerate(began)
    ]


@pytest.mark.parametrize(
    ("program", "seconds", "words"),
    [
        ("sh", [0, 2, 4, 6, 8, 10], "6 zombie processes, probably left by its readiness probe"),
        ("sh", [0, 1, 9, 9, 9, 20], "6 zombie processes, perhaps left by its readiness probe"),
        ("worker", [0, 2, 4, 6, 8, 10], "6 zombie processes"),
    ],
)
def test_zombies_of_a_probe_are_named_after_it(
    program: str, seconds: list[int], words: str
) -> None:
    probe = {"exec": {"command": ["/bin/sh", "-c", "check &"]}, "periodSeconds": 2}
    body = changed((("spec", "containers", 0, "readinessProbe"), probe))
    began = [f"2026-11-24T10:00:{second:02}Z" for second in seconds]
    main = Process(pid=1, container_id=APP_ID, executable="sleep", state="S")
    seen = look(processes=[main, *zombies(program, began)])
    (hit,) = hits(RULES, case_of(body, seen))["CON012"]
    assert hit.title == f"app has {words}"
    assert hit.evidence == (
        "6 processes in state Z: their parent, PID 1 (sleep), does not wait for them",
    )


@pytest.mark.parametrize(("mebi", "found"), [(39, True), (30, False)])
def test_a_container_too_full_to_look_into_is_near_its_limit(mebi: int, found: bool) -> None:
    limited = kit.container(
        resources={"limits": {"memory": "40Mi"}}, status=kit.status(kit.running(), ready=True)
    )
    outside = MemoryUsage(container="app", working_set=mebi << 20, source="metrics.k8s.io")
    view = kit.view(kit.pod(limited), memory_usages=[outside])
    hit = hits(RULES, kit.case(view, containers=container_facts.build(view))).get("CON009")
    assert bool(hit) is found
    if hit:
        assert hit[0].title == "app uses 39 of 40 MiB of memory"
        assert hit[0].evidence == ("98% of its limit, read from outside, without page cache",)

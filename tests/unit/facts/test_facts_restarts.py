"""The cause of the last end, each separated from its look-alikes."""

from __future__ import annotations

from typing import Any

import pytest

from kit.restart_cases import (
    CALM,
    LIMIT,
    LIVENESS,
    STARTUP,
    app_pod,
    at,
    backing_off,
    counter,
    ended,
    event,
    running,
    unhealthy,
    view,
)
from kubectl_podx.model.capture import LogTail
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.restarts import facts as restarts
from kubectl_podx.sections.restarts.report import Restart

KILLED_BY_LIVENESS = "Container app failed liveness probe, will be restarted"


def row(seen: PodView, container: str = "app") -> Restart:
    return next(each for each in restarts.build(seen) if each.container == container)


def crashed(code: int, reason: str = "", spec: Any = None, message: str = "", **more: Any) -> Any:
    """A container that ended at 960 after 60 seconds and waits for its fifth start."""
    status = {
        "restartCount": 4,
        "state": backing_off(),
        "lastState": {"terminated": ended(code, 900, 960, reason, message)},
    }
    return app_pod(spec, status, **more)


def decided(seen: PodView) -> tuple[str | None, str | None]:
    found = row(seen)
    return found.cause, found.confidence


# --- liveness ------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [143, 137, 0, 1, 77])
@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("app", KILLED_BY_LIVENESS),
        ("sidecar", "Init container app failed liveness probe"),
        ("app", "Container app failed liveness probe"),
    ],
)
def test_a_killing_event_inside_the_instance_proves_liveness(
    code: int, kind: str, message: str
) -> None:
    path = "spec.containers{app}" if kind == "app" else "spec.initContainers{app}"
    seen = view(
        crashed(code, spec=LIVENESS, kind=kind),
        [event("Killing", message, 100, 950, count=4, path=path)],
    )
    assert decided(seen) == ("livenessProbe", "proven")


def test_the_sentence_of_a_liveness_kill() -> None:
    body = crashed(137, spec=LIVENESS, pod_status={"startTime": at(840)})
    found = row(view(body, [event("Killing", KILLED_BY_LIVENESS, 950)], now=962))
    assert found.summary == (
        "app was killed by its liveness probe (exec cat /tmp/healthy, 3 failures in 9 s): "
        "restarted 4 times in 2 min, next start in 38 s"
    )
    assert found.backoff is not None
    assert (found.backoff.delay, found.backoff.next) == (40.0, at(1000))
    assert (found.tempo, found.looping, found.signal) == ("4 times in 2 min", True, "SIGKILL")


def test_a_killing_event_of_another_instance_proves_nothing() -> None:
    seen = view(crashed(137, spec=LIVENESS), [event("Killing", KILLED_BY_LIVENESS, 100)])
    assert row(seen).confidence != "proven"


def test_a_killing_event_of_another_container_proves_nothing() -> None:
    other = event("Killing", KILLED_BY_LIVENESS, 950, path="spec.containers{other}")
    assert row(view(crashed(1, spec={}), [other])).cause == "exitCode"


def test_an_event_of_a_dead_namesake_proves_nothing() -> None:
    stale = event("Killing", KILLED_BY_LIVENESS, 950)
    stale["involvedObject"]["uid"] = "another"
    assert row(view(crashed(1, spec={}), [stale])).cause == "exitCode"


def test_a_combined_killing_event_must_name_the_container() -> None:
    about_other = "(combined from similar events): Container other failed liveness probe"
    assert row(view(crashed(1), [event("Killing", about_other, 950)])).cause == "exitCode"
    about_it = f"(combined from similar events): {KILLED_BY_LIVENESS}"
    seen = view(crashed(1, spec=LIVENESS), [event("Killing", about_it, 950)])
    assert decided(seen) == ("livenessProbe", "proven")


@pytest.mark.parametrize("code", [143, 137, 0, 1])
def test_counters_that_pay_for_every_kill_make_liveness_likely(code: int) -> None:
    # Five instances have ended, three failures each, and never a success.
    seen = view(crashed(code, spec=LIVENESS), [], counters=[counter("Liveness", 0, 15)])
    assert decided(seen) == ("livenessProbe", "likely")
    assert row(seen).explained == 4


def test_failures_dated_in_the_instance_up_to_the_threshold_make_liveness_likely() -> None:
    seen = view(crashed(1, spec=LIVENESS), [unhealthy(950, 956, count=3)])
    assert decided(seen) == ("livenessProbe", "likely")


def test_fewer_failures_than_the_threshold_leave_the_exit_its_own() -> None:
    counted = [counter("Liveness", 40, 2)]
    seen = view(crashed(3, spec=LIVENESS), [unhealthy(950, 953, count=2)], counters=counted)
    assert decided(seen) == ("exitCode", "likely")


def test_a_stop_signal_with_an_open_liveness_probe_and_nothing_else_is_only_possible() -> None:
    assert decided(view(crashed(143, spec=LIVENESS), None)) == ("livenessProbe", "possible")


def test_a_run_too_short_for_the_probe_excludes_it() -> None:
    status = {
        "restartCount": 1,
        "state": running(905),
        "lastState": {"terminated": ended(143, 900, 903)},
    }
    assert decided(view(app_pod(LIVENESS, status), [])) == ("signal", "likely")


def test_kills_before_and_a_run_of_that_length_make_the_next_one_likely() -> None:
    status = {
        "restartCount": 6,
        "state": backing_off(160),
        "lastState": {"terminated": ended(143, 950, 960)},
    }
    before = [event("Killing", KILLED_BY_LIVENESS, 100, 700, count=5)]
    assert decided(view(app_pod(LIVENESS, status), before)) == ("livenessProbe", "likely")


def test_under_never_the_kill_says_only_stopping() -> None:
    body = app_pod(
        LIVENESS,
        {"state": {"terminated": ended(137, 940, 960)}},
        pod_spec={"restartPolicy": "Never"},
        pod_status={"phase": "Failed"},
    )
    stop = event("Killing", "Stopping container app", 957)
    assert decided(view(body, [stop, unhealthy(951, 957, count=3)])) == ("livenessProbe", "likely")
    assert decided(view(body, [stop])) == ("livenessProbe", "possible")


# --- startup -------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [143, 0, 137, 2])
def test_a_startup_kill_whatever_the_exit_code(code: int) -> None:
    message = "Container app failed startup probe, will be restarted"
    seen = view(crashed(code, spec=STARTUP), [event("Killing", message, 955)])
    assert decided(seen) == ("startupProbe", "proven")
    seen = view(crashed(code, spec=STARTUP), None, counters=[counter("Startup", 0, 25)])
    assert decided(seen) == ("startupProbe", "likely")


def test_a_crash_before_the_startup_threshold_is_the_programs_own() -> None:
    status = {
        "restartCount": 3,
        "state": backing_off(),
        "lastState": {"terminated": ended(1, 950, 953)},
    }
    seen = view(app_pod(STARTUP, status), [], counters=[counter("Startup", 0, 4)])
    assert decided(seen) == ("exitCode", "proven")
    # Failures in a row are counted over instances that end by themselves.
    seen = view(app_pod(STARTUP, status), [], counters=[counter("Startup", 0, 6)])
    assert decided(seen) == ("exitCode", "likely")


# --- memory --------------------------------------------------------------------------------


def test_oom_of_the_main_process_at_its_limit() -> None:
    seen = view(crashed(137, "OOMKilled", LIMIT), [], node=CALM)
    assert decided(seen) == ("oomKilled", "proven")
    assert "at its memory limit of 64Mi" in row(seen).summary
    # The node's memory may have run out first: nobody read what it says.
    assert decided(view(crashed(137, "OOMKilled", LIMIT), [])) == ("oomKilled", "likely")


@pytest.mark.parametrize(("code", "cause"), [(0, "completed"), (3, "exitCode")])
def test_an_oom_mark_on_another_exit_code_is_a_child(code: int, cause: str) -> None:
    found = row(view(crashed(code, "OOMKilled", LIMIT), []))
    assert (found.cause, found.confidence) == (cause, "likely")
    assert "a process in it was OOM-killed at its memory limit of 64Mi" in found.summary


def test_oom_without_a_limit_is_the_node_or_a_parent() -> None:
    assert decided(view(crashed(137, "OOMKilled"), [])) == ("nodeOOM", "likely")
    body = crashed(137, "OOMKilled", pod_spec={"resources": {"limits": {"memory": "40Mi"}}})
    assert "the pod's limit of 40Mi" in row(view(body, [])).summary


def test_an_oom_of_the_node_at_that_time_is_not_the_containers() -> None:
    oom = event("SystemOOM", "System OOM encountered, victim process: app, pid: 7", 960)
    seen = view(crashed(137, "OOMKilled", LIMIT), [], node_events=[oom])
    assert decided(seen) == ("nodeOOM", "likely")


def test_memory_pressure_of_the_node_takes_the_proof_away() -> None:
    node = {"status": {"conditions": [{"type": "MemoryPressure", "status": "True"}]}}
    seen = view(crashed(137, "OOMKilled", LIMIT), [], node=node)
    assert decided(seen) == ("oomKilled", "likely")


def test_oom_with_a_liveness_probe_is_proven_only_where_counters_exclude_it() -> None:
    body = crashed(137, "OOMKilled", {**LIMIT, **LIVENESS})
    seen = view(body, [], counters=[counter("Liveness", 90, 0)], node=CALM)
    assert decided(seen) == ("oomKilled", "proven")
    started = event("Started", "Container started", 900)
    assert decided(view(body, [started])) == ("oomKilled", "likely")
    # Nothing at all is known of the probe: neither counters nor events that reach back.
    assert decided(view(body, [])) == ("oomKilled", "possible")


def test_a_liveness_sigkill_that_reads_oomkilled_is_liveness() -> None:
    body = crashed(137, "OOMKilled", {**LIMIT, **LIVENESS})
    killed = [event("Killing", KILLED_BY_LIVENESS, 950)]
    assert decided(view(body, killed)) == ("livenessProbe", "proven")
    counted = [counter("Liveness", 0, 15)]
    assert decided(view(body, None, counters=counted)) == ("livenessProbe", "likely")


# --- exits, signals, starts ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "signal"), [(139, "SIGSEGV"), (134, "SIGABRT"), (135, "SIGBUS"), (132, "SIGILL")]
)
def test_a_crash_signal_is_the_programs_own(code: int, signal: str) -> None:
    found = row(view(crashed(code), []))
    assert (found.cause, found.confidence, found.signal) == ("signal", "likely", signal)


@pytest.mark.parametrize("code", [132, 133, 134, 135, 136, 139, 141, 142, 159])
def test_a_code_of_a_signal_may_be_handed_on_so_it_is_never_proven(code: int) -> None:
    found = row(view(crashed(code), []))
    assert found.confidence == "likely"
    assert "sent" not in found.summary
    assert any("handed on" in each.text for each in found.evidence)


@pytest.mark.parametrize("code", [133, 139])
def test_abort_as_pid_1_ends_by_another_signal(code: int) -> None:
    assert "or abort(), which ends PID 1 so" in row(view(crashed(code), [])).summary
    shared = crashed(code, pod_spec={"shareProcessNamespace": True})
    assert "abort()" not in row(view(shared, [])).summary


def quick(code: int, **more: Any) -> Any:
    """It ended after three seconds, too soon for somebody's exec."""
    body = crashed(code, **more)
    body["status"]["containerStatuses"][0]["lastState"]["terminated"] = ended(code, 957, 960)
    return body


def test_an_exit_is_proven_where_nobody_can_have_signalled_it() -> None:
    assert decided(view(quick(3), [])) == ("exitCode", "proven")
    assert decided(view(quick(0), [])) == ("completed", "proven")
    assert "ended by itself" in row(view(quick(0), [])).summary
    # After a minute an exec may have sent TERM to a program that ends with 0 on it.
    found = row(view(crashed(0), []))
    assert (found.confidence, "by itself" in found.summary) == ("likely", False)
    assert any("a signal that an exec sends leaves no trace" in e.text for e in found.evidence)


@pytest.mark.parametrize(
    ("pod_spec", "sender"),
    [
        ({"shareProcessNamespace": True}, "container reloader, which shares its PID namespace"),
        ({"hostPID": True}, "a process of the node (hostPID)"),
        (
            {"ephemeralContainers": [{"name": "dbg", "targetContainerName": "app"}]},
            "debug container dbg, which targets it",
        ),
    ],
)
@pytest.mark.parametrize("code", [0, 3])
def test_whoever_shares_the_pid_namespace_may_have_signalled_it(
    code: int, pod_spec: Any, sender: str
) -> None:
    body = quick(code, pod_spec=pod_spec)
    body["spec"]["containers"].append({"name": "reloader", "image": "shop/reloader:1"})
    found = row(view(body, []))
    assert (found.confidence, "by itself" in found.summary) == ("likely", False)
    assert any(f"a signal of {sender}" in each.text for each in found.evidence)
    oom = crashed(137, "OOMKilled", LIMIT, pod_spec=pod_spec)
    assert decided(view(oom, [], node=CALM)) == ("oomKilled", "likely")


def test_a_sigkill_by_somebody_is_no_oom() -> None:
    assert decided(view(crashed(137), [])) == ("signal", "likely")
    # A runtime can miss an OOM kill.
    assert decided(view(crashed(137, spec=LIMIT), [])) == ("signal", "possible")


def test_an_exit_code_of_its_own_with_the_line_that_tells() -> None:
    logs = [LogTail(container="app", previous=True, lines=["up", "FATAL: no database", "bye"])]
    found = row(view(crashed(3), [], logs=logs))
    assert (found.cause, found.confidence) == ("exitCode", "proven")
    assert found.crash_line == "no database"
    assert found.summary.startswith('app exited with code 3 after 60 s: "no database"')


def test_of_a_message_of_several_lines_the_one_that_tells_is_quoted() -> None:
    said = 'level=info msg="Starting" version=0.25\nerror: yaml: line 3: bad\nlevel=info msg="bye"'
    assert '"yaml: line 3: bad"' in row(view(crashed(1, message=said), [])).summary
    assert '"last words"' in row(view(crashed(1, message="first\nlast words\n"), [])).summary


def test_a_log_that_the_runtime_has_removed_is_no_log() -> None:
    gone = "unable to retrieve container logs for containerd://aaaa"
    logs = [LogTail(container="app", previous=True, lines=[gone])]
    found = row(view(crashed(3), [], logs=logs))
    assert (found.previous_logs, found.crash_line) == ([], "")


def test_success_under_always_is_completed() -> None:
    found = row(view(crashed(0), []))
    assert (found.cause, found.confidence) == ("completed", "likely")
    assert "restartPolicy Always starts it again" in found.summary


def test_the_spec_written_meanwhile_takes_the_proof_away() -> None:
    writers = {"managedFields": [{"manager": "kubectl-set", "time": at(955)}], "generation": 2}
    assert decided(view(crashed(3, metadata=writers), [])) == ("exitCode", "likely")
    assert decided(view(crashed(143, metadata=writers), [])) == ("definitionChanged", "possible")


START = "failed to create containerd task: OCI runtime create failed: runc create failed: "


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (START + 'exec: "srv": executable file not found in $PATH', '"srv" is not in the image'),
        (START + 'exec: "/x": stat /x: no such file or directory', '"/x" does not exist'),
        (
            START + 'exec: "sleep 3600": executable file not found in $PATH',
            '"sleep 3600" is not in the image\'s PATH (the whole command line is one item',
        ),
        (START + 'exec: "/etc/x": permission denied', '"/etc/x" may not be executed'),
        (START + 'exec: "/x": exec format error', "another CPU"),
        (START + 'chdir to cwd ("/w") set in config.json failed: no such file', "'/w' cannot be"),
        (START + "container init was OOM-killed (memory limit too low?)", "OOM kill"),
    ],
)
def test_a_start_error_in_plain_words(message: str, words: str) -> None:
    status = {
        "restartCount": 2,
        "state": backing_off(20),
        "lastState": {
            "terminated": {
                "exitCode": 128,
                "reason": "StartError",
                "message": message,
                "startedAt": "1970-01-01T00:00:00Z",
                "finishedAt": at(960),
            }
        },
    }
    found = row(view(app_pod({}, status), []))
    assert (found.cause, found.confidence, found.started_at) == ("startError", "proven", None)
    assert words in found.summary


def test_exit_128_of_the_program_is_no_start_error() -> None:
    assert decided(view(crashed(128), [])) == ("exitCode", "likely")


HOOK = {"lifecycle": {"postStart": {"exec": {"command": ["false"]}}}}


@pytest.mark.parametrize("code", [137, 143, 0, 1])
def test_a_failed_post_start_hook(code: int) -> None:
    for words in (
        event("FailedPostStartHook", "PostStartHook failed", 910),
        event("Killing", "FailedPostStartHook", 910),
    ):
        # It may have ended by itself with any other code, and its hook because of that.
        sure = {137: "proven", 1: "possible"}.get(code, "likely")
        assert decided(view(crashed(code, spec=HOOK), [words])) == ("postStartHook", sure)
    before = event("FailedPostStartHook", "PostStartHook failed", 100)
    sure = "possible" if code == 1 else "likely"
    assert decided(view(crashed(code, spec=HOOK), [before])) == ("postStartHook", sure)
    assert row(view(crashed(code, spec=HOOK), None)).confidence == "possible"


@pytest.mark.parametrize(
    "how",
    [
        "command 'sleep 30' exited with 137",
        # A runtime that waited for a command whose container had gone: a hook has no timeout.
        'command timed out: "sleep 30" timed out after 0s',
    ],
)
def test_a_hook_that_was_killed_with_its_container_is_not_the_cause(how: str) -> None:
    body = crashed(5, spec=HOOK)
    message = f"Exec lifecycle hook ([sleep 30]) failed - error: {how}"
    body["status"]["containerStatuses"][0]["state"] = {
        "waiting": {"reason": "PostStartHookError", "message": message}
    }
    events = [
        event("FailedPostStartHook", "PostStartHook failed", 959),
        event("Killing", "FailedPostStartHook", 959),
    ]
    assert decided(view(body, events)) == ("exitCode", "likely")


def test_a_failed_hook_is_likely_only_if_the_kubelet_tells_how_it_failed() -> None:
    """A program with a code of its own may have ended first, and taken its hook with it."""
    message = "Exec lifecycle hook ([false]) failed - error: command 'false' exited with 1"
    for said, sure in ((message, "likely"), ("", "possible")):
        body = crashed(5, spec=HOOK)
        waiting = {"reason": "PostStartHookError", "message": said}
        body["status"]["containerStatuses"][0]["state"] = {"waiting": waiting}
        assert decided(view(body, [])) == ("postStartHook", sure)


def test_failures_add_up_over_instances_that_end_by_themselves() -> None:
    """A run far too short for three failures in a row, killed at its first one all the same."""
    status = {
        "restartCount": 2,
        "state": backing_off(),
        "lastState": {"terminated": ended(77, 900, 903)},
    }
    events = [unhealthy(901, 901), unhealthy(700, 720, 2)]
    counted = [counter("Liveness", 0, 3)]
    assert decided(view(app_pod(LIVENESS, status), events, counters=counted)) == (
        "livenessProbe",
        "likely",
    )
    # Two failures kill nobody.
    counted = [counter("Liveness", 0, 2)]
    assert decided(view(app_pod(LIVENESS, status), [unhealthy(901)], counters=counted)) == (
        "exitCode",
        "proven",
    )


def test_failures_that_killed_the_instance_before_are_spent() -> None:
    status = {
        "restartCount": 2,
        "state": running(970),
        "lastState": {"terminated": ended(3, 900, 960)},
    }
    events = [unhealthy(840, 846, 3), event("Killing", KILLED_BY_LIVENESS, 846)]
    counted = [counter("Liveness", 20, 3)]
    found = row(view(app_pod(LIVENESS, status), events, counters=counted))
    assert (found.cause, found.confidence) == ("exitCode", "likely")


def test_a_kill_in_the_second_of_the_start_is_of_the_instance_before() -> None:
    """The kubelet stops one instance and starts the next in one sync."""
    status = {
        "restartCount": 2,
        "state": running(970),
        "lastState": {"terminated": ended(3, 900, 904)},
    }
    events = [unhealthy(894, 900, 3), event("Killing", KILLED_BY_LIVENESS, 900)]
    counted = [counter("Liveness", 9, 3)]
    assert decided(view(app_pod(LIVENESS, status), events, counters=counted)) == (
        "exitCode",
        "proven",
    )


@pytest.mark.parametrize("code", [0, 143, 137])
def test_a_new_image_without_its_killing_event(code: int) -> None:
    """The pod was written just before the end, and an earlier start was of another image."""
    status = {
        "restartCount": 1,
        "state": running(961),
        "lastState": {"terminated": ended(code, 900, 960)},
    }
    written = [{"manager": "kubectl-patch", "operation": "Update", "time": at(958)}]
    body = app_pod({}, status, metadata={"generation": 2, "managedFields": written})
    old = event("Pulled", 'Container image "shop/app:0" already present on machine', 899)
    assert decided(view(body, [old])) == ("definitionChanged", "likely")
    assert decided(view(body, [])) == ("definitionChanged", "possible")


def test_without_a_witness_for_the_sandbox_success_is_not_proven() -> None:
    """A new sandbox stops every container, and a program may end a stop with 0."""
    body = crashed(0)
    body["status"]["conditions"] = [{"type": "PodReadyToStartContainers", "status": "True"}]
    assert decided(view(body, [])) == ("completed", "likely")


def test_what_ended_long_before_the_eviction_was_not_evicted() -> None:
    """No event dates the eviction; the container that was stopped last does."""
    done = {"state": {"terminated": ended(0, 10, 11)}, "restartCount": 0}
    body = app_pod({}, done, pod_status={"phase": "Failed", "reason": "Evicted"})
    body["spec"]["containers"].append({"name": "writer", "image": "shop/app:1"})
    body["status"]["containerStatuses"].append(
        {"name": "writer", "restartCount": 0, "state": {"terminated": ended(137, 10, 900)}}
    )
    found = {each.container: each.cause for each in restarts.build(view(body, []))}
    assert found == {"app": "completed", "writer": "evicted"}


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("Container app definition changed, will be restarted", "definitionChanged"),
        ("Container app resize requires restart", "resize"),
        ("killing", "restartAllContainers"),
    ],
)
def test_the_kubelets_other_words(message: str, cause: str) -> None:
    assert decided(view(crashed(137), [event("Killing", message, 955)])) == (cause, "proven")


def test_restart_all_containers_by_its_reason() -> None:
    body = crashed(137, "RestartingAllContainers", LIMIT)
    assert decided(view(body, None)) == ("restartAllContainers", "proven")


# --- sandbox and lost ----------------------------------------------------------------------


def sandboxed(code: int, reason: str = "") -> Any:
    status = {
        "restartCount": 1,
        "ready": True,
        "started": True,
        "state": running(965),
        "lastState": {"terminated": ended(code, 100, 960, reason)},
    }
    return app_pod({}, status)


SANDBOX = event(
    "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.", 961, path=""
)


def test_a_reboot_of_the_node() -> None:
    assert decided(view(sandboxed(255, "Unknown"), [SANDBOX])) == ("sandboxChanged", "proven")
    assert decided(view(sandboxed(255, "Unknown"), [])) == ("lostByRuntime", "proven")


def test_a_new_sandbox_without_its_stop_event_is_likely() -> None:
    assert decided(view(sandboxed(137), [SANDBOX])) == ("sandboxChanged", "likely")
    stop = event("Killing", "Stopping container app", 958)
    assert decided(view(sandboxed(137), [SANDBOX, stop])) == ("sandboxChanged", "proven")


def test_init_containers_that_ran_again_tell_of_a_new_sandbox() -> None:
    body = sandboxed(137)
    body["spec"]["initContainers"] = [{"name": "setup"}]
    body["status"]["initContainerStatuses"] = [
        {"name": "setup", "restartCount": 1, "state": {"terminated": ended(0, 962, 963)}}
    ]
    found = restarts.build(view(body, None))
    assert [(each.cause, each.confidence) for each in found] == [
        ("completed", "proven"),
        ("sandboxChanged", "likely"),
    ]


def test_container_status_unknown_may_be_no_restart() -> None:
    body = app_pod(
        {},
        {
            "restartCount": 1,
            "state": {"terminated": {"exitCode": 137, "reason": "ContainerStatusUnknown"}},
        },
        pod_status={"phase": "Failed"},
    )
    found = row(view(body, []))
    # In a pod that has failed it may be the word for what the kubelet ended itself.
    assert (found.cause, found.confidence) == ("lostByRuntime", "likely")
    assert "may include no restart" in found.summary
    body["status"]["phase"] = "Running"
    assert decided(view(body, [])) == ("lostByRuntime", "proven")


def test_a_kill_in_the_second_of_the_next_start_is_not_proven_by_its_time() -> None:
    def killed(now: float, events: list[Any], delay: int = 0) -> tuple[str | None, str | None]:
        last = {"terminated": ended(143, 900, 960)}
        status = {"restartCount": 1, "state": running(960), "lastState": last}
        probe = {"livenessProbe": {**LIVENESS["livenessProbe"], "initialDelaySeconds": delay}}
        body = app_pod(probe, status, pod_spec={"terminationGracePeriodSeconds": 20})
        return decided(view(body, [*events, event("Killing", KILLED_BY_LIVENESS, 960)], now=now))

    assert killed(965, []) == ("livenessProbe", "likely")
    # The next instance would have ended of it by now; or three failures were of this one.
    assert killed(990, []) == ("livenessProbe", "proven")
    assert killed(965, [unhealthy(950, 958, 3)]) == ("livenessProbe", "proven")
    # Nobody asks the next one within its first second.
    assert killed(965, [], delay=1) == ("livenessProbe", "proven")


def test_without_its_start_a_kill_may_be_of_the_instance_before() -> None:
    body = crashed(143, spec=LIVENESS)
    del body["status"]["containerStatuses"][0]["lastState"]["terminated"]["startedAt"]
    killed = [event("Killing", KILLED_BY_LIVENESS, 958)]
    assert decided(view(body, killed)) == ("livenessProbe", "likely")


# --- the whole pod -------------------------------------------------------------------------


def failed(reason: str, message: str = "", code: int | None = 137, **status: Any) -> Any:
    state = {"state": {"terminated": ended(code, 100, 960)}} if code is not None else {}
    return app_pod(
        {},
        state,
        pod_status={"phase": "Failed", "reason": reason, "message": message, **status},
    )


@pytest.mark.parametrize(
    ("reason", "message", "cause", "words"),
    [
        (
            "Evicted",
            "The node was low on resource: memory. Container app was using 812Mi, request is 0, ",
            "evicted",
            "the node was low on memory (app was using 812Mi, its request is 0)",
        ),
        (
            "Evicted",
            'Usage of EmptyDir volume "d" exceeds the limit "5Mi". ',
            "evicted",
            'EmptyDir volume "d" exceeds the limit "5Mi"',
        ),
        ("Preempting", "Preempted in order to admit critical pod", "preempted", "critical pod"),
        ("Terminated", "Pod was terminated in response to imminent node shutdown.",
         "nodeShutdown", "shutting down"),
        ("DeadlineExceeded", "Pod was active on the node longer than the specified deadline",
         "deadlineExceeded", "active deadline"),
    ],
)  # fmt: skip
def test_the_pods_reason_weighs_more_than_the_containers(
    reason: str, message: str, cause: str, words: str
) -> None:
    found = row(view(failed(reason, message), []))
    assert (found.cause, found.confidence) == (cause, "proven")
    assert words in found.summary


def test_an_eviction_for_memory_is_no_oom() -> None:
    body = failed("Evicted", "The node was low on resource: memory. ")
    body["status"]["containerStatuses"][0]["state"]["terminated"]["reason"] = "OOMKilled"
    assert decided(view(body, [])) == ("evicted", "proven")


def test_a_container_that_ended_before_the_eviction_keeps_its_own_cause() -> None:
    body = failed("Evicted", "The node was low on resource: memory. ", code=3)
    told = event("Evicted", "The node was low on resource: memory. ", 990, path="")
    assert decided(view(body, [told])) == ("exitCode", "likely")


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("OutOfcpu", "Pod was rejected: Node didn't have enough resource: cpu"),
        ("NodeAffinity", "Predicate NodeAffinity failed"),
        ("NodeShutdown", "Pod was rejected as the node is shutting down."),
    ],
)
def test_a_rejected_pod(reason: str, message: str) -> None:
    assert decided(view(failed(reason, message, code=None), [])) == ("rejected", "proven")


def deleted(condition: str = "") -> Any:
    conditions = [
        {
            "type": "DisruptionTarget",
            "status": "True",
            "reason": condition,
            "message": "said",
            "lastTransitionTime": at(950),
        }
    ]
    return app_pod(
        {},
        {"state": {"terminated": ended(137, 100, 960)}},
        metadata={"deletionTimestamp": at(980), "deletionGracePeriodSeconds": 30},
        pod_status={"conditions": conditions if condition else []},
    )


def test_a_deleted_pod_and_by_whom() -> None:
    stop = event("Killing", "Stopping container app", 950)
    # Nothing but a condition would tell who deletes it: it is not proven to be nobody else.
    assert decided(view(deleted(), [stop])) == ("deleted", "likely")
    assert row(view(deleted(), [stop])).summary == "app was stopped because the pod is deleted"
    assert decided(view(deleted(), [])) == ("deleted", "likely")
    assert "drain" in row(view(deleted("EvictionByEvictionAPI"), [])).summary
    assert row(view(deleted("PreemptionByScheduler"), [])).cause == "preempted"


def test_an_end_before_the_deletion_keeps_its_cause() -> None:
    body = deleted()
    body["status"]["containerStatuses"][0]["state"]["terminated"] = ended(3, 100, 900)
    assert row(view(body, [])).cause == "exitCode"


def test_an_end_just_before_the_deletion_is_not_the_deletions() -> None:
    body = deleted()
    body["status"]["containerStatuses"][0]["state"]["terminated"] = ended(3, 947, 949)
    found = row(view(body, []))
    assert found.cause == "exitCode"
    assert found.evidence[-1].text == "the pod was deleted after that"
    # By the kubelet's own clock it was stopping it.
    stop = event("Killing", "Stopping container app", 948)
    assert decided(view(body, [stop])) == ("deleted", "likely")


def test_a_job_deletes_its_pod_because_a_container_ended() -> None:
    """In the second of the deletion a Job's pod may have ended by itself, and that is why."""
    body = deleted()
    body["metadata"]["ownerReferences"] = [{"kind": "Job", "name": "e01", "controller": True}]
    for code, cause in ((1, "exitCode"), (143, "deleted"), (0, "deleted")):
        body["status"]["containerStatuses"][0]["state"]["terminated"] = ended(code, 100, 950)
        assert row(view(body, [])).cause == cause
    body["status"]["containerStatuses"][0]["state"]["terminated"] = ended(1, 100, 955)
    assert row(view(body, [])).cause == "deleted"


def test_what_ended_within_the_slack_before_an_eviction_is_not_proven() -> None:
    body = failed("Evicted", "The node was low on resource: memory. ", code=3)
    told = event("Evicted", "The node was low on resource: memory. ", 962, path="")
    assert decided(view(body, [told])) == ("evicted", "likely")


def held(code: int, end: float) -> dict[str, Any]:
    """A deleted pod that a finalizer holds after all has ended: only the last request is dated."""
    return app_pod(
        {},
        {"state": {"terminated": ended(code, 100, end)}},
        metadata={"deletionTimestamp": at(960), "deletionGracePeriodSeconds": 0},
    )


def test_a_deletion_of_which_only_the_last_request_is_dated() -> None:
    """On a slow node the kubelet's last request comes half a minute after the end."""
    stop = event("Killing", "Stopping container app", 929)
    assert decided(view(held(7, 932), [stop])) == ("deleted", "likely")
    # Without the event it may as well have ended by itself a moment before.
    assert decided(view(held(7, 932), [])) == ("deleted", "possible")
    assert decided(view(held(143, 932), [])) == ("deleted", "likely")
    # What had ended long before was not stopped by it: neither is it told by a stop of long ago.
    assert row(view(held(7, 800), [])).cause == "exitCode"
    long_ago = event("Killing", "Stopping container app", 500)
    assert row(view(held(7, 800), [long_ago])).cause == "exitCode"


def test_a_sidecar_that_ends_after_the_main_container() -> None:
    body = app_pod(
        {},
        {"state": {"terminated": ended(137, 5, 960)}},
        kind="sidecar",
        pod_spec={"restartPolicy": "Never", "containers": [{"name": "main"}]},
        pod_status={
            "phase": "Succeeded",
            "containerStatuses": [{"name": "main", "state": {"terminated": ended(0, 6, 950)}}],
        },
    )
    stop = event("Killing", "Stopping container app", 951, path="spec.initContainers{app}")
    assert decided(view(body, [stop])) == ("completed", "proven")
    assert decided(view(body, [])) == ("completed", "likely")


# --- rows ----------------------------------------------------------------------------------


def test_a_row_for_every_container_also_at_count_zero() -> None:
    body = app_pod({}, {"ready": True, "state": running(5)})
    body["spec"]["initContainers"] = [{"name": "setup"}]
    body["spec"]["ephemeralContainers"] = [{"name": "dbg"}]
    found = restarts.build(view(body, []))
    assert [(each.container, each.kind, each.count, each.cause) for each in found] == [
        ("setup", "init", 0, None),
        ("app", "app", 0, None),
        ("dbg", "ephemeral", 0, None),
    ]


def test_restarts_of_which_nothing_is_left() -> None:
    found = row(view(app_pod({}, {"restartCount": 4, "state": running(900)}), []))
    assert (found.cause, found.confidence, found.explained) == ("unknown", "possible", 0)


@pytest.mark.parametrize(
    ("count", "since", "loops"), [(1, 990, False), (3, 990, True), (3, 100, False)]
)
def test_looping_is_again_and_lately(count: int, since: int, loops: bool) -> None:
    status = {
        "restartCount": count,
        "state": running(since),
        "lastState": {"terminated": ended(1, since - 20, since - 10)},
    }
    assert row(view(app_pod({}, status), [])).looping is loops


def test_a_restart_rule_is_part_of_the_evidence() -> None:
    rules = {
        "restartPolicy": "Never",
        "restartPolicyRules": [
            {"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}
        ],
    }
    found = row(view(crashed(42, spec=rules), []))
    assert any("this exit code means Restart" in each.text for each in found.evidence)

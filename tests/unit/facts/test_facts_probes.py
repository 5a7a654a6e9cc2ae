"""Probes: handlers, timing, counters, events, and the state that follows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kit
from kit.restart_cases import (
    LIVENESS,
    STARTUP,
    app_pod,
    at,
    counter,
    event,
    running,
    unhealthy,
    view,
)
from kubectl_podx.pod.kills import backoff, delay_of
from kubectl_podx.pod.pod import containers
from kubectl_podx.pod.probe_events import probe_event
from kubectl_podx.pod.probes import earliest_kill, handler, resolve_port, seconds_to_action, timing
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.probes import facts as probes
from kubectl_podx.sections.probes.report import Probe
from kubectl_podx.sections.restarts import facts as restarts
from kubectl_podx.view.units import spell_seconds, times

READINESS = {"readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 5}}


def live(since: float = 100, **status: Any) -> dict[str, Any]:
    return {"state": running(since), "started": True, "ready": True, **status}


def first(seen: PodView, kind: str) -> Probe:
    return next(each for each in probes.build(seen) if each.type == kind)


@pytest.mark.parametrize(
    ("declared", "text", "port"),
    [
        ({"exec": {"command": ["cat", "/tmp/healthy"]}}, "exec cat /tmp/healthy", None),
        ({"exec": {"command": ["sh", "-c", "a\nb"]}}, "exec sh -c a b", None),
        ({"httpGet": {"path": "/z", "port": "web"}}, "httpGet :web/z", 8080),
        (
            {"httpGet": {"port": 443, "scheme": "HTTPS", "host": "h", "path": "x"}},
            "httpGet https://h:443/x",
            443,
        ),
        (
            {"httpGet": {"port": 80, "httpHeaders": [{"name": "X-A", "value": "secret"}]}},
            "httpGet :80/ with headers X-A",
            80,
        ),
        ({"tcpSocket": {"port": 5432}}, "tcpSocket :5432", 5432),
        ({"grpc": {"port": 9, "service": "s", "mode": "TLS"}}, "grpc :9 service s TLS", 9),
        ({"sleep": {"seconds": 5}}, "sleep 5 s", None),
        ({"novel": {}}, "no handler that is known", None),
    ],
)
def test_every_handler_in_one_line(declared: Any, text: str, port: int | None) -> None:
    container = {"ports": [{"name": "web", "containerPort": 8080}]}
    found = handler(declared, container)
    assert (found.text, found.resolved_port) == (text, port)


@pytest.mark.parametrize(
    ("port", "number"), [("web", 8080), ("nope", None), ("9090", 9090), ("0", None), ("", None)]
)
def test_a_port_is_a_declared_name_or_a_number(port: str, number: int | None) -> None:
    assert resolve_port(port, {"ports": [{"name": "web", "containerPort": 8080}]}) == number


def test_timing_has_the_defaults_of_the_api() -> None:
    found = timing({})
    assert (found.period, found.timeout, found.failure_threshold) == (10, 1, 3)
    assert (seconds_to_action(found), earliest_kill(found)) == (31, 20)


@pytest.mark.parametrize(
    ("message", "kind", "text"),
    [
        ("Liveness probe failed: HTTP probe failed with statuscode: 500", "failed", "HTTP probe"),
        ("Liveness probe errored: rpc error", "errored", "rpc error"),
        ("Liveness probe errored and resulted in unknown state: x", "errored", "x"),
        ("Liveness probe failed: ", "failed", ""),
        ("(combined from similar events): Liveness probe failed: y", "failed", "y"),
    ],
)
def test_the_texts_of_every_version(message: str, kind: str, text: str) -> None:
    found = probe_event(event("Unhealthy", message, 10))
    assert found is not None
    assert (found.type, found.kind, found.message.startswith(text)) == ("liveness", kind, True)


def test_other_events_are_not_about_probes() -> None:
    assert probe_event(event("Unhealthy", "Something else", 10)) is None
    assert probe_event(event("Killing", "Liveness probe failed: x", 10)) is None


def test_a_combined_event_counts_only_where_no_other_container_has_such_a_probe() -> None:
    message = "(combined from similar events): Liveness probe failed: y"
    body = app_pod(LIVENESS, live())
    assert first(view(body, [event("Unhealthy", message, 995)]), "liveness").state == "failing"
    body["spec"]["containers"].append({"name": "other", **LIVENESS})
    found = probes.build(view(body, [event("Unhealthy", message, 995)]))
    assert found[0].recent_failures == []


# --- states --------------------------------------------------------------------------------


def test_readiness_follows_the_status() -> None:
    assert first(view(app_pod(READINESS, live()), []), "readiness").state == "passing"
    failing = view(app_pod(READINESS, live(ready=False)), [unhealthy(900, 998, 20, "Readiness")])
    found = first(failing, "readiness")
    assert (found.state, found.reason) == ("failing", "no")
    assert found.recent_failures[0].count == 20


def test_readiness_that_errors_is_not_failing() -> None:
    words = 'Readiness probe errored and resulted in unknown state: exec: "/x": not found'
    seen = view(app_pod(READINESS, live(ready=False)), [event("Unhealthy", words, 990)])
    assert first(seen, "readiness").state == "erroring"


def test_readiness_without_events_says_that_it_cannot_tell_how() -> None:
    found = first(view(app_pod(READINESS, live(ready=False)), []), "readiness")
    assert (found.state, "no event is left" in found.reason) == ("failing", True)


@pytest.mark.parametrize(
    ("spec", "status", "kind"),
    [
        (READINESS, live(ready=False), "readiness"),
        (STARTUP, live(ready=False, started=False), "startup"),
        (LIVENESS, live(), "liveness"),
    ],
)
def test_a_probe_without_any_result_hangs_or_errors(spec: Any, status: Any, kind: str) -> None:
    """An attempt that hangs is counted as little as one that errors."""
    found = first(view(app_pod(spec, status), [], counters=[]), kind)
    assert (found.state, "hangs, or every one errors" in found.reason) == ("unknown", True)


def test_an_unknown_port_name_errors_by_the_spec_alone() -> None:
    spec = {"livenessProbe": {"tcpSocket": {"port": "nope"}}}
    found = first(view(app_pod(spec, live()), []), "liveness")
    assert (found.state, found.handler.resolved_port) == ("erroring", None)


@pytest.mark.parametrize(
    ("events", "counters", "state"),
    [
        ([unhealthy(990, 999, 2)], None, "failing"),
        # That it lives on is no success: silence is none.
        ([unhealthy(500, 700, 9)], None, "unknown"),
        ([unhealthy(50, 60, 9)], None, "unknown"),
        ([], [counter("Liveness", 300, 0)], "passing"),
        # A third of what is due in fifteen minutes: attempts hang, or it started counting again.
        ([], [counter("Liveness", 100, 0)], "unknown"),
        ([], [counter("Liveness", 0, 1)], "unknown"),
        ([], [], "unknown"),
        ([event("Unhealthy", "Liveness probe errored: x", 998)], None, "erroring"),
        ([event("Unhealthy", "Liveness probe errored: x", 100)], None, "unknown"),
        ([event("Unhealthy", "Liveness probe errored: x", 110, 800, 90)], None, "erroring"),
        (None, None, "unknown"),
    ],
)
def test_liveness_of_a_running_container(events: Any, counters: Any, state: str) -> None:
    found = first(view(app_pod(LIVENESS, live()), events, counters=counters), "liveness")
    assert found.state == state


def test_more_attempts_than_the_last_failure_allows_are_successes_since() -> None:
    """It failed within the last seconds; the kubelet has counted attempts after that."""
    body = app_pod({"livenessProbe": {**LIVENESS["livenessProbe"], "periodSeconds": 1}}, live(980))
    failed = [unhealthy(997, 998, 2)]
    seen = view(body, failed, counters=[counter("Liveness", 18, 2)])
    assert first(seen, "liveness").state == "failing"
    seen = view(body, failed, counters=[counter("Liveness", 21, 2)])
    assert first(seen, "liveness").state == "passing"
    # Counters span restarts: then they tell nothing of this run.
    again = app_pod(
        {"livenessProbe": {**LIVENESS["livenessProbe"], "periodSeconds": 1}},
        live(980, restartCount=1),
    )
    seen = view(again, failed, counters=[counter("Liveness", 21, 2)])
    assert first(seen, "liveness").state == "failing"


def test_the_startup_probe_holds_the_others_back() -> None:
    body = app_pod({**STARTUP, **LIVENESS, **READINESS}, live(990, started=False, ready=False))
    seen = view(body, [unhealthy(995, 999, 3, "Startup")])
    assert [(each.type, each.state, each.waits_for) for each in probes.build(seen)] == [
        ("startup", "failing", None),
        ("liveness", "waiting", "startup"),
        ("readiness", "waiting", "startup"),
    ]
    assert "startup probe succeeds" in first(seen, "liveness").reason


def test_a_startup_probe_is_over_once_started() -> None:
    assert first(view(app_pod(STARTUP, live()), []), "startup").state == "passing"


def test_the_initial_delay_is_waited_for() -> None:
    spec = {"livenessProbe": {"exec": {"command": ["x"]}, "initialDelaySeconds": 60}}
    found = first(view(app_pod(spec, live(980)), []), "liveness")
    assert (found.state, found.waits_for) == ("waiting", "initialDelay")
    assert f"first run at {at(1040)}" in found.reason


@pytest.mark.parametrize(
    ("status", "more", "waits_for", "words"),
    [
        ({"state": {"waiting": {"reason": "CrashLoopBackOff"}}}, {}, "container", "CrashLoop"),
        (live(), {"pod_status": {"phase": "Failed"}}, "pod", "the pod has ended"),
        (live(), {"metadata": {"deletionTimestamp": at(990)}}, "pod", "being deleted"),
    ],
)
def test_what_is_not_run_is_waiting(status: Any, more: Any, waits_for: str, words: str) -> None:
    found = first(view(app_pod(LIVENESS, status, **more), []), "liveness")
    assert (found.state, found.waits_for) == ("waiting", waits_for)
    assert words in found.reason


def test_without_a_status_nothing_is_known() -> None:
    body = app_pod(LIVENESS)
    body["status"] = {}
    assert first(view(body, []), "liveness").state == "unknown"


def test_counters_that_could_not_be_read_are_null_and_named() -> None:
    seen = view(app_pod(LIVENESS, live()), [])
    found = first(seen, "liveness")
    assert (found.counters, "get nodes/proxy" in found.coverage) == (None, True)
    call = kit.call("metrics", "n1", sections=["probes"], state="denied", needs="get nodes/proxy")
    seen.captured.calls.append(call)
    assert "needs get nodes/proxy" in first(seen, "liveness").coverage
    counted = first(
        view(app_pod(LIVENESS, live()), [], counters=[counter("Liveness", 9, 2)]), "liveness"
    )
    assert counted.counters is not None
    assert (counted.counters.successful, counted.counters.failed) == (9, 2)


# --- back-off and words --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("back-off 40s restarting failed container=app pod=x", 40),
        ("back-off 1m20s restarting failed container=app pod=x", 80),
        ("back-off 5m0s restarting failed container=app pod=x", 300),
        ("back-off 1.5s restarting failed container=app pod=x", 1.5),
        ('Back-off pulling image "x"', None),
        ("", None),
    ],
)
def test_the_delay_of_a_back_off(message: str, seconds: float | None) -> None:
    assert delay_of(message) == seconds


def test_image_pulls_back_off_without_a_number() -> None:
    body = app_pod({}, {"state": {"waiting": {"reason": "ImagePullBackOff", "message": "x"}}})
    found = backoff(next(containers(body)), None)
    assert found is not None
    assert (found.delay, found.next) == (None, None)


def test_a_restarted_container_resets_after_ten_minutes() -> None:
    body = app_pod({}, {"restartCount": 2, "state": running(900)})
    seen = view(body, [])
    found = backoff(seen.containers[0], seen.now)
    assert found is not None
    assert at(1500) in found.resets


@pytest.mark.parametrize(
    ("seconds", "words"), [(9, "9 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (-1, "0 s")]
)
def test_spans_in_plain_words(seconds: float, words: str) -> None:
    assert spell_seconds(seconds) == words
    assert [times(1), times(2), times(4)] == ["once", "twice", "4 times"]


# --- odd shapes ----------------------------------------------------------------------------

SCALARS = st.none() | st.booleans() | st.integers(-5, 300) | st.text(max_size=12)
KEYS = st.sampled_from(
    ["state", "lastState", "terminated", "running", "waiting", "reason", "message", "exitCode",
     "startedAt", "finishedAt", "restartCount", "started", "ready", "series", "count",
     "lastTimestamp", "involvedObject", "fieldPath", "uid"]
)  # fmt: skip
ODD = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)


@given(status=ODD, happened=st.lists(ODD.filter(lambda v: isinstance(v, dict)), max_size=4))
def test_odd_statuses_and_events_never_raise(status: Any, happened: Any) -> None:
    body = app_pod({**LIVENESS, **STARTUP, **READINESS})
    body["status"]["containerStatuses"] = (
        [{"name": "app", **status}] if isinstance(status, dict) else status
    )
    seen = view(body, happened, counters=[counter("Liveness", 0, 9)])
    assert len(restarts.build(seen)) == 1
    assert len(probes.build(seen)) == 3


@given(spec=ODD, status=ODD, metadata=ODD)
def test_odd_pods_never_raise(spec: Any, status: Any, metadata: Any) -> None:
    odd = {"spec": spec, "status": status, "metadata": metadata}
    assert restarts.build(view(odd, [])) == []
    whole = app_pod(LIVENESS, {"restartCount": 2, "state": running(10)})
    whole["status"].update(status if isinstance(status, dict) else {})
    whole["spec"]["containers"][0].update({"livenessProbe": spec, "lifecycle": metadata})
    assert len(restarts.build(view(whole, []))) == 1

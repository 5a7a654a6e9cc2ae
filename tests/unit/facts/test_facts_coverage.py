"""Coverage: what could not be looked at, and what would change that."""

from __future__ import annotations

from typing import Any

import kit
from kit import Json, container, observation, pod, status, view
from kubectl_podx.analysis import coverage
from kubectl_podx.model.capture import Call, Observation
from kubectl_podx.model.parts import Coverage
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.table import KEYS

ALL: frozenset[str] = frozenset(KEYS)


def view_of(
    *calls: Call,
    observations: tuple[Observation, ...] = (),
    state: Json | None = None,
    source: Any = "live",
    disturbed: str = "",
    init: Json | None = None,
) -> PodView:
    begun = [] if init is None else [container("init", status=status(init))]
    return view(
        pod(container("app", status=status(state)), inits=begun),
        source=source,
        calls=list(calls),
        observations=list(observations),
        disturbed=disturbed,
    )


SEEN = observation()


def rows(view: PodView, section: str, sections: frozenset[str] = ALL) -> list[Coverage]:
    return [row for row in coverage.build(view, sections) if row.section == section]


def test_a_full_look_leaves_no_row() -> None:
    call = kit.call("exec", "Pod/shop/web-0", sections=["files"], state="ok", container="app")
    assert coverage.build(view_of(call, observations=(SEEN,)), ALL) == []


def test_a_denied_read_names_the_missing_right_for_each_of_its_sections() -> None:
    call = kit.call(
        "get",
        "Secret/shop/db",
        sections=["files", "changes"],
        state="denied",
        reason="forbidden",
        needs="get secrets",
    )
    found = coverage.build(view_of(call, observations=(SEEN,)), ALL)
    assert [(row.section, row.state, row.needs, row.reason) for row in found] == [
        ("files", "denied", "get secrets", "Secret db: forbidden"),
        ("changes", "denied", "get secrets", "Secret db: forbidden"),
    ]


def test_rows_that_say_the_same_become_one() -> None:
    calls = [
        kit.call(
            "get",
            f"Secret/shop/{name}",
            sections=["files"],
            state="denied",
            reason="forbidden",
            needs="get secrets",
        )
        for name in ("a", "b")
    ]
    (row,) = rows(view_of(*calls, observations=(SEEN,)), "files")
    assert row.reason == "Secret a: forbidden; Secret b: forbidden"


def test_a_missing_object_is_a_fact_and_no_loss() -> None:
    call = kit.call("get", "ConfigMap/shop/gone", sections=["files"], state="missing")
    assert coverage.build(view_of(call, observations=(SEEN,)), ALL) == []


def test_the_probe_counters_are_optional_and_still_said_to_be_lacking() -> None:
    call = kit.call(
        "metrics",
        "n1",
        sections=["probes"],
        state="denied",
        reason="forbidden",
        needs="get nodes/proxy",
    )
    (row,) = coverage.build(view_of(call, observations=(SEEN,)), ALL)
    assert (row.section, row.state, row.needs) == ("probes", "denied", "get nodes/proxy")
    assert row.reason == "the kubelet's probe counters: forbidden"


def test_a_slow_call_asks_for_more_time_and_a_short_list_is_partial() -> None:
    slow = kit.call(
        "list", "Service/shop", sections=["network"], state="timedOut", reason="no answer"
    )
    short = kit.call(
        "list",
        "Event/Pod/shop/web-0",
        sections=["probes", "findings"],
        state="ok",
        reason="only the first pages were read",
    )
    found = coverage.build(view_of(slow, short, observations=(SEEN,)), ALL)
    assert [(row.section, row.state, row.needs) for row in found] == [
        ("network", "timedOut", "a longer --deadline"),
        ("probes", "partial", ""),
    ]


def test_a_container_that_does_not_run_says_why() -> None:
    view = view_of(state={"waiting": {"reason": "CrashLoopBackOff"}})
    (row,) = rows(view, "files")
    assert (row.container, row.state, row.reason) == (
        "app",
        "unobservable",
        "container is waiting (CrashLoopBackOff)",
    )


def test_an_init_container_that_is_done_is_no_loss_and_a_failing_one_is() -> None:
    done = view_of(observations=(SEEN,), init={"terminated": {"exitCode": 0}})
    assert coverage.build(done, ALL) == []
    failing = view_of(observations=(SEEN,), init={"waiting": {"reason": "CrashLoopBackOff"}})
    assert {row.container for row in coverage.build(failing, ALL)} == {"init"}


def test_without_exec_the_flag_is_named() -> None:
    (row,) = rows(view_of(), "environment")
    assert (row.state, row.needs) == ("skipped", "run without --no-exec")


def test_a_denied_exec_names_both_verbs() -> None:
    needs = "get pods/exec and create pods/exec"
    call = kit.call(
        "exec",
        "Pod/shop/web-0",
        sections=["files"],
        state="denied",
        reason="forbidden",
        needs=needs,
        container="app",
    )
    (row,) = rows(view_of(call), "files")
    assert (row.container, row.state, row.needs) == ("app", "denied", needs)


def test_a_partial_look_says_what_it_lacked() -> None:
    partial = observation(
        state="partial", method="neighbour", reason="no shell", needs="SYS_PTRACE"
    )
    (row,) = rows(view_of(observations=(partial,)), "volumes")
    assert (row.state, row.reason, row.needs) == ("partial", "no shell", "SYS_PTRACE")


def test_only_the_sections_that_were_asked_for_have_rows() -> None:
    found = coverage.build(view_of(), frozenset({"hosts"}))
    assert [row.section for row in found] == ["hosts"]
    assert coverage.build(view_of(), frozenset({"images"})) == []


def test_a_saved_manifest_skips_what_only_a_cluster_tells() -> None:
    found = coverage.build(view_of(source="manifest"), ALL)
    assert {row.state for row in found} == {"skipped"}
    assert "files" in {row.section for row in found}
    assert "lifecycle" not in {row.section for row in found}


def test_a_pod_that_changed_under_our_eyes_is_said_once_per_section() -> None:
    found = rows(view_of(observations=(SEEN,), disturbed="container app restarted"), "files")
    assert [(row.state, row.reason) for row in found] == [
        ("unobservable", "container app restarted")
    ]


def test_an_empty_pod_has_no_coverage_rows() -> None:
    assert coverage.build(view({}), ALL) == []


def test_containers_beyond_the_most_are_counted() -> None:
    many = pod(*(container(f"c{at}") for at in range(1002)))
    (row,) = rows(view(many), "containers", frozenset({"containers"}))[-1:]
    assert row.reason == "only the first 1000 containers were read: 2 more are declared"
    assert len(view(many).containers) == 1000

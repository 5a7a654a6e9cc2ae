"""Every dated fact in one order."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

import kit
from kit import Json, observation, view
from kubectl_podx.model.capture import (
    ObservedVolume,
)
from kubectl_podx.model.clock import format_time
from kubectl_podx.model.parts import Condition
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.changes.report import Change
from kubectl_podx.sections.node.report import Node
from kubectl_podx.sections.pod.report import Pod
from kubectl_podx.sections.report import PodReport
from kubectl_podx.sections.restarts.report import Restart
from kubectl_podx.sections.timeline import facts as timeline
from kubectl_podx.sections.timeline.facts import gaps
from kubectl_podx.sections.timeline.report import TimelineEntry
from kubectl_podx.sections.tokens.report import TokenRow

REPORT = kit.report(
    pod=Pod(namespace="shop", name="web-0", status="", ready="", created_at="2026-01-01T10:00:00Z"),
)


def build(
    pod: Json,
    *events: Json,
    report: PodReport = REPORT,
    volumes: list[ObservedVolume] | None = None,
) -> list[TimelineEntry]:
    look = observation(volumes=volumes or [])
    found = timeline.build(view(pod, events=events, observations=[look]), report)
    return [entry for entry in found if entry.source != "gap"]


def test_pod_conditions_containers_and_volumes_stand_oldest_first() -> None:
    pod = {
        "metadata": {"creationTimestamp": "2026-01-01T10:00:00Z"},
        "spec": {
            "containers": [
                {"name": "app", "volumeMounts": [{"name": "cm", "mountPath": "/etc/app/"}]}
            ]
        },
        "status": {
            "startTime": "2026-01-01T10:00:01Z",
            "conditions": [
                {
                    "type": "Ready",
                    "status": "False",
                    "reason": "ContainersNotReady",
                    "lastTransitionTime": "2026-01-01T10:30:00Z",
                }
            ],
            "containerStatuses": [
                {
                    "name": "app",
                    "state": {"running": {"startedAt": "2026-01-01T10:31:00Z"}},
                    "lastState": {
                        "terminated": {
                            "startedAt": "1970-01-01T00:00:00Z",
                            "finishedAt": "2026-01-01T10:29:00Z",
                            "exitCode": 128,
                            "reason": "StartError",
                        }
                    },
                }
            ],
        },
    }
    found = build(
        pod, volumes=[ObservedVolume(mount="/etc/app", written_at="2026-01-01T10:00:02.5Z")]
    )
    assert [(entry.time[11:19], entry.container, entry.what) for entry in found] == [
        ("10:00:00", "", "pod created"),
        ("10:00:01", "", "accepted by the kubelet"),
        ("10:00:02", "", "the kubelet wrote the content of volume cm"),
        ("10:29:00", "app", "ended with exit code 128 (StartError)"),
        ("10:30:00", "", "Ready became False (ContainersNotReady)"),
        ("10:31:00", "app", "started"),
    ]


def test_a_merged_event_stands_at_its_first_and_last_time() -> None:
    event = {
        "reason": "Unhealthy",
        "message": "Liveness probe failed:\n no",
        "count": 7,
        "firstTimestamp": "2026-01-01T10:00:00Z",
        "lastTimestamp": "2026-01-01T10:05:00Z",
        "involvedObject": {"fieldPath": "spec.initContainers{side}"},
    }
    found = build({}, event)
    assert [(entry.time[11:16], entry.what, entry.count, entry.container) for entry in found] == [
        ("10:00", "Unhealthy: Liveness probe failed: no (first of 7)", 1, "side"),
        ("10:05", "Unhealthy: Liveness probe failed: no", 7, "side"),
    ]


def test_the_new_event_api_has_its_time_in_other_fields() -> None:
    event = {"reason": "Scheduled", "eventTime": "2026-01-01T10:00:00.123456Z", "count": None}
    assert [entry.time for entry in build({}, event)] == ["2026-01-01T10:00:00Z"]


def test_changes_tokens_and_node_come_from_the_other_sections() -> None:
    report = msgspec.structs.replace(
        REPORT,
        changes=[
            Change(
                kind="image",
                what="other image",
                before="a",
                after="b",
                by="helm",
                time="2026-01-01T11:00:00Z",
            ),
            Change(kind="config", what="no date"),
        ],
        service_account_tokens=[
            TokenRow(
                container="app",
                path="/t",
                issued_at="2026-01-01T10:10:00Z",
                expires_at="2026-01-02T00:00:00Z",
            )
        ],
        node=Node(
            name="n1",
            state="ready",
            conditions=[
                Condition(type="Ready", status="True", since="2025-01-01T00:00:00Z"),
                Condition(type="DiskPressure", status="True", since="2026-01-01T11:30:00Z"),
            ],
        ),
    )
    assert [entry.what for entry in build({}, report=report)] == [
        "token /t issued",
        "other image: a -> b (by helm)",
        "node: DiskPressure became True",
    ]


def test_odd_times_and_shapes_are_left_out() -> None:
    pod = {"metadata": {"creationTimestamp": 3}, "status": {"conditions": [None, {}]}}
    assert build(pod, {"reason": None, "lastTimestamp": "yesterday"}) == []


CREATED = "2026-11-25T08:00:00Z"


def gap_view(events: list[Json] | None, created: str = CREATED, *containers: Json) -> PodView:
    return view(
        kit.pod(*containers, metadata={"creationTimestamp": created}),
        events="denied" if events is None else events,
        captured_at="2026-11-25T12:00:00Z",
    )


def an_event(time: str) -> Json:
    return kit.event("Pulled", "x", first=time)


@pytest.mark.parametrize(
    ("events", "created", "expected"),
    [
        ([], CREATED, [("2026-11-25T12:00:00Z", "no event of the pod is left")]),
        (
            [an_event("2026-11-25T11:30:00Z")],
            CREATED,
            [("2026-11-25T11:30:00Z", "events from before this are gone")],
        ),
        (None, CREATED, [("2026-11-25T12:00:00Z", "could not be read")]),
        # Young enough for all of its events to be there.
        ([], "2026-11-25T11:30:00Z", []),
        ([an_event(CREATED)], CREATED, []),
    ],
)
def test_what_is_missing_is_named(
    events: Any, created: str, expected: list[tuple[str, str]]
) -> None:
    found = list(gaps(gap_view(events, created), REPORT))
    assert [format_time(one.time) for one in found] == [time for time, _ in expected]
    assert all(words in one.what for one, (_, words) in zip(found, expected, strict=True))


def test_runs_that_left_no_record_are_counted() -> None:
    ended = kit.terminated(1, startedAt="2026-11-25T11:00:00Z")
    app = kit.container("app", status={"lastState": ended})
    view = gap_view([an_event(CREATED)], CREATED, app)
    restart = Restart(container="app", kind="app", count=5, explained=1)
    (gap,) = gaps(view, msgspec.structs.replace(REPORT, restarts=[restart]))
    assert gap.container == "app"
    assert gap.what.startswith("why 4 runs before this ended is not recorded")

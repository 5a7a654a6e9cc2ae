"""TARGET words as kubectl reads them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubectl_podx.capture.resolve import why_no_pods
from kubectl_podx.capture.seal import Sealer
from kubectl_podx.capture.targets import Named, Targets, parse_words
from kubectl_podx.cluster.server import Answer
from kubectl_podx.model.errors import UsageError
from kubectl_podx.model.reference import Reference, selector_text


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["web-0"], [Named("Pod", "web-0")]),
        (["pod"], [Named("Pod", "pod")]),
        (["pod/web-0"], [Named("Pod", "web-0")]),
        (["pods", "a", "b"], [Named("Pod", "a"), Named("Pod", "b")]),
        (["a", "b"], [Named("Pod", "a"), Named("Pod", "b")]),
        (["deploy/web", "sts/db"], [Named("Deployment", "web"), Named("StatefulSet", "db")]),
        (["Deployment", "web"], [Named("Deployment", "web")]),
        (["svc/web"], [Named("Service", "web")]),
        (["deployments.apps/web"], [Named("Deployment", "web")]),
    ],
)
def test_words(words: list[str], named: list[Named]) -> None:
    assert parse_words(words) == named


@pytest.mark.parametrize("words", [[], ["foo/bar"], ["pod/"], ["pod/a/b"], ["pod/a", "b"]])
def test_wrong_words(words: list[str]) -> None:
    with pytest.raises(UsageError):
        parse_words(words)


def test_only_one_named_pod_gives_a_single_report() -> None:
    assert Targets(words=("web-0",)).single
    assert Targets(words=("pod", "web-0")).single
    assert not Targets(words=("a", "b")).single
    assert not Targets(words=("deploy/web",)).single
    assert not Targets(selector="app=web").single


def test_a_label_selector_as_the_query_writes_it() -> None:
    selector = {
        "matchLabels": {"b": "2", "a": "1"},
        "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["x", "y"]},
            {"key": "old", "operator": "DoesNotExist"},
            {"key": "app", "operator": "Exists"},
            {"key": "env", "operator": "NotIn", "values": ["dev"]},
        ],
    }
    assert selector_text(selector) == "a=1,b=2,tier in (x,y),!old,app,env notin (dev)"
    assert selector_text(None) == ""


OWNERS: list[tuple[str, dict[str, Any], str]] = [
    ("Deployment", {"spec": {"replicas": 0}}, "spec.replicas is 0"),
    ("StatefulSet", {"spec": {"replicas": 0}}, "spec.replicas is 0"),
    ("DaemonSet", {"status": {"desiredNumberScheduled": 0}}, "no node fits"),
    ("Job", {"spec": {"suspend": True}}, "suspended"),
    (
        "Job",
        {"status": {"conditions": [{"type": "Complete", "status": "True", "reason": "x"}]}},
        "it is Complete (x)",
    ),
    ("CronJob", {"spec": {"suspend": True}}, "suspended"),
    ("CronJob", {"spec": {"schedule": "0 0 1 1 *"}}, "not been due yet (schedule 0 0 1 1 *)"),
    ("Service", {}, "no selector"),
    ("Service", {"spec": {"selector": {"app": "web"}}}, "its selector app=web matches none"),
    ("ReplicaSet", {"spec": {"replicas": 1}}, "no event tells why"),
]


@pytest.mark.parametrize(("kind", "owner", "words"), OWNERS)
def test_why_a_target_has_no_pods(kind: str, owner: dict[str, Any], words: str) -> None:
    server: Any = EventServer([])
    said = why_no_pods(server, Sealer(), Reference(kind, "shop", "x"), owner)
    assert said.startswith(f"{kind} x has no pods")
    assert words in said


class EventServer:
    """Has these warnings about whatever is asked for."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self.events = events

    def get(self, path: str, _query: Any) -> Answer:
        kind = "ReplicaSetList" if path.endswith("replicasets") else "EventList"
        items = [] if kind == "ReplicaSetList" else self.events
        return Answer(200, json.dumps({"kind": kind, "items": items}).encode(), None)


def test_the_newest_failure_to_make_a_pod_is_told() -> None:
    events = [
        {
            "metadata": {"namespace": "shop"},
            "reason": "FailedCreate",
            "message": message,
            "lastTimestamp": time,
        }
        for message, time in [
            ("old", "2026-11-25T11:00:00Z"),
            ("exceeded\nquota", "2026-11-25T12:00:00Z"),
        ]
    ]
    server: Any = EventServer(events)
    owner = {"metadata": {"uid": "d"}, "spec": {"replicas": 2, "selector": {}}}
    said = why_no_pods(server, Sealer(), Reference("Deployment", "shop", "web"), owner)
    assert said == "Deployment web has no pods: FailedCreate: exceeded quota"

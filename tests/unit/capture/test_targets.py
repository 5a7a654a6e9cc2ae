"""TARGET words as kubectl reads them."""

from __future__ import annotations

import pytest

from kubectl_podx.capture.targets import Named, Targets, parse_words
from kubectl_podx.model.errors import UsageError
from kubectl_podx.model.reference import selector_text


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

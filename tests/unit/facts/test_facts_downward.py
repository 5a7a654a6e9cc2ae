"""Downward API rows made of the environment's and the files'."""

from __future__ import annotations

import pytest

import kit
from kubectl_podx.model.capture import (
    ObservedFile,
    Sealed,
    Variable,
)
from kubectl_podx.sections.downward import facts as downward
from kubectl_podx.sections.downward.report import DownwardRow

LABELS = {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}
CONTAINERS = (
    kit.container(
        "app",
        status=kit.status(kit.running("2026-01-01T11:00:00Z")),
        volumeMounts=[{"name": "v", "mountPath": "/info"}],
        env=[
            {
                "name": "APP",
                "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}},
            },
            {
                "name": "CPU",
                "valueFrom": {
                    "resourceFieldRef": {
                        "containerName": "side",
                        "resource": "limits.cpu",
                        "divisor": "1m",
                    }
                },
            },
            {"name": "PLAIN", "value": "x"},
        ],
    ),
    kit.container("side"),
)


def sealed(value: str) -> Sealed:
    return Sealed(digest=value, size=1, text=value)


def rows(file: ObservedFile | None, *variables: Variable) -> list[DownwardRow]:
    body = kit.pod(
        *CONTAINERS,
        metadata={
            "labels": {"b": 'two "2"', "app": "web"},
            "managedFields": [{"manager": "kubectl-label", "time": "2026-01-01T11:59:00Z"}],
        },
        volumes=[{"name": "v", "downwardAPI": {"items": [LABELS]}}],
    )
    look = kit.observation(
        environment_source="exec",
        variables=list(variables),
        files=[file] if file else [],
    )
    return downward.build(kit.view(body, observations=[look]))


def file(digest: str, expected: str, text: str | None = None) -> ObservedFile:
    return ObservedFile(
        path="/info/labels", mount="/info", digest=digest, expected_digest=expected, text=text
    )


def test_variables_come_first_and_only_those_of_the_downward_api() -> None:
    found = rows(
        file("a", "a", "shown"),
        Variable(name="APP", declared=sealed("web"), injected=sealed("old")),
        Variable(name="CPU", declared=sealed("250"), injected=sealed("250")),
    )
    assert [(row.form, row.name, row.field, row.state) for row in found] == [
        ("env", "APP", "metadata.labels['app']", "frozen"),
        ("env", "CPU", "limits.cpu of side", "current"),
        ("file", "/info/labels", "metadata.labels", "current"),
    ]
    assert (found[0].observed, found[0].current) == ("old", "web")
    assert "kubectl-label" in found[0].reason
    assert found[1].divisor == "1m"
    assert found[2].observed == "shown"


def test_a_file_that_differs_shows_only_the_current_value() -> None:
    row = rows(file("a", "b"))[-1]
    assert (row.state, row.observed) == ("stale", "<differs>")
    assert row.current == 'app="web"\nb="two \\"2\\""'


def test_a_missing_file_has_no_observed_value() -> None:
    row = rows(None)[-1]
    assert (row.state, row.observed) == ("missing", None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("metadata.name", "web-0"),
        ("metadata.labels['app']", "web"),
        ("metadata.labels['none']", ""),
        ("metadata.annotations", ""),
        ("limits.cpu", None),
    ],
)
def test_what_the_pod_alone_tells(field: str, value: str | None) -> None:
    pod = {"metadata": {"name": "web-0", "labels": {"app": "web"}}}
    view = kit.view(pod)
    assert downward.current_value(view, field) == value

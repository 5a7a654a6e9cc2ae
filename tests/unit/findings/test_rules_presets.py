"""Rules about PodPresets."""

from __future__ import annotations

from typing import Any

import pytest

from kit import capture, container, pod
from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.model.parts import Finding

ANNOTATION = "podpreset.admission.kubernetes.io/podpreset-db"


def found(value: str, **annotations: str) -> list[Finding]:
    """The findings on a pod with this value of X, and the preset `db` that sets X to 1."""
    one = pod(
        container("app", env=[{"name": "X", "value": value}]),
        name="web",
        metadata={
            "labels": {"role": "front"},
            "annotations": annotations,
            "creationTimestamp": "2026-11-02T00:00:00Z",
        },
    )
    preset: dict[str, Any] = {
        "apiVersion": "redhatcop.redhat.io/v1alpha1",
        "kind": "PodPreset",
        "metadata": {
            "name": "db",
            "namespace": "shop",
            "resourceVersion": "8",
            "creationTimestamp": "2026-11-01T00:00:00Z",
        },
        "spec": {"selector": {}, "env": [{"name": "X", "value": "1"}]},
    }
    made = capture([one], lists={"PodPreset/shop": [preset]}, server_version="v1.37.2")
    findings = analyse(made).items[0].findings or []
    return [each for each in findings if each.code in ("INJ010", "INJ011")]


def test_a_conflict_is_told_with_both_sides() -> None:
    (one,) = found("2")
    assert (one.code, one.severity) == ("INJ010", "info")
    assert one.title == "PodPreset db selects the pod and was not applied"
    assert one.evidence == [
        "likely: a conflict at spec.containers[app].env[X] keeps all presets from being applied",
        'spec.containers[app].env[X]: PodPreset db has {"name": "X", "value": "1"}',
        'spec.containers[app].env[X]: the pod has {"name": "X", "value": "2"}',
    ]
    assert one.next == "kubectl podx preset preview web -n shop"


def test_an_excluded_pod_is_told() -> None:
    (one,) = found("2", **{"podpreset.admission.kubernetes.io/exclude": "true"})
    assert one.evidence[0].startswith("proven: its annotation ")


@pytest.mark.parametrize(("version", "codes"), [("8", []), ("7", ["INJ011"])])
def test_a_preset_that_was_written_since(version: str, codes: list[str]) -> None:
    assert [each.code for each in found("1", **{ANNOTATION: version})] == codes

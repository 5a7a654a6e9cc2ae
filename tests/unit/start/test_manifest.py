"""Where a problem stands in a file: by the field, by the value, by the object."""

from __future__ import annotations

import msgspec
import pytest

from kit import Json
from kubectl_podx.cluster.yaml_lines import Lines
from kubectl_podx.start.manifest import Made, placed
from kubectl_podx.start.report import AdmissionAnswer, PodStart, StartProblem
from kubectl_podx.start.shape import mistakes, of_workload

_FILE = b"""\
# Source: chart/templates/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector: {matchLabels: {app: web}}
  template:
    spec:
      containers:
        - name: app
          image: web:1
          envFrom:
            - configMapRef:
                name: settings
---
{"kind": "List", "items": [
  {"kind": "Pod", "metadata": {"name": "one"}},
  {"kind": "Pod", "metadata": {"name": "two"},
   "spec": {"containers": [{"name": "app"}]}}
]}
"""
_SPEC: Json = {
    "template": {
        "spec": {
            "containers": [
                {
                    "name": "app",
                    "image": "web:1",
                    "envFrom": [{"configMapRef": {"name": "settings"}}],
                }
            ]
        }
    }
}
_MADE = Made("Pod/x/web", "Deployment", "web", {"spec": _SPEC}, 0, (), ("spec", "template"))


def line_of(field: str, thing: str = "", made: Made = _MADE) -> tuple[int, str]:
    problem = StartProblem(kind="key", severity="critical", title="t", field=field, object=thing)
    start = PodStart(
        name="web",
        state="wouldNotStart",
        summary="s",
        admission=AdmissionAnswer(),
        problems=[problem],
    )
    found = placed(start, made, Lines(_FILE).line)
    assert found.object == f"{made.kind}/{made.name}"
    return found.problems[0].line, found.problems[0].field


def test_a_field_of_the_pod_is_found_in_the_template() -> None:
    assert line_of("spec.containers[0].envFrom[0].configMapRef.name", "ConfigMap/settings") == (
        15,
        "spec.template.spec.containers[0].envFrom[0].configMapRef.name",
    )


def test_a_field_that_admission_has_moved_is_found_by_its_value() -> None:
    """A sidecar that was put before it: the container is the second one now."""
    moved = "spec.containers[1].envFrom[0].configMapRef.name"
    assert line_of(moved, "ConfigMap/settings")[0] == 15


def test_a_field_of_the_object_itself() -> None:
    assert line_of("spec.template.spec.containers[0].image")[0] == 12
    assert line_of("spec.template.metadata.labels")[0] == 8


def test_a_field_that_is_not_written_is_at_what_should_hold_it() -> None:
    assert line_of("spec.containers[0].resources.requests.cpu")[0] == 11


def test_without_a_field_it_is_at_the_object() -> None:
    assert line_of("") == (2, "")


def test_an_item_of_a_list_in_another_document() -> None:
    body = {"spec": {"containers": [{"name": "app"}]}}
    two = Made("Pod/x/two", "Pod", "two", body, 1, ("items", 1), ())
    assert line_of("spec.containers[0].image", "", two)[0] == 20
    assert line_of("", "", two)[0] == 19


@pytest.mark.parametrize("data", [b"{", b"\t- x: [", b"a: &x [*x]", b"\xff\xfe", b""])
def test_a_file_that_cannot_be_read_has_no_lines(data: bytes) -> None:
    assert Lines(data).line(0, ["a"]) in (0, 1)
    assert Lines(data).line(7, []) == 0


def titles(found: Json) -> list[str]:
    return [one.title for one in mistakes(found)]


def test_mistakes_that_need_no_cluster() -> None:
    container = {"name": "app", "image": "x"}
    assert titles({"spec": {"containers": [container]}}) == []
    assert titles({"spec": {}}) == ["the pod has no containers"]
    assert titles({"spec": {"containers": [container, container]}}) == [
        'two containers are called "app"'
    ]
    assert titles({"spec": {"containers": [{"name": "app"}]}}) == ["container app has no image"]
    mounting = {**container, "volumeMounts": [{"name": "v", "mountPath": "/v"}]}
    assert titles({"spec": {"containers": [mounting]}}) == [
        'container app mounts volume "v", which the pod does not declare'
    ]
    greedy = {**container, "resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}}
    assert titles({"spec": {"containers": [greedy]}}) == [
        "container app requests more cpu than its limit"
    ]


def test_mistakes_of_a_workload() -> None:
    body: Json = {
        "kind": "Deployment",
        "spec": {
            "selector": {"matchLabels": {"app": "a"}},
            "template": {"metadata": {"labels": {"app": "a"}}},
        },
    }
    assert list(of_workload(body)) == []
    body["spec"]["template"]["metadata"]["labels"] = {"app": "b"}
    (problem,) = of_workload(body)
    assert problem.field == "spec.selector"
    (problem,) = of_workload({"kind": "Job", "spec": {"template": {"spec": {}}}})
    assert problem.field == "spec.template.spec.restartPolicy"
    assert list(of_workload({"kind": "Service"})) == []


def test_a_start_is_data() -> None:
    """What the report prints can be read back."""
    start = PodStart(name="x", state="unknown", summary="", admission=AdmissionAnswer())
    assert msgspec.json.decode(msgspec.json.encode(start), type=PodStart) == start

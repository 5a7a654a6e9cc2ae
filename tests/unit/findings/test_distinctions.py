"""What sets one replica apart."""

from __future__ import annotations

from typing import Any

import msgspec

import kit
from kubectl_podx.analysis import distinctions as apart
from kubectl_podx.model.parts import KeySource
from kubectl_podx.sections.containers.report import Container, ObservationReport
from kubectl_podx.sections.files.report import FileRow
from kubectl_podx.sections.pod.report import Pod
from kubectl_podx.sections.report import PodReport


def report(name: str, image: str = "sha256:" + "a" * 64, **more: Any) -> PodReport:
    container = Container(
        name="app", kind="app", image_id=image, observation=ObservationReport(state="observed")
    )
    return kit.report(
        pod=Pod(namespace="n", name=name, status="Running", ready="1/1", node="one"),
        containers=[container],
        **more,
    )


def distinctions(reports: list[PodReport]) -> list[str]:
    return apart.spelled(apart.distinctions(reports))


def file(state: Any) -> FileRow:
    source = KeySource(kind="ConfigMap", name="c", key="k")
    return FileRow(container="app", path="/c/k", volume="c", source=source, state=state)


def test_pods_that_agree_have_nothing_that_sets_them_apart() -> None:
    assert distinctions([report("a"), report("b"), report("c")]) == []
    assert distinctions([report("a")]) == []
    assert distinctions([]) == []


def test_the_odd_one_is_named_first() -> None:
    other = "sha256:" + "b" * 64
    lines = distinctions([report("a"), report("b", other), report("c"), report("d"), report("e")])
    assert lines == [
        "b: image of app is sha256:bbbbbbbbbbbb; sha256:aaaaaaaaaaaa in a, c, d and 1 other"
    ]


def test_namesakes_are_told_apart_by_their_namespaces() -> None:
    other = report("a", "sha256:" + "b" * 64)
    elsewhere = msgspec.structs.replace(
        other, pod=msgspec.structs.replace(other.pod, namespace="m")
    )
    (line,) = distinctions([report("a"), elsewhere, report("b")])
    assert line.startswith("m/a: image of app is sha256:bbbbbbbbbbbb; ")
    assert line.endswith(" in n/a, b")


def test_a_state_that_only_one_has() -> None:
    lines = distinctions(
        [report("a", files=[file("frozen")]), report("b", files=[file("current")])]
    )
    assert lines == ["a: /c/k of app is frozen; none in b"]


def test_what_everybody_has_for_himself_is_not_listed() -> None:
    pods = [report(name, "sha256:" + name * 64) for name in "abc"]
    assert distinctions(pods) == []


def test_sections_that_were_not_built_are_no_difference() -> None:
    assert distinctions([report("a", files=None), report("b", files=None)]) == []


def test_what_sets_one_apart_is_told_field_by_field() -> None:
    other = "sha256:" + "b" * 64
    (found,) = apart.distinctions([report("a"), report("b", other), report("c")])
    assert (found.fact, found.pods, found.value) == ("image of app", ["b"], "sha256:bbbbbbbbbbbb")
    (rest,) = found.others
    assert (rest.pods, rest.value) == (["a", "c"], "sha256:aaaaaaaaaaaa")

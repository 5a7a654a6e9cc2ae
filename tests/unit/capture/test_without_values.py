"""A bundle without the values of ConfigMaps: equal is still equal, and nothing can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.capture.bundle import read_bundle, without_values
from kubectl_podx.model.capture import Capture
from kubectl_podx.sections.report import PodReport

TESTS = Path(__file__).resolve().parents[2]
RECORDED = sorted([*TESTS.glob("recorded/*.podx"), *TESTS.glob("incidents/recorded/*.podx")])


def states(report: PodReport) -> list[tuple[str, str, str, str]]:
    return [
        *(("file", row.container, row.path, row.state) for row in report.files or []),
        *(("env", row.container, row.name, row.state) for row in report.environment or []),
    ]


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_every_judgement_stays(path: Path) -> None:
    whole = read_bundle(path)
    bare = without_values(whole)
    before, after = analyse(whole).items, analyse(bare).items
    assert [states(one) for one in after] == [states(one) for one in before]
    assert [judged(one) for one in after] == [judged(one) for one in before]


OF_A_VALUE = {"ENV012"}
"""A reason that is read in a value goes with it."""


def judged(report: PodReport) -> list[str]:
    return [code for code in report.verdict.codes if code not in OF_A_VALUE]


def texts(capture: Capture) -> int:
    """How many values can be read in the keys of objects, and in variables."""
    keys = [key for stored in capture.objects.values() for key in (stored.keys or {}).values()]
    variables = [
        one
        for pod in capture.pods
        for several in (
            *pod.declared_variables.values(),
            *(found.variables for found in pod.observations),
        )
        for one in several
    ]
    sides = [side for one in variables for side in (one.declared, one.injected, one.process)]
    return sum(one is not None and one.text is not None for one in (*keys, *sides))


def test_no_value_of_a_config_map_is_left() -> None:
    left_out = 0
    for path in RECORDED:
        whole, bare = read_bundle(path), without_values(read_bundle(path))
        for stored in bare.objects.values():
            assert {key.text for key in (stored.keys or {}).values()} <= {None}
        left_out += texts(whole) - texts(bare)
    assert left_out > 20


def test_literals_of_the_spec_stay() -> None:
    shown = 0
    for path in RECORDED:
        for pod in without_values(read_bundle(path)).pods:
            for several in pod.declared_variables.values():
                shown += sum(bool(one.declared and one.declared.text) for one in several)
    assert shown > 2

"""Which of a pod's conditions say that something is wrong."""

from __future__ import annotations

import pytest

from kubectl_podx.model.parts import Condition
from kubectl_podx.view.columns import condition_is_bad


@pytest.mark.parametrize(
    ("kind", "status", "bad"),
    [
        ("Ready", "False", True),
        ("Ready", "Unknown", True),
        ("PodScheduled", "True", False),
        ("AllContainersRestarting", "False", False),
        ("AllContainersRestarting", "True", True),
        ("DisruptionTarget", "False", False),
        ("PodResizePending", "True", True),
        # A stranger's: which of its values is the good one is not known.
        ("example.com/quarantined", "False", False),
        ("example.com/quarantined", "True", False),
    ],
)
def test_a_condition_is_bad_by_what_it_means(kind: str, status: str, *, bad: bool) -> None:
    assert condition_is_bad(Condition(type=kind, status=status)) is bad

"""The ladder of states, and the last writer of an object."""

from __future__ import annotations

import itertools
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import astuple

from kubectl_podx.model.words import ValueState
from kubectl_podx.pod.sources import Witness, decide, last_write

RUNGS: list[tuple[str, dict[str, Any]]] = [
    ("denied", {"denied": "x"}),
    ("orphaned", {"gone": "x", "present": True}),
    ("unreadable", {"unreadable": "x"}),
    ("missing", {"present": False}),
    ("extra", {"declared": False, "present": True}),
    ("shadowed", {"shadowed": "x"}),
    ("unresolved", {"unresolved": "x"}),
    ("current", {"equal": True}),
    ("changedByProgram", {"equal": True, "program": "x"}),
    ("frozen", {"equal": False, "frozen": "x"}),
    ("stuck", {"equal": False, "stuck": "x"}),
    ("stale", {"equal": False}),
    ("unknown", {}),
]


@pytest.mark.parametrize(("state", "seen"), RUNGS)
def test_each_state_has_its_own_evidence(state: str, seen: dict[str, Any]) -> None:
    assert decide(Witness(**seen)).state == state


def test_the_ladder_knows_every_word() -> None:
    assert {state for state, _ in RUNGS} == set(get_args(ValueState))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pair
        for pair in itertools.combinations(RUNGS, 2)
        # Evidence that says the opposite of the other one is no pair.
        if not any(pair[0][1].get(k, v) != v for k, v in pair[1][1].items())
        and pair[1][0] not in ("changedByProgram", "unknown")
    ],
    ids=lambda rung: rung[0],
)
def test_of_two_that_hold_the_earlier_one_is_said(
    first: tuple[str, dict[str, Any]], second: tuple[str, dict[str, Any]]
) -> None:
    assert decide(Witness(**{**second[1], **first[1]})).state == first[0]


def test_a_lost_source_of_a_container_that_does_not_run_is_missing() -> None:
    assert decide(Witness(gone="not found", alive=False)).state == "missing"
    assert astuple(decide(Witness(gone="not found", alive=True))) == ("unknown", "not found")


def test_what_a_program_set_itself_is_its_own_doing() -> None:
    assert decide(Witness(declared=False, present=True, program="x")).state == "changedByProgram"


def body(*entries: dict[str, Any]) -> dict[str, Any]:
    return {
        "metadata": {
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "managedFields": list(entries),
        }
    }


def test_the_newest_entry_without_subresource_is_the_last_write() -> None:
    write = last_write(
        body(
            {"manager": "kubectl-create", "time": "2026-01-01T00:00:00Z"},
            {"manager": "helm", "time": "2026-01-02T00:00:00Z"},
            {"manager": "kubelet", "time": "2026-01-03T00:00:00Z", "subresource": "status"},
        )
    )
    assert (write.by, write.text) == ("helm", "2026-01-02T00:00:00Z")


def test_without_managed_fields_the_creation_is_the_last_write() -> None:
    assert last_write(body()).text == "2026-01-01T00:00:00Z"
    assert last_write(body(), "resize").time is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["metadata", "managedFields", "time"]), inner)
        ),
    )
)
def test_odd_shapes_have_no_last_write(odd: Any) -> None:
    assert last_write(odd).by == ""

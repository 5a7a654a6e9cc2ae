"""What a label selector selects, as apimachinery's LabelSelectorAsSelector has it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_podx.model.reference import selects

LABELS = {"app": "web", "tier": "front"}


def term(operator: str, *values: str, key: str = "app") -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ({}, True),
        (None, True),
        ({"matchLabels": {"app": "web"}}, True),
        ({"matchLabels": {"app": "web", "tier": "back"}}, False),
        ({"matchLabels": {"none": "x"}}, False),
        (term("In", "web", "api"), True),
        (term("In", "api"), False),
        (term("In", "web", key="none"), False),
        (term("NotIn", "api"), True),
        (term("NotIn", "web"), False),
        (term("NotIn", "web", key="none"), True),
        (term("Exists"), True),
        (term("Exists", key="none"), False),
        (term("DoesNotExist"), False),
        (term("DoesNotExist", key="none"), True),
        ({"matchLabels": {"tier": "front"}, **term("In", "api")}, False),
        (term("In"), None),
        (term("NotIn"), None),
        (term("Exists", "web"), None),
        (term("DoesNotExist", "web"), None),
        (term("Like", "web"), None),
        ({"matchExpressions": [{"key": "app"}]}, None),
    ],
)
def test_a_selector_selects(selector: Any, *, found: bool | None) -> None:
    assert selects(selector, LABELS) is found


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


@given(
    st.fixed_dictionaries({}, optional={"matchLabels": JSON, "matchExpressions": JSON}) | JSON,
    st.dictionaries(st.text(max_size=5), JSON),
)
def test_odd_selectors_and_labels_raise_nothing(selector: Any, labels: Any) -> None:
    assert selects(selector, labels) in (True, False, None)

"""Quantities as Kubernetes writes them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_podx.model.clock import in_units, parse_quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("250m", Fraction(1, 4)),
        ("64Mi", 64 << 20),
        ("1e3", 1000),
        ("1E", 10**18),
        (".5", Fraction(1, 2)),
        ("-3k", -3000),
        ("100n", Fraction(1, 10**7)),
        (2, 2),
        (0.5, Fraction(1, 2)),
        ("", None),
        ("Mi", None),
        ("1 Gi", None),
        (True, None),
        (None, None),
    ],
)
def test_quantities(text: object, value: Fraction | int | None) -> None:
    assert parse_quantity(text) == value


@pytest.mark.parametrize(
    ("resource", "divisor", "units"),
    [
        ("250m", None, 1),
        ("250m", "0", 1),
        ("250m", "1m", 250),
        ("64Mi", "1Mi", 64),
        ("65Mi", "1Gi", 1),
        ("0", "1", 0),
        ("x", "1", None),
        ("1", "x", None),
    ],
)
def test_units_round_up(resource: str, divisor: str | None, units: int | None) -> None:
    assert in_units(resource, divisor) == units


@given(st.text(max_size=20))
def test_never_raises(text: str) -> None:
    value = parse_quantity(text)
    # What is no quantity has no units; anything is one of itself, and zero counts as one by one.
    assert in_units(text, text) == (None if value is None else 1 if value else 0)

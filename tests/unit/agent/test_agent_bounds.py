"""What does not fit is left out, said with its numbers, and nothing else is changed."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kubectl_podx.agent.bounds import CHARACTERS, bounded, size

TEXTS = st.text(max_size=30)
DOCUMENTS = st.dictionaries(
    st.sampled_from(["rows", "findings", "environment", "verdict", "items"]),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(-1000, 1000), TEXTS),
        lambda inner: st.one_of(
            st.lists(inner, max_size=30), st.dictionaries(st.sampled_from("abc"), inner)
        ),
        max_leaves=60,
    ),
)


@given(DOCUMENTS, st.integers(50, 400))
def test_it_fits_if_lists_are_what_is_too_much(document: dict[str, Any], tokens: int) -> None:
    before = json.loads(json.dumps(document))
    found = bounded(document, tokens)
    if size(before) <= tokens * CHARACTERS:
        assert found.document == before
        assert found.cuts == []
    assert size(found.document) <= max(tokens * CHARACTERS, size(_without_items(before)))
    for cut in found.cuts:
        assert 0 <= cut.kept < cut.of


def _without_items(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _without_items(inner) for key, inner in node.items()}
    return [] if isinstance(node, list) else node


def test_the_first_items_stay_and_the_numbers_are_right() -> None:
    rows = [{"n": n, "text": "x" * 50} for n in range(100)]
    found = bounded({"rows": rows}, 500)
    kept = found.document["rows"]
    assert [each["n"] for each in kept] == list(range(len(kept)))
    (cut,) = found.cuts
    assert (cut.path, cut.kept, cut.of) == ("rows", len(kept), 100)
    # Not much less than there is room for.
    assert size(found.document) > 500 * CHARACTERS * 0.8


def test_findings_are_cut_last() -> None:
    document = {
        "findings": [{"code": "RST001", "text": "x" * 100} for _ in range(5)],
        "coverage": [{"reason": "y" * 100} for _ in range(100)],
    }
    found = bounded(document, 500)
    assert len(found.document["findings"]) == 5
    assert [cut.path for cut in found.cuts] == ["coverage"]


def test_long_texts_are_cut_before_rows() -> None:
    found = bounded({"rows": [{"text": "x" * 10_000} for _ in range(3)]}, 500)
    assert found.shortened == 3
    assert len(found.document["rows"]) == 3

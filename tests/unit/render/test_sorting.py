"""`--sort-by`: by any field of the rows, with what has none last."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.many_pods import triaged
from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.capture.bundle import read_bundle
from kubectl_podx.model.errors import UsageError
from kubectl_podx.render.sorting import sort_rows
from kubectl_podx.sections.report import PodReport

STOREFRONT = Path(__file__).parents[2] / "recorded" / "storefront.podx"


def report() -> PodReport:
    return analyse(read_bundle(STOREFRONT)).items[0]


def test_numbers_are_sorted_as_numbers_and_what_has_none_is_last() -> None:
    rows = sort_rows(report(), "size", ("files",)).files or []
    sizes = [row.size for row in rows]
    known = [size for size in sizes if size is not None]
    assert len(known) > 2
    assert known == sorted(known)
    assert sizes[: len(known)] == known


@pytest.mark.parametrize("key", ["restartCount", ".restartCount", "{.restartCount}"])
def test_a_key_may_be_spelled_as_for_kubectl(key: str) -> None:
    rows = sort_rows(report(), key, ("containers",)).containers or []
    counts = [row.restart_count for row in rows]
    assert counts == sorted(counts)
    assert len(set(counts)) > 1


def test_a_path_leads_into_a_row() -> None:
    rows = sort_rows(report(), "timing.period", ("probes",)).probes or []
    assert [row.timing.period for row in rows] == sorted(row.timing.period for row in rows)


def test_rows_of_equal_value_keep_their_order() -> None:
    before = [row.name for row in report().containers or []]
    same = sort_rows(report(), "imagePullPolicy.value", ("containers",)).containers or []
    assert {row.image_pull_policy.value for row in same} == {"IfNotPresent"}
    assert [row.name for row in same] == before


def test_a_triage_is_sorted_too() -> None:
    rows = sort_rows(triaged(), "cause").rows
    assert [row.cause for row in rows] == sorted(row.cause for row in rows)


def test_a_field_that_no_row_has_is_a_mistake() -> None:
    with pytest.raises(UsageError, match="there is restartCount"):
        sort_rows(report(), "restartcount", ("containers",))
    with pytest.raises(UsageError, match="no list of rows"):
        sort_rows(report(), "name", ("namespaces",))

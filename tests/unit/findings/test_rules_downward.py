"""Rules about downward API values."""

from __future__ import annotations

from typing import Any

import pytest

from kit.content_cases import case, found, owned_by
from kubectl_podx.sections.downward.report import DownwardRow
from kubectl_podx.sections.downward.rules import RULES


def row(state: Any, field: str = "metadata.labels['app']", form: Any = "env") -> DownwardRow:
    return DownwardRow(
        container="app",
        form=form,
        name="APP" if form == "env" else "/info/labels",
        field=field,
        observed="old",
        current="new",
        state=state,
    )


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (row("frozen"), "DWN001"),
        (row("frozen", form="file"), "DWN001"),
        (row("frozen", "limits.memory"), "DWN002"),
        (row("frozen", "requests.cpu of side"), "DWN002"),
        (row("stuck", "metadata.labels", "file"), "DWN003"),
    ],
)
def test_a_row_with_the_problem_is_found(made: DownwardRow, code: str) -> None:
    findings = found(RULES, case(downward_api=[made], metadata=owned_by("DaemonSet", "log")))
    assert list(findings) == [code]
    assert "old, now new" in findings[code].evidence[0]
    if code != "DWN003":
        assert findings[code].fix == "kubectl rollout restart ds/log -n shop"


@pytest.mark.parametrize("state", ["current", "stale", "missing", "unknown", "denied"])
def test_a_row_without_the_problem_is_not(state: str) -> None:
    made = [row(state), row(state, form="file"), row(state, "limits.cpu")]
    assert found(RULES, case(downward_api=made)) == {}

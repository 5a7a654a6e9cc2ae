"""Rules about downward API values."""

from __future__ import annotations

from typing import Any

import pytest

import kit
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
        (row("frozen", "requests.memory"), "DWN002"),
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
    made = [row(state), row(state, form="file"), row(state, "requests.cpu")]
    assert found(RULES, case(downward_api=made)) == {}


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({}, "APP in container app holds what the node has to give: resources.limits.memory is"),
        ({"memory": "1Gi"}, ""),
    ],
)
def test_a_limit_that_is_not_set(limits: dict[str, str], told: str) -> None:
    app = kit.container(resources={"limits": limits})
    made = kit.case(kit.view(kit.pod(app)), downward_api=[row("current", "limits.memory")])
    titles = [hit.title for rule in RULES for hit in rule.check(made)]
    assert [title.startswith(told) for title in titles] == ([True] if told else [])
    whole = kit.view(kit.pod(kit.container(), resources={"limits": {"memory": "1Gi"}}))
    made = kit.case(whole, downward_api=[row("current", "limits.memory")])
    assert [hit for rule in RULES for hit in rule.check(made)] == []

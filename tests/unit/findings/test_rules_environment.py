"""Rules about environment variables."""

from __future__ import annotations

from typing import Any

import pytest

from kit.content_cases import case, found, owned_by, stored
from kubectl_podx.model.parts import KeySource
from kubectl_podx.sections.environment.report import VariableRow
from kubectl_podx.sections.environment.rules import RULES

CONFIG = KeySource(kind="ConfigMap", name="c", key="a")
FROM_CONFIG = {
    "containers": [
        {
            "name": "app",
            "env": [
                {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "a"}}},
                {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "a"}}},
            ],
        }
    ]
}
OPTIONAL = {
    "containers": [
        {"name": "app", "envFrom": [{"secretRef": {"name": "db", "optional": True}}]},
    ]
}


def row(state: Any, name: str = "A", **fields: Any) -> VariableRow:
    return VariableRow(
        **{"container": "app", "name": name, "source": CONFIG, "state": state, **fields}
    )


@pytest.mark.parametrize("state", ["current", "extra", "changedByProgram", "unknown", "denied"])
def test_a_state_that_is_no_problem_yields_nothing(state: str) -> None:
    assert found(RULES, case(environment=[row(state)])) == {}


def test_frozen_variables_of_one_source_are_one_finding_with_their_names() -> None:
    rows = [
        row("frozen", injected="1", current="2"),
        row("missing", "B"),
        row("frozen", "L", source=KeySource(kind="field", key="metadata.labels['a']")),
    ]
    made = case(environment=rows, metadata=owned_by("StatefulSet", "db"))
    findings = [finding for rule in RULES for finding in rule.findings(made)]
    assert [finding.code for finding in findings] == ["ENV001"]
    assert findings[0].title == "A, B in container app are older than ConfigMap c"
    assert findings[0].evidence[0] == "A: frozen (in the container 1, now 2)"
    assert findings[0].fix == "kubectl rollout restart sts/db -n shop"


def test_a_container_that_does_not_run_has_no_old_environment() -> None:
    made = case(environment=[row("missing")], state={"waiting": {"reason": "PodInitializing"}})
    assert found(RULES, made) == {}


def test_a_lost_source_of_a_running_container_would_not_survive_a_restart() -> None:
    made = case(stored("ConfigMap", "c", state="missing"), spec=FROM_CONFIG)
    findings = found(RULES, made)
    assert list(findings) == ["ENV002"]
    assert findings["ENV002"].title == (
        'container app would not start again: configmap "c" not found'
    )
    assert findings["ENV002"].evidence == ["needed by A, B"]


def test_a_lost_key_is_as_bad_as_a_lost_object() -> None:
    findings = found(RULES, case(stored("ConfigMap", "c", "other"), spec=FROM_CONFIG))
    assert "couldn't find key a in ConfigMap shop/c" in findings["ENV002"].title


@pytest.mark.parametrize("state", ["denied", "failed", "timedOut"])
def test_a_source_that_was_not_read_is_not_called_lost(state: str) -> None:
    made = case(stored("ConfigMap", "c", state=state), spec=FROM_CONFIG)
    assert found(RULES, made) == {}


def test_a_container_that_cannot_be_created_is_critical_and_blocks() -> None:
    waiting = {"reason": "CreateContainerConfigError", "message": 'configmap "c" not found'}
    made = case(
        stored("ConfigMap", "c", state="missing"), spec=FROM_CONFIG, state={"waiting": waiting}
    )
    findings = found(RULES, made)
    assert list(findings) == ["ENV003"]
    assert (findings["ENV003"].severity, findings["ENV003"].blocking) == ("critical", True)
    assert findings["ENV003"].evidence[0] == ('CreateContainerConfigError: configmap "c" not found')


def test_an_init_container_that_has_ended_needs_no_source() -> None:
    spec = {"initContainers": FROM_CONFIG["containers"], "containers": [{"name": "web"}]}
    ended = {"initContainerStatuses": [{"name": "app", "state": {"terminated": {"exitCode": 0}}}]}
    made = case(stored("ConfigMap", "c", state="missing"), spec=spec, status=ended)
    assert found(RULES, made) == {}


def test_an_unresolved_reference() -> None:
    made = case(environment=[row("unresolved", reason="$(B) is not known")])
    assert found(RULES, made)["ENV004"].evidence == ["A: $(B) is not known"]


def test_a_variable_that_is_declared_twice_is_only_mentioned() -> None:
    finding = found(RULES, case(environment=[row("current", shadows=["literal (env)"])]))["ENV005"]
    assert (finding.severity, finding.evidence) == ("info", ["overridden: literal (env)"])


def test_an_optional_source_that_is_missing_is_only_mentioned() -> None:
    findings = found(RULES, case(stored("Secret", "db", state="missing"), spec=OPTIONAL))
    assert {code: each.severity for code, each in findings.items()} == {"ENV006": "info"}
    assert found(RULES, case(stored("Secret", "db", "k"), spec=OPTIONAL)) == {}


def test_keys_that_an_old_kubelet_skipped() -> None:
    event = {"reason": "InvalidEnvironmentVariableNames", "message": "Keys [1a] were skipped"}
    assert found(RULES, case(events=[event]))["ENV007"].evidence == ["Keys [1a] were skipped"]

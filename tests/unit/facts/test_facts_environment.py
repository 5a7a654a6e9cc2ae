"""Environment variables: precedence, states, and what may be shown."""

from __future__ import annotations

from typing import Any, get_args

import pytest

import kit
from kit import Json
from kubectl_podx.model.capture import (
    KeyFacts,
    ObjectState,
    Sealed,
    StoredObject,
    Variable,
)
from kubectl_podx.model.words import ValueState
from kubectl_podx.sections.environment import facts as environment
from kubectl_podx.sections.environment.facts import service_links
from kubectl_podx.sections.environment.report import VariableRow


def sealed(value: str, *, show: bool = True) -> Sealed:
    return Sealed(digest=f"keyed:{value}", size=len(value), text=value if show else None)


def variable(name: str, declared: str | None = None, **fields: Any) -> Variable:
    values: dict[str, Any] = {
        field: sealed(fields.pop(field)) for field in ("injected", "process") if field in fields
    }
    return Variable(
        name=name, declared=None if declared is None else sealed(declared), **values, **fields
    )


def stored(kind: str, name: str, *keys: str, **facts: Any) -> StoredObject:
    managed = [{"manager": "helm", "time": "2026-01-01T11:30:00Z"}]
    return kit.stored(
        {"metadata": {"managedFields": managed}},
        f"{kind}/shop/{name}",
        keys={key: KeyFacts(size=1, digest=f"sha256:{key}", text="v", **facts) for key in keys},
    )


def lost(kind: str, name: str, state: ObjectState = "missing") -> StoredObject:
    return kit.absent(f"{kind}/shop/{name}", state)


def rows(
    spec: Json,
    *objects: StoredObject,
    seen: list[Variable] | None = None,
    declared: list[Variable] | None = None,
    running: bool = True,
    **observed: Any,
) -> list[VariableRow]:
    state = (
        kit.running("2026-01-01T11:00:00Z")
        if running
        else kit.waiting("CreateContainerConfigError")
    )
    looks = [
        kit.observation(
            **{
                "environment_source": "exec",
                "process_environment": "read",
                "variables": variables,
                **observed,
            }
        )
        for variables in ([] if seen is None else [seen])
    ]
    view = kit.view(
        kit.pod(kit.container("app", status=kit.status(state), **spec)),
        *objects,
        observations=looks,
        declared_variables={"app": declared or []},
    )
    return environment.build(view)


def literal(name: str, value: str) -> dict[str, Any]:
    return {"name": name, "value": value}


def reference(name: str, kind: str, source: str, key: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "valueFrom": {kind: {"name": source, "key": key, **more}}}


def test_a_later_import_wins_over_an_earlier_one_and_env_over_both() -> None:
    spec = {
        "envFrom": [
            {"configMapRef": {"name": "one"}},
            {"prefix": "P_", "configMapRef": {"name": "one"}},
            {"secretRef": {"name": "two"}},
        ],
        "env": [literal("B", "first"), literal("B", "last")],
    }
    found = rows(spec, stored("ConfigMap", "one", "A", "B"), stored("Secret", "two", "A"))
    winners = [row for row in found if row.state != "shadowed"]
    assert [(row.name, row.source.kind, row.source.name) for row in winners] == [
        ("A", "Secret", "two"),
        ("B", "literal", ""),
        ("P_A", "ConfigMap", "one"),
        ("P_B", "ConfigMap", "one"),
    ]
    assert winners[0].shadows == ["ConfigMap one, key A (envFrom)"]
    assert winners[1].shadows == ["ConfigMap one, key B (envFrom)", "literal (env)"]
    shadowed = [row for row in found if row.state == "shadowed"]
    assert [(row.name, row.declared) for row in shadowed] == [
        ("A", "v"),
        ("B", "v"),
        ("B", "first"),
    ]
    assert shadowed[0].reason == "overridden by Secret two, key A (envFrom)"


def test_binary_data_of_a_config_map_is_not_injected_and_that_of_a_secret_is() -> None:
    spec = {"envFrom": [{"configMapRef": {"name": "c"}}, {"secretRef": {"name": "s"}}]}
    found = rows(
        spec, stored("ConfigMap", "c", "A", binary=True), stored("Secret", "s", "B", binary=True)
    )
    assert [row.name for row in found] == ["B"]


def test_value_beside_value_from_does_not_count() -> None:
    spec = {"env": [{**reference("A", "configMapKeyRef", "c", "a"), "value": ""}]}
    assert rows(spec, stored("ConfigMap", "c", "a"))[0].source.kind == "ConfigMap"


FROM_CONFIG = {"env": [reference("A", "configMapKeyRef", "c", "a")]}
OPTIONAL = {"env": [reference("A", "configMapKeyRef", "c", "a", optional=True)]}


@pytest.mark.parametrize(
    ("spec", "config", "seen", "state"),
    [
        (FROM_CONFIG, stored("ConfigMap", "c", "a"), variable("A", "1", injected="1"), "current"),
        (FROM_CONFIG, stored("ConfigMap", "c", "a"), variable("A", "2", injected="1"), "frozen"),
        (
            FROM_CONFIG,
            stored("ConfigMap", "c", "a"),
            variable("A", "1", injected="1", process="9"),
            "changedByProgram",
        ),
        (FROM_CONFIG, stored("ConfigMap", "c", "a"), variable("A", "1"), "missing"),
        (
            FROM_CONFIG,
            lost("ConfigMap", "c", "denied"),
            variable("A", declared_state="denied", injected="1"),
            "denied",
        ),
        (
            FROM_CONFIG,
            lost("ConfigMap", "c"),
            variable("A", declared_state="missing", injected="1"),
            "orphaned",
        ),
        (
            FROM_CONFIG,
            stored("ConfigMap", "c", "other"),
            variable("A", declared_state="missing", injected="1"),
            "orphaned",
        ),
        (
            OPTIONAL,
            lost("ConfigMap", "c"),
            variable("A", declared_state="optionalMissing"),
            "current",
        ),
        (
            OPTIONAL,
            lost("ConfigMap", "c"),
            variable("A", declared_state="optionalMissing", injected="1"),
            "orphaned",
        ),
        (
            {"env": [literal("A", "$(B)")]},
            stored("ConfigMap", "c"),
            variable("A", "$(B)", declared_state="unresolved", injected="$(B)"),
            "unresolved",
        ),
        (
            FROM_CONFIG,
            lost("ConfigMap", "c", "timedOut"),
            variable("A", declared_state="unknown", injected="1"),
            "unknown",
        ),
    ],
)
def test_the_injected_value_against_the_source_decides(
    spec: dict[str, Any], config: StoredObject, seen: Variable, state: str
) -> None:
    found = [row for row in rows(spec, config, seen=[seen]) if row.name == "A"]
    assert [row.state for row in found] == [state]


def test_a_frozen_value_says_when_its_source_changed_and_by_whom() -> None:
    row = rows(FROM_CONFIG, stored("ConfigMap", "c", "a"), seen=[variable("A", "2", injected="1")])[
        0
    ]
    assert row.reason.startswith("ConfigMap c changed at 2026-01-01T11:30:00Z by helm, after")
    assert (row.declared, row.injected, row.current) == ("2", "1", "2")


def test_what_is_sealed_is_hidden_or_differs() -> None:
    seen = Variable(
        name="A",
        declared=sealed("1", show=False),
        injected=sealed("2", show=False),
        process=sealed("2", show=False),
    )
    row = rows(FROM_CONFIG, stored("ConfigMap", "c", "a"), seen=[seen])[0]
    assert (row.declared, row.injected, row.process, row.current) == (
        "<hidden>",
        "<differs>",
        "<differs>",
        "<hidden>",
    )


def test_a_missing_source_of_a_container_that_cannot_start_is_missing() -> None:
    declared = [variable("A", declared_state="missing")]
    row = rows(FROM_CONFIG, lost("ConfigMap", "c"), declared=declared, running=False)[0]
    assert (row.state, row.reason) == ("missing", 'configmap "c" not found')


def test_without_a_look_the_state_is_unknown_and_the_declared_value_is_shown() -> None:
    row = rows(FROM_CONFIG, stored("ConfigMap", "c", "a"), declared=[variable("A", "1")])[0]
    assert (row.state, row.declared, row.injected) == ("unknown", "1", None)
    assert row.reason


def test_where_only_the_main_process_was_read_its_equal_value_is_enough() -> None:
    spec = {"env": [literal("A", "1"), literal("B", "2")]}
    found = rows(
        spec,
        seen=[variable("A", "1", process="1"), variable("B", "2", process="9")],
        environment_source="none",
        reason="no shell",
    )
    assert [(row.state, row.reason) for row in found] == [
        ("current", "no shell"),
        ("unreadable", "no shell"),
    ]


def test_an_overwritten_process_environment_is_no_witness() -> None:
    row = rows({"env": [literal("A", "1")]}, seen=[variable("A", "1", injected="1")])[0]
    assert row.state == "current"


def test_undeclared_variables_come_from_services_the_image_or_the_program() -> None:
    found = rows(
        {},
        seen=[
            variable("KUBERNETES_SERVICE_HOST", injected="x", process="x"),
            variable("KUBERNETES_PORT_443_TCP_ADDR", injected="x", process="x"),
            variable("PATH", injected="x", process="x"),
            variable("STARTED_BY", process="x"),
        ],
    )
    assert [(row.name, row.source.kind, row.state) for row in found] == [
        ("KUBERNETES_PORT_443_TCP_ADDR", "service", "extra"),
        ("KUBERNETES_SERVICE_HOST", "service", "extra"),
        ("PATH", "image", "extra"),
        ("STARTED_BY", "image", "changedByProgram"),
    ]


def test_what_every_shell_sets_for_itself_is_no_change_by_the_program() -> None:
    own = [variable(name, process="x") for name in ("PWD", "SHLVL", "OLDPWD", "_", "MINE")]
    assert [(row.name, row.state) for row in rows({}, seen=own)] == [("MINE", "changedByProgram")]
    # From the image it is shown, and that a shell changed it is nothing.
    (row,) = rows({}, seen=[variable("PWD", injected="/a", process="/b")])
    assert (row.name, row.state) == ("PWD", "extra")


def test_an_unreadable_import_owns_its_prefix_and_casts_doubt_on_the_rest() -> None:
    spec = {"envFrom": [{"prefix": "DB_", "secretRef": {"name": "db"}}]}
    seen = [variable("DB_HOST", injected="x"), variable("OTHER", injected="x")]
    found = rows(spec, lost("Secret", "db", "denied"), seen=seen)
    assert [(row.name, row.source.kind, row.source.key, row.state) for row in found] == [
        ("DB_HOST", "Secret", "HOST", "denied"),
        ("OTHER", "image", "", "extra"),
    ]
    assert "Secret db, whose keys are not known" in found[1].reason


def test_a_file_key_reference_and_a_resource_keep_where_they_come_from() -> None:
    spec = {
        "env": [
            {
                "name": "A",
                "valueFrom": {"fileKeyRef": {"volumeName": "v", "path": "x.env", "key": "K"}},
            },
            {
                "name": "B",
                "valueFrom": {"resourceFieldRef": {"containerName": "c", "resource": "limits.cpu"}},
            },
        ]
    }
    found = rows(spec)
    assert [(row.source.kind, row.source.name, row.source.key) for row in found] == [
        ("file", "v", "x.env:K"),
        ("resource", "c", "limits.cpu"),
    ]


def test_service_links_are_told_by_the_host_variable() -> None:
    names = ["WEB_SERVICE_HOST", "WEB_SERVICE_PORT_HTTP", "WEB_PORT", "WEBSITE", "OTHER_PORT"]
    assert service_links(names) == {"WEB_SERVICE_HOST", "WEB_SERVICE_PORT_HTTP", "WEB_PORT"}


@pytest.mark.parametrize(
    "spec",
    [
        {"env": None, "envFrom": 3},
        {"env": [None, {"name": 3}, {"name": "A", "valueFrom": "x"}], "envFrom": [{}, None]},
        {"envFrom": [{"configMapRef": {"name": 4}}]},
    ],
)
def test_odd_specs_cost_rows_and_never_the_section(spec: dict[str, Any]) -> None:
    assert {row.state for row in rows(spec)} <= set(get_args(ValueState))

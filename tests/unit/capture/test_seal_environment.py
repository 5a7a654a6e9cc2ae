"""The kubelet's rules of an environment, one by one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit import absent
from kubectl_podx.capture.seal import Sealer
from kubectl_podx.capture.seal_environment import declared_variables, parse_environment
from kubectl_podx.model.capture import StoredObject, Variable
from kubectl_podx.model.reference import Reference


def resolved(
    env: list[dict[str, Any]], env_from: list[dict[str, Any]] | None = None, **pod: Any
) -> dict[str, Variable]:
    sealer = Sealer()
    objects: dict[str, StoredObject] = {}
    for kind, name, data in (
        ("ConfigMap", "one", {"A": "one", "B": "from one"}),
        ("ConfigMap", "two", {"A": "two"}),
    ):
        reference = Reference(kind, "shop", name)
        meta = {"name": name, "namespace": "shop"}
        body = {"kind": kind, "metadata": meta, "data": data, "binaryData": {"bin": "/w=="}}
        objects[reference.key] = sealer.keep(reference, body)
    objects["Secret/shop/closed"] = absent("Secret/shop/closed", "denied")
    objects["Secret/shop/gone"] = absent("Secret/shop/gone")
    body = {
        "metadata": {"name": "web", "namespace": "shop", "uid": "u", **pod.get("metadata", {})},
        "spec": {
            "containers": [
                {
                    "name": "app",
                    "env": env,
                    "envFrom": env_from or [],
                    "resources": pod.get("resources", {}),
                }
            ]
        },
        "status": pod.get("status", {}),
    }
    return {one.name: one for one in declared_variables(sealer, body, objects)["app"]}


def shown(variable: Variable) -> str | None:
    return variable.declared.text if variable.declared else None


def test_a_later_source_of_env_from_wins_and_env_wins_over_both() -> None:
    sources = [{"configMapRef": {"name": "one"}}, {"configMapRef": {"name": "two"}}]
    found = resolved([{"name": "B", "value": "literal"}], sources)
    assert {name: shown(one) for name, one in found.items()} == {"A": "two", "B": "literal"}


def test_a_prefix_and_no_binary_keys() -> None:
    assert set(resolved([], [{"configMapRef": {"name": "one"}, "prefix": "P_"}])) == {"P_A", "P_B"}


@pytest.mark.parametrize(
    ("value", "result", "state"),
    [
        ("$(FIRST)-x", "1-x", "resolved"),
        ("$$(FIRST)", "$(FIRST)", "resolved"),
        ("$$$(FIRST)", "$1", "resolved"),
        ("$(LATER)", "$(LATER)", "unresolved"),
        ("$(FIRST", "$(FIRST", "resolved"),
        ("a$", "a$", "resolved"),
        ("$FIRST", "$FIRST", "resolved"),
        ("$(A)", "one", "resolved"),
    ],
)
def test_references_are_expanded_as_the_kubelet_does(value: str, result: str, state: str) -> None:
    env = [
        {"name": "FIRST", "value": "1"},
        {"name": "X", "value": value},
        {"name": "LATER", "value": "2"},
    ]
    found = resolved(env, [{"configMapRef": {"name": "one"}}])["X"]
    assert (shown(found), found.declared_state) == (result, state)


def test_a_reference_to_a_service_variable_is_not_called_unresolved() -> None:
    found = resolved([{"name": "X", "value": "$(DB_SERVICE_HOST)"}])["X"]
    assert found.declared_state == "unknown"


def test_denied_is_not_missing_and_optional_is_neither() -> None:
    def secret(name: str, **more: Any) -> dict[str, Any]:
        return {"valueFrom": {"secretKeyRef": {"name": name, "key": "k", **more}}}

    found = resolved(
        [
            {"name": "CLOSED", **secret("closed")},
            {"name": "GONE", **secret("gone")},
            {"name": "MAYBE", **secret("gone", optional=True)},
            {"name": "NOBODY", **secret("never-asked")},
            {"name": "USES", "value": "$(CLOSED)"},
        ]
    )
    assert {name: one.declared_state for name, one in found.items()} == {
        "CLOSED": "denied",
        "GONE": "missing",
        "MAYBE": "optionalMissing",
        "NOBODY": "unknown",
        "USES": "unknown",
    }


def test_fields_and_resources_are_those_of_the_pod_now() -> None:
    def field(path: str) -> dict[str, Any]:
        return {"valueFrom": {"fieldRef": {"fieldPath": path}}}

    def resource(name: str, **more: Any) -> dict[str, Any]:
        return {"valueFrom": {"resourceFieldRef": {"resource": name, **more}}}

    found = resolved(
        [
            {"name": "N", **field("metadata.name")},
            {"name": "L", **field("metadata.labels['app']")},
            {"name": "IPS", **field("status.podIPs")},
            {"name": "CPU", **resource("limits.cpu", divisor="1m")},
            {"name": "MEM", **resource("requests.memory")},
            {"name": "NODE", **resource("limits.memory")},
            {"name": "ODD", **field("status.nothing")},
        ],
        metadata={"labels": {"app": "web"}},
        resources={"limits": {"cpu": "250m"}},
        status={"podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}]},
    )
    assert {name: shown(one) for name, one in found.items()} == {
        "N": "web",
        "L": "web",
        "IPS": "10.0.0.1,fd00::1",
        "CPU": "250",
        "MEM": "0",
        "NODE": None,
        "ODD": None,
    }
    assert found["NODE"].declared_state == "unknown"


def test_what_looks_like_a_secret_is_compared_and_not_shown() -> None:
    found = resolved(
        [
            {"name": "DB_PASSWORD", "value": "letmein"},
            {"name": "URL", "value": "postgres://me:letmein@db/x"},
            {"name": "DERIVED", "value": "x$(DB_PASSWORD)x"},
            {"name": "PLAIN", "value": "very"},
        ]
    )
    assert [name for name, one in found.items() if shown(one) is not None] == ["PLAIN"]
    assert all(one.declared for one in found.values())


def test_the_first_of_a_repeated_name_counts_in_a_process() -> None:
    assert parse_environment(b"A=1\0A=2\0=x\0B\0C=a=b\0") == {"A": b"1", "C": b"a=b"}
    assert parse_environment(None) is None


@given(st.text(max_size=60))
def test_expansion_never_raises_and_leaves_text_without_dollars_alone(value: str) -> None:
    found = resolved([{"name": "X", "value": value}])["X"]
    if "$" not in value and found.declared and found.declared.text is not None:
        assert found.declared.text == value

"""The admission policy that a PodPreset becomes; that it works is tested on the real cluster."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.preset_cases import env, preset, ref
from kubectl_podx.podpreset import convert as cel
from kubectl_podx.podpreset.convert import Converted, converted
from kubectl_podx.podpreset.preset import Preset


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("a", '"a"'),
        ('say "hi" \\ \n\t', '"say \\"hi\\" \\\\ \\n\\t"'),
        ("\x1b[31m\u202e", '"\\u001b[31m\\u202e"'),
        ("\U0001f600", '"\\U0001f600"'),
        (True, "true"),
        (None, "null"),
        (420, "420"),
        (1.5, "1.5"),
        ([], "[]"),
        ({}, "{}"),
        ({"a": "b", "c": "d"}, '{"a": "b", "c": "d"}'),
        ({"a": 1}, '{"a": 1}'),
        ({"a": "b", "c": 1}, '{"a": dyn("b"), "c": dyn(1)}'),
        (["a", {"b": "c"}], '[dyn("a"), dyn({"b": "c"})]'),
    ],
)
def test_data_as_an_expression(value: Any, written: str) -> None:
    assert cel.literal(value) == written


def test_half_a_surrogate_pair_has_no_expression() -> None:
    with pytest.raises(ValueError, match="surrogate"):
        cel.literal("\ud800")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_nothing_but_ascii_stands_in_an_expression(value: str) -> None:
    written = cel.literal(value)
    assert written.isascii()
    assert written.isprintable()


def policy(*presets: Preset, namespace: str = "shop") -> dict[str, Any]:
    spec: dict[str, Any] = made(*presets, namespace=namespace).policy["spec"]
    return spec


def made(*presets: Preset, namespace: str = "shop") -> Converted:
    return converted(presets[0], presets[1:], namespace)


def conditions(*presets: Preset) -> dict[str, str]:
    return {each["name"]: each["expression"] for each in policy(*presets)["matchConditions"]}


def mutation(*presets: Preset) -> str:
    (one,) = policy(*presets)["mutations"]
    assert one["patchType"] == "JSONPatch"
    found: str = one["jsonPatch"]["expression"]
    return found


def test_the_scope_is_the_namespace_and_the_selector() -> None:
    constraints = policy(preset())["matchConstraints"]
    assert constraints["namespaceSelector"] == {
        "matchLabels": {"kubernetes.io/metadata.name": "shop"}
    }
    assert constraints["objectSelector"] == {"matchLabels": {"role": "frontend"}}
    assert constraints["resourceRules"] == [
        {
            "apiGroups": [""],
            "apiVersions": ["v1"],
            "operations": ["CREATE"],
            "resources": ["pods"],
        }
    ]


def test_the_binding_names_the_policy() -> None:
    found = made(preset())
    name = "podpreset-shop-allow-database"
    assert found.policy["metadata"]["name"] == found.binding["metadata"]["name"] == name
    assert found.binding["spec"] == {"policyName": name}


def test_conditions_for_what_the_preset_has_and_for_no_more() -> None:
    assert list(conditions(preset())) == [
        "not-a-mirror-pod",
        "not-excluded",
        "no-conflict-in-env",
        "no-conflict-in-volumemounts",
        "no-conflict-in-volumes",
    ]
    only_env_from = preset(envFrom=[ref("configMapRef", "c")])
    assert list(conditions(only_env_from)) == ["not-a-mirror-pod", "not-excluded"]


def test_all_patches_are_one_expression_so_that_none_is_made_alone() -> None:
    expression = mutation(preset())
    for path in ("/spec/volumes", "/spec/containers/", "/spec/initContainers/"):
        assert f'"{path}' in expression
    assert "/envFrom" not in expression
    assert "ephemeral" not in expression


def test_entries_stand_as_the_api_server_stores_them() -> None:
    reference = {"name": "N", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}
    variables = policy(
        preset(env=[reference], volumes=[{"name": "v"}, {"name": "c", **ref("configMap", "c")}])
    )["variables"]
    assert '"apiVersion": "v1"' in variables[0]["expression"]
    assert '"emptyDir": dyn({})' in variables[1]["expression"]
    assert '"defaultMode": dyn(420)' in variables[1]["expression"]


def test_another_preset_of_the_namespace_must_not_be_in_conflict_either() -> None:
    other = preset("other", selector={"matchLabels": {"app": "website"}}, env=[env("1", "X")])
    expression = conditions(preset(), other)["no-other-preset-in-conflict"]
    assert '"app" in object.metadata.?labels.orValue({})' in expression
    assert '"X"' in expression


def test_a_preset_that_disagrees_keeps_both_from_being_applied() -> None:
    foe = preset("foe", selector={"matchLabels": {"foe": "yes"}}, env=[env("1")])
    expression = conditions(preset(), foe)["no-other-preset-in-conflict"]
    assert expression.startswith("!(")
    assert '"6379"' not in expression


def test_two_others_that_disagree_keep_the_third_from_being_applied() -> None:
    one = preset("one", selector={"matchLabels": {"a": "1"}}, env=[env("1", "X")])
    two = preset("two", selector={"matchLabels": {"b": "2"}}, env=[env("2", "X")])
    last = conditions(preset(), one, two)["no-other-preset-in-conflict"].splitlines()[-1]
    assert last.startswith("!(")
    assert '"a"' in last
    assert '"b"' in last


@pytest.mark.parametrize(
    ("selector", "expression"),
    [
        ({}, "true"),
        ({"matchLabels": {"a": "b"}}, '("a" in L && L["a"] == "b")'),
        (
            {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]},
            '("a" in L && L["a"] in ["b"])',
        ),
        (
            {"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["b"]}]},
            '!("a" in L && L["a"] in ["b"])',
        ),
        ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, '("a" in L)'),
        ({"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}, '!("a" in L)'),
    ],
)
def test_selectors_as_expressions(selector: dict[str, Any], expression: str) -> None:
    assert cel.selection(selector, "L") == expression


def test_what_is_not_carried_over_is_said() -> None:
    notes = " ".join(made(preset(envFrom=[ref("configMapRef", "c")])).notes)
    for word in ("No annotation", "rights of the cluster", "envFrom", "failurePolicy", "1.36"):
        assert word in notes
    assert "envFrom" not in " ".join(made(preset()).notes)

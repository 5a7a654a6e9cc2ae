"""Every rule of merging and conflict of the old admission plugin, case by case."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kit import Json
from kit.preset_cases import env, its_container, preset, ref, website
from kubectl_podx.podpreset.merge import merged, unselected
from kubectl_podx.podpreset.preset import (
    APPLIED,
    EXCLUDE,
    MIRROR,
    Preset,
    applied_presets,
    is_preset,
    mistakes,
    normal,
    normal_volume,
    preset_of,
    same,
)


def test_the_example_of_the_documentation() -> None:
    found = merged(website(), [preset()])
    assert found.outcome == "applied"
    assert found.pod["metadata"]["annotations"] == {f"{APPLIED}allow-database": ""}
    assert found.pod["spec"] == {
        "containers": [
            its_container(
                env=[env("6379")],
                volumeMounts=[{"mountPath": "/cache", "name": "cache-volume"}],
            )
        ],
        "volumes": [{"name": "cache-volume", "emptyDir": {}}],
    }
    assert [(each.path, each.preset) for each in found.additions] == [
        ("spec.volumes[cache-volume]", "allow-database"),
        ("spec.containers[website].env[DB_PORT]", "allow-database"),
        ("spec.containers[website].volumeMounts[/cache]", "allow-database"),
    ]


def test_the_pod_that_was_given_is_left_as_it_is() -> None:
    body = website(its_container(env=[env("1", "A")]), volumes=[])
    before = copy.deepcopy(body)
    merged(body, [preset()])
    assert body == before


def test_all_containers_and_init_containers_but_no_debug_container() -> None:
    body = website(
        its_container("one"),
        its_container("two"),
        initContainers=[its_container("init"), its_container("sidecar", restartPolicy="Always")],
        ephemeralContainers=[its_container("debug")],
    )
    spec = merged(body, [preset(env=[env("6379")])]).pod["spec"]
    for field in ("containers", "initContainers"):
        assert [each["env"] for each in spec[field]] == [[env("6379")]] * 2
    assert spec["ephemeralContainers"] == [its_container("debug")]


@pytest.mark.parametrize(
    ("own", "add", "outcome"),
    [
        ([], [env("1")], [env("1")]),
        ([env("1")], [env("1")], [env("1")]),
        ([env("2")], [env("1")], None),
        ([env("1", "A")], [env("1")], [env("1", "A"), env("1")]),
        # What the API server fills in is no difference.
        ([{"name": "DB_PORT"}], [env("")], [{"name": "DB_PORT"}]),
        (
            [{"name": "N", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
            [
                {
                    "name": "N",
                    "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "spec.nodeName"}},
                }
            ],
            [{"name": "N", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
        ),
        (
            [{"name": "K", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
            [
                {
                    "name": "K",
                    "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": False}},
                }
            ],
            None,  # optional is a pointer: false is not the same as nothing
        ),
        ([env("1"), env("2")], [env("2")], [env("1"), env("2")]),  # the last one counts
        ([env("2"), env("1")], [env("2")], None),
        ([env("1")], [{"name": "DB_PORT", "valueFrom": ref("secretKeyRef", "s", key="k")}], None),
    ],
)
def test_variables_by_name(own: list[Json], add: list[Json], outcome: list[Json] | None) -> None:
    body = website(its_container(env=own))
    found = merged(body, [preset(env=add)])
    if outcome is None:
        assert found.outcome == "conflict"
        assert found.pod is body
        (conflict,) = found.conflicts
        assert conflict.path == f"spec.containers[website].env[{add[0]['name']}]"
        assert (conflict.entry, conflict.existing, conflict.other) == (add[0], own[-1], "")
    else:
        assert found.pod["spec"]["containers"][0]["env"] == outcome


def mount(name: str, path: str, **fields: Any) -> Json:
    return {"name": name, "mountPath": path, **fields}


@pytest.mark.parametrize(
    ("own", "add", "outcome"),
    [
        ([], [mount("v", "/a")], [mount("v", "/a")]),
        ([mount("v", "/a")], [mount("v", "/a")], [mount("v", "/a")]),
        (
            [mount("v", "/a", readOnly=False)],
            [mount("v", "/a")],
            [mount("v", "/a", readOnly=False)],
        ),
        ([mount("v", "/a", readOnly=True)], [mount("v", "/a")], None),
        ([mount("v", "/b")], [mount("v", "/a")], None),  # by the volume's name
        ([mount("w", "/a")], [mount("v", "/a")], None),  # by the path
        ([mount("w", "/b")], [mount("v", "/a")], [mount("w", "/b"), mount("v", "/a")]),
        # Of a volume that is mounted twice the last mount counts.
        (
            [mount("v", "/b"), mount("v", "/a")],
            [mount("v", "/a")],
            [mount("v", "/b"), mount("v", "/a")],
        ),
        ([mount("v", "/a"), mount("v", "/b")], [mount("v", "/a")], None),
        ([], [mount("v", "/a"), mount("w", "/a")], None),  # a preset against itself
        ([], [mount("v", "/a"), mount("v", "/b")], None),
    ],
)
def test_mounts_by_volume_and_by_path(
    own: list[Json], add: list[Json], outcome: list[Json] | None
) -> None:
    found = merged(website(its_container(volumeMounts=own)), [preset(volumeMounts=add)])
    if outcome is None:
        assert found.outcome == "conflict"
        assert len(found.conflicts) == 1
        assert found.conflicts[0].path.startswith("spec.containers[website].volumeMounts[/")
    else:
        assert found.pod["spec"]["containers"][0]["volumeMounts"] == outcome


@pytest.mark.parametrize(
    ("own", "add", "fits"),
    [
        ([], {"name": "v", "emptyDir": {}}, True),
        ([{"name": "v", "emptyDir": {}}], {"name": "v", "emptyDir": {}}, True),
        ([{"name": "v"}], {"name": "v", "emptyDir": {}}, True),
        ([{"name": "v", "emptyDir": {"medium": "Memory"}}], {"name": "v", "emptyDir": {}}, False),
        (
            [{"name": "v", **ref("configMap", "c", defaultMode=420)}],
            {"name": "v", **ref("configMap", "c")},
            True,
        ),
        (
            [{"name": "v", **ref("configMap", "c", defaultMode=256)}],
            {"name": "v", **ref("configMap", "c")},
            False,
        ),
        (
            [{"name": "v", "hostPath": {"path": "/x", "type": ""}}],
            {"name": "v", "hostPath": {"path": "/x"}},
            True,
        ),
        (
            [
                {
                    "name": "v",
                    "projected": {
                        "sources": [
                            {"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}},
                            {
                                "downwardAPI": {
                                    "items": [
                                        {
                                            "path": "n",
                                            "fieldRef": {
                                                "apiVersion": "v1",
                                                "fieldPath": "metadata.name",
                                            },
                                        }
                                    ]
                                }
                            },
                        ]
                    },
                }
            ],
            {
                "name": "v",
                "projected": {
                    "defaultMode": 420,
                    "sources": [
                        {"serviceAccountToken": {"path": "t"}},
                        {
                            "downwardAPI": {
                                "items": [{"path": "n", "fieldRef": {"fieldPath": "metadata.name"}}]
                            }
                        },
                    ],
                },
            },
            True,
        ),
        ([{"name": "v", "emptyDir": {}}], {"name": "v", **ref("configMap", "c")}, False),
    ],
)
def test_volumes_by_name(own: list[Json], add: Json, *, fits: bool) -> None:
    found = merged(website(volumes=own), [preset(volumes=[add])])
    assert found.outcome == ("applied" if fits else "conflict")
    if not fits:
        assert found.conflicts[0].path == "spec.volumes[v]"
    else:
        assert len(found.pod["spec"]["volumes"]) == 1


CONFIG = ref("configMapRef", "c")


@pytest.mark.parametrize(
    ("own", "add", "outcome"),
    [
        ([], [CONFIG], [CONFIG]),
        ([CONFIG], [CONFIG], [CONFIG]),
        ([{"prefix": "P_", **CONFIG}], [CONFIG], [{"prefix": "P_", **CONFIG}, CONFIG]),
        ([CONFIG], [ref("secretRef", "c")], [CONFIG, ref("secretRef", "c")]),
        # The same source with another `optional`: found too late, everything is lost.
        ([CONFIG], [ref("configMapRef", "c", optional=True)], None),
    ],
)
def test_env_from_by_prefix_and_source(
    own: list[Json], add: list[Json], outcome: list[Json] | None
) -> None:
    found = merged(website(its_container(envFrom=own)), [preset(envFrom=add)])
    assert found.outcome == "applied"
    assert found.pod["spec"]["containers"][0].get("envFrom") == outcome
    assert bool(found.wiped) is (outcome is None)


def test_a_name_in_env_and_in_env_from_is_no_conflict() -> None:
    found = merged(website(its_container(env=[env("1")])), [preset(envFrom=[CONFIG])])
    assert found.outcome == "applied"


def test_several_presets_are_merged_together() -> None:
    found = merged(
        website(),
        [preset("a", env=[env("1", "A")]), preset("b", env=[env("1", "A"), env("2", "B")])],
    )
    assert found.pod["spec"]["containers"][0]["env"] == [env("1", "A"), env("2", "B")]
    assert [(each.path[-7:], each.preset) for each in found.additions] == [
        (".env[A]", "a"),
        (".env[B]", "b"),
    ]
    assert set(found.pod["metadata"]["annotations"]) == {f"{APPLIED}a", f"{APPLIED}b"}


def test_two_presets_that_disagree_apply_nothing() -> None:
    found = merged(website(), [preset("a", env=[env("1")]), preset("b", env=[env("2")])])
    assert found.outcome == "conflict"
    (conflict,) = found.conflicts
    assert (conflict.preset, conflict.other) == ("b", "a")
    assert (conflict.entry, conflict.existing) == (env("2"), env("1"))


def test_one_conflict_in_one_container_keeps_everything_from_being_applied() -> None:
    body = website(its_container("good"), initContainers=[its_container("bad", env=[env("1")])])
    found = merged(body, [preset(), preset("other", env=[env("x", "OTHER")])])
    assert found.outcome == "conflict"
    assert found.pod is body
    assert found.additions == ()
    assert [each.path for each in found.conflicts] == ["spec.initContainers[bad].env[DB_PORT]"]


def test_every_conflict_is_told() -> None:
    body = website(
        its_container(env=[env("1")], volumeMounts=[mount("other", "/cache")]),
        volumes=[{"name": "cache-volume", "hostPath": {"path": "/x"}}],
    )
    assert [each.path for each in merged(body, [preset()]).conflicts] == [
        "spec.volumes[cache-volume]",
        "spec.containers[website].env[DB_PORT]",
        "spec.containers[website].volumeMounts[/cache]",
    ]


@pytest.mark.parametrize(
    ("annotations", "outcome"),
    [
        ({EXCLUDE: "true"}, "excluded"),
        ({EXCLUDE: "True"}, "applied"),
        ({EXCLUDE: ""}, "applied"),
        ({MIRROR: "x"}, "mirrorPod"),
        ({}, "applied"),
    ],
)
def test_pods_that_are_left_out(annotations: dict[str, str], outcome: str) -> None:
    body = website(annotations=annotations)
    found = merged(body, [preset()])
    assert found.outcome == outcome
    assert (found.pod is body) is (outcome != "applied")


def selecting(**selector: Any) -> Preset:
    return preset("p", selector=selector, env=[env("1")])


@pytest.mark.parametrize(
    ("selector", "reason"),
    [
        ({}, ""),
        ({"matchLabels": {"role": "frontend"}}, ""),
        (
            {"matchLabels": {"role": "back", "x": "y"}},
            "it asks for role=back (the pod has frontend), x=y (the pod has no such label)",
        ),
        (
            {"matchExpressions": [{"key": "role", "operator": "In", "values": ["a", "b"]}]},
            "it asks for role In (a, b) (the pod has frontend)",
        ),
        ({"matchExpressions": [{"key": "role", "operator": "Exists"}]}, ""),
        (
            {"matchExpressions": [{"key": "role", "operator": "DoesNotExist"}]},
            "it asks for role DoesNotExist (the pod has frontend)",
        ),
    ],
)
def test_what_a_preset_selects(selector: dict[str, Any], reason: str) -> None:
    one = selecting(**selector)
    assert merged(website(), [one]).outcome == ("noneSelects" if reason else "applied")
    assert [why for _, why in unselected(website(), [one])] == ([reason] if reason else [])


@pytest.mark.parametrize(
    ("mine", "pods", "shared"),
    [("shop", "shop", True), ("", "shop", True), ("shop", "", True), ("other", "shop", False)],
)
def test_a_preset_works_in_its_own_namespace(mine: str, pods: str, *, shared: bool) -> None:
    body = website()
    if pods:
        body["metadata"]["namespace"] = pods
    one = replace(preset(), namespace=mine)
    assert (merged(body, [one]).outcome == "applied") is shared
    if not shared:
        assert [why for _, why in unselected(body, [one])] == ["it is in namespace other"]


@pytest.mark.parametrize(
    ("own", "add", "outcome"),
    [
        ("<hidden>", "<hidden>", "unknown"),
        ("<hidden>", "1", "unknown"),
        ("http://<hidden>/", "1", "unknown"),
        ("2", "1", "conflict"),
    ],
)
def test_a_hidden_value_is_neither_equal_nor_another_one(own: str, add: str, outcome: str) -> None:
    found = merged(website(its_container(env=[env(own)])), [preset(env=[env(add)])])
    assert found.outcome == outcome
    assert [each.certain for each in found.conflicts] == [outcome == "conflict"]


def test_a_hidden_value_and_a_reference_differ() -> None:
    reference = {"name": "X", "valueFrom": ref("secretKeyRef", "s", key="k")}
    assert same(normal(env("<hidden>", "X")), normal(reference)) is False


@pytest.mark.parametrize(
    ("annotations", "found"),
    [
        ({f"{APPLIED}db": "12"}, {"db": "12"}),
        ({"podpreset.admission.kubernetes.io/db": "12"}, {"db": "12"}),
        ({f"{APPLIED}db": "<hidden>"}, {"db": ""}),
        ({EXCLUDE: "true"}, {}),
        ({"podpreset.admission.kubernetes.io/": "1"}, {}),
        ({f"{APPLIED}db": None}, {"db": ""}),
    ],
)
def test_the_annotations_of_both_ages(annotations: dict[str, Any], found: dict[str, str]) -> None:
    assert applied_presets({"metadata": {"annotations": annotations}}) == found


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        (None, "it adds nothing"),
        ({}, "it adds nothing"),
        ({"env": [], "selector": {}}, "it adds nothing"),
        ({"env": "x"}, "spec.env is no list of objects"),
        ({"env": ["x"]}, "spec.env is no list of objects"),
        ({"env": [{"value": "x"}]}, "spec.env[0].name is missing"),
        ({"env": [{"name": "x", "value": 6379}]}, "spec.env[0].value is no text: write it in"),
        ({"envFrom": [{"prefix": "x"}]}, "spec.envFrom[0] needs"),
        ({"volumeMounts": [{"name": "x"}]}, "spec.volumeMounts[0].mountPath is missing"),
        ({"volumes": [{"emptyDir": {}}]}, "spec.volumes[0].name is missing"),
        ({"env": [env("1")], "selector": "x"}, "spec.selector is invalid"),
        ({"env": [env("1")], "selector": {"role": "frontend"}}, "spec.selector is invalid"),
        ({"env": [env("1")], "selector": {"matchLabels": {"a": 1}}}, "spec.selector is invalid"),
        (
            {"env": [env("1")], "selector": {"matchExpressions": [{"key": "a", "operator": "In"}]}},
            "spec.selector is invalid",
        ),
    ],
)
def test_what_the_api_server_would_refuse(spec: Any, says: str) -> None:
    body = {"metadata": {"name": "x"}, "spec": spec}
    assert says in next(mistakes(body))


def test_names_that_are_none() -> None:
    for name in ("", "A", "a/b", "-a", "a\x1b"):
        assert "is no name" in next(mistakes({"metadata": {"name": name}, "spec": {"env": [{}]}}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)
LISTS = {
    name: JSON | st.lists(st.fixed_dictionaries({}, optional={"name": JSON, "value": JSON}))
    for name in ("env", "envFrom", "volumeMounts", "volumes")
}


@given(
    st.fixed_dictionaries({}, optional={**LISTS, "selector": JSON}),
    st.lists(st.fixed_dictionaries({}, optional={"name": JSON, **LISTS}), max_size=2),
    st.fixed_dictionaries({}, optional={"annotations": JSON, "labels": JSON}) | JSON,
)
def test_odd_shapes_raise_nothing(spec: Any, containers: Any, metadata: Any) -> None:
    body = {"apiVersion": "settings.k8s.io/v1alpha1", "kind": "PodPreset", "spec": spec}
    list(mistakes(body))
    assert is_preset(body)
    found = merged(
        {"metadata": metadata, "spec": {"containers": containers, "volumes": spec.get("volumes")}},
        [preset_of(body), preset()],
    )
    assert found.outcome
    if isinstance(spec.get("volumes"), dict):
        normal_volume(spec["volumes"])

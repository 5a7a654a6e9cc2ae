"""What PodPresets left on a pod, and why one that selects it left nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kit
from kit import Json, owned_by, view, workload
from kit.preset_cases import env, its_container, preset_body, ref, website
from kubectl_podx.model.capture import ObjectState
from kubectl_podx.pod.view import PodView
from kubectl_podx.podpreset.preset import APPLIED, EXCLUDE, GONE, MIRROR, SERVED
from kubectl_podx.sections.injections import facts as injections
from kubectl_podx.sections.injections.presets import not_applied, preset_marks, with_presets
from kubectl_podx.sections.injections.report import Injection

ANNOTATION = f"metadata.annotations[{APPLIED}allow-database]"
PATHS = {
    "spec.containers[website].env[DB_PORT]",
    "spec.containers[website].volumeMounts[/cache]",
    "spec.volumes[cache-volume]",
}


def injected(version: str = "7", **annotations: str) -> Json:
    """The pod as the plugin made it of the example."""
    return website(
        its_container(
            env=[env("6379"), env("1", "OWN")],
            volumeMounts=[{"mountPath": "/cache", "name": "cache-volume"}],
        ),
        volumes=[{"name": "cache-volume", "emptyDir": {}}],
        annotations={f"{APPLIED}allow-database": version, **annotations},
    )


def stored(version: str = "7", **spec: Any) -> Json:
    body = preset_body(group=SERVED, **spec)
    body["metadata"] |= {
        "namespace": "shop",
        "resourceVersion": version,
        "creationTimestamp": "2026-11-01T00:00:00Z",
    }
    return body


def view_of(
    body: Json,
    *presets: Json,
    template: Json | None = None,
    state: ObjectState = "present",
    server: str = "v1.37.2",
) -> PodView:
    owners = []
    if template is not None:
        body["metadata"]["ownerReferences"] = owned_by("ReplicaSet", "web")
        owners = [kit.stored(workload("ReplicaSet", "web", template))]
    found = presets if state == "present" else state
    return view(
        body,
        *owners,
        lists={"PodPreset/shop": found},
        server_version=server,
        reference="Pod/shop/website",
    )


def rows(view: PodView) -> dict[str, Injection]:
    return {row.path: row for row in injections.build(view)}


def test_a_bare_pod_and_a_preset_that_can_be_read() -> None:
    found = rows(view_of(injected(), stored()))
    assert set(found) == PATHS | {ANNOTATION}
    assert {row.by for row in found.values()} == {"PodPreset allow-database"}
    assert {row.confidence for row in found.values()} == {"likely"}
    assert "7" in found[ANNOTATION].detail


def test_a_difference_from_the_template_that_the_preset_explains_is_proven() -> None:
    template = website(its_container(env=[env("1", "OWN")]))
    found = rows(view_of(injected(), stored(), template=template))
    assert {found[path].by for path in PATHS} == {"PodPreset allow-database"}
    assert {found[path].confidence for path in PATHS} == {"proven"}


def test_what_the_template_has_itself_is_no_injection() -> None:
    template = injected()
    del template["metadata"]["annotations"]
    found = rows(view_of(injected(), stored(), template=template))
    assert set(found) == {ANNOTATION}


def test_a_preset_that_was_written_since_is_only_likely() -> None:
    template = website(its_container(env=[env("1", "OWN")]))
    found = rows(view_of(injected("6"), stored("7"), template=template))
    assert {found[path].confidence for path in PATHS} == {"likely"}
    (mark,) = preset_marks(view_of(injected("6"), stored("7")))
    assert mark.changed is True


def test_an_entry_that_the_preset_has_otherwise_is_only_possible() -> None:
    found = rows(view_of(injected("6"), stored("7", env=[env("1")])))
    row = found["spec.containers[website].env[DB_PORT]"]
    assert row.confidence == "possible"
    assert "the current preset differs" in row.detail


def test_a_hidden_value_is_not_proven() -> None:
    body = injected()
    body["spec"]["containers"][0]["env"][0]["value"] = "<hidden>"
    template = website(its_container(env=[env("1", "OWN")]))
    found = rows(view_of(body, stored(env=[env("<hidden>")]), template=template))
    assert found["spec.containers[website].env[DB_PORT]"].confidence == "likely"


def test_env_from_too() -> None:
    body = website(
        its_container(envFrom=[ref("configMapRef", "c")]),
        annotations={f"{APPLIED}allow-database": "7"},
    )
    found = rows(view_of(body, stored(envFrom=[ref("configMapRef", "c")])))
    assert found["spec.containers[website].envFrom[configMap c]"].by == "PodPreset allow-database"


@pytest.mark.parametrize("state", ["present", "missing", "denied"])
def test_a_preset_that_is_gone_is_named_as_possible(state: ObjectState) -> None:
    template = website(its_container(env=[env("1", "OWN")]))
    found = rows(view_of(injected(), template=template, state=state))
    assert found[ANNOTATION].by == "PodPreset allow-database"
    assert {found[path].by for path in PATHS} == {"PodPreset allow-database"}
    assert {found[path].confidence for path in PATHS} == {"possible"}


def test_the_older_key_without_the_prefix_is_read() -> None:
    key = "podpreset.admission.kubernetes.io/allow-database"
    found = rows(view_of(website(annotations={key: "7"})))
    assert found[f"metadata.annotations[{key}]"].by == "PodPreset allow-database"


def test_what_is_proven_to_be_of_another_is_left_to_it() -> None:
    row = Injection(path="spec.volumes[cache-volume]", change="added", by="X", confidence="proven")
    told = with_presets(view_of(injected(), stored()), [row], compared=True)
    assert row in told


def test_a_pod_without_presets_keeps_its_rows() -> None:
    row = Injection(path="spec.volumes[x]", change="added")
    assert with_presets(view_of(website()), [row], compared=True) == [row]


CREATED = "2026-11-02T00:00:00Z"


def plain(created: str = CREATED, **annotations: str) -> Json:
    body = website(annotations=annotations)
    body["metadata"]["creationTimestamp"] = created
    return body


@pytest.mark.parametrize(
    ("body", "one", "confidence", "says"),
    [
        (plain(**{EXCLUDE: "true"}), stored(), "proven", "exclude"),
        (plain(**{MIRROR: "x"}), stored(), "proven", "static pod"),
        (plain("2026-10-31T00:00:00Z"), stored(), "proven", "the pod is older"),
        (plain(), stored(), "possible", "off"),
        (plain(), preset_body(group=GONE), "proven", "gone since 1.20"),
        (
            {**plain(), "spec": website(its_container(env=[env("1")]))["spec"]},
            stored(),
            "likely",
            "a conflict at spec.containers[website].env[DB_PORT]",
        ),
    ],
)
def test_why_a_preset_was_not_applied(body: Json, one: Json, confidence: str, says: str) -> None:
    (found,) = not_applied(view_of(body, one))
    assert found.confidence == confidence
    assert says in found.reason
    row = rows(view_of(body, one))[ANNOTATION]
    assert (row.change, row.confidence) == ("absent", confidence)
    assert says in row.detail


@pytest.mark.parametrize("server", ["v1.19.7", "v1.18.0+k3s", "", "x"])
def test_an_old_server_may_have_had_the_kind(server: str) -> None:
    (found,) = not_applied(view_of(plain(), preset_body(group=GONE), server=server))
    assert found.confidence == "possible"


def test_a_preset_that_does_not_select_the_pod_is_not_spoken_of() -> None:
    one = stored(selector={"matchLabels": {"role": "back"}}, env=[env("1")])
    assert not_applied(view_of(plain(), one)) == []


def test_a_preset_of_another_namespace_is_not_read() -> None:
    view = view_of(plain())
    key = "PodPreset/other/x"
    view.capture.objects[key] = kit.stored(stored(), key)
    assert not_applied(view) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries({}, optional={"metadata": JSON, "spec": JSON}),
    st.fixed_dictionaries(
        {"metadata": st.fixed_dictionaries({"name": st.just("allow-database")})},
        optional={
            "spec": JSON
            | st.fixed_dictionaries({}, optional={"env": JSON, "volumes": JSON, "selector": JSON})
        },
    ),
)
def test_odd_shapes_raise_nothing(body: Json, one: Json) -> None:
    view = view_of(body, one)
    assert all(mark.name for mark in preset_marks(view))
    assert {each.confidence for each in not_applied(view)} <= {"proven", "likely", "possible"}
    assert all(row.path for row in injections.build(view))

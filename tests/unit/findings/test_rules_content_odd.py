"""Whatever shape a pod has, what a container reads is told row by row and never raises."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import kit
from kit.content_cases import case, stored
from kubectl_podx.model.capture import ObservedFile, ObservedToken, Variable
from kubectl_podx.sections.changes import rules as changes
from kubectl_podx.sections.downward import rules as downward
from kubectl_podx.sections.environment import rules as environment
from kubectl_podx.sections.files import rules as files
from kubectl_podx.sections.timeline import facts as timeline
from kubectl_podx.sections.tokens import rules as tokens

KEYS = st.sampled_from(
    [
        "name",
        "volumes",
        "containers",
        "volumeMounts",
        "mountPath",
        "subPath",
        "subPathExpr",
        "projected",
        "sources",
        "configMap",
        "secret",
        "secretName",
        "downwardAPI",
        "serviceAccountToken",
        "items",
        "key",
        "path",
        "mode",
        "optional",
        "env",
        "envFrom",
        "configMapRef",
        "valueFrom",
        "fieldRef",
        "fieldPath",
        "resourceFieldRef",
        "securityContext",
        "runAsUser",
        "managedFields",
        "time",
        "metadata",
        "annotations",
        "labels",
        "ownerReferences",
        "status",
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["app", "c", "/etc", "../x", "$(A)", "", "2026-01-01T00:00:00Z"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=25,
)
LOOK = kit.observation(
    state="partial",
    environment_source="exec",
    variables=[Variable(name="A")],
    files=[ObservedFile(path="/etc/x", mount="/etc")],
    tokens=[ObservedToken(path="/etc/t", issued_at="odd")],
)
MOUNTS = st.lists(st.dictionaries(KEYS, VALUES, max_size=4), max_size=3)


@settings(max_examples=200, deadline=None)
@given(
    volumes=MOUNTS | VALUES,
    mounts=MOUNTS | VALUES,
    env=MOUNTS | VALUES,
    metadata=st.dictionaries(KEYS, VALUES, max_size=4),
    status=st.dictionaries(KEYS, VALUES, max_size=3),
)
def test_odd_pods_never_raise(
    volumes: Any, mounts: Any, env: Any, metadata: dict[str, Any], status: dict[str, Any]
) -> None:
    container = {"name": "app", "volumeMounts": mounts, "env": env, "envFrom": env}
    made = case(
        stored("ConfigMap", "c", "a"),
        spec={"volumes": volumes, "containers": [container, None]},
        metadata=metadata,
        status=status,
        look=LOOK,
    )
    for rules in (files.RULES, environment.RULES, downward.RULES, tokens.RULES, changes.RULES):
        for rule in rules:
            assert all(each.title and each.code == rule.code for each in rule.findings(made))
    times = [entry.time for entry in timeline.build(made.view, made.report)]
    assert times == sorted(times)

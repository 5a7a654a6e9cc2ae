"""Rules about mounted files: each with a pod that has the problem and one that has not."""

from __future__ import annotations

from typing import Any

import pytest

from kit import observation
from kit.content_cases import case, found, owned_by, stored
from kubectl_podx.model.capture import Mount
from kubectl_podx.model.parts import KeySource
from kubectl_podx.rules.fixes import restart
from kubectl_podx.rules.rule import Case
from kubectl_podx.sections.files.report import FileRow
from kubectl_podx.sections.files.rules import RULES

SOURCE = KeySource(kind="ConfigMap", name="web", key="a")
DEPLOYED = owned_by("ReplicaSet", "web-abc", **{"pod-template-hash": "abc"})


def row(state: Any = "current", **fields: Any) -> FileRow:
    return FileRow(
        **{
            "container": "app",
            "path": "/etc/app/a",
            "volume": "v",
            "source": SOURCE,
            "state": state,
            **fields,
        }
    )


def with_rows(*rows: FileRow, **more: Any) -> Case:
    return case(files=list(rows), **more)


def volumes(**volume: Any) -> dict[str, Any]:
    return {
        "volumes": [{"name": "v", **volume}],
        "containers": [{"name": "app", "volumeMounts": [{"name": "v", "mountPath": "/etc/app"}]}],
    }


def test_current_files_of_an_ordinary_pod_yield_nothing() -> None:
    assert found(RULES, with_rows(row(), row(path="/etc/app/b", readable=True))) == {}


def test_codes_stand_in_order_and_are_used_once() -> None:
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes))


@pytest.mark.parametrize(
    ("made", "code", "severity"),
    [
        (row("frozen", sub_path=True), "FIL001", "warning"),
        (row("stuck"), "FIL002", "warning"),
        (row("stale"), "FIL003", "info"),
        (row("orphaned"), "FIL004", "warning"),
        (row("missing"), "FIL006", "warning"),
        (row(readable=False, mode="0600", uid=0, gid=0), "FIL007", "info"),
        (row(mode="0644", declared_mode="0600"), "FIL008", "info"),
        (row(not_after="2026-01-11T00:00:00Z"), "FIL009", "warning"),
        (row(not_after="2025-12-31T00:00:00Z"), "FIL009", "critical"),
        (row("frozen"), "FIL010", "warning"),
        (row(not_before="2026-01-02T00:00:00Z"), "FIL017", "critical"),
        (row(volume_written_after_start=True), "FIL012", "info"),
        (row("extra"), "FIL014", "info"),
    ],
)
def test_a_row_with_the_problem_is_found_and_nothing_else_with_it(
    made: FileRow, code: str, severity: str
) -> None:
    findings = found(RULES, with_rows(made))
    assert list(findings) == [code]
    assert findings[code].severity == severity
    assert findings[code].container == "app"
    assert "/etc/app/a" in findings[code].title or "volume v" in findings[code].title


@pytest.mark.parametrize(
    "made",
    [
        row(mode="0644", declared_mode="644"),
        row(not_after="2026-03-01T00:00:00Z"),
        row(not_after="soon"),
        row(not_before="2025-12-31T00:00:00Z"),
        row("missing", source_changed_at="2026-01-01T11:59:30Z"),
        row("orphaned", source=KeySource(kind="ConfigMap", name="web", optional=True)),
        row("denied"),
        row("unknown"),
        row("unreadable"),
        row("frozen", source=KeySource(kind="downwardAPI", key="metadata.labels")),
    ],
)
def test_a_row_without_the_problem_is_not(made: FileRow) -> None:
    assert found(RULES, with_rows(made)) == {}


def test_files_of_one_source_are_one_finding_with_the_restart_of_the_deployment() -> None:
    rows = [row("frozen", sub_path=True, path=f"/etc/app/{n}", size=n) for n in range(5)]
    findings = RULES[0].findings(with_rows(*rows, metadata=DEPLOYED))
    assert len(findings) == 1
    assert "and 2 more" in findings[0].title
    assert findings[0].fix == "kubectl rollout restart deploy/web -n shop"


@pytest.mark.parametrize(
    ("spec", "status", "severity"),
    [
        ({"securityContext": {"runAsUser": 1000}}, {}, "warning"),
        ({"securityContext": {"runAsNonRoot": True}}, {}, "warning"),
        ({"securityContext": {"runAsUser": 0}}, {}, "info"),
        ({}, {"user": {"linux": {"uid": 999}}}, "warning"),
        ({"securityContext": {"runAsUser": 9}}, {"user": {"linux": {"uid": 0}}}, "info"),
    ],
)
def test_what_the_program_cannot_read_weighs_less_where_it_started_as_root(
    spec: dict[str, Any], status: dict[str, Any], severity: str
) -> None:
    made = with_rows(
        row(readable=False),
        spec={"containers": [{"name": "app"}], **spec},
        status={"containerStatuses": [{"name": "app", **status}]},
    )
    assert found(RULES, made)["FIL007"].severity == severity


def test_a_volume_without_its_source_blocks_a_pod_that_waits_for_it() -> None:
    made = case(
        stored("ConfigMap", "web", state="missing"),
        spec=volumes(configMap={"name": "web"}),
        state={"waiting": {"reason": "ContainerCreating"}},
    )
    finding = found(RULES, made)["FIL005"]
    assert (finding.severity, finding.blocking) == ("critical", True)
    assert 'configmap "web" not found' in finding.title
    assert finding.next == "kubectl get configmaps -n shop"


def test_a_denied_source_is_not_called_missing() -> None:
    made = case(
        stored("ConfigMap", "web", state="denied"),
        spec=volumes(configMap={"name": "web"}),
        state={"waiting": {"reason": "ContainerCreating"}},
    )
    assert found(RULES, made) == {}


def test_an_optional_source_that_is_missing_is_only_mentioned() -> None:
    made = case(
        stored("Secret", "db", state="missing"),
        spec=volumes(secret={"secretName": "db", "optional": True}),
    )
    assert {code: f.severity for code, f in found(RULES, made).items()} == {"FIL011": "info"}


def test_a_sub_path_that_is_not_in_the_volume() -> None:
    spec = volumes(configMap={"name": "web", "items": [{"key": "a", "path": "b"}]})
    spec["containers"][0]["volumeMounts"][0]["subPath"] = "a"
    finding = found(RULES, case(stored("ConfigMap", "web", "a"), spec=spec))["FIL015"]
    assert finding.title == "/etc/app of container app is an empty folder: volume v has no path a"
    assert finding.evidence == ["the volume has: b"]


def test_two_sources_with_one_path_and_two_without() -> None:
    spec = volumes(
        projected={"sources": [{"configMap": {"name": "one"}}, {"secret": {"name": "two"}}]}
    )
    clash = case(stored("ConfigMap", "one", "a"), stored("Secret", "two", "a"), spec=spec)
    assert found(RULES, clash)["FIL016"].title == (
        "volume v: a of ConfigMap one is hidden by the one of Secret two"
    )
    fine = case(stored("ConfigMap", "one", "a"), stored("Secret", "two", "b"), spec=spec)
    assert "FIL016" not in found(RULES, fine)


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (DEPLOYED, "kubectl rollout restart deploy/web -n shop"),
        (owned_by("StatefulSet", "db"), "kubectl rollout restart sts/db -n shop"),
        (owned_by("DaemonSet", "log"), "kubectl rollout restart ds/log -n shop"),
        (owned_by("Job", "once"), "kubectl delete pod web-0 -n shop"),
        (owned_by("ReplicaSet", "bare"), "kubectl delete pod web-0 -n shop"),
        (owned_by("Rollout", "other"), "kubectl delete pod web-0 -n shop"),
        (owned_by("Node", "n1"), "It is a static pod: change its manifest on the node."),
        ({}, "kubectl get pod web-0 -o yaml -n shop | kubectl replace --force -f -"),
        (owned_by("StatefulSet", "x; rm -rf ~"), "kubectl rollout restart sts/NAME -n shop"),
    ],
)
def test_the_restart_is_the_one_of_who_owns_the_pod(
    metadata: dict[str, Any], expected: str
) -> None:
    fix = restart(case(metadata=metadata))
    assert expected == (fix.command or fix.instead)


def test_a_sub_path_of_a_whole_volume_that_has_no_such_key() -> None:
    spec = volumes(configMap={"name": "web"})
    spec["containers"][0]["volumeMounts"][0]["subPath"] = "typo"
    seen = observation(
        mounts=[Mount(path="/etc/app", root="/", device="8:1", fstype="ext4")],
    )
    looked = case(stored("ConfigMap", "web", "a"), spec=spec, look=seen)
    found_in = found(RULES, looked)
    assert "couldn't find key typo" in found_in["FIL015"].title
    assert "FIL006" not in found_in

"""Rules about what changed before the pod fell ill."""

from __future__ import annotations

from typing import Any

from kit.content_cases import case, found, owned_by
from kubectl_podx.sections.changes.report import Change
from kubectl_podx.sections.changes.rules import RULES

FAILED: dict[str, Any] = {
    "containerStatuses": [
        {
            "name": "app",
            "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            "lastState": {"terminated": {"exitCode": 1, "finishedAt": "2026-01-01T11:50:00Z"}},
        }
    ]
}
DEPLOYED = owned_by("ReplicaSet", "web-abc", **{"pod-template-hash": "abc"})


def config(time: str) -> Change:
    return Change(kind="config", what="ConfigMap c was written", time=time, by="helm")


def rollout(time: str) -> Change:
    return Change(
        kind="rollout", what="revision 3 of Deployment web", time=time, object="Deployment/web"
    )


def test_a_write_just_before_a_container_went_down() -> None:
    findings = found(RULES, case(status=FAILED, changes=[config("2026-01-01T11:48:00Z")]))
    assert findings["CHG001"].title == (
        "ConfigMap c was written, 2m before container app went down"
    )
    assert findings["CHG001"].severity == "info"


def test_a_write_long_before_or_after_is_no_finding() -> None:
    changes = [config("2026-01-01T11:00:00Z"), config("2026-01-01T11:51:00Z")]
    assert found(RULES, case(status=FAILED, changes=changes)) == {}


def test_a_container_that_ended_well_did_not_fail() -> None:
    ended = {"terminated": {"exitCode": 0, "finishedAt": "2026-01-01T11:50:00Z"}}
    made = case(state=ended, changes=[config("2026-01-01T11:48:00Z")])
    assert found(RULES, made) == {}


def test_a_young_rollout_of_a_pod_that_is_not_well_can_be_undone() -> None:
    image = Change(
        kind="image", what="container app", before="a:1", after="a:2", object="Deployment/web"
    )
    made = case(status=FAILED, metadata=DEPLOYED, changes=[rollout("2026-01-01T11:30:00Z"), image])
    finding = found(RULES, made)["CHG002"]
    assert finding.fix == "kubectl rollout undo deploy/web -n shop"
    assert "container app: a:1 -> a:2" in finding.evidence


def test_an_old_rollout_or_a_healthy_pod_is_no_finding() -> None:
    assert found(RULES, case(status=FAILED, changes=[rollout("2026-01-01T09:00:00Z")])) == {}
    assert found(RULES, case(changes=[rollout("2026-01-01T11:30:00Z")])) == {}


def test_another_image_than_the_template_and_a_newer_template() -> None:
    changes = [
        Change(kind="image", what="other", before="a:1", after="a:2", object="Pod/web-0"),
        Change(kind="template", what="newer", before="r1", after="r2", time="2026-01-01T11:00:00Z"),
    ]
    findings = found(RULES, case(changes=changes))
    assert findings["CHG003"].evidence == ["template a:1", "pod a:2"]
    assert findings["CHG004"].evidence[0] == "pod r1, newest r2"


def test_how_a_revision_changed_the_template_is_evidence_and_no_newer_template() -> None:
    changed = Change(kind="template", what="revision 3 changed env A", object="Deployment/web")
    made = case(
        status=FAILED, metadata=DEPLOYED, changes=[rollout("2026-01-01T11:30:00Z"), changed]
    )
    findings = found(RULES, made)
    assert "revision 3 changed env A" in findings["CHG002"].evidence
    assert "CHG004" not in findings

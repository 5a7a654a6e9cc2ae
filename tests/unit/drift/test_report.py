"""Rows of drift: how bad each is, what brings it up to date, and what a look inside changes."""

from __future__ import annotations

from typing import Any

import pytest

from kit import captured, stored
from kubectl_podx.analysis.drift import report
from kubectl_podx.analysis.reports import DriftReport
from kubectl_podx.analysis.shards import DRIFT, lines, merged
from kubectl_podx.drift.found import Drifted
from kubectl_podx.drift.tally import (
    PAUSED,
    Group,
    GroupKey,
    ImageUse,
    OldTemplate,
    OwnerKey,
    Tally,
)
from kubectl_podx.drift.uses import Write
from kubectl_podx.model.capture import Capture, KeyFacts, Observation, Sealed, Variable
from kubectl_podx.model.errors import InputError
from kubectl_podx.model.parts import Coverage, Metadata

_WEB = OwnerKey("shop", "Deployment", "web")
_OLD = GroupKey(_WEB, "environment", "ConfigMap/settings", "old")


def found(**fields: Any) -> Drifted:
    tally = Tally({}, ())
    tally.scanned = fields.pop("scanned", 3)
    tally.owners = {_WEB: 3}
    for name in ("groups", "images", "certificates"):
        setattr(tally, name, fields.pop(name, {}))
    metadata = Metadata(captured_at="2026-01-01T12:00:00Z", source="live")
    known: dict[str, Any] = {
        "namespace": "shop",
        "source": None,
        "exists": True,
        "templates": [],
        "expiries": {},
        "looked": None,
        "coverage": [],
        **fields,
    }
    return Drifted(metadata=metadata, tally=tally, **known)


def older(*names: str) -> Group:
    write = Write("2026-01-01T11:00:00Z", "helm")
    return Group(len(names), list(names), ["LEVEL of app"], write, "2026-01-01T10:00:00Z")


def test_nothing_older() -> None:
    made = report(found())
    assert (made.verdict.severity, made.rows) == ("ok", [])
    made = report(found(coverage=[Coverage(section="drift", state="denied", reason="x")]))
    assert made.verdict.severity == "unknown"
    assert made.verdict.summary.endswith("as far as could be checked")


def test_a_variable_that_may_be_older() -> None:
    (row,) = report(found(groups={_OLD: older("web-1", "web-2")})).rows
    assert (row.pods, row.of, row.severity, row.confidence) == (2, 3, "warning", "likely")
    assert row.fix == "kubectl rollout restart deploy/web -n shop"
    assert row.next == "kubectl podx describe web-1 -n shop"
    assert row.evidence == [
        "ConfigMap/settings was last written at 2026-01-01T11:00:00Z by helm",
        "the oldest container that uses it started at 2026-01-01T10:00:00Z",
    ]


def looked(*pods: tuple[str, str]) -> Capture:
    """Pods whose variable holds this digest; the ConfigMap's value has the digest `new`."""
    bodies = {}
    several = []
    for name, digest in pods:
        ref = {"name": "settings", "key": "LEVEL"}
        body = {
            "kind": "Pod",
            "metadata": {"name": name, "namespace": "shop", "uid": name},
            "spec": {
                "containers": [
                    {
                        "name": "app",
                        "env": [{"name": "LEVEL", "valueFrom": {"configMapKeyRef": ref}}],
                    }
                ]
            },
            "status": {"containerStatuses": [{"name": "app", "state": {"running": {}}}]},
        }
        seen = Variable(name="LEVEL", declared=Sealed(digest="new"), injected=Sealed(digest=digest))
        several.append(
            captured(
                body,
                observations=[
                    Observation(
                        container="app",
                        state="observed",
                        method="exec",
                        environment_source="exec",
                        variables=[seen],
                    )
                ],
            )
        )
        bodies[f"Pod/shop/{name}"] = stored(body)
    settings = {"kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "shop"}}
    bodies["ConfigMap/shop/settings"] = stored(settings, keys={"LEVEL": KeyFacts(digest="new")})
    return Capture(captured_at="2026-01-01T12:00:00Z", pods=several, objects=bodies)


def test_a_look_inside_proves_it() -> None:
    inside = looked(("web-1", "old"), ("web-2", "new"))
    (row,) = report(found(groups={_OLD: older("web-1", "web-2")}, looked=inside)).rows
    assert (row.confidence, row.pods, row.names) == ("proven", 1, ["web-1"])
    assert "compared inside: web-1 has the old value" in row.evidence


def test_a_look_inside_clears_it() -> None:
    inside = looked(("web-1", "new"))
    made = report(found(groups={_OLD: older("web-1")}, looked=inside))
    assert made.rows == []
    # Of a pod that was not looked into it stays.
    (row,) = report(found(groups={_OLD: older("web-1", "web-2")}, looked=inside)).rows
    assert (row.confidence, row.pods, row.names) == ("likely", 1, ["web-2"])


def test_a_tag_that_was_moved() -> None:
    digests = {
        "sha256:aa": ImageUse(2, "2026-01-01T10:00:00Z", ["web-1", "web-2"]),
        "sha256:bb": ImageUse(1, "2026-01-01T11:00:00Z", ["web-3"]),
    }
    (row,) = report(found(images={(_WEB, "app", "web:latest"): digests})).rows
    assert (row.drift, row.pods, row.names) == ("image", 2, ["web-1", "web-2"])
    assert row.evidence[0].startswith("sha256:bb in 1 pod")
    one = {(_WEB, "app", "web:latest"): {"sha256:aa": ImageUse(3)}}
    assert report(found(images=one)).rows == []


@pytest.mark.parametrize(
    ("end", "severity"),
    [
        ("2026-01-01T11:00:00Z", "critical"),
        ("2026-01-10T00:00:00Z", "warning"),
        ("2026-03-01T00:00:00Z", None),
        ("never", None),
    ],
)
def test_certificates(end: str, severity: str | None) -> None:
    source = ("Secret", "shop", "tls")
    made = report(found(certificates={source: {_WEB: 3}}, expiries={source: end}))
    assert [row.severity for row in made.rows] == ([severity] if severity else [])
    assert all(row.expires_at == end for row in made.rows)


def test_templates() -> None:
    templates = [
        OldTemplate(_WEB, 2, [], PAUSED, stuck=True),
        OldTemplate(OwnerKey("shop", "DaemonSet", "agent"), 1, ["agent-x"], "OnDelete", stuck=True),
        OldTemplate(OwnerKey("shop", "StatefulSet", "db"), 1, ["db-0"], "going on", stuck=False),
    ]
    rows = {row.name: row for row in report(found(templates=templates)).rows}
    assert rows["web"].fix == "kubectl rollout resume deploy/web -n shop"
    assert rows["agent"].fix == "kubectl delete pod agent-x -n shop"
    assert (rows["db"].severity, rows["db"].fix) == ("info", "")


def test_who_uses_a_source() -> None:
    current = GroupKey(OwnerKey("shop", "Job", "x"), "files", "Secret/s", "current")
    old = GroupKey(_WEB, "environment", "Secret/s", "old")
    groups = {old: older("web-1"), current: Group(2, ["x-1", "x-2"])}
    made = report(found(groups=groups, source=("Secret", "s")))
    assert made.verdict.summary == (
        "Secret s is used by 3 pods of 2 workloads; 1 may still have the old value"
    )
    made = report(found(source=("Secret", "s"), exists=False))
    assert made.verdict.summary == "no running pod uses Secret s"


def test_shards_make_one_report() -> None:
    one = report(found(groups={_OLD: older("web-1")}, namespace=""))
    two = report(found(namespace="", scanned=4))
    text = lines(DRIFT, one, 0, 2) + "W1130 a warning\n" + lines(DRIFT, two, 1, 2)
    whole: DriftReport = merged(DRIFT, text.encode())
    assert (whole.scanned, whole.rows, whole.coverage) == (7, one.rows, [])
    cut = "\n".join(text.splitlines()[1:])
    assert merged(DRIFT, cut.encode()).coverage[0].reason == "lines of shard 0 are missing"
    # A shard that ran twice counts once.
    assert merged(DRIFT, (lines(DRIFT, one, 0, 2) + text).encode()).rows == one.rows
    with pytest.raises(InputError):
        merged(DRIFT, b"{}\n[]\nnothing\n\xff")

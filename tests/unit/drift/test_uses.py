"""What the times of the API tell of a running pod and its sources."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kit import Json
from kubectl_podx.drift.gate import PodGate, SourceGate
from kubectl_podx.drift.tally import OwnerKey, Tally, old_template
from kubectl_podx.drift.uses import SourceFacts, SourceKey, Write, facts_of, judged, uses_of

BEFORE, START, AFTER = "2026-01-01T10:00:00Z", "2026-01-01T11:00:00Z", "2026-01-01T12:00:00Z"


def source(*managers: Json, created: str = BEFORE) -> SourceFacts:
    body = {
        "metadata": {
            "name": "s",
            "namespace": "shop",
            "creationTimestamp": created,
            "managedFields": list(managers),
        }
    }
    return facts_of(msgspec.convert(body, SourceGate))


def manager(time: str, *keys: str, by: str = "kubectl") -> Json:
    data: Json = {"f:data": {".": {}, **{f"f:{key}": {} for key in keys}}} if keys else {}
    return {"manager": by, "time": time, "fieldsV1": data}


def running(
    *, started: str = START, name: str = "web-1", owner: Json | None = None, **spec: Any
) -> PodGate:
    state = {"running": {"startedAt": started}} if started else {"waiting": {}}
    labels = spec.pop("labels", {})
    container = {"name": "app", "image": spec.pop("image", "web:1"), **spec.pop("app", {})}
    body = {
        "metadata": {
            "name": name,
            "namespace": "shop",
            "labels": labels,
            "ownerReferences": [owner] if owner else [],
        },
        "spec": {"containers": [container], **spec},
        "status": {
            "phase": "Running",
            "containerStatuses": [
                {"name": "app", "state": state, "imageID": spec.pop("image_id", "")}
            ],
        },
    }
    return msgspec.convert(body, PodGate)


def from_key(key: str = "LEVEL", **fields: Any) -> Json:
    ref = {"name": "s", "key": key, **fields}
    return {"env": [{"name": "LEVEL", "valueFrom": {"configMapKeyRef": ref}}]}


def mounting(**mount: Any) -> dict[str, Any]:
    return {
        "app": {"volumeMounts": [{"name": "v", "mountPath": "/v", **mount}]},
        "volumes": [{"name": "v", "configMap": {"name": "s"}}],
    }


def state_of(gate: PodGate, facts: SourceFacts | None) -> tuple[str, str]:
    (use,) = uses_of(gate)
    found = judged(use, facts)
    return found.drift, found.state


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (source(manager(BEFORE, "LEVEL")), "current"),
        (source(manager(AFTER, "LEVEL")), "old"),
        # Another manager wrote another key, and status is none of the data.
        (source(manager(BEFORE, "LEVEL"), manager(AFTER, "COLOR", by="x")), "current"),
        (source(manager(BEFORE, "LEVEL"), manager(AFTER)), "current"),
        # Deleted and made again: whatever it holds is newer.
        (source(manager(BEFORE, "LEVEL"), created=AFTER), "old"),
        # Nobody owns the key: it was taken out.
        (source(manager(AFTER, "COLOR")), "gone"),
        # Nothing tells who wrote what.
        (source(), "unknown"),
        (None, "gone"),
    ],
)
def test_a_variable(facts: SourceFacts | None, state: str) -> None:
    assert state_of(running(app=from_key()), facts) == ("environment", state)


def test_what_is_optional_may_be_gone() -> None:
    assert state_of(running(app=from_key(optional=True)), None) == ("environment", "current")


def test_what_does_not_run_holds_nothing() -> None:
    gate = running(started="", app=from_key())
    assert state_of(gate, source(manager(AFTER, "LEVEL"))) == ("environment", "unknown")
    assert state_of(gate, None) == ("environment", "unknown")


def test_files_follow_and_sub_paths_do_not() -> None:
    written = source(manager(AFTER, "level"))
    assert state_of(running(**mounting()), written) == ("files", "reload")
    assert state_of(running(**mounting(subPath="level")), written) == ("subPath", "old")
    other = source(manager(BEFORE, "level"), manager(AFTER, "color", by="x"))
    assert state_of(running(**mounting(subPath="level")), other) == ("subPath", "current")


def test_an_immutable_object_is_read_once() -> None:
    fixed = manager(BEFORE, "level")
    fixed["fieldsV1"]["f:immutable"] = {}
    assert state_of(running(**mounting()), source(fixed)) == ("immutable", "current")
    assert state_of(running(**mounting()), source(fixed, created=AFTER)) == ("immutable", "old")


def test_who_wrote_it_last() -> None:
    (use,) = uses_of(running(app={"envFrom": [{"configMapRef": {"name": "s"}}]}))
    facts = source(manager(BEFORE, "A"), manager(AFTER, "B", by="helm"))
    assert judged(use, facts).write == Write(AFTER, "helm")


def test_every_way_to_use_a_source() -> None:
    gate = msgspec.convert(
        {
            "metadata": {"name": "x", "namespace": "shop"},
            "spec": {
                "imagePullSecrets": [{"name": "reg"}],
                "volumes": [
                    {"name": "p", "projected": {"sources": [{"secret": {"name": "part"}}]}},
                    {
                        "name": "s",
                        "secret": {"secretName": "tls", "items": [{"key": "k", "path": "p"}]},
                    },
                    {"name": "unused", "secret": {"secretName": "nobody"}},
                ],
                "containers": [
                    {
                        "name": "app",
                        "env": [
                            {"name": "E", "valueFrom": {"secretKeyRef": {"name": "e", "key": "k"}}}
                        ],
                        "envFrom": [{"secretRef": {"name": "whole"}}],
                        "volumeMounts": [
                            {"name": "p", "mountPath": "/p"},
                            {"name": "s", "mountPath": "/s", "subPath": "p"},
                        ],
                    }
                ],
            },
        },
        PodGate,
    )
    found = {(use.name, use.how, use.drift, use.keys) for use in uses_of(gate)}
    assert found == {
        ("e", "E of app", "environment", ("k",)),
        ("whole", "envFrom of app", "environment", ()),
        ("part", "/p of app", "files", ()),
        ("tls", "/s of app", "subPath", ("k",)),
        ("reg", "pull secret", "pullSecret", ()),
    }


# -- the tally -----------------------------------------------------------------------------------

_KEY: SourceKey = ("ConfigMap", "shop", "s")
_WEB = {"kind": "ReplicaSet", "name": "web-5f7c9d8b6f", "controller": True}


def tally_of(*pods: PodGate, facts: SourceFacts | None = None, **fields: Any) -> Tally:
    sources = {} if facts is None else {_KEY: facts}
    tally = Tally(sources, fields.pop("unread", frozenset()), **fields)
    for one in pods:
        tally.add(one)
    return tally


def test_pods_of_one_owner_are_one_group() -> None:
    pods = [running(name=f"web-{at}", owner=_WEB, app=from_key()) for at in range(9)]
    tally = tally_of(*pods, facts=source(manager(AFTER, "LEVEL", by="helm")))
    ((key, group),) = tally.groups.items()
    assert key.owner == OwnerKey("shop", "Deployment", "web")
    assert (key.drift, key.source, key.state) == ("environment", "ConfigMap/s", "old")
    assert (group.pods, group.names) == (9, [f"web-{at}" for at in range(5)])
    assert (group.write, group.started) == (Write(AFTER, "helm"), START)
    assert tally.owners == {OwnerKey("shop", "Deployment", "web"): 9}


def test_what_is_current_is_not_kept() -> None:
    tally = tally_of(running(app=from_key()), facts=source(manager(BEFORE, "LEVEL")))
    assert (tally.groups, tally.scanned) == ({}, 1)


def test_what_may_not_be_read_is_no_drift() -> None:
    tally = tally_of(running(app=from_key()), unread=frozenset({"ConfigMap"}))
    assert tally.groups == {}


def test_one_source_alone_with_everybody_who_uses_it() -> None:
    pods = [
        running(name="old", app=from_key()),
        running(name="new", started="2026-01-01T13:00:00Z", app=from_key()),
        running(name="other"),
    ]
    tally = tally_of(*pods, facts=source(manager(AFTER, "LEVEL")), only=_KEY)
    assert {(key.owner.name, key.state) for key in tally.groups} == {
        ("old", "old"),
        ("new", "current"),
    }


def test_a_pod_that_has_ended_or_goes_does_not_count() -> None:
    ended = running(app=from_key())
    assert ended.status is not None
    ended.status.phase = "Succeeded"
    going = running(app=from_key())
    assert going.metadata is not None
    going.metadata.deletion_timestamp = AFTER
    tally = tally_of(ended, going, facts=source(manager(AFTER, "LEVEL")))
    assert (tally.scanned, tally.groups) == (0, {})


def test_two_digests_of_one_tag() -> None:
    pods = [
        running(name="a", owner=_WEB, image_id="web@sha256:aa", started=BEFORE),
        running(name="b", owner=_WEB, image_id="web@sha256:bb", started=AFTER),
        running(name="pinned", owner=_WEB, image="web@sha256:cc", image_id="web@sha256:cc"),
    ]
    tally = tally_of(*pods)
    ((key, digests),) = tally.images.items()
    assert key[1:] == ("app", "web:1")
    assert {digest: use.newest for digest, use in digests.items()} == {
        "sha256:aa": BEFORE,
        "sha256:bb": AFTER,
    }


def workload(kind: str, **fields: Any) -> Any:
    from kubectl_podx.drift.gate import WorkloadGate

    return msgspec.convert(
        {"metadata": {"name": "web", "namespace": "shop", **fields.pop("metadata", {})}, **fields},
        WorkloadGate,
    )


def test_pods_of_an_older_template() -> None:
    owner = {"kind": "StatefulSet", "name": "web", "controller": True}
    tally = tally_of(
        running(name="web-0", owner=owner, labels={"controller-revision-hash": "r1"}),
        running(name="web-1", owner=owner, labels={"controller-revision-hash": "r2"}),
    )
    one = workload(
        "StatefulSet",
        spec={"updateStrategy": {"type": "OnDelete"}},
        status={"updateRevision": "r2"},
    )
    found = old_template("StatefulSet", one, tally)
    assert found is not None
    assert (found.pods, found.names, found.stuck) == (1, ["web-0"], True)
    partition = {"updateStrategy": {"rollingUpdate": {"partition": 1}}}
    one = workload("StatefulSet", spec=partition, status={"updateRevision": "r2"})
    found = old_template("StatefulSet", one, tally)
    assert found is not None
    assert (found.why, found.stuck) == ("held there by its partition", False)
    assert old_template("StatefulSet", workload("StatefulSet", status={}), tally) is None


def test_a_rollout_that_is_under_way_and_one_that_is_paused() -> None:
    tally = tally_of(
        running(name="web-5f7c9d8b6f-x", owner=_WEB, labels={"pod-template-hash": "5f"})
    )
    status = {"replicas": 3, "updatedReplicas": 1}
    going = old_template("Deployment", workload("Deployment", spec={}, status=status), tally)
    paused = old_template(
        "Deployment", workload("Deployment", spec={"paused": True}, status=status), tally
    )
    assert going is not None
    assert paused is not None
    assert (going.pods, going.stuck, paused.stuck) == (2, False, True)
    done = {"replicas": 3, "updatedReplicas": 3}
    assert old_template("Deployment", workload("Deployment", status=done), tally) is None

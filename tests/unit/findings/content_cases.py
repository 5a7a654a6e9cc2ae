"""Cases for the rules about what a container reads: a small pod, its objects, and given rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kubectl_podx.model.capture import (
    Capture,
    CapturedPod,
    KeyFacts,
    Observation,
    StoredList,
    StoredObject,
)
from kubectl_podx.model.parts import Finding, Metadata, Verdict
from kubectl_podx.pod.view import PodView
from kubectl_podx.rules.rule import Case, Rule
from kubectl_podx.sections.changes import facts as changes
from kubectl_podx.sections.downward import facts as downward
from kubectl_podx.sections.environment import facts as environment
from kubectl_podx.sections.files import facts as files
from kubectl_podx.sections.pod.report import Pod
from kubectl_podx.sections.report import PodReport
from kubectl_podx.sections.tokens import facts as tokens

POD = "Pod/shop/web-0"
NOW = "2026-01-01T12:00:00Z"
RUNNING = {"running": {"startedAt": "2026-01-01T11:00:00Z"}}


def stored(kind: str, name: str, *keys: str, state: Any = "present", **body: Any) -> StoredObject:
    present = state == "present"
    return StoredObject(
        reference=f"{kind}/shop/{name}",
        state=state,
        body=body if present else None,
        keys={key: KeyFacts(size=1, digest=f"sha256:{key}") for key in keys} if present else None,
    )


def case(
    *objects: StoredObject,
    spec: dict[str, Any] | None = None,
    state: dict[str, Any] | None = None,
    status: dict[str, Any] | None = None,
    metadata: dict[str, Any] | None = None,
    look: Observation | None = None,
    events: Sequence[dict[str, Any]] = (),
    **sections: Any,
) -> Case:
    """The pod `web-0` with one container `app`; sections that are not given are built."""
    pod = {
        "metadata": {
            "name": "web-0",
            "namespace": "shop",
            "uid": "u-1",
            "creationTimestamp": "2026-01-01T10:00:00Z",
            **(metadata or {}),
        },
        "spec": spec or {"containers": [{"name": "app"}]},
        "status": {"containerStatuses": [{"name": "app", "state": state or RUNNING}]}
        | (status or {}),
    }
    captured = CapturedPod(reference=POD, uid="u-1", observations=[look] if look else [])
    key = f"Event/{POD}"
    view = PodView(
        Capture(
            captured_at=NOW,
            pods=[captured],
            objects={
                POD: StoredObject(reference=POD, state="present", body=pod),
                **{each.reference: each for each in objects},
            },
            lists={
                key: StoredList(
                    reference=key,
                    state="present",
                    items=[{"involvedObject": {"uid": "u-1"}, **event} for event in events],
                )
            },
        ),
        captured,
    )
    built: dict[str, Any] = {
        "files": files.build(view),
        "environment": environment.build(view),
        "downward_api": downward.build(view),
        "service_account_tokens": tokens.build(view),
        "changes": changes.build(view),
        **sections,
    }
    return Case(
        view,
        PodReport(
            metadata=Metadata(captured_at=NOW, source="live"),
            verdict=Verdict(severity="ok", summary=""),
            pod=Pod(namespace="shop", name="web-0", status="Running", ready="1/1"),
            **built,
        ),
    )


def found(rules: Sequence[Rule], made: Case) -> dict[str, Finding]:
    """Code -> its first finding."""
    return {each.code: each for rule in reversed(rules) for each in reversed(rule.findings(made))}


def owned_by(kind: str, name: str, **labels: str) -> dict[str, Any]:
    return {
        "ownerReferences": [{"kind": kind, "name": name, "uid": "o-1", "controller": True}],
        "labels": labels,
    }

"""Cases for the rules about what a container reads: a small pod, its objects, and given rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import kit
from kit import Json
from kubectl_podx.model.capture import KeyFacts, Observation, StoredObject
from kubectl_podx.model.parts import Finding
from kubectl_podx.rules.rule import Case, Rule
from kubectl_podx.sections.changes import facts as changes
from kubectl_podx.sections.downward import facts as downward
from kubectl_podx.sections.environment import facts as environment
from kubectl_podx.sections.files import facts as files
from kubectl_podx.sections.tokens import facts as tokens

RUNNING = kit.running("2026-01-01T11:00:00Z")


def stored(kind: str, name: str, *keys: str, state: Any = "present", **body: Any) -> StoredObject:
    """A ConfigMap or Secret with these keys, or an object that is not there."""
    key = f"{kind}/shop/{name}"
    if state != "present":
        return kit.absent(key, state)
    facts = {each: KeyFacts(size=1, digest=f"sha256:{each}") for each in keys}
    return kit.stored(body, key, keys=facts)


def case(
    *objects: StoredObject,
    spec: Json | None = None,
    state: Json | None = None,
    status: Json | None = None,
    metadata: Json | None = None,
    look: Observation | None = None,
    events: Sequence[Json] = (),
    **sections: Any,
) -> Case:
    """The pod `web-0` with one container `app`; sections that are not given are built."""
    body = kit.pod(
        kit.container("app", status=kit.status(state or RUNNING)),
        metadata={"creationTimestamp": "2026-01-01T10:00:00Z", **(metadata or {})},
        status=status,
        **(spec or {}),
    )
    view = kit.view(
        body,
        *objects,
        events=[{"involvedObject": {"uid": "u-1"}, **event} for event in events],
        observations=[look] if look else [],
    )
    return kit.case(
        view,
        **{
            "files": files.build(view),
            "environment": environment.build(view),
            "downward_api": downward.build(view),
            "service_account_tokens": tokens.build(view),
            "changes": changes.build(view),
            **sections,
        },
    )


def found(rules: Sequence[Rule], made: Case) -> dict[str, Finding]:
    """Code -> its first finding."""
    return {each.code: each for rule in reversed(rules) for each in reversed(rule.findings(made))}


def owned_by(kind: str, name: str, **labels: str) -> Json:
    return {"ownerReferences": kit.owned_by(kind, name), "labels": labels}

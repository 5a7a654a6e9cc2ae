"""Service account tokens: claims against what exists now."""

from __future__ import annotations

from typing import Any

import pytest

import kit
from kit import absent, container, observation, status, stored, view
from kubectl_podx.model.capture import (
    Observation,
    ObservedToken,
    StoredObject,
)
from kubectl_podx.sections.tokens import facts as tokens
from kubectl_podx.sections.tokens.report import TokenRow

ACCOUNT = "ServiceAccount/shop/web"
PATH = "/var/run/secrets/kubernetes.io/serviceaccount/token"
CLAIMS: dict[str, Any] = {
    "path": PATH,
    "audiences": ["https://kubernetes.default.svc"],
    "issued_at": "2026-01-01T11:30:00Z",
    "expires_at": "2027-01-01T11:30:00Z",
    "warn_after": "2026-01-01T12:30:07Z",
    "namespace": "shop",
    "pod_name": "web-0",
    "pod_uid": "u-1",
    "service_account": "web",
    "service_account_uid": "s-1",
    "node_name": "n1",
    "node_uid": "n-1",
}


def row(
    observed: Observation | None, account: StoredObject | None = None, **source: Any
) -> TokenRow:
    projection = {"serviceAccountToken": {"path": "token", **source}}
    body = kit.pod(
        container(
            "app",
            status=status(),
            volumeMounts=[{"name": "kube-api-access", "mountPath": PATH.rpartition("/")[0]}],
        ),
        serviceAccountName="web",
        nodeName="n1",
        volumes=[{"name": "kube-api-access", "projected": {"sources": [projection]}}],
    )
    found = tokens.build(
        view(
            body,
            stored(kit.node("n1", metadata={"uid": "n-1"})),
            account or stored({"metadata": {"uid": "s-1"}}, ACCOUNT),
            observations=[observed] if observed else [],
        )
    )
    assert len(found) == 1
    return found[0]


def look(**claims: Any) -> Observation:
    return observation(tokens=[ObservedToken(**{**CLAIMS, **claims})])


def test_the_default_token_is_valid_and_its_refresh_follows_warn_after() -> None:
    found = row(look(), expirationSeconds=3607)
    assert (found.state, found.reason) == ("valid", "")
    assert found.refresh_at == "2026-01-01T12:18:05Z"
    assert (found.expiration_seconds, found.bound_pod, found.volume) == (
        3607,
        "web-0",
        "kube-api-access",
    )


@pytest.mark.parametrize(
    ("claims", "refresh"),
    [
        (
            {"warn_after": None, "expires_at": "2026-01-01T13:30:00Z"},
            "2026-01-01T13:06:00Z",
        ),
        ({"warn_after": None, "expires_at": "2026-01-11T11:30:00Z"}, "2026-01-02T11:30:00Z"),
        ({"warn_after": None, "expires_at": None}, "2026-01-01T12:18:00Z"),
        ({"issued_at": "odd"}, None),
    ],
)
def test_a_token_is_renewed_after_four_fifths_of_its_life_and_a_day_at_most(
    claims: dict[str, Any], refresh: str | None
) -> None:
    assert row(look(**claims)).refresh_at == refresh


@pytest.mark.parametrize(
    ("claims", "state", "reason"),
    [
        ({"expires_at": "2026-01-01T11:59:00Z"}, "expired", "expired at"),
        ({"pod_uid": "u-0"}, "mismatch", "bound to pod uid u-0, which is u-1 now"),
        ({"node_name": "n0"}, "mismatch", "bound to node n0"),
        ({"node_uid": "n-0"}, "mismatch", "node n1 was deleted and recreated"),
        ({"service_account": "old"}, "mismatch", "bound to service account old"),
        ({"service_account_uid": "s-0"}, "mismatch", "service account web was deleted"),
        ({"warn_after": "2026-01-01T12:00:00Z"}, "refreshDue", "a refresh was due at"),
        ({"expires_at": "odd"}, "unknown", "cannot be told"),
        ({"state": "unreadable", "reason": "no right"}, "unreadable", "no right"),
        ({"state": "invalid"}, "unreadable", "is no token"),
    ],
)
def test_claims_are_held_against_what_exists_now(
    claims: dict[str, Any], state: str, reason: str
) -> None:
    found = row(look(**claims))
    assert found.state == state
    assert reason in found.reason


def test_a_lost_account_is_a_mismatch_and_a_denied_one_is_not() -> None:
    gone = row(look(), absent(ACCOUNT))
    assert (gone.state, gone.reason) == ("mismatch", "service account web does not exist any more")
    assert row(look(), absent(ACCOUNT, "denied")).state == "valid"


def test_without_a_look_the_row_says_why() -> None:
    found = row(None)
    assert (found.state, found.path) == ("unknown", PATH)
    assert found.reason
    assert found.expiration_seconds == 3600

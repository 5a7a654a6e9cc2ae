"""Rules about service account tokens."""

from __future__ import annotations

from typing import Any

import pytest

from kit.content_cases import case, found, stored
from kubectl_podx.model.words import TokenState
from kubectl_podx.sections.tokens.report import TokenRow
from kubectl_podx.sections.tokens.rules import RULES

SPEC = {"serviceAccountName": "web", "containers": [{"name": "app"}]}


def row(state: TokenState, **fields: Any) -> TokenRow:
    return TokenRow(container="app", path="/t", state=state, **fields)


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (row("expired", reason="expired at X"), "TOK001"),
        (row("mismatch", reason="bound to pod uid a, which is b now"), "TOK002"),
        (row("mismatch", reason="node n1 was deleted and recreated since"), "TOK002"),
        (row("refreshDue", refresh_at="2026-01-01T11:40:00Z"), "TOK004"),
    ],
)
def test_a_token_with_the_problem_is_found(made: TokenRow, code: str) -> None:
    findings = found(RULES, case(service_account_tokens=[made], spec=SPEC))
    assert list(findings) == [code]
    assert "/t" in findings[code].title


@pytest.mark.parametrize(
    "made",
    [
        row("valid"),
        row("unreadable"),
        row("unknown"),
        row("refreshDue", refresh_at="2026-01-01T11:55:00Z"),
        row("refreshDue"),
    ],
)
def test_a_token_without_the_problem_is_not(made: TokenRow) -> None:
    assert found(RULES, case(service_account_tokens=[made], spec=SPEC)) == {}


def test_a_lost_account_is_one_finding_whatever_the_tokens_say() -> None:
    made = case(
        stored("ServiceAccount", "web", state="missing"),
        spec=SPEC,
        service_account_tokens=[row("mismatch", reason="x"), row("unknown")],
    )
    findings = found(RULES, made)
    assert list(findings) == ["TOK003"]
    assert findings["TOK003"].fix == "kubectl create serviceaccount web -n shop"


@pytest.mark.parametrize(
    ("state", "rows"), [("denied", [row("valid")]), ("present", [row("valid")]), ("missing", [])]
)
def test_an_account_that_is_there_or_unknown_or_not_needed_is_no_finding(
    state: str, rows: list[TokenRow]
) -> None:
    made = case(
        stored("ServiceAccount", "web", state=state), spec=SPEC, service_account_tokens=rows
    )
    assert found(RULES, made) == {}


CLIENTS = "/var/run/secrets/kubernetes.io/serviceaccount/token"


@pytest.mark.parametrize(
    ("path", "audiences", "told"),
    [
        (CLIENTS, ["vault"], True),
        (CLIENTS, ["vault", "sts.example.com"], True),
        (CLIENTS, ["https://kubernetes.default.svc.cluster.local"], False),
        (CLIENTS, ["vault", "https://kubernetes.default.svc"], False),
        (CLIENTS, [], False),
        ("/var/run/secrets/vault/token", ["vault"], False),
    ],
)
def test_a_token_for_others_at_the_clients_path(
    path: str, audiences: list[str], told: bool
) -> None:
    made = TokenRow(container="app", path=path, audiences=audiences, state="valid")
    findings = found(RULES, case(service_account_tokens=[made], spec=SPEC))
    assert list(findings) == (["TOK006"] if told else [])
    assert not told or "is for vault" in findings["TOK006"].title

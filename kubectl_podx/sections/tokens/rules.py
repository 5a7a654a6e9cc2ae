"""Rules about service account tokens."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from kubectl_podx.model.clock import human_duration, parse_time
from kubectl_podx.rules.fixes import restart
from kubectl_podx.rules.remedies import checked, kubectl
from kubectl_podx.rules.rule import Case, Fix, Hit, Rule
from kubectl_podx.sections.tokens.report import TokenRow

_DOCS = "https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/"
_LATE = timedelta(minutes=10)
"""A due refresh waits for the pod's next sync; what is later than this fails again and again."""


def _account_missing(case: Case) -> bool:
    name = case.view.api.service_account
    stored = case.view.object("ServiceAccount", name) if name else None
    return stored is not None and stored.state == "missing"


def _evidence(row: TokenRow) -> tuple[str, ...]:
    found = [row.reason] if row.reason else []
    if row.issued_at and row.expires_at:
        found.append(f"issued at {row.issued_at}, expires at {row.expires_at}")
    if row.audiences:
        found.append(f"audience {', '.join(row.audiences[:3])}")
    return tuple(found)


def _expired(case: Case) -> Iterable[Hit]:
    for row in case.report.service_account_tokens or []:
        if row.state == "expired":
            yield Hit(
                f"the token {row.path} of container {row.container} has expired",
                _evidence(row),
                container=row.container,
                fix=restart(case),
            )


def _mismatch(case: Case) -> Iterable[Hit]:
    if _account_missing(case):
        return
    for row in case.report.service_account_tokens or []:
        if row.state == "mismatch":
            yield Hit(
                f"the token {row.path} of container {row.container}: {row.reason}",
                _evidence(row),
                container=row.container,
                fix=restart(case),
            )


def _account_gone(case: Case) -> Iterable[Hit]:
    """Told also of a pod whose tokens nobody could read; without a token nobody misses it."""
    rows = case.report.service_account_tokens or []
    if not rows or not _account_missing(case):
        return
    account = case.view.api.service_account
    namespace = case.view.reference.namespace
    yield Hit(
        f"service account {account} does not exist: the pod's tokens are refused",
        (f'serviceaccounts "{account}" not found',),
        fix=Fix(kubectl("create", "serviceaccount", checked(account), namespace=namespace)),
    )


def _refresh_late(case: Case) -> Iterable[Hit]:
    for row in case.report.service_account_tokens or []:
        due = parse_time(row.refresh_at)
        if row.state != "refreshDue" or due is None or case.view.now is None:
            continue
        late = case.view.now - due
        if late > _LATE:
            yield Hit(
                f"the token {row.path} of container {row.container} was to be renewed "
                f"{human_duration(late.total_seconds())} ago",
                _evidence(row),
                row.container,
            )


_FOR_CLIENTS = "/var/run/secrets/kubernetes.io/serviceaccount/token"
"""Where every client library looks for the token to show to the API server."""


def _other_audience(case: Case) -> Iterable[Hit]:
    """An audience that is no URL is not the API server's, whose own is that of its issuer."""
    for row in case.report.service_account_tokens or []:
        others = [one for one in row.audiences if "://" not in one]
        if row.path == _FOR_CLIENTS and others and len(others) == len(row.audiences):
            yield Hit(
                f"the token where clients of {row.container} look for the API server's is for "
                f"{' and '.join(others[:3])}: the API server answers it with 401",
                _evidence(row),
                row.container,
            )


RULES: tuple[Rule, ...] = (
    Rule(
        code="TOK001",
        section="serviceAccountTokens",
        severity="critical",
        title="A service account token has expired",
        meaning="The kubelet keeps the old token where it gets no new one; whoever checks it "
        "refuses it.",
        known_by="the exp claim against the API server's clock",
        remedy="Look at the kubelet's log and the node's clock, then restart the pod.",
        link=_DOCS,
        check=_expired,
    ),
    Rule(
        code="TOK002",
        section="serviceAccountTokens",
        severity="critical",
        title="A token is bound to an object that no longer exists",
        meaning="The API server refuses a token whose pod, node or service account has another "
        "uid now.",
        known_by="the claims of the token against the uids of the objects in the API",
        remedy="Restart the pod; the kubelet asks for a token of its own.",
        link=_DOCS,
        check=_mismatch,
    ),
    Rule(
        code="TOK003",
        section="serviceAccountTokens",
        severity="warning",
        title="The pod's service account does not exist",
        meaning="Its tokens are invalid from the moment it was deleted, and a new pod is not "
        "admitted.",
        known_by="404 for the service account",
        remedy="Create the service account and the rights it had, then restart the pod.",
        link=_DOCS,
        check=_account_gone,
    ),
    Rule(
        code="TOK004",
        section="serviceAccountTokens",
        severity="warning",
        title="A token is not renewed",
        meaning="The kubelet renews a token after 80 % of its life, 24 hours at most. This one is "
        "overdue.",
        known_by="the claims iat and exp or warnafter against the API server's clock",
        remedy="Look at the kubelet's log and at the pod's FailedMount events.",
        link=_DOCS,
        check=_refresh_late,
    ),
    Rule(
        code="TOK006",
        section="serviceAccountTokens",
        severity="info",
        title="The token for the API server has another audience",
        meaning="Client libraries take the token at "
        "/var/run/secrets/kubernetes.io/serviceaccount. The API server takes only tokens of its "
        "own audiences (--api-audiences), which is its issuer's URL where nobody says otherwise.",
        known_by="The claim aud of the token at that path",
        remedy="Project a second token with the other audience to a path of its own, and leave "
        "this one to the API server; or ignore it where the program never asks the API server.",
        link=_DOCS,
        check=_other_audience,
    ),
)

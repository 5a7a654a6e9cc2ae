"""Reasons that stand in the service account: no token, another audience, a missing right."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.pod.places import clean, normal
from kubectl_podx.rules.ends import Ending, endings
from kubectl_podx.rules.fixes import edit_owner, set_pod
from kubectl_podx.rules.remedies import checked, kubectl, namespace
from kubectl_podx.rules.rule import Case, Hit, Rule, reason_rule
from kubectl_podx.sections.tokens.facts import asked_audiences, no_automount

_ACCOUNTS = "https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/"
_RBAC = "https://kubernetes.io/docs/reference/access-authn-authz/rbac/"
_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"
_PREFIX = "system:serviceaccount:"
_MOST = 6


def no_token(case: Case) -> Iterator[Hit]:
    """The program reads the account's token, and none is mounted."""
    field = no_automount(case.view)
    if not field:
        return
    for ending in endings(case):
        for said, line in ending.of("noSuchFile", "unauthorized"):
            path = normal(ending.entry, said.path)
            asked = path.startswith(clean(_FOLDER)) or said.kind == "unauthorized"
            if not asked or _has_token(case, ending):
                continue
            yield ending.hit(
                f"{field} is false, so no token of ServiceAccount {_account(case)} is mounted",
                line,
                fix=set_pod(case, {"automountServiceAccountToken": True}),
            )
            break


def _has_token(case: Case, ending: Ending) -> bool:
    rows = case.report.service_account_tokens or ()
    return any(row.container == ending.entry.name for row in rows)


def _account(case: Case) -> str:
    return case.view.api.service_account or "default"


def other_audience(case: Case) -> Iterator[Hit]:
    """401 from the API server, and every token is meant for somebody else."""
    for ending in endings(case):
        asked = asked_audiences(case.view, ending.entry.name)
        if not asked or any(one == "" or _of_the_server(one) for one in asked):
            continue
        for _, line in ending.of("unauthorized"):
            yield ending.hit(
                f"its only token is for audience {', '.join(sorted(asked))}, which the API server "
                "does not accept",
                line,
                fix=edit_owner(case),
            )
            break


def _of_the_server(audience: str) -> bool:
    """Whether it may be one that the API server takes for itself: its issuer, mostly."""
    return "kubernetes" in audience or audience.startswith("https://")


def may_not(case: Case) -> Iterator[Hit]:
    """The API server refused what the program asked for, as the log tells."""
    for ending in endings(case):
        told = [line for _, line in ending.of("forbidden")]
        if not told:
            continue
        from kubectl_podx.pod.said import refusals  # noqa: PLC0415 - only where a log tells of one

        found = list(dict.fromkeys(one for line in told for one in refusals(line)))
        first = found[0]
        scope = f"in namespace {first.namespace}" if first.namespace else "at the cluster scope"
        group = f".{first.group}" if first.group else ""
        account = first.user.removeprefix(_PREFIX).replace(":", "/", 1)
        who = f"ServiceAccount {account}" if first.user.startswith(_PREFIX) else first.user
        own = f"{namespace(case)}/{_account(case)}" == account
        yield ending.hit(
            f"no Role allows {who} to {first.verb} {first.resource}{group} {scope}",
            told[0],
            *(
                f'refused: {one.verb} {one.resource} in API group "{one.group}"'
                for one in found[1:_MOST]
            ),
            "" if own else f"the pod runs as ServiceAccount {namespace(case)}/{_account(case)}",
            more=kubectl(
                "podx",
                "doctor",
                "--from-logs",
                checked(case.view.reference.name),
                namespace=namespace(case),
            ),
        )


RULES: tuple[Rule, ...] = (
    reason_rule(
        code="TOK010",
        section="serviceAccountTokens",
        title="A program needs a token and none is mounted",
        meaning="automountServiceAccountToken: false of the pod or of its ServiceAccount keeps the "
        "token away, and clients of the API server cannot start.",
        known_by="The path of the token in the log, and the field.",
        remedy="Set automountServiceAccountToken: true in the pod, or mount a projected token.",
        link=_ACCOUNTS,
        check=no_token,
    ),
    reason_rule(
        code="TOK011",
        section="serviceAccountTokens",
        title="The service account lacks permissions that the program needs",
        meaning="The API server answered 403: nothing grants the verb on the resource to the "
        "account.",
        known_by="The refusals in the log, as the API server words them.",
        remedy="`kubectl podx doctor --from-logs POD` prints the least Role that allows it.",
        link=_RBAC,
        check=may_not,
    ),
    reason_rule(
        code="TOK012",
        section="serviceAccountTokens",
        title="The token is meant for another audience",
        meaning="A token names who may accept it. The API server answers 401 to one for another "
        "audience.",
        known_by="`Unauthorized` in the log, and the audiences of the tokens that are mounted.",
        remedy="Leave out audience, or mount a second token for the API server.",
        link=_ACCOUNTS + "#serviceaccount-token-volume-projection",
        check=other_audience,
    ),
)

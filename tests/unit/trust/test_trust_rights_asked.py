"""The rights of the plan, as questions and as Roles; and what an authorizer may answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kubectl_podx.capture import rehearse as rights
from kubectl_podx.capture import roles as least
from kubectl_podx.capture.plan import ADMISSION, LookOptions, Right
from kubectl_podx.capture.rehearse import Authorizer
from kubectl_podx.cli.environment import Environment
from kubectl_podx.cli.funnel import main
from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.cluster.server import Answer
from kubectl_podx.model.errors import PodxError
from kubectl_podx.model.reference import RESOURCES


def granted(roles: list[dict[str, Any]]) -> set[tuple[str, str, str, str]]:
    """Namespace, group, resource and verb of everything that the roles grant."""
    return {
        (role["metadata"].get("namespace", ""), group, resource, verb)
        for role in roles
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_the_roles_grant_what_the_plan_asks_and_nothing_more() -> None:
    calls = rights.any_pod("shop")
    asked = {
        (each.right.namespace, each.right.group, each.right.resource, each.verb)
        for each in rights.needs(calls)
        if not each.optional
    }
    assert granted(least.roles(calls, "shop", "r")) == asked


def test_nothing_that_the_roles_grant_writes_or_lists_secrets() -> None:
    everything = granted(least.roles(rights.any_pod("shop"), "shop", "r"))
    assert {verb for _, _, _, verb in everything} == {"get", "list", "create"}
    assert {what for _, _, what, verb in everything if verb == "create"} == {"pods/exec"}
    assert ("shop", "", "secrets", "list") not in everything
    assert not [what for _, _, what, _ in everything if what == "nodes/proxy"]
    assert not [what for _, _, what, _ in everything if "*" in what]


def test_the_one_write_and_the_counters_of_probes_are_apart() -> None:
    write, counters = least.apart("r", "shop")
    assert granted([write]) == {("shop", "", "pods/ephemeralcontainers", "patch")}
    assert granted([counters]) == {("", "", "nodes/proxy", "get")}
    assert not [
        call for call in rights.any_pod("", LookOptions(exec_allowed=False)) if call.kind == "debug"
    ]


def test_every_kind_that_podx_reads_is_in_the_roles() -> None:
    covered = {what.partition("/")[0] for _, _, what, _ in granted(_all())}
    # Asked for only where a pod tells of one, or of injections alone. A webhook that refuses the
    # pods of a workload is asked for beside them. A priority class is for rehearsals.
    apart = {"PodPreset", "RuntimeClass", "PriorityClass", *ADMISSION} - {
        "MutatingWebhookConfiguration"
    }
    assert covered == {plural.plural for kind, plural in RESOURCES.items() if kind not in apart}


def test_what_injections_alone_ask_for_is_in_its_own_roles() -> None:
    wish = LookOptions(frozenset({"injections"}))
    granting = granted(least.roles(rights.any_pod("shop", wish), "shop", "r"))
    covered = {what.partition("/")[0] for _, _, what, _ in granting}
    assert {RESOURCES[kind].plural for kind in ("Namespace", "RuntimeClass", *ADMISSION)} <= covered


def _all() -> list[dict[str, Any]]:
    return least.roles(rights.any_pod("shop"), "shop", "r")


def test_in_the_namespace_default_one_role_is_enough() -> None:
    roles = least.roles(rights.any_pod("default"), "default", "r")
    assert [role["kind"] for role in roles] == ["Role", "ClusterRole"]


def test_no_exec_asks_for_no_exec() -> None:
    calls = rights.any_pod("shop", LookOptions(exec_allowed=False, logs=False))
    assert not {"pods/exec", "pods/log"} & {call.right.resource for call in calls}


@pytest.mark.parametrize(
    ("version", "verbs"),
    [
        ("v1.28.0", ("get",)),
        ("v1.34.9-gke.100", ("get",)),
        ("v1.34+", ("get",)),
        ("v1.35.0", ("get", "create")),
        ("v1.37.2", ("get", "create")),
        ("v2.0.0", ("get", "create")),
        ("", ("get", "create")),
        ("nonsense", ("get", "create")),
    ],
)
def test_an_exec_needs_create_from_1_35_on(version: str, verbs: tuple[str, ...]) -> None:
    assert rights.exec_verbs(version) == verbs


class Reviewer:
    """Answers a review with these bytes or this error; counts."""

    def __init__(self, answer: bytes | ClusterError) -> None:
        self.answer = answer
        self.questions: list[dict[str, Any]] = []

    def post_review(self, question: bytes) -> Answer:
        self.questions.append(json.loads(question)["spec"]["resourceAttributes"])
        if isinstance(self.answer, ClusterError):
            raise self.answer
        return Answer(201, self.answer, None)


NEED = rights.Need(
    "get", Right(("get",), "pods/log", "", "shop", "web-0"), optional=False, sections=()
)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (b'{"status":{"allowed":true}}', "held"),
        (b'{"status":{"allowed":false}}', "missing"),
        (b'{"status":{"allowed":false,"denied":true,"reason":"no"}}', "missing"),
        (b'{"status":{"allowed":false,"evaluationError":"webhook down"}}', "unknown"),
        (b'{"status":{"allowed":"yes"}}', "unknown"),
        (b"[" * 100_000, "unknown"),
        (b"", "unknown"),
        (ClusterError("denied", "Error from server (Forbidden): x"), "unknown"),
        (ClusterError("failed", "Error from server: x"), "unknown"),
    ],
)
def test_what_an_authorizer_answers(answer: bytes | ClusterError, state: str) -> None:
    server: Any = Reviewer(answer)
    authorizer = Authorizer(server)
    assert authorizer.state(NEED) == state
    assert authorizer.state(NEED) == state
    assert server.questions == [
        {
            "verb": "get",
            "resource": "pods",
            "subresource": "log",
            "namespace": "shop",
            "name": "web-0",
        }
    ]


@pytest.mark.parametrize("kind", ["unreachable", "unauthorized", "timedOut"])
def test_a_server_that_is_not_there_is_no_answer(kind: Any) -> None:
    server: Any = Reviewer(ClusterError(kind, "text"))
    with pytest.raises(PodxError):
        Authorizer(server).state(NEED)


def doctor(tmp_path: Path, *words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    config = tmp_path / "config"
    config.write_text(
        "contexts: [{name: c, context: {cluster: c, namespace: shop}}]\n"
        "current-context: c\nclusters: [{name: c, cluster: {server: 'https://127.0.0.1:9'}}]\n"
    )
    env = Environment(variables={"KUBECONFIG": str(config)}, home=str(tmp_path))
    status = main(["doctor", *words], env)
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def test_rbac_asks_no_cluster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import yaml

    status, out, err = doctor(tmp_path, "--rbac", capsys=capsys)
    assert (status, err) == (0, "")
    roles = [one for one in yaml.safe_load_all(out) if one]
    assert granted(roles) == granted(_all())
    # What is dangerous is there as a comment only.
    assert "# WARNING" in out
    assert "#   - nodes/proxy" in out


@pytest.mark.parametrize(
    "words",
    [
        ("--rbac", "web-0"),
        ("--rbac", "-o", "json"),
        ("a/b/c",),
        ("--from-logs",),
        ("--from-logs", "--rbac", "web-0"),
        ("--from-logs", "-o", "json", "web-0"),
    ],
)
def test_wrong_words(
    tmp_path: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = doctor(tmp_path, *words, capsys=capsys)
    assert (status, out) == (2, "")
    assert err.startswith("error: ")


def test_a_server_that_cannot_be_reached(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = doctor(tmp_path, capsys=capsys)
    assert (status, out) == (1, "")
    assert "The connection to the server 127.0.0.1:9 was refused" in err

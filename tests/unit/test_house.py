"""Rules of the house that no linter knows: who may see a value, who may print, who has a door."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "kubectl_podx"
FILES = sorted(ROOT.rglob("*.py"))

# Files that pack or unpack base64, and why that is no value of an API object.
BASE64 = {
    "capture/seal.py": "the one decoder of Secrets and tokens",
    "capture/encodings.py": "called by the sealer; gives what it scrubs from free text",
    "capture/certificates.py": "called by the sealer with PEM text; gives a date alone",
    "cluster/credentials.py": "the person's own basic authentication and kubeconfig",
    "cluster/exec_plugin.py": "the kubeconfig's certificate authority for the plugin",
    "cluster/tls.py": "the person's own proxy password",
    "cluster/oidc.py": "the person's own token, client secret and certificate authority",
    "cluster/kubeconfig.py": "certificate data of the kubeconfig",
    "cluster/websocket.py": "the key of the handshake and the answer to it",
    "render/html/fill.py": "digests of the page's own sheet and script, for its policy",
}
# Fields of an API object that hold values.
VALUE_FIELDS = {"data", "stringData", "binaryData"}
NAMES_A_VALUE_FIELD = {
    "capture/seal.py": "the one decoder",
    "capture/redact.py": "leaves the fields out of every kind it does not know",
}
DOORS = {"ssl", "socket", "http", "websocket", "urllib3", "requests", "kubernetes", "asyncio"}
# `str(error)` of an exception of our own, whose text holds no value.
OWN_TEXTS = {
    "cli/funnel.py": "PodxError, made of our own texts",
    "cli/follow.py": "PodxError, made of our own texts",
    "cli/wait.py": "PodxError, made of our own texts",
    "agent/server.py": "PodxError; one that may quote a server is fenced as data",
    "capture/calls.py": "ClusterError, escaped and bounded where it was made",
    "capture/look.py": "ClusterError, compared with known words and not passed on",
    "capture/scan.py": "ClusterError, escaped and bounded where it was made",
    "cluster/kubeconfig.py": "msgspec's place in the document, and BadYamlError",
}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_text())))


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
    return found


def test_there_is_something_to_check() -> None:
    assert len(FILES) > 100


def test_base64_is_unpacked_where_this_list_says_so() -> None:
    users = {name_of(path) for path in FILES if imported(path) & {"base64", "binascii", "codecs"}}
    assert users <= set(BASE64)


def test_one_file_names_the_fields_that_hold_values() -> None:
    """As a whole string: `"data"` in a docstring or in `"metadata"` is none."""
    users = {
        name_of(path)
        for path in FILES
        for node in nodes(path)
        if isinstance(node, ast.Constant) and node.value in VALUE_FIELDS
    }
    assert users == set(NAMES_A_VALUE_FIELD)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_only_one_room_has_a_door_to_the_network(path: Path) -> None:
    if not name_of(path).startswith("cluster/"):
        assert imported(path) & DOORS == set()


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_nothing_is_printed_but_through_the_environment(path: Path) -> None:
    calls = [node for node in nodes(path) if isinstance(node, ast.Call)]
    assert not [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"]
    streams = [
        node
        for node in nodes(path)
        if isinstance(node, ast.Attribute)
        and node.attr in ("stdout", "stderr")
        and isinstance(node.value, ast.Name)
        and node.value.id == "sys"
    ]
    assert not streams or name_of(path) in ("__main__.py", "cli/environment.py", "cli/funnel.py")
    assert not imported(path) & {"logging", "pprint"}


def caught(path: Path) -> Iterator[tuple[ast.ExceptHandler, ast.AST]]:
    """Every handler with a name, and every place in it that makes text of the exception."""
    for handler in nodes(path):
        if not isinstance(handler, ast.ExceptHandler) or handler.name is None:
            continue
        for node in ast.walk(handler):
            inner: ast.AST | None = None
            if isinstance(node, ast.FormattedValue):
                inner = node.value
            elif (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("str", "repr", "ascii", "format")
                and node.args
            ):
                inner = node.args[0]
            elif isinstance(node, ast.Attribute) and node.attr == "args":
                inner = node.value
            if isinstance(inner, ast.Name) and inner.id == handler.name:
                yield handler, node


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_the_text_of_a_foreign_exception_goes_nowhere(path: Path) -> None:
    """ValueError, KeyError, msgspec's and YAML's errors quote the value that they choke on."""
    if name_of(path) not in OWN_TEXTS:
        assert [node.lineno for _, node in caught(path)] == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_an_exception_that_met_data_is_not_kept_as_a_cause(path: Path) -> None:
    """`raise … from error` puts the foreign text into a traceback."""
    causes = [
        node.lineno
        for node in nodes(path)
        if isinstance(node, ast.Raise)
        and node.cause is not None
        and not (isinstance(node.cause, ast.Constant) and node.cause.value is None)
    ]
    assert causes == []


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_nothing_runs_a_shell_or_code_from_data(path: Path) -> None:
    forbidden = {"eval", "exec", "compile", "__import__"}
    for node in nodes(path):
        if isinstance(node, ast.Call):
            function = node.func
            assert not (isinstance(function, ast.Name) and function.id in forbidden)
            assert not any(
                word.arg == "shell"
                and isinstance(word.value, ast.Constant)
                and word.value.value is True
                for word in node.keywords
            )
    assert not imported(path) & {"pickle", "marshal", "shelve"}


def test_only_the_door_sends_a_body_for_a_review_and_for_the_one_write() -> None:
    """The POSTs are a SelfSubjectAccessReview, which the server does not store, and a dry run,
    which it does not either. The word of the port forward is the method of every gRPC call: that
    of a health check, spoken to a pod. The one PATCH adds a debug container, and one file alone
    asks for it. An identity provider is asked for a new token by a POST of its own.
    """
    posts = {
        (name_of(path), node.value)
        for path in FILES
        for node in nodes(path)
        if isinstance(node, ast.Constant) and node.value in ("POST", "PUT", "PATCH", "DELETE")
    }
    door_words = {("cluster/server.py", "POST"), ("cluster/server.py", "PATCH")}
    door_words |= {("cluster/oidc.py", "POST")}
    words = {("cluster/stream.py", "POST"), ("cluster/stream.py", "PATCH")}
    assert posts == {("cluster/port_forward.py", "POST"), *door_words, *words}
    sent = [
        [each.value for each in node.args[:1] if isinstance(each, ast.Constant)]
        for node in nodes(ROOT / "cluster/server.py")
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "_with_body"
    ]
    assert sorted(sent) == [["PATCH"], ["POST"], ["POST"]]
    writers = {
        name_of(path)
        for path in FILES
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and node.attr == "patch_ephemeral"
    }
    assert writers == {"capture/other_ways.py"}
    paths = [
        name_of(path)
        for path in FILES
        for node in nodes(path)
        if isinstance(node, ast.Name) and node.id == "send_request"
    ]
    assert paths == ["cluster/oidc.py", "cluster/server.py"]
    senders = {
        attribute: {
            name_of(path)
            for path in FILES
            for node in nodes(path)
            if isinstance(node, ast.Attribute) and node.attr == attribute
        }
        for attribute in ("post_review", "try_create")
    }
    door = (ROOT / "cluster/server.py").read_text()
    assert '_DRY_RUN = (("dryRun", "All"), ' in door
    assert 'self._with_body("POST", path, _DRY_RUN, ' in door
    assert senders == {
        "post_review": {"capture/rehearse.py"},
        "try_create": {"capture/start.py"},
    }


# An alarm, not a target: a lower bound made crumbs of files that belong together.
MOST_LINES = 500


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_has_one_reason_to_change(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MOST_LINES


RAW = {"dig", "mapping", "items", "text", "number"}
# Whoever asks a Case is past the facts: what is read there are the report's types, and those of
# `pod/`, which is where an object of the API is taken apart.
PAST_THE_FACTS = [
    path
    for path in FILES
    if name_of(path).startswith(("rules/", "analysis/"))
    or any(
        isinstance(node, ast.ImportFrom) and node.module == "kubectl_podx.rules.rule"
        for node in nodes(path)
    )
]


def test_there_are_rules_to_check() -> None:
    assert len(PAST_THE_FACTS) > 25


@pytest.mark.parametrize("path", PAST_THE_FACTS, ids=name_of)
def test_no_rule_takes_an_object_of_the_api_apart(path: Path) -> None:
    read = {
        alias.name
        for node in nodes(path)
        if isinstance(node, ast.ImportFrom) and node.module == "kubectl_podx.model.raw"
        for alias in node.names
    }
    assert read & RAW == set()


# Fields that hold a sentence or a name of our own making; a foreign text is called `message`.
SENTENCES = {"id", "reason", "summary", "text", "title", "what", "detail", "details", "coverage"}
TAKES_APART = {"startswith", "endswith", "partition", "rpartition", "split", "removeprefix"}
MAY_BE_PARSED = {"model/capture.py": "the ids of calls in captures of an older podx"}


def is_sentence(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in SENTENCES


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_sentence_of_ours_is_parsed_back(path: Path) -> None:
    """What somebody has to know of a text stands in a field beside it."""
    parsed = [
        ast.unparse(node)
        for node in nodes(path)
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in TAKES_APART
            and is_sentence(node.func.value)
        )
        or (
            isinstance(node, ast.Compare)
            and isinstance(node.ops[0], ast.In | ast.NotIn)
            and isinstance(node.left, ast.Constant)
            and is_sentence(node.comparators[0])
        )
    ]
    assert parsed == [] or name_of(path) in MAY_BE_PARSED


TESTS = sorted(Path(__file__).parent.rglob("*.py"))
# What `tests/kit` builds; a second builder says the same in other words and drifts.
BUILT_BY_THE_KIT = {"RawLook", "StoredObject", "StoredList", "CapturedPod", "PodView"}


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_pods_and_captures_of_tests_are_built_by_one_kit(path: Path) -> None:
    made = [
        node.func.id
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in BUILT_BY_THE_KIT
    ]
    assert made == []
    defined = [node.name for node in nodes(path) if isinstance(node, ast.FunctionDef)]
    assert "pod" not in defined

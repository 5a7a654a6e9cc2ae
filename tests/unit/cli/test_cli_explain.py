"""`explain`: codes, fields, worked queries."""

from __future__ import annotations

import shlex

import pytest

from kit.cli_runs import Run
from kubectl_podx.cli.explain import QUERIES
from kubectl_podx.generated import explain

RULE = explain.CodeDoc(
    code="XYZ001",
    section="probes",
    severity="warning",
    title="A probe has no time to answer",
    meaning="Its timeout is shorter than what the endpoint takes.",
    known_by="The kubelet's counters.",
    remedy="Raise timeoutSeconds.",
    link="https://kubernetes.io/docs/",
)


@pytest.fixture(autouse=True)
def _one_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explain, "codes", lambda: {RULE.code: RULE})


def test_a_code_in_any_case(run: Run) -> None:
    output = run("explain", "xyz001").out
    for part in ("XYZ001", "warning", RULE.meaning, RULE.known_by, RULE.remedy, RULE.link):
        assert part in output


def test_an_unknown_code_is_said_with_near_ones(run: Run) -> None:
    result = run("explain", "XYZ010")
    assert result.status == 1
    assert result.err == 'error: no finding has the code "XYZ010"; did you mean XYZ001?\n'


def test_all_codes_in_one_line_each(run: Run) -> None:
    assert run("explain", "--codes").out == (
        "CODE     SEVERITY   SECTION   MEANING\n"
        "XYZ001   warning    probes    A probe has no time to answer\n"
    )


def test_queries_can_be_pasted(run: Run) -> None:
    lines = [line for line in run("explain", "--queries").out.split("\n") if "--query" in line]
    assert len(lines) == len(QUERIES) >= 20
    pasted = [shlex.split(line) for line in lines]
    assert [words[words.index("--query") + 1] for words in pasted] == [
        query.expression for query in QUERIES
    ]


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("probes.secondsToAction", ["<number or null>", "UNIT: seconds", "From the first failure"]),
        ("restarts[].cause", ["FIELD: restarts.cause <string or null>", "    oomKilled\n"]),
        ("restarts.backoff.next", ["UNIT: RFC 3339, UTC"]),
        ("volumes.used", ["UNIT: bytes"]),
        ("namespaces.pid", ["<Namespace>", "FIELDS:", "  groups\t<[]NamespaceGroup>"]),
        ("handlesTerm", ["FIELD: namespaces.processes.handlesTerm"]),
        ("pod", ["FIELD: pod <Pod>", "  serviceAccount\t<string>"]),
    ],
)
def test_a_field(run: Run, path: str, parts: list[str]) -> None:
    result = run("explain", path)
    assert result.status == 0
    for part in parts:
        assert part in result.out


def test_a_field_that_is_not_there(run: Run) -> None:
    result = run("explain", "restarts.cuase")
    assert result.status == 1
    assert result.err.startswith(
        'error: field "restarts.cuase" does not exist; did you mean restarts.cause'
    )


def test_every_path_can_be_explained() -> None:
    paths = list(explain.paths())
    assert len(paths) > 200
    assert all(explain.field(path) is not None for path in paths)

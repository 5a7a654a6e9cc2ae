"""`--query`: on exactly the JSON document, with errors that show the column."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubectl_podx.cli.explain import QUERIES, Query
from kubectl_podx.model.errors import ExitStatus, UsageError
from kubectl_podx.render.document import plain, to_json
from kubectl_podx.render.jmes import QueryError, ask, parse, result_table, result_text
from kubectl_podx.sections.report import PodReport


def test_the_document_is_the_one_that_json_prints(report: PodReport) -> None:
    assert ask(plain(report), "@") == json.loads(to_json(report))


@pytest.mark.parametrize(
    ("expression", "column", "says"),
    [
        ("a[", 3, "ends too early"),
        ("restarts[].cause foo", 18, "not expected here"),
        ("a.'x", 3, "cannot be read"),
        ("nope(a)", 1, "unknown function nope()"),
        ("[].nope(@)", 4, "unknown function nope()"),
        ("a.b | lenght(@)", 7, "unknown function lenght()"),
        ("length(pod, pod)", 1, "takes 1 arguments, not 2"),
        ("pod.length(name, `1`)", 5, "takes 1 arguments, not 2"),
        ("length(metadata.nothing)", 1, "needs string or array or object, but got null"),
        ("abs(pod.name)", 1, "needs number, but got string"),
        ("age(pod)", 1, "needs string or null, but got object"),
    ],
)
def test_a_wrong_expression_points_at_its_column(
    report: PodReport, expression: str, column: int, says: str
) -> None:
    with pytest.raises(QueryError) as caught:
        ask(plain(report), expression)
    head, shown, caret = str(caught.value).split("\n")
    assert f"at column {column}: " in head
    assert says in head
    assert shown == f"  {expression}"
    assert caret.index("^") == column - 1 + 2
    assert caught.value.exit_status == ExitStatus.USAGE


def test_an_error_shows_no_value_of_the_document(report: PodReport) -> None:
    with pytest.raises(QueryError) as caught:
        ask(plain(report), "sum(pod.name)")
    assert "web-0" not in str(caught.value)


@pytest.mark.parametrize("expression", ["", "   ", "a" * 5000, "(" * 3000, "a." * 2000 + "a["])
def test_odd_expressions_are_usage_errors(expression: str) -> None:
    with pytest.raises(UsageError):
        parse(expression)


def test_the_caret_stands_right_behind_hostile_characters() -> None:
    with pytest.raises(QueryError) as caught:
        parse("a.\x1bb")
    _, shown, caret = str(caught.value).split("\n")
    assert shown == "  a.\\x1bb"
    assert caret.index("^") == shown.index("\\")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("age(restarts[0].finishedAt)", 75.0),
        ("duration(age(restarts[0].finishedAt))", "75s"),
        ("age(restarts[2].finishedAt)", None),
        ("age('yesterday')", None),
        ("size(volumes[0].used)", "95Mi"),
        ("duration(`null`)", None),
        ("unique(coverage[?needs].needs)", ["get nodes/proxy"]),
    ],
)
def test_our_own_functions(report: PodReport, expression: str, expected: Any) -> None:
    assert ask(plain(report), expression) == expected


@pytest.mark.parametrize("query", QUERIES, ids=[query.question for query in QUERIES])
def test_every_worked_query_finds_something(report: PodReport, query: Query) -> None:
    answer = ask(plain(report), query.expression)
    assert answer not in (None, [], "", {})
    shown = {"table": result_table, "text": result_text}.get(query.output, to_json)(answer)
    assert shown.strip()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("app", "app\n"),
        (3, "3\n"),
        (True, "true\n"),
        (None, ""),
        ([], ""),
        (["a", "b"], "a\nb\n"),
        ([["a", 1], ["b", None]], "a\t1\nb\t\n"),
        ({"a": [1, 2]}, '{ "a": [ 1, 2 ] }\n'),
        (["two\nlines"], "two\\nlines\n"),
    ],
)
def test_bare_text_feeds_a_shell_loop(value: Any, shown: str) -> None:
    assert result_text(value) == shown


def test_bare_text_is_never_cut() -> None:
    assert result_text("x" * 9000) == "x" * 9000 + "\n"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ([{"a": 1, "b": "x"}, {"b": None, "c": True}], "A        B        C\n"),
        ([["a", "007"], ["bb"]], "a    007\nbb\n"),
        (["a", 1], "a\n1\n"),
        ([], ""),
        ("word", "word\n"),
        ({"cause": "oomKilled"}, "CAUSE\noomKilled\n"),
    ],
)
def test_a_result_as_table(value: Any, shown: str) -> None:
    assert result_table(value).startswith(shown)


def test_a_mixture_is_no_table() -> None:
    with pytest.raises(UsageError, match="mixture"):
        result_table([{"a": 1}, ["b"]])

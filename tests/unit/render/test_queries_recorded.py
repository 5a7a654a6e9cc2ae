"""The worked queries, and odd ones, on reports of recorded pods: what a shell would get."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.capture.bundle import read_bundle
from kubectl_podx.cli.explain import QUERIES, Query
from kubectl_podx.model.errors import UsageError
from kubectl_podx.render.document import plain, to_json, to_yaml
from kubectl_podx.render.jmes import ask, result_table, result_text

TESTS = Path(__file__).parents[2]
SAMPLES = sorted((TESTS / "recorded").glob("*.podx"))
# What no sample shows: an OOM kill of the main process, and a probe that fails just now.
INCIDENTS = [
    TESTS / "incidents/recorded/oom-main.podx",
    TESTS / "incidents/recorded/readiness-loopback.podx",
]
NOTHING: tuple[Any, ...] = (None, [], {}, "")


@cache
def document(path: Path) -> Any:
    return plain(analyse(read_bundle(path)).items[0])


def shown(query: Query, answer: Any) -> str:
    shapes = {"table": result_table, "text": result_text, "yaml": to_yaml}
    return shapes.get(query.output, to_json)(answer)


def test_there_are_twenty_worked_queries_with_a_question_each() -> None:
    assert len(QUERIES) >= 20
    assert len({query.expression for query in QUERIES}) == len(QUERIES)
    assert all(query.question.endswith("?") for query in QUERIES)


@pytest.mark.parametrize("query", QUERIES, ids=[query.question for query in QUERIES])
def test_a_worked_query_answers_about_a_recorded_pod(
    query: Query, snapshot: SnapshotAssertion
) -> None:
    answers = {path: ask(document(path), query.expression) for path in SAMPLES}
    found = [path for path, answer in answers.items() if answer not in NOTHING]
    if not found:
        assert any(ask(document(path), query.expression) not in NOTHING for path in INCIDENTS)
        return
    assert f"# {found[0].stem}\n{shown(query, answers[found[0]])}" == snapshot


@pytest.mark.parametrize("query", QUERIES, ids=[query.question for query in QUERIES])
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_worked_query_has_a_shape_for_every_pod(query: Query, path: Path) -> None:
    text = shown(query, ask(document(path), query.expression))
    assert text == "" or text.endswith("\n")


HEALTHY = TESTS / "recorded/healthy.podx"


@pytest.mark.parametrize(
    ("expression", "text", "table", "as_json"),
    [
        pytest.param("pod.name", "shop-0\n", "shop-0\n", '"shop-0"', id="a text"),
        pytest.param("length(containers)", "2\n", "2\n", "2", id="a number"),
        pytest.param("containers[0].ready", "true\n", "true\n", "true", id="a boolean"),
        pytest.param("pod.nothing", "", "<none>\n", "null", id="null"),
        pytest.param("probes[?state==`x`]", "", "", "[]", id="an empty list"),
        pytest.param(
            "containers[].name",
            "web\nexporter\n",
            "web\nexporter\n",
            '["web", "exporter"]',
            id="a list of texts",
        ),
        pytest.param(
            "containers[].[name, exitCode]",
            "web\t\nexporter\t\n",
            "web        <none>\nexporter   <none>\n",
            '[["web", null], ["exporter", null]]',
            id="a list of lists with null",
        ),
        pytest.param(
            "[[pod.name], [pod.name, pod.phase]]",
            "shop-0\nshop-0\tRunning\n",
            "shop-0\nshop-0   Running\n",
            '[["shop-0"], ["shop-0", "Running"]]',
            id="lists of different lengths",
        ),
        pytest.param(
            "{name: pod.name, node: pod.nothing}",
            '{ "name": "shop-0", "node": null }\n',
            "NAME     NODE\nshop-0   <none>\n",
            '{"name": "shop-0", "node": null}',
            id="one object",
        ),
        pytest.param(
            "[null, pod.name]",
            "\nshop-0\n",
            "<none>\nshop-0\n",
            '[null, "shop-0"]',
            id="null first",
        ),
        pytest.param(
            "volumes[0].{name: name, paths: mounts[].path}",
            '{ "name": "cache", "paths": [ "/cache", "/cache" ] }\n',
            'NAME    PATHS\ncache   [ "/cache", "/cache" ]\n',
            '{"name": "cache", "paths": ["/cache", "/cache"]}',
            id="a list in a cell",
        ),
    ],
)
def test_odd_results(expression: str, text: str, table: str, as_json: str) -> None:
    answer = ask(document(HEALTHY), expression)
    assert result_text(answer) == text
    assert result_table(answer) == table
    assert json.loads(to_json(answer)) == json.loads(as_json)


def test_a_mixture_has_no_table_but_a_text() -> None:
    answer = ask(document(HEALTHY), "[pod.conditions[0], pod.podIPs]")
    with pytest.raises(UsageError, match="mixture"):
        result_table(answer)
    assert len(result_text(answer).splitlines()) == 2


def test_a_whole_section_is_a_table() -> None:
    table = result_table(ask(document(HEALTHY), "findings[].{code: code, severity: severity}"))
    assert table.splitlines()[0] == "CODE     SEVERITY"

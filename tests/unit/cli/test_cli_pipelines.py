"""What pipelines lean on: formats of every command, JSON lines, schemas, exit statuses."""

from __future__ import annotations

import io
import json
from pathlib import Path

import jsonschema
import pytest
from msgspec.structs import replace

from kit.cli_runs import Run
from kubectl_podx.analysis.reports import DOCUMENTS, DoctorReport, RightRow
from kubectl_podx.cli.doctor import _status
from kubectl_podx.cli.environment import Environment
from kubectl_podx.cli.follow import Sight, _print
from kubectl_podx.cli.words import COMMANDS
from kubectl_podx.generated import explain
from kubectl_podx.model.parts import Metadata
from kubectl_podx.render.document import to_json, to_json_line

KINDS = [each.__name__ for each in DOCUMENTS]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_document_has_a_schema_of_its_own(run: Run, kind: str) -> None:
    result = run("explain", "--schema", kind.lower())
    assert result.status == 0
    schema = json.loads(result.out)
    assert schema["$id"] == f"https://podx.dev/schema/v1/{kind}.json"
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    # Nothing that is not needed, and all that is: an unknown reference would raise.
    assert not validator.is_valid({"kind": "Other"})
    assert kind in schema["$defs"]
    assert len(schema["$defs"]) <= len(explain.schema())


def test_a_document_is_valid_by_the_schema_of_its_kind_alone(run: Run, bundle: str) -> None:
    document = json.loads(run("describe", "--from", bundle, "-o", "json").out)
    for kind in ("PodReport", "TriageReport"):
        schema = json.loads(run("explain", "--schema", kind).out)
        valid = jsonschema.Draft202012Validator(schema).is_valid(document)
        assert valid == (kind == document["kind"])


def test_the_schema_of_everything_has_an_id(run: Run) -> None:
    whole = json.loads(run("explain", "--schema", "all").out)
    assert whole["$id"] == "https://podx.dev/schema/v1/report.json"
    assert len(whole["anyOf"]) == len(KINDS)
    wrong = run("explain", "--schema", "pod")
    assert wrong.status == 2
    assert wrong.err.startswith('error: no document is a "pod"; there are: PodReport, ')


@pytest.mark.parametrize("output", ["brief", "junit", "sarif"])
@pytest.mark.parametrize("command", ["describe", "triage", "probes"])
def test_every_reading_command_prints_them(
    run: Run, bundle: str, command: str, output: str
) -> None:
    result = run(command, "--from", bundle, "-o", output)
    assert result.status == 0, result.err
    assert "web-0" in result.out
    assert result.out.endswith("\n")


@pytest.mark.parametrize("output", ["brief", "junit", "sarif"])
def test_a_comparison_prints_them(run: Run, two_pods: str, output: str) -> None:
    result = run("compare", "--from", two_pods, "-o", output)
    assert result.status == 0, result.err
    assert "web-1" in result.out


@pytest.mark.parametrize("output", ["brief", "junit", "sarif"])
def test_a_query_is_of_json_and_a_page_is_no_stream(run: Run, bundle: str, output: str) -> None:
    result = run("describe", "--from", bundle, "-o", output, "--query", "pod")
    assert result.status == 2
    assert f"not {output}" in result.err
    if output != "brief":
        watched = run("describe", "web-0", "-w", "-o", output)
        assert watched.status == 2
        assert f"which {output} is not" in watched.err


def test_json_lines_are_one_document_each_and_nothing_between() -> None:
    out = io.StringIO()
    env = Environment(out, io.StringIO(), {}, "")
    report = DoctorReport(metadata=metadata(), namespace="a\nb")
    sights = [Sight(to_json_line(report), "2026-11-25T00:00:00Z", None) for _ in range(3)]
    sights[1] = replace(sights[1], news=False)
    for at, sight in enumerate(sights):
        _print(env, sight, first=at == 0, lines=True)
    lines = out.getvalue().splitlines()
    assert [json.loads(line)["namespace"] for line in lines] == ["a\nb"] * 2
    assert json.loads(lines[0]) == json.loads(to_json(report))


@pytest.mark.parametrize("text", ["\u2028", "\ud800", "\x1b[2J", "\x85"])
def test_a_line_of_json_is_one_line_whatever_is_in_it(text: str) -> None:
    line = to_json_line({"text": f"a{text}b"})
    assert line.splitlines() == [line.rstrip("\n")]
    assert text not in line
    assert json.loads(line)["text"] == f"a{text}b"


def metadata() -> Metadata:
    return Metadata(captured_at="2026-11-25T00:00:00Z", source="live")


@pytest.mark.parametrize(
    ("rights", "status"),
    [
        ([], 0),
        ([("get", "pods", "held")], 0),
        ([("get", "pods", "held"), ("get", "secrets", "missing")], 3),
        ([("get", "pods", "missing"), ("get", "secrets", "missing")], 4),
        ([("get", "pods", "held"), ("get", "nodes", "unknown")], 5),
    ],
)
def test_the_exit_status_of_the_doctor(rights: list[tuple[str, str, str]], status: int) -> None:
    rows = [
        RightRow(verb=verb, resource=resource, state=state)  # type: ignore[arg-type]
        for verb, resource, state in rights
    ]
    assert _status(DoctorReport(metadata=metadata(), namespace="shop", rights=rows)) == status


def test_a_right_that_nobody_needs_is_not_missed() -> None:
    row = RightRow(verb="get", resource="nodes/proxy", state="missing", optional=True)
    assert _status(DoctorReport(metadata=metadata(), namespace="shop", rights=[row])) == 0


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("wait", "wait takes pods, a workload, or a selector"),
        ("wait web --for=ready", "invalid argument for \"--for\" flag: 'ready' is not one of"),
        ("wait web --timeout soon", 'invalid argument "soon" for "--timeout" flag'),
        ("wait web --stable 0", 'invalid argument "0" for "--stable" flag'),
        ("wait web -o html", "wait prints a report, which html is not"),
    ],
)
def test_wrong_words_of_wait(run: Run, line: str, says: str) -> None:
    result = run(*line.split())
    assert result.status == 2
    assert says in result.err


def test_exit_code_is_everywhere_where_something_is_found(run: Run) -> None:
    """What only prints what is known beforehand finds nothing."""
    without = {"explain", "completion", "options", "version", "mcp"}
    for name in COMMANDS:
        assert ("--exit-code" in run(name, "--help").out) == (name not in without), name


def test_bad_output_is_told_before_a_cluster_is_asked(run: Run, tmp_path: Path) -> None:
    result = run("doctor", "-o", "sarif")
    assert result.status == 2
    assert "invalid" in result.err

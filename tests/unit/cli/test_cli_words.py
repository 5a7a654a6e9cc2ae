"""Words in: wrong ones, near misses, help, completion; all in kubectl's manner."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from kit.cli_runs import Run
from kubectl_podx.cli import words
from kubectl_podx.cli.command import _with_command_first, load
from kubectl_podx.cli.durations import seconds_of
from kubectl_podx.sections.table import KEYS

ALLOWED = (
    "allowed formats are: brief,html,json,junit,kyaml,markdown,mermaid,name,sarif,table,text,wide,"
    "yaml"
)
KNOWN = ", ".join(KEYS)


@pytest.mark.parametrize(
    ("line", "says", "see"),
    [
        (
            "descrbe web",
            ('unknown command "descrbe" for "kubectl podx"; did you mean describe? For a pod of '
            "that name: describe descrbe"),
            "kubectl podx",
        ),
        (
            "describe web --quer x",
            "unknown flag: --quer; did you mean --query or --user or --cluster?",
            "kubectl podx describe",
        ),
        ("describe web -Z", "unknown shorthand flag: 'Z' in -Z", "kubectl podx describe"),
        ("describe web --query", "flag needs an argument: --query", "kubectl podx describe"),
        (
            "describe web -o pdf",
            f'unable to match a printer suitable for the output format "pdf", {ALLOWED}',
            "kubectl podx describe",
        ),
        (
            "describe web --section prob",
            f'unknown section "prob" (did you mean probes?); there are: {KNOWN}',
            "kubectl podx describe",
        ),
        (
            "probes web --deadline soon",
            'invalid argument "soon" for "--deadline" flag: it takes a time such as 15s or 1m',
            "kubectl podx probes",
        ),
        (
            "describe web --logs many",
            "invalid argument for \"--logs\" flag: 'many' is not a valid integer range.",
            "kubectl podx describe",
        ),
        (
            "describe web -l app=x",
            "name cannot be provided when a selector is specified",
            "kubectl podx describe",
        ),
        (
            "describe web -A",
            "a resource cannot be retrieved by name across all namespaces",
            "kubectl podx describe",
        ),
        ("describe -A", "--all-namespaces needs --selector", "kubectl podx describe"),
        (
            "describe --from a -f b",
            "--from and --filename cannot be used together",
            "kubectl podx describe",
        ),
        (
            "describe --from a -l x",
            "--selector asks a cluster; with --from or -f, name the pods instead",
            "kubectl podx describe",
        ),
        (
            "describe web -o name --query pod",
            "--query prints json, yaml, table or text, not name",
            "kubectl podx describe",
        ),
        (
            "explain",
            "explain takes one of: a CODE, a FIELD, --codes, --queries, --schema KIND",
            "kubectl podx explain",
        ),
    ],
)  # fmt: skip
def test_wrong_words_end_with_2_and_one_line(run: Run, line: str, says: str, see: str) -> None:
    result = run(*line.split(" "))
    assert result.status == 2
    assert result.out == ""
    assert result.err == f"error: {says}\nSee '{see} --help' for usage.\n"


def test_describe_without_a_target_says_what_it_takes(run: Run) -> None:
    result = run("describe")
    assert result.status == 2
    assert result.err.startswith("error: you must name a pod, TYPE/NAME or a selector")


def test_wrong_words_are_escaped(run: Run) -> None:
    result = run("describe", "web", "-o", "\x1b[31m\nx")
    assert '"\\x1b[31m\\nx"' in result.err
    assert "\x1b" not in result.err


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("15", 15.0), ("15s", 15.0), ("1m", 60.0), ("1m30s", 90.0), ("500ms", 0.5), ("1.5s", 1.5),
        ("2h", 7200.0), ("0", None), ("0s", None), ("-1", None), ("", None), ("1d", None),
        ("s", None), ("1s ", None), ("\u0661s", None), ("9" * 30, None), ("9" * 300 + "s", None),
    ],
)  # fmt: skip
def test_durations(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("command", words.COMMANDS)
def test_every_command_has_help_in_kubectls_order(run: Run, command: str) -> None:
    result = run(command, "--help")
    assert (result.status, result.err) == (0, "")
    assert f"\nUsage:\n  kubectl podx {command}" in result.out
    assert all(len(line) <= 100 for line in result.out.split("\n"))
    assert run(command, "-h").out == run("help", command).out == result.out


def test_help_lists_every_command(run: Run) -> None:
    result = run("--help")
    assert result == run() == run("help")
    for name, entry in words.COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(entry.summary)}$", result.out, re.MULTILINE)


def test_options_lists_the_connection_flags(run: Run) -> None:
    result = run("options")
    assert result.status == 0
    for flag in ("-n, --namespace=''", "--as-group=[]", "--insecure-skip-tls-verify=false"):
        assert f"{flag}:" in result.out


_HEAVY = (
    "kubectl_podx.cluster", "kubectl_podx.capture", "kubectl_podx.analysis",
    "kubectl_podx.sections.report", "kubectl_podx.render.text", "msgspec", "yaml", "tabulate",
    "jmespath", "ssl", "kubernetes", "websocket", "jinja2", "http.client",
)  # fmt: skip
_PROGRAM = """
import contextlib, io, sys
from kubectl_podx.cli.funnel import main
with contextlib.redirect_stdout(io.StringIO()):
    status = main(sys.argv[1:])
print(status, *sorted(sys.modules))
"""


@pytest.mark.parametrize(
    "line",
    ["--help", "describe --help", "probes --help", "capture -h", "version", "__complete desc",
     "__complete describe --", "options"],
)  # fmt: skip
def test_a_fresh_interpreter_imports_nothing_heavy_for_help(line: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *line.split(" ")],
        capture_output=True,
        text=True,
        check=True,
    )
    status, *modules = done.stdout.split()
    assert status == "0"
    assert [name for name in _HEAVY if name in modules] == []


@pytest.mark.parametrize(
    ("typed", "choices", "directive"),
    [
        (["desc"], ["describe"], 4),
        ([""], list(words.COMMANDS), 4),
        (["describe", "--qu"], ["--query"], 4),
        (["describe", "web", "-o", "j"], ["json", "junit"], 4),
        (["describe", "web", "--output=ya"], ["--output=yaml"], 4),
        (["describe", "--section", "probes,re"], ["probes,restarts"], 4),
        (["describe", "--section=ho"], ["--section=hosts"], 4),
        (["describe", "--from", ""], [], 0),
        (["describe", "--kubeconfig=/e"], [], 0),
        (["describe", "--context", ""], [], 4),
        (["completion", "z"], ["zsh"], 4),
        (["completion", ""], ["bash", "zsh", "fish", "kubectl"], 4),
        (["version", "-o", ""], ["json", "yaml"], 4),
        (["preset", ""], ["preview", "convert"], 4),
        (["preset", "preview", ""], [], 4),
        (["preset", "preview", "--preset", ""], [], 0),
        (["explain", "PodP"], ["PodPreset"], 4),
        (["explain", "restarts.cau"], ["restarts.cause"], 4),
        (["explain", "verd"], ["verdict"], 4),
        (["nope", "x"], [], 4),
        (["--con"], [], 4),
        ([], list(words.COMMANDS), 4),
    ],
)
def test_completion_speaks_cobras_protocol(
    run: Run, typed: list[str], choices: list[str], directive: int
) -> None:
    result = run("__complete", *typed)
    *lines, last = result.out.rstrip("\n").split("\n")
    assert [line.partition("\t")[0] for line in lines] == choices
    assert last == f":{directive}"
    assert (result.status, result.err) == (0, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_ask_the_plugin(run: Run, shell: str) -> None:
    assert "kubectl-podx __complete" in run("completion", shell).out


def test_the_file_that_kubectl_asks_is_printed_or_written(run: Run, tmp_path: Path) -> None:
    script = run("completion", "kubectl").out
    assert script.startswith("#!/bin/sh\n")
    done = run("completion", "kubectl", "--write", str(tmp_path))
    path = tmp_path / "kubectl_complete-podx"
    assert (done.status, done.out) == (0, f"{path}\n")
    assert "is not on the PATH" in done.err
    assert path.read_text() == script
    assert path.stat().st_mode & 0o777 == 0o755
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_on_the_path_gets_no_warning(run: Run, tmp_path: Path) -> None:
    done = run("completion", "kubectl", "--write", str(tmp_path), PATH=f"/bin:{tmp_path}")
    assert (done.status, done.err) == (0, "")


def test_the_file_is_written_nowhere_else(run: Run, tmp_path: Path) -> None:
    done = run("completion", "kubectl", "--write", str(tmp_path / "none"))
    assert (done.status, done.out) == (1, "")
    assert "is not a folder" in done.err
    (tmp_path / "kubectl_complete-podx").symlink_to("/etc/hosts")
    assert "symbolic link" in run("completion", "kubectl", "--write", str(tmp_path)).err
    assert run("completion", "bash", "--write", str(tmp_path)).status == 2


def test_the_version(run: Run) -> None:
    from kubectl_podx import __version__

    assert run("version").out == f"Podx Version: v{__version__}\n"
    assert f'"podxVersion": "v{__version__}"' in run("version", "-o", "json").out
    assert run("version", "-o", "yaml").out == (
        f"podxVersion: v{__version__}\nreportVersion: podx/v1\n"
    )


@pytest.mark.parametrize("target", ["web-0", "pod/web-0"])
def test_a_target_alone_is_described(run: Run, target: str, tmp_path: Path) -> None:
    path = tmp_path / "pod.json"
    path.write_text('{"kind": "Pod", "metadata": {"name": "web-0"}, "spec": {}}')
    alone = run(target, "-f", str(path))
    assert alone == run("describe", target, "-f", str(path))
    assert alone.status == 0
    assert "web-0" in alone.out


@pytest.mark.parametrize(
    ("output", "use"),
    [
        ("jsonpath={.status.podIP}", "--query status.podIP -o text"),
        ("jsonpath={.items[*].metadata.name}", "--query 'items[*].metadata.name' -o text"),
        (
            "jsonpath={.metadata.labels['app.kubernetes.io/name']}",
            "--query 'metadata.labels.\"app.kubernetes.io/name\"' -o text",
        ),
        ("jsonpath-as-json={.restarts[0]}", "--query 'restarts[0]' -o json"),
        ("jsonpath={range .items[*]}{.x}{end}", "--query EXPRESSION -o text"),
        ("jsonpath", "--query EXPRESSION -o text"),
        (
            "custom-columns=NAME:.pod.name,IP:.pod.podIPs[0]",
            "--query '{NAME: pod.name, IP: pod.podIPs[0]}' -o table",
        ),
        ("custom-columns=NAME:.pod.name,A B:.x", "--query EXPRESSION -o text"),
        ("go-template={{.x}}", "--query EXPRESSION -o text"),
    ],
)
def test_a_format_of_kubectl_is_answered_with_the_query_that_does_it(
    run: Run, output: str, use: str
) -> None:
    status, out, err = run("describe", "web", "-o", output)
    assert (status, out) == (2, "")
    name = output.partition("=")[0]
    assert f"error: -o {name} is not offered" in err
    assert f"use {use} " in err


def test_a_query_that_was_suggested_is_one() -> None:
    from kubectl_podx.cli.kubectl_formats import instead_of
    from kubectl_podx.render.jmes import ask

    document = {"metadata": {"labels": {"a/b": "x"}}, "items": [{"n": 1}, {"n": 2}]}
    for output, answer in (
        ("jsonpath={.metadata.labels['a/b']}", "x"),
        ("jsonpath={.items[*].n}", [1, 2]),
        ("jsonpath={$.items[-1].n}", 2),
        ("custom-columns=X:.items[0].n", {"X": 1}),
    ):
        said = instead_of(output) or ""
        query = shlex.split(said.partition("use ")[2])[1]
        assert ask(document, query) == answer
    assert instead_of("pdf") is None


def test_the_version_by_a_flag(run: Run) -> None:
    assert run("--version") == run("version")


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("--from x.podx", "describe --from x.podx"),
        ("-l app=web -n shop", "describe -l app=web -n shop"),
        ("-n shop triage", "triage -n shop"),
        ("--namespace=shop triage -A", "triage --namespace=shop -A"),
        ("-n triage web-0", "describe -n triage web-0"),
        ("--no-exec deploy/web", "describe --no-exec deploy/web"),
    ],
)
def test_flags_may_come_before_the_command(words: str, meant: str) -> None:
    assert _with_command_first(words.split()) == meant.split()


SCRIPT = Path(__file__).parents[3] / "kubectl_podx/cli/kubectl_complete-podx"


def by_shell(*typed: str) -> tuple[set[str], str]:
    """What the file that kubectl runs answers: the words, and cobra's directive."""
    nothing = {"KUBECTL_PATH": "/bin/false", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        ["sh", SCRIPT, *typed], capture_output=True, text=True, check=True, env=nothing
    )
    *words, directive = done.stdout.splitlines()
    return set(words), directive


def by_python(run: Run, *typed: str) -> tuple[set[str], str]:
    """The same of the program itself."""
    *words, directive = run("__complete", *typed).out.splitlines()
    return set(words), directive


@pytest.mark.parametrize("name", words.COMMANDS)
def test_the_two_ways_to_complete_agree(run: Run, name: str) -> None:
    """In every flag of every command, and in every value that a flag may take."""
    command = load(name)
    assert command is not None
    flags, _ = by_shell(name, "--")
    told, _ = by_python(run, name, "--")
    assert flags == told
    for option in command.params:
        if isinstance(option, click.Option) and isinstance(option.type, click.Choice):
            long = max(option.opts, key=len)
            assert by_shell(name, long, "") == by_python(run, name, long, "")
            assert by_shell(name, f"{long}=") == by_python(run, name, f"{long}=")
    if any("--output" in option.opts for option in command.params):
        assert by_shell(name, "-o", "j") == by_python(run, name, "-o", "j")
        assert by_shell(name, "-o", "j")[0]

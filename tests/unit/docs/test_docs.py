"""The pages are what the code says, and every command in them runs."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from e2e.report_schema import check
from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.analysis.catalogue import every_rule
from kubectl_podx.capture.bundle import read_bundle
from kubectl_podx.generated import explain
from kubectl_podx.rules.rule import Rule
from kubectl_podx.sections import folders
from kubectl_podx.sections.report import ORIGINS
from kubectl_podx.sections.table import KEYS

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))
RECORDINGS = sorted((ROOT / "kubectl_podx/recordings").glob("*.podx"))
SAMPLES = sorted((ROOT / "tests/recorded").glob("*.podx"))
INCIDENTS = sorted((ROOT / "tests/incidents/recorded").glob("*.podx"))
EVERY = [*RECORDINGS, *SAMPLES, *INCIDENTS]


def test_every_page_is_current() -> None:
    from hack import docs

    assert docs.changed(docs.pages()) == [], "run `make docs`"


def test_every_field_is_explained() -> None:
    bare = [path for path in explain.paths() if not getattr(explain.field(path), "description", "")]
    assert bare == []


def test_every_finding_is_explained_and_no_code_is_there_twice() -> None:
    codes = [rule.code for rule in every_rule()]
    assert len(codes) == len(set(codes))
    assert len(codes) >= 60
    for rule in every_rule():
        assert re.fullmatch(r"[A-Z]{3}\d{3}", rule.code)
        assert rule.section in (*KEYS, "pod", "workload")
        assert all((rule.title, rule.meaning, rule.known_by, rule.remedy))
        # Sentence case; a path keeps its own.
        assert rule.title[0].isupper() or rule.title[0] == "/"
        assert rule.link.startswith(("https://kubernetes.io/docs/", "https://docs.kernel.org/"))
        assert set(rule.gives_way_to) <= set(codes)


def test_every_code_and_every_section_is_in_the_generated_pages() -> None:
    findings = (ROOT / "docs/FINDINGS.md").read_text()
    assert [rule.code for rule in every_rule() if f"## {rule.code}\n" not in findings] == []
    report = (ROOT / "docs/REPORT.md").read_text()
    assert [section for section in KEYS if f"## {section}\n" not in report] == []


@pytest.mark.parametrize("recording", EVERY, ids=lambda path: path.stem)
def test_every_report_is_as_the_schema_says(recording: Path) -> None:
    reports = analyse(read_bundle(recording))
    # One pod alone is a PodReport; a list holds the same, so it is not validated twice.
    document = reports.items[0] if len(reports.items) == 1 else reports
    check(json.loads(msgspec.json.encode(document)))


def test_a_list_of_reports_is_as_the_schema_says() -> None:
    captures = [read_bundle(recording) for recording in RECORDINGS]
    items = [report for capture in captures for report in analyse(capture).items]
    reports = msgspec.structs.replace(analyse(captures[0]), items=items)
    check(json.loads(msgspec.json.encode(reports)))


def test_the_schema_refuses_what_is_no_report() -> None:
    report = json.loads(msgspec.json.encode(analyse(read_bundle(RECORDINGS[0])).items[0]))
    report["verdict"]["severity"] = "catastrophic"
    with pytest.raises(AssertionError):
        check(report)


def test_every_field_says_where_it_comes_from() -> None:
    paths = [*explain.paths()]
    for kind in explain.kinds()[2:]:
        paths += [f"{kind}.{path}" for path in explain.paths(kind)]
    assert [path for path in paths if not getattr(explain.field(path), "source", "")] == []
    assert [path for path in ORIGINS | folders.origins() if explain.field(path) is None] == []


def test_every_document_is_explained() -> None:
    assert explain.kinds()[:2] == ("PodReport", "PodReportList")
    for kind in explain.kinds():
        whole = explain.field(kind)
        assert whole is not None
        assert whole.description
        for path in explain.paths(kind):
            found = explain.field(f"{kind}.{path}")
            assert found is not None
            assert found.description, path


@pytest.mark.parametrize("rule", explain.codes().values(), ids=lambda rule: rule.code)
def test_the_explanation_of_a_finding_is_whole_sentences(rule: explain.CodeDoc) -> None:
    for text in (rule.meaning, rule.known_by, rule.remedy):
        assert text.endswith(".")
        assert not re.match(r"(the|a|look|read|create|correct|restart|wait) ", text)
    assert not rule.title.endswith(".")


@pytest.mark.parametrize("rule", every_rule(), ids=lambda rule: rule.code)
def test_the_link_of_a_finding_is_a_page_of_the_documentation(rule: Rule) -> None:
    if rule.link.startswith("https://docs.kernel.org/"):
        assert re.fullmatch(r"https://docs\.kernel\.org/[a-z0-9/-]+\.html", rule.link)
        return
    page = re.fullmatch(r"https://kubernetes\.io/docs/([a-z0-9/.-]+/)(#[a-z0-9-]+)?", rule.link)
    assert page
    assert page[1].startswith(("concepts/", "tasks/", "reference/", "setup/", "tutorials/"))


def test_the_codes_of_a_section_begin_alike() -> None:
    letters: dict[str, set[str]] = {}
    for rule in every_rule():
        letters.setdefault(rule.code[:3], set()).add(rule.section)
    assert {code: found for code, found in letters.items() if len(found) > 1} == {}


def commands() -> list[str]:
    """The commands of README.md: lines of their own, and those in the table of incidents."""
    text = (ROOT / "README.md").read_text()
    lines = re.findall(r"^kubectl podx (.+?)(?:\s{2,}#.*)?$", text, re.MULTILINE)
    return sorted({*lines, *re.findall(r"`kubectl podx ([a-z][^`]*)`(?= *[|,])", text)})


_OF_A_CLUSTER = ("capture", "doctor", "compare", "drift", "rehearse", "preflight", "wait")


@pytest.mark.parametrize("words", commands())
def test_every_command_of_the_readme_runs(
    words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from kubectl_podx.cli.funnel import main

    monkeypatch.chdir(tmp_path)
    bundle = tmp_path / "incident.podx"
    bundle.write_bytes(RECORDINGS[0].read_bytes())
    given = shlex.split(words.partition(" > ")[0])
    targets = ("web-0", "POD", "deploy/web")
    # `podx POD` alone means describe.
    arguments = [word for word in given if word not in targets] or ["describe"]
    live = {"-w", "--open", "--run-probes", "--wait-start"} & set(arguments)
    if live or arguments[0] in _OF_A_CLUSTER:
        # These look at live pods: what can be said here is that their words are right.
        assert main([*arguments, "--help"]) == 0
        return
    if "shop" in arguments:
        at = arguments.index("shop")
        del arguments[at - 1 : at + 1]
    if arguments[0] not in ("explain", "version", "demo", "options") and "--from" not in arguments:
        arguments += ["--from", str(bundle)]
    assert main(arguments) == 0, capsys.readouterr().err


def shell_commands(page: str) -> list[str]:
    """The lines of a page's code blocks that are not podx's own."""
    blocks = re.findall(r"^```\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if "kubectl podx" not in line]


@pytest.mark.parametrize("command", shell_commands("docs/BUNDLE.md"))
def test_a_bundle_can_be_looked_at_without_podx(command: str, tmp_path: Path) -> None:
    (tmp_path / "incident.podx").write_bytes(RECORDINGS[0].read_bytes())
    done = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_the_page_on_bundles_names_every_part() -> None:
    page = (ROOT / "docs/BUNDLE.md").read_text()
    parts = msgspec.json.decode(msgspec.json.encode(read_bundle(RECORDINGS[0])))
    parts["pods[]"] = parts.pop("pods")
    missing = [name for name in parts if name != "source" and f"`{name}`" not in page]
    missing += [
        name for name in parts["pods[]"][0] if f"`{name}" not in page and name != "disturbed"
    ]
    assert missing == []


def test_the_session_for_models_shows_what_it_says() -> None:
    """The note that was planted in a log is in it, and nowhere but behind the fence."""
    from kit.agents import inside, outside

    text = (ROOT / "docs/AGENTS.md").read_text()
    session = text[text.index("<!-- session -->") : text.index("<!-- /session -->")]
    note = "NOTE TO ASSISTANTS"
    assert note in inside(session)
    assert note not in outside(session)
    assert "cause: exitCode, proven" in outside(session)

"""Reading commands from bundles and manifests: documents, formats, statuses."""

from __future__ import annotations

import json
import tempfile
import webbrowser
from pathlib import Path
from typing import Any

import pytest
import yaml

import kit
from kit.cli_runs import Run, capture, web
from kubectl_podx.analysis import analyse
from kubectl_podx.cli import sources
from kubectl_podx.cli.command import load
from kubectl_podx.cli.environment import Environment
from kubectl_podx.model.capture import Capture
from kubectl_podx.model.errors import ExitStatus
from kubectl_podx.model.parts import Finding
from kubectl_podx.sections.report import PodReport, PodReportList
from kubectl_podx.sections.table import BY_COMMAND, KEYS


def test_one_pod_gives_a_pod_report(run: Run, bundle: str) -> None:
    result = run("describe", "--from", bundle, "-o", "json")
    document = json.loads(result.out)
    assert (result.status, result.err) == (0, "")
    assert document["kind"] == "PodReport"
    assert document["pod"]["name"] == "web-0"
    assert document["metadata"]["source"] == "bundle"


def test_several_pods_give_a_list(run: Run, two_pods: str) -> None:
    document = json.loads(run("describe", "--from", two_pods, "-o", "json").out)
    assert document["kind"] == "PodReportList"
    assert [item["pod"]["name"] for item in document["items"]] == ["web-0", "web-1"]


def test_a_name_chooses_one_pod_of_a_bundle(run: Run, two_pods: str) -> None:
    document = json.loads(run("describe", "pod/web-1", "--from", two_pods, "-o=json").out)
    assert document["kind"] == "PodReport"
    assert document["pod"]["name"] == "web-1"


def test_a_name_that_is_not_in_the_bundle(run: Run, two_pods: str) -> None:
    result = run("describe", "db-0", "--from", two_pods)
    assert result.status == 1
    assert result.err == 'Error from server (NotFound): pods "db-0" not found\n'


def test_a_manifest_is_read_without_a_cluster(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "pod.json"
    path.write_text(json.dumps(web("web-0")))
    document = json.loads(run("describe", "-f", str(path), "-o", "json").out)
    assert document["metadata"]["source"] == "manifest"


def test_yaml_is_the_same_document_as_json(run: Run, bundle: str) -> None:
    as_json = run("describe", "--from", bundle, "-ojson").out
    as_yaml = run("describe", "--from", bundle, "--output=yaml").out
    assert yaml.safe_load(as_yaml) == json.loads(as_json)


@pytest.mark.parametrize("command", BY_COMMAND)
def test_a_section_command_is_describe_with_that_section(
    run: Run, bundle: str, command: str
) -> None:
    section = run(command, "--from", bundle, "-o", "json")
    described = run("describe", "--from", bundle, "--section", command, "-o", "json")
    assert section == described
    document = json.loads(section.out)
    others = [key for key in KEYS if key != BY_COMMAND[command].key]
    assert all(document[key] is None for key in others)
    for output in ("text", "wide", "table", "name"):
        assert run(command, "--from", bundle, "-o", output).status == 0
    table = run(command, "--from", bundle, "-o", "table").out
    shown = run(command, "--from", bundle).out
    assert shown == table or (command == "timeline" and shown.endswith(f"\n\n{table}"))


def test_the_timeline_has_its_chart_above_and_the_table_alone_for_a_script(
    run: Run, bundle: str
) -> None:
    assert run("timeline", "--from", bundle).out.startswith("Timeline, UTC:")
    assert run("timeline", "--from", bundle, "-o", "table").out.startswith("TIME ")


def test_names_can_be_handed_on(run: Run, two_pods: str) -> None:
    assert run("describe", "--from", two_pods, "-o", "name").out == "pod/web-0\npod/web-1\n"


def test_the_graph_is_made_of_containers(run: Run, bundle: str) -> None:
    assert run("describe", "--from", bundle, "-o", "mermaid").out.startswith("graph LR\n")


def test_the_page_goes_to_standard_output(run: Run, bundle: str) -> None:
    shown = run("describe", "--from", bundle, "-o", "html")
    assert shown.out.startswith("<!doctype html>")
    assert "<h1>pod shop/web-0</h1>" in shown.out
    assert run("probes", "--from", bundle, "-o", "html").status == 0


def test_the_page_of_several_pods_has_an_index(run: Run, two_pods: str) -> None:
    assert "<h1>2 pods</h1>" in run("describe", "--from", two_pods, "-o", "html").out


@pytest.mark.parametrize("there", [True, False])
def test_open_writes_a_file_of_ones_own_and_says_where(
    run: Run,
    bundle: str,
    there: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[str] = []

    def browse(address: str) -> bool:
        shown.append(address)
        return there

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(webbrowser, "open", browse)
    result = run("describe", "--from", bundle, "--open")
    (page,) = tmp_path.glob("podx-*.html")
    assert (result.status, result.out) == (0, "")
    assert shown == [page.as_uri()]
    assert str(page) in result.err
    assert ("No browser" in result.err) is not there
    assert page.stat().st_mode & 0o777 == 0o600
    assert page.read_text().startswith("<!doctype html>")


def test_open_without_a_place_for_the_file_says_so(
    run: Run, bundle: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    result = run("describe", "--from", bundle, "--open")
    assert result.status == 1
    assert result.err == "error: cannot write the page: no such file or directory\n"


@pytest.mark.parametrize("more", ["-o json", "--query pod", "-o html --query pod", "-w"])
def test_open_goes_with_the_page_alone(run: Run, bundle: str, more: str) -> None:
    assert run("describe", "--from", bundle, "--open", *more.split()).status == 2


def test_text_begins_with_the_verdict_and_names_the_pod(run: Run, bundle: str) -> None:
    lines = run("describe", "--from", bundle).out.split("\n")
    assert lines[0].partition(":")[0] in ("OK", "INFO", "WARNING", "CRITICAL", "UNKNOWN")
    assert any(line.startswith("Pod: shop/web-0") for line in lines)


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        ([], '"web-0"\n'),
        (["-o", "json"], '"web-0"\n'),
        (["-o", "text"], "web-0\n"),
        (["-o", "yaml"], "web-0\n"),
        (["-o", "table"], "web-0\n"),
    ],
)
def test_the_result_of_a_query(run: Run, bundle: str, output: list[str], shown: str) -> None:
    assert run("describe", "--from", bundle, "--query", "pod.name", *output).out == shown


def test_a_query_sees_the_whole_list(run: Run, two_pods: str) -> None:
    result = run("describe", "--from", two_pods, "--query", "items[].pod.name", "-o", "text")
    assert result.out == "web-0\nweb-1\n"


def test_a_query_on_a_section_command(run: Run, bundle: str) -> None:
    result = run("containers", "--from", bundle, "--query", "pod.name", "-o", "text")
    assert result.out == "web-0\n"


def test_a_wrong_query_shows_the_column_before_anything_is_read(run: Run) -> None:
    result = run("describe", "web-0", "--query", "restarts[")
    assert result.status == 2
    assert result.err == (
        "error: invalid --query at column 10: the expression ends too early\n"
        "  restarts[\n"
        "           ^\n"
    )


def test_a_container_that_no_pod_has(run: Run, bundle: str) -> None:
    result = run("describe", "--from", bundle, "-c", "nope")
    assert result.status == 1
    assert result.err == (
        "error: container nope is not valid for pod web-0 out of: setup (init), app, log\n"
    )


def test_calls_are_shown_without_what_they_brought(run: Run, bundle: str) -> None:
    result = run("describe", "--from", bundle, "-v")
    assert "  0.012s  denied    get ConfigMap/shop/web-0  forbidden\n" in result.err


def report(severity: str, *findings: Any) -> PodReport:
    made = [
        Finding(code=f"ABC{at:03}", severity=word, title="t") for at, word in enumerate(findings)
    ]
    return kit.report(severity, "it is so", findings=made)


@pytest.mark.parametrize(
    ("severity", "findings", "status"),
    [
        ("ok", [], ExitStatus.OK),
        ("info", ["info"], ExitStatus.OK),
        ("info", ["info", "warning"], ExitStatus.WARNING),
        ("warning", [], ExitStatus.WARNING),
        ("critical", ["warning"], ExitStatus.CRITICAL),
        ("warning", ["critical"], ExitStatus.CRITICAL),
        ("unknown", ["warning"], ExitStatus.UNKNOWN),
        ("unknown", [], ExitStatus.UNKNOWN),
    ],
)
def test_the_exit_code_says_how_bad_it_is(
    run: Run,
    bundle: str,
    monkeypatch: pytest.MonkeyPatch,
    severity: str,
    findings: list[str],
    status: ExitStatus,
) -> None:
    made = report(severity, *findings)
    listed = PodReportList(metadata=made.metadata, verdict=made.verdict, items=[made])
    monkeypatch.setattr(analyse, "analyse", lambda *_args: listed)
    assert run("describe", "--from", bundle, "--exit-code").status == status
    assert run("describe", "--from", bundle).status == 0


def test_a_selector_that_matches_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_nothing", lambda *_: "No resources found in shop namespace.")
    from kubectl_podx.capture import session

    monkeypatch.setattr(session, "take", lambda *_args, **_named: capture())
    result = run("describe", "-l", "app=none")
    assert result == (0, "", "No resources found in shop namespace.\n")
    document = json.loads(run("describe", "-l", "app=none", "-o", "json").out)
    assert (document["kind"], document["items"]) == ("PodReportList", [])


def test_the_words_of_the_command_line_reach_the_look(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kubectl_podx.capture import session

    seen: dict[str, object] = {}

    def take(flags: object, targets: object, options: object, **named: object) -> Capture:
        seen.update(flags=flags, targets=targets, options=options, **named)
        return capture("web-0")

    monkeypatch.setattr(session, "take", take)
    # On a busy machine the report itself is given more of the time.
    monkeypatch.setattr(Environment, "slowness", lambda _: 1.0)
    result = run(
        "-n", "ignored", "probes", "web-0", "-n", "shop", "--context", "c", "--as", "bob",
        "--as-group", "a", "--as-group", "b", "--deadline", "1m", "--logs", "7", "-c", "app",
        "--max-in-flight", "3", "--insecure-skip-tls-verify=true", "--disable-compression=false",
        KUBECTL_PODX_NO_EXEC="1",
    )  # fmt: skip
    assert result.status == 0
    flags, options = seen["flags"], seen["options"]
    assert flags.namespace == "shop"  # type: ignore[attr-defined]
    assert flags.context == "c"  # type: ignore[attr-defined]
    assert flags.as_user == "bob"  # type: ignore[attr-defined]
    assert flags.as_groups == ("a", "b")  # type: ignore[attr-defined]
    assert flags.insecure_skip_tls_verify is True  # type: ignore[attr-defined]
    assert flags.disable_compression is False  # type: ignore[attr-defined]
    assert seen["targets"].words == ("web-0",)  # type: ignore[attr-defined]
    assert 55.0 < seen["deadline"].seconds < 60.0  # type: ignore[attr-defined]
    assert options == session.LookOptions(
        sections=frozenset({"probes"}),
        container="app",
        exec_allowed=False,
        logs=True,
        log_lines=7,
        max_in_flight=3,
    )


def test_connection_flags_may_stand_before_the_command(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kubectl_podx.capture import session

    seen: list[object] = []

    def take(flags: object, *_args: object, **_named: object) -> Capture:
        seen.append(flags)
        return capture("web-0")

    monkeypatch.setattr(session, "take", take)
    assert run("-n", "shop", "--as-group=x", "describe", "web-0").status == 0
    assert seen[0].namespace == "shop"  # type: ignore[attr-defined]
    assert seen[0].as_groups == ("x",)  # type: ignore[attr-defined]


def test_a_capture_is_written_and_replayed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kubectl_podx.capture import session

    options: list[session.LookOptions] = []

    def take(_flags: object, _targets: object, look: session.LookOptions, **_: object) -> Capture:
        options.append(look)
        return capture("web-0")

    monkeypatch.setattr(session, "take", take)
    path = tmp_path / "incident.podx"
    result = run("capture", "web-0", "-O", str(path))
    assert result.status == 0
    assert result.out.startswith(f"{path} written: 1 pod, sha256 ")
    assert options[0].logs is False
    assert run("describe", "--from", str(path), "-o", "name").out == "pod/web-0\n"
    run("capture", "web-0", "-O", str(path), "--logs", "50")
    assert (options[1].logs, options[1].log_lines) == (True, 50)


def test_a_capture_into_a_folder(run: Run, tmp_path: Path) -> None:
    result = run("capture", "web-0", "-O", str(tmp_path))
    assert result.status == 1
    assert "it is a folder" in result.err


def test_recordings(run: Run, monkeypatch: pytest.MonkeyPatch, bundle: str) -> None:
    monkeypatch.setattr(sources, "recordings", lambda: ["crash", "stale"])
    monkeypatch.setattr(sources, "recording", lambda _name: Path(bundle).read_bytes())
    assert run("demo", "--list").out == "crash\nstale\n"
    assert json.loads(run("demo", "-o", "json").out)["pod"]["name"] == "web-0"
    assert run("demo", "stale", "-o", "name").out == "pod/web-0\n"


def test_a_recording_that_is_not_there(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "recordings", lambda: ["crash", "stale"])
    assert run("demo", "nope").err == 'error: no recording "nope"; there are: crash, stale\n'


def test_no_recordings_at_all(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "recordings", list)
    result = run("demo")
    assert (result.status, result.out) == (1, "")
    assert result.err.startswith("error: this installation of podx has no recordings")


def test_what_was_not_seen_is_said_beside_a_table(
    run: Run, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kubectl_podx.model.parts import Coverage

    made = report("unknown")
    row = Coverage(section="files", state="denied", reason="forbidden", needs="get configmaps")
    listed = PodReportList(
        metadata=made.metadata,
        verdict=made.verdict,
        items=[kit.report("unknown", coverage=[row])],
    )
    monkeypatch.setattr(analyse, "analyse", lambda *_args: listed)
    result = run("files", "--from", bundle)
    assert "Not checked: files: forbidden; needs get configmaps\n" in result.err


def test_a_look_has_the_same_defaults_everywhere() -> None:
    from kubectl_podx.capture.planned import LookOptions
    from kubectl_podx.cli.request import Request

    asked, planned = Request(), LookOptions()
    for name in ("log_lines", "max_in_flight", "force_exec", "wait_start", "container"):
        assert getattr(asked, name) == getattr(planned, name)
    command = load("describe")
    assert command is not None
    given = {option.name: option.default for option in command.params}
    for name in ("log_lines", "max_in_flight", "probe_runs"):
        assert given[name] == getattr(asked, name)


def test_a_capture_that_is_given_no_name_makes_one(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    taken = capture("web-0")
    monkeypatch.setattr("kubectl_podx.cli.sources.capture_of", lambda *_, **__: taken)
    status, out, err = run("capture", "web-0")
    assert (status, err) == (0, "")
    assert out.startswith("podx-web-0-20261123T120000Z.podx written: 1 pod, sha256 ")
    (made,) = tmp_path.iterdir()
    assert made.stat().st_mode & 0o777 == 0o600
    assert run("describe", "--from", str(made)).status == 0


@pytest.mark.parametrize(
    ("deadline", "slowness", "answers"),
    [(15, 1, 13.95), (15, 4, 13), (15, 100, 10), (1, 1, pytest.approx(2 / 3)), (60, 1, 55.8)],
)
def test_a_busy_machine_gets_more_time_for_the_report_itself(
    deadline: float, slowness: float, answers: float
) -> None:
    assert sources.for_answers(deadline, slowness) == pytest.approx(answers)


def test_a_machine_is_never_faster_than_its_processor() -> None:
    assert Environment().slowness() >= 1.0


def test_tables_without_headers(run: Run, bundle: str) -> None:
    whole = run("containers", "--from", bundle).out.splitlines()
    rows = run("containers", "--from", bundle, "--no-headers").out.splitlines()
    assert whole[0].startswith("NAME")
    assert [line.split() for line in rows] == [line.split() for line in whole[1:]]


@pytest.mark.parametrize(("flag", "status"), [((), 0), (("--exit-code",), 5)])
def test_a_capture_can_end_as_its_report_would(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    flag: tuple[str, ...],
    status: int,
) -> None:
    monkeypatch.chdir(tmp_path)
    taken = capture("web-0")
    monkeypatch.setattr("kubectl_podx.cli.sources.capture_of", lambda *_, **__: taken)
    assert run("capture", "web-0", "-O", "x.podx", *flag).status == status
    assert run("describe", "--from", "x.podx", *flag).status == status


def test_rows_are_sorted_by_a_field(run: Run) -> None:
    stored = str(Path(__file__).parents[2] / "recorded" / "storefront.podx")

    def names(*words: str) -> Any:
        out = run("files", "--from", stored, "--no-headers", *words).out
        return [line.split()[1] for line in out.splitlines()]

    assert names("--sort-by", "path") == sorted(names())
    assert names("--sort-by", "path") != names("--sort-by", "size")
    wrong = run("files", "--from", stored, "--sort-by", "pth")
    assert wrong.status == 2
    assert "there is path" in wrong.err

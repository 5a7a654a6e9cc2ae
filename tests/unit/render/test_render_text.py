"""The incident view: golden texts of a pod on a bad night and of a healthy one."""

from __future__ import annotations

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from kubectl_podx.model.parts import BackOff, Coverage, Metadata, Verdict
from kubectl_podx.render.mermaid import mermaid
from kubectl_podx.render.text import tables, text
from kubectl_podx.sections import folders
from kubectl_podx.sections.containers.report import Container, ObservationReport
from kubectl_podx.sections.pod.report import Pod
from kubectl_podx.sections.report import PodReport
from kubectl_podx.sections.table import BY_KEY, KEYS
from kubectl_podx.sections.volumes.report import Volume, VolumeMount
from kubectl_podx.view.layout import Terminal, aligned
from kubectl_podx.view.page import Page


def healthy() -> PodReport:
    return PodReport(
        metadata=Metadata(captured_at="2026-11-23T12:00:00Z", source="live"),
        verdict=Verdict(severity="ok", summary="running, ready, no restarts"),
        pod=Pod(
            namespace="shop", name="ok", status="Running", ready="1/1", node="node-1", age=90.0
        ),
        containers=[
            Container(
                name="app",
                kind="app",
                image="nginx:1.27",
                state="running",
                ready=True,
                observation=ObservationReport(state="observed", method="exec"),
            )
        ],
        files=[],
        restarts=[],
        findings=[],
        probes=[],
    )


def test_the_text_of_a_pod_on_a_bad_night(report: PodReport, snapshot: SnapshotAssertion) -> None:
    assert text([report], Terminal()) == snapshot


def test_everything(report: PodReport, snapshot: SnapshotAssertion) -> None:
    assert text([report], Terminal(), wide=True) == snapshot


def test_a_narrow_terminal(report: PodReport, snapshot: SnapshotAssertion) -> None:
    output = text([report], Terminal(width=60))
    assert output == snapshot
    command = "    next: kubectl logs web-0 -c app --previous -n shop"
    assert command in output.split("\n")


def test_all_tables(report: PodReport, snapshot: SnapshotAssertion) -> None:
    assert tables([report], KEYS) == snapshot


def test_the_graph(report: PodReport, snapshot: SnapshotAssertion) -> None:
    assert mermaid([report]) == snapshot


def test_a_healthy_pod_takes_few_lines() -> None:
    assert text([healthy()], Terminal()) == (
        "OK: running, ready, no restarts\n"
        "\n"
        "Pod: shop/ok   Running   1/1 ready   on node-1   age 90s\n"
        "\n"
        "Containers:\n"
        "  NAME   KIND   STATE     READY   RESTARTS   LOOK       IMAGE\n"
        "  app    app    running   yes     0          observed   nginx:1.27\n"
    )


def test_the_verdict_is_the_first_line(report: PodReport) -> None:
    first = text([report], Terminal()).split("\n")[0]
    assert first == f"CRITICAL: {report.verdict.summary}"


def test_colour_adds_escape_sequences_and_nothing_else(report: PodReport) -> None:
    plain_text = text([report], Terminal())
    colored = text([report], Terminal(color=True))
    assert "\x1b[31mCRITICAL\x1b[0m" in colored
    for sequence in ("\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[0m"):
        colored = colored.replace(sequence, "")
    assert colored == plain_text


def test_several_pods_stand_one_after_the_other(report: PodReport) -> None:
    output = text([healthy(), report], Terminal())
    assert output.startswith("OK: ")
    assert "\n\n\nCRITICAL: " in output


def test_several_pods_stand_in_one_table(report: PodReport) -> None:
    output = tables([report, healthy()], ["containers"], several=True)
    lines = output.rstrip("\n").split("\n")
    assert lines[0].startswith("POD          NAME")
    assert lines[-1].startswith("shop/ok      app")
    assert len(lines) == 5


@pytest.mark.parametrize("section", KEYS)
def test_every_section_has_tables_and_a_block(report: PodReport, section: str) -> None:
    assert tables([report], [section])
    page = Page(Terminal(), None, everything=True)
    row = BY_KEY[section]
    assert folders.block(row, getattr(report, row.field), page)


@pytest.mark.parametrize("section", KEYS)
def test_a_section_that_was_not_asked_for_is_not_shown(report: PodReport, section: str) -> None:
    field = BY_KEY[section].field
    without = msgspec.structs.replace(report, **{field: None})
    assert tables([without], [section]) == ""
    assert text([without], Terminal(), wide=True)


def test_an_empty_report_has_text_in_every_width() -> None:
    bare = PodReport(
        metadata=Metadata(captured_at="", source="manifest"),
        verdict=Verdict(severity="unknown", summary=""),
        pod=Pod(namespace="a", name="b", status="Unknown", ready="0/0"),
    )
    assert text([bare], Terminal()).startswith("UNKNOWN: see the findings\n\nPod: a/b   Unknown")
    assert text([bare], Terminal(width=40), wide=True)


def test_wide_characters_take_two_columns() -> None:
    assert aligned(["NAME", "X"], [["漢字", "1"], ["abc", "2"]]) == [
        "NAME   X",
        "漢字   1",
        "abc    2",
    ]


def test_numbers_and_blanks_are_left_as_they_are() -> None:
    assert aligned([], [["007", "1e5"], ["  x", ""]]) == ["007   1e5", "  x"]


def test_a_cell_is_bounded() -> None:
    (line,) = aligned([], [["x" * 500]])
    assert len(line) == 200
    assert line.endswith("…")


def test_what_a_finding_said_is_not_said_again(report: PodReport) -> None:
    summary = "app was killed by its liveness probe (exec cat /tmp/healthy)"
    assert summary in text([report], Terminal())
    told = msgspec.structs.replace(
        report, verdict=Verdict(severity="critical", summary=f"{summary}: restarted 4 times")
    )
    assert text([told], Terminal()).count(summary) == 1
    assert text([told], Terminal(), everything=True).count(summary) == 2


def test_a_container_that_cannot_be_seen_takes_one_line_of_coverage(report: PodReport) -> None:
    rows = [
        Coverage(section=section, container="app", state="unobservable", reason="it has no shell")
        for section in ("files", "environment", "volumes", "network", "hosts")
    ]
    blind = msgspec.structs.replace(report, coverage=rows)
    expected = "  inside of app: it has no shell"
    assert text([blind], Terminal()).endswith(f"Not checked:\n{expected}\n")
    expected = "  files, environment, volumes, network, hosts of app: it has no shell"
    assert text([blind], Terminal(), everything=True).endswith(f"Not checked:\n{expected}\n")


def test_a_right_that_many_sections_lack_names_some_of_them(report: PodReport) -> None:
    rows = [
        Coverage(section=section, state="denied", needs="get nodes")
        for section in ("node", "scheduling", "images", "restarts", "timeline")
    ]
    denied = msgspec.structs.replace(report, coverage=rows)
    expected = "  node, scheduling, images and 2 more sections: forbidden; needs get nodes"
    assert text([denied], Terminal()).endswith(f"Not checked:\n{expected}\n")


def test_a_title_that_is_the_verdict_is_not_repeated(report: PodReport) -> None:
    (first, *_) = report.findings or []
    told = msgspec.structs.replace(
        report, verdict=Verdict(severity="critical", summary=first.title)
    )
    assert f"  critical  {first.code}  as above\n" in text([told], Terminal())
    assert text([told], Terminal()).count(first.title) == 1
    assert text([told], Terminal(), wide=True).count(first.title) == 2


def test_a_sentence_of_a_finding_is_not_repeated_in_a_table(report: PodReport) -> None:
    (_, frozen) = report.files or []
    (_, second, _) = report.findings or []
    findings = [msgspec.structs.replace(second, evidence=[f"/etc/app.conf: {frozen.reason}"])]
    told = msgspec.structs.replace(report, findings=findings)
    assert text([told], Terminal()).count(frozen.reason) == 1
    assert text([told], Terminal(), wide=True).count(frozen.reason) == 2


def test_a_start_that_is_overdue_is_not_said_to_come(report: PodReport) -> None:
    (app, *_) = report.restarts or []
    backoff = BackOff(delay=10.0, next="2026-11-23T11:59:53Z")
    late = msgspec.structs.replace(app, backoff=backoff)
    shown = text([msgspec.structs.replace(report, restarts=[late])], Terminal())
    assert "next start due 7s ago, back-off 10s" in shown


def test_what_a_waiting_container_wrote_stands_once(report: PodReport) -> None:
    (_, app, _) = report.containers or []
    (row, *_) = report.restarts or []
    lines = ["loading", "no such file"]
    told = msgspec.structs.replace(
        report,
        containers=[msgspec.structs.replace(app, recent_logs=lines)],
        restarts=[msgspec.structs.replace(row, previous_logs=lines, crash_line="no such file")],
    )
    assert text([told], Terminal()).count("| no such file") == 1


def test_a_mount_whose_sub_path_was_replaced_is_told_in_words(report: PodReport) -> None:
    mount = VolumeMount(container="app", path="/etc/x", sub_path="x", state="deletedSubPath")
    volume = Volume(name="c", type="configMap", source="coder", mounts=[mount])
    shown = text([msgspec.structs.replace(report, volumes=[volume])], Terminal())
    assert "c (configMap coder): app at /etc/x; app /etc/x (subPath) was replaced in the" in shown


def test_volumes_that_are_only_read_are_no_news_when_shared(report: PodReport) -> None:
    mounts = [
        VolumeMount(container=name, path="/c", state="mounted", observed_read_only=True)
        for name in ("app", "log")
    ]
    volume = Volume(name="c", type="configMap", source="coder", mounts=mounts, shared=True)
    quiet = msgspec.structs.replace(report, volumes=[volume])
    assert "Volumes:" not in text([quiet], Terminal())
    assert "   ro   " in tables([quiet], ["volumes"])

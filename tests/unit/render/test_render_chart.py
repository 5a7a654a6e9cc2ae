"""The timeline as a picture: where moments stand, what is left out, what a lane says."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.capture.bundle import read_bundle
from kubectl_podx.model.clock import format_time
from kubectl_podx.sections.report import PodReport
from kubectl_podx.sections.timeline.lanes import Chart, axis, chart
from kubectl_podx.sections.timeline.report import TimelineEntry
from kubectl_podx.sections.timeline.text import timeline_chart
from kubectl_podx.view.layout import Terminal
from kubectl_podx.view.page import Page

RECORDED = Path(__file__).parents[2] / "recorded"
START = datetime(2026, 11, 25, 3, 0, 0, tzinfo=UTC)


def later(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def recorded(name: str) -> PodReport:
    return analyse(read_bundle(RECORDED / f"{name}.podx")).items[0]


def with_timeline(*entries: TimelineEntry, now: float) -> PodReport:
    report = recorded("healthy")
    return msgspec.structs.replace(
        report,
        metadata=msgspec.structs.replace(report.metadata, captured_at=format_time(later(now))),
        pod=msgspec.structs.replace(report.pod, conditions=[]),
        restarts=[],
        timeline=list(entries),
    )


def entry(at: float, what: str, **more: object) -> TimelineEntry:
    return msgspec.convert({"time": format_time(later(at)), "what": what, **more}, TimelineEntry)


def drawn(report: PodReport) -> Chart:
    found = chart(report)
    assert found is not None
    return found


SECONDS = st.floats(0, 1e8)


@given(st.lists(SECONDS, max_size=30), SECONDS)
def test_moments_stand_in_their_order_and_on_the_axis(found: list[float], end: float) -> None:
    moments = [later(each) for each in sorted(found)]
    made = axis(moments, START, later(end))
    places = [made.place(moment) for moment in moments]
    assert places == sorted(places)
    assert all(0 <= place <= 1.000001 for place in places)
    assert made.pieces[0].left == 0
    assert made.pieces[-1].right == pytest.approx(1)
    assert all(0 <= tick.place <= 1.000001 for tick in made.ticks(8))


@given(st.lists(SECONDS, max_size=30), SECONDS)
def test_what_is_drawn_and_what_is_left_out_make_the_whole(found: list[float], end: float) -> None:
    made = axis([later(each) for each in found], START, later(end))
    total = sum(piece.end - piece.start for piece in made.pieces)
    total += sum(each.seconds for each in made.breaks())
    assert total == pytest.approx((made.end - made.start).total_seconds(), abs=1e-3)
    assert len(made.breaks()) <= 3


def test_a_long_silence_is_left_out_and_a_short_chart_is_not_cut() -> None:
    hours = axis([later(10), later(20), later(7000)], START, later(7200))
    assert [each.seconds for each in hours.breaks()] == [6980]
    assert hours.place(later(20)) - hours.place(later(10)) > 0.03
    assert axis([later(1)], START, later(500)).breaks() == []


def test_ticks_are_round_and_name_the_day_where_it_changes() -> None:
    minutes = axis([], START, later(3600)).ticks(6)
    assert [tick.label for tick in minutes][:3] == ["03:00", "03:10", "03:20"]
    days = axis([], START, later(3 * 86400)).ticks(4)
    assert [tick.label for tick in days] == ["11-26 00:00", "11-27 00:00", "11-28 00:00"]


def test_an_axis_of_one_moment_has_a_place() -> None:
    made = axis([START], START, START)
    assert 0 <= made.place(START) <= 1
    assert made.ticks(5)


def test_runs_and_what_lies_between_them_are_spans() -> None:
    report = with_timeline(
        entry(0, "pod created", kind="pod"),
        entry(10, "started", kind="started", container="web"),
        entry(30, "ended with exit code 1 (Error)", kind="ended", container="web"),
        entry(40, "started", kind="started", container="web"),
        now=60,
    )
    web = next(lane for lane in drawn(report).lanes if lane.name == "web")
    assert [(span.state, span.start, span.end) for span in web.spans] == [
        ("running", later(10), later(30)),
        ("waiting", later(30), later(40)),
        ("running", later(40), later(60)),
    ]


def test_a_merged_event_is_one_mark_with_its_first_time() -> None:
    first = format_time(later(5))
    report = with_timeline(
        entry(5, "Unhealthy: x (first of 9)", kind="probe", container="web"),
        entry(50, "Unhealthy: x", kind="probe", container="web", count=9, first=first),
        now=60,
    )
    (mark,) = next(lane for lane in drawn(report).lanes if lane.name == "web").marks
    assert (mark.first, mark.time, mark.times) == (later(5), later(50), 9)


def test_runs_that_the_status_does_not_date_are_said_to_be_unknown() -> None:
    report = recorded("liveness-kill")
    app = next(lane for lane in drawn(report).lanes if lane.name == "app")
    assert app.spans[0].state == "untold"
    assert "status dates only the last" in app.spans[0].label
    assert {mark.kind for mark in app.marks} >= {"probe", "killing", "ended", "started"}


def test_writes_have_lanes_of_their_own() -> None:
    lanes = {lane.name: lane for lane in drawn(recorded("frozen")).lanes}
    assert [mark.kind for mark in lanes["objects"].marks] == ["source"]
    assert [mark.kind for mark in lanes["kubelet"].marks] == ["volume"]


def test_a_pod_without_a_dated_fact_has_no_chart() -> None:
    report = with_timeline(now=1)
    assert chart(report) is None
    assert timeline_chart(report, Page(Terminal(), None, everything=True)) == []


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_the_chart_of_characters_keeps_to_the_terminal(width: int) -> None:
    page = Page(Terminal(width), None, everything=True)
    lines = timeline_chart(recorded("liveness-kill"), page)
    assert all(len(line) <= width for line in lines)
    assert any("!" in line and "K" in line for line in lines)


def test_the_incident_view_has_the_chart_only_where_something_ended_or_failed() -> None:
    page = Page(Terminal(), None)
    assert timeline_chart(recorded("healthy"), page) == []
    assert timeline_chart(recorded("crash-loop"), page)


def test_colour_changes_no_character() -> None:
    report = recorded("liveness-kill")
    plain = timeline_chart(report, Page(Terminal(80), None, everything=True))
    colored = timeline_chart(report, Page(Terminal(80, color=True), None, everything=True))
    assert [re.sub(r"\x1b\[[0-9]+m", "", line) for line in colored] == plain

"""Nothing that a container wrote may steer a terminal or hide in a line."""

from __future__ import annotations

import json
import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_podx.model.parts import Finding
from kubectl_podx.render.document import to_json, to_yaml
from kubectl_podx.render.jmes import result_table, result_text
from kubectl_podx.render.mermaid import mermaid
from kubectl_podx.render.text import tables, text
from kubectl_podx.sections.report import PodReport
from kubectl_podx.sections.table import KEYS
from kubectl_podx.view.escape import LONGEST, clean, clean_json
from kubectl_podx.view.layout import Terminal, aligned, prose

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=80)
HOSTILE = "\x1b[2J\x9b31m\u202egnp\u200b\r\nFAKE: line\x00\ud800\U000e0041"


def is_harmless(output: str) -> bool:
    """No control but the line end, no format or bidirectional character, no surrogate."""
    return all(
        c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in output
    )


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[31m", "\\x1b[31m"),
        ("a\u202eb", "a\\u202eb"),
        ("one\ntwo\ttab", "one\\ntwo\\ttab"),
        ("\x9b", "\\x9b"),
        ("\u200b", "\\u200b"),
        ("\udc80", "\\udc80"),
        ("\U000e0041", "\\U000e0041"),
        ("漢字 ü", "漢字 ü"),
    ],
)
def test_what_hides_is_made_visible(raw: str, shown: str) -> None:
    assert clean(raw) == shown


def test_no_format_character_of_unicode_is_left() -> None:
    every = [chr(code) for code in range(0x110000)]
    hidden = [c for c in every if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    assert [hex(ord(c)) for c in hidden if clean(c) == c] == []


def test_a_long_value_ends_with_an_ellipsis() -> None:
    assert clean("x" * 5000) == "x" * (LONGEST - 1) + "…"


@given(ANYTHING)
def test_no_text_leaves_with_a_control_character(raw: str) -> None:
    assert is_harmless(clean(raw))
    assert "\n" not in clean(raw)
    assert is_harmless("\n".join(prose(raw, width=20)))
    assert is_harmless("\n".join(aligned(["A"], [[raw]])))
    assert is_harmless(result_text([raw, {"k": raw}]))
    assert is_harmless(result_table([{"k": raw}]))


@given(st.dictionaries(ANYTHING, ANYTHING, max_size=3))
def test_json_says_the_same_with_escapes(value: dict[str, str]) -> None:
    output = to_json(value)
    assert is_harmless(output)
    assert json.loads(output) == value


def test_json_keeps_its_own_line_ends() -> None:
    assert clean_json('{\n  "a": "\u202e"\n}') == '{\n  "a": "\\u202e"\n}'


def hostile(report: PodReport) -> PodReport:
    """The report with hostile text where containers and the API write theirs."""
    replace = msgspec.structs.replace
    return replace(
        report,
        verdict=replace(report.verdict, summary=HOSTILE),
        pod=replace(report.pod, name=HOSTILE, reason=HOSTILE, message=HOSTILE, status=HOSTILE),
        containers=[
            replace(c, name=HOSTILE, message=HOSTILE, recent_logs=[HOSTILE], image=HOSTILE)
            for c in report.containers or []
        ],
        restarts=[
            replace(r, summary=HOSTILE, crash_line=HOSTILE, previous_logs=[HOSTILE])
            for r in report.restarts or []
        ],
        files=[replace(f, path=HOSTILE, reason=HOSTILE) for f in report.files or []],
        environment=[replace(v, name=HOSTILE, declared=HOSTILE) for v in report.environment or []],
        volumes=[replace(v, name=HOSTILE, source=HOSTILE) for v in report.volumes or []],
        timeline=[replace(t, what=HOSTILE) for t in report.timeline or []],
        findings=[
            Finding(
                code="XYZ001",
                severity="critical",
                title=HOSTILE,
                evidence=[HOSTILE],
                fix=f"kubectl {HOSTILE}",
            )
        ],
        coverage=[replace(c, reason=HOSTILE) for c in report.coverage],
    )


def test_a_hostile_report_is_harmless_in_every_format(report: PodReport) -> None:
    bad = hostile(report)
    for output in (
        text([bad], Terminal(width=80)),
        text([bad], Terminal(), wide=True),
        tables([bad], KEYS, wide=True, several=True),
        mermaid([bad]),
        to_json(bad),
        to_yaml(bad),
    ):
        assert is_harmless(output)
        assert "\nFAKE" not in output


def test_a_hostile_label_cannot_leave_its_quotes_in_mermaid(report: PodReport) -> None:
    pod = msgspec.structs.replace(report.pod, name='x"] --> y; <script>')
    output = mermaid([msgspec.structs.replace(report, pod=pod)])
    assert "<script>" not in output
    assert 'x"]' not in output
    assert "pod/x#34;#93; --#62; y#59; #60;script#62;" in output

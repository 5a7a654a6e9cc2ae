"""Markdown for a ticket: what a parser makes of it, and that outside text does nothing in it."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from kit.many_pods import triaged
from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.analysis.workloads import document
from kubectl_podx.capture.bundle import read_bundle
from kubectl_podx.render.markdown import inert, markdown
from kubectl_podx.sections.report import PodReport

TESTS = Path(__file__).parents[2]
RECORDED = sorted((TESTS / "recorded").glob("*.podx"))
PARSER = MarkdownIt("commonmark", {"html": True}).enable("table")
HOSTILE = (
    "# head `x` **b** <img src=x onerror=alert(1)> [l](http://a.example) ![i](http://a.example/i) "
    "@admin #12 www.a.example | cell\n- item ``` ~~~ http://a.example &amp; \x1b[31m"
)


def report(name: str = "liveness-kill") -> PodReport:
    return analyse(read_bundle(TESTS / "recorded" / f"{name}.podx")).items[0]


def html(text: str) -> str:
    made: str = PARSER.render(text)
    return made


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_it_says_what_the_report_says(path: Path) -> None:
    capture = read_bundle(path)
    found = analyse(capture)
    made = html(markdown(document(capture, found, single=len(found.items) == 1)))
    words = re.sub(r"<!-- -->", "", made)
    for each in found.items:
        assert f"<strong>{each.verdict.severity.upper()}</strong>" in words
        for finding in each.findings or []:
            assert finding.code in words
    # A table for the containers at least, and each row in it whole.
    for table in re.findall(r"<table>.*?</table>", made, re.DOTALL):
        rows = [row.count("<t") - 1 for row in re.findall(r"<tr>.*?</tr>", table, re.DOTALL)]
        assert len(set(rows)) == 1


def test_commands_are_blocks_that_can_be_copied() -> None:
    made = markdown(report())
    (command,) = {each.next for each in report().findings or [] if each.next}
    assert f"```sh\n{command}\n```" in made


def test_a_triage_is_a_table() -> None:
    made = html(markdown(triaged()))
    assert made.count("<tr>") == len(triaged().rows) + 1


def test_text_from_outside_is_inert() -> None:
    one = report()
    finding = msgspec.structs.replace(
        (one.findings or [])[0], title=HOSTILE, evidence=[HOSTILE] * 2, remedy=HOSTILE, fix=HOSTILE
    )
    bad = msgspec.structs.replace(
        one,
        findings=[finding],
        verdict=msgspec.structs.replace(one.verdict, summary=HOSTILE),
        pod=msgspec.structs.replace(one.pod, name=HOSTILE),
    )
    made = html(markdown(bad))
    assert not re.search(r"<(img|a|h[1-6]|script)[ >]", made)
    # The foot's is the only markup that is passed on, and the comments that break links.
    assert set(re.findall(r"<(\w+)", made)) <= {
        *("p", "strong", "ul", "li", "pre", "code", "table", "thead", "tbody", "tr", "th", "td"),
        "sub",
    }
    outside_code = re.sub(r"<code.*?</code>", "", made, flags=re.DOTALL)
    assert "@admin" not in outside_code
    assert "://a.example" not in outside_code
    assert "\x1b" not in made


_MARK = st.sampled_from(["- ", "+ ", "# ", "1. ", "12) ", "===", "---", "> ", "    x", "|a|", "`"])


@example("1. <img src=x onerror=alert(1)>")
@example("# <b>")
@given(st.builds("".join, st.tuples(st.one_of(st.just(""), _MARK), st.text(max_size=60))))
def test_any_text_is_one_inert_line(text: str) -> None:
    for made in (html(f"x {inert(text)}"), html(f"- {inert(text)} end")):
        assert not re.search(r"<(?!p>|/p>|!-- -->|/?ul>|/?li>)", made)
        assert made.count("<li>") <= 1

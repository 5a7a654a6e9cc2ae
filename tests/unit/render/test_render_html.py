"""The page: self-contained, escaped, whole. What a browser makes of it is in tests/pages."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from kit.many_pods import compared, triaged
from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.analysis.distinctions import spelled
from kubectl_podx.capture.bundle import read_bundle
from kubectl_podx.generated.explain import codes
from kubectl_podx.model import words
from kubectl_podx.model.clock import parse_time
from kubectl_podx.render.html import MOST_WHOLE, html, sections
from kubectl_podx.render.html.lists import comparison_page, triage_page
from kubectl_podx.sections.report import Distinction, OtherValue, PodReportList
from kubectl_podx.sections.table import KEYS

RECORDED = Path(__file__).parents[2] / "recorded"
NAMES = sorted(path.stem for path in RECORDED.glob("*.podx"))
VOID = {"meta", "link", "input", "br"}
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\x1b[31m\u202e${7*7}{{7*7}}"


class Page(HTMLParser):
    """What is in a page: its tags with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        self.texts.setdefault(self.open[-1] if self.open else "", []).append(data)

    def all(self, name: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.tags if tag == name]


def reports(name: str) -> PodReportList:
    return analyse(read_bundle(RECORDED / f"{name}.podx"))


LISTS: dict[str, Callable[[str], str]] = {
    "a triage": lambda text: triage_page(triaged(text)),
    "a comparison": lambda text: comparison_page(compared(text)),
}


@pytest.fixture(params=NAMES)
def page(request: pytest.FixtureRequest) -> Page:
    return Page(html(reports(request.param), single=True))


@pytest.fixture(params=[*NAMES, *LISTS])
def any_page(request: pytest.FixtureRequest) -> Page:
    if request.param in LISTS:
        return Page(LISTS[request.param](""))
    return Page(html(reports(request.param), single=True))


@pytest.mark.parametrize("name", LISTS)
def test_hostile_words_add_no_tag_to_a_list(name: str) -> None:
    plain, attacked = Page(LISTS[name]("")), Page(LISTS[name](HOSTILE))
    assert attacked.open == []
    tags = Counter(tag for tag, _ in attacked.tags)
    # A cell that became long is prose; nothing else changes.
    assert tags == Counter(tag for tag, _ in plain.tags)
    assert "<script>alert(1)</script>" in "".join(attacked.words)
    assert not {"\x1b", "\u202e"} & set("".join(attacked.words))


def test_a_triage_has_an_index_by_cause_by_node_and_by_owner() -> None:
    report = triaged()
    page = Page(triage_page(report))
    titles = [word.strip() for word in page.texts["h2"]]
    assert [each for each in titles if each] == [
        "Unhealthy",
        "By cause",
        "By node",
        "By owner",
        "Nodes",
    ]
    told = "".join(page.words)
    assert all(row.summary in told for row in report.rows)
    rows = {f"row-{at}" for at in range(len(report.rows))}
    assert {a["href"][1:] for a in page.all("a")} - {"main"} <= rows


def test_a_comparison_marks_what_sets_one_apart() -> None:
    report = compared()
    page = Page(comparison_page(report))
    told = "".join(page.words)
    assert all(pod.label in told for pod in report.pods)
    odd = sum(bool(one.outliers) for one in report.differences)
    assert odd
    assert sum("data-out" in row for row in page.all("tr")) == odd


def test_every_tag_is_closed_and_every_identifier_is_there_once(any_page: Page) -> None:
    assert any_page.open == []
    ids = Counter(attributes["id"] for _, attributes in any_page.tags if "id" in attributes)
    assert not [name for name, count in ids.items() if count > 1]
    pointed = [
        attributes["href"][1:] for attributes in any_page.all("a") if attributes["href"][0] == "#"
    ]
    for _, attributes in any_page.tags:
        pointed += attributes.get("aria-labelledby", "").split()
    assert set(pointed) <= set(ids)


def test_no_attribute_runs_or_loads_anything(any_page: Page) -> None:
    names = {name for _, attributes in any_page.tags for name in attributes}
    assert not [
        name for name in names if name.startswith("on") or name in ("style", "src", "srcset")
    ]
    assert not {tag for tag, _ in any_page.tags} & {
        "iframe",
        "object",
        "embed",
        "img",
        "base",
        "form",
    }


def test_links_go_to_fixed_addresses_alone(any_page: Page) -> None:
    fixed = {doc.link for doc in codes().values()}
    away = {a["href"] for a in any_page.all("a") if not a["href"].startswith("#")}
    assert away <= fixed
    assert all(link.startswith("https://kubernetes.io/") for link in away)


def test_the_policy_takes_this_sheet_and_this_script_alone(any_page: Page) -> None:
    (policy,) = [
        meta["content"]
        for meta in any_page.all("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'; ")
    for tag in ("style", "script"):
        (text,) = any_page.texts[tag]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


def test_the_verdict_stands_before_everything_else(page: Page) -> None:
    order = [a.get("class", "").split(" ")[0] for _, a in page.tags]
    assert order.index("verdict") < order.index("contents")
    assert order.index("verdict") < order.index("picture")


@pytest.mark.parametrize("name", NAMES)
def test_the_page_is_of_ascii_and_says_what_the_report_says(name: str) -> None:
    found = reports(name)
    text = html(found, single=True)
    assert text.isascii()
    words_of_page = " ".join("".join(Page(text).words).split())
    report = found.items[0]
    assert report.verdict.summary in words_of_page
    for finding in report.findings or []:
        assert finding.title in words_of_page
        assert all(w in words_of_page for w in (finding.remedy, finding.next, finding.fix))
    for container in report.containers or []:
        assert container.name in words_of_page


def test_every_section_has_its_place_on_the_page() -> None:
    shown = {section.key for section in sections.sections(reports("healthy").items[0], "x")}
    assert shown | {"findings"} == set(KEYS)


def test_sections_without_a_row_are_named_in_one_line() -> None:
    text = html(reports("healthy"), single=True)
    assert re.search(r"Nothing to show in: .*Restarts", text)


def test_what_could_not_be_seen_is_said() -> None:
    text = html(reports("few-rights"), single=True)
    assert "Not checked" in text
    assert "needs" in text


_WORDS = {
    word for value in vars(words).values() for word in get_args(value) if isinstance(word, str)
}
_KEPT = {"apiVersion", "kind", "severity", "code", "type", "state", "method", "source", "form"}


def hostile(value: Any, key: str = "") -> Any:
    """The report with everything that a pod chooses turned into an attack."""
    if isinstance(value, dict):
        return {name: hostile(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [hostile(each, key) for each in value]
    if (
        not isinstance(value, str)
        or not value
        or value in _WORDS
        or key in _KEPT
        or parse_time(value)
    ):
        return value
    return HOSTILE + value


def attacked(name: str) -> PodReportList:
    plain = msgspec.to_builtins(reports(name))
    kept = {each: plain[each] for each in ("apiVersion", "kind", "metadata")}
    rest = {each: hostile(value) for each, value in plain.items() if each not in kept}
    return msgspec.convert({**kept, **rest}, PodReportList)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("single", [True, False])
def test_a_hostile_pod_adds_no_tag_and_no_attribute(name: str, single: bool) -> None:
    bad = Page(html(attacked(name), single=single))
    assert bad.open == []
    calm = [Page(html(reports(each), single=single)) for each in NAMES]
    assert {tag for tag, _ in bad.tags} <= {tag for page in calm for tag, _ in page.tags}
    assert len(bad.all("script")) == 1
    names = {key for _, attributes in bad.tags for key in attributes}
    assert names <= {key for page in calm for _, attributes in page.tags for key in attributes}
    text = "".join(bad.words)
    assert "alert(1)" in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "${7*7}{{7*7}}" in text


def test_a_value_of_a_megabyte_is_cut() -> None:
    found = reports("crash-loop")
    item = msgspec.structs.replace(
        found.items[0], verdict=msgspec.structs.replace(found.items[0].verdict, summary="x" * 10**6)
    )
    assert len(html(msgspec.structs.replace(found, items=[item]), single=True)) < 200_000


def test_several_pods_have_an_index_with_the_outliers_marked() -> None:
    found = reports("healthy")
    one = found.items[0]
    items = [
        msgspec.structs.replace(one, pod=msgspec.structs.replace(one.pod, name=f"web-{at}"))
        for at in range(3)
    ]
    apart = Distinction(
        fact="image of web",
        pods=["web-1"],
        value="sha256:aa",
        others=[OtherValue(value="sha256:bb", pods=["web-0", "web-2"])],
    )
    page = Page(
        html(
            msgspec.structs.replace(
                found, items=items, distinctions=spelled([apart]), differences=[apart]
            )
        )
    )
    rows = [a for a in page.all("tr") if a.get("class") == "outlier"]
    assert len(rows) == 1
    assert {a["href"] for a in page.all("a")} >= {"#pod-0", "#pod-1", "#pod-2"}
    assert "web-1: image of web is sha256:aa" in "".join(page.words)
    assert len(page.all("article")) == 3


def test_of_very_many_pods_the_worst_have_their_report_and_all_stand_in_the_index() -> None:
    found = reports("healthy")
    sick = reports("crash-loop").items[0]
    items = [msgspec.structs.replace(found.items[0]) for _ in range(MOST_WHOLE + 5)]
    page = Page(html(msgspec.structs.replace(found, items=[*items, sick])))
    assert len(page.all("article")) == MOST_WHOLE
    assert f"pod-{len(items)}" in {article["id"] for article in page.all("article")}
    assert "6 pods stand in this list alone" in "".join(page.words)


def test_a_workload_without_pods_says_why() -> None:
    found = msgspec.structs.replace(reports("healthy"), items=[], notes=["Deployment web: quota"])
    page = Page(html(found))
    assert "Deployment web: quota" in page.words
    assert "0 pods" in "".join(page.words)


def test_one_section_alone_is_a_page_too() -> None:
    found = analyse(read_bundle(RECORDED / "liveness-kill.podx"), frozenset({"probes", "timeline"}))
    page = Page(html(found, single=True))
    assert page.open == []
    assert len([a for a in page.all("svg") if a.get("role") == "img"]) == 2


def test_every_picture_has_a_title_and_a_description(page: Page) -> None:
    drawn = [a for a in page.all("svg") if a.get("role") == "img"]
    assert drawn
    for picture in drawn:
        title, story = picture["aria-labelledby"].split()
        assert {title, story} <= {a.get("id") for _, a in page.tags}

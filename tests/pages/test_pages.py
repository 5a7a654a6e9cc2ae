"""What a browser makes of a page: pictures, filters, copies, print; nothing that leaves it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe

from kit.many_pods import compared, triaged
from kubectl_podx.analysis.distinctions import spelled
from kubectl_podx.render.html.lists import comparison_page, triage_page
from kubectl_podx.sections.report import Distinction, OtherValue, PodReportList
from pages.shown_pages import NAMES, Show, reports

BAD = ("serious", "critical")
ATTACK = (
    "<script>alert(1)</script><img src=http://192.0.2.1/x onerror=alert(2)>"
    "\"'><svg onload=alert(3)>\x1b[31m\u202egnol\u2066\x00"
)


def many(count: int = 6) -> PodReportList:
    """Replicas of one pod, one of them sick and set apart."""
    found = reports("healthy")
    one, sick = found.items[0], reports("crash-loop").items[0]
    items = [
        msgspec.structs.replace(one, pod=msgspec.structs.replace(one.pod, name=f"web-{at}"))
        for at in range(count)
    ]
    others = OtherValue(value="Running", pods=[item.pod.name for item in items])
    apart = [
        Distinction(fact="status", pods=[sick.pod.name], value=sick.pod.status, others=[others])
    ]
    return msgspec.structs.replace(
        found, items=[*items, sick], distinctions=spelled(apart), differences=apart
    )


def attacked(name: str, attack: str = ATTACK) -> PodReportList:
    """The report with every text that a pod can choose turned into an attack."""
    found = reports(name)
    report = found.items[0]

    def bad(rows: list[Any] | None, *fields: str) -> list[Any]:
        return [
            msgspec.structs.replace(
                row, **{field: attack + str(getattr(row, field)) for field in fields}
            )
            for row in rows or []
        ]

    replaced = msgspec.structs.replace(
        report,
        verdict=msgspec.structs.replace(report.verdict, summary=attack),
        pod=msgspec.structs.replace(
            report.pod, name=attack, namespace=attack, node=attack, status=attack, pod_ips=[attack]
        ),
        containers=bad(report.containers, "name", "image", "message", "reason"),
        findings=bad(report.findings, "title", "remedy", "code"),
        timeline=bad(report.timeline, "what", "container"),
        environment=bad(report.environment, "name", "declared", "process", "reason"),
        files=bad(report.files, "path", "reason"),
        volumes=bad(report.volumes, "name", "source"),
        probes=bad(report.probes, "container", "reason", "coverage"),
        restarts=[
            msgspec.structs.replace(row, summary=attack, previous_logs=[attack] * 3)
            for row in report.restarts or []
        ],
        coverage=bad(report.coverage, "reason", "needs"),
    )
    return msgspec.structs.replace(found, items=[replaced], notes=[attack], distinctions=[attack])


@pytest.mark.parametrize("name", NAMES)
def test_a_page_asks_for_nothing_and_its_pictures_are_drawn(show: Show, name: str) -> None:
    shown = show(reports(name))
    assert shown.page.locator("svg.picture").count() >= 2
    for picture in shown.page.locator("svg.picture").all():
        box = picture.bounding_box()
        assert box
        assert box["width"] > 500
        assert box["height"] > 60
    assert shown.quiet()


@pytest.mark.parametrize("name", NAMES)
def test_no_text_of_a_picture_is_cut_off_at_its_edge(show: Show, name: str) -> None:
    page = show(reports(name), viewport={"width": 1280, "height": 900}).page
    outside = page.evaluate(
        """() => [...document.querySelectorAll('svg.picture')].flatMap(svg => {
             const box = svg.viewBox.baseVal;
             return [...svg.querySelectorAll('text')].filter(text => {
               const at = text.getBBox();
               return !text.hasAttribute('transform') && (at.x < box.x || at.y < box.y ||
                 at.x + at.width > box.x + box.width || at.y + at.height > box.y + box.height);
             }).map(text => text.textContent);
           })"""
    )
    assert outside == []


@pytest.mark.parametrize("name", ["storefront", "liveness-kill", "few-rights", "pending"])
def test_a_hostile_pod_changes_nothing(show: Show, name: str) -> None:
    shown = show(attacked(name))
    assert shown.quiet()
    assert shown.page.locator("script").count() == 1
    assert shown.page.locator("img, iframe, object, embed").count() == 0
    text = shown.page.locator("body").inner_text()
    assert "<script>alert(1)</script>" in text
    assert not {"\x1b", "\u202e", "\u2066", "\x00"} & set(text)
    names = "() => [...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames())"
    assert not [name for name in shown.page.evaluate(names) if name.startswith("on")]


def test_a_hostile_list_of_pods_changes_nothing(show: Show) -> None:
    shown = show(attacked("liveness-kill"), single=False)
    assert shown.quiet()
    assert shown.page.locator("script").count() == 1


def test_values_of_a_megabyte_keep_the_page_small_and_its_layout_whole(show: Show) -> None:
    shown = show(attacked("storefront", "x" * 10**6), viewport={"width": 1280, "height": 900})
    assert shown.quiet()
    assert len(shown.page.content()) < 4_000_000
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_a_script_that_got_in_would_not_run_and_could_not_call_home(show: Show) -> None:
    shown = show(reports("healthy"))
    shown.page.evaluate(
        """() => {
             const script = document.createElement('script');
             try { script.textContent = 'window.ran = true'; } catch {}
             document.body.append(script);
           }"""
    )
    assert shown.page.evaluate("window.ran") is None
    answer = shown.page.evaluate(
        "fetch('http://127.0.0.1:9/').then(() => 'answered', error => error.name)"
    )
    assert answer == "TypeError"
    assert len(shown.asked) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["storefront", "few-rights", "init-waiting", "frozen"])
def test_the_page_is_accessible(show: Show, name: str, scheme: str) -> None:
    # The policy would keep the checker out, too.
    page = show(reports(name), color_scheme=scheme, bypass_csp=True).page
    assert violations(page) == []


def test_the_list_of_pods_is_accessible(show: Show) -> None:
    assert violations(show(many(), single=False, bypass_csp=True).page) == []


def violations(page: Any) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in found
        if one["impact"] in BAD
        for node in one["nodes"]
    ]


def test_a_table_is_filtered_by_words_and_by_what_stands_out(show: Show) -> None:
    page = show(reports("storefront")).page
    rows = page.locator("[data-filter=Environment] tbody tr:visible")
    everything = rows.count()
    page.get_by_label("Filter Environment").fill("log_level exporter")
    assert rows.count() == 1
    assert "LOG_LEVEL" in rows.first.inner_text()
    page.get_by_label("Filter Environment").fill("")
    tools = page.locator(".tools", has=page.get_by_label("Filter Environment"))
    tools.get_by_role("checkbox").check()
    assert 0 < rows.count() < everything
    assert tools.get_by_role("status").inner_text() == f"{rows.count()} of {everything}"


def test_a_remedy_is_copied_whole(show: Show) -> None:
    found = reports("liveness-kill")
    page = show(found, permissions=["clipboard-read", "clipboard-write"]).page
    page.get_by_role("button", name="Copy").first.click()
    page.get_by_role("button", name="Copied").wait_for()
    commands = [c for each in found.items[0].findings or [] for c in (each.fix, each.next)]
    assert page.evaluate("navigator.clipboard.readText()") in commands


def test_the_page_is_read_without_javascript(show: Show) -> None:
    found = reports("liveness-kill")
    page = show(found, java_script_enabled=False).page
    text = page.locator("body").inner_text()
    report = found.items[0]
    assert report.verdict.summary in text
    assert all(finding.remedy in text for finding in report.findings or [])
    assert page.get_by_role("button").count() == 0


def test_a_keyboard_reaches_the_report_first(show: Show) -> None:
    page = show(reports("liveness-kill")).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"


@pytest.mark.parametrize("width", [360, 768, 1280, 1920])
def test_a_page_is_never_wider_than_its_window(show: Show, width: int) -> None:
    for found, single in ((reports("storefront"), True), (many(), False)):
        page = show(found, single=single, viewport={"width": width, "height": 800}).page
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_printed_page_has_what_stands_out_and_no_controls(show: Show) -> None:
    page = show(reports("storefront")).page
    page.get_by_label("Filter Environment").fill("nothing has this name")
    rows = page.locator("[data-filter=Environment] tbody tr:visible")
    assert rows.count() == 0
    page.emulate_media(media="print")
    # A filter on the screen takes nothing from the paper.
    assert 0 < rows.count() == page.locator("[data-filter=Environment] tr[data-out]").count()
    assert page.locator(".finding:visible").count() == len(
        reports("storefront").items[0].findings or []
    )
    assert page.locator("nav, button, .tools").locator("visible=true").count() == 0
    assert page.get_by_text("the page on a screen has every row").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")


def test_the_index_leads_to_each_pod_and_marks_the_outlier(show: Show) -> None:
    found = many()
    shown = show(found, single=False)
    page = shown.page
    assert page.locator("tr.outlier").count() == 1
    assert "CrashLoopBackOff" in page.locator("tr.outlier").inner_text()
    page.locator("tr.outlier a").click()
    assert page.evaluate("location.hash") == f"#pod-{len(found.items) - 1}"
    page.get_by_label("Filter pods").fill("crashloop")
    assert page.locator("section[aria-labelledby=index] tbody tr:visible").count() == 1
    assert shown.quiet()


def test_timeline_and_map_show_what_happened(show: Show) -> None:
    page = show(reports("storefront")).page
    timeline = page.locator("svg[aria-labelledby^=pod-0-timeline]")
    for kind in ("started", "probe", "killing", "source", "volume"):
        assert timeline.locator(f"path.mark.{kind}").count() >= 1
    pod_map = page.locator("svg[aria-labelledby^=pod-0-map]")
    assert pod_map.locator("rect.container").count() == 5
    assert pod_map.locator("rect.namespace").count() == 1
    assert pod_map.locator("path.volume.shared").count() == 1
    assert pod_map.locator("rect.service").count() == 2
    assert pod_map.locator("path.reach.broken").count() == 0
    broken = show(reports("service-to-nowhere")).page
    assert broken.locator("path.reach.broken").count() == 1


LONG = "a-name-of-253-characters-" + "x" * 228


def of_many_pods(count: int) -> PodReportList:
    """So many pods, each with a name as long as Kubernetes allows and one in three of them sick."""
    fine, sick = reports("storefront").items[0], reports("liveness-kill").items[0]
    items = []
    for at in range(count):
        one = sick if at % 3 == 0 else fine
        name = f"{at:03}-{LONG}"[:253]
        pod = msgspec.structs.replace(one.pod, name=name, node=LONG[:253], namespace=LONG[:63])
        items.append(msgspec.structs.replace(one, pod=pod))
    return msgspec.structs.replace(reports("healthy"), items=items)


SCREENS = [(width, look) for width in (1280, 768, 390) for look in ("light", "dark")]
PAPERS = [(1280, "print"), (768, "print")]


@pytest.mark.parametrize(("width", "look"), [*SCREENS, *PAPERS])
@pytest.mark.parametrize("count", [1, 3, 60])
def test_long_names_of_one_or_many_pods_fit(show: Show, count: int, width: int, look: str) -> None:
    shown = show(
        of_many_pods(count),
        single=count == 1,
        viewport={"width": width, "height": 844},
        color_scheme="dark" if look == "dark" else "light",
    )
    page = shown.page
    if look == "print":
        page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    outside = page.evaluate(
        """() => [...document.querySelectorAll('h1, h2, .verdict p, summary, .what, .facts dd')]
             .filter(each => each.checkVisibility())
             .filter(each => each.getBoundingClientRect().right > innerWidth + 1)
             .map(each => each.textContent.slice(0, 60))"""
    )
    assert outside == []
    assert shown.quiet()


def test_of_many_pods_the_table_is_first_and_a_report_is_opened_by_a_click(show: Show) -> None:
    page = show(many(), single=False).page
    heads = page.locator("main h2:visible").all_inner_texts()
    assert [head.split()[0] for head in heads] == ["Pods", "Outliers"]
    assert page.locator("article:visible").count() == 0
    page.locator("tr.outlier a").click()
    assert page.locator("article:visible").count() == 1
    assert "orders-0" in page.locator("article:visible h2").first.inner_text()
    page.locator("summary", has_text="web-2").click()
    assert page.locator("article:visible").count() == 2


@pytest.mark.parametrize("name", ["liveness-kill", "crash-loop", "frozen", "pending"])
def test_a_printed_report_is_two_pages_of_what_stands_out(show: Show, name: str) -> None:
    page = show(reports(name)).page
    assert 1 <= page.pdf(format="A4").count(b"/Type /Page\n") <= 2


def test_many_mounts_of_many_containers_are_a_matrix(show: Show) -> None:
    found = reports("storefront")
    report = found.items[0]
    containers, volumes = report.containers or [], report.volumes or []
    mount = next(mount for volume in volumes for mount in volume.mounts)
    crowd = [msgspec.structs.replace(containers[0], name=f"c{at}") for at in range(9)]
    mounted = [
        msgspec.structs.replace(
            volumes[0],
            name=f"v{at}",
            mounts=[msgspec.structs.replace(mount, container=f"c{row}") for row in range(at)],
        )
        for at in range(1, 10)
    ]
    crowded = msgspec.structs.replace(report, containers=crowd, volumes=mounted)
    page = show(msgspec.structs.replace(found, items=[crowded])).page
    drawn = page.locator("svg[aria-labelledby*=map]")
    assert drawn.locator(".mount").count() == sum(range(1, 10))
    assert drawn.locator(".edge").count() == 0
    words = drawn.evaluate("svg => [...svg.querySelectorAll('text')].map(each => each.textContent)")
    assert any(each.startswith("1  v1 (") for each in words)


@pytest.mark.parametrize("width", [1280, 768, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("text", [triage_page(triaged()), comparison_page(compared())], ids="tc")
def test_a_triage_and_a_comparison_are_pages_too(
    show: Show, text: str, scheme: str, width: int
) -> None:
    shown = show(
        text,
        viewport={"width": width, "height": 844},
        color_scheme=scheme,
        bypass_csp=True,
    )
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(shown.page) == []
    assert shown.quiet()


def test_the_index_of_a_triage_leads_to_its_row(show: Show) -> None:
    shown = show(triage_page(triaged()))
    page = shown.page
    page.locator("section", has_text="By cause").get_by_role("link").first.click()
    assert page.evaluate("location.hash").startswith("#row-")
    page.get_by_label("Filter Unhealthy").fill("liveness")
    rows = page.locator("[data-filter=Unhealthy] tbody tr:visible")
    assert 0 < rows.count() < len(triaged().rows)
    assert shown.quiet()

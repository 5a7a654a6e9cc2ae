"""Pages in the system's Chromium: no network, no noise on the console."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Route, sync_playwright

from kubectl_podx.render.html import html
from kubectl_podx.sections.report import PodReportList
from pages.shown_pages import Show, Shown

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", action="store_true", help="write docs/images anew")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        pytest.fail("these tests need Chromium; on Debian: apt-get install chromium", pytrace=False)
    with sync_playwright() as playwright:
        # Chromium's sandbox refuses root, which CI is; the pages are our own.
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Show]:
    """Shows reports, or the text of a page."""
    contexts: list[BrowserContext] = []

    def open_one(found: PodReportList | str, *, single: bool = True, **options: object) -> Shown:
        text = found if isinstance(found, str) else html(found, single=single)
        path = tmp_path / f"page-{len(contexts)}.html"
        path.write_text(text)
        context = browser.new_context(**options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        shown = Shown(page, [], [])

        def asked(route: Route) -> None:
            shown.asked.append(route.request.url)
            if route.request.url == path.as_uri():
                route.continue_()
            else:
                route.abort()

        def dismiss(dialog: Dialog) -> None:
            shown.said.append(dialog.message)
            dialog.dismiss()

        context.route("**/*", asked)
        page.on("console", lambda line: shown.said.append(line.text))
        page.on("pageerror", lambda error: shown.said.append(str(error)))
        page.on("dialog", dismiss)
        page.goto(path.as_uri())
        return shown

    yield open_one
    for context in contexts:
        context.close()

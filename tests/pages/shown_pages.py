"""What the tests of pages share: recorded reports, and a page as the browser shows it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page

from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.capture.bundle import read_bundle
from kubectl_podx.sections.report import PodReportList

ROOT = Path(__file__).resolve().parents[2]
RECORDED = ROOT / "tests/recorded"
NAMES = sorted(path.stem for path in RECORDED.glob("*.podx"))


def reports(name: str) -> PodReportList:
    return analyse(read_bundle(RECORDED / f"{name}.podx"))


class Shown(NamedTuple):
    """A page in the browser, and what it did besides being shown."""

    page: Page
    asked: list[str]
    """Addresses that it asked for."""
    said: list[str]
    """Lines of the console, errors and dialogs."""

    def quiet(self) -> bool:
        """Whether it asked for its own file alone and said nothing."""
        return len(self.asked) == 1 and not self.said


Show = Callable[..., Shown]

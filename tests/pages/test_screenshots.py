"""The pictures of the README; `make screenshots` writes them anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from pages.shown_pages import ROOT, Show, reports

IMAGES = ROOT / "docs/images"
PICTURES = {
    "page-light": ("light", ""),
    "page-dark": ("dark", ""),
    "timeline": ("light", "section[aria-labelledby=pod-0-picture]"),
    "pod-map": ("light", "section[aria-labelledby=pod-0-containers] .drawing"),
    "probes": ("light", "section[aria-labelledby=pod-0-probes] .drawing"),
}
_LARGEST = 200_000


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_of_the_readme(
    show: Show, name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    scheme, part = PICTURES[name]
    window = {"width": 1280, "height": 860}
    page = show(reports("storefront"), color_scheme=scheme, viewport=window).page
    folder = IMAGES if request.config.getoption("--screenshots") else tmp_path
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.png"
    if part:
        page.locator(part).screenshot(path=path)
    else:
        page.screenshot(path=path)
    assert 5_000 < path.stat().st_size < _LARGEST
    assert (IMAGES / f"{name}.png").stat().st_size < _LARGEST

"""Columns of this section, and its block in the text."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_podx.sections.images.report import Image
from kubectl_podx.view.columns import Column, Grid
from kubectl_podx.view.layout import state_cell
from kubectl_podx.view.page import Page
from kubectl_podx.view.units import NONE, text_or_none

IMAGE: tuple[Column, ...] = (
    Column("CONTAINER", lambda row, _: row.container),
    Column("IMAGE", lambda row, _: row.image or NONE),
    Column("STATE", lambda row, _: state_cell(row.state)),
    Column("POLICY", lambda row, _: text_or_none(row.pull_policy)),
    Column("REASON", lambda row, _: text_or_none(row.reason), prose=True),
    Column("PULL-SECRETS", lambda row, _: text_or_none(row.pull_secrets)),
    Column("DIGEST", lambda row, _: text_or_none(row.digest), wide=True),
    Column("BASIS", lambda row, _: text_or_none(row.pull_policy_basis), wide=True),
    Column("MESSAGE", lambda row, _: text_or_none(row.message), wide=True, prose=True),
)


def grids(found: Sequence[Image]) -> list[Grid]:
    """Its tables."""
    return [Grid(IMAGE, found)]


def block(found: Sequence[Image], page: Page) -> list[str]:
    """Images that cannot be pulled, and pull secrets that are missing or of the wrong type."""
    rows = found if page.everything else [row for row in found if _image_is_odd(row)]
    if not rows:
        return ["Images: none"] if page.everything else []
    lines = ["Images:", *page.table(IMAGE, rows)]
    for row in rows:
        if page.news(row.message) and not page.wide:
            lines += page.say(f"{row.container}: {row.message}")
    return lines


def _image_is_odd(row: Image) -> bool:
    bad_secret = any(each.state in ("missing", "wrongType") for each in row.pull_secret_states)
    return row.state == "failed" or (bad_secret and row.state != "present")

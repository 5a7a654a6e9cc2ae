"""Columns of this section, and its block in the text."""

from __future__ import annotations

from kubectl_podx.sections.hosts.report import Hosts
from kubectl_podx.view.columns import Column, Grid
from kubectl_podx.view.layout import state_cell
from kubectl_podx.view.page import Page
from kubectl_podx.view.units import NONE, text_or_none

HOSTS: tuple[Column, ...] = (
    Column("HOSTNAME", lambda row, _: text_or_none(row.hostname)),
    Column("OBSERVED", lambda row, _: text_or_none(row.observed_hostname)),
    Column("SUBDOMAIN", lambda row, _: text_or_none(row.subdomain)),
    Column("DNS-POLICY", lambda row, _: text_or_none(row.dns_policy)),
    Column("NAMESERVERS", lambda row, _: text_or_none(row.nameservers)),
    Column("DIFFERS", lambda row, _: "; ".join(row.differs) or NONE),
    Column("SEARCHES", lambda row, _: text_or_none(row.searches), wide=True),
    Column("OPTIONS", lambda row, _: text_or_none(row.options), wide=True),
)

ALIAS: tuple[Column, ...] = (
    Column("IP", lambda row, _: row.ip),
    Column("HOSTNAMES", lambda row, _: text_or_none(row.hostnames)),
    Column("STATE", lambda row, _: state_cell(row.state)),
    Column("CONTAINER", lambda row, _: text_or_none(row.container)),
)


def grids(found: Hosts) -> list[Grid]:
    """Its tables."""
    return [Grid(HOSTS, [found]), Grid(ALIAS, found.aliases)]


def block(found: Hosts, page: Page) -> list[str]:
    """What /etc/hosts and resolv.conf hold that was not declared, or lack that was."""
    if page.everything:
        lines = ["Hosts:", *page.table(HOSTS, [found])]
        return [*lines, "", *page.table(ALIAS, found.aliases)] if found.aliases else lines
    lines = [line for text in found.differs for line in page.say(text)]
    lines += page.table(ALIAS, [a for a in found.aliases if a.state in ("missing", "undeclared")])
    return ["Hosts:", *lines] if lines else []

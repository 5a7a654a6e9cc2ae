"""Columns of what stands around a pod."""

from __future__ import annotations

from kubectl_podx.model.report.surroundings import Node
from kubectl_podx.render.columns.column import Column
from kubectl_podx.render.layout import state_cell
from kubectl_podx.render.units import NONE, ago, seconds, text_or_none, yes_no

CHANGE: tuple[Column, ...] = (
    Column("AGE", lambda row, now: ago(row.time, now)),
    Column("KIND", lambda row, _: row.kind),
    Column("OBJECT", lambda row, _: text_or_none(row.object)),
    Column("WHAT", lambda row, _: row.what, prose=True),
    Column("BEFORE", lambda row, _: text_or_none(row.before)),
    Column("AFTER", lambda row, _: text_or_none(row.after)),
    Column("BY", lambda row, _: text_or_none(row.by)),
    Column("TIME", lambda row, _: text_or_none(row.time), wide=True),
)

REQUIREMENT: tuple[Column, ...] = (
    Column("KIND", lambda row, _: row.kind),
    Column("REQUIREMENT", lambda row, _: row.text),
    Column("SATISFIED", lambda row, _: yes_no(row.satisfied)),
    Column("DETAIL", lambda row, _: text_or_none(row.detail), prose=True),
)

SCHEDULING: tuple[Column, ...] = (
    Column("SCHEDULING", lambda row, _: row.state),
    Column("WHY", lambda row, _: "; ".join(row.reasons) or NONE, prose=True),
)


def schedulable(row: Node) -> str:
    """`no` for a cordoned node."""
    return yes_no(None if row.cordoned is None else not row.cordoned)


NODE: tuple[Column, ...] = (
    Column("NAME", lambda row, _: row.name or NONE),
    Column("STATE", lambda row, _: state_cell(row.state)),
    Column("SCHEDULABLE", lambda row, _: schedulable(row)),
    Column("HEARTBEAT", lambda row, _: seconds(row.heartbeat_age)),
    Column("TAINTS", lambda row, _: text_or_none(row.taints)),
    Column("VERSION", lambda row, _: text_or_none(row.kubelet_version)),
    Column("RUNTIME", lambda row, _: text_or_none(row.runtime), wide=True),
)

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

INJECTION: tuple[Column, ...] = (
    Column("PATH", lambda row, _: row.path),
    Column("CHANGE", lambda row, _: row.change),
    Column("BY", lambda row, _: text_or_none(row.by)),
    Column("CONFIDENCE", lambda row, _: row.confidence),
    Column("DETAIL", lambda row, _: text_or_none(row.detail), prose=True),
)

"""Reasons that stand in dnsPolicy: whose name servers the pod asks."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.pod.services import aliases, named, within_cluster
from kubectl_podx.rules.ends import endings
from kubectl_podx.rules.fixes import set_pod
from kubectl_podx.rules.remedies import DOCS
from kubectl_podx.rules.rule import Case, Hit, Rule, reason_rule
from kubectl_podx.sections.hosts.report import Hosts

_DNS = DOCS + "concepts/services-networking/dns-pod-service/#pod-s-dns-policy"


def no_cluster_dns(case: Case) -> Iterator[Hit]:
    """A name of the cluster is looked up at name servers that do not know it."""
    hosts = case.report.hosts
    why = _elsewhere(case, hosts) if hosts is not None else ""
    if hosts is None or not why:
        return
    for ending in endings(case):
        for said, line in ending.of("unresolved"):
            own = within_cluster(said.name) or named(case.view, said.name) is not None
            if said.name and (not own or said.name in aliases(case.view)):
                continue
            yield ending.hit(
                why,
                line,
                f"dnsPolicy {hosts.dns_policy or 'ClusterFirst'}",
                f"resolv.conf: {', '.join(hosts.nameservers)}" if hosts.nameservers else "",
                fix=set_pod(case, {"dnsPolicy": _asks_the_cluster(case)}),
            )
            break


def _elsewhere(case: Case, hosts: Hosts) -> str:
    policy = hosts.dns_policy or "ClusterFirst"
    if policy == "Default":
        return "dnsPolicy Default means the name servers of the node, which know no Services"
    if policy == "None":
        return "dnsPolicy None means the name servers of dnsConfig alone"
    if policy == "ClusterFirst" and case.view.host_network:
        return (
            "hostNetwork is true, and dnsPolicy ClusterFirst then means the name servers of the "
            "node, which know no Services (dnsPolicy: ClusterFirstWithHostNet asks the cluster)"
        )
    return ""


def _asks_the_cluster(case: Case) -> str:
    return "ClusterFirstWithHostNet" if case.view.host_network else "ClusterFirst"


RULES: tuple[Rule, ...] = (
    reason_rule(
        code="HST010",
        section="hosts",
        title="Names of the cluster are looked up outside of it",
        meaning="With hostNetwork the policy ClusterFirst falls back to the node's name servers; "
        "Default and None never ask the cluster. Services and pods have no names there.",
        known_by="A name that was not found in the log, dnsPolicy and hostNetwork.",
        remedy="Set dnsPolicy: ClusterFirstWithHostNet with hostNetwork, else ClusterFirst.",
        link=_DNS,
        check=no_cluster_dns,
        rank=7,
    ),
)

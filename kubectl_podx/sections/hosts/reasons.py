"""Reasons that stand in dnsPolicy: whose name servers the pod asks."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.pod.pod import dns_options
from kubectl_podx.pod.services import aliases, named, services, within_cluster
from kubectl_podx.rules.ends import endings
from kubectl_podx.rules.fixes import set_pod
from kubectl_podx.rules.remedies import DOCS
from kubectl_podx.rules.rule import Case, Hit, Rule, reason_rule
from kubectl_podx.sections.hosts.report import Hosts

_DNS = DOCS + "concepts/services-networking/dns-pod-service/#pod-s-dns-policy"
_KUBELET_NDOTS = "5"
_SHORT = 4
"""More words than NAME.NAMESPACE.svc and a pod before it has a name with its domain."""


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


def not_searched(case: Case) -> Iterator[Hit]:
    """A short name with so many dots that the search domains are not added to it."""
    hosts = case.report.hosts
    most = _ndots(case)
    known = services(case.view)
    if hosts is None or most is None or known is None or _elsewhere(case, hosts):
        return
    for ending in endings(case):
        for said, line in ending.of("unresolved"):
            meant = named(case.view, said.name) if said.name else None
            dots = said.name.rstrip(".").count(".")
            if meant is None or meant.service not in known or dots < most or _is_whole(said.name):
                continue
            domain = next((one for one in hosts.searches if one.startswith("svc.")), "svc.…")
            yield ending.hit(
                f"dnsConfig.options sets ndots to {most}, so that {said.name} is asked for as it "
                f"stands: the C library of Alpine then never adds {domain}",
                line,
                fix=set_pod(case, {"dnsConfig": {"options": _with_ndots(case)}}),
            )
            break


def _ndots(case: Case) -> int | None:
    """What dnsConfig sets; None where it leaves the 5 of the kubelet."""
    for option in dns_options(case.view.pod):
        value = option.get("value", "")
        if option.get("name") == "ndots" and value.isdecimal():
            return int(value[:3])
    return None


def _with_ndots(case: Case) -> list[dict[str, str]]:
    """The options, a list that is replaced as a whole, with the kubelet's own ndots."""
    return [
        {**option, "value": _KUBELET_NDOTS} if option.get("name") == "ndots" else option
        for option in dns_options(case.view.pod)
    ]


def _is_whole(name: str) -> bool:
    """Whether it needs no search domain: it ends with a dot, or with one that looks complete."""
    return name.endswith(".") or len(name.split(".")) > _SHORT


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
        title="Cluster names are looked up outside the cluster",
        meaning="With hostNetwork the policy ClusterFirst falls back to the node's name servers; "
        "Default and None never ask the cluster. Services and pods have no names there.",
        known_by="A name that was not found in the log, dnsPolicy and hostNetwork.",
        remedy="Set dnsPolicy: ClusterFirstWithHostNet with hostNetwork, else ClusterFirst.",
        link=_DNS,
        check=no_cluster_dns,
        rank=7,
    ),
    reason_rule(
        code="HST011",
        section="hosts",
        title="The search domains are not added to a short name, because of ndots",
        meaning="A name with fewer dots than ndots gets the search domains added. With ndots: 1 "
        "that is no longer so for web.shop: glibc still tries them after the name itself, musl "
        "(Alpine) does not.",
        known_by="A name that was not found in the log, whose Service exists, and ndots in "
        "dnsConfig.",
        remedy="Write the whole name (web.shop.svc.cluster.local), or leave ndots at 5.",
        link=DOCS + "concepts/services-networking/dns-pod-service/#pod-dns-config",
        check=not_searched,
        rank=7,
        gives_way_to=frozenset({"HST010"}),
    ),
)

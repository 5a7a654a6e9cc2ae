"""/etc/hosts, host name and resolv.conf as seen, against hostAliases, hostname and dnsConfig."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from msgspec import Struct

from kubectl_podx.model.capture import Observation
from kubectl_podx.model.raw import dig, items, text
from kubectl_podx.model.words import AliasState
from kubectl_podx.pod.pod import ContainerEntry
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.hosts.report import HostAlias, Hosts

# pkg/kubelet/kubelet_pods.go managedHostsFileContent.
_MANAGED = ("# Kubernetes-managed hosts file",)
_KUBELET_NAMES = frozenset(
    {
        "localhost",
        "ip6-localhost",
        "ip6-loopback",
        "ip6-localnet",
        "ip6-mcastprefix",
        "ip6-allnodes",
        "ip6-allrouters",
    }
)
_LONGEST_HOSTNAME = 63


class Resolv(Struct, frozen=True):
    """The lines of a resolv.conf."""

    nameservers: list[str]
    searches: list[str]
    options: list[str]


def build(view: PodView) -> Hosts:
    """One summary for the pod: resolv.conf and the host name are the sandbox's, so shared."""
    seen = [found for found in view.captured.observations if found.text.hosts or found.text.resolv]
    resolv = next((parse_resolv(f.text.resolv) for f in seen if f.text.resolv), None)
    observed = next((f.text.hostname.strip() for f in seen if f.text.hostname.strip()), None)
    expected = expected_hostname(view)
    aliases = _aliases(view, seen)
    return Hosts(
        hostname=expected or text(view.pod, "spec", "hostname"),
        observed_hostname=observed,
        subdomain=text(view.pod, "spec", "subdomain"),
        dns_policy=text(view.pod, "spec", "dnsPolicy"),
        aliases=aliases,
        nameservers=resolv.nameservers if resolv else [],
        searches=resolv.searches if resolv else [],
        options=resolv.options if resolv else [],
        differs=[*_hostname_differs(expected, observed), *_dns_differs(view, resolv)],
    )


def expected_hostname(view: PodView) -> str:
    """The host name that the kubelet gives the sandbox; empty where it is the node's or unknown.

    hostnameOverride, else hostname, else the pod's name, cut to 63 characters; with
    setHostnameAsFQDN the full name, whose cluster domain is the kubelet's own setting.
    """
    if view.host_network:
        return ""
    override = text(view.pod, "spec", "hostnameOverride")
    name = override or text(view.pod, "spec", "hostname") or view.reference.name
    as_fqdn = dig(view.pod, "spec", "setHostnameAsFQDN") is True
    if as_fqdn and text(view.pod, "spec", "subdomain") and not override:
        return ""
    return name[:_LONGEST_HOSTNAME].rstrip("-.")


def parse_resolv(lines: list[str]) -> Resolv:
    """resolv.conf(5): the last `search` wins, nameservers and options add up."""
    found = Resolv([], [], [])
    for line in lines:
        words = line.split()
        if len(words) < 2:
            continue
        if words[0] == "nameserver":
            found.nameservers.append(words[1])
        elif words[0] == "search":
            found.searches[:] = words[1:]
        elif words[0] == "options":
            found.options.extend(words[1:])
    return found


def parse_hosts(lines: list[str]) -> list[tuple[str, list[str]]]:
    """hosts(5): address and names per line; comments and broken lines are left out."""
    entries: list[tuple[str, list[str]]] = []
    for line in lines:
        words = line.split("#", 1)[0].split()
        if len(words) >= 2:
            entries.append((words[0], words[1:]))
    return entries


def _aliases(view: PodView, seen: list[Observation]) -> list[HostAlias]:
    declared = [
        (text(alias, "ip"), _names(dig(alias, "hostnames")))
        for alias in items(view.pod, "spec", "hostAliases")
    ]
    looked = [found for found in seen if found.text.hosts]
    if not looked:
        return [HostAlias(ip=ip, hostnames=names, state="unknown") for ip, names in declared]
    rows: list[HostAlias] = []
    for found in looked:
        entry = view.container(found.container)
        own = entry is not None and mounts_own_hosts(entry)
        entries = parse_hosts(found.text.hosts)
        for ip, names in declared:
            state = "unknown" if own else _alias_state(entries, ip, names)
            rows.append(HostAlias(ip=ip, hostnames=names, state=state, container=found.container))
        if not own and _managed(found.text.hosts):
            rows += _undeclared(view, found.container, entries, declared)
    return rows


def mounts_own_hosts(entry: ContainerEntry) -> bool:
    """The kubelet leaves the /etc/hosts of a container alone that mounts its own."""
    return any(
        text(mount, "mountPath").rstrip("/") == "/etc/hosts"
        for mount in items(entry.spec, "volumeMounts")
    )


def _alias_state(entries: list[tuple[str, list[str]]], ip: str, names: list[str]) -> AliasState:
    there = {name for address, found in entries if _same_address(address, ip) for name in found}
    return "present" if set(names) <= there else "missing"


def _undeclared(
    view: PodView,
    container: str,
    entries: list[tuple[str, list[str]]],
    declared: list[tuple[str, list[str]]],
) -> Iterator[HostAlias]:
    """Lines of a managed hosts file that neither the kubelet nor hostAliases explain.

    A host-network pod gets the node's own file, whose lines nobody declared in the pod.
    """
    if view.host_network:
        return
    own_addresses = {text(each, "ip") for each in items(view.pod, "status", "podIPs")}
    own_addresses.add(text(view.pod, "status", "podIP"))
    for address, names in entries:
        allowed = {name for ip, found in declared if _same_address(address, ip) for name in found}
        left = [name for name in names if name not in allowed and name not in _KUBELET_NAMES]
        if left and address not in own_addresses:
            yield HostAlias(ip=address, hostnames=left, state="undeclared", container=container)


def _managed(lines: list[str]) -> bool:
    return any(line.startswith(_MANAGED) for line in lines[:3])


def _hostname_differs(expected: str, observed: str | None) -> list[str]:
    if not expected or observed is None or observed == expected:
        return []
    return [f"host name: the spec gives {expected}, the container has another one"]


def _dns_differs(view: PodView, resolv: Resolv | None) -> Iterator[str]:
    """The lines of dnsConfig are added to the policy's; with policy None they are all there is."""
    if resolv is None:
        return
    for field, found in (("nameservers", resolv.nameservers), ("searches", resolv.searches)):
        wanted = _names(dig(view.pod, "spec", "dnsConfig", field))
        lost = [each for each in wanted if each.rstrip(".") not in {f.rstrip(".") for f in found}]
        if lost:
            yield f"resolv.conf lacks {field} of dnsConfig: {', '.join(lost)}"
    options = {option.partition(":")[0]: option.partition(":")[2] for option in resolv.options}
    for option in items(view.pod, "spec", "dnsConfig", "options"):
        name, value = text(option, "name"), text(option, "value")
        if name and (name not in options or (value and options[name] != value)):
            yield f"resolv.conf lacks the option {name}{':' + value if value else ''} of dnsConfig"


def _names(listed: object) -> list[str]:
    return [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []


def _same_address(one: str, other: str) -> bool:
    """`::1` and `0:0:0:0:0:0:0:1` are one address."""
    if ":" not in one or ":" not in other:
        # An IPv4 address has one spelling.
        return one == other
    try:
        return ipaddress.ip_address(one) == ipaddress.ip_address(other)
    except ValueError:
        return one == other

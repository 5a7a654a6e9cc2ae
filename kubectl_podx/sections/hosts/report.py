"""The rows of this section, as the report prints them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.parts import FROM_INSIDE, FROM_SPEC
from kubectl_podx.model.wire import Wire
from kubectl_podx.model.words import AliasState


class HostAlias(Wire, frozen=True, kw_only=True):
    ip: Annotated[str, Meta(description="The address of the line.")]
    hostnames: Annotated[list[str], Meta(description="The names of the line.")]
    state: Annotated[
        AliasState, Meta(description="Whether /etc/hosts has it, and whether it was declared.")
    ]
    container: Annotated[
        str, Meta(description="The container in whose /etc/hosts it was looked for.")
    ] = ""


class Hosts(Wire, frozen=True, kw_only=True):
    hostname: Annotated[str, Meta(description="The host name that the spec gives.")] = ""
    observed_hostname: Annotated[
        str | None, Meta(description="The host name that the kernel has in the container.")
    ] = None
    subdomain: Annotated[str, Meta(description="spec.subdomain.")] = ""
    dns_policy: Annotated[str, Meta(description="spec.dnsPolicy.")] = ""
    aliases: Annotated[list[HostAlias], Meta(description="hostAliases against /etc/hosts.")] = []
    nameservers: Annotated[
        list[str], Meta(description="The name servers of resolv.conf in the container.")
    ] = []
    searches: Annotated[
        list[str], Meta(description="The search domains of resolv.conf in the container.")
    ] = []
    options: Annotated[
        list[str], Meta(description="The options of resolv.conf in the container.")
    ] = []
    differs: Annotated[list[str], Meta(description="What is not as declared.")] = []


ORIGINS: dict[str, str] = {
    "": f"{FROM_INSIDE}: /etc/hosts and /etc/resolv.conf",
    "hostname": f"{FROM_SPEC}: hostname, else the pod's name",
    "observedHostname": f"{FROM_INSIDE}: /proc/sys/kernel/hostname",
    "subdomain": f"{FROM_SPEC}: subdomain",
    "dnsPolicy": f"{FROM_SPEC}: dnsPolicy",
}
"""Where each field comes from, by its path below the section; empty for the section itself."""

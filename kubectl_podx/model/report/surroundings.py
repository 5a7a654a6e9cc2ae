"""What stands around a pod: scheduling, node, images, hosts, changes, injections."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.report.pod import Condition, Seconds, Time
from kubectl_podx.model.report.words import Confidence
from kubectl_podx.model.wire import Wire


class Change(Wire, frozen=True, kw_only=True):
    kind: Annotated[
        str,
        Meta(
            description="`rollout`, `image`, `template`, `config`, `resize`, `labels`, `replaced`."
        ),
    ]
    what: Annotated[str, Meta(description="What changed, in a sentence.")]
    before: Annotated[str, Meta(description="The value before.")] = ""
    after: Annotated[str, Meta(description="The value after.")] = ""
    time: Annotated[Time | None, Meta(description="When it was written.")] = None
    by: Annotated[str, Meta(description="The field manager, where managedFields tell.")] = ""
    object: Annotated[str, Meta(description="The object, as KIND/NAME.")] = ""


class Requirement(Wire, frozen=True, kw_only=True):
    kind: Annotated[
        str,
        Meta(
            description="`nodeSelector`, `nodeAffinity`, `toleration`, `schedulingGate`, `schedulerName`, `topology`."
        ),
    ]
    text: Annotated[str, Meta(description="The requirement as the spec has it.")]
    satisfied: Annotated[
        bool | None, Meta(description="By the node as it is now; null where it cannot be told.")
    ] = None
    detail: Annotated[str, Meta(description="What the node has instead.")] = ""


class Scheduling(Wire, frozen=True, kw_only=True):
    state: Annotated[str, Meta(description="`scheduled`, `pending`, `gated` or `unknown`.")]
    requirements: Annotated[
        list[Requirement], Meta(description="What the pod asks of a node, a row each.")
    ] = []
    reasons: Annotated[
        list[str], Meta(description="Why it is pending, as the scheduler counts it.")
    ] = []


class Node(Wire, frozen=True, kw_only=True):
    name: Annotated[str, Meta(description="The node's name.")]
    state: Annotated[
        str, Meta(description="`ready`, `notReady`, `missing`, `denied` or `unknown`.")
    ]
    cordoned: Annotated[
        bool | None, Meta(description="spec.unschedulable: it takes no new pods.")
    ] = None
    heartbeat_age: Annotated[
        Seconds | None,
        Meta(description="Since the newest heartbeat: an old one means an old status."),
    ] = None
    conditions: Annotated[list[Condition], Meta(description="status.conditions.")] = []
    taints: Annotated[
        list[str], Meta(description="Its taints, such as `key=value:NoSchedule`.")
    ] = []
    kubelet_version: Annotated[str, Meta(description="status.nodeInfo.kubeletVersion.")] = ""
    runtime: Annotated[str, Meta(description="status.nodeInfo.containerRuntimeVersion.")] = ""


class Image(Wire, frozen=True, kw_only=True):
    container: Annotated[str, Meta(description="The container that runs it.")]
    image: Annotated[str, Meta(description="As the spec names it.")]
    tag: Annotated[str, Meta(description="The tag, `latest` where none is written.")] = ""
    digest: Annotated[str, Meta(description="The digest of what runs.")] = ""
    pull_policy: Annotated[str, Meta(description="imagePullPolicy: when the kubelet pulls it.")] = (
        ""
    )
    pull_policy_basis: Annotated[str, Meta(description="`matchesDefault` or `declared`.")] = ""
    state: Annotated[str, Meta(description="`present`, `pulling`, `failed` or `unknown`.")] = (
        "unknown"
    )
    reason: Annotated[str, Meta(description="Why it is not there, in one word.")] = ""
    message: Annotated[str, Meta(description="Why it is not there, as the kubelet has it.")] = ""
    pull_secrets: Annotated[
        list[str],
        Meta(
            description="Names of the pull secrets, each with `ok`, `missing`, `denied` or `wrongType`."
        ),
    ] = []


class HostAlias(Wire, frozen=True, kw_only=True):
    ip: Annotated[str, Meta(description="The address of the line.")]
    hostnames: Annotated[list[str], Meta(description="The names of the line.")]
    state: Annotated[str, Meta(description="`present`, `missing`, `undeclared` or `unknown`.")]
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


class Injection(Wire, frozen=True, kw_only=True):
    path: Annotated[
        str, Meta(description="Where in the pod, such as `spec.containers[app].env[X]`.")
    ]
    change: Annotated[
        str,
        Meta(
            description="`added`, `changed` or `removed`; `absent` where it was to be expected and is not there."
        ),
    ]
    by: Annotated[
        str, Meta(description="Who added it, such as a webhook or an admission plugin.")
    ] = ""
    confidence: Annotated[Confidence, Meta(description="`proven`, `likely` or `possible`.")] = (
        "possible"
    )
    detail: Annotated[str, Meta(description="How it is known.")] = ""

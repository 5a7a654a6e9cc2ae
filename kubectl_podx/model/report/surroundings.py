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
    what: str
    before: str = ""
    after: str = ""
    time: Time | None = None
    by: Annotated[str, Meta(description="The field manager, where managedFields tell.")] = ""
    object: str = ""


class Requirement(Wire, frozen=True, kw_only=True):
    kind: Annotated[
        str,
        Meta(
            description="`nodeSelector`, `nodeAffinity`, `toleration`, `schedulingGate`, `schedulerName`, `topology`."
        ),
    ]
    text: str
    satisfied: Annotated[
        bool | None, Meta(description="By the node as it is now; null where it cannot be told.")
    ] = None
    detail: str = ""


class Scheduling(Wire, frozen=True, kw_only=True):
    state: Annotated[str, Meta(description="`scheduled`, `pending`, `gated` or `unknown`.")]
    requirements: list[Requirement] = []
    reasons: Annotated[
        list[str], Meta(description="Why it is pending, as the scheduler counts it.")
    ] = []


class Node(Wire, frozen=True, kw_only=True):
    name: str
    state: Annotated[
        str, Meta(description="`ready`, `notReady`, `missing`, `denied` or `unknown`.")
    ]
    cordoned: bool | None = None
    heartbeat_age: Annotated[
        Seconds | None,
        Meta(description="Since the newest heartbeat: an old one means an old status."),
    ] = None
    conditions: list[Condition] = []
    taints: list[str] = []
    kubelet_version: str = ""
    runtime: str = ""


class Image(Wire, frozen=True, kw_only=True):
    container: str
    image: str
    tag: str = ""
    digest: str = ""
    pull_policy: str = ""
    pull_policy_basis: str = ""
    state: Annotated[str, Meta(description="`present`, `pulling`, `failed` or `unknown`.")] = (
        "unknown"
    )
    reason: str = ""
    message: str = ""
    pull_secrets: Annotated[
        list[str], Meta(description="Each with `ok`, `missing`, `denied` or `wrongType`.")
    ] = []


class HostAlias(Wire, frozen=True, kw_only=True):
    ip: str
    hostnames: list[str]
    state: Annotated[str, Meta(description="`present`, `missing`, `undeclared` or `unknown`.")]
    container: str = ""


class Hosts(Wire, frozen=True, kw_only=True):
    hostname: str = ""
    observed_hostname: str | None = None
    subdomain: str = ""
    dns_policy: str = ""
    aliases: list[HostAlias] = []
    nameservers: Annotated[list[str], Meta(description="Of resolv.conf, as observed.")] = []
    searches: list[str] = []
    options: list[str] = []
    differs: Annotated[list[str], Meta(description="What is not as declared.")] = []


class Injection(Wire, frozen=True, kw_only=True):
    path: Annotated[
        str, Meta(description="Where in the pod, such as `spec.containers[app].env[X]`.")
    ]
    change: Annotated[str, Meta(description="`added`, `changed` or `removed`.")]
    by: Annotated[str, Meta(description="What added it.")] = ""
    confidence: Confidence = "possible"
    detail: str = ""

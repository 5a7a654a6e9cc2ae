"""What a waiting container's message names, and whether the pod still waits for its volumes. Pure.

The texts are the kubelet's (pkg/kubelet/kubelet_pods.go, security_context_others.go).
"""

from __future__ import annotations

import re

from msgspec import Struct

from kubectl_podx.model.patterns import lazy
from kubectl_podx.pod.pod import BEING_CREATED
from kubectl_podx.pod.start_error import without_names
from kubectl_podx.rules.rule import Case

_MISSING_OBJECT = lazy(r'\b(configmap|secret) "([^"]{1,253})" not found')

_MISSING_KEY = lazy(r"couldn't find key (\S{1,253}) in (ConfigMap|Secret) [^/\s]{1,63}/(\S{1,253})")

_KINDS = {"configmap": "ConfigMap", "secret": "Secret"}


class Missing(Struct, frozen=True):
    """An object or key that a container needs."""

    kind: str
    name: str
    key: str = ""

    def __str__(self) -> str:
        what = f"{self.kind} {self.name}"
        return f"key {self.key} of {what}" if self.key else what


def missing_source(message: str) -> Missing | None:
    """The ConfigMap, Secret or key that the message says is not there."""
    key = _MISSING_KEY.search(message)
    if key:
        return Missing(key.group(2), key.group(3), key.group(1))
    found = _MISSING_OBJECT.search(message)
    return Missing(_KINDS[found.group(1)], found.group(2)) if found else None


def config_reason(message: str) -> str:
    """Plain words for a CreateContainerConfigError that names no missing source."""
    if "breaks non-root policy" in message:
        return "runAsUser is 0 although runAsNonRoot is set"
    if "has non-numeric user" in message:
        return "the image's user is a name, so that it is not root cannot be checked"
    if "runAsNonRoot" in message:
        return "the image runs as root, which runAsNonRoot forbids"
    if "subPath" in message or "SubPath" in message:
        return "a subPath cannot be prepared"
    if "environment variable key" in message or "parse env file" in message:
        return "an environment file cannot be read"
    if "unable to find target container" in message:
        return "the debug container's target does not exist"
    return "its configuration cannot be put together"


def pull_reason(message: str, image: str = "") -> str:
    """Plain words for why an image cannot be pulled, from the registry's or runtime's text.

    Names are cut out first: `x509-certificate-exporter` is no certificate problem.
    """
    repository = image.partition("@")[0].rpartition(":")[0] or image
    said = without_names(message, image, repository, image.rpartition("/")[2])
    for signs, words in _PULL_REASONS:
        if re.search("|".join(signs), said):
            return words
    return "the runtime could not pull it"


# The first that fits; a registry that hides private images answers `denied` or `not found` alike.
_PULL_REASONS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        (r"\btoomanyrequests\b", r"\b429 too many requests\b", r"\brate limit"),
        "the registry limits the rate",
    ),
    (
        (r"\bno matching manifest\b", r"\bno match for platform\b", r"\bexec format\b"),
        "there is none for the node's platform",
    ),
    (
        (
            r"\bmanifest unknown\b",
            r"\bname unknown\b",
            r"\bmanifest for\b",
            r": not found\b",
            r"does not exist or no pull access",
        ),
        "the tag or repository does not exist there, or needs credentials",
    ),
    (
        (r"\bpull access denied\b", r"\binsufficient_scope\b", r"may require authorization"),
        "the registry refuses the credentials, or there is no such repository",
    ),
    (
        (
            r"\b401\b",
            r"\bunauthorized\b",
            r"\bauthentication required\b",
            r"\bno basic auth\b",
        ),
        "the registry wants credentials (401): there are none, or they are wrong",
    ),
    (
        (r"\b403\b", r"\bforbidden\b", r"(?<!permission )\bdenied\b"),
        "the registry refuses the credentials (403): they do not allow to pull this image",
    ),
    (
        (r"\bno such host\b", r"\bserver misbehaving\b", r"\blookup \S{1,300} on \S{1,100}: "),
        "the registry's name cannot be resolved on the node",
    ),
    (
        (r"\bserver gave http response to https", r"\bdoes not look like a tls handshake"),
        "the registry speaks plain HTTP, which the runtime does not allow",
    ),
    (
        (r"\bx509: ", r"\bcertificate\b"),
        "the registry's certificate is not trusted by the node",
    ),
    ((r"\btls: ",), "the TLS handshake with the registry fails"),
    (
        (
            r"\bconnection refused\b",
            r"\bconnection reset\b",
            r"\bi/o timeout\b",
            r"\bdeadline exceeded\b",
            r"\bno route to host\b",
            r"\bnetwork is unreachable\b",
            r"\beof\b",
        ),
        "the registry cannot be reached from the node",
    ),
    ((r"\bno space left\b",), "the node's disk is full"),
)


def before_sandbox(case: Case) -> bool:
    """Whether the kubelet has the pod and no container of it has begun.

    Volumes come first, then the sandbox (pkg/kubelet SyncPod). Their failures exist as events only,
    and an event stays after the trouble is over: the condition PodReadyToStartContainers, or a
    container that has begun, proves that it is.
    """
    report = case.report
    if not report.pod.node or report.pod.deletion_timestamp:
        return False
    if case.view.api.has("PodReadyToStartContainers"):
        return False
    rows = report.containers or []
    begun = any(entry.begun for entry in case.view.containers)
    waits = [row for row in rows if row.state == "waiting" and row.reason in BEING_CREATED]
    started = any(row.state in ("running", "terminated") for row in rows)
    return bool(waits) and not begun and not started

"""Well-known sources of injected things, told by the names they use."""

from __future__ import annotations

from typing import NamedTuple

from kubectl_podx.model.raw import Json, mapping, text
from kubectl_podx.model.words import Confidence
from kubectl_podx.pod.view import PodView


class Source(NamedTuple):
    """Who added something, and how sure that is."""

    name: str = ""
    """Empty where it cannot be told."""
    confidence: Confidence = "possible"


_UNKNOWN = Source()

SERVICE_ACCOUNT = "ServiceAccount admission plugin"
DEFAULT_TOLERATIONS = "default tolerations of the API server or the DaemonSet"
PRIORITY = "Priority admission plugin"
RUNTIME_CLASS = "RuntimeClass admission plugin"
LIMIT_RANGER = "LimitRanger admission plugin"
DEFAULTING = "API defaulting"
EXTENDED_RESOURCE = "ExtendedResourceToleration admission plugin"
JOB = "the Job controller"
ORDINARY = frozenset(
    {
        SERVICE_ACCOUNT,
        DEFAULT_TOLERATIONS,
        PRIORITY,
        DEFAULTING,
        "the StatefulSet controller",
        "the DaemonSet controller",
        JOB,
    }
)
"""What happens to every pod of its kind: it tells nothing."""

# A word in a container's name or image, a variable's, volume's or annotation's name -> who.
_SIGNS: tuple[tuple[str, str], ...] = (
    ("istio", "Istio's sidecar injector"),
    ("linkerd", "Linkerd's proxy injector"),
    ("vault-agent", "Vault's agent injector"),
    ("vault.hashicorp.com", "Vault's agent injector"),
    ("consul-connect", "Consul's connect injector"),
    ("consul.hashicorp.com", "Consul's connect injector"),
    ("daprd", "Dapr's sidecar injector"),
    ("dapr.io", "Dapr's sidecar injector"),
    ("opentelemetry", "the OpenTelemetry operator"),
    ("otel", "the OpenTelemetry operator"),
    ("datadog", "Datadog's admission controller"),
    ("dd_", "Datadog's admission controller"),
    ("dynatrace", "Dynatrace's operator"),
    ("eks.amazonaws.com", "Amazon's pod identity webhook"),
    ("aws-iam-token", "Amazon's pod identity webhook"),
    ("aws_", "Amazon's pod identity webhook"),
    ("azure-identity-token", "Azure's workload identity webhook"),
    ("azure.workload.identity", "Azure's workload identity webhook"),
    ("azure_", "Azure's workload identity webhook"),
    ("gke-metadata", "Google's workload identity"),
    ("cni.projectcalico.org", "Calico's network plugin"),
    ("k8s.v1.cni.cncf.io", "the network plugin (Multus)"),
    ("kubectl.kubernetes.io/restartedat", "kubectl rollout restart"),
    ("podpreset.admission.kubernetes.io", "a PodPreset"),
    ("kubernetes.io/limit-ranger", LIMIT_RANGER),
    ("nvidia", "NVIDIA's operator or device plugin"),
)


def source_of(view: PodView, *, name: str = "", container: Json | None = None) -> Source:
    """Who probably added a thing of this name, or this container.

    By the name alone it is only likely. A PodPreset's annotation names its pod as changed, but not
    which of the changes is its own.
    """
    said = " ".join((name, text(container, "name"), text(container, "image"))).lower()
    for sign, who in _SIGNS:
        if sign in said:
            return Source(who, "likely")
    if any(
        key.startswith("podpreset.admission.kubernetes.io/")
        for key in mapping(view.pod, "metadata", "annotations")
    ):
        return Source("a PodPreset")
    return _UNKNOWN

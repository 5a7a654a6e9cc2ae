"""Well-known sources of injected things, told by the names they use."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import Json, dig, items, mapping, number, text
from kubectl_podx.model.words import Confidence
from kubectl_podx.pod.pod import containers
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.injections.report import Injection


class Source(Struct, frozen=True):
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


_SELECTOR = "spec.nodeSelector["
_TOLERATION = "spec.tolerations["


def scheduling_source(view: PodView, row: Injection) -> Injection | None:
    """The row of a nodeSelector's label or a toleration with the plugin that adds such; or None."""
    if row.change != "added" or not row.path.startswith((_SELECTOR, _TOLERATION)):
        return None
    sure = _of_runtime_class(view, row.path)
    if sure is not None:
        name = text(view.pod, "spec", "runtimeClassName")
        detail = f"RuntimeClass {name} has it" if sure == "likely" else "its class was not read"
        return msgspec.structs.replace(row, by=RUNTIME_CLASS, confidence=sure, detail=detail)
    if row.path.startswith(_TOLERATION) and _of_extended_resource(view, row.path):
        detail = "a container asks for the resource of this name"
        return msgspec.structs.replace(
            row, by=EXTENDED_RESOURCE, confidence="likely", detail=detail
        )
    return None


def _of_runtime_class(view: PodView, path: str) -> Confidence | None:
    """plugin/pkg/admission/runtimeclass: both are of the class's `scheduling`.

    The class as it is now: never more than likely.
    """
    name = text(view.pod, "spec", "runtimeClassName")
    if not name:
        return None
    stored = view.capture.objects.get(f"RuntimeClass//{name}")
    if stored is None or stored.body is None:
        # Nobody asked, or it may not be read, or is gone.
        return "possible" if path.startswith(_SELECTOR) else None
    scheduling = mapping(stored.body, "scheduling")
    if path.startswith(_SELECTOR):
        label = path[len(_SELECTOR) : -1]
        mine = mapping(view.pod, "spec", "nodeSelector").get(label)
        theirs = mapping(scheduling, "nodeSelector").get(label)
        return "likely" if mine is not None and mine == theirs else None
    theirs_all = [dict(each) for each in items(scheduling, "tolerations")]
    found = any(dict(each) in theirs_all for each in _tolerations(view, path))
    return "likely" if found else None


def _of_extended_resource(view: PodView, path: str) -> bool:
    """plugin/pkg/admission/extendedresourcetoleration: NoSchedule of the resource's own name."""
    for toleration in _tolerations(view, path):
        key = text(toleration, "key")
        wanted = {"key": key, "operator": "Exists", "effect": "NoSchedule"}
        asked = any(
            key in mapping(entry.spec, "resources", "requests") for entry in containers(view.pod)
        )
        if "/" in key and dict(toleration) == wanted and asked:
            return True
    return False


def _tolerations(view: PodView, path: str) -> list[Json]:
    key = path[len(_TOLERATION) : -1]
    return [each for each in items(view.pod, "spec", "tolerations") if dig(each, "key") == key]


# Path, with every item of a list as [] -> the values that are defaults there.
_DEFAULTS: dict[str, tuple[Any, ...]] = {
    "spec.restartPolicy": ("Always",),
    "spec.dnsPolicy": ("ClusterFirst",),
    "spec.schedulerName": ("default-scheduler",),
    "spec.terminationGracePeriodSeconds": (30,),
    "spec.securityContext": ({},),
    "spec.enableServiceLinks": (True,),
    "spec.hostNetwork": (False,),
    "container.terminationMessagePath": ("/dev/termination-log",),
    "container.terminationMessagePolicy": ("File",),
    "container.imagePullPolicy": ("Always", "IfNotPresent"),
    "container.resources": ({},),
    "container.ports[].protocol": ("TCP",),
    "container.probe.timeoutSeconds": (1,),
    "container.probe.periodSeconds": (10,),
    "container.probe.successThreshold": (1,),
    "container.probe.failureThreshold": (3,),
    "container.probe.httpGet.scheme": ("HTTP",),
    "container.probe.httpGet.path": ("/",),
    "container.probe.grpc.service": ("",),
    "container.lifecycle.preStop.httpGet.scheme": ("HTTP",),
    "container.lifecycle.preStop.httpGet.path": ("/",),
    "container.lifecycle.postStart.httpGet.scheme": ("HTTP",),
    "container.lifecycle.postStart.httpGet.path": ("/",),
    "container.securityContext.procMount": ("Default",),
    "volume.configMap.defaultMode": (0o644,),
    "volume.secret.defaultMode": (0o644,),
    "volume.downwardAPI.defaultMode": (0o644,),
    "volume.downwardAPI.items[].fieldRef.apiVersion": ("v1",),
    "volume.downwardAPI.items[].resourceFieldRef.divisor": ("0",),
    "volume.projected.sources[].downwardAPI.items[].resourceFieldRef.divisor": ("0",),
    "volume.projected.sources[].podCertificate.maxExpirationSeconds": (86400,),
    "volume.emptyDir": ({},),
    "volume.image.pullPolicy": ("Always", "IfNotPresent"),
    "volume.iscsi.iscsiInterface": ("default",),
    "volume.rbd.pool": ("rbd",),
    "volume.rbd.user": ("admin",),
    "volume.rbd.keyring": ("/etc/ceph/keyring",),
    "volume.azureDisk.cachingMode": ("ReadWrite",),
    "volume.azureDisk.kind": ("Shared",),
    "volume.azureDisk.fsType": ("ext4",),
    "volume.scaleIO.storageMode": ("ThinProvisioned",),
    "volume.scaleIO.fsType": ("xfs",),
    "volume.projected.defaultMode": (0o644,),
    "volume.projected.sources[].serviceAccountToken.expirationSeconds": (3600,),
    "volume.projected.sources[].downwardAPI.items[].fieldRef.apiVersion": ("v1",),
    "volume.ephemeral.volumeClaimTemplate.spec.volumeMode": ("Filesystem",),
}

_ITEM = lazy(r"\[[^\]]*\]")
_CONTAINER = lazy(r"^spec\.(?:init|ephemeral)?[cC]ontainers\[\]")
_PROBE = lazy(r"^container\.(?:liveness|readiness|startup)Probe")
_VOLUME = lazy(r"^spec\.volumes\[\]")
_REQUEST = lazy(r"^(?:container|spec)\.resources\.requests\.(.+)$")


def is_default(
    path: str, value: Any, container: Json | None = None, spec: Json | None = None
) -> bool:
    """Whether the API server would have put this value there.

    `container`: the container that the path is in, of the pod's `spec`. Requests that are not
    written follow the limits; with the node's network a port of a container is one of the node.
    """
    plain = _CONTAINER.sub("container", _ITEM.sub("[]", path))
    plain = _PROBE.sub("container.probe", plain)
    plain = _VOLUME.sub("volume", plain)
    if plain == "container.ports[].hostPort":
        ports = [number(port, "containerPort") for port in items(container, "ports")]
        return dig(spec, "hostNetwork") is True and value in ports
    if plain == "container.resizePolicy":
        policies = [dig(each, "restartPolicy") for each in items({"all": value}, "all")]
        return bool(policies) and set(policies) == {"NotRequired"}
    limits = mapping(spec if container is None else container, "resources", "limits")
    request = _REQUEST.match(plain)
    if request:
        return value is not None and limits.get(request[1]) == value
    return any(value == one and type(value) is type(one) for one in _DEFAULTS.get(plain, ()))

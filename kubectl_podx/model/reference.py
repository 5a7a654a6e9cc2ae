"""Objects of the API: by kind, namespace and name, and by label selector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from kubectl_podx.model.raw import dig, items, mapping, text


class Resource(NamedTuple):
    """Where the API serves a kind."""

    prefix: str
    """`api/v1` or `apis/GROUP/VERSION`."""
    plural: str
    namespaced: bool = True
    group: str = ""
    kind: str = ""
    """As the API calls it, where another kind here is called so."""


CALICO = "crd.projectcalico.org"

RESOURCES: dict[str, Resource] = {
    "Pod": Resource("api/v1", "pods"),
    "ConfigMap": Resource("api/v1", "configmaps"),
    "Secret": Resource("api/v1", "secrets"),
    "ServiceAccount": Resource("api/v1", "serviceaccounts"),
    "Service": Resource("api/v1", "services"),
    "Event": Resource("api/v1", "events"),
    "Node": Resource("api/v1", "nodes", namespaced=False),
    "PersistentVolumeClaim": Resource("api/v1", "persistentvolumeclaims"),
    "PersistentVolume": Resource("api/v1", "persistentvolumes", namespaced=False),
    "ReplicationController": Resource("api/v1", "replicationcontrollers"),
    "ReplicaSet": Resource("apis/apps/v1", "replicasets", group="apps"),
    "Deployment": Resource("apis/apps/v1", "deployments", group="apps"),
    "StatefulSet": Resource("apis/apps/v1", "statefulsets", group="apps"),
    "DaemonSet": Resource("apis/apps/v1", "daemonsets", group="apps"),
    "Job": Resource("apis/batch/v1", "jobs", group="batch"),
    "CronJob": Resource("apis/batch/v1", "cronjobs", group="batch"),
    "EndpointSlice": Resource(
        "apis/discovery.k8s.io/v1", "endpointslices", group="discovery.k8s.io"
    ),
    "ControllerRevision": Resource("apis/apps/v1", "controllerrevisions", group="apps"),
    "ResourceQuota": Resource("api/v1", "resourcequotas"),
    "LimitRange": Resource("api/v1", "limitranges"),
    "HorizontalPodAutoscaler": Resource(
        "apis/autoscaling/v2", "horizontalpodautoscalers", group="autoscaling"
    ),
    "PodDisruptionBudget": Resource("apis/policy/v1", "poddisruptionbudgets", group="policy"),
    "NetworkPolicy": Resource(
        "apis/networking.k8s.io/v1", "networkpolicies", group="networking.k8s.io"
    ),
    "StorageClass": Resource(
        "apis/storage.k8s.io/v1", "storageclasses", namespaced=False, group="storage.k8s.io"
    ),
    "CSINode": Resource(
        "apis/storage.k8s.io/v1", "csinodes", namespaced=False, group="storage.k8s.io"
    ),
    "VolumeAttachment": Resource(
        "apis/storage.k8s.io/v1", "volumeattachments", namespaced=False, group="storage.k8s.io"
    ),
    "ResourceClaim": Resource("apis/resource.k8s.io/v1", "resourceclaims", group="resource.k8s.io"),
    "DeviceClass": Resource(
        "apis/resource.k8s.io/v1", "deviceclasses", namespaced=False, group="resource.k8s.io"
    ),
    "CalicoNetworkPolicy": Resource(
        f"apis/{CALICO}/v1", "networkpolicies", group=CALICO, kind="NetworkPolicy"
    ),
    "CalicoGlobalNetworkPolicy": Resource(
        f"apis/{CALICO}/v1",
        "globalnetworkpolicies",
        namespaced=False,
        group=CALICO,
        kind="GlobalNetworkPolicy",
    ),
    "CiliumNetworkPolicy": Resource(
        "apis/cilium.io/v2", "ciliumnetworkpolicies", group="cilium.io"
    ),
    "CiliumClusterwideNetworkPolicy": Resource(
        "apis/cilium.io/v2",
        "ciliumclusterwidenetworkpolicies",
        namespaced=False,
        group="cilium.io",
    ),
    "VerticalPodAutoscaler": Resource(
        "apis/autoscaling.k8s.io/v1", "verticalpodautoscalers", group="autoscaling.k8s.io"
    ),
    "Namespace": Resource("api/v1", "namespaces", namespaced=False),
    "ValidatingWebhookConfiguration": Resource(
        "apis/admissionregistration.k8s.io/v1",
        "validatingwebhookconfigurations",
        namespaced=False,
        group="admissionregistration.k8s.io",
    ),
    "MutatingWebhookConfiguration": Resource(
        "apis/admissionregistration.k8s.io/v1",
        "mutatingwebhookconfigurations",
        namespaced=False,
        group="admissionregistration.k8s.io",
    ),
    "MutatingAdmissionPolicy": Resource(
        "apis/admissionregistration.k8s.io/v1",
        "mutatingadmissionpolicies",
        namespaced=False,
        group="admissionregistration.k8s.io",
    ),
    "MutatingAdmissionPolicyBinding": Resource(
        "apis/admissionregistration.k8s.io/v1",
        "mutatingadmissionpolicybindings",
        namespaced=False,
        group="admissionregistration.k8s.io",
    ),
    "RuntimeClass": Resource(
        "apis/node.k8s.io/v1", "runtimeclasses", namespaced=False, group="node.k8s.io"
    ),
    "PriorityClass": Resource(
        "apis/scheduling.k8s.io/v1", "priorityclasses", namespaced=False, group="scheduling.k8s.io"
    ),
    "PodMetrics": Resource("apis/metrics.k8s.io/v1beta1", "pods", group="metrics.k8s.io"),
    "PodPreset": Resource(
        "apis/redhatcop.redhat.io/v1alpha1", "podpresets", group="redhatcop.redhat.io"
    ),
}
"""Every kind that podx may read. A kind that is not here is never asked for."""


SHORT_NAMES = {
    "Deployment": "deploy",
    "StatefulSet": "sts",
    "DaemonSet": "ds",
    "ReplicaSet": "rs",
    "ReplicationController": "rc",
    "Job": "job",
    "CronJob": "cronjob",
    "Service": "svc",
}
"""What a person types, and commands are printed with, for a kind that stands for pods."""


class Reference(NamedTuple):
    """An object by kind, namespace and name; the namespace is empty for cluster-wide kinds."""

    kind: str
    namespace: str
    name: str

    @property
    def key(self) -> str:
        """`KIND/NAMESPACE/NAME`, the object's key in a Capture's store."""
        return f"{self.kind}/{self.namespace}/{self.name}"

    @classmethod
    def of_key(cls, key: str) -> Reference:
        """The inverse of `key`; ValueError for anything else."""
        kind, namespace, name = key.split("/", 2)
        return cls(kind, namespace, name)

    @property
    def resource(self) -> Resource:
        """Where the API serves it; KeyError for a kind that podx does not read."""
        return RESOURCES[self.kind]


def called(kind: str) -> str:
    """What the API calls a kind."""
    resource = RESOURCES.get(kind)
    return (resource.kind if resource else "") or kind


def selector_text(selector: object) -> str:
    """A LabelSelector as the `labelSelector` query writes it; empty where it selects nothing."""
    parts = [f"{key}={value}" for key, value in sorted(mapping(selector, "matchLabels").items())]
    for term in items(selector, "matchExpressions"):
        key, operator = text(term, "key"), text(term, "operator")
        values = ",".join(str(v) for v in dig(term, "values") or [])
        match operator:
            case "In":
                parts.append(f"{key} in ({values})")
            case "NotIn":
                parts.append(f"{key} notin ({values})")
            case "Exists":
                parts.append(key)
            case "DoesNotExist":
                parts.append(f"!{key}")
            case _:
                continue
    return ",".join(parts)


def selects(selector: object, labels: Mapping[str, object]) -> bool | None:
    """Whether a LabelSelector selects these labels; an empty one selects everything.

    None for a selector that the API server refuses: an unknown operator, In and NotIn without
    values, Exists and DoesNotExist with values
    (LabelSelectorAsSelector, apimachinery/pkg/apis/meta/v1/helpers.go).
    """
    wanted = mapping(selector, "matchLabels")
    found = all(key in labels and labels[key] == value for key, value in wanted.items())
    for term in items(selector, "matchExpressions"):
        key, operator = text(term, "key"), text(term, "operator")
        given = dig(term, "values")
        values = given if isinstance(given, list) else []
        if operator not in _OPERATORS or bool(values) != _OPERATORS[operator]:
            return None
        has = key in labels
        inside = has and labels[key] in values
        # A label that is not there satisfies NotIn (apimachinery/pkg/labels/selector.go).
        found &= {"In": inside, "NotIn": not inside, "Exists": has, "DoesNotExist": not has}[
            operator
        ]
    return found


_OPERATORS = {"In": True, "NotIn": True, "Exists": False, "DoesNotExist": False}
"""Operator -> whether it takes values."""

"""What became of the kind PodPreset: `kubectl podx explain PodPreset`."""

from __future__ import annotations

WORDS = frozenset({"podpreset", "podpresets"})

STORY = """\
KIND:       PodPreset
VERSION:    settings.k8s.io/v1alpha1 (until Kubernetes 1.19)
            redhatcop.redhat.io/v1alpha1 (a webhook's own kind, with the same spec)

WHAT BECAME OF IT:
    An alpha of Kubernetes 1.6 that never became a beta; it was off unless an administrator had
    switched it on, and it was removed in 1.20. 'kubectl apply' of such a file ends with
    'no matches for kind "PodPreset" in version "settings.k8s.io/v1alpha1"'. Nothing is wrong with
    the file: no server of today knows the kind.

WHAT IT DID:
    When a pod was created, every PodPreset of its namespace whose selector fitted the pod's labels
    added its env, envFrom, volumes and volumeMounts to all containers and init containers. Where
    one entry was in conflict with what the pod had, nothing at all was applied: no annotation, no
    event, the pod was created as it was written. A pod that was there already never changed.

WHAT TO DO:
    See what it does to a pod:
        kubectl podx preset preview --preset preset.yaml -f pod.yaml
    Get the admission policy that does the same today (Kubernetes 1.36 and newer):
        kubectl podx preset convert --preset preset.yaml -n NAMESPACE
    See what it left on a running pod, by its annotations:
        kubectl podx injected POD
    Or write the entries into the pod's template, which needs nothing of the cluster.

MORE:
    docs/PODPRESET.md has every rule of merging and conflict.
"""

NOTE = (
    "Note: settings.k8s.io/v1alpha1 is not served since Kubernetes 1.20; 'kubectl podx preset "
    "convert' prints what does the same today, 'kubectl podx explain PodPreset' tells more."
)
"""For standard error, where a file holds the kind that is gone."""

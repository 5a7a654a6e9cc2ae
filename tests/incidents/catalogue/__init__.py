"""Every incident: `INCIDENTS` has the broken pods and `HEALTHY` those that must yield no warning.

What one node of this kind cannot bring about, and so is not here:

- a liveness or startup probe of a regular init container: the API refuses both;
- nodeOOM and eviction for the node's memory, disk or pids: the node would take its other pods
  along, and the thresholds that spare them cannot be met;
- nodeShutdown: the kubelet learns of it from systemd-logind, which is not there;
- a lost or removed node (NodeLost, PodGC), and a reboot: the one node is the cluster;
- deletion by the taint manager: a NoExecute taint would drive out every other pod of the node;
- preemption by the kubelet (`Preempting`): it chooses among all pods of the node;
- SIGSYS: a seccomp profile of our own would have to be put on the node;
- memory.oom.group (a child's OOM takes the whole container) where the node has cgroup v1: what is
  expected of those incidents instead stands beside them (`whole_group`).
"""

from __future__ import annotations

from incidents.catalogue import (
    devices,
    exits,
    healthy,
    healthy_changes,
    joined,
    joined_limits,
    joined_network,
    joined_settings,
    memory,
    mixed,
    outside,
    pod_ends,
    probe_kills,
    probe_troubles,
    public,
    public_healthy,
    public_network,
    reported,
    rivals,
    scheduling,
    starts,
    stops,
    workloads,
)
from incidents.incident import Incident

INCIDENTS: tuple[Incident, ...] = (
    *probe_kills.INCIDENTS,
    *probe_troubles.INCIDENTS,
    *memory.INCIDENTS,
    *exits.INCIDENTS,
    *starts.INCIDENTS,
    *stops.INCIDENTS,
    *pod_ends.INCIDENTS,
    *scheduling.INCIDENTS,
    *devices.INCIDENTS,
    *mixed.INCIDENTS,
    *reported.INCIDENTS,
    *outside.INCIDENTS,
    *public.INCIDENTS,
    *public_network.INCIDENTS,
    *rivals.INCIDENTS,
    *joined.INCIDENTS,
    *joined_settings.INCIDENTS,
    *joined_network.INCIDENTS,
    *joined_limits.INCIDENTS,
)
HEALTHY: tuple[Incident, ...] = (
    *healthy.INCIDENTS,
    *healthy_changes.INCIDENTS,
    *public_healthy.INCIDENTS,
    reported.UNCHECKED,
    *joined.HEALTHY,
    *joined_settings.HEALTHY,
    *joined_limits.HEALTHY,
)
EVERY = (*INCIDENTS, *HEALTHY)
WORKLOADS: tuple[Incident, ...] = workloads.WORKLOADS
"""Those about a workload, which may have no pod at all."""

SAMPLE = (
    "liveness-never",
    "liveness-grpc",
    "startup-never",
    "oom-never",
    "oom-pod-level-limit",
    "oom-child-exit-0",
    "start-missing-binary",
    "exit-never",
    "init-failed-never",
    "sigkill-neighbour",
    "post-start-fails",
    "definition-changed-0",
    "resize-restart",
    "sandbox-changed",
    "deleted",
    "deleting-slowly",
    "restart-all-containers",
    "evicted-empty-dir",
    "deadline-exceeded",
    "rejected-cpu",
    "preempted",
    "readiness-http-500",
    "readiness-gate",
    "config-map-missing",
    "image-never",
    "claim-missing",
    "pending-cpu",
    "fine-job",
    "fine-sources",
    "fine-shared-pid",
)
"""The quick ones of each kind of cause: what a node that is emulated is asked for every time."""

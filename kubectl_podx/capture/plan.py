"""The one list of what is asked: a pod and the wanted sections -> planned calls. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.capture.exec_policy import memory_limits
from kubectl_podx.capture.plan_addons import after_groups, of_a_pod, of_addons
from kubectl_podx.capture.plan_outside import (
    after_claim,
    after_device_claim,
    attached_volumes,
    device_claims,
    holders_of_ports,
    is_unschedulable,
    preempted_for,
)
from kubectl_podx.capture.plan_workloads import (
    WORKLOAD,
    after_owned,
    any_workload,
    is_owned_by,
    tell_of_webhooks,
    webhooks,
    workload_calls,
)
from kubectl_podx.capture.planned import (
    LookOptions,
    PlannedCall,
    Right,
    get_object,
    get_pod,
    get_version,
    list_all,
    names_elsewhere,
    right_to,
)
from kubectl_podx.model.raw import Json, dig, items, mapping, number, text
from kubectl_podx.model.reference import RESOURCES, Reference, selector_text
from kubectl_podx.pod.pod import ContainerEntry, Pod, containers
from kubectl_podx.pod.workload import SCANNED
from kubectl_podx.podpreset.preset import has_preset_annotation
from kubectl_podx.sections.table import LOOKS_INSIDE

__all__ = [
    "WORKLOAD",
    "LookOptions",
    "PlannedCall",
    "Right",
    "after_groups",
    "after_owned",
    "any_workload",
    "get_object",
    "get_pod",
    "get_version",
    "is_owned_by",
    "list_nodes",
    "list_workloads",
    "names_elsewhere",
    "of_addons",
    "pod_calls",
    "right_to",
    "source_names",
    "tell_of_webhooks",
    "triage_calls",
    "webhooks",
    "workload_calls",
]

_MAX_LOG_BYTES = 65536


def pod_calls(reference: Reference, pod: Json, options: LookOptions) -> list[PlannedCall]:
    """Everything that a report about this pod asks for, beside the pod."""
    calls = [
        *_execs(reference, pod, options),
        *_memory_readings(reference, pod, options),
        *_events(reference, pod),
        *_node_events(pod),
        *_sources(reference, pod),
        *_surroundings(reference, pod),
        *_siblings(reference, pod),
        *presets(reference, pod, options),
        *changers(reference, pod, options),
        *(_logs(reference, pod, options) if options.logs else ()),
    ]
    return [call for call in calls if options.wants(*call.sections) or _always(call)]


def triage_calls(namespace: str = "") -> list[PlannedCall]:
    """What a triage asks for beside what it looks at: all pods and workloads, page by page, and the
    nodes; a shard of several asks for the namespaces, too.
    """
    workloads = [list_workloads(kind, namespace) for kind in SCANNED]
    shard = _listing("Namespace", "", "shard")
    return [_listing("Pod", namespace, "triage"), *workloads, list_nodes(), shard]


def list_workloads(kind: str, namespace: str) -> PlannedCall:
    """Every workload of a kind: which of them lack pods."""
    return _listing(kind, namespace, "triage")


def list_nodes() -> PlannedCall:
    """Every node's Ready condition."""
    return _listing("Node", "", "triage")


def _listing(kind: str, namespace: str, section: str) -> PlannedCall:
    right = right_to("list", RESOURCES[kind], namespace)
    return PlannedCall("list", f"{kind}/", (section,), right, Reference(kind, namespace, ""))


def _always(call: PlannedCall) -> bool:
    """Secrets are read whatever is asked for: what they hold is scrubbed from messages and logs."""
    return "all" in call.sections or (call.kind == "get" and call.reference.kind == "Secret")


def _execs(reference: Reference, pod: Json, options: LookOptions) -> Iterator[PlannedCall]:
    if not options.exec_allowed:
        return
    for entry in containers(pod):
        if not entry.running or (options.container and entry.name != options.container):
            continue
        # A WebSocket exec is a GET; servers from 1.35 on ask for `create` too.
        right = Right(("get", "create"), "pods/exec", "", reference.namespace, reference.name)
        yield PlannedCall(
            "exec",
            reference.key,
            LOOKS_INSIDE,
            right,
            reference,
            container=entry.name,
        )


def _memory_readings(
    reference: Reference, pod: Json, options: LookOptions
) -> Iterator[PlannedCall]:
    """What tells whether an exec can be afforded, where a container has a memory limit.

    The kubelet is asked only if `metrics.k8s.io` does not tell (see capture/exec_gate.py).
    """
    execs = list(_execs(reference, pod, options))
    entries = {entry.name: entry for entry in containers(pod)}
    if options.force_exec or not any(memory_limits(pod, entries[each.container]) for each in execs):
        return
    metrics = Reference("PodMetrics", reference.namespace, reference.name)
    yield PlannedCall(
        "podMetrics",
        reference.key,
        LOOKS_INSIDE,
        right_to("get", metrics.resource, metrics.namespace, metrics.name),
        metrics,
    )
    node = text(pod, "spec", "nodeName")
    if node:
        yield PlannedCall(
            "stats",
            node,
            LOOKS_INSIDE,
            Right(("get",), "nodes/proxy", "", "", node),
            Reference("Node", "", node),
            optional_right=True,
        )


def _events(reference: Reference, pod: Json) -> Iterator[PlannedCall]:
    uid = text(pod, "metadata", "uid")
    yield PlannedCall(
        "list",
        f"Event/{reference.key}",
        ("restarts", "probes", "timeline", "lifecycle", "scheduling", "images", "findings"),
        right_to("list", RESOURCES["Event"], reference.namespace),
        Reference("Event", reference.namespace, reference.key),
        (("fieldSelector", f"involvedObject.uid={uid}"),),
    )


def _node_events(pod: Json) -> Iterator[PlannedCall]:
    """The node's own events, where a container was killed and the node's memory may be why.

    SystemOOM stands on the Node alone (pkg/kubelet/oom/oom_watcher_linux.go), in `default`.
    """
    node = text(pod, "spec", "nodeName")
    if not node or not any(_killed(entry) for entry in containers(pod)):
        return
    selector = f"involvedObject.kind=Node,involvedObject.name={node}"
    yield PlannedCall(
        "list",
        f"Event/Node//{node}",
        ("restarts",),
        right_to("list", RESOURCES["Event"], "default"),
        Reference("Event", "default", node),
        (("fieldSelector", selector),),
    )


def _killed(entry: ContainerEntry) -> bool:
    ends = [dig(entry.status, state, "terminated") for state in ("state", "lastState")]
    return any(text(end, "reason") == "OOMKilled" or number(end, "exitCode") == 137 for end in ends)


def source_names(pod: Json) -> dict[str, dict[str, set[str]]]:
    """Kind -> object name -> the sections that need it, for every ConfigMap and Secret in use."""
    found: dict[str, dict[str, set[str]]] = {"ConfigMap": {}, "Secret": {}}

    def add(kind: str, name: str, section: str) -> None:
        if name:
            found[kind].setdefault(name, set()).add(section)

    for volume in items(pod, "spec", "volumes"):
        add("ConfigMap", text(volume, "configMap", "name"), "files")
        add("Secret", text(volume, "secret", "secretName"), "files")
        for source in items(volume, "projected", "sources"):
            add("ConfigMap", text(source, "configMap", "name"), "files")
            add("Secret", text(source, "secret", "name"), "files")
    for entry in containers(pod):
        for source in items(entry.spec, "envFrom"):
            add("ConfigMap", text(source, "configMapRef", "name"), "environment")
            add("Secret", text(source, "secretRef", "name"), "environment")
        for variable in items(entry.spec, "env"):
            value = dig(variable, "valueFrom")
            add("ConfigMap", text(value, "configMapKeyRef", "name"), "environment")
            add("Secret", text(value, "secretKeyRef", "name"), "environment")
    return found


def _sources(reference: Reference, pod: Json) -> Iterator[PlannedCall]:
    for kind, names in source_names(pod).items():
        for name in sorted(names):
            sections = (*sorted(names[name]), "changes")
            yield get_object(Reference(kind, reference.namespace, name), sections)
    read = source_names(pod)["Secret"]
    for secret in items(pod, "spec", "imagePullSecrets"):
        name = text(secret, "name")
        if name and name not in read:
            yield get_object(Reference("Secret", reference.namespace, name), ("images",), "type")


def _surroundings(reference: Reference, pod: Json) -> Iterator[PlannedCall]:
    namespace = reference.namespace
    account = text(pod, "spec", "serviceAccountName")
    if account:
        yield get_object(Reference("ServiceAccount", namespace, account), ("serviceAccountTokens",))
    for owner in items(pod, "metadata", "ownerReferences"):
        kind, name = text(owner, "kind"), text(owner, "name")
        if kind in RESOURCES and RESOURCES[kind].namespaced and name and kind != "Node":
            yield get_object(
                Reference(kind, namespace, name), ("changes", "injections", "findings")
            )
    node = text(pod, "spec", "nodeName")
    if node:
        yield get_object(
            Reference("Node", "", node), ("node", "scheduling", "environment", "restarts")
        )
        if any(_has_probe(entry) for entry in containers(pod)):
            yield PlannedCall(
                "metrics",
                node,
                ("probes", "restarts"),
                Right(("get",), "nodes/proxy", "", "", node),
                Reference("Node", "", node),
                optional_right=True,
            )
        if may_be_throttled(pod):
            yield PlannedCall(
                "throttling",
                node,
                ("probes",),
                Right(("get",), "nodes/proxy", "", "", node),
                Reference("Node", "", node),
                optional_right=True,
            )
    elif _asks_for_labels(pod) or is_unschedulable(pod):
        # Only names and labels count: which term of the selector does no node have?
        yield PlannedCall(
            "list",
            "Node/",
            ("scheduling",),
            right_to("list", RESOURCES["Node"], ""),
            Reference("Node", "", ""),
            first_page=True,
        )
    yield from holders_of_ports(pod)
    yield from preempted_for(pod)
    yield from attached_volumes(pod)
    yield from device_claims(reference, pod)
    yield from of_a_pod(reference, pod)
    # A pod that is not ready may wait for a Service, whoever it belongs to.
    if dig(pod, "metadata", "labels") or not (Pod(pod).ready or Pod(pod).ended):
        for kind in ("Service", "EndpointSlice"):
            yield list_all(kind, namespace, ("network",))
    for volume in items(pod, "spec", "volumes"):
        claim = text(volume, "persistentVolumeClaim", "claimName")
        if not claim and isinstance(dig(volume, "ephemeral"), dict):
            # A generic ephemeral volume's claim is named POD-VOLUME.
            claim = f"{reference.name}-{text(volume, 'name')}"
        if claim:
            yield get_object(Reference("PersistentVolumeClaim", namespace, claim), ("volumes",))


def may_be_throttled(pod: Json) -> bool:
    """Whether a limit of CPU may be why a probe stops a container.

    The pod's cgroup has a limit where the pod or each of its containers has one
    (pkg/kubelet/cm/helpers_linux.go), and of several containers it tells nothing of one.
    """
    mine = [each for each in containers(pod) if each.kind in ("app", "sidecar")]
    if len(mine) != 1 or not mine[0].limit("cpu"):
        return False
    kills = any(mine[0].spec.get(probe) for probe in ("livenessProbe", "startupProbe"))
    return bool(kills and mine[0].restart_count)


# Labels that controllers put on the pods of one template.
_TEMPLATE_LABELS = ("pod-template-hash", "controller-revision-hash", "job-name")


def _siblings(reference: Reference, pod: Json) -> Iterator[PlannedCall]:
    """Some pods of the same template: the same tag may mean another digest there."""
    labels = mapping(pod, "metadata", "labels")
    label = next((name for name in _TEMPLATE_LABELS if text(labels, name)), "")
    if label and items(pod, "metadata", "ownerReferences"):
        yield PlannedCall(
            # Named after the template, so that its pods share one call.
            "list",
            f"Pod/{reference.namespace}/{label}={text(labels, label)}",
            ("images",),
            right_to("list", RESOURCES["Pod"], reference.namespace),
            Reference("Pod", reference.namespace, ""),
            (("labelSelector", f"{label}={text(labels, label)}"), ("limit", "20")),
            first_page=True,
        )


def _asks_for_labels(pod: Json) -> bool:
    """Whether a pod without a node asks for labels of one."""
    affinity = dig(pod, "spec", "affinity", "nodeAffinity")
    return bool(dig(pod, "spec", "nodeSelector") or affinity)


def _has_probe(entry: ContainerEntry) -> bool:
    return any(
        dig(entry.spec, probe) for probe in ("livenessProbe", "readinessProbe", "startupProbe")
    )


def _logs(reference: Reference, pod: Json, options: LookOptions) -> Iterator[PlannedCall]:
    for entry in containers(pod):
        if options.container and entry.name != options.container:
            continue
        if dig(entry.status, "lastState", "terminated", "containerID"):
            yield _log(reference, entry.name, options, previous=True)
        terminated = dig(entry.status, "state", "terminated", "containerID")
        failed = terminated and dig(entry.status, "state", "terminated", "exitCode") != 0
        unready = entry.running and dig(entry.status, "ready") is False
        asked = options.every_log and (entry.running or terminated)
        if asked or failed or (unready and entry.kind != "ephemeral"):
            yield _log(reference, entry.name, options, previous=False)


def _log(
    reference: Reference, container: str, options: LookOptions, *, previous: bool
) -> PlannedCall:
    return PlannedCall(
        "log",
        reference.key,
        ("restarts", "containers"),
        right_to("get", RESOURCES["Pod"], reference.namespace, reference.name, "log"),
        reference,
        (
            ("container", container),
            ("previous", "true" if previous else "false"),
            ("tailLines", str(options.log_lines)),
            ("limitBytes", str(_MAX_LOG_BYTES)),
        ),
        container=container,
        detail="previous" if previous else "",
    )


ADMISSION = (
    "MutatingWebhookConfiguration",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
)
"""Kinds whose objects may change a pod when it is created. Policies are served from 1.36 on."""


def presets(reference: Reference, pod: Json, options: LookOptions) -> Iterator[PlannedCall]:
    """The namespace's PodPresets: few clusters have the kind, so only where an annotation of the
    pod tells of one, or where nothing but injections is asked for.
    """
    if has_preset_annotation(pod) or options.sections == {"injections"}:
        right = right_to("list", RESOURCES["PodPreset"], reference.namespace)
        listed = Reference("PodPreset", reference.namespace, "")
        yield PlannedCall(
            "list", f"PodPreset/{reference.namespace}", ("injections",), right, listed
        )


def changers(reference: Reference, pod: Json, options: LookOptions) -> Iterator[PlannedCall]:
    """Who may change a pod of this namespace: only where nothing but injections is asked for. The
    answer is of the cluster, not of the pod, and a report on a pod must stay quick.
    """
    if options.sections != {"injections"}:
        return
    yield get_object(Reference("Namespace", "", reference.namespace), ("injections",))
    runtime_class = text(pod, "spec", "runtimeClassName")
    if runtime_class:
        yield get_object(Reference("RuntimeClass", "", runtime_class), ("injections",))
    for kind in ADMISSION:
        yield list_all(kind, "", ("injections",))


LEAD_ON = frozenset({"ReplicaSet", "Job", "PersistentVolumeClaim", "ResourceClaim"})
"""Kinds whose objects name others that a report needs."""


def follow_ups(reference: Reference, body: Json, options: LookOptions) -> list[PlannedCall]:
    """What an object that was read leads to: the owner of an owner, the volume of a claim."""
    found: list[PlannedCall] = []
    namespace = reference.namespace
    owners = {
        text(one, "kind"): text(one, "name") for one in items(body, "metadata", "ownerReferences")
    }
    above = {"ReplicaSet": "Deployment", "Job": "CronJob"}.get(reference.kind, "")
    if owners.get(above):
        owner = Reference(above, namespace, owners[above])
        found.append(get_object(owner, ("changes", "injections", "findings")))
        if reference.kind == "ReplicaSet":
            found += _revisions(owner, body)
    if reference.kind == "PersistentVolumeClaim" and text(body, "spec", "volumeName"):
        volume = Reference("PersistentVolume", "", text(body, "spec", "volumeName"))
        found.append(get_object(volume, ("volumes",)))
    if reference.kind == "PersistentVolumeClaim":
        found += after_claim(reference, body)
    if reference.kind == "ResourceClaim":
        found += after_device_claim(body)
    return [call for call in found if options.wants(*call.sections)]


def _revisions(deployment: Reference, replica_set: Json) -> Iterator[PlannedCall]:
    """The ReplicaSets of a Deployment: its selector is that of each, less the template's hash."""
    selector = mapping(replica_set, "spec", "selector")
    labels = {k: v for k, v in mapping(selector, "matchLabels").items() if k != "pod-template-hash"}
    words = selector_text({**selector, "matchLabels": labels})
    if words:
        yield PlannedCall(
            "list",
            f"ReplicaSet/{deployment.key}",
            ("changes",),
            right_to("list", RESOURCES["ReplicaSet"], deployment.namespace),
            Reference("ReplicaSet", deployment.namespace, deployment.key),
            (("labelSelector", words),),
        )

"""Objects as an API server gives them: small, and valid but for what a test changes.

What the tests on a cluster send to a server is in `e2e.manifests`.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]


def container(name: str = "app", *, status: Json | None = None, **spec: Any) -> Json:
    """A container as `pod` takes it: what is declared, and under `status` what its pod says of
    it. Without a status the kubelet has not spoken of it yet.
    """
    return {"name": name, **spec, **({} if status is None else {"status": status})}


def status(state: Json | None = None, **fields: Any) -> Json:
    """The status of a container, which runs unless another state is given."""
    return {"state": running() if state is None else state, **fields}


def running(since: str = "") -> Json:
    return {"running": {"startedAt": since} if since else {}}


def waiting(reason: str, message: str = "") -> Json:
    return {"waiting": {"reason": reason, **({"message": message} if message else {})}}


def terminated(exit_code: int, **fields: Any) -> Json:
    return {"terminated": {"exitCode": exit_code, **fields}}


def condition(kind: str, value: str = "True", since: str = "", **fields: Any) -> Json:
    """A condition of a pod or a node."""
    dated = {"lastTransitionTime": since} if since else {}
    return {"type": kind, "status": value, **dated, **fields}


def pod(
    *containers: Json,
    name: str = "web-0",
    namespace: str = "shop",
    uid: str = "u-1",
    inits: Sequence[Json] = (),
    metadata: Json | None = None,
    status: Json | None = None,
    **spec: Any,
) -> Json:
    """A running pod of these containers, of one `app` where none is given at all; `spec` holds the
    other fields of its spec, `metadata` and `status` add to its own.
    """
    apps = containers if containers or inits else (container(),)
    known: Json = {"phase": "Running", "containerStatuses": _statuses(apps)}
    declared: Json = {"containers": _specs(apps)}
    if inits:
        declared["initContainers"] = _specs(inits)
        known["initContainerStatuses"] = _statuses(inits)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "uid": uid, **(metadata or {})},
        "spec": {**declared, **spec},
        "status": {**known, **(status or {})},
    }


def pod_of_template(template: Json, **metadata: Any) -> Json:
    """The pod `web-0` that a controller makes of its template."""
    body = copy.deepcopy(template)
    own = {"name": "web-0", "namespace": "shop", "uid": "u-1"}
    return {"kind": "Pod", **body, "metadata": {**body.get("metadata", {}), **own, **metadata}}


def _specs(entries: Sequence[Json]) -> list[Json]:
    return [{key: each for key, each in one.items() if key != "status"} for one in entries]


def _statuses(entries: Sequence[Json]) -> list[Json]:
    return [{"name": one["name"], **one["status"]} for one in entries if "status" in one]


def owned_by(kind: str, name: str, uid: str = "o-1") -> list[Json]:
    """The `ownerReferences` of whatever that controller made."""
    return [{"kind": kind, "name": name, "uid": uid, "controller": True}]


def workload(kind: str, name: str, template: Json | None = None, **metadata: Any) -> Json:
    """A ReplicaSet, Deployment, StatefulSet, …; `o-1` unless told otherwise, as `owned_by` says."""
    return {
        "kind": kind,
        "metadata": {"name": name, "namespace": "shop", "uid": "o-1", **metadata},
        "spec": {"template": template} if template is not None else {},
    }


def node(name: str = "n1", *conditions: Json, metadata: Json | None = None, **spec: Any) -> Json:
    """A node with these conditions, ready where none is given."""
    return {
        "kind": "Node",
        "metadata": {"name": name, **(metadata or {})},
        "spec": spec,
        "status": {"conditions": list(conditions or [condition("Ready")])},
    }


def event(
    reason: str,
    message: str = "",
    *,
    first: str = "",
    last: str = "",
    count: int = 1,
    container: str = "",
    uid: str = "u-1",
    **fields: Any,
) -> Json:
    """An event of the pod `web-0`, of its `container` where one is named; `last` is `first` unless
    it is given.
    """
    involved: Json = {"kind": "Pod", "namespace": "shop", "name": "web-0", "uid": uid}
    if container:
        involved["fieldPath"] = f"spec.containers{{{container}}}"
    dated = {"firstTimestamp": first, "lastTimestamp": last or first} if first else {}
    return {
        "reason": reason,
        "message": message,
        "count": count,
        **dated,
        "involvedObject": involved,
        **fields,
    }

"""A cluster full of pods that nothing runs: KWOK keeps their nodes alive, we write their status.

Everything is made with one label and is gone after `remove`.
"""

from __future__ import annotations

import base64
import http.client
import json
import queue
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

LABEL = "podx-bench"
NODES = 200
NAMESPACES = 300
OWNERS = 3
CROWD = f"{LABEL}-{NAMESPACES}"
"""The namespace of `crowd`."""
_CHOSEN = f"labelSelector={LABEL}%3Dscale"
_WORKERS = 8
_IMAGE = "registry.example.com/shop/web:1.27.3"

Json = dict[str, Any]


class Size(NamedTuple):
    """How many pods, and what part of them is sick."""

    pods: int
    sick: float

    def is_sick(self, number: int) -> bool:
        """Spread over all namespaces and owners: the hardest for whoever groups them."""
        return (number // NAMESPACES * 37) % 100 < self.sick * 100


class Api:
    """The API server by plain HTTP, with the credentials of a kubeconfig. One for each thread."""

    def __init__(self, kubectl: str, variables: dict[str, str]) -> None:
        view = subprocess.run(
            [kubectl, "config", "view", "--raw", "--minify", "--flatten", "--output=json"],
            env=variables,
            check=True,
            capture_output=True,
        ).stdout
        self.variables = variables
        config = json.loads(view)
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self._server = urlsplit(cluster["server"])
        self._headers = {"Content-Type": "application/json"}
        if "token" in user:
            self._headers["Authorization"] = f"Bearer {user['token']}"
        self.headers = {k: v for k, v in self._headers.items() if k == "Authorization"}
        """Who we are."""
        self._context = ssl.create_default_context(cadata=_decoded(cluster))
        if "client-certificate-data" in user:
            with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
                for name in ("client-certificate-data", "client-key-data"):
                    file.write(_plain(user[name]))
                file.flush()
                self._context.load_cert_chain(file.name)
        self._connection: http.client.HTTPSConnection | None = None

    def another(self) -> Api:
        """The same for another thread."""
        twin = object.__new__(Api)
        twin.__dict__ |= {**self.__dict__, "_connection": None}
        return twin

    def connect(self) -> http.client.HTTPSConnection:
        """A new connection to the server."""
        host, port = self._server.hostname or "", self._server.port or 443
        return http.client.HTTPSConnection(host, port, timeout=120, context=self._context)

    def send(self, method: str, path: str, body: Json | None = None, kind: str = "") -> Json:
        """One request; an answer other than 2xx, 404 and 409 is an error."""
        headers = {**self._headers, **({"Content-Type": kind} if kind else {})}
        for attempt in range(3):
            if self._connection is None:
                self._connection = self.connect()
            try:
                self._connection.request(method, path, json.dumps(body) if body else None, headers)
                answer = self._connection.getresponse()
                text = answer.read()
            except (http.client.HTTPException, OSError):
                self._connection = None
                if attempt == 2:
                    raise
                continue
            if answer.status == 429:
                time.sleep(1)
                continue
            if answer.status >= 300 and answer.status not in (404, 409):
                raise SystemExit(f"{method} {path}: {answer.status} {text[:300]!r}")
            found: Json = json.loads(text)
            return found
        raise SystemExit(f"{method} {path}: too many requests")


def _plain(encoded: str) -> str:
    return base64.b64decode(encoded).decode()


def _decoded(cluster: Json) -> str | None:
    found = cluster.get("certificate-authority-data")
    return _plain(found) if found else None


def together(api: Api, work: Iterable[Callable[[Api], object]]) -> None:
    """Does all of it, on several connections side by side."""
    jobs: queue.SimpleQueue[Callable[[Api], object] | None] = queue.SimpleQueue()
    failed: list[BaseException] = []

    def run() -> None:
        mine = api.another()
        while (job := jobs.get()) is not None and not failed:
            try:
                job(mine)
            except BaseException as error:  # noqa: BLE001 - raised again below
                failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(_WORKERS)]
    for thread in threads:
        thread.start()
    for job in work:
        jobs.put(job)
    for _ in threads:
        jobs.put(None)
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


# -- what is made --------------------------------------------------------------------------------


def _name(number: int) -> str:
    return f"{LABEL}-{number:03}"


def nodes() -> Iterator[Json]:
    """Nodes that only KWOK looks after, and that take nobody else's pods."""
    for number in range(NODES):
        yield {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": _name(number),
                "labels": {LABEL: "scale", "kubernetes.io/hostname": _name(number)},
            },
            "spec": {"taints": [{"key": LABEL, "value": "scale", "effect": "NoSchedule"}]},
        }


def namespace(number: int) -> Json:
    """One namespace."""
    metadata = {"name": _name(number), "labels": {LABEL: "scale"}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def owner(number: int) -> Json:
    """A Deployment that makes no pods: ours are given to it."""
    labels = {"app": f"app-{number}"}
    container = {"name": "app", "image": _IMAGE}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"app-{number}", "labels": {LABEL: "scale"}},
        "spec": {
            "replicas": 0,
            "paused": True,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def pod(number: int, size: Size, uids: dict[tuple[int, int], str]) -> Json:
    """A pod of two containers with probes, variables and volumes, as pods are."""
    place, mine = number % NAMESPACES, number // NAMESPACES % OWNERS
    waits = size.is_sick(number) and way_of(number) == "unschedulable"
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"app-{mine}-{number:05}",
            "namespace": _name(place),
            "labels": {LABEL: "scale", "app": f"app-{mine}", "tier": "backend"},
            "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "8080"},
            "ownerReferences": [
                {
                    "apiVersion": "apps/v1",
                    "kind": "Deployment",
                    "name": f"app-{mine}",
                    "uid": uids[place, mine],
                    "controller": True,
                }
            ],
        },
        "spec": {
            **({"nodeSelector": {LABEL: "none"}} if waits else {"nodeName": _name(number % NODES)}),
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "tolerations": [{"operator": "Exists"}],
            "containers": [_container("app", 8080), _container("helper", 9090)],
            "volumes": [
                {"name": "settings", "configMap": {"name": "settings", "optional": True}},
                {"name": "cache", "emptyDir": {"sizeLimit": "100Mi"}},
            ],
        },
    }


def _container(name: str, port: int) -> Json:
    probe = {"httpGet": {"path": "/healthz", "port": port}, "periodSeconds": 10}
    return {
        "name": name,
        "image": _IMAGE,
        "ports": [{"name": "http", "containerPort": port}],
        "env": [
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            *({"name": f"SETTING_{at}", "value": f"value-{at}"} for at in range(5)),
        ],
        "resources": {"requests": {"cpu": "10m"}, "limits": {"memory": "64Mi"}},
        "livenessProbe": probe,
        "readinessProbe": probe,
        "volumeMounts": [
            {"name": "settings", "mountPath": "/etc/settings"},
            {"name": "cache", "mountPath": "/var/cache"},
        ],
    }


# -- how they are --------------------------------------------------------------------------------

_NOW = datetime.now(UTC)


def _ago(seconds: float) -> str:
    return (_NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _waiting(reason: str, message: str = "", **last: Any) -> Json:
    state = {"waiting": {"reason": reason, "message": message}}
    return {"ready": False, "started": False, "state": state, "lastState": last}


def _ended(code: int, reason: str, ago: float = 60) -> Json:
    return {
        "terminated": {
            "exitCode": code,
            "reason": reason,
            "startedAt": _ago(ago + 20),
            "finishedAt": _ago(ago),
            "containerID": "containerd://" + "b" * 64,
        }
    }


_RUNS: Json = {"ready": True, "started": True, "state": {"running": {"startedAt": _ago(7200)}}}
_LOOPS = {"restartCount": 7}
WAYS: dict[str, Json] = {
    "crash": {**_waiting("CrashLoopBackOff", "back-off 5m0s", **_ended(1, "Error")), **_LOOPS},
    "oom": {**_waiting("CrashLoopBackOff", "back-off 5m0s", **_ended(137, "OOMKilled")), **_LOOPS},
    "killed": {**_waiting("CrashLoopBackOff", "back-off", **_ended(143, "Error")), **_LOOPS},
    "image": _waiting("ImagePullBackOff", f'Back-off pulling image "{_IMAGE}"'),
    "config": _waiting("CreateContainerConfigError", 'configmap "settings" not found'),
    "start": {**_waiting("RunContainerError", "exec: no such file", **_ended(128, "StartError"))},
    "restarted": {**_RUNS, "lastState": _ended(2, "Error"), "restartCount": 3},
    "not-ready": {**_RUNS, "ready": False},
    "unschedulable": {},
    "failed": {"ready": False, "started": False, "state": _ended(1, "Error")},
}
"""What the container `app` shows, for each of the ten ways to be sick."""


def way_of(number: int) -> str:
    """How a sick pod is sick: all sick pods of one owner are so in one way."""
    place, mine = number % NAMESPACES, number // NAMESPACES % OWNERS
    return list(WAYS)[(place + mine * 3) % len(WAYS)]


def status(number: int, size: Size) -> Json | None:
    """The status that a kubelet would write; None where none has taken the pod."""
    way = way_of(number) if size.is_sick(number) else ""
    if way == "unschedulable":
        return None
    own = {**_RUNS, **WAYS[way]} if way else _RUNS
    ready = str(bool(own["ready"]))
    conditions = [
        {"type": kind, "status": value, "lastTransitionTime": _ago(3600)}
        for kind, value in (
            *(("PodReadyToStartContainers", "True"), ("Initialized", "True")),
            *(("Ready", ready), ("ContainersReady", ready), ("PodScheduled", "True")),
        )
    ]
    phase = {"failed": "Failed", "image": "Pending", "config": "Pending"}.get(way, "Running")
    common = {"image": _IMAGE, "imageID": f"registry.example.com/shop/web@sha256:{'a' * 64}"}
    return {
        "phase": phase,
        "startTime": _ago(7230),
        "hostIP": "10.0.0.1",
        "podIP": f"10.{number // 65536}.{number // 256 % 256}.{number % 256}",
        "conditions": conditions,
        "containerStatuses": [
            {"restartCount": 0, **common, "containerID": f"containerd://{'c' * 64}", **each, **name}
            for each, name in ((own, {"name": "app"}), (_RUNS, {"name": "helper"}))
        ],
    }


# -- making and removing -------------------------------------------------------------------------


def keep_nodes_alive(kwok: str, config: str, folder: Path) -> subprocess.Popen[bytes]:
    """KWOK, which makes our nodes ready and renews their leases; it leaves pods alone."""
    stages = folder / "stages.yaml"
    stages.write_text(_STAGES)
    return subprocess.Popen(
        [
            *(kwok, f"--kubeconfig={config}", f"--config={stages}"),
            *(f"--manage-nodes-with-label-selector={LABEL}=scale",),
            *("--node-lease-duration-seconds=200", "--server-address=127.0.0.1:0"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=(folder / "kwok.log").open("wb"),
    )


# KWOK does what its stages say and nothing else: it renews the leases of nodes by itself.
_STAGES = """\
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata:
  name: node-ready
spec:
  resourceRef:
    apiGroup: v1
    kind: Node
  selector:
    matchExpressions:
    - key: '.status.conditions.[] | select( .type == "Ready" ) | .status'
      operator: NotIn
      values:
      - "True"
  next:
    statusTemplate: |
      {{ $now := Now }}
      conditions:
      {{ range NodeConditions }}
      - lastHeartbeatTime: {{ $now | Quote }}
        lastTransitionTime: {{ $now | Quote }}
        message: {{ .message | Quote }}
        reason: {{ .reason | Quote }}
        status: {{ .status | Quote }}
        type: {{ .type | Quote }}
      {{ end }}
      allocatable: {cpu: 1k, memory: 1Ti, pods: 1M}
      capacity: {cpu: 1k, memory: 1Ti, pods: 1M}
      phase: Running
"""


def surroundings(api: Api) -> dict[tuple[int, int], str]:
    """Makes nodes, namespaces and owners; returns the owners' uids."""
    together(api, [_create("/api/v1/nodes", one) for one in nodes()])
    together(api, [_create("/api/v1/namespaces", namespace(n)) for n in range(NAMESPACES)])
    uids: dict[tuple[int, int], str] = {}

    def own(place: int, mine: int) -> Callable[[Api], object]:
        path = f"/apis/apps/v1/namespaces/{_name(place)}/deployments"

        def make(api: Api) -> None:
            found = api.send("POST", path, owner(mine))
            if found.get("kind") == "Status":
                found = api.send("GET", f"{path}/app-{mine}")
            uids[place, mine] = found["metadata"]["uid"]

        return make

    together(api, [own(p, m) for p in range(NAMESPACES) for m in range(OWNERS)])
    _wait(lambda: all(map(_is_ready, _our_nodes(api))), "its nodes are ready")
    return uids


def _our_nodes(api: Api) -> list[Json]:
    found: list[Json] = api.send("GET", f"/api/v1/nodes?{_CHOSEN}")["items"]
    return found


def _is_ready(node: Json) -> bool:
    conditions = node.get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _wait(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 180
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"gave up after three minutes, waiting until {what}")
        time.sleep(0.5)


def _create(path: str, body: Json) -> Callable[[Api], object]:
    return lambda api: api.send("POST", path, body)


def populate(api: Api, size: Size, uids: dict[tuple[int, int], str], first: int = 0) -> None:
    """Makes the pods from number `first` on, and writes how they are."""

    def make(number: int) -> Callable[[Api], object]:
        body, found = pod(number, size, uids), status(number, size)
        path = f"/api/v1/namespaces/{body['metadata']['namespace']}/pods"

        def send(api: Api) -> None:
            api.send("POST", path, body)
            if found is not None:
                _write(api, f"{path}/{body['metadata']['name']}/status", found)

        return send

    together(api, (make(number) for number in range(first, size.pods)))


def crowd_names(count: int) -> list[str]:
    """The pods that `crowd` makes."""
    return [f"app-{number // NAMESPACES % OWNERS}-{number:05}" for number in range(count)]


def crowd(api: Api, count: int) -> None:
    """So many healthy pods of one owner in a namespace of their own."""
    api.send("POST", "/api/v1/namespaces", namespace(NAMESPACES))
    made = api.send("POST", f"/apis/apps/v1/namespaces/{CROWD}/deployments", owner(0))
    healthy, uids = (
        Size(count, 0.0),
        dict.fromkeys(
            ((n % NAMESPACES, n // NAMESPACES % OWNERS) for n in range(count)),
            made["metadata"]["uid"],
        ),
    )
    for number in range(count):
        body = pod(number, healthy, uids)
        body["metadata"] |= {"namespace": CROWD}
        body["metadata"]["labels"]["crowd"] = "yes"
        path = f"/api/v1/namespaces/{CROWD}/pods"
        api.send("POST", path, body)
        _write(api, f"{path}/{body['metadata']['name']}/status", status(number, healthy) or {})


def is_kept_alive(node: Json) -> bool:
    """Whether it is one of KWOK's, on which nothing runs."""
    return (node["metadata"].get("labels") or {}).get(LABEL) == "scale"


def running(api: Api, node: str, image: str, count: int) -> None:
    """So many pods that really run, on the real node, in the crowd's namespace."""
    path = f"/api/v1/namespaces/{CROWD}/pods"
    container = {"name": "app", "image": image, "command": ["sleep", "86400"]}
    for number in range(count):
        body = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"real-{number:03}", "labels": {"crowd": "real"}},
            "spec": {
                "nodeName": node,
                "terminationGracePeriodSeconds": 1,
                "containers": [{**container, "imagePullPolicy": "IfNotPresent"}],
            },
        }
        api.send("POST", path, body)
    chosen = f"{path}?labelSelector=crowd%3Dreal"

    def all_run() -> bool:
        found = api.send("GET", chosen)["items"]
        return sum(one["status"].get("phase") == "Running" for one in found) == count

    _wait(all_run, f"{count} pods run")


def change(api: Api, before: Size, after: Size) -> None:
    """Makes more of the pods sick. Those that would have to wait for a node stay as they are."""

    def write(number: int) -> Callable[[Api], object]:
        path = f"/api/v1/namespaces/{_name(number % NAMESPACES)}/pods"
        mine = number // NAMESPACES % OWNERS
        found = status(number, after) or {}
        return lambda api: _write(api, f"{path}/app-{mine}-{number:05}/status", found)

    numbers = [
        number
        for number in range(after.pods)
        if after.is_sick(number)
        and not before.is_sick(number)
        and way_of(number) != "unschedulable"
    ]
    together(api, map(write, numbers))


def _write(api: Api, path: str, found: Json) -> None:
    api.send("PATCH", path, {"status": found}, "application/merge-patch+json")


def remove(api: Api) -> None:
    """Takes everything away, and waits until it is gone."""
    places = [f"/api/v1/namespaces/{_name(number)}" for number in range(NAMESPACES + 1)]
    together(
        api,
        [lambda api, at=at: api.send("DELETE", f"{at}/pods?{_CHOSEN}") for at in places],  # type: ignore[misc]
    )
    together(api, [lambda api, at=at: api.send("DELETE", at) for at in places])  # type: ignore[misc]
    api.send("DELETE", f"/api/v1/nodes?{_CHOSEN}")
    leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
    together(
        api,
        [
            lambda api, n=n: api.send("DELETE", f"{leases}/{_name(n)}")  # type: ignore[misc]
            for n in range(NODES)
        ],
    )
    left = f"/api/v1/namespaces?{_CHOSEN}&limit=1"
    _wait(lambda: not api.send("GET", left)["items"], "its namespaces are gone")

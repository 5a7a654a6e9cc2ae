"""Brings incidents about on the cluster, many at a time, and captures each at its symptom."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from e2e.support import Bench, Manifest
from incidents.dry_run import refusals
from incidents.incident import (
    HELPER,
    LABEL,
    MOST_CPU,
    THIS_NAMESPACE,
    THIS_NODE,
    Incident,
    Look,
    Where,
)
from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.analysis.workloads import document
from kubectl_podx.capture.session import LookOptions, connect, take
from kubectl_podx.capture.targets import Targets
from kubectl_podx.cluster.access import AccessFlags
from kubectl_podx.model.capture import Capture
from kubectl_podx.model.clock import Deadline

_TICK_SECONDS = 0.5
_LOG_LINES = 10
_AGAIN = 5
"""Captures of one incident: a symptom may pass between seeing it and looking."""


@dataclass(frozen=True)
class Pace:
    """How much a node can be asked for."""

    # A node of two cores: with more at once, probes of healthy pods time out for want of CPU.
    at_once: int = 24
    captures: int = 6
    """At once: what others look like meanwhile must not be missed."""
    capture_seconds: float = 20.0
    patience: float = 1.0
    """What each incident's own time is multiplied by."""


EMULATED = Pace(at_once=4, captures=2, capture_seconds=120.0, patience=8.0)
"""For a node in an emulated machine (NODE=v2)."""


class Taken(NamedTuple):
    """A capture at the symptom."""

    capture: Capture
    refused: list[str]
    """What the server says against the fixes of its report."""


@dataclass
class Act:
    """One incident under way."""

    incident: Incident
    deadline: float
    done: int = 0
    """How many of its steps."""
    tries: int = 0
    capture: Future[Taken] | None = None


@dataclass
class Stage:
    """One namespace in which incidents happen."""

    bench: Bench
    node: str
    """The node's name, which stands in for `THIS_NODE`."""
    most_cpu: str
    """What stands in for `MOST_CPU`."""
    where: Where
    """What the node is like."""
    captures: dict[str, Capture] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    refused: dict[str, list[str]] = field(default_factory=dict)
    """Incident -> what the server says against the fixes that were offered."""
    pace: Pace = Pace()
    pool: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        self.pool = ThreadPoolExecutor(self.pace.captures)

    def warm(self) -> None:
        """The first look of all, alone: msgspec may die where several threads are the first to
        read a type."""
        connect(
            AccessFlags(namespace=self.bench.namespace),
            deadline=Deadline(self.pace.capture_seconds),
            environ=os.environ,
            home=str(Path.home()),
            warn=lambda _: None,
        )

    def play(self, incidents: Iterable[Incident]) -> None:
        """Until each is captured, or its time is over. What takes longest begins first."""
        queue = sorted(incidents, key=lambda each: each.timeout)
        acts: list[Act] = []
        while queue or acts:
            while queue and len(acts) < self.pace.at_once:
                acts.append(self._begin(queue.pop()))
            looks = self._looks() | self._workloads(acts)
            acts = [act for act in acts if not self._over(act, looks.get(act.incident.name))]
            time.sleep(_TICK_SECONDS)

    def _begin(self, incident: Incident) -> Act:
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": incident.objects})
        bench = self._bench(incident)
        text = text.replace(THIS_NODE, self.node).replace(MOST_CPU, self.most_cpu)
        text = text.replace(THIS_NAMESPACE, bench.namespace)
        if incident.target:
            metadata = {"name": bench.namespace, "labels": dict(incident.labels)}
            self.bench.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
            bench.wait_for(lambda: bench.get("serviceaccount", "default"), "the default account")
        bench.apply(text)
        return Act(incident, time.monotonic() + incident.timeout * self.pace.patience)

    def _bench(self, incident: Incident) -> Bench:
        """Where it happens: what a quota or a level of Pod Security does must not touch others."""
        if not incident.target:
            return self.bench
        return replace(self.bench, namespace=f"{self.bench.namespace}-{incident.name}"[:63])

    def _workloads(self, acts: Iterable[Act]) -> dict[str, Look]:
        """The same of incidents of workloads."""
        found: dict[str, Look] = {}
        for incident in (act.incident for act in acts if act.incident.target):
            bench = self._bench(incident)
            workload = bench.get(incident.target)
            listed = bench.kubectl("get", "pods,events", "--output=json").json["items"]
            events = [each for each in listed if each["kind"] == "Event"]
            pods = [each for each in listed if each["kind"] == "Pod"]
            if workload is not None:
                found[incident.name] = Look({}, events, workload, pods)
        return found

    def _over(self, act: Act, look: Look | None) -> bool:
        """Takes the incident one tick on; whether it has come to its end."""
        incident = act.incident
        if time.monotonic() > act.deadline:
            self.failures[incident.name] = f"no symptom in {incident.timeout:g} s: {_words(look)}"
            self._clear(incident)
            return True
        if look is None:
            return False
        if act.done < len(incident.steps):
            step = incident.steps[act.done]
            return bool(step.when(look)) and not self._acted(act, look)
        if act.capture is None:
            if incident.until(look):
                target = incident.target or f"pod/{look.pod['metadata']['name']}"
                act.capture = self.pool.submit(self._capture, incident, target)
            return False
        if not act.capture.done():
            return False
        capture, refused = act.capture.result()
        act.capture = None
        act.tries += 1
        again = act.tries < _AGAIN and not incident.target
        if again and not incident.until(_captured(capture)):
            return False
        self.captures[incident.name] = capture
        self.refused[incident.name] = refused
        self._clear(incident)
        return True

    def _acted(self, act: Act, look: Look) -> bool:
        """Does the next step; an incident whose step cannot be done fails alone."""
        incident = act.incident
        try:
            incident.steps[act.done].act(self._bench(incident), look.workload or look.pod)
        except AssertionError as error:
            self.failures[incident.name] = f"step {act.done + 1} could not be done: {error}"
            self._clear(incident)
            return False
        act.done += 1
        return True

    def _looks(self) -> dict[str, Look]:
        """Incident -> its pod, the newest of them, with its events."""
        listed = self.bench.kubectl("get", "pods,events", "--output=json").json["items"]
        events: dict[str, list[Manifest]] = {}
        for each in listed:
            if each["kind"] == "Event":
                events.setdefault(each["involvedObject"].get("uid", ""), []).append(each)
        pods = [each for each in listed if each["kind"] == "Pod"]
        pods.sort(key=lambda pod: pod["metadata"]["creationTimestamp"])
        named = [(pod["metadata"].get("labels", {}).get(LABEL), pod) for pod in pods]
        return {
            name: Look(pod, events.get(pod["metadata"]["uid"], [])) for name, pod in named if name
        }

    def _capture(self, incident: Incident, target: str) -> Taken:
        bench = self._bench(incident)
        capture = take(
            AccessFlags(namespace=bench.namespace),
            Targets(words=(target,)),
            LookOptions(log_lines=_LOG_LINES),
            deadline=Deadline(self.pace.capture_seconds),
            environ=os.environ,
            home=str(Path.home()),
            warn=lambda _: None,
        )
        # While what they are about is still there.
        made = document(capture, analyse(capture), single=not incident.target)
        return Taken(capture, refusals(bench, made))

    def _clear(self, incident: Incident) -> None:
        """Its pods use no more of the node; what is cluster-wide goes with them."""
        if incident.target:
            where = self._bench(incident).namespace
            self.bench.kubectl("delete", "namespace", where, "--wait=false", check=False)
        for each in incident.objects:
            where = self._bench(incident).namespace
            kind = each["kind"]
            name = each["metadata"]["name"].replace(THIS_NAMESPACE, where)
            if each["metadata"].get("finalizers"):
                free = '{"metadata": {"finalizers": null}}'
                self.bench.kubectl("patch", kind, name, "--patch", free, check=False)
            if kind in _GOES:
                self.bench.kubectl(
                    "delete", kind, name, "--wait=false", "--grace-period=1", check=False
                )
        helpers = f"--selector={HELPER}={incident.name}"
        self.bench.kubectl("delete", "pod", helpers, "--wait=false", check=False)


# The rest goes with the namespace.
_GOES = frozenset(
    {
        "CronJob",
        "Deployment",
        "DeviceClass",
        "Job",
        "PersistentVolume",
        "Pod",
        "PriorityClass",
        "ResourceSlice",
        "StatefulSet",
        "ValidatingWebhookConfiguration",
    }
)


def _captured(capture: Capture) -> Look:
    body = capture.objects[capture.pods[0].reference].body or {}
    stored = capture.lists.get(f"Event/{capture.pods[0].reference}")
    return Look(body, list(stored.items) if stored else [])


def _words(look: Look | None) -> Any:
    if look is None:
        return "there is no pod of it"
    status = look.pod.get("status", {})
    kinds = ("phase", "reason", "initContainerStatuses", "containerStatuses")
    said = {kind: status[kind] for kind in kinds if kind in status}
    return f"{said}\n{[(one['reason'], one.get('message')) for one in look.events]}"

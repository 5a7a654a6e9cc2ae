"""What an incident is: objects that make it, the symptom that shows it, and what must be said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from e2e import manifests
from e2e.manifests import pod
from e2e.support import Bench, Manifest

LABEL = "incident"
"""The label of the pod that an incident is about; its value is the incident's name."""
HELPER = "incident-helper"
"""The label of a pod that a step of an incident makes beside it."""
THIS_NODE = "this-node.invalid"
"""Stands in manifests for the name of the cluster's node."""
THIS_NAMESPACE = "this-namespace.invalid"
"""Stands in manifests for the namespace in which an incident happens."""
MOST_CPU = "most-cpu.invalid"
"""Stands in manifests for more than half of the CPU of the cluster's node."""

Severity = Literal["ok", "info", "warning", "critical", "unknown"]
Confidence = Literal["possible", "likely", "proven"]


@dataclass(frozen=True)
class Look:
    """The pod and its events as the API has them at one moment."""

    pod: Manifest
    events: list[Manifest] = field(default_factory=list)
    workload: Manifest = field(default_factory=dict)
    """What the incident is about, where that is no pod."""
    pods: list[Manifest] = field(default_factory=list)
    """All of that namespace, where it is no pod."""


Condition = Callable[[Look], Any]
Action = Callable[[Bench, Manifest], None]


@dataclass(frozen=True)
class Step:
    """Something done to the pod, once the condition holds."""

    when: Condition
    act: Action


@dataclass(frozen=True)
class Expected:
    """What the report must say. What an incident does not decide is left open."""

    cause: str | None = None
    """`restarts[].cause` of the container; None where nothing of it has ended."""
    container: str = "app"
    also: tuple[str, ...] = ()
    """Causes that nothing in the API tells from it: right too, while they are only `possible`."""
    at_least: Confidence = "likely"
    """The confidence with every witness there, or more."""
    exactly: bool = False
    """Not more than `at_least` either: nothing could prove it."""
    severity: tuple[Severity, ...] = ("critical",)
    words: tuple[str, ...] = ()
    """Each stands in the verdict's summary."""
    never: tuple[str, ...] = ()
    """None of it stands anywhere in the verdict, the causes or the findings: it would be false."""
    codes: tuple[str, ...] = ()
    """Findings that are there, whatever the verdict is about."""


@dataclass(frozen=True)
class Where:
    """What matters of a node for what an incident turns into there."""

    runtime: str = "containerd"
    """`containerd` or `crio`."""
    whole_group: bool = False
    """The kernel kills all processes of a container where one runs out of memory."""

    @property
    def folder(self) -> str:
        """Of the recordings, below those with containerd on cgroup v1."""
        return "v2" if self.whole_group else "" if self.runtime == "containerd" else self.runtime


@dataclass(frozen=True)
class Whole:
    """An incident where the kernel kills the whole container."""

    until: Condition
    expected: Expected


@dataclass(frozen=True)
class Incident:
    """One pod of the catalogue, broken or healthy."""

    name: str
    story: str
    """What happens, in a line."""
    objects: tuple[Manifest, ...]
    until: Condition
    """The symptom: the pod is captured as soon as it shows."""
    expected: Expected
    steps: tuple[Step, ...] = ()
    healthy: bool = False
    """Nothing is wrong with it: no finding is worse than info."""
    timeout: float = 150.0
    """Seconds until the symptom must show."""
    slow: bool = False
    """Takes more than ten minutes; only with `--slow`."""
    on_node: bool = False
    """Needs root on the node that the cluster runs on, and a process for each sandbox."""
    with_crio: Expected | None = None
    """Where CRI-O leaves another last end: it makes nothing of what it refuses to start."""
    whole_group: Whole | None = None
    """Where the kernel takes the whole container with a child that runs out of memory (cgroup v2,
    memory.oom.group): another thing happens there."""
    needs: tuple[str, str] | None = None
    """The first release of a server that has what it is about, and what that is."""
    runtime_speaks: bool = False
    """What is said about it are the runtime's own words: recorded with each runtime."""
    target: str = ""
    """The workload that it is about, such as `deploy/web`, in a namespace of its own; empty where
    it is about a pod."""
    labels: tuple[tuple[str, str], ...] = ()
    """Of that namespace."""

    def on(self, where: Where) -> Incident:
        """As it is expected on such a node."""
        if where.whole_group and self.whole_group is not None:
            return replace(self, until=self.whole_group.until, expected=self.whole_group.expected)
        if where.runtime == "crio" and self.with_crio is not None:
            return replace(self, expected=self.with_crio)
        return self


def subject(name: str, *containers: Manifest, **spec: Any) -> Manifest:
    """The pod that an incident is about: without the account's token, which no incident needs."""
    spec.setdefault("automountServiceAccountToken", False)
    spec.setdefault("enableServiceLinks", False)
    return pod(name, *containers, labels={LABEL: name}, **spec)


def service(name: str, port: int = 80, target: int = 8080, **spec: Any) -> Manifest:
    """A Service of the pod that the incident `name` is about."""
    return manifests.service(name, {LABEL: name}, port, target, **spec)


def broken(
    name: str,
    story: str,
    *containers: Manifest,
    until: Condition,
    expected: Expected,
    objects: tuple[Manifest, ...] = (),
    steps: tuple[Step, ...] = (),
    timeout: float = 150.0,
    on_node: bool = False,
    with_crio: Expected | None = None,
    whole_group: Whole | None = None,
    needs: tuple[str, str] | None = None,
    runtime_speaks: bool = False,
    **spec: Any,
) -> Incident:
    """An incident of one bare pod, with what it needs beside it applied first."""
    made = (*objects, subject(name, *containers, **spec))
    return Incident(
        name,
        story,
        made,
        until,
        expected,
        steps=steps,
        timeout=timeout,
        on_node=on_node,
        with_crio=with_crio,
        whole_group=whole_group,
        needs=needs,
        runtime_speaks=runtime_speaks,
    )


def lacking(
    name: str,
    story: str,
    target: str,
    *objects: Manifest,
    until: Condition,
    expected: Expected,
    steps: tuple[Step, ...] = (),
    timeout: float = 120.0,
    labels: tuple[tuple[str, str], ...] = (),
) -> Incident:
    """An incident of one workload, in a namespace of its own with these labels."""
    return Incident(
        name,
        story,
        objects,
        until,
        expected,
        steps=steps,
        timeout=timeout,
        target=target,
        labels=labels,
    )

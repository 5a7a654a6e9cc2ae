"""Mistakes that the API server would refuse and that need no cluster to be seen."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.model.clock import parse_quantity
from kubectl_podx.model.raw import Json, items, mapping, text
from kubectl_podx.model.reference import selects
from kubectl_podx.pod.workload import TEMPLATES
from kubectl_podx.start.report import StartProblem

_FIELDS = ("initContainers", "containers")


def mistakes(pod: Json) -> Iterator[StartProblem]:
    """Of the pod's own spec. The paths are those of the pod."""
    if not items(pod, "spec", "containers"):
        yield _invalid("the pod has no containers", "spec.containers")
    volumes = {text(volume, "name") for volume in items(pod, "spec", "volumes")}
    names: set[str] = set()
    for field in _FIELDS:
        for at, spec in enumerate(items(pod, "spec", field)):
            place, name = f"spec.{field}[{at}]", text(spec, "name")
            if not name:
                yield _invalid("a container has no name", place)
            elif name in names:
                yield _invalid(f'two containers are called "{name}"', f"{place}.name")
            names.add(name)
            if not text(spec, "image"):
                yield _invalid(f"container {name} has no image", place, name)
            yield from _mounts(spec, place, name, volumes)
            yield from _resources(spec, place, name)


def _mounts(spec: Json, place: str, name: str, volumes: set[str]) -> Iterator[StartProblem]:
    for at, mount in enumerate(items(spec, "volumeMounts")):
        volume = text(mount, "name")
        if volume not in volumes:
            title = f'container {name} mounts volume "{volume}", which the pod does not declare'
            yield _invalid(title, f"{place}.volumeMounts[{at}].name", name)


def _resources(spec: Json, place: str, name: str) -> Iterator[StartProblem]:
    limits = mapping(spec, "resources", "limits")
    for resource, written in mapping(spec, "resources", "requests").items():
        asked, most = parse_quantity(written), parse_quantity(limits.get(resource))
        if asked is not None and most is not None and asked > most:
            title = f"container {name} requests more {resource} than its limit"
            yield _invalid(title, f"{place}.resources.requests.{resource}", name)


def of_workload(body: Json) -> Iterator[StartProblem]:
    """Of a workload beside its template. The paths are those of the workload."""
    kind = text(body, "kind")
    path = TEMPLATES.get(kind, ())
    if not path:
        return
    template = mapping(body, *path)
    place = ".".join(path)
    labels = mapping(template, "metadata", "labels")
    if kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"):
        selector = mapping(body, "spec", "selector")
        if not selector:
            yield _invalid(f"{kind} has no selector", "spec.selector")
        elif selects(selector, labels) is False:
            title = "the selector does not select the labels of the template"
            yield _invalid(title, "spec.selector")
    if kind in ("Job", "CronJob"):
        policy = text(template, "spec", "restartPolicy")
        if policy not in ("Never", "OnFailure"):
            title = f"a {kind} needs restartPolicy Never or OnFailure"
            yield _invalid(title, f"{place}.spec.restartPolicy")
    elif text(template, "spec", "restartPolicy") not in ("", "Always"):
        yield _invalid(f"a {kind} needs restartPolicy Always", f"{place}.spec.restartPolicy")


def _invalid(title: str, field: str, container: str = "") -> StartProblem:
    return StartProblem(
        kind="invalid", severity="critical", title=title, field=field, container=container
    )

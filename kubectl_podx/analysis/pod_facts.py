"""A pod as facts that can be set beside those of another pod: what replicas share. Pure.

Values are what may be shown. Secrets are compared by uid and resourceVersion, never by a digest:
its key is of one run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kubectl_podx.model.raw import items, mapping, text
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.containers.report import Container
from kubectl_podx.sections.environment.report import VariableRow
from kubectl_podx.sections.files.report import FileRow
from kubectl_podx.sections.report import PodReport

NONE = "none"
UNKNOWN = "unknown"
_REVISIONS = ("pod-template-hash", "controller-revision-hash", "batch.kubernetes.io/job-name")
_HIDDEN = ("<hidden>", "<differs>")


class PodFact(NamedTuple):
    """One fact of one pod."""

    section: str
    container: str
    fact: str
    value: str


def pod_facts(report: PodReport, view: PodView) -> Iterator[PodFact]:
    """Every fact of the sections that the report has."""
    yield from _whole(report, view)
    for container in report.containers or ():
        yield from _container(container)
    yield from _sources(view)
    for file in report.files or ():
        yield PodFact("files", file.container, f"file {file.path}", _file(file))
    for variable in report.environment or ():
        # Variables of the image differ with it, and those of Services with the namespace.
        if variable.state != "extra":
            yield PodFact(
                *("environment", variable.container, f"variable {variable.name}"),
                _variable(variable),
            )
    for probe in report.probes or ():
        where = ("probes", probe.container, f"{probe.type} probe")
        yield PodFact(*where, probe.state)
        yield PodFact("probes", probe.container, f"{probe.type} handler", probe.handler.text)
        if probe.counters is not None:
            failed = "some failed" if probe.counters.failed else "none failed"
            yield PodFact("probes", probe.container, f"{probe.type} attempts", failed)
    for restart in report.restarts or ():
        yield PodFact("restarts", restart.container, "restarts", str(restart.count))
        yield PodFact("restarts", restart.container, "last end", restart.cause or NONE)
    if report.namespaces is not None:
        for row in report.namespaces.listeners:
            listener = f"listener {row.protocol} {row.port}"
            yield PodFact("namespaces", row.container or "", listener, f"on {row.address}")
    for found in report.findings or ():
        if found.severity != "info":
            yield PodFact(
                "findings", found.container or "", f"finding {found.code}", found.severity
            )


def _whole(report: PodReport, view: PodView) -> Iterator[PodFact]:
    yield PodFact("pod", "", "status", report.pod.status)
    yield PodFact("pod", "", "ready", report.pod.ready)
    yield PodFact("pod", "", "node", report.pod.node or NONE)
    yield PodFact("pod", "", "service account", report.pod.service_account or NONE)
    yield PodFact("pod", "", "QoS class", report.pod.qos_class or NONE)
    labels = mapping(view.pod, "metadata", "labels")
    for name in _REVISIONS:
        if isinstance(labels.get(name), str):
            yield PodFact("changes", "", f"template revision ({name})", str(labels[name]))
    if report.node is not None and report.node.kubelet_version:
        yield PodFact("node", "", "kubelet", report.node.kubelet_version)
        yield PodFact("node", "", "container runtime", report.node.runtime or NONE)
    for volume in items(view.pod, "spec", "volumes"):
        name = text(volume, "name")
        if not name.startswith("kube-api-access-"):
            kinds = ", ".join(sorted(key for key in volume if key != "name"))
            yield PodFact("volumes", "", f"volume {name}", kinds or NONE)
    for row in report.injections or ():
        if (
            row.change == "added"
            and row.path.startswith("spec.")
            and "kube-api-access" not in (f"{row.path} {row.detail}")
        ):
            yield PodFact("injections", "", row.path, f"added by {row.by or 'somebody unknown'}")


def _container(found: Container) -> Iterator[PodFact]:
    name = found.name

    def fact(what: str, value: str | None) -> PodFact:
        return PodFact("containers", name, what, value or NONE)

    yield fact("image", found.image)
    yield fact("image digest", short_digest(found.image_id))
    yield fact("state", found.state)
    memory, cpu = found.resources.memory, found.resources.cpu
    yield fact("requested memory", memory.request)
    yield fact("memory limit", memory.limit)
    yield fact("requested CPU", cpu.request)
    yield fact("CPU limit", cpu.limit)
    yield fact("user", None if found.user is None else str(found.user))
    yield fact("securityContext", "; ".join(found.security))


def _sources(view: PodView) -> Iterator[PodFact]:
    """The ConfigMaps and Secrets of the namespace that were read, by version: one that was
    written in between is another one, whatever a digest says.
    """
    for key, stored in view.capture.objects.items():
        reference = Reference.of_key(key)
        if reference.kind not in ("ConfigMap", "Secret") or (
            reference.namespace != view.reference.namespace
        ):
            continue
        where = f"{reference.kind} {reference.name}"
        section = "files" if reference.kind == "ConfigMap" else "environment"
        if stored.state != "present":
            yield PodFact(section, "", where, stored.state)
            continue
        version = text(stored.body, "metadata", "resourceVersion") or UNKNOWN
        yield PodFact(section, "", where, f"resourceVersion {version}")


def _file(row: FileRow) -> str:
    """The digest where it means the same in every run, and the state where it is not current."""
    seen = (row.digest or "").removeprefix("sha256:")[:12]
    if row.state == "current":
        return f"sha256:{seen}" if seen else "current"
    return f"{row.state}, sha256:{seen}" if seen else row.state


def _variable(row: VariableRow) -> str:
    shown = row.injected if row.injected is not None else row.declared
    value = "" if shown is None or shown in _HIDDEN else f'"{shown}"'
    if row.state == "current":
        return value or "current"
    return f"{row.state}, {value}" if value else row.state


def short_digest(image: str) -> str:
    """The first twelve digits, as `docker images` shows them."""
    digest = image.rpartition("sha256:")[2]
    return f"sha256:{digest[:12]}" if digest != image else image

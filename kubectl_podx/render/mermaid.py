"""A pod as a graph: containers, the namespaces and volumes they share, their processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kubectl_podx.model.patterns import lazy
from kubectl_podx.sections.containers.text import container_state
from kubectl_podx.sections.namespaces.report import Namespace, Namespaces
from kubectl_podx.sections.namespaces.text import KINDS
from kubectl_podx.sections.report import PodReport
from kubectl_podx.sections.volumes.text import READ_ONLY_TYPES
from kubectl_podx.view.escape import clean

_PLAIN = lazy(r"[A-Za-z0-9 ,./:_-]")
_LONGEST_LABEL = 80
_MOST_PROCESSES = 30

SECTIONS = ("containers", "namespaces", "volumes")
"""What the graph is made of."""


def mermaid(reports: Sequence[PodReport]) -> str:
    """A mermaid flowchart with a subgraph per pod; identifiers are ours, labels are escaped."""
    lines = ["graph LR"]
    for at, report in enumerate(reports):
        lines.append(f'  subgraph p{at}["{_label(f"pod/{report.pod.name}")}"]')
        lines += [f"    {line}" for line in _pod(report, f"p{at}")]
        lines.append("  end")
    return "\n".join(lines) + "\n"


def _label(text: str) -> str:
    """Everything that mermaid or a browser could read as markup becomes an entity code."""
    shown = clean(text, _LONGEST_LABEL)
    return "".join(c if _PLAIN.match(c) else f"#{ord(c)};" for c in shown)


def _pod(report: PodReport, prefix: str) -> Iterator[str]:
    ids: dict[str, str] = {}
    for at, container in enumerate(report.containers or []):
        ids[container.name] = f"{prefix}c{at}"
        label = _label(f"{container.name} - {container.kind}, {container_state(container)}")
        yield f'{ids[container.name]}["{label}"]'
    if report.namespaces is not None:
        yield from _namespaces(report.namespaces, prefix, ids)
    for at, volume in enumerate(report.volumes or []):
        name = f"{prefix}v{at}"
        yield f'{name}[("{_label(f"{volume.name} - {volume.type}")}")]'
        for mount in volume.mounts:
            if mount.container in ids:
                read_only = mount.read_only or volume.type in READ_ONLY_TYPES
                access = ", ro" if read_only else ""
                label = _label(f"{mount.path}{access}")
                yield f'{ids[mount.container]} -- "{label}" --> {name}'


def _namespaces(found: Namespaces, prefix: str, ids: dict[str, str]) -> Iterator[str]:
    for at, ((members, basis), kinds) in enumerate(_shared(found, ids).items()):
        name = f"{prefix}n{at}"
        word = "namespace" if len(kinds) == 1 else "namespaces"
        label = _label(f"{', '.join(kinds)} {word}, {basis}")
        yield f'{name}{{{{"{label}"}}}}'
        yield from (f"{member} -.- {name}" for member in members)
    for at, process in enumerate(found.processes[:_MOST_PROCESSES]):
        if process.container in ids:
            name = f"{prefix}r{at}"
            yield f'{name}(["{_label(f"{process.pid} {process.executable}")}"])'
            yield f"{ids[process.container]} --- {name}"


def _shared(found: Namespaces, ids: dict[str, str]) -> dict[tuple[tuple[str, ...], str], list[str]]:
    """The kinds of namespaces by who shares them and how that is known: one node for each."""
    shared: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for kind in KINDS:
        namespace: Namespace = getattr(found, kind)
        for group in namespace.groups:
            members = tuple(ids[name] for name in group.containers if name in ids)
            if len(members) > 1:
                shared.setdefault((members, group.basis), []).append(kind)
    return shared

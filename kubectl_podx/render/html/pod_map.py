"""A map of the pod: containers in the namespaces they share, their volumes, who reaches them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from markupsafe import Markup

from kubectl_podx.render.html.pod_parts import (
    BOX_HEAD,
    EDGE,
    GAP,
    LINE,
    SERVICE_WIDTH,
    TOP,
    VOLUME_HEIGHT,
    Box,
    Place,
    container,
    edges,
    is_token,
    lines,
    service_end,
    services_part,
    volume_part,
)
from kubectl_podx.render.html.svg import element, label, picture
from kubectl_podx.sections.containers.columns import container_state
from kubectl_podx.sections.namespaces.columns import KINDS
from kubectl_podx.sections.namespaces.report import Namespaces
from kubectl_podx.sections.report import PodReport
from kubectl_podx.sections.volumes.report import Volume

_WIDTH = 960.0
_REACH = 46.0
"""Between Services and the pod."""
_FRAME_HEAD, _FRAME_PAD = 26.0, 12.0
_MOST_VOLUMES, _MOST_SERVICES = 12, 6


class _Frame(NamedTuple):
    """A namespace around some of the containers, or a row of those without one."""

    names: tuple[str, ...]
    words: str


def pod_picture(report: PodReport, name: str) -> Markup | None:
    """The map; None where the report has no containers."""
    containers = report.containers or []
    if not containers:
        return None
    services = report.network.services[:_MOST_SERVICES] if report.network else []
    left = EDGE + (SERVICE_WIDTH + _REACH if services else 0)
    boxes, frames, low = _containers(report, left)
    volumes = _volumes(report)
    places = _volume_places(volumes, left)
    end = max(low, *(place.y + VOLUME_HEIGHT + GAP for place in places), 0.0)
    body = [
        *_pod_frame(report, left, end),
        *(part for place in places for part in edges(place, boxes)),
        *frames,
        *(part for box in boxes.values() for part in container(box, report)),
        *(part for place in places for part in volume_part(place)),
        *services_part(services, report, boxes, left),
    ]
    bottom = max(end, service_end(services))
    return picture(f"{name}-map", "Pod map", _story(report, volumes), bottom + EDGE, body)


def _containers(report: PodReport, left: float) -> tuple[dict[str, Box], list[Markup], float]:
    """Boxes from top to bottom, those that share a namespace within a frame; where they end."""
    containers = {each.name: each for each in report.containers or []}
    inner = left + GAP
    width = (_WIDTH - EDGE - left) * 0.5
    boxes: dict[str, Box] = {}
    drawn: list[Markup] = []
    y = TOP
    for frame in _frames(report):
        top = y
        pad = _FRAME_PAD if frame.words else 0.0
        y += _FRAME_HEAD if frame.words else 0.0
        for each in frame.names:
            height = BOX_HEAD + LINE * len(lines(containers[each], report))
            boxes[each] = Box(containers[each], inner + pad, y, width - 2 * pad, height)
            y += height + GAP
        if frame.words:
            drawn += [
                element(
                    *("rect",),
                    x=inner,
                    y=top,
                    width=width,
                    height=y - top - GAP + pad,
                    rx=8.0,
                    class_="namespace",
                ),
                label(inner + 12, top + 17, frame.words, width - 20, class_="fine"),
            ]
            y += pad
    return boxes, drawn, y


def _frames(report: PodReport) -> list[_Frame]:
    """Those that share a namespace that not all share stand together; each container once."""
    names = [each.name for each in report.containers or []]
    frames: list[_Frame] = []
    taken: set[str] = set()
    for members, kinds in _shared(report.namespaces, names).items():
        if len(members) > 1 and not _by_all(members, report) and not taken & set(members):
            frames.append(_Frame(members, f"namespaces shared here: {kinds}"))
            taken |= set(members)
    rest = tuple(name for name in names if name not in taken)
    return [*([_Frame(rest, "")] if rest else []), *frames]


def _shared(found: Namespaces | None, names: Sequence[str]) -> dict[tuple[str, ...], str]:
    """Groups of containers with the kinds of namespaces that they share, and how that is known."""
    groups: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for kind in KINDS if found else ():
        namespace = getattr(found, kind)
        for group in namespace.groups:
            members = tuple(name for name in names if name in group.containers)
            if len(members) > 1:
                groups.setdefault(members, {}).setdefault(group.basis, []).append(kind)
    return {
        members: ", ".join(f"{', '.join(kinds)} ({basis})" for basis, kinds in by_basis.items())
        for members, by_basis in groups.items()
    }


def _by_all(members: Sequence[str], report: PodReport) -> bool:
    """Whether every container that runs is among them."""
    running = {each.name for each in report.containers or [] if each.state == "running"}
    return running <= set(members)


def _pod_frame(report: PodReport, left: float, end: float) -> Iterator[Markup]:
    pod, found = report.pod, report.namespaces
    wide = _WIDTH - EDGE - left
    yield element("rect", x=left, y=8.0, width=wide, height=end - 8, rx=10.0, class_="sandbox")
    where = f" on node {pod.node}" if pod.node else ""
    yield label(left + 14, 28, f"pod {pod.namespace}/{pod.name}", wide - 28, class_="head")
    yield label(
        left + 14, 46, f"{', '.join(pod.pod_ips) or 'no address'}{where}", wide - 28, class_="fine"
    )
    names = [each.name for each in report.containers or []]
    shared = [kinds for members, kinds in _shared(found, names).items() if _by_all(members, report)]
    notes = [f"shared by all that run: {', '.join(shared)}"] if shared else []
    notes += [
        f"{kind}: the node's own"
        for kind in ("network", "pid", "ipc")
        if found and getattr(found, kind).mode == "node"
    ]
    if found and found.pid_one and found.pid.mode != "container":
        notes.append(f"PID 1 is {found.pid_one}")
    if notes:
        yield label(left + 14, 64, "; ".join(notes), wide - 28, class_="fine")


def _volumes(report: PodReport) -> list[Volume]:
    """The shared ones first; the token of the service account, which nearly all have, last."""
    mounted = [each for each in report.volumes or [] if each.mounts]
    mounted.sort(key=lambda each: (is_token(each), not each.shared))
    return mounted


def _volume_places(volumes: Sequence[Volume], left: float) -> list[Place]:
    """On the right, from top to bottom."""
    width = (_WIDTH - EDGE - left) * 0.31
    x = _WIDTH - EDGE - GAP - width
    return [
        Place(each, x, TOP + at * (VOLUME_HEIGHT + GAP), width)
        for at, each in enumerate(volumes[:_MOST_VOLUMES])
    ]


def _story(report: PodReport, volumes: Sequence[Volume]) -> str:
    lines = [
        f"Container {each.name} ({each.kind}): {container_state(each)}."
        for each in report.containers or []
    ]
    lines += [
        f"Volume {each.name} ({each.type}) is mounted by "
        f"{', '.join(sorted({mount.container for mount in each.mounts}))}."
        for each in volumes
    ]
    return " ".join(lines)

"""The picture of a pod: its containers, what they share, and who reaches it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from markupsafe import Markup
from msgspec import Struct

from kubectl_podx.render.html.svg import element, label, picture, tooltip
from kubectl_podx.sections.containers.report import Container
from kubectl_podx.sections.containers.text import container_state
from kubectl_podx.sections.namespaces.report import Namespaces
from kubectl_podx.sections.namespaces.text import KINDS, address
from kubectl_podx.sections.network.report import ServiceRow
from kubectl_podx.sections.report import PodReport
from kubectl_podx.sections.volumes.report import Volume, VolumeMount
from kubectl_podx.sections.volumes.text import READ_ONLY_TYPES
from kubectl_podx.view.units import counted

_WIDTH = 960.0
_REACH = 46.0
"""Between Services and the pod."""

_FRAME_HEAD, _FRAME_PAD = 26.0, 12.0
_MOST_VOLUMES, _MOST_SERVICES = 12, 6


class _Frame(Struct, frozen=True):
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
    if len(boxes) > MOST_LINED and len(volumes) > MOST_LINED:
        mounted, under = matrix(volumes, boxes, left)
        over: list[Markup] = []
        end = max(low, under)
    else:
        places = _volume_places(volumes, left)
        mounted = [part for place in places for part in edges(place, boxes)]
        over = [part for place in places for part in volume_part(place)]
        end = max(low, *(place.y + VOLUME_HEIGHT + GAP for place in places), 0.0)
    body = [
        *_pod_frame(report, left, end),
        *mounted,
        *frames,
        *(part for box in boxes.values() for part in container(box, report)),
        *over,
        *services_part(services, report, boxes, left),
    ]
    bottom = max(end, service_end(services))
    return picture(f"{name}-map", "Pod map", _description(report, volumes), bottom + EDGE, body)


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


def _description(report: PodReport, volumes: Sequence[Volume]) -> str:
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


TOP = 76.0
"""Below the pod's own lines."""

EDGE, GAP = 16.0, 16.0
BOX_HEAD, LINE = 50.0, 18.0
VOLUME_HEIGHT = 48.0
SERVICE_WIDTH = 200.0
_MOST_LINES = 6
_TROUBLED = ("waiting",)


class Box(Struct, frozen=True):
    """Where a container stands."""

    container: Container
    x: float
    y: float
    width: float
    height: float


class Place(NamedTuple):
    """Where a volume stands."""

    volume: Volume
    x: float
    y: float
    width: float


def lines(container: Container, report: PodReport) -> list[tuple[str, str]]:
    """What stands in the box: class and words. Listeners, probes, its injector."""
    lines: list[tuple[str, str]] = []
    found = report.namespaces.listeners if report.namespaces else []
    listeners = [row for row in found if row.container == container.name]
    lines += [
        ("listener", f"listens on {address(row.address)}:{row.port} {row.executable}".rstrip())
        for row in listeners
    ]
    lines += [
        (f"probe {probe.state}", f"{probe.type} probe: {probe.state}")
        for probe in report.probes or []
        if probe.container == container.name
    ]
    if container.injected_by:
        lines.append(("fine", f"added by {container.injected_by}"))
    if len(lines) > _MOST_LINES:
        more = len(lines) - _MOST_LINES + 1
        lines = [*lines[: _MOST_LINES - 1], ("fine", f"and {more} more")]
    return lines


def container(box: Box, report: PodReport) -> Iterator[Markup]:
    """A box with name, kind, state, and a line for each listener and probe."""
    row = box.container
    troubled = row.state in _TROUBLED or (row.exit_code or 0) != 0
    look = "troubled" if troubled else "ready" if row.ready else row.state
    yield element(
        "rect",
        tooltip(row.message or row.image or row.name),
        x=box.x,
        y=box.y,
        width=box.width,
        height=box.height,
        rx=6.0,
        class_=f"container {look}",
    )
    room = box.width - 24
    yield label(box.x + 12, box.y + 20, row.name, room, class_="head")
    restarts = f", {counted(row.restart_count, 'restart')}" if row.restart_count else ""
    words = f"{row.kind}, {container_state(row)}{restarts}"
    yield label(box.x + 12, box.y + 38, words, room, class_="fine")
    for at, (kind, words) in enumerate(lines(row, report)):
        y = box.y + BOX_HEAD + LINE * at
        yield element("circle", cx=box.x + 16, cy=y + 4, r=3.5, class_=f"dot {kind}")
        yield label(box.x + 26, y + 8, words, room - 14, class_="line")


def is_token(volume: Volume) -> bool:
    """Whether it is the one of admission plugin ServiceAccount, which shares no data."""
    return volume.name.startswith("kube-api-access-")


def volume_part(place: Place) -> Iterator[Markup]:
    """A drum with the volume's name, type and source; its mounts are a tooltip."""
    volume, x, y, width = place
    shared = f", shared ({volume.basis})" if volume.shared else ""
    mounts = "; ".join(f"{mount.container} at {mount.path}" for mount in volume.mounts)
    look = " shared" if volume.shared and not is_token(volume) else ""
    yield element(
        "path",
        tooltip(f"{volume.name}: {mounts}"),
        d=(
            f"M{x:.1f},{y + 6:.1f}a{width / 2:.1f},6 0 0 1 {width:.1f},0"
            f"v{VOLUME_HEIGHT - 12:.1f}a{width / 2:.1f},6 0 0 1 -{width:.1f},0Z"
        ),
        class_=f"volume{look}",
    )
    yield label(x + 10, y + 21, volume.name, width - 20, class_="line")
    source = f" {volume.source}" if volume.source else ""
    yield label(x + 10, y + 37, f"{volume.type}{source}{shared}", width - 20, class_="fine")


def edges(place: Place, boxes: dict[str, Box]) -> Iterator[Markup]:
    """A line from each container that mounts it; broken where it may only be read."""
    volume = place.volume
    end_x, end_y = place.x, place.y + VOLUME_HEIGHT / 2
    shared = " shared" if volume.shared and not is_token(volume) else ""
    for mount in volume.mounts:
        box = boxes.get(mount.container)
        if box is None:
            continue
        read_only = mount.read_only or volume.type in READ_ONLY_TYPES
        start_x, start_y = box.x + box.width, box.y + box.height / 2
        half = (end_x - start_x) / 2
        access = "read-only" if read_only else "read-write"
        yield element(
            "path",
            tooltip(f"{mount.container} mounts {volume.name} at {mount.path}, {access}"),
            d=(
                f"M{start_x:.1f},{start_y:.1f}C{start_x + half:.1f},{start_y:.1f} "
                f"{end_x - half:.1f},{end_y:.1f} {end_x:.1f},{end_y:.1f}"
            ),
            class_=f"edge{' read-only' if read_only else ''}{shared}",
        )


MOST_LINED = 8
"""Of more containers and more volumes than that, lines would be a hair-ball."""
_MOST_MATRIX = 20


def matrix(
    volumes: Sequence[Volume], boxes: dict[str, Box], left: float
) -> tuple[list[Markup], float]:
    """A column for each volume, a row for each container, a mark where it is mounted; the names
    stand below. With where it ends.
    """
    shown = volumes[:_MOST_MATRIX]
    area = (_WIDTH - EDGE - left) * 0.5 - 3 * GAP
    first = _WIDTH - EDGE - GAP - area
    step = area / len(shown)
    columns = [first + step * (at + 0.5) for at in range(len(shown))]
    low = max(box.y + box.height for box in boxes.values())
    drawn = [
        label(x, TOP - 2, str(at + 1), class_="tick", text_anchor="middle")
        for at, x in enumerate(columns)
    ]
    drawn += [element("line", x1=x, x2=x, y1=TOP, y2=low, class_="mesh") for x in columns]
    for box in boxes.values():
        y, end = box.y + box.height / 2, first + area
        drawn.append(element("line", x1=box.x + box.width, x2=end, y1=y, y2=y, class_="mesh"))
    for volume, x in zip(shown, columns, strict=True):
        drawn += [
            _mark(mount, volume, x, boxes[mount.container])
            for mount in volume.mounts
            if mount.container in boxes
        ]
    y = low + GAP + LINE
    drawn.append(label(left + GAP, y, "filled: read-write; hollow: read-only", class_="fine"))
    half = (_WIDTH - EDGE - left - 2 * GAP) / 2
    for at, volume in enumerate(shown):
        x = left + GAP + half * (at % 2)
        y += LINE if at % 2 == 0 else 0
        words = (
            f"{at + 1}  {volume.name} ({volume.type}{f' {volume.source}' if volume.source else ''})"
        )
        drawn.append(label(x, y, words, half - GAP, class_="line"))
    if len(volumes) > len(shown):
        y += LINE
        more = f"and {counted(len(volumes) - len(shown), 'volume')} more"
        drawn.append(label(left + GAP, y, more, class_="fine"))
    return drawn, y + GAP


def _mark(mount: VolumeMount, volume: Volume, x: float, box: Box) -> Markup:
    read_only = mount.read_only or volume.type in READ_ONLY_TYPES
    access = "read-only" if read_only else "read-write"
    return element(
        "circle",
        tooltip(f"{mount.container} mounts {volume.name} at {mount.path}, {access}"),
        cx=x,
        cy=box.y + box.height / 2,
        r=5.0,
        class_=f"mount{' read-only' if read_only else ''}",
    )


def services_part(
    services: Sequence[ServiceRow], report: PodReport, boxes: dict[str, Box], left: float
) -> Iterator[Markup]:
    """Services on the left, each with an arrow per port: to who listens there, or to nobody."""
    y = TOP
    for service in services:
        height = _service_height(service)
        silent = any(port.listening is False for port in service.ports)
        bad = silent or service.endpoint in ("notReady", "absent", "terminating")
        yield element(
            "rect",
            x=EDGE,
            y=y,
            width=SERVICE_WIDTH,
            height=height,
            rx=6.0,
            class_=f"service{' troubled' if bad else ''}",
        )
        yield label(EDGE + 10, y + 20, f"Service {service.name}", SERVICE_WIDTH - 20, class_="line")
        words = f"endpoint: {service.endpoint}"
        yield label(EDGE + 10, y + 36, words, SERVICE_WIDTH - 20, class_="fine")
        line = y + 36
        for port in service.ports:
            line += LINE
            target = port.resolved if port.resolved is not None else port.target_port
            words = f"{port.port} to {target}"
            yield label(EDGE + 10, line, words, SERVICE_WIDTH - 20, class_="fine")
            box = _listener_box(port.resolved, report, boxes)
            end_x, end_y = (box.x, box.y + 30) if box else (left, line - 4)
            look = "broken" if port.listening is False or box is None else ""
            start = EDGE + SERVICE_WIDTH
            half = (end_x - start) / 2
            yield element(
                "path",
                d=(
                    f"M{start:.1f},{line - 4:.1f}C{start + half:.1f},{line - 4:.1f} "
                    f"{end_x - half:.1f},{end_y:.1f} {end_x:.1f},{end_y:.1f}"
                ),
                class_=f"reach {look}".rstrip(),
            )
            yield element(
                "path",
                d="M-8,-4L0,0L-8,4Z",
                transform=f"translate({end_x:.1f},{end_y:.1f})",
                class_=f"arrow {look}".rstrip(),
            )
            if port.listening is False:
                line += LINE
                yield label(EDGE + 22, line, "nothing listens there", class_="fine")
        y += height + GAP


def _service_height(service: ServiceRow) -> float:
    silent = sum(port.listening is False for port in service.ports)
    return 46 + LINE * (len(service.ports) + silent)


def service_end(services: Sequence[ServiceRow]) -> float:
    """Where the last Service ends."""
    return TOP + sum(_service_height(service) + GAP for service in services)


def _listener_box(port: int | None, report: PodReport, boxes: dict[str, Box]) -> Box | None:
    """The container that listens on the port."""
    found = report.namespaces.listeners if report.namespaces else []
    for row in found:
        if row.port == port and row.container in boxes:
            return boxes[row.container]
    return None

"""The parts of the map: a container, a volume with its mounts, a Service with its way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from markupsafe import Markup

from kubectl_podx.render.html.svg import element, label, tooltip
from kubectl_podx.sections.containers.columns import container_state
from kubectl_podx.sections.containers.report import Container
from kubectl_podx.sections.namespaces.columns import address
from kubectl_podx.sections.network.report import ServiceRow
from kubectl_podx.sections.report import PodReport
from kubectl_podx.sections.volumes.columns import READ_ONLY_TYPES
from kubectl_podx.sections.volumes.report import Volume
from kubectl_podx.view.units import counted

TOP = 76.0
"""Below the pod's own lines."""
EDGE, GAP = 16.0, 16.0
BOX_HEAD, LINE = 50.0, 18.0
VOLUME_HEIGHT = 48.0
SERVICE_WIDTH = 200.0
_MOST_LINES = 6
_TROUBLED = ("waiting",)


class Box(NamedTuple):
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
                yield label(EDGE + 22, line, "nobody listens there", class_="fine")
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

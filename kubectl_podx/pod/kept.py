"""A pod of a Job whose work is done, and that a container beside the work keeps from its end."""

from __future__ import annotations

from msgspec import Struct

from kubectl_podx.model.raw import Json, dig, text
from kubectl_podx.pod.pod import ContainerEntry, containers

_LONG = 600
"""Seconds after which a container that outlives the work of its Job is worth a warning."""
_SOON = 60
"""The same for one that declares a port or a probe: a server does not end by itself."""


class Kept(Struct, frozen=True):
    """What keeps a pod from its end; no container where nothing does."""

    containers: tuple[str, ...] = ()
    """Those that still run."""
    since: str = ""
    """When the last of the others ended, RFC 3339."""
    took: float | None = None
    """For how many seconds the others ran, the longest of them."""
    serve: bool = False
    """Each of those that run declares a port or a probe."""


def kept_alive(pods: list[Json]) -> Kept:
    """The first pod of which some containers have ended with 0 and all others run: a Job waits for
    all of its plain containers, also for one that was put beside the work and never ends.
    """
    for pod in pods:
        apps = [entry for entry in containers(pod) if entry.kind == "app"]
        running = [entry for entry in apps if entry.running]
        ended = [entry for entry in apps if entry.terminated is not None]
        well = [entry for entry in ended if entry.terminated and entry.terminated.exit_code == 0]
        if running and well and len(running) + len(ended) == len(apps) and ended == well:
            ends = [text(e.status, "state", "terminated", "finishedAt") for e in well]
            serve = all(_serves(entry) for entry in running)
            names = tuple(entry.name for entry in running)
            return Kept(names, max(ends), max(map(_took, well), default=None), serve)
    return Kept()


def _took(entry: ContainerEntry) -> float:
    """For how many seconds it ran; 0 where that is not told."""
    end = entry.terminated
    if end is None or end.started_at is None or end.finished_at is None:
        return 0.0
    return (end.finished_at - end.started_at).total_seconds()


def _serves(entry: ContainerEntry) -> bool:
    fields = ("ports", "readinessProbe", "livenessProbe", "startupProbe")
    return any(dig(entry.spec, field) for field in fields)


def patience(took: float | None, *, serve: bool) -> float:
    """Seconds after which a container that outlives the work is more than the slower of two."""
    if serve:
        return _SOON
    return _LONG if took is None else min(_LONG, max(2 * _SOON, 2 * took))

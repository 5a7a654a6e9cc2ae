"""Where a running pod uses ConfigMaps and Secrets, and whether it holds something older.

By the times of the API alone: a write after the start may have brought another value, or the same
one. So nothing here is proven but what is not there any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from msgspec import Struct

from kubectl_podx.drift.gate import ContainerGate, FilesGate, PodGate, SourceGate, VolumeGate
from kubectl_podx.model.words import ConfigKind, DriftKind, DriftState

SourceKey = tuple[str, str, str]
"""Kind, namespace, name."""


class Write(NamedTuple):
    """The newest write that may have changed something."""

    time: str = ""
    """RFC 3339 in UTC, so that texts compare as times do; empty where it is not known."""
    by: str = ""


class SourceFacts(Struct, frozen=True):
    """What the metadata of a ConfigMap or Secret tells."""

    created: str
    keys: Mapping[str, Write]
    whole: Write
    """Of any of its data."""
    immutable: bool


class Use(Struct, frozen=True):
    """One place where one container uses a source."""

    kind: ConfigKind
    name: str
    keys: tuple[str, ...]
    """Empty for the whole object."""
    how: str
    """`LEVEL of app`, `/etc/app of app`."""
    drift: DriftKind
    started: str
    """When the container started; empty where it does not run."""
    optional: bool = False


class Judged(Struct, frozen=True):
    """What is known of one use."""

    use: Use
    drift: DriftKind
    state: DriftState
    write: Write = Write()


def facts_of(source: SourceGate) -> SourceFacts:
    """The newest write of each key, by the managers that own it."""
    meta = source.metadata
    keys: dict[str, Write] = {}
    whole, immutable = Write(), False
    for entry in (meta.managed_fields if meta else None) or ():
        if entry.fields is None or entry.subresource or not entry.time:
            continue
        write = Write(entry.time, entry.manager or "")
        immutable = immutable or entry.fields.immutable is not None
        for owned in (entry.fields.texts, entry.fields.blobs):
            if owned is None:
                continue
            whole = max(whole, write)
            for name in owned:
                if name.startswith("f:"):
                    key = name[2:]
                    keys[key] = max(keys.get(key, Write()), write)
    return SourceFacts((meta.creation_timestamp if meta else "") or "", keys, whole, immutable)


def uses_of(pod: PodGate) -> Iterator[Use]:
    """Every use of the pod's containers, init containers that have ended left out."""
    spec, status = pod.spec, pod.status
    if spec is None:
        return
    started = {
        one.name: one.state.running.started_at or ""
        for several in (
            (status.container_statuses if status else None) or (),
            (status.init_container_statuses if status else None) or (),
        )
        for one in several
        if one.state is not None and one.state.running is not None
    }
    volumes = {volume.name: volume for volume in spec.volumes or ()}
    for container in (*(spec.init_containers or ()), *(spec.containers or ())):
        at = started.get(container.name, "")
        yield from _environment(container, at)
        yield from _files(container, at, volumes)
    for secret in spec.image_pull_secrets or ():
        if secret.name:
            yield Use("Secret", secret.name, (), "pull secret", "pullSecret", "", optional=True)


def _environment(container: ContainerGate, started: str) -> Iterator[Use]:
    for variable in container.env or ():
        value = variable.value_from
        if value is None:
            continue
        how = f"{variable.name} of {container.name}"
        for kind, ref in (
            ("ConfigMap", value.config_map_key_ref),
            ("Secret", value.secret_key_ref),
        ):
            if ref is not None and ref.name:
                optional = ref.optional is True
                yield Use(
                    kind,  # type: ignore[arg-type]
                    ref.name,
                    (ref.key,),
                    how,
                    "environment",
                    started,
                    optional,
                )
    for entry in container.env_from or ():
        for kind, ref in (("ConfigMap", entry.config_map_ref), ("Secret", entry.secret_ref)):
            if ref is not None and ref.name:
                how, optional = f"envFrom of {container.name}", ref.optional is True
                yield Use(
                    kind,  # type: ignore[arg-type]
                    ref.name,
                    (),
                    how,
                    "environment",
                    started,
                    optional,
                )


def _files(
    container: ContainerGate, started: str, volumes: Mapping[str, VolumeGate]
) -> Iterator[Use]:
    for mount in container.volume_mounts or ():
        volume = volumes.get(mount.name)
        if volume is None:
            continue
        how = f"{mount.mount_path} of {container.name}"
        sub_path = mount.sub_path or mount.sub_path_expr
        for kind, part in _parts(volume):
            name = part.secret_name or part.name
            if not name:
                continue
            keys = tuple(item.key for item in part.items or ())
            if mount.sub_path:
                keys = _below(part, mount.sub_path) or keys
            drift: DriftKind = "subPath" if sub_path else "files"
            optional = part.optional is True
            yield Use(kind, name, keys, how, drift, started, optional)


def _below(part: FilesGate, sub_path: str) -> tuple[str, ...]:
    """The key behind a subPath: of that path, or of that name."""
    if part.items:
        return tuple(item.key for item in part.items if item.path == sub_path)
    return () if "/" in sub_path else (sub_path,)


def _parts(volume: VolumeGate) -> Iterator[tuple[ConfigKind, FilesGate]]:
    if volume.config_map is not None:
        yield "ConfigMap", volume.config_map
    if volume.secret is not None:
        yield "Secret", volume.secret
    for source in (volume.projected.sources if volume.projected else None) or ():
        if source.config_map is not None:
            yield "ConfigMap", source.config_map
        if source.secret is not None:
            yield "Secret", source.secret


def judged(use: Use, facts: SourceFacts | None) -> Judged:
    """Whether what the container holds is older than its source. No facts: it does not exist."""
    if use.drift == "pullSecret":
        return Judged(use, use.drift, "current" if facts is not None else "gone")
    if not use.started:
        # What does not run holds nothing.
        return Judged(use, use.drift, "unknown")
    if facts is None:
        return Judged(use, use.drift, "current" if use.optional else "gone")
    write = _write(use, facts)
    if use.keys and facts.keys and not any(key in facts.keys for key in use.keys):
        return Judged(use, use.drift, "current" if use.optional else "gone", facts.whole)
    if not write.time:
        return Judged(use, use.drift, "unknown")
    after = write.time > use.started
    if use.drift != "files":
        return Judged(use, use.drift, "old" if after else "current", write)
    if facts.immutable:
        # The kubelet reads an immutable object once: another one of that name is never mounted.
        anew = facts.created > use.started
        return Judged(use, "immutable", "old" if anew else "current", write)
    return Judged(use, use.drift, "reload" if after else "current", write)


def _write(use: Use, facts: SourceFacts) -> Write:
    """The newest write of what is used; an object made after the start is new as a whole."""
    if use.started and facts.created > use.started:
        return max(facts.whole, Write(facts.created))
    known = [facts.keys[key] for key in use.keys if key in facts.keys]
    return max(known) if known else facts.whole

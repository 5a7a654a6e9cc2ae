"""ConfigMaps and Secrets that a pod reads, and in what state a value of them is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from kubectl_podx.model.capture import KeyFacts, StoredObject
from kubectl_podx.model.clock import format_time, parse_time
from kubectl_podx.model.raw import Json, dig, items, text
from kubectl_podx.model.words import ConfigKind, ValueState
from kubectl_podx.pod.pod import MOST_CONTAINERS
from kubectl_podx.pod.view import PodView, per_view


class Witness(Struct, frozen=True):
    """What is known of one value. A text is the reason why something holds; empty: it does not."""

    denied: str = ""
    """The source may not be read."""
    gone: str = ""
    """The source is not there."""
    present: bool | None = None
    """Whether the container has it; None where nobody could look."""
    alive: bool = True
    """Whether the container runs, so that it may hold what nobody could look at."""
    unreadable: str = ""
    """The observed side is there and its content could not be read."""
    declared: bool = True
    shadowed: str = ""
    """Another source of the same name wins."""
    unresolved: str = ""
    """A `$(VAR)` was left as it is."""
    equal: bool | None = None
    """Whether the observed value is the source's; None where that cannot be told."""
    program: str = ""
    """The main process holds another value than it was given."""
    frozen: str = ""
    """Only a restart brings the source's value."""
    stuck: str = ""
    """The refresh is failing or overdue."""
    note: str = ""
    """What is to be said where none of the texts above decides."""


class Judgement(Struct, frozen=True):
    """The decided state and why."""

    state: ValueState
    reason: str = ""


def decide(seen: Witness) -> Judgement:
    """The first rung of the ladder that holds.

    denied, orphaned, unreadable, missing, extra, shadowed, unresolved, current, changedByProgram,
    frozen, stuck, stale, unknown: what cannot be known comes before what differs, so a value is
    never called stale on half of the evidence.
    """
    ladder: tuple[tuple[bool, ValueState, str], ...] = (
        (bool(seen.denied), "denied", seen.denied),
        (bool(seen.gone) and seen.present is True, "orphaned", seen.gone),
        (bool(seen.unreadable), "unreadable", seen.unreadable),
        (seen.declared and seen.present is False, "missing", seen.gone or seen.note),
        (bool(seen.gone) and not seen.alive, "missing", seen.gone),
        (not seen.declared and seen.present is True and not seen.program, "extra", seen.note),
        (bool(seen.shadowed), "shadowed", seen.shadowed),
        (bool(seen.unresolved), "unresolved", seen.unresolved),
        (seen.equal is True and not seen.program, "current", seen.note),
        (
            bool(seen.program) and (seen.equal is True or not seen.declared),
            "changedByProgram",
            seen.program,
        ),
        (seen.equal is False and bool(seen.frozen), "frozen", seen.frozen),
        (seen.equal is False and bool(seen.stuck), "stuck", seen.stuck),
        (seen.equal is False, "stale", seen.note),
    )
    for holds, state, reason in ladder:
        if holds:
            return Judgement(state, reason)
    return Judgement("unknown", seen.gone or seen.note)


class Write(Struct, frozen=True):
    """The last write of an object."""

    time: datetime | None = None
    by: str = ""
    """The field manager; empty where managedFields do not tell."""

    @property
    def text(self) -> str | None:
        """The moment as RFC 3339."""
        return format_time(self.time) if self.time else None


def last_write(body: Json | None, subresource: str = "") -> Write:
    """The newest entry of `metadata.managedFields` for the object itself or one subresource.

    Without such entries the object's creation is the last write that is known.
    """
    found = Write()
    for entry in items(body, "metadata", "managedFields"):
        moment = parse_time(entry.get("time"))
        if moment is None or text(entry, "subresource") != subresource:
            continue
        if found.time is None or moment >= found.time:
            found = Write(moment, text(entry, "manager"))
    if found.time is None and not subresource:
        return Write(parse_time(text(body, "metadata", "creationTimestamp")))
    return found


def container_start(view: PodView, name: str) -> datetime | None:
    """When the running instance of a container started."""
    entry = view.container(name)
    if entry is None:
        return None
    return entry.started_at


IN_ENV_FROM: tuple[tuple[ConfigKind, str], ...] = (
    ("ConfigMap", "configMapRef"),
    ("Secret", "secretRef"),
)
"""The fields of an `envFrom` entry."""

IN_ENV: tuple[tuple[ConfigKind, str], ...] = (
    ("ConfigMap", "configMapKeyRef"),
    ("Secret", "secretKeyRef"),
)
"""The fields of `env.valueFrom`."""


class Source(Struct, frozen=True):
    """One ConfigMap or Secret as far as it was read."""

    kind: ConfigKind
    name: str
    namespace: str
    stored: StoredObject | None

    @property
    def label(self) -> str:
        """`ConfigMap web`."""
        return f"{self.kind} {self.name}"

    @property
    def denied(self) -> str:
        """Why its content may not be read; empty where it may."""
        if self.stored is None or self.stored.state != "denied":
            return ""
        return f"{self.label} may not be read (get {self.kind.lower()}s)"

    @property
    def gone(self) -> str:
        """The kubelet's own words where the object is not there (404, nothing else)."""
        if self.stored is None or self.stored.state != "missing":
            return ""
        return f'{self.kind.lower()} "{self.name}" not found'

    @property
    def unread(self) -> str:
        """Why nothing is known of it although nobody forbade it; empty where its keys are known."""
        if self.stored is None:
            return f"{self.label} was not read"
        if self.stored.state in ("failed", "timedOut"):
            how = "took too long" if self.stored.state == "timedOut" else "failed"
            return f"the read of {self.label} {how}"
        return f"the keys of {self.label} were not read" if self.keys is None else ""

    @property
    def keys(self) -> dict[str, KeyFacts] | None:
        """Its keys; None where they are not known."""
        known = self.stored is not None and self.stored.state == "present"
        return self.stored.keys if known and self.stored is not None else None

    @property
    def immutable(self) -> bool:
        """`immutable: true`: the kubelet stops watching it after the first read."""
        return dig(self.stored.body if self.stored else None, "immutable") is True

    @property
    def write(self) -> Write:
        """Its last write."""
        return last_write(self.stored.body if self.stored else None)

    def key(self, name: str) -> KeyFacts | None:
        """What is known of one key."""
        return (self.keys or {}).get(name)

    def key_gone(self, name: str) -> str:
        """The kubelet's words where the object is there and the key is not.

        (`couldn't find key K in ConfigMap NS/NAME`, pkg/kubelet/kubelet_pods.go)
        """
        if self.keys is None or name in self.keys:
            return ""
        return f"couldn't find key {name} in {self.kind} {self.namespace}/{self.name}"


def source(view: PodView, kind: ConfigKind, name: str) -> Source:
    """The pod's view of this object."""
    return Source(kind, name, view.reference.namespace, view.object(kind, name))


def version_of(stored: StoredObject) -> str:
    """The `metadata.resourceVersion` of an object that was read; empty where it is not told."""
    return text(stored.body, "metadata", "resourceVersion")


class Use(Struct, frozen=True):
    """One place of the pod spec that names a ConfigMap or Secret."""

    source: Source
    keys: tuple[str, ...]
    """The keys it asks for; empty for the whole object."""
    optional: bool
    container: str
    """Empty for a volume."""
    volume: str = ""
    variable: str = ""
    path: str = ""
    """The field of the pod that names the object, such as `spec.volumes[0].secret.secretName`."""

    @property
    def gone(self) -> str:
        """Why it cannot be satisfied now; empty where it can or where that is not known."""
        if self.source.gone:
            return self.source.gone
        known = self.source.keys
        missing = next((key for key in self.keys if known is not None and key not in known), None)
        return "" if missing is None else self.source.key_gone(missing)


@per_view
def uses(view: PodView) -> list[Use]:
    """Every use of a ConfigMap or Secret by a volume that is mounted, or by an environment."""
    mounted = {
        text(mount, "name")
        for entry in view.containers
        for mount in items(entry.spec, "volumeMounts")
    }
    found = [
        use
        for at, volume in enumerate(items(view.pod, "spec", "volumes"))
        if text(volume, "name") in mounted
        for use in _volume_uses(view, volume, f"spec.volumes[{at}]")
    ]
    for field in ("initContainers", "containers", "ephemeralContainers"):
        for at, spec in enumerate(items(view.pod, "spec", field)[:MOST_CONTAINERS]):
            found += _environment_uses(view, text(spec, "name"), spec, f"spec.{field}[{at}]")
    return found


def _volume_uses(view: PodView, volume: Json, place: str) -> Iterator[Use]:
    parts: list[tuple[ConfigKind, str, Json, str]] = [
        ("ConfigMap", "name", dig(volume, "configMap") or {}, "configMap"),
        ("Secret", "secretName", dig(volume, "secret") or {}, "secret"),
    ]
    for at, projection in enumerate(items(volume, "projected", "sources")):
        source_at = f"projected.sources[{at}]"
        config_map, secret = dig(projection, "configMap") or {}, dig(projection, "secret") or {}
        parts.append(("ConfigMap", "name", config_map, f"{source_at}.configMap"))
        parts.append(("Secret", "name", secret, f"{source_at}.secret"))
    for kind, field, spec, where in parts:
        name = text(spec, field)
        if name:
            keys = tuple(text(item, "key") for item in items(spec, "items"))
            yield Use(
                source(view, kind, name),
                keys,
                dig(spec, "optional") is True,
                "",
                volume=text(volume, "name"),
                path=f"{place}.{where}.{field}",
            )


def _environment_uses(view: PodView, container: str, spec: Json, place: str) -> Iterator[Use]:
    for at, entry in enumerate(items(spec, "envFrom")):
        for kind, field in IN_ENV_FROM:
            name = text(entry, field, "name")
            if name:
                optional = dig(entry, field, "optional") is True
                path = f"{place}.envFrom[{at}].{field}.name"
                yield Use(source(view, kind, name), (), optional, container, path=path)
    for at, variable in enumerate(items(spec, "env")):
        for kind, field in IN_ENV:
            name = text(variable, "valueFrom", field, "name")
            if name:
                yield Use(
                    source(view, kind, name),
                    (text(variable, "valueFrom", field, "key"),),
                    dig(variable, "valueFrom", field, "optional") is True,
                    container,
                    variable=text(variable, "name"),
                    path=f"{place}.env[{at}].valueFrom.{field}.name",
                )

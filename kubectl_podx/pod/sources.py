"""ConfigMaps and Secrets as a container's sources: what was read of them, and what is gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kubectl_podx.model.capture import KeyFacts, StoredObject
from kubectl_podx.model.raw import Json, dig, items, text
from kubectl_podx.model.words import ConfigKind
from kubectl_podx.pod.value_state import Write, last_write
from kubectl_podx.pod.view import PodView, per_view

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


class Source(NamedTuple):
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


class Use(NamedTuple):
    """One place of the pod spec that names a ConfigMap or Secret."""

    source: Source
    keys: tuple[str, ...]
    """The keys it asks for; empty for the whole object."""
    optional: bool
    container: str
    """Empty for a volume."""
    volume: str = ""
    variable: str = ""

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
        for volume in items(view.pod, "spec", "volumes")
        if text(volume, "name") in mounted
        for use in _volume_uses(view, volume)
    ]
    for entry in view.containers:
        found += _environment_uses(view, entry.name, entry.spec)
    return found


def _volume_uses(view: PodView, volume: Json) -> Iterator[Use]:
    parts: list[tuple[ConfigKind, str, Json]] = [
        ("ConfigMap", "name", dig(volume, "configMap") or {}),
        ("Secret", "secretName", dig(volume, "secret") or {}),
    ]
    for projection in items(volume, "projected", "sources"):
        parts.append(("ConfigMap", "name", dig(projection, "configMap") or {}))
        parts.append(("Secret", "name", dig(projection, "secret") or {}))
    for kind, field, spec in parts:
        name = text(spec, field)
        if name:
            keys = tuple(text(item, "key") for item in items(spec, "items"))
            yield Use(
                source(view, kind, name),
                keys,
                dig(spec, "optional") is True,
                "",
                volume=text(volume, "name"),
            )


def _environment_uses(view: PodView, container: str, spec: Json) -> Iterator[Use]:
    for entry in items(spec, "envFrom"):
        for kind, field in IN_ENV_FROM:
            name = text(entry, field, "name")
            if name:
                optional = dig(entry, field, "optional") is True
                yield Use(source(view, kind, name), (), optional, container)
    for variable in items(spec, "env"):
        for kind, field in IN_ENV:
            name = text(variable, "valueFrom", field, "name")
            if name:
                yield Use(
                    source(view, kind, name),
                    (text(variable, "valueFrom", field, "key"),),
                    dig(variable, "valueFrom", field, "optional") is True,
                    container,
                    variable=text(variable, "name"),
                )

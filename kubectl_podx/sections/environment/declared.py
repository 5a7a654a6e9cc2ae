"""Where each environment variable of a container is declared, and which declaration wins."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kubectl_podx.model.parts import KeySource
from kubectl_podx.model.raw import Json, dig, items, mapping, text
from kubectl_podx.pod.sources import IN_ENV, IN_ENV_FROM, Source, source
from kubectl_podx.pod.view import PodView

_SERVICE_HOST = re.compile(r"([A-Z0-9_]+)_SERVICE_HOST")
_SERVICE_REST = re.compile(r"_(?:SERVICE_(?:HOST|PORT(?:_.+)?)|PORT(?:_\d+_(?:TCP|UDP|SCTP).*)?)")


class Declaration(NamedTuple):
    """One declaration of one variable."""

    name: str
    origin: KeySource
    where: str
    """`env` or `envFrom`."""
    backing: Source | None = None
    """The ConfigMap or Secret, where it comes from one."""
    literal: str | None = None
    """The text of the spec, redacted; None where it comes from elsewhere."""

    @property
    def label(self) -> str:
        """`ConfigMap web, key level (envFrom)`; `literal (env)`."""
        of = f"{self.origin.kind} {self.origin.name}".strip()
        key = f", key {self.origin.key}" if self.origin.key else ""
        return f"{of}{key} ({self.where})"

    @property
    def gone(self) -> str:
        """Why its source is not there; empty where it is or where that is not known."""
        if self.backing is None:
            return ""
        return self.backing.gone or self.backing.key_gone(self.origin.key)


class OpenImport(NamedTuple):
    """An `envFrom` whose keys are not known: any variable with its prefix may come from it."""

    prefix: str
    origin: KeySource
    backing: Source


class Environment(NamedTuple):
    """All that a container declares."""

    winners: dict[str, Declaration]
    shadowed: list[tuple[Declaration, Declaration]]
    """Each with the one that wins over it."""
    open_imports: list[OpenImport]
    losers: dict[str, list[Declaration]]
    """Name -> its declarations that do not win, in order."""

    def overridden(self, name: str) -> list[Declaration]:
        """The declarations of this name that do not win."""
        return self.losers.get(name, [])


def environment(view: PodView, spec: Json) -> Environment:
    """`envFrom` first, a later source wins; then `env`, a later entry wins; service links come last
    and only where a name is free (makeEnvironmentVariables in pkg/kubelet/kubelet_pods.go).
    """
    imports: list[OpenImport] = []
    order = [*_imported(view, spec, imports), *_entries(view, spec)]
    winners: dict[str, Declaration] = {}
    losers: list[Declaration] = []
    by_name: dict[str, list[Declaration]] = {}
    for declaration in order:
        if declaration.name in winners:
            losers.append(winners[declaration.name])
            by_name.setdefault(declaration.name, []).append(losers[-1])
        winners[declaration.name] = declaration
    shadowed = [(loser, winners[loser.name]) for loser in losers]
    return Environment(winners, shadowed, imports, by_name)


def _imported(view: PodView, spec: Json, imports: list[OpenImport]) -> Iterator[Declaration]:
    for entry in items(spec, "envFrom"):
        prefix = text(entry, "prefix")
        for kind, field in IN_ENV_FROM:
            reference = mapping(entry, field)
            if not text(reference, "name"):
                continue
            backing = source(view, kind, text(reference, "name"))
            optional = dig(reference, "optional") is True
            if backing.keys is None:
                origin = KeySource(kind=kind, name=backing.name, optional=optional)
                imports.append(OpenImport(prefix, origin, backing))
            for key, facts in (backing.keys or {}).items():
                # binaryData is not injected; a Secret's data is, whatever its bytes are.
                if kind == "ConfigMap" and facts.binary:
                    continue
                origin = KeySource(kind=kind, name=backing.name, key=key, optional=optional)
                yield Declaration(prefix + key, origin, "envFrom", backing)


def _entries(view: PodView, spec: Json) -> Iterator[Declaration]:
    for variable in items(spec, "env"):
        name = text(variable, "name")
        if not name:
            continue
        # `value: ""` beside valueFrom is what the API server writes; valueFrom is what counts.
        given = mapping(variable, "valueFrom")
        found = _from(view, given)
        if found is None:
            literal = text(variable, "value")
            yield Declaration(name, KeySource(kind="literal"), "env", literal=literal)
        else:
            origin, backing = found
            yield Declaration(name, origin, "env", backing)


def _from(view: PodView, given: Json) -> tuple[KeySource, Source | None] | None:
    for kind, field in IN_ENV:
        reference = mapping(given, field)
        if reference:
            name, key = text(reference, "name"), text(reference, "key")
            optional = dig(reference, "optional") is True
            origin = KeySource(kind=kind, name=name, key=key, optional=optional)
            return origin, source(view, kind, name)
    if mapping(given, "fieldRef"):
        return KeySource(kind="field", key=text(given, "fieldRef", "fieldPath")), None
    reference = mapping(given, "resourceFieldRef")
    if reference:
        name = text(reference, "containerName")
        return KeySource(kind="resource", name=name, key=text(reference, "resource")), None
    reference = mapping(given, "fileKeyRef")
    if reference:
        optional = dig(reference, "optional") is True
        key = f"{text(reference, 'path')}:{text(reference, 'key')}"
        return KeySource(
            kind="file", name=text(reference, "volumeName"), key=key, optional=optional
        ), None
    return None


def service_links(names: Iterable[str]) -> frozenset[str]:
    """Those of the names that the kubelet makes of Services.

    `WEB_SERVICE_HOST` tells the Service; its other variables follow the Docker links of old
    (pkg/kubelet/envvars/envvars.go). `KUBERNETES_*` comes even with enableServiceLinks false.
    """
    known = frozenset(names)
    services = {match.group(1) for name in known if (match := _SERVICE_HOST.fullmatch(name))}
    return frozenset(
        name
        for name in known
        for service in services
        if name.startswith(service) and _SERVICE_REST.fullmatch(name[len(service) :])
    )

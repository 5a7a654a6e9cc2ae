"""Environment variables: declared, injected, of the main process, and what a start would give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from kubectl_podx.model.capture import Observation, Sealed, Variable
from kubectl_podx.model.clock import format_time
from kubectl_podx.model.parts import Fact, KeySource
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import Json, dig, items, mapping, text
from kubectl_podx.pod.pod import ContainerEntry
from kubectl_podx.pod.sources import (
    IN_ENV,
    IN_ENV_FROM,
    Source,
    Witness,
    Write,
    container_start,
    decide,
    last_write,
    source,
)
from kubectl_podx.pod.view import PodView, look, per_view
from kubectl_podx.sections.environment.report import VariableRow

_SERVICE_HOST = lazy(r"([A-Z0-9_]+)_SERVICE_HOST")
_SERVICE_REST = lazy(r"_(?:SERVICE_(?:HOST|PORT(?:_.+)?)|PORT(?:_\d+_(?:TCP|UDP|SCTP).*)?)")


class Declaration(Struct, frozen=True):
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


class OpenImport(Struct, frozen=True):
    """An `envFrom` whose keys are not known: any variable with its prefix may come from it."""

    prefix: str
    origin: KeySource
    backing: Source


class Environment(Struct, frozen=True):
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
    if not given:
        # Most variables: their value stands beside the name.
        return None
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


_NOT_SHOWN = ("<hidden>", "<differs>")
HIDDEN = "<hidden>"
DIFFERS = "<differs>"


@per_view
def build(view: PodView) -> list[VariableRow]:
    """One row for each variable of each container: declared ones by name, then undeclared ones.

    A declaration that another one overrides has a row of its own, after the one that wins.
    """
    return [row for entry in view.containers for row in _Container(view, entry).rows()]


_OF_A_SHELL = frozenset({"PWD", "OLDPWD", "SHLVL", "_"})
"""Every shell sets these for itself."""


def compared(found: list[VariableRow], _view: PodView) -> Iterator[Fact]:
    """What replicas should have in common: values that may be shown, else states.

    Variables of the image differ with it, and those of Services with the namespace.
    """
    for row in found:
        if row.state == "extra":
            continue
        shown = row.injected if row.injected is not None else row.declared
        value = "" if shown is None or shown in _NOT_SHOWN else f'"{shown}"'
        if row.state != "current":
            value = f"{row.state}, {value}" if value else row.state
        yield Fact(row.container, f"variable {row.name}", value or row.state)


class _Container:
    """The variables of one container, as declared and as they were found in it."""

    def __init__(self, view: PodView, entry: ContainerEntry) -> None:
        self._view = view
        self._entry = entry
        self._declared: Environment = environment(view, entry.spec)
        observation = view.observations.get(entry.name)
        self._seen = _environment_of(observation)
        found = view.captured.declared_variables.get(entry.name, [])
        self._variables = {variable.name: variable for variable in found}
        if observation is not None:
            self._variables |= {variable.name: variable for variable in observation.variables}
        # A program that overwrote its environment block (setproctitle) shows nothing of it.
        self._process_told = self._seen is not None and (
            self._seen.process_environment == "read"
            and any(variable.process is not None for variable in self._seen.variables)
        )

    def rows(self) -> list[VariableRow]:
        found: list[VariableRow] = []
        for name in sorted(self._declared.winners):
            found.append(self._row(self._declared.winners[name]))
            found += [self._shadowed(loser) for loser in self._declared.overridden(name)]
        rest = sorted(self._variables.keys() - self._declared.winners.keys())
        links = service_links(rest)
        # What a shell sets for itself is in no declaration, and nobody's drift.
        own = [name for name in rest if name in _OF_A_SHELL and not self._variables[name].injected]
        return found + [
            self._undeclared(self._variables[name], name in links)
            for name in rest
            if name not in own
        ]

    def _row(self, declaration: Declaration) -> VariableRow:
        variable = self._variables.get(
            declaration.name, Variable(name=declaration.name, declared_state="unknown")
        )
        now = variable.declared
        equal = self._equal(variable)
        gone = self._gone(declaration, variable)
        present = self._present(variable)
        absent_by_choice = bool(gone) and declaration.origin.optional and not present
        judged = decide(
            Witness(
                denied=self._denied(declaration, variable),
                gone="" if absent_by_choice else gone,
                present=None if absent_by_choice else present,
                alive=self._entry.running,
                unreadable="" if equal is not None else self._unreadable(),
                unresolved=variable.declared_reason or "a $(VAR) in it names no variable"
                if variable.declared_state == "unresolved"
                else "",
                equal=True if absent_by_choice else equal,
                program=self._program(variable),
                frozen=self._frozen(declaration),
                note=f"optional: {gone}" if absent_by_choice else self._note(variable, present),
            )
        )
        return VariableRow(
            container=self._entry.name,
            name=declaration.name,
            source=declaration.origin,
            declared=shown(now),
            injected=_against(variable.injected, now),
            process=_against(variable.process, now or variable.injected),
            current=shown(now),
            state=judged.state,
            reason=judged.reason,
            shadows=[loser.label for loser in self._declared.overridden(declaration.name)],
        )

    def _shadowed(self, loser: Declaration) -> VariableRow:
        winner = self._declared.winners[loser.name]
        declared = loser.literal
        if loser.backing is not None:
            key = loser.backing.key(loser.origin.key)
            declared = None if key is None else HIDDEN if key.text is None else key.text
        judged = decide(
            Witness(
                denied=loser.backing.denied if loser.backing else "",
                shadowed=f"overridden by {winner.label}",
            )
        )
        variable = self._variables.get(loser.name)
        return VariableRow(
            container=self._entry.name,
            name=loser.name,
            source=loser.origin,
            declared=declared,
            current=shown(variable.declared) if variable else None,
            state=judged.state,
            reason=judged.reason,
        )

    def _undeclared(self, variable: Variable, link: bool) -> VariableRow:
        hidden_source = self._import_of(variable.name)
        origin = KeySource(kind="service" if link else "image")
        note = "service link" if link else "undeclared (image or runtime)"
        denied = gone = ""
        if hidden_source is not None and not link:
            origin = KeySource(
                kind=hidden_source.origin.kind,
                name=hidden_source.origin.name,
                key=variable.name.removeprefix(hidden_source.prefix),
                optional=hidden_source.origin.optional,
            )
            denied, gone = hidden_source.backing.denied, hidden_source.backing.gone
        elif not link and self._declared.open_imports:
            names = ", ".join(found.backing.label for found in self._declared.open_imports)
            note = f"undeclared (image, runtime, or {names}, whose keys are not known)"
        present = self._present(variable)
        judged = decide(
            Witness(
                denied=denied,
                gone=gone,
                present=present or variable.process is not None,
                declared=False,
                program=self._program(variable),
                note=note,
            )
        )
        return VariableRow(
            container=self._entry.name,
            name=variable.name,
            source=origin,
            injected=_against(variable.injected, variable.declared),
            process=_against(variable.process, variable.injected),
            state=judged.state,
            reason=judged.reason,
        )

    def _import_of(self, name: str) -> OpenImport | None:
        """The unreadable `envFrom` that an undeclared variable comes from, told by its prefix."""
        for found in reversed(self._declared.open_imports):
            if found.prefix and name.startswith(found.prefix):
                return found
        return None

    def _present(self, variable: Variable) -> bool | None:
        if variable.injected is not None:
            return True
        return False if self._seen is not None else None

    def _denied(self, declaration: Declaration, variable: Variable) -> str:
        if declaration.backing is not None and declaration.backing.denied:
            return declaration.backing.denied
        if variable.declared_state == "denied":
            return variable.declared_reason or "its source may not be read"
        return ""

    def _gone(self, declaration: Declaration, variable: Variable) -> str:
        if declaration.gone:
            return declaration.gone
        if variable.declared_state in ("missing", "optionalMissing"):
            return variable.declared_reason or "its source is not there"
        return ""

    def _equal(self, variable: Variable) -> bool | None:
        """What was injected decides. Where only the main process could be read, its equal value
        is as good; another one may be its own doing and says nothing.
        """
        now = variable.declared
        if now is None:
            return None
        if variable.injected is not None:
            return now.digest == variable.injected.digest
        alone = self._seen is None and variable.process is not None
        return True if alone and _same(variable.process, now) else None

    def _unreadable(self) -> str:
        """Where the look went well and the environment still could not be read."""
        found = self._view.observations.get(self._entry.name)
        if found is None or found.state == "unobservable" or self._seen is not None:
            return ""
        return found.reason or "the environment could not be read"

    def _program(self, variable: Variable) -> str:
        """How the main process's own value differs: the second witness, never drift."""
        if not self._process_told:
            return ""
        given, own = variable.injected, variable.process
        if variable.name in _OF_A_SHELL:
            return ""
        if given is None:
            return "the program set it itself" if own is not None else ""
        if own is None:
            return "the main process runs without it"
        return "the main process has another value" if own.digest != given.digest else ""

    def _frozen(self, declaration: Declaration) -> str:
        """A variable is resolved at every container start and never again."""
        what, write = self._source(declaration)
        start = container_start(self._view, self._entry.name)
        if write.time is None or start is None or write.time < start:
            return "set when the container started; restart the container to pick up the new value"
        by = f" by {write.by}" if write.by else ""
        return (
            f"{what} changed at {format_time(write.time)}{by}, after the container started at "
            f"{format_time(start)}; restart the container to pick up the new value"
        )

    def _source(self, declaration: Declaration) -> tuple[str, Write]:
        if declaration.backing is not None:
            return declaration.backing.label, declaration.backing.write
        if declaration.origin.kind == "field":
            return "the pod", last_write(self._view.pod)
        if declaration.origin.kind == "resource":
            return "the pod's resources", last_write(self._view.pod, "resize")
        return "", Write()

    def _note(self, variable: Variable, present: bool | None) -> str:
        if present is False:
            return "the source has it now; the container started without it"
        if present is None:
            return look(self._view, self._entry).reason
        return variable.declared_reason


def _same(one: Sealed | None, other: Sealed | None) -> bool:
    return one is not None and other is not None and one.digest == other.digest


def _environment_of(observation: Observation | None) -> Observation | None:
    """The observation, where the injected environment was read."""
    if observation is None or observation.environment_source == "none":
        return None
    return observation


def shown(value: Sealed | None) -> str | None:
    """The value where it may be shown, else `<hidden>`."""
    if value is None:
        return None
    return HIDDEN if value.text is None else value.text


def _against(value: Sealed | None, other: Sealed | None) -> str | None:
    """A value beside the one it is compared with."""
    if value is None or value.text is not None:
        return shown(value)
    if other is not None and other.digest != value.digest:
        return DIFFERS
    return HIDDEN

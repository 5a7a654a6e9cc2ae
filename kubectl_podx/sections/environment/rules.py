"""Rules about environment variables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from kubectl_podx.model.parts import KeySource
from kubectl_podx.pod.sources import Use, uses
from kubectl_podx.rules.fixes import restart
from kubectl_podx.rules.remedies import what_is_there
from kubectl_podx.rules.rule import Case, Hit, Rule
from kubectl_podx.sections.environment.report import VariableRow

_DOCS = "https://kubernetes.io/docs/"
_ENVIRONMENT = f"{_DOCS}tasks/inject-data-application/define-environment-variable-container/"
_DEPENDENT = f"{_DOCS}tasks/inject-data-application/define-interdependent-environment-variables/"
_CONFIG_MAP = f"{_DOCS}tasks/configure-pod-container/configure-pod-configmap/"

# Of these a rule of the downward API tells.
_DOWNWARD = ("field", "resource")

Group = list[VariableRow]


def _groups(case: Case, keep: Callable[[VariableRow], bool]) -> Iterator[Group]:
    """The rows that count, together by container and source object."""
    found: dict[tuple[str, str, str], Group] = {}
    for row in case.report.environment or []:
        if keep(row):
            key = (row.container, row.source.kind, row.source.name)
            found.setdefault(key, []).append(row)
    yield from found.values()


def _names(group: Group) -> str:
    names = [row.name for row in group]
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _label(source: KeySource) -> str:
    if source.kind == "literal":
        return "its declaration"
    return f"{source.kind} {source.name}".strip()


def _frozen(case: Case) -> Iterable[Hit]:
    """Declared values that the container was started without, or with other ones."""
    gone = {(use.source.kind, use.source.name) for use in uses(case.view) if use.gone}

    def counts(row: VariableRow) -> bool:
        if row.source.kind in _DOWNWARD or (row.source.kind, row.source.name) in gone:
            return False
        entry = case.view.container(row.container)
        running = entry is not None and entry.running
        return running and row.state in ("frozen", "missing")

    for group in _groups(case, counts):
        first = group[0]
        yield Hit(
            f"{_names(group)} in container {first.container} "
            f"{'is' if len(group) == 1 else 'are'} older than {_label(first.source)}",
            tuple(_evidence(row) for row in group[:5]),
            container=first.container,
            fix=restart(case),
        )


def _evidence(row: VariableRow) -> str:
    values = f" (in the container {row.injected}, now {row.current})" if row.injected else ""
    return f"{row.name}: {row.state}{values}" + (f", {row.reason}" if row.reason else "")


def _waits_for_config(case: Case, use: Use) -> bool:
    entry = case.view.container(use.container)
    return entry is not None and entry.waiting_reason == "CreateContainerConfigError"


def _lost_sources(case: Case) -> Iterator[list[Use]]:
    found: dict[tuple[str, str, str], list[Use]] = {}
    for use in uses(case.view):
        if use.container and use.gone and not use.optional:
            key = (use.container, use.source.kind, use.source.name)
            found.setdefault(key, []).append(use)
    yield from found.values()


def _survives_no_restart(case: Case) -> Iterable[Hit]:
    for group in _lost_sources(case):
        entry = case.view.container(group[0].container)
        if entry is None or _waits_for_config(case, group[0]):
            continue
        # An init container that has ended is not started again in this pod.
        if entry.kind in ("init", "ephemeral") and not entry.running:
            continue
        yield Hit(
            f"container {entry.name} would not start again: {group[0].gone}",
            _lost_evidence(group),
            container=entry.name,
            next=what_is_there(case, group[0].source.kind, group[0].source.name),
        )


def _blocked(case: Case) -> Iterable[Hit]:
    for group in _lost_sources(case):
        entry = case.view.container(group[0].container)
        if entry is None or not _waits_for_config(case, group[0]):
            continue
        message = entry.waiting_message
        said = (f"CreateContainerConfigError: {message}",) if message else ()
        yield Hit(
            f"container {entry.name} cannot be created: {group[0].gone}",
            (*said, *_lost_evidence(group)),
            container=entry.name,
            next=what_is_there(case, group[0].source.kind, group[0].source.name),
            blocking=True,
        )


def _lost_evidence(group: list[Use]) -> tuple[str, ...]:
    variables = [use.variable for use in group if use.variable]
    found = [f"needed by {', '.join(variables[:5])}"] if variables else []
    if any(not use.variable for use in group):
        found.append(f"needed by envFrom of {group[0].source.label}")
    return tuple(found)


def _unresolved(case: Case) -> Iterable[Hit]:
    for group in _groups(case, lambda row: row.state == "unresolved"):
        yield Hit(
            f"{_names(group)} in container {group[0].container} holds a $(VAR) as it stands",
            tuple(f"{row.name}: {row.reason}" for row in group[:5]),
            group[0].container,
        )


def _shadowed(case: Case) -> Iterable[Hit]:
    for row in case.report.environment or []:
        if row.shadows:
            yield Hit(
                f"{row.name} in container {row.container} is declared "
                f"{len(row.shadows) + 1} times: {_label(row.source)} wins",
                tuple(f"overridden: {source}" for source in row.shadows[:5]),
                row.container,
            )


def _optional_missing(case: Case) -> Iterable[Hit]:
    hit: set[tuple[str, str, str, str]] = set()
    for use in uses(case.view):
        key = (use.container, use.source.kind, use.source.name, use.gone)
        if use.container and use.optional and use.gone and key not in hit:
            hit.add(key)
            what = use.variable or f"envFrom of {use.source.label}"
            yield Hit(
                f"container {use.container} runs without {what}: its optional source does not "
                "exist",
                (use.gone,),
                use.container,
            )


def _invalid_names(case: Case) -> Iterable[Hit]:
    for event in case.view.said("InvalidEnvironmentVariableNames"):
        yield Hit(
            "keys of an envFrom were skipped: they are no names of variables",
            (event.message[:400],),
        )


RULES: tuple[Rule, ...] = (
    Rule(
        code="ENV001",
        section="environment",
        severity="warning",
        title="The environment is older than its source",
        meaning="Variables are resolved when a container starts and never again. The source has "
        "changed since, so the program works with the values of then.",
        known_by="the environment of an exec session, which is what the kubelet set, against the "
        "value now",
        remedy="Restart the containers.",
        link=_CONFIG_MAP,
        check=_frozen,
    ),
    Rule(
        code="ENV002",
        section="environment",
        severity="warning",
        title="A container would not start again: a source of its environment is gone",
        meaning="The running container keeps its values, so nothing looks wrong; the next start "
        "fails with CreateContainerConfigError.",
        known_by="404 for the object, or a key that it no longer has, and a reference that is not "
        "optional",
        remedy="Create the object or key again, or mark the reference as optional.",
        link=_CONFIG_MAP,
        check=_survives_no_restart,
    ),
    Rule(
        code="ENV003",
        section="environment",
        severity="critical",
        title="A container cannot be created: a source of its environment is missing",
        meaning="The kubelet resolves every variable before it creates the container.",
        known_by="CreateContainerConfigError in the status, and 404 for the object or a key it "
        "has not",
        remedy="Create the object or key, or mark the reference as optional.",
        link=_CONFIG_MAP,
        check=_blocked,
        gives_way_to=frozenset({"CON001"}),
    ),
    Rule(
        code="ENV004",
        section="environment",
        severity="warning",
        title="A variable holds a $(VAR) that was not replaced",
        meaning="Only variables of envFrom, of Services and of entries further up are known at "
        "that point; any other reference stays as it is written.",
        known_by="the declared value, expanded as the kubelet does it",
        remedy="Correct the name, move the entry below the one it refers to, or write $$(VAR).",
        link=_DEPENDENT,
        check=_unresolved,
    ),
    Rule(
        code="ENV005",
        section="environment",
        severity="info",
        title="A variable is declared more than once",
        meaning="A later envFrom source wins over an earlier one, env wins over envFrom, and a "
        "later entry of env over an earlier one.",
        known_by="the pod spec and the keys of its sources",
        remedy="Remove what does not count, or give envFrom a prefix.",
        link=_ENVIRONMENT,
        check=_shadowed,
    ),
    Rule(
        code="ENV006",
        section="environment",
        severity="info",
        title="An optional source of a variable does not exist",
        meaning="The variable is not set; it is after a restart once the source is there.",
        known_by="404 for the object, or a key that it does not have",
        remedy="No action needed if that is meant.",
        link=_CONFIG_MAP,
        check=_optional_missing,
    ),
    Rule(
        code="ENV007",
        section="environment",
        severity="warning",
        title="Keys of an envFrom were skipped",
        meaning="Kubelets up to 1.29 leave out keys that are no proper names of variables.",
        known_by="the event InvalidEnvironmentVariableNames",
        remedy="Rename the keys, or take them one by one with valueFrom.",
        link=_CONFIG_MAP,
        check=_invalid_names,
    ),
)

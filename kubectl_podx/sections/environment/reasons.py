"""Reasons that stand in the environment: a variable that is not set, or holds what nobody meant."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from kubectl_podx.pod.services import Service, by_address, link_variables
from kubectl_podx.pod.sources import Use, uses
from kubectl_podx.rules.ends import Ending, endings
from kubectl_podx.rules.fixes import edit_owner, set_pod
from kubectl_podx.rules.remedies import get
from kubectl_podx.rules.rule import Case, Hit, Rule, reason_rule
from kubectl_podx.sections.environment.report import VariableRow

_DOCS = "https://kubernetes.io/docs/"
_ENVIRONMENT = f"{_DOCS}tasks/inject-data-application/define-environment-variable-container/"
_COMMAND = f"{_DOCS}tasks/inject-data-application/define-command-argument-container/"
_FEW = 4


def _rows(case: Case, ending: Ending) -> list[VariableRow]:
    return [r for r in case.report.environment or () if r.container == ending.entry.name]


def optional_missing(case: Case) -> Iterator[Hit]:
    """The log names a variable whose optional source does not exist."""
    if not endings(case):
        return
    from kubectl_podx.pod import said_of_variables as said  # noqa: PLC0415 - compiles patterns

    for ending in endings(case):
        own = [u for u in uses(case.view) if u.container == ending.entry.name]
        lost = [use for use in own if use.optional and use.gone]
        for use, line in ((use, line) for line in ending.lines for use in lost):
            named = use.variable if use.variable and said.names(line, use.variable) else ""
            if not named and not use.variable:
                named = said.unset(line)
            if named:
                yield ending.hit(
                    f"optional {_lost(use)} does not exist, so that variable {named} is not set",
                    line,
                    use.gone,
                    more=get(case, use.source.kind, use.source.name),
                )
                break


def _lost(use: Use) -> str:
    """What of the source is not there: all of it, or the key."""
    whole = use.source.gone or not use.keys
    return use.source.label if whole else f"key {use.keys[0]} of {use.source.label}"


def not_declared(case: Case) -> Iterator[Hit]:
    """The log asks for a variable that nothing declares."""
    if not endings(case):
        return
    from kubectl_podx.pod import said_of_variables as said  # noqa: PLC0415 - compiles patterns

    for ending in endings(case):
        rows = _rows(case, ending)
        own = [u for u in uses(case.view) if u.container == ending.entry.name]
        if case.report.environment is None or any(
            (use.optional and use.gone) or (not use.variable and use.source.unread) for use in own
        ):
            continue
        for line in ending.lines[:_FEW]:
            named = said.unset(line)
            if named and named not in {row.name for row in rows}:
                alike = [row.name for row in rows if _alike(row.name, named)]
                there = f" (there is {alike[0]})" if alike else ""
                yield ending.hit(
                    f"env and envFrom of {ending.entry.name} have no variable {named}{there}",
                    line,
                    fix=edit_owner(case),
                )
                break


def _alike(one: str, other: str) -> bool:
    """Whether only the case or the separators differ, or one has a prefix more."""
    first, second = ("".join(filter(str.isalnum, name)).upper() for name in (one, other))
    return first == second or first.endswith(second) or second.endswith(first)


def unresolved(case: Case) -> Iterator[Hit]:
    """A `$(VAR)` reached the program as it is written."""
    for ending in endings(case):
        for row, line in _left_over(case, ending):
            if row.state == "unresolved":
                title = f"variable {row.name} holds a $(VAR) as it is written: {row.reason}"
            else:
                title = (
                    f"variable {row.name} comes from {row.source.kind} {row.source.name}, where "
                    "$(VAR) is not replaced: that is done in env[].value only"
                )
            yield ending.hit(title, line, fix=edit_owner(case))
            break


def not_known(case: Case) -> Iterator[Hit]:
    """A word of command or args refers to a variable that the container does not have."""
    for ending in endings(case):
        if ending.row is None or _runs_shell(ending):
            continue
        from kubectl_podx.pod import said_of_variables as said  # noqa: PLC0415 - as above

        known = {row.name for row in _rows(case, ending)}
        held = [(f, one) for f, word in ending.entry.words for one in said.references(word)]
        for line in ending.lines:
            found = next(((f, one) for f, one in held if one in line), None)
            if found is not None and found[1].strip("$()") not in known:
                yield ending.hit(
                    f"{found[0]} has {found[1]}, and the container has no such variable",
                    line,
                    fix=edit_owner(case),
                )
                break


def _left_over(case: Case, ending: Ending) -> Iterator[tuple[VariableRow, str]]:
    from kubectl_podx.pod import said_of_variables as said  # noqa: PLC0415 - compiles patterns

    rows = _rows(case, ending)
    for line in ending.lines:
        shown = said.references(line)
        for row in rows:
            value = row.declared or row.injected or ""
            held = any(one in value for one in shown)
            open_here = row.state == "unresolved" and (held or said.names(line, row.name))
            if open_here or (held and row.source.kind in ("ConfigMap", "Secret")):
                yield row, line
    left = [row for row in rows if row.state == "unresolved"]
    if left and ending.row is not None:
        yield left[0], ending.lines[0] if ending.lines else ""


_SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh", "ksh", "busybox"})


def no_shell(case: Case) -> Iterator[Hit]:
    """`${VAR}` in command, args or a value: only a shell replaces that."""
    for ending in endings(case):
        found = _unexpanded(case, ending)
        if found is None:
            continue
        field, word, line = found
        yield ending.hit(
            f"{field} has {word}, and no shell replaces it: Kubernetes replaces $(VAR) only",
            line,
            fix=edit_owner(case),
        )


def _unexpanded(case: Case, ending: Ending) -> tuple[str, str, str] | None:
    from kubectl_podx.pod import said_of_variables as said  # noqa: PLC0415 - compiles patterns

    words = [] if _runs_shell(ending) else ending.entry.words
    held = [(field, found) for field, word in words for found in said.of_a_shell(word)]
    held += [
        (f"variable {row.name}", found)
        for row in _rows(case, ending)
        if row.source.kind in ("literal", "ConfigMap")
        for found in said.of_a_shell(row.declared or "")
    ]
    for line in ending.lines:
        for field, word in held:
            if word in line:
                return field, word, line
    declared = {row.name for row in _rows(case, ending)}
    for field, word in held:
        # Without a line that shows it, only a variable that is there can be meant.
        known = word.strip("${}") in declared
        if known and ending.row is not None and not field.startswith("variable"):
            return field, word, ""
    return None


def _runs_shell(ending: Ending) -> bool:
    words = [word for _, word in ending.entry.words]
    programs = {word.rpartition("/")[2] for word in words[:3]}
    return bool(programs & _SHELLS)


def service_link(case: Case) -> Iterator[Hit]:
    """A Service of the namespace sets a variable that the program takes for its own."""
    links = link_variables(case.view)
    for ending in endings(case):
        declared = {row.name for row in _rows(case, ending) if row.source.kind}
        for line in ending.lines if links else ():
            found = _linked(case, line, links, declared)
            if found is None:
                continue
            variable, service = found
            port = service.ports[0] if service.ports else ""
            yield ending.hit(
                f"Service {service.name} sets variable {variable} to "
                f"tcp://{service.cluster_ip}:{port} (enableServiceLinks), which the program takes "
                "for its own",
                line,
                fix=set_pod(case, {"enableServiceLinks": False}),
            )
            break


def _linked(
    case: Case, line: str, links: dict[str, Service], declared: set[str]
) -> tuple[str, Service] | None:
    from kubectl_podx.pod import said_of_variables as said  # noqa: PLC0415 - compiles patterns

    address = said.link(line)
    service = by_address(case.view, address) if address else None
    for variable, one in links.items():
        if variable in declared and service is not one:
            continue
        if one is service or said.names(line, variable):
            return variable, one
    return None


def newline_at_end(case: Case) -> Iterator[Hit]:
    """A value of a Secret ends with a line break, and the other side refuses it."""
    for ending in endings(case):
        for use in uses(case.view):
            if use.container != ending.entry.name or use.source.keys is None:
                continue
            for key, facts in use.source.keys.items():
                if not facts.newline_at_end or (use.keys and key not in use.keys):
                    continue
                variable = use.variable or key
                line = _refused(ending, variable)
                if line is not None:
                    yield ending.hit(
                        f"key {key} of {use.source.label} ends with a line break, which is part of "
                        f"variable {variable}",
                        line,
                        more=get(case, use.source.kind, use.source.name),
                    )


def _refused(ending: Ending, variable: str) -> str | None:
    told = next(ending.of("authenticationFailed", "unauthorized"), None)
    if told is not None:
        return told[1]
    from kubectl_podx.pod import said_of_variables as said  # noqa: PLC0415 - compiles patterns

    return next(
        (x for x in ending.lines if said.names(x, variable) or said.not_accepted(x)),
        None,
    )


def ends_with_newline(case: Case) -> Iterator[Hit]:
    """A variable from a Secret with a line break at its end: mostly `echo` without -n."""
    for use in uses(case.view):
        keys = use.source.keys or {}
        found = [k for k in use.keys if k in keys and keys[k].newline_at_end]
        if use.variable and found and use.source.kind == "Secret":
            yield Hit(
                f"variable {use.variable} of container {use.container} ends with a line break: so "
                f"does key {found[0]} of {use.source.label}",
                ("`echo` writes one unless it is told -n",),
                use.container,
                next=get(case, use.source.kind, use.source.name),
            )


_rule = partial(reason_rule, section="environment", link=_ENVIRONMENT)

RULES: tuple[Rule, ...] = (
    _rule(
        "ENV010",
        "A variable that the program needs has an optional source that does not exist",
        "With optional: true a missing ConfigMap, Secret or key is no error: the container starts "
        "without the variable.",
        "The variable's name in the log, and 404 for its source or key.",
        "Create the object or the key, or leave out optional so that the start waits for it.",
        optional_missing,
    ),
    _rule(
        "ENV011",
        "A variable that the program needs is not declared",
        "Neither env nor envFrom of the container has it; the image may.",
        "The variable's name in the log, and the declared variables.",
        "Declare the variable, or correct its name.",
        not_declared,
    ),
    _rule(
        "ENV012",
        "A program got a literal $(VAR)",
        "In env[].value a reference is replaced by variables that are declared earlier; in values "
        "of a ConfigMap or Secret nothing is replaced.",
        "The reference in the log or in the variable's declared value.",
        "Move the entry below the one it refers to, or compose the value in env[].value.",
        unresolved,
    ),
    _rule(
        "ENV017",
        "Command or args refer to a variable that is not there",
        "A $(VAR) whose variable the container does not have stays as it is written.",
        "The reference in the log and in command or args, and the declared variables.",
        "Declare the variable in env, or correct its name.",
        not_known,
    ),
    _rule(
        "ENV013",
        "A program got a literal ${VAR}",
        "Kubernetes replaces $(VAR) in command, args and env[].value. $VAR and ${VAR} are a "
        "shell's, and no shell is run here.",
        "The word in command, args or a value, and a command that is no shell.",
        "Write $(VAR), or run the command by sh -c.",
        no_shell,
        link=_COMMAND,
    ),
    _rule(
        "ENV014",
        "A variable of a Service is taken for the program's own",
        "For a Service web every container of the namespace gets WEB_PORT=tcp://ADDRESS:PORT and "
        "six more. A program that reads its settings from WEB_PORT breaks.",
        "The value or the variable's name in the log, and the Services of the namespace.",
        "Set enableServiceLinks: false, rename the Service, or declare the variable in env.",
        service_link,
    ),
    _rule(
        "ENV015",
        "A value of a Secret ends with a line break, and is refused",
        "The bytes of a Secret are handed on as they are. `echo secret | base64` has encoded a "
        "line break, too.",
        "The last byte of the value, which is not shown, and the refusal in the log.",
        "Write the value again without it: printf %s, or kubectl create secret --from-literal.",
        newline_at_end,
    ),
    Rule(
        code="ENV016",
        section="environment",
        severity="info",
        title="A variable from a Secret ends with a line break",
        meaning="It is part of the value. Passwords and keys rarely have one.",
        known_by="The last byte of the value, which is not shown.",
        remedy="Write the value again without it, unless it is meant.",
        link=_ENVIRONMENT,
        check=ends_with_newline,
        gives_way_to=frozenset({"ENV015"}),
    ),
)

"""`kubectl podx doctor`: what may be seen with this kubeconfig, before a pod is in trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kubectl_podx.cli.command import Command, option
from kubectl_podx.cli.environment import Environment
from kubectl_podx.cli.options import (
    CHOICE,
    COLORS,
    INSIDE,
    RUN,
    access_flags,
    output_option,
    reading_options,
)
from kubectl_podx.cli.printed import EVERY, printed
from kubectl_podx.cli.request import Request
from kubectl_podx.model.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from kubectl_podx.analysis.reports import DoctorReport
    from kubectl_podx.capture.targets import Targets

_HELP = """
Check whether the API server can be reached, which of the permissions that a report needs are
granted, and which sections are incomplete without the others. podx asks the API server about each
permission (SelfSubjectAccessReview); it reads and writes nothing else.

With a TARGET, doctor checks what a report on its pods needs. Whether an exec works for other
reasons (no shell, too little free memory) shows only in the report itself.
"""
_EXAMPLES = """
# What would be missing in reports on pods in this namespace?
kubectl podx doctor -n shop

# What would be missing in a report on this pod, for another user?
kubectl podx doctor web-0 --as jane@example.com

# The minimal Role for complete reports
kubectl podx doctor --rbac -n shop

# The minimal Role for the requests that the API server refused this pod
kubectl podx doctor --from-logs web-0
"""
_FORMATS = ("text", "wide", *EVERY)
_ROLE = "podx-reader"
_OPTIONS = CHOICE | INSIDE | RUN | COLORS


def command(name: str) -> click.Command:
    """The command `doctor`."""

    @click.command(
        name,
        cls=Command,
        help=_HELP,
        examples=_EXAMPLES,
        usage="[TARGET... | -l SELECTOR] [--rbac | --from-logs] [flags] [options]",
    )
    @click.argument("words", nargs=-1, metavar="TARGET")
    @output_option(_FORMATS)
    @option(
        "--rbac",
        is_flag=True,
        help="Print the minimal Role for a complete report, for 'kubectl apply'. No cluster is "
        "contacted.",
    )
    @option(
        "--from-logs",
        is_flag=True,
        help="Print the minimal Role for the requests that the API server refused the pod, "
        "found in its logs, for 'kubectl apply'.",
    )
    @option(
        "--exit-code",
        is_flag=True,
        help="Exit with status 3 if a permission is missing, 4 if pods cannot be read at all, 5 if "
        "it is unknown whether one is held.",
    )
    @reading_options(_OPTIONS)
    @click.pass_obj
    def doctor(
        env: Any,
        /,
        words: tuple[str, ...],
        output: str | None,
        *,
        rbac: bool,
        from_logs: bool,
        **values: Any,
    ) -> int:
        request = Request.of(env, values, words)
        if from_logs:
            env.write(_allowed(request, env, output, rbac=rbac))
            return ExitStatus.OK
        if rbac:
            env.write(_roles(request, env, output))
            return ExitStatus.OK
        return _report(request, env, output or "text")

    return doctor


def _roles(request: Request, env: Environment, output: str | None) -> str:
    from kubectl_podx.capture import rehearse as rights
    from kubectl_podx.capture import roles as least
    from kubectl_podx.cluster.access import resolve_access
    from kubectl_podx.render.reports import rbac

    if request.words or request.selector is not None or output is not None:
        raise UsageError("--rbac prints the Roles for every pod of a namespace, as YAML")
    namespace = resolve_access(access_flags(request.connection), env.variables, env.home).namespace
    roles = least.roles(rights.any_pod(namespace), namespace, _ROLE)
    return rbac(roles, least.apart(_ROLE, namespace), namespace)


def _targets(request: Request) -> Targets:
    from kubectl_podx.capture.targets import Targets, parse_words

    if request.selector is None:
        parse_words(request.words)
    return Targets(
        words=request.words,
        selector=request.selector,
        field_selector=request.field_selector or "",
        all_namespaces=request.all_namespaces,
    )


_MOST_LINES = 2000


def _allowed(request: Request, env: Environment, output: str | None, *, rbac: bool) -> str:
    """The Roles for what the logs of the targets tell that was refused."""
    from kubectl_podx.capture.refused import pods_of, refused
    from kubectl_podx.capture.session import LookOptions, take
    from kubectl_podx.model.clock import Deadline
    from kubectl_podx.render.reports import from_logs

    if rbac or output is not None:
        raise UsageError("--from-logs prints Roles, as YAML; it goes with no other output")
    if not request.words and request.selector is None:
        raise UsageError("--from-logs needs a pod: kubectl podx doctor --from-logs POD")
    capture = take(
        access_flags(request.connection),
        _targets(request),
        LookOptions(
            sections=frozenset({"restarts"}),
            exec_allowed=False,
            log_lines=_MOST_LINES,
            every_log=True,
            max_in_flight=request.max_in_flight,
        ),
        deadline=Deadline(request.deadline),
        environ=env.variables,
        home=env.home,
        warn=env.warn,
    )
    found = refused(capture)
    return from_logs(found.roles, found.left_out, pods_of(capture))


def _report(request: Request, env: Environment, output: str) -> int:
    from kubectl_podx.capture.rehearse import examine
    from kubectl_podx.capture.session import LookOptions
    from kubectl_podx.model.clock import Deadline

    targets = None
    if request.words or request.selector is not None:
        targets = _targets(request)
    found = examine(
        access_flags(request.connection),
        targets,
        LookOptions(exec_allowed=not request.no_exec, max_in_flight=request.max_in_flight),
        deadline=Deadline(request.deadline),
        environ=env.variables,
        home=env.home,
        warn=env.warn,
    )
    shown = printed(output, found)
    if shown is None:
        from kubectl_podx.render.reports import doctor_text as text

        shown = text(found, env.terminal(request.colors), everything=output == "wide")
    env.write(shown)
    return _status(found) if request.exit_code else ExitStatus.OK


def _status(found: DoctorReport) -> int:
    """A missing permission is a warning; without `get pods` there is no report at all."""
    states = {row.state for row in found.rights if not row.optional}
    blind = any(
        row.state == "missing" and (row.verb, row.resource) == ("get", "pods")
        for row in found.rights
    )
    if blind:
        return ExitStatus.CRITICAL
    if "missing" in states:
        return ExitStatus.WARNING
    return ExitStatus.UNKNOWN if "unknown" in states else ExitStatus.OK

"""`kubectl podx rehearse`: would these pods start again now, as they are declared?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kubectl_podx.cli.command import Command, option
from kubectl_podx.cli.durations import LONG_DEADLINE
from kubectl_podx.cli.options import CHOICE, COLORS, access_flags, output_option, reading_options
from kubectl_podx.cli.printed import CHECKED, EVERY, answered
from kubectl_podx.cli.request import Request
from kubectl_podx.cli.shards import check, job, read, shard_of, shard_options
from kubectl_podx.model.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from kubectl_podx.analysis.reports import RehearsalReport
    from kubectl_podx.cli.environment import Environment

_HELP = """
Check whether pods would start again now, as they are declared, before a node dies or a rollout
finds out.

For each pod podx takes what its owner's template declares, or the pod's own spec, and checks that
every ConfigMap, Secret, key, service account, claim and class that it names is there, that the API
server accepts it, and that a node fits. The API server is asked by a server dry run, which creates
nothing; it needs the right to create pods and calls admission webhooks (see --no-dry-run).

Without TARGET: all pods of the namespace.
"""

_EXAMPLES = """
# If this node died now, would its pods come back?
kubectl podx rehearse -A --field-selector spec.nodeName=NODE

# Would the pods of this Deployment start again?
kubectl podx rehearse deploy/web

# Without asking the API server to try it
kubectl podx rehearse deploy/web --no-dry-run

# For a script: exit status 4 if one of them would not start
kubectl podx rehearse -l app=web --exit-code
"""

_FORMATS = ("text", "wide", *EVERY, "name", *CHECKED)
_OPTIONS = (CHOICE | COLORS | {"query", "exit-code", "max-in-flight", "no-headers"}) - {
    "all-namespaces"
}


def command(name: str) -> click.Command:
    """The command `rehearse`."""

    @click.command(
        name,
        cls=Command,
        help=_HELP,
        examples=_EXAMPLES,
        usage="[TARGET... | -l SELECTOR] [-A] [flags] [options]",
    )
    @click.argument("words", nargs=-1, metavar="TARGET")
    @output_option(_FORMATS)
    @option("-A", "--all-namespaces", is_flag=True, help="Pods in all namespaces.")
    @option(
        "--no-dry-run",
        is_flag=True,
        help="Do not ask the API server to try to create the pods: quota, LimitRange, Pod Security "
        "and admission are then reported as not checked.",
    )
    @LONG_DEADLINE
    @shard_options
    @reading_options(_OPTIONS)
    @click.pass_obj
    def rehearse(env: Any, /, words: tuple[str, ...], **values: Any) -> int:
        if values["all_namespaces"] and words:
            raise UsageError("a resource cannot be retrieved by name across all namespaces")
        check(values, named=bool(words))
        if values["job_manifest"]:
            from kubectl_podx.capture.roles import rehearsal_role

            more = ["--no-dry-run"] if values["no_dry_run"] else []
            env.write(job(values, rehearsal_role, "rehearse", more))
            return ExitStatus.OK
        given = {**values, "all_namespaces": False}
        request = Request.of(env, given, words)
        report = _report(request, env, values)
        if (shard := shard_of(values)) is not None:
            from kubectl_podx.analysis.shards import REHEARSAL, lines

            env.write(lines(REHEARSAL, report, *shard))
            return ExitStatus.OK
        env.write(rendered(report, request, env))
        severity = report.verdict.severity
        return ExitStatus.of_severities({severity}) if request.exit_code else ExitStatus.OK

    return rehearse


def _report(request: Request, env: Environment, values: dict[str, Any]) -> RehearsalReport:
    from kubectl_podx.capture import start
    from kubectl_podx.capture.targets import Targets
    from kubectl_podx.model.clock import Deadline

    if values["sources"]:
        from kubectl_podx.analysis.shards import REHEARSAL

        return read(values, REHEARSAL)
    targets = Targets(
        words=request.words,
        selector=None if request.words else request.selector or "",
        field_selector=request.field_selector or "",
        all_namespaces=values["all_namespaces"] or values["shard"] is not None,
    )
    if request.words:
        from kubectl_podx.capture.targets import parse_words

        parse_words(request.words)
    capture = start.take(
        access_flags(request.connection),
        targets,
        start.StartOptions(
            dry_run=not values["no_dry_run"],
            max_in_flight=request.max_in_flight,
            shard=shard_of(values),
        ),
        deadline=Deadline(request.deadline),
        environ=env.variables,
        home=env.home,
        warn=env.warn,
    )
    from kubectl_podx.analysis import rehearsal

    return rehearsal.report(capture)


def rendered(report: RehearsalReport, request: Request, env: Environment) -> str:
    """The report in the format that was asked for."""
    shown = answered(request, report)
    if shown is not None:
        return shown
    match request.format:
        case "name":
            from kubectl_podx.render.start import rehearsal_names

            return rehearsal_names(report)
        case _:
            from kubectl_podx.render.start import rehearsal_text

            terminal = env.terminal(request.colors, headers=not request.no_headers)
            return rehearsal_text(report, terminal, wide=request.format == "wide")

"""`kubectl podx preflight`: what would go wrong with manifests that are not applied yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kubectl_podx.cli.command import Command, option
from kubectl_podx.cli.durations import LONG_DEADLINE
from kubectl_podx.cli.options import COLORS, access_flags, output_option, reading_options
from kubectl_podx.cli.printed import CHECKED, EVERY, answered
from kubectl_podx.cli.request import Request
from kubectl_podx.model.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from kubectl_podx.analysis.reports import PreflightReport
    from kubectl_podx.cli.environment import Environment

_HELP = """
Check manifests before they are applied: would their pods start in this cluster?

For every object of the file that makes pods, podx checks that each ConfigMap, Secret, key, service
account, claim and class that it names is in the cluster or in the file, asks the API server by a
server dry run, which creates nothing, and looks for a node that fits. Each problem is told with the
line of the file.

With --offline no cluster is asked: only what the file itself tells is checked.
"""

_EXAMPLES = """
# Before you apply it
kubectl podx preflight -f web.yaml

# Whatever kustomize or helm makes
kubectl kustomize overlays/prod | kubectl podx preflight -f -

# In a pipeline without a cluster: exit status 4 if it would fail
kubectl podx preflight -f web.yaml --offline --exit-code
"""

_FORMATS = ("text", "wide", *EVERY, "name", *CHECKED)
_OPTIONS = COLORS | {"query", "exit-code", "max-in-flight"}


def command(name: str) -> click.Command:
    """The command `preflight`."""

    @click.command(
        name,
        cls=Command,
        help=_HELP,
        examples=_EXAMPLES,
        usage="-f FILE|- [--offline] [flags] [options]",
    )
    @option(
        "-f",
        "--filename",
        "file",
        help="The manifest to check, YAML or JSON; '-' is standard input.",
    )
    @output_option(_FORMATS)
    @option("--offline", is_flag=True, help="Ask no cluster: check the file by itself.")
    @option(
        "--no-dry-run",
        is_flag=True,
        help="Do not ask the API server to try to create the objects: quota, LimitRange, Pod "
        "Security and admission are then reported as not checked.",
    )
    @LONG_DEADLINE
    @reading_options(_OPTIONS)
    @click.pass_obj
    def preflight(env: Any, /, file: str | None, **values: Any) -> int:
        if not file:
            raise UsageError("must specify -f: a manifest, or '-' for standard input")
        request = Request.of(env, values)
        report = _report(request, env, file, values)
        env.write(_rendered(report, request, env))
        severity = report.verdict.severity
        return ExitStatus.of_severities({severity}) if request.exit_code else ExitStatus.OK

    return preflight


def _report(
    request: Request, env: Environment, file: str, values: dict[str, Any]
) -> PreflightReport:
    from kubectl_podx.capture import preflight
    from kubectl_podx.capture.start import StartOptions
    from kubectl_podx.model.clock import Deadline

    if values["offline"]:
        taken = preflight.offline(file, request.namespace or "default")
    else:
        taken = preflight.take(
            access_flags(request.connection),
            file,
            StartOptions(dry_run=not values["no_dry_run"], max_in_flight=request.max_in_flight),
            deadline=Deadline(request.deadline),
            environ=env.variables,
            home=env.home,
            warn=env.warn,
        )
    from kubectl_podx.analysis import rehearsal

    return rehearsal.preflight(
        taken.capture,
        taken.read.made,
        taken.read.lines.line,
        file,
        offline=values["offline"],
    )


def _rendered(report: PreflightReport, request: Request, env: Environment) -> str:
    shown = answered(request, report)
    if shown is not None:
        return shown
    match request.format:
        case "name":
            from kubectl_podx.render.start import preflight_names

            return preflight_names(report)
        case _:
            from kubectl_podx.render.start import preflight_text

            terminal = env.terminal(request.colors)
            return preflight_text(report, terminal, wide=request.format == "wide")

"""`kubectl podx drift`: which running pods hold something older than its source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kubectl_podx.cli.command import Command, option
from kubectl_podx.cli.durations import LONG_DEADLINE
from kubectl_podx.cli.options import COLORS, access_flags, output_option, reading_options
from kubectl_podx.cli.printed import EVERY, answered
from kubectl_podx.cli.progress import ProgressLine
from kubectl_podx.cli.request import Request
from kubectl_podx.cli.shards import check, job, read, shard_of, shard_options
from kubectl_podx.model.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from kubectl_podx.analysis.reports import DriftReport
    from kubectl_podx.cli.environment import Environment

_HELP = """
List workloads whose running pods hold something older than its source: variables and subPath files
of a ConfigMap or Secret that was written since, sources that are gone, immutable ones that were
recreated, image tags that moved, older templates, certificates that are about to expire.

podx lists all pods page by page, and of ConfigMaps and Secrets the metadata alone: who wrote which
key when. That shows what may be older; --exec compares the values inside of the pods.

With secret/NAME or configmap/NAME: who uses it, as what, and who still has the old value.
"""

_EXAMPLES = """
# What in this namespace runs on something old?
kubectl podx drift

# The Secret was rotated: who uses it, and who still has the old value?
kubectl podx drift secret/login

# Compare the values inside of up to 20 doubtful pods
kubectl podx drift -A --exec 20

# One Deployment
kubectl podx drift deploy/web

# The same as a Job of four completions inside the cluster, and its one report
kubectl podx drift --job-manifest --shards 4 --image IMAGE | kubectl apply -f -
kubectl logs -n podx-drift -l app=podx-drift --tail=-1 | kubectl podx drift --from -
"""

_FORMATS = ("text", "wide", *EVERY, "name")
_OPTIONS = COLORS | {"selector", "query", "exit-code", "max-in-flight", "no-headers", "force-exec"}


def command(name: str) -> click.Command:
    """The command `drift`."""

    @click.command(
        name,
        cls=Command,
        help=_HELP,
        examples=_EXAMPLES,
        usage="[TARGET... | secret/NAME | configmap/NAME] [-A] [-l SELECTOR] [flags] [options]",
    )
    @click.argument("words", nargs=-1, metavar="TARGET")
    @output_option(_FORMATS)
    @option("-A", "--all-namespaces", is_flag=True, help="Pods in all namespaces.")
    @option(
        "--field-selector",
        help="Selector (field query) to filter on, such as spec.nodeName=NAME.",
    )
    @option(
        "--exec",
        "inside",
        type=click.IntRange(0, 1000),
        default=0,
        metavar="N",
        help="Compare the values inside of up to N doubtful pods, by an exec in each.",
    )
    @LONG_DEADLINE
    @shard_options
    @reading_options(_OPTIONS)
    @click.pass_obj
    def drift(env: Any, /, words: tuple[str, ...], **values: Any) -> int:
        if values["all_namespaces"] and words:
            raise UsageError("a resource cannot be retrieved by name across all namespaces")
        check(values, named=bool(words))
        if values["sources"] and values["inside"]:
            raise UsageError("--exec needs a live cluster")
        if values["job_manifest"]:
            from kubectl_podx.capture.roles import drift_role

            env.write(job(values, drift_role, "drift"))
            return ExitStatus.OK
        given = {**values, "all_namespaces": False, "selector": None, "field_selector": None}
        request = Request.of(env, given, words)
        report = _report(request, env, values)
        if (shard := shard_of(values)) is not None:
            from kubectl_podx.analysis.shards import DRIFT, lines

            env.write(lines(DRIFT, report, *shard))
            return ExitStatus.OK
        env.write(_rendered(report, request, env))
        severity = report.verdict.severity
        return ExitStatus.of_severities({severity}) if request.exit_code else ExitStatus.OK

    return drift


def _report(request: Request, env: Environment, values: dict[str, Any]) -> DriftReport:
    from kubectl_podx.analysis.drift import SECTIONS, report
    from kubectl_podx.capture import drift
    from kubectl_podx.capture.planned import LookOptions
    from kubectl_podx.model.clock import Deadline

    if values["sources"]:
        from kubectl_podx.analysis.shards import DRIFT

        return read(values, DRIFT)
    if request.no_exec and values["inside"]:
        raise UsageError("--exec needs an exec, which KUBECTL_PODX_NO_EXEC forbids")
    with ProgressLine(env) as line:
        found = drift.take(
            access_flags(request.connection),
            drift.DriftOptions(
                all_namespaces=values["all_namespaces"] or values["shard"] is not None,
                shard=shard_of(values),
                label_selector=values["selector"] or "",
                field_selector=values["field_selector"] or "",
                words=request.words,
                inside=values["inside"],
                look=LookOptions(
                    sections=SECTIONS,
                    logs=False,
                    force_exec=request.force_exec,
                    max_in_flight=request.max_in_flight,
                ),
            ),
            deadline=Deadline(request.deadline),
            environ=env.variables,
            home=env.home,
            warn=env.warn,
            progress=lambda pods, groups: line.show(f"{pods:,} pods read, {groups:,} findings"),
        )
    return report(found)


def _rendered(report: DriftReport, request: Request, env: Environment) -> str:
    shown = answered(request, report)
    if shown is not None:
        return shown
    match request.format:
        case "name":
            from kubectl_podx.render.drift import names

            return names(report)
        case _:
            from kubectl_podx.render.drift import drift_text

            terminal = env.terminal(request.colors, headers=not request.no_headers)
            return drift_text(report, terminal, wide=request.format == "wide")

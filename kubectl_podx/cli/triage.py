"""`kubectl podx triage`: every sick pod of a namespace or cluster, worst first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from kubectl_podx.cli.command import Command, option
from kubectl_podx.cli.durations import LONG_DEADLINE
from kubectl_podx.cli.follow import Pace, Sight, watch
from kubectl_podx.cli.options import LOGS, access_flags, output_option, reading_options
from kubectl_podx.cli.printed import CHECKED, EVERY, answered
from kubectl_podx.cli.progress import ProgressLine
from kubectl_podx.cli.request import Request
from kubectl_podx.cli.shards import check_job, job, job_options, shard_of
from kubectl_podx.model.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from kubectl_podx.analysis.reports import TriageReport
    from kubectl_podx.cli.environment import Environment

_HELP = """
List unhealthy pods and workloads, worst first: one line per owner and symptom, with the cause.

podx lists all pods page by page and keeps the unhealthy ones only, so memory use does not depend
on the size of the cluster. One pod represents all pods with the same owner and symptom. The worst
20 rows (--deep) are diagnosed with events, logs, node and sources, the others by pod status alone.
--exec also inspects containers of the worst rows.

For very large clusters, --job-manifest prints a Job that does the same inside the cluster, and
--from - merges its logs into one report.
"""

_EXAMPLES = """
# What is broken in this namespace?
kubectl podx triage

# In the whole cluster, with an exec in the worst three
kubectl podx triage -A --exec 3

# Again, whenever something changes
kubectl podx triage -w

# Grouped by cause
kubectl podx triage -A --by cause

# Only the names of Deployments that crash, for a shell loop
kubectl podx triage -A --query "rows[?symptom=='crashLoop'].[namespace, name]" -o text

# The same as a Job of four completions inside the cluster, and its one report
kubectl podx triage --job-manifest --shards 4 --image IMAGE | kubectl apply -f -
kubectl logs -n podx-triage -l app=podx-triage --tail=-1 | kubectl podx triage --from -
"""

_FORMATS = ("text", "wide", *EVERY, "name", "html", "markdown", *CHECKED)

_OPTIONS = LOGS | {
    "selector",
    "query",
    "manifest",
    "exit-code",
    "color",
    "no-color",
    "max-in-flight",
    "no-headers",
    "sort-by",
}


def command(name: str) -> click.Command:
    """The command `triage`."""

    @click.command(
        name,
        cls=Command,
        help=_HELP,
        examples=_EXAMPLES,
        usage="[-A] [-l SELECTOR] [--by owner|cause|node] [flags] [options]",
    )
    @output_option(_FORMATS)
    @option("-A", "--all-namespaces", is_flag=True, help="List pods in all namespaces.")
    @option(
        "--field-selector",
        help="Selector (field query) to filter on, such as spec.nodeName=NAME.",
    )
    @option(
        "--by",
        type=click.Choice(("owner", "cause", "node")),
        default="owner",
        help="Group rows by owner, cause or node.",
    )
    @option(
        "--limit",
        type=click.IntRange(0, 100_000),
        default=0,
        metavar="N",
        help="Show the worst N rows; 0 shows all.",
    )
    @option(
        "--deep",
        type=click.IntRange(0, 1000),
        default=20,
        metavar="N",
        help="Inspect the worst N rows with events, logs, node and sources.",
    )
    @option(
        "--exec",
        "inside",
        type=click.IntRange(0, 100),
        default=0,
        metavar="N",
        help="Also run an exec in a container of the worst N rows.",
    )
    @option(
        "-w",
        "--watch",
        is_flag=True,
        help="Print the report again when pods change, at most every two seconds; less often "
        "in a large cluster.",
    )
    @option(
        "--from",
        "sources",
        multiple=True,
        metavar="FILE",
        help="Read a bundle, or the lines that the shards of a Job printed; '-' is standard input, "
        "and the flag can be repeated. No cluster is asked.",
    )
    @job_options
    @LONG_DEADLINE
    @reading_options(_OPTIONS)
    @click.pass_obj
    def triage(env: Any, /, **values: Any) -> int:
        _check(values)
        if values["job_manifest"]:
            from kubectl_podx.capture.roles import triage_role

            env.write(job(values, triage_role, "triage", ["--deep", str(values["deep"])]))
            return ExitStatus.OK
        # Without names in the words -A means all, which `describe` needs a selector for.
        common = {**values, "all_namespaces": False, "selector": None}
        return _run(values, Request.of(env, common), env)

    return triage


def _check(values: Mapping[str, Any]) -> None:
    """Contradictions among this command's own words."""
    offline = bool(values["sources"]) or values["manifest"] is not None
    if offline and (values["inside"] or values["shard"]):
        raise UsageError("--exec and --shard need a live cluster")
    if offline and (values["selector"] or values["field_selector"]):
        raise UsageError("--selector and --field-selector ask a cluster; a file is read as a whole")
    if values["watch"]:
        _check_watch(values, offline=offline)
    if values["sources"] and values["manifest"] is not None:
        raise UsageError("--from and --filename cannot be used together")
    check_job(values)
    if shard_of(values) is not None and (
        values["output"] or values["query"] or values["by"] != "owner"
    ):
        raise UsageError("--shard prints rows by owner as JSON lines")


def _check_watch(values: Mapping[str, Any], *, offline: bool) -> None:
    if offline:
        raise UsageError("--watch follows live pods; a file does not change")
    given = {
        "--exec": bool(values["inside"]),
        "--shard": values["shard"] is not None,
        "--job-manifest": values["job_manifest"],
    }
    for name, wanted in given.items():
        if wanted:
            raise UsageError(f"--watch and {name} cannot be used together")


def _run(values: Mapping[str, Any], request: Request, env: Environment) -> int:
    """Makes the report and prints it."""
    if (shard := shard_of(values)) is not None:
        from kubectl_podx.analysis.triage import lines, whole

        env.write(lines(whole(_taken(values, request, env)), *shard))
        return ExitStatus.OK
    if request.watch:
        watch_triage(values, request, env, lambda: look(values, request, env), rendered)
        return ExitStatus.OK
    return show(look(values, request, env), request, env)


def look(values: Mapping[str, Any], request: Request, env: Environment) -> TriageReport:
    """One report, live or of files."""
    from kubectl_podx.analysis import triage

    by, limit = values["by"], values["limit"]
    if values["sources"] or request.manifest is not None:
        made = _stored(values, request)
    else:
        made = triage.report(_taken(values, request, env), by=by, limit=limit)
    if request.sort_by is None:
        return made
    from kubectl_podx.render.sorting import sort_rows

    return sort_rows(made, request.sort_by)


def show(report: TriageReport, request: Request, env: Environment) -> int:
    """Prints it, and returns the exit status."""
    env.write(rendered(report, request, env))
    return _status(report) if request.exit_code else ExitStatus.OK


def _taken(values: Mapping[str, Any], request: Request, env: Environment) -> Any:
    from kubectl_podx.capture import triage
    from kubectl_podx.capture.planned import LookOptions
    from kubectl_podx.model.clock import Deadline

    shard = shard_of(values)
    with ProgressLine(env) as line:
        return triage.take(
            access_flags(request.connection),
            triage.TriageOptions(
                all_namespaces=values["all_namespaces"] or shard is not None,
                label_selector=values["selector"] or "",
                field_selector=values["field_selector"] or "",
                deep=values["deep"],
                inside=values["inside"],
                look=LookOptions(
                    logs=not request.no_logs and request.log_lines > 0,
                    log_lines=request.log_lines,
                    max_in_flight=request.max_in_flight,
                ),
                shard=shard,
            ),
            deadline=Deadline(request.deadline),
            environ=env.variables,
            home=env.home,
            warn=env.warn,
            progress=lambda scanned, sick: line.show(f"{scanned:,} pods read, {sick:,} sick"),
            meanwhile=_import_what_follows,
        )


def _import_what_follows() -> None:
    from kubectl_podx.analysis import triage  # noqa: F401
    from kubectl_podx.render import reports as text  # noqa: F401


def _stored(values: Mapping[str, Any], request: Request) -> TriageReport:
    """The report of bundles, of saved pods, or of what the shards printed."""
    from kubectl_podx.analysis import triage
    from kubectl_podx.analysis.triage import merged as merged_shards
    from kubectl_podx.analysis.triage import of_capture

    if request.manifest is not None:
        from kubectl_podx.capture.bundle import read_manifest

        taken = of_capture(read_manifest(request.manifest), request.namespace or "")
        return triage.report(taken, by=values["by"], limit=values["limit"])
    from kubectl_podx.capture.bundle import decode_bundle, is_bundle, read_bytes

    read = [(name, read_bytes(name)) for name in values["sources"]]
    bundles = [(name, body) for name, body in read if is_bundle(body)]
    if not bundles:
        merged = merged_shards(b"".join(body + b"\n" for _, body in read))
        return triage.arranged(merged, by=values["by"], limit=values["limit"])
    if len(read) > 1:
        raise UsageError("--from takes one bundle, or the lines of several shards")
    name, body = bundles[0]
    taken = of_capture(decode_bundle(body, ascii(name)), request.namespace or "")
    return triage.report(taken, by=values["by"], limit=values["limit"])


def rendered(report: TriageReport, request: Request, env: Environment) -> str:
    """The report in the format that was asked for."""
    shown = answered(request, report)
    if shown is not None:
        return shown
    if request.format == "html":
        from kubectl_podx.render.html.lists import triage_page

        return triage_page(report)
    if request.format == "name":
        from kubectl_podx.render.reports import names

        return names(report)
    from kubectl_podx.render.reports import triage_text as text

    terminal = env.terminal(request.colors, headers=not request.no_headers)
    return text(report, terminal, wide=request.format == "wide")


def _status(report: TriageReport) -> int:
    """Of the worst row; no row where something was not read is no health."""
    if report.coverage and not report.rows:
        return ExitStatus.UNKNOWN
    return ExitStatus.of_severities({row.severity for row in report.rows})


# A scan reads all pods: in a large cluster, where some pod always changes, most time is rest.
_SHORTEST_REST = 2.0
_REST_FOR_EACH_SECOND = 8.0

# A pod that hangs changes nothing, and is sick all the same after a while.
_LONGEST = 60.0
Rendered = Callable[["TriageReport", "Request", "Environment"], str]


def watch_triage(
    values: Mapping[str, Any],
    request: Request,
    env: Environment,
    look: Callable[[], TriageReport],
    rendered: Rendered,
) -> None:
    """Prints the report now and after changes, until it is interrupted.

    On a terminal each scan is shown, elsewhere only one with other rows than the last.
    """
    from kubectl_podx.capture.targets import Targets

    before: list[tuple[object, ...]] | None = None

    def sight() -> Sight:
        nonlocal before
        report = look()
        rows = _rows(report)
        news = rows != before
        before = rows
        at = report.metadata.captured_at
        later = _growing(report, request, env, rendered) if request.format in _AGED else None
        return Sight(rendered(report, request, env), at, None, news, later)

    targets = Targets(
        words=(),
        selector=values["selector"] or "",
        field_selector=values["field_selector"] or "",
        all_namespaces=values["all_namespaces"],
    )
    watch(request, env, targets, sight, _pace)


# What has ages in it.
_AGED = ("text", "wide")


def _growing(
    report: TriageReport, request: Request, env: Environment, rendered: Rendered
) -> Callable[[float], str]:
    """The report as it reads some seconds later."""
    from datetime import timedelta

    import msgspec

    from kubectl_podx.model.clock import format_time, parse_time

    taken = parse_time(report.metadata.captured_at)

    def later(seconds: float) -> str:
        if taken is None:
            return rendered(report, request, env)
        now = format_time(taken + timedelta(seconds=seconds))
        metadata = msgspec.structs.replace(report.metadata, captured_at=now)
        return rendered(msgspec.structs.replace(report, metadata=metadata), request, env)

    return later


def _pace(took: float) -> Pace:
    return Pace(max(_SHORTEST_REST, _REST_FOR_EACH_SECOND * took), _LONGEST)


def _rows(report: TriageReport) -> list[tuple[object, ...]]:
    """What a reader would call news: who is sick of what, and how many pods."""
    return [
        (row.namespace, row.kind, row.name, row.symptom, row.cause, row.severity, row.pods)
        for row in report.rows
    ]

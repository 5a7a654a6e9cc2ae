"""`kubectl podx compare POD POD…`: fact by fact, only what differs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from kubectl_podx.cli.command import Command, option
from kubectl_podx.cli.options import CHOICE, COLORS, INSIDE, RUN, output_option, reading_options
from kubectl_podx.cli.printed import CHECKED, EVERY, printed
from kubectl_podx.model.errors import ExitStatus, PodxError, UsageError

if TYPE_CHECKING:
    from kubectl_podx.analysis.comparison import Side
    from kubectl_podx.analysis.reports import ComparisonReport
    from kubectl_podx.cli.environment import Environment
    from kubectl_podx.cli.request import Request
    from kubectl_podx.model.capture import Capture

_HELP = """
Compare pods and print what differs: image digest, environment, mounted files, probes, restart
causes, resources, listeners, node, template revision, injected containers and fields.

With three or more pods, outliers are named. To compare a pod with an earlier state, give a bundle
with --from. Secrets are compared by resourceVersion.
"""
_EXAMPLES = """
# Which replica is different?
kubectl podx compare deploy/web

# Two pods
kubectl podx compare web-0 web-1

# Before the deploy and now
kubectl podx compare --from before.podx deploy/web

# Before and after, without a cluster
kubectl podx compare --from before.podx --from after.podx
"""
_FORMATS = ("text", "wide", *EVERY, "html", *CHECKED)
_OPTIONS = CHOICE | INSIDE | RUN | COLORS | {"exit-code", "verbose"}


def command(name: str) -> click.Command:
    """The command `compare`."""

    @click.command(
        name,
        cls=Command,
        help=_HELP,
        examples=_EXAMPLES,
        usage="(TARGET... | -l SELECTOR | --from FILE...) [flags] [options]",
    )
    @click.argument("words", nargs=-1, metavar="TARGET")
    @output_option(_FORMATS)
    @option(
        "--query",
        help="JMESPath expression, applied to the document that '-o json' prints; the result "
        "is JSON.",
    )
    @option(
        "--from",
        "files",
        multiple=True,
        help="Bundle made by 'kubectl podx capture' whose pods are compared, too. May be "
        "repeated; without a TARGET, no cluster is contacted.",
    )
    @reading_options(_OPTIONS)
    @click.pass_obj
    def compare(
        env: Any,
        /,
        words: tuple[str, ...],
        output: str | None,
        query: str | None,
        files: tuple[str, ...],
        **values: Any,
    ) -> int:
        from kubectl_podx.cli.request import Request

        request = Request.of(env, values, words)
        live = bool(words) or request.selector is not None
        if not live and not files:
            raise UsageError("compare takes pods, a selector, or bundles: --from FILE")
        if query is not None and output not in (None, "json"):
            raise UsageError("--query prints json")
        report = _compared(request, env, files, live=live)
        env.write(_rendered(report, request, env, output or "text", query))
        return ExitStatus.WARNING if request.exit_code and report.differences else ExitStatus.OK

    return compare


def _compared(
    request: Request, env: Environment, files: tuple[str, ...], *, live: bool
) -> ComparisonReport:
    from kubectl_podx.analysis.comparison import Side, compare
    from kubectl_podx.capture.bundle import read_bundle
    from kubectl_podx.cli.sources import capture_of

    sides = [Side(read_bundle(Path(file)), Path(file).name) for file in files]
    if live:
        now = capture_of(request, env, frozenset())
        sides = [*(_same_pod(side, now) for side in sides), Side(now)]
    _check(sides)
    return compare(sides)


def _same_pod(side: Side, now: Capture) -> Side:
    """One pod beside a bundle that holds it: how it was, and none of its neighbours."""
    import msgspec

    if len(now.pods) != 1:
        return side
    same = [pod for pod in side.capture.pods if pod.reference == now.pods[0].reference]
    if not same:
        return side
    return replace(side, capture=msgspec.structs.replace(side.capture, pods=same))


def _check(sides: list[Side]) -> None:
    pods = sum(len(side.capture.pods) for side in sides)
    if pods < 2:
        what = "there is none" if pods == 0 else "there is one"
        raise PodxError(f"compare needs two pods or more, and {what}")


def _rendered(
    report: ComparisonReport, request: Request, env: Environment, output: str, query: str | None
) -> str:
    if query is not None:
        from kubectl_podx.render.document import plain, to_json
        from kubectl_podx.render.jmes import ask

        return to_json(ask(plain(report), query))
    shown = printed(output, report)
    if shown is not None:
        return shown
    if output == "html":
        from kubectl_podx.render.html.lists import comparison_page

        return comparison_page(report)
    from kubectl_podx.render.reports import comparison_text as text

    terminal = env.terminal(request.colors)
    return text(report, terminal, wide=output == "wide")

"""`kubectl podx capture TARGET -O FILE`: what was seen, in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from kubectl_podx.cli.command import Command
from kubectl_podx.cli.options import reading_options
from kubectl_podx.model.errors import ExitStatus, InputError, UsageError

_HELP = """
Save what was seen of a pod in a file, a bundle, that any reading command replays with --from.

A bundle holds no secret value: those are sealed before anything is stored. Free text cannot be
sealed, so log lines are stored only where --logs asks for them.
"""
_EXAMPLES = """
# Save now, look later
kubectl podx capture web-0 -O incident.podx
kubectl podx describe --from incident.podx

# With the last 50 log lines of what is in trouble
kubectl podx capture deploy/web -O incident.podx --logs 50
"""
# What decides how a report looks has no place here.
_WITHOUT = frozenset(
    {
        "output",
        "query",
        "container",
        "from_file",
        "manifest",
        "exit-code",
        "no-color",
        "log_lines",
        "no-logs",
        "reveal",
        "run-probes",
        "probe-runs",
    }
)


def command(name: str) -> click.Command:
    """The command `capture`."""

    @click.command(
        name,
        cls=Command,
        help=_HELP,
        examples=_EXAMPLES,
        usage="(TARGET... | -l SELECTOR) -O FILE [flags] [options]",
    )
    @click.argument("words", nargs=-1, metavar="TARGET")
    @click.option(
        "-O", "--output-file", "file", required=True, help="The file to write, with mode 0600."
    )
    @click.option(
        "--logs",
        "log_lines",
        type=click.IntRange(0, 1000),
        default=0,
        metavar="N",
        help="Log lines to store of each container that is in trouble. They may hold secrets.",
    )
    @click.option("--reveal", is_flag=True, hidden=True)
    @reading_options(without=_WITHOUT, sections=False)
    @click.pass_obj
    def capture(env: Any, /, words: tuple[str, ...], file: str, **values: Any) -> int:
        from kubectl_podx.capture.bundle import write_bundle
        from kubectl_podx.cli.request import Request
        from kubectl_podx.cli.sources import capture_of

        if values["reveal"]:
            raise UsageError("--reveal shows values on the terminal; a bundle never holds one")
        path = Path(file)
        if path.is_dir():
            raise InputError(f"cannot write {str(path)!a}: it is a folder")
        found = capture_of(Request.of(env, values, words), env, frozenset())
        if not found.pods:
            return ExitStatus.OK
        digest = write_bundle(found, path)
        pods = "1 pod" if len(found.pods) == 1 else f"{len(found.pods)} pods"
        env.write(f"{file} written: {pods}, sha256 {digest}\n")
        return ExitStatus.OK

    return capture

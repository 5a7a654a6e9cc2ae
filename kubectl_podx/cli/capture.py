"""`kubectl podx capture TARGET -O FILE`: what was seen, in a file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kubectl_podx import DOCS
from kubectl_podx.cli.command import Command, option
from kubectl_podx.cli.options import CHOICE, DEBUG, INSIDE, RUN, reading_options
from kubectl_podx.model.errors import ExitStatus, InputError, UsageError
from kubectl_podx.model.reference import Reference
from kubectl_podx.view.escape import clean
from kubectl_podx.view.units import counted

if TYPE_CHECKING:
    from kubectl_podx.capture.sharing import Witness
    from kubectl_podx.model.capture import Capture

_HELP = f"""
Save everything that podx finds out about a pod in a file (a bundle), which other commands read
with --from.

A bundle contains no secret values. Log lines may contain some, so they are stored only with
--include-logs. ConfigMap values are stored only with --include-values, otherwise as digests.
{DOCS}/BUNDLE.md describes the file.

The printed sha256 identifies the file. It does not prove who made it.
"""
_EXAMPLES = """
# Save now, read later
kubectl podx capture web-0
kubectl podx capture web-0 -O incident.podx
kubectl podx describe --from incident.podx

# Everything, so that the replay equals the live report
kubectl podx capture deploy/web -O incident.podx --include-logs --include-values

# For a colleague or a model: what is hidden is listed, and the file is searched for secrets
kubectl podx capture web-0 -O web-0.podx --for-sharing

# With the last 50 log lines of each container that has a problem
kubectl podx capture deploy/web -O incident.podx --logs 50
"""
# What decides how a report looks has no place here.
_OPTIONS = CHOICE | INSIDE | DEBUG | RUN | {"wait-start", "verbose"}


def command(name: str) -> click.Command:
    """The command `capture`."""

    @click.command(
        name,
        cls=Command,
        help=_HELP,
        examples=_EXAMPLES,
        usage="(TARGET... | -l SELECTOR) [-O FILE] [flags] [options]",
    )
    @click.argument("words", nargs=-1, metavar="TARGET")
    @option(
        "-O",
        "--output-file",
        "file",
        help="File to write, with mode 0600 (default podx-NAME-TIME.podx).",
    )
    @option(
        "--logs",
        "log_lines",
        type=click.IntRange(0, 1000),
        default=0,
        metavar="N",
        help="Number of log lines to store from each container that has a problem. Logs may "
        "contain secrets.",
    )
    @option(
        "--include-logs",
        is_flag=True,
        help="Store the last 20 log lines from each container that has a problem: same as "
        "--logs 20.",
    )
    @option(
        "--include-values",
        is_flag=True,
        help="Store ConfigMap values, except those that look like secrets.",
    )
    @option(
        "--for-sharing",
        is_flag=True,
        help="Make a file that can be given away: no logs, no ConfigMap values, a manifest of what "
        "is hidden, and a search of the finished file for every secret value that was read.",
    )
    @option(
        "--exit-code",
        is_flag=True,
        help="Exit with the status that 'describe --exit-code' has for the same pods.",
    )
    @option("--reveal", is_flag=True, hidden=True)
    @reading_options(_OPTIONS)
    @click.pass_obj
    def capture(
        env: Any,
        /,
        words: tuple[str, ...],
        file: str | None,
        *,
        include_logs: bool,
        include_values: bool,
        for_sharing: bool,
        **values: Any,
    ) -> int:
        from kubectl_podx.capture.bundle import without_values, write_bundle
        from kubectl_podx.cli.engine import status_of
        from kubectl_podx.cli.request import Request
        from kubectl_podx.cli.sources import capture_of

        if values["reveal"]:
            raise UsageError("--reveal shows values on the terminal; a bundle never holds one")
        if file is not None and Path(file).is_dir():
            raise InputError(f"cannot write {file!a}: it is a folder")
        if include_logs and not values["log_lines"]:
            values["log_lines"] = 20
        if for_sharing and (include_values or values["log_lines"]):
            raise UsageError("--for-sharing stores neither logs nor values of ConfigMaps")
        request = Request.of(env, values, words)
        witness = _witness() if for_sharing else None
        found = capture_of(request, env, frozenset(), witness=witness)
        if not found.pods and not found.workloads:
            return ExitStatus.OK
        name = file or _name_for(found)
        hidden = ""
        if witness is not None:
            digest, hidden = _share(found, Path(name), witness)
        else:
            digest = write_bundle(found if include_values else without_values(found), Path(name))
        pods = counted(len(found.pods), "pod")
        env.write(f"{clean(name)} written: {pods}, sha256 {digest}\n{hidden}")
        return status_of(found) if request.exit_code else ExitStatus.OK

    return capture


def _witness() -> Witness:
    from kubectl_podx.capture.sharing import Witness

    return Witness()


def _share(found: Capture, path: Path, witness: Witness) -> tuple[str, str]:
    """The digest of the file, and what is hidden in it, as lines."""
    from kubectl_podx.capture.sharing import share, told

    shared = share(found, path, witness)
    lines = [
        *told(shared.manifest),
        "checked: the file was searched for every secret value that was read, and holds none",
    ]
    return shared.sha256, "".join(f"{clean(line)}\n" for line in lines)


def _name_for(found: Capture) -> str:
    """`podx-web-0-20260101T120000Z.podx`; of several pods by their namespace.

    Names of objects are checked before they become one of a file.
    """
    pods = [pod.reference for pod in found.pods]
    workloads = [one.reference for one in found.workloads]
    references = [Reference.of_key(key) for key in workloads or pods]
    name = references[0].name if len(references) == 1 else references[0].namespace
    moment = re.sub(r"[-:]", "", found.captured_at)
    return f"podx-{re.sub(r'[^A-Za-z0-9.-]', '_', name)[:100]}-{moment or 'capture'}.podx"

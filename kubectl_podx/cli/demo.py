"""`kubectl podx demo`: the report of a recorded incident."""

from __future__ import annotations

from typing import Any

import click

from kubectl_podx.cli.command import Command, option
from kubectl_podx.cli.options import SHOWN, reading_options
from kubectl_podx.model.errors import ExitStatus, InputError

_HELP = """
Show the report of a recorded incident. podx contacts no cluster and opens no kubeconfig.
"""
_EXAMPLES = """
# The first recording
kubectl podx demo

# List all recordings
kubectl podx demo --list

# The HTML page, in the browser
kubectl podx demo --open

# Another one, as data
kubectl podx demo NAME -o yaml
"""


def command(name: str) -> click.Command:
    """The command `demo`."""

    @click.command(
        name, cls=Command, help=_HELP, examples=_EXAMPLES, usage="[NAME] [flags] [options]"
    )
    @click.argument("recording", required=False, metavar="NAME")
    @option("--list", "listed", is_flag=True, help="List the recordings.")
    @reading_options(SHOWN | {"verbose"}, sections=True)
    @click.pass_obj
    def demo(env: Any, /, recording: str | None, *, listed: bool, **values: Any) -> int:
        from kubectl_podx.cli.engine import read
        from kubectl_podx.cli.request import Request
        from kubectl_podx.cli.sources import recordings

        known = recordings()
        if listed:
            env.write("".join(f"{each}\n" for each in known))
            return ExitStatus.OK
        if not known:
            raise InputError("this installation of podx has no recordings; reinstall it")
        return read(Request.of(env, values, recording=recording or known[0]), env)

    return demo

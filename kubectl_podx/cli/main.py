"""The command line as a whole."""

from __future__ import annotations

from typing import Any

import click

from kubectl_podx.cli.command import PROGRAM, SETTINGS, Group
from kubectl_podx.cli.options import connection_options
from kubectl_podx.cli.words import COMMANDS

_HELP = """
Look inside a running pod: what it shares, mounts, reads and runs, and why it restarts.

podx compares what the API declares with what the containers really hold, says how it knows
each fact, and what it could not see. It changes nothing.
"""


@click.group(
    PROGRAM, cls=Group, help=_HELP, context_settings=SETTINGS, invoke_without_command=False
)
@connection_options
@click.pass_context
def root(ctx: click.Context, /, **values: Any) -> None:
    """Connection flags before the command are defaults for the command's own."""
    given = {key: value for key, value in values.items() if value not in (None, (), False)}
    ctx.default_map = dict.fromkeys(COMMANDS, given)

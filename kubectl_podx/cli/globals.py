"""`kubectl podx options`: the flags that all commands take."""

from __future__ import annotations

import click

from kubectl_podx.cli.command import Command, option_help
from kubectl_podx.cli.environment import Environment
from kubectl_podx.cli.options import connection_options
from kubectl_podx.model.errors import ExitStatus


def command(name: str) -> click.Command:
    """The command `options`."""

    @click.command(
        name, cls=Command, help="Print the list of flags inherited by all commands.", usage=""
    )
    @connection_options
    @click.pass_context
    def options(ctx: click.Context, /, **_values: object) -> int:
        env: Environment = ctx.obj
        shown = [option_help(p) for p in ctx.command.params if isinstance(p, click.Option)]
        head = "The following options can be passed to any command:\n\n"
        env.write(head + "\n\n".join(shown) + "\n")
        return ExitStatus.OK

    return options

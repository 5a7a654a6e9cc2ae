"""`kubectl podx version`."""

from __future__ import annotations

from typing import Any

import click

from kubectl_podx import __version__
from kubectl_podx.cli.command import Command, option
from kubectl_podx.cli.options import connection_options
from kubectl_podx.model.errors import ExitStatus

_FORMATS = ("json", "yaml")


def command(name: str) -> click.Command:
    """The command `version`."""

    @click.command(
        name,
        cls=Command,
        help="Print the version of podx. No cluster is asked.",
        usage="[flags] [options]",
    )
    @option("-o", "--output", type=click.Choice(_FORMATS), help="One of 'yaml' or 'json'.")
    @connection_options
    @click.pass_obj
    def version(env: Any, /, output: str | None, **_values: Any) -> int:
        document = {"podxVersion": f"v{__version__}", "reportVersion": "podx/v1"}
        if output == "json":
            from kubectl_podx.render.document import to_json

            env.write(to_json(document))
        elif output == "yaml":
            from kubectl_podx.render.document import to_yaml

            env.write(to_yaml(document))
        else:
            env.write(f"Podx Version: v{__version__}\n")
        return ExitStatus.OK

    return version

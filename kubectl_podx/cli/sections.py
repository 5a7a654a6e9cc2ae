"""One command per section: the same report as `describe --section NAME`, as a table."""

from __future__ import annotations

from typing import Any

import click

from kubectl_podx.cli.command import Command
from kubectl_podx.cli.options import reading_options
from kubectl_podx.cli.words import SECTIONS

_HELP = """
{summary}.

Prints the section "{key}" of the report as a table; '-o wide' adds columns.
With '-o json' it is the same document as that of
'kubectl podx describe --section {key} -o json'.
"""
_EXAMPLES = """
# Of one pod
kubectl podx {name} web-0

# Of all pods of a deployment, with all columns
kubectl podx {name} deploy/web -o wide

# As data
kubectl podx {name} web-0 -o json --query {key}
"""


def command(name: str) -> click.Command:
    """The command of this section."""
    words = SECTIONS[name]

    @click.command(
        name,
        cls=Command,
        help=_HELP.format(summary=words.summary, key=words.key),
        examples=_EXAMPLES.format(name=name, key=words.key),
        usage="(TARGET... | -l SELECTOR | --from FILE | -f FILE) [flags] [options]",
    )
    @click.argument("targets", nargs=-1, metavar="TARGET")
    @reading_options(sections=False)
    @click.pass_obj
    def section(env: Any, /, targets: tuple[str, ...], **values: Any) -> int:
        from kubectl_podx.cli.engine import read
        from kubectl_podx.cli.request import Request

        request = Request.of(env, values, targets, sections=(words.key,), as_table=True)
        return read(request, env)

    return section

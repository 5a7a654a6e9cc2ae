"""One command per section: the same report as `describe --section NAME`, as a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from kubectl_podx.cli.command import Command, option
from kubectl_podx.cli.options import READING, SORTED, reading_options
from kubectl_podx.sections.table import BY_COMMAND

_F = TypeVar("_F", bound=Callable[..., Any])
_PRESET = option(
    "--preset",
    "presets",
    multiple=True,
    metavar="FILE",
    help="File with PodPresets: marks what the pod has from them, and says why one that selects "
    "the pod was not applied ('-' is standard input). May be repeated.",
)
_HELP = """
{summary}.

Prints the section "{key}" of the report as a table; '-o wide' adds columns.
With '-o json' it is the same document as that of
'kubectl podx describe --section {key} -o json'.
"""
_EXAMPLES = """
# One pod
kubectl podx {name} web-0

# All pods of a Deployment, with all columns
kubectl podx {name} deploy/web -o wide

# As JSON
kubectl podx {name} web-0 -o json --query {key}
"""


def _options(name: str) -> Callable[[_F], _F]:
    """The options of reading commands, and those that only one section has."""
    of_all = reading_options(READING | SORTED)
    if name != "injected":
        return of_all

    def decorate(function: _F) -> _F:
        return _PRESET(of_all(function))

    return decorate


def command(name: str) -> click.Command:
    """The command of this section."""
    section_row = BY_COMMAND[name]

    @click.command(
        name,
        cls=Command,
        help=_HELP.format(summary=section_row.summary, key=section_row.key),
        examples=_EXAMPLES.format(name=name, key=section_row.key),
        usage="(TARGET... | -l SELECTOR | --from FILE | -f FILE) [flags] [options]",
    )
    @click.argument("targets", nargs=-1, metavar="TARGET")
    @_options(name)
    @click.pass_obj
    def section(env: Any, /, targets: tuple[str, ...], **values: Any) -> int:
        from kubectl_podx.cli.engine import read
        from kubectl_podx.cli.request import Request

        request = Request.of(env, values, targets, sections=(section_row.key,), as_table=True)
        return read(request, env)

    return section

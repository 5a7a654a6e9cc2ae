"""`kubectl podx describe TARGET`: the whole report."""

from __future__ import annotations

from typing import Any

import click

from kubectl_podx.cli.command import Command
from kubectl_podx.cli.options import reading_options

_HELP = """
Show a pod from both sides: what the API declares and what its running containers hold, where
they differ, and why the pod restarts.

TARGET is POD, pod/NAME, deploy/NAME, sts/NAME, ds/NAME, rs/NAME, job/NAME, cronjob/NAME,
svc/NAME, or a selector (-l). One POD gives one report, every other target a list.

Each running container is looked into once, by one exec that writes nothing. --no-exec leaves
that out.
"""
_EXAMPLES = """
# Why does this pod misbehave?
kubectl podx describe web-0

# Every pod of a deployment, in another namespace
kubectl podx describe deploy/web -n shop

# Only probes and restarts, with everything that is known
kubectl podx describe web-0 --section probes,restarts

# The containers that ran out of memory, for a shell loop
kubectl podx describe web-0 --query 'restarts[?cause==`oomKilled`].container' -o text

# A page with pictures, to look at or to send
kubectl podx describe web-0 -o html > web-0.html

# The report of a bundle that somebody sent; no cluster is asked
kubectl podx describe --from incident.podx
"""


def command(name: str) -> click.Command:
    """The command `describe`."""

    @click.command(
        name,
        cls=Command,
        help=_HELP,
        examples=_EXAMPLES,
        usage="(TARGET... | -l SELECTOR | --from FILE | -f FILE) [flags] [options]",
    )
    @click.argument("words", nargs=-1, metavar="TARGET")
    @reading_options(sections=True)
    @click.pass_obj
    def describe(env: Any, /, words: tuple[str, ...], **values: Any) -> int:
        from kubectl_podx.cli.engine import read
        from kubectl_podx.cli.request import Request

        return read(Request.of(env, values, words), env)

    return describe

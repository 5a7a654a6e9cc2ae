"""`kubectl podx describe TARGET`: the whole report."""

from __future__ import annotations

from typing import Any

import click

from kubectl_podx.cli.command import Command
from kubectl_podx.cli.options import reading_options

_HELP = """
Show what is wrong with a pod or a workload and why: what the API declares, what the running
containers really have, where the two differ, and why containers restart.

TARGET is POD, pod/NAME, deploy/NAME, sts/NAME, ds/NAME, rs/NAME, job/NAME, cronjob/NAME,
svc/NAME, or a selector (-l). One POD gives one report. A workload has a verdict of its own, also
when it has no pods; its pods follow in a table, with one whole report for each kind of trouble.

podx runs one exec in each running container; --no-exec skips it. It writes nothing, unless
--debug-image asks for a debug container, to look into an image without a shell.
"""
_EXAMPLES = """
# Why does this pod misbehave?
kubectl podx describe web-0

# A Deployment and its pods, in another namespace
kubectl podx describe deploy/web -n shop

# Probes and restarts only, with all details
kubectl podx describe web-0 --section probes,restarts

# Names of containers that ran out of memory, for a shell loop
kubectl podx describe web-0 --query 'restarts[?cause==`oomKilled`].container' -o text

# A container without a shell: look into it from an ephemeral container, after a yes
kubectl podx describe web-0 --debug-image busybox

# An HTML page, to look at or to send
kubectl podx describe web-0 -o html > web-0.html

# The report of a bundle that somebody sent, without a cluster
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

"""`kubectl podx mcp`: the tools of podx for a model, on standard input and output."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kubectl_podx.cli.command import Command, option
from kubectl_podx.cli.durations import deadline
from kubectl_podx.cli.options import access_flags, reading_options
from kubectl_podx.model.errors import ExitStatus, InputError, PodxError, UsageError

if TYPE_CHECKING:
    from kubectl_podx.agent.desk import Desk

_HELP = """
Serve the tools of podx to a model by the Model Context Protocol, on standard input and output.

Every tool only reads the cluster. What the model can reach is set by the flags of this command and
by the rights of the kubeconfig's user, and nothing that it says can widen that: --context, --as,
--namespaces, --no-exec. Answers are bounded, hold no secret value, and mark what comes from the
cluster as untrusted data. docs/AGENTS.md shows how to set it up.

It needs the Python package mcp, which the archive has: pip install 'kubectl-podx[mcp]'.
"""
_EXAMPLES = """
# For two namespaces, as a user who may only read, without an exec in containers
kubectl podx mcp --context staging --namespaces shop,pay --as reader --no-exec

# With a folder for bundles, which the model may read and save for sharing
kubectl podx mcp --namespaces shop --bundles ./bundles
"""
_MISSING = (
    "the MCP server needs the Python package mcp, which is not installed: run "
    "pip install 'kubectl-podx[mcp]' in the environment of podx"
)


def command(name: str) -> click.Command:
    """The command `mcp`."""

    @click.command(name, cls=Command, help=_HELP, examples=_EXAMPLES, usage="[flags] [options]")
    @option(
        "--namespaces",
        metavar="A,B",
        help="Answer about these namespaces only; the first one is the default.",
    )
    @option(
        "--bundles",
        metavar="FOLDER",
        help="Folder of bundles that may be read; offers the tool 'capture', which saves into it.",
    )
    @option(
        "--deadline",
        default="30s",
        callback=deadline,
        help="Time limit for each call, such as 15s or 1m.",
    )
    @reading_options(frozenset({"no-exec", "max-in-flight"}))
    @click.pass_obj
    def mcp(
        env: Any,
        /,
        namespaces: str | None,
        bundles: str | None,
        deadline: float,
        **values: Any,
    ) -> int:
        from kubectl_podx.agent.desk import Desk, Limits

        limits = Limits(
            namespaces=_namespaces(namespaces, values.get("namespace")),
            exec_allowed=not (
                values["no_exec"] or env.variables.get("KUBECTL_PODX_NO_EXEC") == "1"
            ),
            bundles=_folder(bundles),
            seconds=deadline,
            max_in_flight=values["max_in_flight"],
        )
        _check_installed()
        serve = _server()
        desk = Desk(
            access_flags(values), limits, environ=env.variables, home=env.home, warn=env.warn
        )
        # A run is short and collects nothing; a server is not.
        gc.freeze()
        gc.enable()
        serve(desk)
        return ExitStatus.OK

    return mcp


def _check_installed() -> None:
    from importlib.util import find_spec

    if find_spec("mcp") is None:
        raise PodxError(_MISSING)


_PACKAGES = ("mcp", "mcp.server")


def _server() -> Callable[[Desk], None]:
    """What serves, without what the SDK's packages import for others: clients, HTTP, cryptography.

    Their `__init__` imports all that they offer, which takes a quarter of the start and is not in
    the archive. So these two are made as the import system makes them, but not run; the modules
    below them are.
    """
    known = [name for name in _PACKAGES if name in sys.modules]
    if not known:
        for name in _PACKAGES:
            _make(name)
    try:
        from kubectl_podx.agent.server import serve
    except ImportError:
        if known:
            raise
        # A later SDK may need what its packages import: then all of it.
        for name in [each for each in sys.modules if each.partition(".")[0] == _PACKAGES[0]]:
            del sys.modules[name]
        from kubectl_podx.agent.server import serve
    return serve


def _make(package: str) -> None:
    from importlib.util import find_spec, module_from_spec

    spec = find_spec(package)
    if spec is None:
        return
    sys.modules[package] = made = module_from_spec(spec)
    above, _, own = package.rpartition(".")
    if above:
        setattr(sys.modules[above], own, made)


def _namespaces(given: str | None, one: str | None) -> tuple[str, ...]:
    """The namespaces of `--namespaces`; that of `-n` is the default and has to be among them."""
    if given is None:
        return ()
    found = tuple(dict.fromkeys(word.strip() for word in given.split(",") if word.strip()))
    if not found:
        raise UsageError("--namespaces takes names, separated by commas")
    if one is not None and one not in found:
        raise UsageError("--namespace has to be one of --namespaces")
    return (one, *(name for name in found if name != one)) if one is not None else found


def _folder(given: str | None) -> Path | None:
    if given is None:
        return None
    path = Path(given)
    if not path.is_dir():
        raise InputError(f"--bundles: {given!a} is no folder")
    return path.resolve()

"""A real cluster for development and tests: python3 hack/cluster up|down|status|env|metrics|…"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - the system's python3 may be any
    sys.exit("error: hack/cluster needs Python >= 3.11")

import argparse
import os
import shlex
import tempfile
from pathlib import Path
from types import ModuleType

import borrowed
import build
import console
import containerd
import daemons
import kind
import markedimage
import metrics
import own
import podximage
import runtimes
import surgery
import versions
import virtual
from layout import Layout, of_this_checkout

_NODE_VARIABLE = "PODX_CLUSTER_NODE"
_NODES = ("", virtual.NODE)


def main() -> int:
    arguments = _parser().parse_args()
    # For everything below us, too.
    if arguments.node not in _NODES:
        print(f"error: {_NODE_VARIABLE}: there is no node {arguments.node}", file=sys.stderr)
        return 2
    os.environ[_NODE_VARIABLE] = arguments.node
    try:
        return _COMMANDS[arguments.command](arguments)
    except console.ClusterError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("error: interrupted; the next `up` or `down` clears what is there", file=sys.stderr)
        return 130


def _provider() -> ModuleType:
    """A cluster that a person names comes first; then what makes one with less work."""
    if borrowed.named():
        return borrowed
    if os.environ[_NODE_VARIABLE] == virtual.NODE:
        return virtual
    if versions.something_named():
        return own
    return kind if kind.usable() else own


def _own_layout() -> Layout:
    provider = _provider()
    if provider not in {own, virtual}:
        raise console.ClusterError("only the daemons of a cluster that this tool made can be had")
    return of_this_checkout(virtual.NODE if provider is virtual else "")


def _up(_: argparse.Namespace) -> int:
    _provider().up()
    return 0


def _down(_: argparse.Namespace) -> int:
    _provider().down()
    return 0


def _status(_: argparse.Namespace) -> int:
    problem = _provider().problem()
    print(problem or "the cluster runs; `python3 hack/cluster env` says how to reach it")
    return 1 if problem else 0


def _env(_: argparse.Namespace) -> int:
    provider = _provider()
    if problem := provider.problem():
        words = "make cluster-up NODE=v2" if provider is virtual else "make cluster-up"
        hint = "" if provider is borrowed else f": run `{words}`"
        raise console.ClusterError(f"{problem}{hint}")
    variables = provider.environment()
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")
    folder = Path(variables["PODX_TEST_KUBECTL"]).parent
    # Not the caller's PATH as it is now: evaluated, it may be evaluated twice.
    print(f'export PATH={shlex.quote(str(folder))}:"$PATH"')
    return 0


def _build(arguments: argparse.Namespace) -> int:
    print(build.build(with_extras=arguments.extras).folder)
    return 0


def _load(arguments: argparse.Namespace) -> int:
    """podx as an image, made by packaging/Containerfile; or a small one with a mark in it."""
    with tempfile.TemporaryDirectory() as scratch:
        archive = Path(scratch) / "image.tar"
        if arguments.command == "load-podx":
            podximage.write(arguments.reference, archive)
        else:
            markedimage.write(arguments.reference, arguments.mark, archive)
        if _provider() is kind:
            kind.load(archive)
        else:
            layout = _own_layout()
            if versions.load().runtime != "containerd" or layout.node:
                raise console.ClusterError("only a node of this machine with containerd takes it")
            containerd.fill_after(layout, build.locate().binaries, [archive])
    return 0


def _operate(arguments: argparse.Namespace) -> int:
    layout = _own_layout()
    if layout.node and arguments.daemon not in daemons.CONTROL_PLANE:
        raise console.ClusterError(f"{arguments.daemon} runs in the machine, out of reach")
    getattr(surgery, arguments.command)(layout, arguments.daemon)
    return 0


def _metrics(arguments: argparse.Namespace) -> int:
    (metrics.on if arguments.switch == "on" else metrics.off)(_own_layout())
    return 0


_COMMANDS = {
    "up": _up,
    "down": _down,
    "status": _status,
    "env": _env,
    "build": _build,
    "load-podx": _load,
    "load-marked": _load,
    "restart": _operate,
    "pause": _operate,
    "resume": _operate,
    "metrics": _metrics,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hack/cluster", description=__doc__)
    parser.add_argument(
        "--node",
        choices=_NODES,
        default=os.environ.get(_NODE_VARIABLE, ""),
        help="v2: one with cgroup v2, in a virtual machine, beside the usual cluster",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("up", help="make the cluster, or reuse it where it is healthy")
    commands.add_parser("down", help="end it; no process, mount, interface or folder stays")
    commands.add_parser("status", help="whether it can be used (exit status 1 where not)")
    commands.add_parser("env", help="print what a shell must export to reach it")
    builder = commands.add_parser("build", help="only build what `up` needs, print the folder")
    builder.add_argument("--extras", action="store_true", help="also krew and kwok")
    loader = commands.add_parser("load-podx", help="give the node an image of podx")
    loader.add_argument("reference", help="its name, such as podx.test/podx:1")
    marked = commands.add_parser("load-marked", help="give the node a small image with a mark")
    marked.add_argument("reference", help="its name, the same for several marks")
    marked.add_argument("mark", help="what makes it another image of that name")
    switch = commands.add_parser("metrics", help="serve metrics.k8s.io, or no longer")
    switch.add_argument("switch", choices=("on", "off"))
    for name, words in (
        ("restart", "end one daemon of the cluster and start it again"),
        ("pause", "let one daemon run no more"),
        ("resume", "and again"),
    ):
        operation = commands.add_parser(name, help=words)
        operation.add_argument("daemon", choices=(*daemons.NAMES, *runtimes.NAMES))
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""Does to one daemon what a bad day does to it, for tests of what survives that."""

import signal
from pathlib import Path

import daemons
import health
import processes
import state
from console import ClusterError
from layout import Layout
from processes import Process
from state import State


def restart(layout: Layout, name: str) -> None:
    """Kills it as a crash does, and starts it as it was. (Asked to end, the API server waits for
    every watch: a minute.)"""
    written, process = _running(layout, name)
    words = _command_line(process)
    processes.kill([process])
    written.processes[name] = processes.start(
        words,
        layout.logs / f"{name}.log",
        daemons.environment(Path(written.binaries)),
        layout.folder,
    )
    written.save(layout.state)


def pause(layout: Layout, name: str) -> None:
    """It runs no more and holds all it holds: what a frozen node looks like from outside."""
    _running(layout, name)[1].send(signal.SIGSTOP)


def resume(layout: Layout, name: str) -> None:
    """Goes on with it."""
    _running(layout, name)[1].send(signal.SIGCONT)


def _running(layout: Layout, name: str) -> tuple[State, Process]:
    written = state.load(layout.state)
    process = written.processes.get(name) if written else None
    if written is None or process is None or not process.alive():
        raise ClusterError(f"{name} does not run: {health.problem(layout) or 'it has ended'}")
    return written, process


def _command_line(process: Process) -> list[str]:
    try:
        content = Path(f"/proc/{process.pid}/cmdline").read_bytes()
    except OSError:
        raise ClusterError(f"process {process.pid} has ended") from None
    return content.decode().rstrip("\0").split("\0")

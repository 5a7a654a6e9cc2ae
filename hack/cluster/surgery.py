"""Does to one daemon what a bad day does to it, for tests of what survives that."""

import signal
import time
from pathlib import Path

import daemons
import health
import processes
import runtimes
import state
from console import ClusterError
from daemon import Daemon
from layout import Layout
from processes import Process
from state import State

_TRIES = 20
_POLL_SECONDS = 0.25


def restart(layout: Layout, name: str) -> None:
    """Kills it as a crash does, where it still runs, and starts it as it was. (Asked to end, the
    API server waits for every watch: a minute.)
    """
    written = _written(layout)
    if name in written.processes:
        processes.kill([written.processes[name]])
    words = [str(Path(written.binaries) / name), *_daemon(layout, written, name).flags]
    for _ in range(_TRIES):
        started = processes.start(
            words,
            layout.logs / f"{name}.log",
            daemons.environment(Path(written.binaries)),
            layout.folder,
        )
        # A killed program's last threads may hold its port for a moment: then this one ends.
        time.sleep(_POLL_SECONDS)
        if started.alive():
            written.processes[name] = started
            written.save(layout.state)
            return
    raise ClusterError(f"{name} does not start again; see {layout.logs}/{name}.log")


def pause(layout: Layout, name: str) -> None:
    """It runs no more and holds all it holds: what a frozen node looks like from outside."""
    _running(layout, name).send(signal.SIGSTOP)


def resume(layout: Layout, name: str) -> None:
    """Goes on with it."""
    _running(layout, name).send(signal.SIGCONT)


def _written(layout: Layout) -> State:
    written = state.load(layout.state)
    if written is None:
        raise ClusterError(f"there is no cluster: {health.problem(layout)}")
    return written


def _daemon(layout: Layout, written: State, name: str) -> Daemon:
    network = written.network
    if name in runtimes.NAMES:
        return runtimes.of(name).daemon(layout)
    makers = {
        "etcd": daemons.etcd,
        "kube-apiserver": daemons.api_server,
        "kube-controller-manager": daemons.controller_manager,
        "kube-scheduler": daemons.scheduler,
        "kubelet": daemons.kubelet,
    }
    return makers[name](layout, network)


def _running(layout: Layout, name: str) -> Process:
    process = _written(layout).processes.get(name)
    if process is None or not process.alive():
        raise ClusterError(f"{name} does not run")
    return process

"""Starts a cluster from nothing and waits until pods can be made in it."""

import time
from collections.abc import Callable
from pathlib import Path

import certificates
import cgroups
import configuration
import daemons
import health
import images
import leftovers
import network
import processes
import runtimes
import state
import versions
from build import Artefacts
from console import ClusterError, step, tail
from daemon import Daemon
from kubectl import Kubectl, node_ready
from layout import Layout
from state import State

_PATIENCE_SECONDS = 120.0
_POLL_SECONDS = 0.1


def begin(layout: Layout, artefacts: Artefacts) -> State:
    """The cluster's folder, network and record. From here on each thing is written down before or
    right after it is made, so that `down` can undo it whatever happens in between."""
    chosen = network.choose(layout, [other.network for other in state.others(layout.state)])
    # Pods with a user namespace go through it as nobody in particular.
    layout.folder.mkdir(parents=True, mode=0o711)
    written = State(str(layout.checkout), health.key(layout), str(artefacts.binaries), chosen)
    written.save(layout.state)
    layout.logs.mkdir()
    step(f"preparing node {layout.name}")
    return written


def run(layout: Layout, artefacts: Artefacts) -> None:
    """A cluster whose node is this machine."""
    wanted = versions.load()
    written = begin(layout, artefacts)
    chosen = written.network
    network.create_bridges(layout, chosen)
    cgroups.create(layout.name)
    certificates.create(layout, chosen)
    configuration.write(layout, chosen, wanted, artefacts.binaries)
    leftovers.prepare(layout)

    node = Node(layout, written, artefacts.binaries)
    node.start(daemons.etcd(layout, chosen))
    node.start(daemons.api_server(layout, chosen))
    runtime = runtimes.of(wanted.runtime)
    archives = images.build(artefacts.images, wanted.images, artefacts.binaries)
    step(f"importing {len(archives)} images")
    runtime.fill_before(layout, artefacts.binaries, archives)
    node.start(runtime.daemon(layout))
    node.wait(f"{runtime.NAME} answers", lambda: runtime.answers(layout, artefacts.binaries))
    runtime.fill_after(layout, artefacts.binaries, archives)
    node.wait("the API server is ready", node.kubectl.ready)
    node.start(daemons.controller_manager(layout, chosen))
    node.start(daemons.scheduler(layout, chosen))
    node.start(daemons.kubelet(layout, chosen))
    node.wait("the node is Ready", node.registered)
    node.wait("pods may be made", node.has_default_account)


class Node:
    """What runs so far."""

    def __init__(
        self, layout: Layout, written: State, binaries: Path, kubectl: Kubectl | None = None
    ) -> None:
        self._layout = layout
        self._state = written
        self._binaries = binaries
        self.kubectl = kubectl or Kubectl(str(binaries / "kubectl"), str(layout.kubeconfig))

    def start(self, daemon: Daemon) -> None:
        """One of ours, or of the system's where there is none of ours."""
        own = self._binaries / daemon.name
        program = str(own) if own.exists() else daemon.name
        self._state.processes[daemon.name] = processes.start(
            [program, *daemon.flags],
            self._log(daemon.name),
            daemons.environment(self._binaries),
            self._layout.folder,
        )
        self._state.save(self._layout.state)

    def wait(
        self, what: str, condition: Callable[[], bool], patience: float = _PATIENCE_SECONDS
    ) -> None:
        step(f"waiting until {what}")
        deadline = time.monotonic() + patience
        while not condition():
            for name, process in self._state.processes.items():
                if not process.alive():
                    raise ClusterError(f"{name} ended by itself\n{tail(self._log(name))}")
            if time.monotonic() > deadline:
                last = list(self._state.processes)[-1]
                raise ClusterError(
                    f"gave up waiting until {what} after {patience:.0f} s; all logs are "
                    f"in {self._layout.logs}\n{tail(self._log(last))}"
                )
            time.sleep(_POLL_SECONDS)

    def registered(self) -> bool:
        return node_ready(self.kubectl.get("node", self._layout.name))

    def has_default_account(self) -> bool:
        return self.kubectl.get("serviceaccount", "default", "--namespace=default") is not None

    def _log(self, daemon: str) -> Path:
        return self._layout.logs / f"{daemon}.log"

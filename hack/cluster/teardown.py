"""Ends a cluster, whole or half: nothing of it stays."""

import shutil

import cgroups
import daemons
import leftovers
import machine
import mounts
import network
import processes
import runtimes
import state
from console import ClusterError
from layout import CLUSTERS, Layout

# Ending a process may uncover another: a `runc create` that had just made a container.
_ROUNDS = 5


def exists(layout: Layout) -> bool:
    return layout.folder.exists()


def run(layout: Layout) -> None:
    _end_processes(layout)
    sockets = leftovers.shim_sockets(layout)
    staying = mounts.unmount_below(layout.folder)
    if staying:
        # Deleting would go through the mount into whatever is mounted.
        raise ClusterError(f"{staying[0]} is still mounted: unmount it, then run `down` again")
    network.remove_interfaces(layout)
    network.remove_port_mappings(layout)
    if groups := cgroups.remove(layout.name):
        raise ClusterError(f"the cgroup {groups[0]} cannot be removed: is a process in it?")
    leftovers.remove(layout, sockets)
    if layout.folder.exists():
        shutil.rmtree(layout.folder)
    if CLUSTERS.is_dir() and not any(CLUSTERS.iterdir()):
        CLUSTERS.rmdir()


def _end_processes(layout: Layout) -> None:
    recorded = state.load(layout.state)
    remaining = processes.kill(recorded.processes.values() if recorded else [])
    programs = {*daemons.NAMES, *runtimes.NAMES, *runtimes.HELPERS}
    programs |= {daemons.METRICS_SERVER, machine.QEMU}
    for _ in range(_ROUNDS):
        found = processes.using(layout.folder, programs) + cgroups.members(layout.name)
        if not found and not remaining:
            return
        remaining = processes.kill(found + remaining)
    if remaining:
        raise ClusterError(f"process {remaining[0].pid} does not end, even when killed")

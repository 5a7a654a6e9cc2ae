"""A cluster whose only node is a virtual machine with cgroup v2; its control plane runs on this
machine. It stands beside the checkout's usual cluster, and shares nothing with it."""

from typing import NamedTuple

import build
import certificates
import containerd
import daemons
import debian
import guestroot
import guestsettings
import health
import machine
import made
import metrics
import network
import processes
import versions
from bringup import Node, begin
from build import Artefacts
from console import ClusterError
from daemon import Daemon
from guestroot import GuestRoot
from layout import Layout, of_this_checkout

NODE = "v2"
# From the start of the machine, emulated on a busy computer of two processors.
_BOOT_SECONDS = 900.0


class _Parts(NamedTuple):
    artefacts: Artefacts
    guest: GuestRoot


def up() -> None:
    made.up(of_this_checkout(NODE), _build, _bring_up)


def down() -> None:
    made.down(of_this_checkout(NODE))


def problem() -> str:
    return health.problem(of_this_checkout(NODE))


def environment() -> dict[str, str]:
    return made.environment(of_this_checkout(NODE))


def _build() -> _Parts:
    if versions.load().runtime != containerd.NAME:
        raise ClusterError("a node in a virtual machine runs containerd, and no other runtime")
    artefacts = build.build()
    debian.install_missing(debian.FOR_A_GUEST)
    guest = guestroot.build(artefacts)
    metrics.build()
    return _Parts(artefacts, guest)


def _bring_up(layout: Layout, parts: _Parts) -> None:
    artefacts, guest = parts
    written = begin(layout, artefacts)
    chosen = written.network
    network.create_tap(layout, chosen)
    certificates.create(layout, chosen)
    settings = guestsettings.write(layout, chosen, artefacts.binaries)
    disk = machine.make_disk(layout, guest.disk)
    acceleration = machine.accelerator(layout, guest.boot)

    node = Node(layout, written, artefacts.binaries)
    flags = machine.arguments(layout, guest.boot, acceleration, disk, settings)
    node.start(Daemon(machine.QEMU, flags))
    processes.favour(written.processes[machine.QEMU])
    node.start(daemons.etcd(layout, chosen))
    node.start(daemons.api_server(layout, chosen))
    node.wait("the API server is ready", node.kubectl.ready)
    node.start(daemons.controller_manager(layout, chosen))
    node.start(daemons.scheduler(layout, chosen))
    try:
        node.wait("the node is Ready", node.registered, _BOOT_SECONDS)
    except ClusterError as error:
        raise ClusterError(f"{error}\n{machine.describe_logs(layout)}") from None
    node.wait("pods may be made", node.has_default_account)

"""A cluster whose only node is a virtual machine with cgroup v2; its control plane runs on this
machine. It stands beside the checkout's usual cluster, and shares nothing with it."""

import build
import certificates
import containerd
import daemons
import debian
import guestroot
import guestsettings
import health
import machine
import metrics
import network
import processes
import state
import teardown
import versions
from bringup import Node
from build import Artefacts
from console import ClusterError, step
from daemon import Daemon
from guestroot import GuestRoot
from layout import Layout, of_this_checkout
from state import State

NODE = "v2"
# From the start of the machine, emulated on a busy computer of two processors.
_BOOT_SECONDS = 900.0


def up() -> None:
    layout = of_this_checkout(NODE)
    with state.only_one_change():
        problem = health.problem(layout)
    if not problem:
        step(f"reusing the running cluster {layout.name}")
        return
    if versions.load().runtime != containerd.NAME:
        raise ClusterError("a node in a virtual machine runs containerd, and no other runtime")
    # Outside of the lock: it takes minutes, and another checkout may need its `down` meanwhile.
    artefacts = build.build()
    debian.install_missing(debian.FOR_A_GUEST)
    guest = guestroot.build(artefacts)
    metrics.build()
    with state.only_one_change():
        if not health.problem(layout):
            return
        if teardown.exists(layout):
            step(f"replacing the cluster: {problem}")
        teardown.run(layout)
        _bring_up(layout, artefacts, guest)
    step(f"cluster {layout.name} is ready")


def down() -> None:
    layout = of_this_checkout(NODE)
    with state.only_one_change():
        teardown.run(layout)
    step(f"nothing of cluster {layout.name} is left")


def problem() -> str:
    return health.problem(of_this_checkout(NODE))


def environment() -> dict[str, str]:
    layout = of_this_checkout(NODE)
    return {
        "KUBECONFIG": str(layout.kubeconfig),
        "PODX_TEST_KUBECTL": str(build.locate().binaries / "kubectl"),
    }


def _bring_up(layout: Layout, artefacts: Artefacts, guest: GuestRoot) -> None:
    """Each thing is written down before or right after it is made, as with a cluster without a
    machine of its own."""
    chosen = network.choose(layout, [other.network for other in state.others(layout.state)])
    layout.folder.mkdir(parents=True, mode=0o711)
    written = State(str(layout.checkout), health.key(layout), str(artefacts.binaries), chosen)
    written.save(layout.state)
    layout.logs.mkdir()
    step(f"preparing node {layout.name}")
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

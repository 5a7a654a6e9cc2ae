"""Whether this checkout's cluster can be used as it is."""

from pathlib import Path

import build
import cache
import daemons
import guestroot
import images
import machine
import state
import versions
from kubectl import Kubectl, node_ready
from layout import Layout

_CONFIGURING = (
    "certificates.py",
    "configuration.py",
    "containerd.py",
    "crio.py",
    "daemons.py",
    "bringup.py",
)
_CONFIGURING_A_GUEST = ("guestsettings.py", "machine.py", "network.py", "virtual.py")


def key(layout: Layout) -> str:
    """Of everything that a running cluster was made from."""
    here = Path(__file__).parent
    parts = [str(build.locate().folder), images.recipe_digest(), *versions.load().images.values()]
    parts += [(here / name).read_text() for name in _CONFIGURING]
    if layout.node:
        parts.append(str(guestroot.locate(build.locate()).folder))
        guests = [here / name for name in _CONFIGURING_A_GUEST]
        guests += sorted((here / "guest").iterdir())
        parts += [path.read_text() for path in guests]
    return cache.digest("\0".join(parts))


def kubectl(layout: Layout) -> Kubectl:
    return Kubectl(str(build.locate().binaries / "kubectl"), str(layout.kubeconfig))


def problem(layout: Layout) -> str:
    """Empty where it is healthy, else what is wrong first."""
    if not layout.folder.exists():
        return "no cluster runs"
    recorded = state.load(layout.state)
    if recorded is None:
        return "half a cluster is there, without a record of it"
    if recorded.key != key(layout):
        return "the cluster was made from other versions or configuration"
    wanted = (*daemons.NAMES, versions.load().runtime)
    needed = (*daemons.CONTROL_PLANE, machine.QEMU) if layout.node else wanted
    missing = [name for name in needed if name not in recorded.processes]
    if missing:
        return f"the cluster was never finished: {missing[0]} was not started"
    dead = [name for name in needed if not recorded.processes[name].alive()]
    if dead:
        return f"{', '.join(dead)} no longer runs"
    node = kubectl(layout).get("node", layout.name)
    if node is None:
        return "the API server does not answer"
    return "" if node_ready(node) else "the node is not ready"

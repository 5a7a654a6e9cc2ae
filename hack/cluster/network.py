"""Addresses, ports and bridges of one cluster, and what its pods leave in iptables."""

import ipaddress
import json
import re
import shlex
import shutil
import socket
import subprocess
from dataclasses import dataclass

from console import ClusterError
from layout import Layout

SERVICE_RANGE = "10.96.0.0/16"
API_SERVICE_ADDRESS = "10.96.0.1"
TAP_PREFIX = 30
_LISTENERS = (
    "etcd",
    "etcd_peer",
    "apiserver",
    "controller_manager",
    "scheduler",
    "kubelet",
    "kubelet_health",
    "metrics_server",
)
# Below the kernel's range for outgoing connections, which could take a port after we chose it.
_FIRST_PORT, _PORTS = 20000, 10000


@dataclass(frozen=True)
class Network:
    node_address: str
    pod_range: str
    ports: dict[str, int]
    # Of the control plane; another than the node's where the node is a virtual machine.
    host_address: str = ""
    # What the API server listens on.
    api_address: str = "127.0.0.1"


def choose(layout: Layout, taken: list[Network]) -> Network:
    number = _free_subnet(layout, taken)
    used = {port for network in taken for port in network.ports.values()}
    ports: dict[str, int] = {}
    candidate = layout.number
    for listener in _LISTENERS:
        while (port := _FIRST_PORT + candidate % _PORTS) in used or not _bindable(port):
            candidate += 1
        ports[listener] = port
        candidate += 1
    host = _host_address(number)
    if layout.node:
        return Network(_guest_address(number), _pod_range(number), ports, host, host)
    return Network(host, _pod_range(number), ports, host)


def create_bridges(layout: Layout, network: Network) -> None:
    pods = ipaddress.ip_network(network.pod_range)
    # A bridge without a hardware address of its own takes that of its lowest port, which changes
    # with every pod; CRI-O compares it with what it was when the pod's network was made.
    hardware = ":".join(layout.id[place : place + 2] for place in range(0, 8, 2))
    for bridge, address, own in (
        # The node needs an address that is not loopback, and not every kernel has dummy devices.
        (layout.node_bridge, f"{network.node_address}/32", f"02:01:{hardware}"),
        # The CNI plugin would make this one for the first pod; made here, `down` always knows it.
        (layout.pod_bridge, f"{pods[1]}/{pods.prefixlen}", f"02:02:{hardware}"),
    ):
        _ip("link", "add", bridge, "address", own, "type", "bridge")
        _ip("address", "add", address, "dev", bridge)
        _ip("link", "set", bridge, "up")


def create_tap(layout: Layout, network: Network) -> None:
    """The host is one end of it, a virtual machine the other, behind which the pods are."""
    _ip("tuntap", "add", "dev", layout.tap, "mode", "tap")
    _ip("address", "add", f"{network.host_address}/{TAP_PREFIX}", "dev", layout.tap)
    _ip("link", "set", layout.tap, "up")
    _ip("route", "add", network.pod_range, "via", network.node_address)


def remove_interfaces(layout: Layout) -> None:
    if not shutil.which("ip"):
        return  # Without it none were made.
    links = json.loads(_ip("-json", "link", "show"))
    bridges = {layout.pod_bridge, layout.node_bridge}
    for link in links:
        if link.get("master") in bridges:
            # Gone already where the kernel has finished with the pod's network namespace.
            _ip("link", "delete", link["ifname"], may_fail=True)
    for link in links:
        if link["ifname"] in {*bridges, layout.tap}:
            _ip("link", "delete", link["ifname"])


def remove_port_mappings(layout: Layout) -> None:
    """portmap names its network in a comment on the rule that leads to a pod's own chain."""
    listed = _iptables("-S")
    ours = [line for line in listed.splitlines() if layout.name in line]
    chains = set()
    for line in ours:
        words = shlex.split(line)
        _iptables("-D", *words[1:])
        chains |= set(re.findall(r"CNI-(?:DN|SN)-\w+", line))
    for chain in sorted(chains):
        _iptables("-F", chain)
        _iptables("-X", chain)


def _free_subnet(layout: Layout, taken: list[Network]) -> int:
    in_use = [ipaddress.ip_network(network.pod_range) for network in taken]
    for line in json.loads(_ip("-4", "-json", "route", "show", "table", "all")):
        destination = line["dst"]
        if destination != "default":
            in_use.append(ipaddress.ip_network(destination, strict=False))
    for offset in range(256):
        number = (layout.number + offset) % 256
        wanted = (
            ipaddress.ip_network(_pod_range(number)),
            ipaddress.ip_network(f"{_host_address(number)}/{TAP_PREFIX}", strict=False),
        )
        if not any(one.overlaps(other) for one in wanted for other in in_use):
            return number
    raise ClusterError("every subnet of 10.244.0.0/16 is in use: end clusters you no longer need")


def _pod_range(number: int) -> str:
    return f"10.244.{number}.0/24"


def _host_address(number: int) -> str:
    return f"10.200.{number}.1"


def _guest_address(number: int) -> str:
    return f"10.200.{number}.2"


def _bindable(port: int) -> bool:
    with socket.socket() as probe:
        # As the daemons do: a port whose last connections are in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104 - asks about every address at once
        except OSError:
            return False
    return True


def _ip(*arguments: str, may_fail: bool = False) -> str:
    return _run(["ip", *arguments], may_fail=may_fail)


def _iptables(*arguments: str) -> str:
    # Another CNI user may change the same table at the same time, so wait for its lock; what is
    # gone by now was to be removed anyway.
    return _run(["iptables", "-w", "-t", "nat", *arguments], may_fail=True)


def _run(arguments: list[str], *, may_fail: bool) -> str:
    try:
        done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        if may_fail:
            return ""
        raise ClusterError(f"`{arguments[0]}` is not installed") from None
    if done.returncode != 0 and not may_fail:
        raise ClusterError(f"`{' '.join(arguments)}` failed: {done.stderr.strip()}")
    return done.stdout

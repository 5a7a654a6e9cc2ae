"""What one cluster's guest is told: its daemons, names, addresses, keys and configuration, as a tar
that is its second disk. There, the cluster's files lie where they lie on this machine."""

import hashlib
import io
import json
import shlex
import tarfile
from pathlib import Path

import configuration
import daemons
import versions
from layout import Layout
from network import TAP_PREFIX, Network

_KEYS = ("ca.crt", "kubelet-server.crt", "kubelet-server.key", "kubelet.kubeconfig")
_FILES = Path(__file__).with_name("guest")
_UNITS = ("containerd.service", "kubelet.service", "podx-network.service")
_SYSTEMD = "/etc/systemd/system"
_CONTAINERD = "unix:///run/containerd/containerd.sock"


def write(layout: Layout, network: Network, binaries: Path) -> Path:
    wanted = versions.load()
    configuration.write(layout, network, wanted, binaries)
    _change_kubelet(layout.kubelet_config)
    tar = layout.folder / "settings.tar"
    tar.touch(mode=0o600)
    with tarfile.open(tar, "w") as archive:
        for path, text in (_common(wanted.images["pause"]) | _own(layout, network)).items():
            _add(archive, path, text.encode(), 0o644)
        for name in _UNITS:
            _link(archive, f"{_SYSTEMD}/multi-user.target.wants/{name}", f"{_SYSTEMD}/{name}")
        for name in _KEYS:
            file = layout.certificates / name
            _add(archive, str(file), file.read_bytes(), 0o600)
        _add(archive, str(layout.kubelet_config), layout.kubelet_config.read_bytes(), 0o644)
    return tar


def _change_kubelet(path: Path) -> None:
    """What is different where the kubelet has a machine, and its systemd, to itself."""
    document = json.loads(path.read_text())
    for name in ("cgroupRoot", "oomScoreAdj", "failCgroupV1"):
        document.pop(name, None)
    document |= {
        "cgroupDriver": "systemd",
        "containerRuntimeEndpoint": _CONTAINERD,
        # Under emulation everything takes its time.
        "runtimeRequestTimeout": "10m",
    }
    path.write_text(json.dumps(document, indent=2) + "\n")


def _common(pause: str) -> dict[str, str]:
    containerd = (_FILES / "containerd.toml").read_text()
    return {
        "/etc/podx/containerd.toml": containerd.replace("@PAUSE@", pause),
        "/etc/systemd/journald.conf": (_FILES / "journald.conf").read_text(),
        "/etc/modules-load.d/podx.conf": (_FILES / "modules.conf").read_text(),
        **{f"{_SYSTEMD}/{name}": (_FILES / name).read_text() for name in _UNITS},
    }


def _own(layout: Layout, network: Network) -> dict[str, str]:
    kubelet = daemons.kubelet(layout, network)
    conflist = next(layout.configuration.rglob("*.conflist"))
    return {
        "/etc/hostname": f"{layout.name}\n",
        "/etc/hosts": f"127.0.0.1 localhost\n{network.node_address} {layout.name}\n",
        # With an empty one systemd takes this for a machine's very first start.
        "/etc/machine-id": hashlib.md5(layout.name.encode(), usedforsecurity=False).hexdigest()
        + "\n",
        "/etc/resolv.conf": "# no DNS\n",
        "/etc/cni/net.d/10-podx.conflist": conflist.read_text(),
        "/etc/podx/kubelet": shlex.join(["exec", "/usr/local/bin/kubelet", *kubelet.flags]) + "\n",
        "/etc/podx/network": _network(network),
    }


def _network(network: Network) -> str:
    return f"""\
set -e
# Its driver may come a moment later.
until [ -e /sys/class/net/eth0 ]; do sleep 0.2; done
ip link set lo up
ip address add {network.node_address}/{TAP_PREFIX} dev eth0
ip link set eth0 up
ip route add default via {network.host_address}
"""


def _add(archive: tarfile.TarFile, path: str, content: bytes, mode: int) -> None:
    info = tarfile.TarInfo(path.lstrip("/"))
    info.size, info.mode = len(content), mode
    archive.addfile(info, io.BytesIO(content))


def _link(archive: tarfile.TarFile, path: str, target: str) -> None:
    info = tarfile.TarInfo(path.lstrip("/"))
    info.type, info.linkname = tarfile.SYMTYPE, target
    archive.addfile(info)

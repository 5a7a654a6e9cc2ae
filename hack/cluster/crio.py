"""CRI-O as the node's runtime."""

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path

import criobuild
from console import ClusterError
from daemon import Daemon
from layout import CNI_PLUGINS, Layout

NAME = "crio"
# What else runs with the cluster's folder on its command line.
HELPERS = ("conmon", "pinns", "skopeo", "runc", criobuild.RUNTIME)
_CONMON = "/usr/bin/conmon"


def socket(layout: Layout) -> Path:
    return layout.folder / "crio.sock"


def configure(layout: Layout, pause_image: str, binaries: Path) -> None:
    _policy(layout).write_text(json.dumps({"default": [{"type": "insecureAcceptAnything"}]}))
    _file(layout).write_text(_configuration(layout, pause_image, binaries))


def daemon(layout: Layout) -> Daemon:
    # Else it also reads what stands in /etc.
    return Daemon(NAME, (f"--config={_file(layout)}", "--config-dir="))


def fill_before(layout: Layout, _binaries: Path, archives: Iterable[Path]) -> None:
    """No client of it can import an archive, but the store is the one that skopeo knows."""
    store = f"[overlay@{_store(layout)}+{_run(layout)}/storage]"
    for archive in archives:
        done = subprocess.run(
            [
                "skopeo",
                f"--policy={_policy(layout)}",
                f"--tmpdir={layout.folder}",
                "copy",
                f"docker-archive:{archive}",
                f"containers-storage:{store}{_reference(archive)}",
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise ClusterError(f"cannot import {archive}: {done.stderr.strip()}")


def fill_after(_layout: Layout, _binaries: Path, _archives: Iterable[Path]) -> None:
    """Its store was filled before it began."""


def answers(layout: Layout, binaries: Path) -> bool:
    words = [str(binaries / NAME), "status", f"--socket={socket(layout)}", "info"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def _file(layout: Layout) -> Path:
    return layout.configuration / "crio.toml"


def _policy(layout: Layout) -> Path:
    return layout.configuration / "image-policy.json"


def _store(layout: Layout) -> Path:
    return layout.folder / "crio-storage"


def _run(layout: Layout) -> Path:
    return layout.folder / "crio-run"


def _reference(archive: Path) -> str:
    words = ["tar", "--extract", "--to-stdout", f"--file={archive}", "manifest.json"]
    done = subprocess.run(words, capture_output=True, check=True)
    reference: str = json.loads(done.stdout)[0]["RepoTags"][0]
    return reference


def _configuration(layout: Layout, pause_image: str, binaries: Path) -> str:
    run = _run(layout)
    return f"""\
[crio]
root = '{_store(layout)}'
runroot = '{run}/storage'
storage_driver = 'overlay'
log_dir = '{layout.folder}/pod-logs'
version_file = '{run}/version'
clean_shutdown_file = '{layout.folder}/crio-clean-shutdown'

[crio.api]
listen = '{socket(layout)}'

[crio.image]
pause_image = '{pause_image}'
pause_command = '/pause'
signature_policy = '{_policy(layout)}'
signature_policy_dir = '{layout.configuration}/image-policies'

[crio.network]
network_dir = '{layout.networks}'
plugin_dirs = ['{CNI_PLUGINS}']

[crio.nri]
enable_nri = false

[crio.runtime]
default_runtime = 'runc'
cgroup_manager = 'cgroupfs'
conmon_cgroup = 'pod'
hooks_dir = []
cdi_spec_dirs = []
namespaces_dir = '{run}/namespaces'
pinns_path = '{binaries}/pinns'
container_exits_dir = '{run}/exits'
container_attach_socket_dir = '{run}'
# Ports of the host are the CNI plugin portmap's, as with containerd: CRI-O's own way dies where
# the kernel has no nftables.
disable_hostport_mapping = true
# Neither the host's interrupts nor its checkpoints are any business of tests.
irqbalance_config_restore_file = 'disable'
enable_criu_support = false

[crio.runtime.runtimes.runc]
runtime_path = '{binaries}/{criobuild.RUNTIME}'
runtime_root = '{layout.runc_state}'
monitor_path = '{_CONMON}'
monitor_cgroup = 'pod'
"""

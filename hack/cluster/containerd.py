"""containerd as the node's runtime."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

from console import ClusterError
from daemon import Daemon
from layout import CNI_PLUGINS, Layout

NAME = "containerd"
# What else runs with the cluster's folder on its command line.
HELPERS = ("containerd-shim-runc-v2", "runc", "ctr")


def socket(layout: Layout) -> Path:
    return layout.folder / "containerd.sock"


def configure(layout: Layout, pause_image: str, _binaries: Path) -> None:
    _file(layout).write_text(_configuration(layout, pause_image))


def daemon(layout: Layout) -> Daemon:
    return Daemon(NAME, (f"--config={_file(layout)}",))


def fill_before(_layout: Layout, _binaries: Path, _archives: Iterable[Path]) -> None:
    """It takes images only while it runs."""


def fill_after(layout: Layout, binaries: Path, archives: Iterable[Path]) -> None:
    for archive in archives:
        done = _ctr(layout, binaries, "--namespace=k8s.io", "images", "import", str(archive))
        if done.returncode != 0:
            raise ClusterError(f"cannot import {archive}: {done.stderr.strip()}")


def answers(layout: Layout, binaries: Path) -> bool:
    return _ctr(layout, binaries, "version").returncode == 0


def _file(layout: Layout) -> Path:
    return layout.configuration / "containerd.toml"


def _ctr(layout: Layout, binaries: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(binaries / "ctr"), f"--address={socket(layout)}", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _configuration(layout: Layout, pause_image: str) -> str:
    runtime = "plugins.'io.containerd.cri.v1.runtime'"
    return f"""\
version = 3
root = '{layout.folder}/containerd'
state = '{layout.containerd_state}'
# Neither may be had here: both live in folders that all of a machine's containerds share.
disabled_plugins = ['io.containerd.internal.v1.opt', 'io.containerd.image-verifier.v1.bindir']

[grpc]
address = '{socket(layout)}'

[ttrpc]
address = '{socket(layout)}.ttrpc'

[plugins.'io.containerd.nri.v1.nri']
disable = true

[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = '{pause_image}'

[{runtime}]
# Without CAP_SYS_RESOURCE nobody may lower an OOM score, and every sandbox would die of trying.
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true

[{runtime}.cni]
bin_dirs = ['{CNI_PLUGINS}']
conf_dir = '{layout.networks}'

[{runtime}.containerd.runtimes.runc]
runtime_type = 'io.containerd.runc.v2'

[{runtime}.containerd.runtimes.runc.options]
SystemdCgroup = false
Root = '{layout.runc_state}'
"""

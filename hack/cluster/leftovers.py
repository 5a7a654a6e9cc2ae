"""What the daemons leave outside the cluster's folder, because no flag says otherwise."""

import contextlib
import re
import shutil
from pathlib import Path

from layout import CLUSTERS, Layout

# What all clusters of a machine share, and by which file it is known who does: the kubelet's own
# (device plugins and more), and what those who write into CRI-O's image store keep of it.
_SHARED = {Path("/var/lib/kubelet"): "", Path("/var/lib/containers"): "etc/crio.toml"}
_MARKER = ".made-by-kubectl-podx"
_CONTAINER_LOGS = Path("/var/log/containers")
_CNI_RESULTS = Path("/var/lib/cni/results")
_SHIM_SOCKETS = Path("/run/containerd/s")


def prepare(layout: Layout) -> None:
    """Remembers which of the folders are ours to delete. After the configuration is written."""
    for folder, known_by in _SHARED.items():
        if (layout.folder / known_by).exists() and not folder.exists():
            folder.mkdir(parents=True)
            (folder / _MARKER).touch()


def shim_sockets(layout: Layout) -> list[Path]:
    """As each shim wrote down. To be asked before the cluster's folder is deleted."""
    pattern = re.compile(re.escape(str(_SHIM_SOCKETS)) + r"/[0-9a-f]+")
    written = layout.containerd_state.glob("io.containerd.*/k8s.io/*/bootstrap.json")
    return [Path(path) for file in written for path in pattern.findall(file.read_text())]


def remove(layout: Layout, sockets: list[Path]) -> None:
    """A folder goes with its last file. What clusters share goes with the last of them."""
    for socket in sockets:
        socket.unlink(missing_ok=True)
    _remove_empty(_SHIM_SOCKETS, _SHIM_SOCKETS.parent)
    for result in _CNI_RESULTS.glob("*"):
        # Each names its pod's network namespace, which is a file in our folder.
        with contextlib.suppress(FileNotFoundError):
            # A pod of another cluster may end while we look.
            if f"{layout.folder}/" in result.read_text(errors="replace"):
                result.unlink()
    _remove_empty(_CNI_RESULTS, _CNI_RESULTS.parent)
    for link in _CONTAINER_LOGS.glob("*.log"):
        if link.is_symlink() and layout.folder in link.readlink().parents:
            link.unlink(missing_ok=True)
    _remove_empty(_CONTAINER_LOGS)
    for folder, known_by in _SHARED.items():
        others = [one for one in CLUSTERS.glob("*") if one != layout.folder]
        used = any((other / known_by).exists() for other in others)
        if (folder / _MARKER).exists() and not used:
            shutil.rmtree(folder)


def _remove_empty(*folders: Path) -> None:
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()

"""A folder on the node that takes long to walk: for what shows on big volumes only."""

from __future__ import annotations

import atexit
import os
import subprocess
from pathlib import Path

from e2e.support import Bench, Manifest
from incidents.node_processes import is_elsewhere

BIG = Path("/tmp/podx-big-volume")
"""Where it is, on the node."""
GATE = "podx.test/volume-is-filled"
# The kubelet walks some hundred thousand names a second, and says so after thirty.
_FOLDERS, _NAMES = 90, 100_000


def fill(bench: Bench, pod: Manifest) -> None:
    """Millions of names of one file, in memory; then the pod may be scheduled."""
    assert os.geteuid() == 0, "a volume can be filled by root only"
    assert not is_elsewhere(bench), "the node is another machine"
    BIG.mkdir(exist_ok=True)
    options = ["-o", "size=8g,nr_inodes=0"]
    subprocess.run(["mount", "-t", "tmpfs", *options, "tmpfs", str(BIG)], check=True)
    atexit.register(_empty)
    first = BIG / "file"
    first.touch()
    for at in range(_FOLDERS):
        folder = BIG / str(at)
        folder.mkdir()
        for name in range(_NAMES):
            os.link(first, folder / str(name))
    free = '[{"op": "remove", "path": "/spec/schedulingGates"}]'
    bench.kubectl("patch", "pod", pod["metadata"]["name"], "--type=json", "--patch", free)


def _empty() -> None:
    subprocess.run(["umount", "--lazy", str(BIG)], check=False)
    BIG.rmdir()

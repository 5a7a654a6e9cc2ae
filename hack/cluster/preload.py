"""Puts images into a containerd's folder before the machine it belongs to runs: there, under
emulation, it would take minutes."""

import shutil
import subprocess
import time
from pathlib import Path

import cache
import mounts
import processes
from console import ClusterError, step, tail

_PATIENCE_SECONDS = 60.0
_POLL_SECONDS = 0.1


def fill(root: Path, binaries: Path, archives: list[Path], log: Path) -> None:
    # Short, as a socket's path must be; and one name for one root, so that the next build clears
    # what a killed one left.
    folder = Path("/run") / f"kubectl-podx-{cache.digest(str(root))}"
    _clear(folder)
    folder.mkdir(mode=0o700)
    try:
        _import(root, folder, binaries, archives, log)
    finally:
        _clear(folder)


def _clear(folder: Path) -> None:
    mounts.unmount_below(folder)
    if folder.exists():
        shutil.rmtree(folder)


def _import(root: Path, folder: Path, binaries: Path, archives: list[Path], log: Path) -> None:
    socket = folder / "containerd.sock"
    config = folder / "containerd.toml"
    config.write_text(_configuration(root, folder, socket))
    program = str(binaries / "containerd")
    words = [*processes.DIES_WITH_US, program, f"--config={config}"]
    with log.open("ab") as output:
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        ctr = [str(binaries / "ctr"), f"--address={socket}"]
        _wait(process, [*ctr, "version"], log)
        for archive in archives:
            step(f"putting {archive.name} into the guest")
            _checked([*ctr, "--namespace=k8s.io", "images", "import", str(archive)])
    finally:
        # Asked, not killed: it has to write down what it holds.
        process.terminate()
        try:
            process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], question: list[str], log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while _run(question).returncode != 0:
        if process.poll() is not None or time.monotonic() > deadline:
            raise ClusterError(f"containerd does not answer\n{tail(log)}")
        time.sleep(_POLL_SECONDS)


def _checked(words: list[str]) -> None:
    done = _run(words)
    if done.returncode != 0:
        raise ClusterError(f"`{' '.join(words[1:])}` failed: {done.stderr.strip()}")


def _run(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def _configuration(root: Path, folder: Path, socket: Path) -> str:
    return f"""\
version = 3
root = '{root}'
state = '{folder}/state'
disabled_plugins = [
  'io.containerd.cri.v1.images',
  'io.containerd.cri.v1.runtime',
  'io.containerd.grpc.v1.cri',
  'io.containerd.image-verifier.v1.bindir',
  'io.containerd.internal.v1.opt',
]

[grpc]
address = '{socket}'

[ttrpc]
address = '{socket}.ttrpc'

[plugins.'io.containerd.nri.v1.nri']
disable = true
"""

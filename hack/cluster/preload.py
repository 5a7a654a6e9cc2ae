"""Puts images into a containerd's folder before the machine it belongs to runs: there, under
emulation, it would take minutes."""

import subprocess
import tempfile
import time
from pathlib import Path

from console import ClusterError, step, tail

_PATIENCE_SECONDS = 60.0
_POLL_SECONDS = 0.1


def fill(root: Path, binaries: Path, archives: list[Path], log: Path) -> None:
    # Short, as a socket's path must be.
    with tempfile.TemporaryDirectory(prefix="podx-preload-") as name:
        folder = Path(name)
        socket = folder / "containerd.sock"
        config = folder / "containerd.toml"
        config.write_text(_configuration(root, folder, socket))
        words = [str(binaries / "containerd"), f"--config={config}"]
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

"""What `make test-install` gives: built artefacts, and the programs of `hack/cluster build`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "hack")]

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def binaries() -> Path:
    """The folder with kubectl, krew and validate-krew-manifest."""
    found = os.environ.get("PODX_TEST_BINARIES")
    if not found:
        pytest.fail("run these tests by `make test-install`", pytrace=False)
    return Path(found)


@pytest.fixture(scope="session")
def archive() -> Path:
    import dist

    path = Path(dist.archive_path())
    assert path.exists(), "run `make dist` first"
    return path


@pytest.fixture(scope="session")
def manifest() -> Path:
    return ROOT / "dist/podx.yaml"


@pytest.fixture(scope="session")
def run() -> Run:
    """Runs a program with an environment of its own: nothing of the machine's leaks in."""

    def start(
        *words: str | Path, path: list[Path], home: Path, **env: str
    ) -> subprocess.CompletedProcess[str]:
        folders = [*map(str, path), "/usr/bin", "/bin"]
        given = {"PATH": ":".join(folders), "HOME": str(home), **env}
        return subprocess.run(
            list(map(str, words)),
            env=given,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return start

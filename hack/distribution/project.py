"""What the project says of itself, and where a release is built."""

import ast
import os
import platform
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Not "build": the linter would take a folder of that name for a package of ours.
BUILD, DIST = ROOT / ".build", ROOT / "dist"
NAME = "kubectl-podx"
# Every system that a release has an archive for, as its file is named.
SYSTEMS = ("darwin_amd64", "darwin_arm64", "linux_amd64", "linux_arm64", "windows_amd64")
_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_KERNELS = {"linux": "linux", "darwin": "darwin", "win32": "windows"}


def version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


def url() -> str:
    """The project's address: it stands in the package's own `__init__.py`, and nowhere else."""
    for node in ast.parse((ROOT / "kubectl_podx/__init__.py").read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "URL":
            return str(ast.literal_eval(node.value))
    raise SystemExit("kubectl_podx/__init__.py has no URL")


def system() -> str:
    return f"{_KERNELS[sys.platform]}_{_ARCHITECTURES[platform.machine().lower()]}"


def archive_path(of: str = "", folder: Path = DIST) -> Path:
    return folder / f"{NAME}_{version()}_{of or system()}.tar.gz"


def sbom_path(archive: Path) -> Path:
    return archive.with_name(archive.name.removesuffix(".tar.gz") + ".spdx.json")


def epoch() -> int:
    """The commit's time: the same for whoever builds it."""
    done = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return int(done.stdout.strip() or 1767225600)


def uv() -> str:
    return os.environ.get("UV") or shutil.which("uv") or "uv"


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    done = subprocess.run(command, cwd=ROOT, env=os.environ | (environment or {}), check=False)
    if done.returncode != 0:
        raise SystemExit(f"`{' '.join(command[:4])} …` failed")

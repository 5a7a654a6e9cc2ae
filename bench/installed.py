"""podx as a person gets it: the archive as Krew unpacks it, and a wheel in an environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build" / "bench"


class Installed(NamedTuple):
    """Where the installed programs are."""

    podx: str
    """The program of the archive that `make dist` built of this checkout: what Krew installs."""
    python: str
    """An environment's that holds the wheel and what it needs, byte-compiled."""
    wheel: str
    """The program of that environment."""
    tab: str
    """The file that kubectl runs on TAB."""


def install(uv: str) -> Installed:
    """Builds the wheel of this checkout and installs it with the locked dependencies.

    The environment is made once; each call brings its packages and podx up to date.
    """
    environment = BUILD / "environment"
    wheels = BUILD / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    python = environment / "bin" / "python"
    if not python.exists():
        _run(uv, "venv", "--quiet", "--python", "3.11", str(environment))
    requirements = BUILD / "requirements.txt"
    _run(
        *(uv, "export", "--quiet", "--frozen", "--no-dev", "--no-emit-project", "--no-hashes"),
        *("--output-file", str(requirements)),
    )
    _run(uv, "build", "--quiet", "--wheel", "--out-dir", str(wheels), str(ROOT))
    into = ("--quiet", "--compile-bytecode", "--python", str(python))
    _run(uv, "pip", "install", *into, "--requirements", str(requirements))
    wheel = next(wheels.glob("*.whl"))
    _run(uv, "pip", "install", *into, "--reinstall", "--no-deps", str(wheel))
    program = _unpacked(BUILD / "frozen")
    return Installed(
        podx=str(program),
        python=str(python),
        wheel=str(environment / "bin" / "kubectl-podx"),
        tab=str(program.parent / "completion" / "kubectl_complete-podx"),
    )


def _unpacked(folder: Path) -> Path:
    """The archive for this machine as Krew leaves it: unpacked, in a folder of its own."""
    sys.path.insert(0, str(ROOT / "hack"))
    from dist import NAME, archive_path  # noqa: PLC0415 - found by the line before

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.unpack_archive(archive_path(), folder)
    return folder / NAME


def _run(*words: str) -> None:
    variables = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    # Without this the interpreter would not use what was compiled.
    variables.pop("PYTHONDONTWRITEBYTECODE", None)
    subprocess.run(words, cwd=ROOT, check=True, env=variables)

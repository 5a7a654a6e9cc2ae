"""What a build depends on: every file of the project, its commit, and the interpreter."""

import hashlib
import os
import subprocess
import sys

from distribution import project
from distribution.project import ROOT


def digest() -> str:
    """Changes with whatever could change a byte of what is built; empty where nobody can tell."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    if listed.returncode != 0:
        return ""
    state = hashlib.sha256()
    said = (project.epoch(), sys.version, os.environ.get("PODX_DIST_PYTHON"))
    state.update(repr(said).encode())
    for name in sorted(listed.stdout.split(b"\0")):
        path = ROOT / os.fsdecode(name)
        if path.is_file():
            state.update(name + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return state.hexdigest()

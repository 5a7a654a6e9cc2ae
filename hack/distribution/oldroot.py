"""A folder with the oldest Debian that its mirrors still have: where an archive has to run."""

import os
import shutil
import subprocess
from pathlib import Path

from distribution import project
from distribution.portable import CannotBuildError, cache, mirror

SUITE = "bullseye"  # glibc 2.31


def folder() -> Path:
    return cache() / f"debian-{SUITE}"


def find() -> Path | None:
    """The root, if it has been made."""
    return folder() if (folder() / "complete").exists() else None


def make() -> Path:
    """Makes it by debootstrap, or raises CannotBuildError. Nothing is mounted in it."""
    found = find()
    if found:
        return found
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        raise CannotBuildError("an old Debian needs root and debootstrap")
    shutil.rmtree(folder(), ignore_errors=True)
    folder().parent.mkdir(parents=True, exist_ok=True)
    log = folder().with_suffix(".log")
    # The first stage is enough: packages are unpacked, and nothing in them is run.
    words = ["debootstrap", "--foreign", "--variant=minbase", SUITE, str(folder()), mirror()]
    with log.open("wb") as out:
        done = subprocess.run(words, cwd=project.ROOT, stdout=out, stderr=out, check=False)
    if done.returncode != 0:
        raise CannotBuildError(f"debootstrap failed: {log} has its output")
    (folder() / "complete").touch()
    return folder()

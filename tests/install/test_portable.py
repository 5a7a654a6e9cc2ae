"""The archive on systems that are older than the one it was built on."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from install.conftest import ROOT


@pytest.fixture(scope="session")
def portable() -> Path:
    """The archive with the interpreter that asks for an old glibc: `make portable`."""
    from distribution import project

    path = project.archive_path(folder=ROOT / ".build/portable")
    if not path.exists():
        reason = ROOT / ".build/portable/reason"
        why = reason.read_text().strip() if reason.exists() else "run `make portable`"
        pytest.skip(f"no portable archive: {why}")
    return path


def test_it_asks_for_no_newer_glibc_than_2_28_and_is_small(portable: Path) -> None:
    from distribution import check

    newest, who = check.newest_glibc(portable)
    assert newest <= (2, 28), who
    # That anything was read at all: the interpreter asks for some.
    assert newest >= (2, 14)
    assert check.problems(portable, portable=True) == []


def test_the_archive_of_this_machine_is_small_whatever_it_asks_for(archive: Path) -> None:
    from distribution import check

    assert check.problems(archive) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may change the root folder")
def test_it_runs_in_the_oldest_debian_that_there_is(portable: Path) -> None:
    from distribution import oldroot

    root = oldroot.find()
    if root is None:
        pytest.skip("no old Debian here: `make portable` makes one where it can")
    release = (root / "etc/os-release").read_text()
    assert f"VERSION_CODENAME={oldroot.SUITE}" in release
    folder = root / "podx"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.unpack_archive(portable, folder)
    try:
        for words, wanted in (
            (("version",), "Podx Version: v"),
            (("demo",), "liveness probe"),
            (("demo", "-o", "html"), "<svg"),
            # Its library finds the system's libgcc; with no client it has nothing to say.
            (("mcp",), ""),
        ):
            done = subprocess.run(
                ["chroot", str(root), "/podx/kubectl-podx", *words],
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, stdin=subprocess.DEVNULL,
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert (done.returncode, done.stderr) == (0, "")
            assert wanted in done.stdout
    finally:
        shutil.rmtree(folder)


def test_the_archive_of_a_newer_glibc_does_not_run_there(archive: Path) -> None:
    """That the root is old is what the test above rests on."""
    from distribution import check, oldroot

    root = oldroot.find()
    newest, _ = check.newest_glibc(archive)
    if root is None or newest < (2, 32) or os.geteuid() != 0:
        pytest.skip("no old Debian here, or the archive asks for no newer glibc")
    folder = root / "podx-new"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.unpack_archive(archive, folder)
    try:
        words = ["chroot", str(root), "/podx-new/kubectl-podx", "version"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode != 0
        assert "GLIBC_" in done.stderr
    finally:
        shutil.rmtree(folder)

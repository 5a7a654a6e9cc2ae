"""What the image promises: the archive runs without root, without a home, on a read-only root."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from install.conftest import ROOT


def test_the_recipe_takes_what_make_dist_makes() -> None:
    recipe = (ROOT / "packaging/Containerfile").read_text()
    pattern = re.search(r"^ADD (\S+)", recipe, re.MULTILINE)
    assert pattern
    assert list(ROOT.glob(pattern[1]))
    assert "USER 65532:65532" in recipe


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a mount read-only")
def test_it_runs_as_nobody_on_a_read_only_root(archive: Path, tmp_path: Path) -> None:
    missing = [tool for tool in ("unshare", "setpriv") if not shutil.which(tool)]
    if missing:
        pytest.skip(f"there is no {missing[0]} here")
    shutil.unpack_archive(archive, tmp_path)
    for folder in (tmp_path, *tmp_path.parents):
        if str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    program = tmp_path / "kubectl-podx"
    read_only = "mount -o remount,bind,ro /"
    as_nobody = "exec setpriv --reuid 65532 --regid 65532 --clear-groups --no-new-privs"
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", f'{read_only} && {as_nobody} "$@"', "sh",
         str(program), "demo"],
        env={"PATH": "/usr/bin:/bin"}, cwd="/", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "liveness probe" in done.stdout

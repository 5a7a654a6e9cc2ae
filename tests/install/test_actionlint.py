"""That the linter of the workflows finds what was wrong with them once."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from install.conftest import ROOT


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("runner: macos-15-intel", "runner: macos-13", "macos-13"),
        ("needs: [package, archive, attest]", "needs: [package, archives]", "archives"),
        ("matrix.system", "matrix.sistem", "sistem"),
    ],
)
def test_a_slip_is_found(good: str, bad: str, said: str, tmp_path: Path) -> None:
    found = sorted((ROOT / ".tools/bin").glob("actionlint-*"))
    if not found:
        pytest.skip("run `make lint-workflows` first")
    tool = found[-1]
    text = (ROOT / ".github/workflows/release.yaml").read_text()
    assert good in text
    path = tmp_path / "release.yaml"
    path.write_text(text.replace(good, bad))
    done = subprocess.run([tool, path], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert said in done.stdout
    path.write_text(text)
    assert subprocess.run([tool, path], check=False).returncode == 0

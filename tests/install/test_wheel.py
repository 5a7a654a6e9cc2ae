"""The wheel in a clean environment, without anything of the development, on each Python here."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import time
from pathlib import Path

import pytest
import pythons

from install.conftest import ROOT, Run


def uv() -> str:
    found = os.environ.get("UV") or shutil.which("uv")
    assert found, "run these tests by `make test-install`"
    return found


def environment(folder: Path, version: str) -> Path:
    """A virtual environment of that Python with the built wheel; skips where it is not here."""
    python = pythons.find(version)
    if python is None:
        pytest.skip(f"Python {version} is not on this machine")
    subprocess.run([uv(), "venv", "--quiet", "--python", python, str(folder)], check=True)
    wheel = max((ROOT / "dist").glob("*.whl"), key=lambda path: path.stat().st_mtime)
    done = subprocess.run(
        [uv(), "pip", "install", "--quiet", "--python", str(folder / "bin/python"), str(wheel)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder / "bin"


@pytest.mark.parametrize("version", pythons.VERSIONS)
def test_the_wheel_works_on_every_python(version: str, tmp_path: Path, run: Run) -> None:
    scripts = environment(tmp_path / "venv", version)
    done = run("kubectl-podx", "demo", "-o", "json", path=[scripts], home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert '"livenessProbe"' in done.stdout
    page = run("kubectl-podx", "demo", "-o", "html", path=[scripts], home=tmp_path)
    assert page.stdout.startswith("<!doctype html>"), page.stderr
    listed = run("kubectl_complete-podx", "desc", path=[scripts], home=tmp_path)
    assert listed.stdout.startswith("describe\t")
    site = next((tmp_path / "venv").glob("lib/*/site-packages/kubectl_podx"))
    assert (site / "py.typed").exists()
    packages = run("python", "-c", "import pytest", path=[scripts], home=tmp_path)
    assert packages.returncode != 0


def test_a_real_bash_completes_through_kubectl(binaries: Path, run: Run, tmp_path: Path) -> None:
    scripts = environment(tmp_path / "venv", "3.11")
    script = run("kubectl", "completion", "bash", path=[binaries], home=tmp_path)
    (tmp_path / "kubectl.bash").write_text(script.stdout)
    environ = {
        "PATH": f"{scripts}:{binaries}:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "TERM": "dumb",
        "PS1": "ready> ",
    }
    terminal = Terminal(["bash", "--norc", "--noprofile", "-i"], environ)
    try:
        terminal.until("ready> ")
        terminal.send("source /usr/share/bash-completion/bash_completion\n")
        terminal.until("ready> ")
        terminal.send("source ~/kubectl.bash\n")
        terminal.until("ready> ")
        terminal.send("kubectl podx desc\t")
        assert "describe" in terminal.until("describe")
        terminal.send("--sect\t")
        assert "--section" in terminal.until("--section")
    finally:
        terminal.close()


class Terminal:
    """A program in a pseudo terminal: type, and wait for what it shows."""

    def __init__(self, command: list[str], environ: dict[str, str]) -> None:
        self._pid, self._handle = pty.fork()
        if self._pid == 0:
            os.execvpe(command[0], command, environ)  # noqa: S606 - the child of a fork
        self._seen = ""

    def send(self, text: str) -> None:
        self._seen = ""
        os.write(self._handle, text.encode())

    def until(self, text: str) -> str:
        end = time.monotonic() + 30
        while text not in self._seen:
            assert time.monotonic() < end, f"{text!r} did not come: {self._seen[-500:]!r}"
            ready, _, _ = select.select([self._handle], [], [], 0.2)
            if ready:
                read = os.read(self._handle, 4096).decode(errors="replace")
                self._seen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", read)
        return self._seen

    def close(self) -> None:
        os.close(self._handle)
        os.waitpid(self._pid, 0)

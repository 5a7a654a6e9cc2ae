"""Unpacks the archive for this machine and runs it, as somebody who has nothing else would."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from distribution.project import NAME

# Without these no program starts on Windows.
_KEPT = ("SYSTEMROOT", "SYSTEMDRIVE", "TEMP", "TMP")


def smoke(archive: Path) -> None:
    """Ends the program where the archive does not give what it should."""
    with tempfile.TemporaryDirectory() as scratch:
        shutil.unpack_archive(archive, scratch)
        program = Path(scratch) / (f"{NAME}.exe" if sys.platform == "win32" else NAME)
        _wants(program, "Podx Version: v", "version")
        _wants(program, "liveness probe", "demo")
        report = _answer(program, "demo", "-o", "json")
        if json.loads(report)["kind"] != "PodReport":
            raise SystemExit(f"{archive.name}: `demo -o json` is no report")
        _wants(program, "<svg", "demo", "-o", "html")
        _wants(program, "PRB001", "explain", "--codes")
        _wants(program, "", "mcp")


def _wants(program: Path, text: str, *words: str) -> None:
    if text not in _answer(program, *words):
        raise SystemExit(f"`{program.name} {' '.join(words)}` does not say {text!r}")


def _answer(program: Path, *words: str) -> str:
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    done = subprocess.run(
        [program, *words],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    errors = done.stderr.decode("utf-8", "replace")
    if done.returncode != 0 or errors:
        raise SystemExit(f"`{program.name} {' '.join(words)}` ended {done.returncode}: {errors}")
    return done.stdout.decode("utf-8")

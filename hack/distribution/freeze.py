"""The self-contained archive: Python, podx and what it needs in one folder, by PyInstaller.

The same commit on the same machine gives the same bytes.
"""

import gzip
import importlib.metadata
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

from distribution import project
from distribution.project import BUILD, NAME, ROOT

# What help and messages of the program name.
DOCS = ("BUNDLE.md", "PODPRESET.md", "QUERIES.md")


def environment() -> Path:
    """Of each interpreter that an archive is made with, one."""
    wanted = os.environ.get("PODX_DIST_PYTHON", "")
    return BUILD / f"dist-venv{'-' if wanted else ''}{re.sub(r'[^0-9A-Za-z.]+', '-', wanted)}"


def python() -> Path:
    """The interpreter that goes into the archive."""
    if sys.platform == "win32":
        return environment() / "Scripts" / "python.exe"
    return environment() / "bin" / "python"


def prepare() -> None:
    """The environment that is frozen: podx as it is installed, with what is locked.

    PODX_DIST_PYTHON names another interpreter than that of the project, by version or path.
    """
    sync = [project.uv(), "sync", "--frozen", "--quiet", "--no-default-groups", "--group", "dist"]
    sync += ["--extra", "mcp"]
    wanted = os.environ.get("PODX_DIST_PYTHON")
    if wanted:
        sync += ["--python", wanted]
    # The package as it is installed, and anew even where the version has stayed.
    sync += ["--no-editable", "--reinstall-package", NAME]
    project.run(sync, {"UV_PROJECT_ENVIRONMENT": str(environment())})


def frozen(folder: Path = BUILD) -> Path:
    """The folder that the archive is made of, frozen anew."""
    # The first two make PyInstaller's output the same from run to run. Modules are not packed one
    # by one: the archive packs them together, better, and no start has to unpack them.
    steady = {
        "PYTHONHASHSEED": "0",
        "SOURCE_DATE_EPOCH": str(project.epoch()),
        "PYINSTALLER_ZLIB_COMPRESSION_LEVEL": "0",
    }
    folders = ["--distpath", str(folder / "frozen"), "--workpath", str(folder / "work")]
    spec = str(ROOT / "packaging/podx.spec")
    command = [str(python()), "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "ERROR"]
    project.run([*command, *folders, spec], steady)
    made = folder / "frozen" / NAME
    _complete(made)
    return made


def _complete(folder: Path) -> None:
    """What stands beside the program: licences, manual, and the file that kubectl asks on TAB."""
    shutil.copy(ROOT / "LICENSE", folder / "LICENSE")
    texts = _third_party(contents(folder))
    (folder / "THIRD_PARTY_LICENSES").write_text(texts, encoding="utf-8", newline="\n")
    for name in ("docs", "man/man1"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "docs/kubectl-podx.1", folder / "man/man1")
    for name in DOCS:
        shutil.copy(ROOT / "docs" / name, folder / "docs")
    completion = folder / "completion"
    completion.mkdir(exist_ok=True)
    shutil.copy(ROOT / "kubectl_podx/cli/kubectl_complete-podx", completion)
    (completion / "kubectl_complete-podx").chmod(0o755)


def contents(folder: Path) -> dict[str, Any]:
    """What the frozen program is made of, told by the interpreter that froze it."""
    script = Path(__file__).with_name("contents.py")
    done = subprocess.run(
        [python(), str(script), str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"what the archive is made of cannot be read: {done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _third_party(made_of: dict[str, Any]) -> str:
    """The licence texts of every package in the archive, and Python's."""
    shipped = {one["name"] for one in made_of["packages"]} | {"pyinstaller"}
    found = sorted(environment().glob("**/site-packages"))
    texts = []
    for distribution in importlib.metadata.distributions(path=[str(path) for path in found]):
        name = distribution.metadata["Name"]
        if name not in shipped or name == NAME:
            continue
        words = distribution.metadata.get("License-Expression") or distribution.metadata["License"]
        lines = [f"{name} {distribution.version}", f"License: {(words or 'see below')[:100]}"]
        for file in distribution.files or ():
            if "licen" in file.name.lower() or file.name.lower().startswith(("copying", "notice")):
                content = Path(str(file.locate()))
                if content.is_file() and content.suffix in ("", ".txt", ".md", ".rst"):
                    lines += ["", content.read_text("utf-8", errors="replace").strip()]
        texts.append("\n".join(lines))
    texts.append(
        f"Python {made_of['python']}\nLicense: PSF-2.0, https://docs.python.org/3/license.html"
    )
    return ("\n\n" + "-" * 80 + "\n\n").join(sorted(texts)) + "\n"


def packed(folder: Path) -> bytes:
    """A tar of regular files and folders only, sorted, with one time and no owner."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT, dereference=True) as tar:
        for path in sorted(folder.rglob("*")):
            info = tar.gettarinfo(str(path), arcname=path.relative_to(folder).as_posix())
            info.uid = info.gid = 0
            info.uname = info.gname = ""
            info.mtime = project.epoch()
            info.mode = 0o755 if path.is_dir() or info.mode & 0o100 else 0o644
            # A second name of one file would be a hard link, which Krew refuses.
            info.type = tarfile.DIRTYPE if path.is_dir() else tarfile.REGTYPE
            if path.is_dir():
                tar.addfile(info)
            else:
                info.size = path.stat().st_size
                tar.addfile(info, io.BytesIO(path.read_bytes()))
    return gzip.compress(buffer.getvalue(), compresslevel=9, mtime=0)

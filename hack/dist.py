"""Builds what people install: wheel, sdist, the self-contained archive and Krew's manifest.

`make dist`. The same commit on the same machine gives the same bytes.
"""

import gzip
import hashlib
import importlib.metadata
import io
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Not "build": the linter would take a folder of that name for a package of ours.
BUILD, DIST = ROOT / ".build", ROOT / "dist"
NAME = "kubectl-podx"
RELEASES = "https://github.com/kubectl-podx/kubectl-podx/releases/download"
_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_SYSTEMS = {"linux": "linux", "darwin": "darwin", "win32": "windows"}
# Krew reads a whole archive into memory, and each file is opened at every start.
MOST_BYTES, MOST_FILES = 25_000_000, 200


def version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


def system() -> tuple[str, str]:
    return _SYSTEMS[sys.platform], _ARCHITECTURES[platform.machine().lower()]


def archive_path() -> Path:
    return DIST / f"{NAME}_{version()}_{'_'.join(system())}.tar.gz"


def build() -> None:
    DIST.mkdir(exist_ok=True)
    uv = os.environ.get("UV") or shutil.which("uv") or "uv"
    _run([uv, "build", "--quiet", "--out-dir", str(DIST)])
    environment = {"UV_PROJECT_ENVIRONMENT": str(BUILD / "dist-venv")}
    sync = [uv, "sync", "--frozen", "--quiet", "--no-default-groups", "--group", "dist"]
    # The archive serves models, too: its size is within what Krew reads in one piece.
    sync += ["--extra", "mcp"]
    # The package as it is installed, and anew even where the version has stayed.
    _run([*sync, "--no-editable", "--reinstall-package", NAME], environment)
    frozen = _freeze()
    _complete(frozen)
    path = archive_path()
    path.write_bytes(_archive(frozen))
    check(path)
    write_manifest()
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1e6:.1f} MB")


def _freeze() -> Path:
    python = BUILD / "dist-venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    # Both make PyInstaller's output the same from run to run.
    steady = {"PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": _epoch()}
    folders = ["--distpath", str(BUILD / "frozen"), "--workpath", str(BUILD / "work")]
    spec = str(ROOT / "packaging/podx.spec")
    command = [str(python), "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "ERROR"]
    _run([*command, *folders, spec], steady)
    return BUILD / "frozen" / NAME


def _complete(folder: Path) -> None:
    """What stands beside the program: licences, and the file that kubectl asks on TAB."""
    shutil.copy(ROOT / "LICENSE", folder / "LICENSE")
    (folder / "THIRD_PARTY_LICENSES").write_text(_third_party())
    completion = folder / "completion"
    completion.mkdir(exist_ok=True)
    shutil.copy(ROOT / "kubectl_podx/cli/kubectl_complete-podx", completion)
    (completion / "kubectl_complete-podx").chmod(0o755)


def _third_party() -> str:
    """The licence texts of every package that was installed for the archive, and Python's."""
    found = sorted((BUILD / "dist-venv").glob("**/site-packages"))
    texts = []
    for distribution in importlib.metadata.distributions(path=[str(path) for path in found]):
        name = distribution.metadata["Name"]
        if name.lower() in (NAME, "pip", "setuptools"):
            continue
        words = distribution.metadata.get("License-Expression") or distribution.metadata["License"]
        lines = [f"{name} {distribution.version}", f"License: {(words or 'see below')[:100]}"]
        for file in distribution.files or ():
            if "licen" in file.name.lower() or file.name.lower().startswith(("copying", "notice")):
                content = Path(str(file.locate()))
                if content.is_file() and content.suffix in ("", ".txt", ".md", ".rst"):
                    lines += ["", content.read_text(errors="replace").strip()]
        texts.append("\n".join(lines))
    texts.append(
        f"Python {platform.python_version()}\nLicense: PSF-2.0, https://docs.python.org/3/license.html"
    )
    return ("\n\n" + "-" * 80 + "\n\n").join(sorted(texts)) + "\n"


def _archive(folder: Path) -> bytes:
    """A tar of regular files and folders only, sorted, with one time and no owner."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT, dereference=True) as tar:
        for path in sorted(folder.rglob("*")):
            info = tar.gettarinfo(str(path), arcname=str(path.relative_to(folder)))
            info.uid = info.gid = 0
            info.uname = info.gname = ""
            info.mtime = int(_epoch())
            info.mode = 0o755 if path.is_dir() or info.mode & 0o100 else 0o644
            # A second name of one file would be a hard link, which Krew refuses.
            info.type = tarfile.DIRTYPE if path.is_dir() else tarfile.REGTYPE
            if path.is_dir():
                tar.addfile(info)
            else:
                info.size = path.stat().st_size
                tar.addfile(info, io.BytesIO(path.read_bytes()))
    return gzip.compress(buffer.getvalue(), compresslevel=9, mtime=0)


def check(path: Path) -> None:
    """Krew's rules and our own limits; ends the program where one is broken."""
    with tarfile.open(path) as tar:
        entries = tar.getmembers()
    names = {entry.name for entry in entries}
    wrong = [e.name for e in entries if not (e.isreg() or e.isdir()) or ".." in e.name]
    files = sum(entry.isreg() for entry in entries)
    problems = [f"not a file or folder, or `..` in it: {name}" for name in wrong]
    program = f"{NAME}.exe" if "_windows_" in path.name else NAME
    problems += [f"{name} is missing" for name in (program, "LICENSE") if name not in names]
    if files > MOST_FILES:
        problems.append(f"{files} files, {MOST_FILES} at most")
    if path.stat().st_size > MOST_BYTES:
        problems.append(f"{path.stat().st_size} bytes, {MOST_BYTES} at most")
    if problems:
        raise SystemExit(f"{path.name}: " + "; ".join(problems))


def write_manifest() -> None:
    """Krew's manifest with every archive that lies in dist/."""
    template = (ROOT / "krew/podx.template.yaml").read_text()
    entries = [_platform(path) for path in sorted(DIST.glob(f"{NAME}_{version()}_*.tar.gz"))]
    text = template.replace("{{VERSION}}", f"v{version()}")
    (DIST / "podx.yaml").write_text(text.replace("{{PLATFORMS}}\n", "".join(entries)))


def _platform(path: Path) -> str:
    goos, arch = path.name.removesuffix(".tar.gz").split("_")[-2:]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return (
        f"  - selector:\n      matchLabels:\n        os: {goos}\n        arch: {arch}\n"
        f"    uri: {RELEASES}/v{version()}/{path.name}\n"
        f"    sha256: {digest}\n"
        f"    bin: {NAME}{'.exe' if goos == 'windows' else ''}\n"
    )


def _epoch() -> str:
    """The commit's time: the same for whoever builds it."""
    done = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "1767225600"


def _run(command: list[str], environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, cwd=ROOT, env=os.environ | (environment or {}), check=False)
    if done.returncode != 0:
        raise SystemExit(f"`{' '.join(command[:4])} …` failed")


if __name__ == "__main__":
    if sys.argv[1:] == ["manifest"]:
        write_manifest()
    else:
        build()

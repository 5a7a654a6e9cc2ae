"""What is published beside the archives: Krew's manifest and the checksums."""

import hashlib
import re
from pathlib import Path

from distribution import project
from distribution.project import DIST, NAME, ROOT


def write_manifest(folder: Path = DIST) -> Path:
    """Krew's manifest with every archive that lies in the folder."""
    template = (ROOT / "krew/podx.template.yaml").read_text("utf-8")
    archives = [project.archive_path(system, folder) for system in project.SYSTEMS]
    entries = "".join(_platform(path) for path in archives if path.exists())
    text = template.replace("{{VERSION}}", f"v{project.version()}")
    text = text.replace("{{URL}}", project.url()).replace("{{PLATFORMS}}\n", entries)
    (folder / "podx.yaml").write_text(text, encoding="utf-8", newline="\n")
    return folder / "podx.yaml"


def _platform(path: Path) -> str:
    goos, arch = path.name.removesuffix(".tar.gz").split("_")[-2:]
    return (
        f"  - selector:\n      matchLabels:\n        os: {goos}\n        arch: {arch}\n"
        f"    uri: {project.url()}/releases/download/v{project.version()}/{path.name}\n"
        f"    sha256: {digest(path)}\n"
        f"    bin: {NAME}{'.exe' if goos == 'windows' else ''}\n"
    )


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def missing(folder: Path = DIST) -> list[str]:
    """What a release wants and the folder has not: an archive and its SBOM for every system."""
    wanted = []
    for system in project.SYSTEMS:
        archive = project.archive_path(system, folder)
        wanted += [archive, project.sbom_path(archive)]
    number = project.version()
    wanted += [
        folder / f"kubectl_podx-{number}-py3-none-any.whl",
        folder / f"kubectl_podx-{number}.tar.gz",
    ]
    return [path.name for path in wanted if not path.exists()]


def write_checksums(folder: Path = DIST) -> Path:
    """Every file of the release, as `sha256sum --check` reads it."""
    out = folder / "checksums.txt"
    files = sorted(p for p in folder.iterdir() if p.is_file() and p != out and p.name[0] != ".")
    lines = [f"{digest(path)}  {path.name}\n" for path in files]
    out.write_text("".join(lines), encoding="utf-8", newline="\n")
    return out


def notes() -> str:
    """This version's part of the changelog."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    number = re.escape(project.version())
    found = re.search(rf"^## {number}\b[^\n]*\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise SystemExit(f"CHANGELOG.md has no part {project.version()}")
    return found[1].strip() + "\n"

"""podx as an image, by the words of packaging/Containerfile, where there is no Docker to build it.

Of the base that is named there only the C library is used: here it is this machine's.
"""

import re
import shlex
import shutil
import tempfile
from pathlib import Path

import hostfiles
import imagetar
from console import ClusterError
from imagetar import Image, Rootfs

_ROOT = Path(__file__).resolve().parents[2]


def write(reference: str, destination: Path) -> None:
    """The image of the archive in dist/, as a tar that a runtime imports."""
    words = _words((_ROOT / "packaging/Containerfile").read_text())
    pattern, place = words["ADD"]
    archives = sorted(_ROOT.glob(pattern))
    if len(archives) != 1:
        raise ClusterError(f"{pattern}: {len(archives)} files; run `make dist`")
    rootfs = Rootfs()
    with tempfile.TemporaryDirectory() as scratch:
        shutil.unpack_archive(archives[0], scratch)
        files = [path for path in sorted(Path(scratch).rglob("*")) if path.is_file()]
        for path in files:
            inside = f"{place.strip('/')}/{path.relative_to(scratch)}"
            rootfs.file(inside, path.read_bytes(), path.stat().st_mode & 0o755)
        programs = [path for path in files if path.read_bytes()[:4] == b"\x7fELF"]
        hostfiles.copy_libraries(rootfs, programs)
    environment = dict(word.split("=", 1) for word in words["ENV"])
    entrypoint = re.findall(r'"([^"]*)"', " ".join(words["ENTRYPOINT"]))
    image = Image(
        reference, rootfs, entrypoint=entrypoint, environment=environment, user=words["USER"][0]
    )
    imagetar.write(image, destination)


def _words(recipe: str) -> dict[str, list[str]]:
    """Each instruction once, with its words; another one is not understood."""
    found: dict[str, list[str]] = {}
    for line in recipe.splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, rest = line.partition(" ")
            if name in found or name not in ("FROM", "ADD", "USER", "ENV", "ENTRYPOINT"):
                raise ClusterError(f"packaging/Containerfile: {name} is not understood here")
            found[name] = [rest] if name == "ENTRYPOINT" else shlex.split(rest)
    return found

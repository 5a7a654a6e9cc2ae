"""The images that tests run: what is in each, made from files of this machine."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import hostfiles
import imagetar
from cache import digest
from console import ClusterError, step
from imagetar import Image, Rootfs

_PROGRAMS = Path(__file__).with_name("programs")
_BUSYBOX = Path("/bin/busybox")
_DEBIAN_PACKAGES = (
    "bash",
    "coreutils",
    "dash",
    "diffutils",
    "findutils",
    "gawk",
    "grep",
    "hostname",
    "procps",
    "sed",
)
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "IMAGE_FLAVOUR": "podx",
}
_PASSWD = b"""\
root:x:0:0:root:/root:/bin/sh
app:x:1000:1000:app:/home/app:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/bin/false
"""
_GROUP = b"root:x:0:\napp:x:1000:\nnobody:x:65534:\n"


def recipe_digest() -> str:
    """Changes with everything that decides an image's content, except the host's packages."""
    here = Path(__file__).parent
    sources = [here / name for name in ("images.py", "imagetar.py", "hostfiles.py")]
    sources += sorted(_PROGRAMS.iterdir())
    return digest("\0".join(path.read_text() for path in sources))


def build(folder: Path, references: dict[str, str], binaries: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    archives = []
    for name, reference in references.items():
        archive = folder / f"{name}-{digest(reference)}.tar"
        archives.append(archive)
        if not archive.exists():
            step(f"making image {reference}")
            imagetar.write(_MAKERS[name](reference, folder, binaries), archive)
    return archives


def _pause(reference: str, folder: Path, _binaries: Path) -> Image:
    rootfs = Rootfs()
    rootfs.program("pause", _compile("pause", folder))
    return Image(reference, rootfs, entrypoint=["/pause"])


def _noshell(reference: str, folder: Path, _binaries: Path) -> Image:
    rootfs = _with_users(Rootfs())
    rootfs.program("noshell", _compile("noshell", folder))
    return Image(reference, rootfs, entrypoint=["/noshell"], environment=_ENVIRONMENT)


def _busybox(reference: str, _folder: Path, _binaries: Path) -> Image:
    return Image(reference, _busybox_files(), command=["sh"], environment=_ENVIRONMENT)


def _agnhost(reference: str, _folder: Path, binaries: Path) -> Image:
    rootfs = _busybox_files()
    rootfs.program("agnhost", binaries / "agnhost")
    return Image(
        reference,
        rootfs,
        entrypoint=["/agnhost"],
        command=["pause"],
        environment={"PATH": _ENVIRONMENT["PATH"]},
    )


def _debian(reference: str, _folder: Path, _binaries: Path) -> Image:
    rootfs = _with_users(Rootfs())
    hostfiles.copy_packages(rootfs, _DEBIAN_PACKAGES)
    # What Debian's maintainer scripts (alternatives, diversions) would have made.
    rootfs.link("usr/bin/sh", "dash")
    rootfs.link("usr/bin/awk", "gawk")
    return Image(reference, rootfs, command=["sleep", "infinity"], environment=_ENVIRONMENT)


def _rootdrop(reference: str, folder: Path, _binaries: Path) -> Image:
    rootfs = _busybox_files()
    rootfs.program("usr/local/bin/drop", _compile("drop", folder))
    rootfs.program("usr/local/bin/entrypoint.sh", _PROGRAMS / "entrypoint.sh")
    entrypoint = ["/usr/local/bin/entrypoint.sh"]
    return Image(reference, rootfs, entrypoint=entrypoint, environment=_ENVIRONMENT)


_MAKERS: dict[str, Callable[[str, Path, Path], Image]] = {
    "pause": _pause,
    "busybox": _busybox,
    "agnhost": _agnhost,
    "noshell": _noshell,
    "debian": _debian,
    "rootdrop": _rootdrop,
}


def _busybox_files() -> Rootfs:
    rootfs = _with_users(Rootfs())
    rootfs.program("bin/busybox", _BUSYBOX)
    listing = subprocess.run([_BUSYBOX, "--list"], capture_output=True, text=True, check=True)
    for applet in listing.stdout.split():
        if applet != "busybox":
            rootfs.link(f"bin/{applet}", "/bin/busybox")
    # Scripts of the world start with #!/usr/bin/env.
    rootfs.link("usr/bin/env", "/bin/busybox")
    return rootfs


def _with_users(rootfs: Rootfs) -> Rootfs:
    rootfs.file("etc/passwd", _PASSWD)
    rootfs.file("etc/group", _GROUP)
    rootfs.folder("tmp", 0o1777)
    rootfs.folder("root", 0o700)
    rootfs.folder("home")
    rootfs.folder("home/app", owner=1000)
    rootfs.folder("var")
    rootfs.folder("var/tmp", 0o1777)
    return rootfs


def _compile(name: str, folder: Path) -> Path:
    program = folder / name
    compiler = ["gcc", "-static", "-Os", "-s", "-Wall", "-Wextra", "-Werror"]
    source = str(_PROGRAMS / f"{name}.c")
    done = subprocess.run(
        [*compiler, "-o", str(program), source], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ClusterError(f"{' '.join(compiler)} {source} failed:\n{done.stderr}")
    return program

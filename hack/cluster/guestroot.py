"""The disk, kernel and initrd that a node in a virtual machine starts from: Debian with systemd,
our binaries and our images. Made once per set of what goes into it, the same for every cluster."""

import platform
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cache
import images
import mounts
import preload
import versions
from build import Artefacts
from console import ClusterError, step, tail
from machine import Boot

_INIT = Path(__file__).with_name("guest") / "init"
_BINARIES = ("kubelet", "containerd", "containerd-shim-runc-v2", "runc")
_PACKAGES = (
    "ca-certificates",
    "conntrack",
    "containernetworking-plugins",
    "dbus",
    "ethtool",
    "iproute2",
    "iptables",
    "kmod",
    "libseccomp2",
    "mount",
    "procps",
    "socat",
    "systemd",
    "systemd-sysv",
    "udev",
    "util-linux",
)
_UNREAD = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")
# Nobody logs in, and nothing here lives until its nightly chores.
_MASKED = (
    "apt-daily-upgrade.timer",
    "apt-daily.timer",
    "console-getty.service",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "getty.target",
    "remote-fs.target",
    "systemd-logind.service",
    "systemd-random-seed.service",
    "systemd-tmpfiles-clean.timer",
    "systemd-update-utmp.service",
    "systemd-update-utmp-runlevel.service",
)
_DISK_SIZE = "6G"
_KERNEL_NAME = re.compile(r"linux-image-(\d\S*)-cloud-amd64-unsigned")
_SOURCES = ("/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list")


@dataclass(frozen=True)
class GuestRoot:
    folder: Path

    @property
    def disk(self) -> Path:
        return self.folder / "root.img"

    @property
    def boot(self) -> Boot:
        return Boot(self.folder / "vmlinuz", self.folder / "initrd.gz")


def locate(artefacts: Artefacts) -> GuestRoot:
    sources = [Path(__file__), Path(preload.__file__), _INIT]
    parts = [artefacts.folder.name, images.recipe_digest(), *versions.load().images.values()]
    parts += [path.read_text() for path in sources]
    return GuestRoot(cache.cache_root() / f"guest-{cache.digest(chr(0).join(parts))}")


def build(artefacts: Artefacts) -> GuestRoot:
    if platform.machine() != "x86_64":
        raise ClusterError("a node in a virtual machine is made on x86_64 only")
    guest = locate(artefacts)
    with cache.only_one_builder(guest.folder):
        if not guest.disk.exists():
            work = guest.folder / "work"
            _clear(work)
            work.mkdir()
            _build(guest, artefacts, work)
            _clear(work)
    return guest


def _clear(work: Path) -> None:
    """Deleting would go through what a killed build left mounted."""
    if staying := mounts.unmount_below(work):
        raise ClusterError(f"{staying[0]} is still mounted: unmount it")
    if work.exists():
        shutil.rmtree(work)


def _build(guest: GuestRoot, artefacts: Artefacts, work: Path) -> None:
    root, log = work / "root", guest.folder / "build.log"
    log.unlink(missing_ok=True)
    step("making the guest's Debian")
    _debian(root, log)
    _kernel(guest, root, work / "kernel", log)
    _settle(root)
    for name in _BINARIES:
        shutil.copy2(artefacts.binaries / name, root / "usr/local/bin" / name)
    archives = images.build(artefacts.images, versions.load().images, artefacts.binaries)
    preload.fill(root / "var/lib/containerd", artefacts.binaries, archives, log)
    step("making the guest's disk")
    unfinished = guest.folder / "root.unfinished"
    unfinished.unlink(missing_ok=True)
    # What is written to it goes with the machine, so a journal protects nothing.
    features = ["-O", "^has_journal", "-E", "lazy_itable_init=1"]
    _run(["mke2fs", "-q", "-t", "ext4", *features, "-d", root, unfinished, _DISK_SIZE], log)
    # Last, as it says that the rest is there.
    unfinished.rename(guest.disk)


def _debian(root: Path, log: Path) -> None:
    release = platform.freedesktop_os_release()
    if release.get("ID") != "debian":
        raise ClusterError("a node in a virtual machine is made on Debian only, of its packages")
    # Where this machine has its packages from; without such a file mmdebstrap knows a place.
    sources = [path for path in _SOURCES if Path(path).is_file() and Path(path).stat().st_size]
    words = ["mmdebstrap", "--mode=root", "--variant=minbase", f"--include={','.join(_PACKAGES)}"]
    words += [f"--dpkgopt=path-exclude={pattern}" for pattern in _UNREAD]
    _run([*words, release["VERSION_CODENAME"], root, *sources[:1]], log)


def _kernel(guest: GuestRoot, root: Path, work: Path, log: Path) -> None:
    package = _newest_kernel(log)
    step(f"fetching {package}")
    work.mkdir()
    # By its full name: apt takes anything else for a pattern, and fetches every kernel there is.
    _run(["apt-get", "download", package], log, folder=work)
    for archive in work.glob("*.deb"):
        _run(["dpkg-deb", "--extract", archive, work / "files"], log)
    (release,) = (path.name for path in (work / "files/lib/modules").iterdir())
    modules = root / "usr/lib/modules" / release
    shutil.copytree(work / "files/lib/modules" / release, modules)
    _run(["chroot", root, "depmod", release], log)
    shutil.copy2(work / f"files/boot/vmlinuz-{release}", guest.boot.kernel)
    _initrd(guest.boot.initrd, modules, work / "initrd", log)


def _newest_kernel(log: Path) -> str:
    search = ["apt-cache", "search", "--names-only", "^linux-image-[0-9].*-cloud-amd64-unsigned$"]
    found = _KERNEL_NAME.findall(_run(search, log))
    if not found:
        # A machine whose package lists were never fetched, or thrown away to save space.
        _run(["apt-get", "update"], log)
        found = _KERNEL_NAME.findall(_run(search, log))
    if not found:
        raise ClusterError("apt knows no linux-image-…-cloud-amd64-unsigned to start a guest with")
    newest = max(found, key=lambda name: [int(number) for number in re.findall(r"\d+", name)])
    return f"linux-image-{newest}-cloud-amd64-unsigned"


def _initrd(initrd: Path, modules: Path, work: Path, log: Path) -> None:
    """The disk's driver is a module, everything else that it takes to mount it is not."""
    for name in ("bin", "dev", "proc", "root"):
        (work / name).mkdir(parents=True)
    shutil.copy2("/bin/busybox", work / "bin/busybox")
    shutil.copy2(_INIT, work / "init")
    (work / "init").chmod(0o755)
    driver = next(modules.rglob("virtio_blk.ko*"))
    unpacked = work / "virtio_blk.ko"
    if driver.suffix == ".xz":
        with unpacked.open("wb") as output:
            subprocess.run(["busybox", "xzcat", driver], stdout=output, check=True)
    else:
        shutil.copy2(driver, unpacked)
    pack = f"find . | busybox cpio -o -H newc | gzip -1 > '{initrd}'"
    _run(["sh", "-c", pack], log, folder=work)


def _settle(root: Path) -> None:
    system = root / "etc/systemd/system"
    for name in _MASKED:
        link = system / name
        link.unlink(missing_ok=True)
        link.symlink_to("/dev/null")
    (system / "default.target").unlink(missing_ok=True)
    (system / "default.target").symlink_to("/lib/systemd/system/multi-user.target")
    # Mounted as the initrd left it.
    (root / "etc/fstab").write_text("")


def _run(words: Sequence[str | Path], log: Path, folder: Path | None = None) -> str:
    with log.open("ab") as errors:
        done = subprocess.run(
            words,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            check=False,
        )
    if done.returncode != 0:
        raise ClusterError(f"`{words[0]} …` failed\n{tail(log)}")
    return done.stdout.decode()

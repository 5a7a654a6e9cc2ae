"""The virtual machine that a node with cgroup v2 runs in."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import processes
from console import ClusterError, step, tail
from layout import Layout

QEMU = "qemu-system-x86_64"
# The initrd says so and ends the machine, where the kernel's command line asks for a trial.
TRIAL = "podx.trial"
_TRIAL_WORKED = "podx: the trial works"
_TRIAL_SECONDS = 20.0
_KVM = Path("/dev/kvm")
_MEMORY_MIB = 3072
_BASICS = ("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot")
_SERIAL = ("-chardev", "stdio,id=serial,signal=off", "-serial", "chardev:serial")
_KERNEL_WORDS = (
    "console=ttyS0",
    # The kernel and every daemon of systemd speak there; a serial port takes a byte at a time.
    "systemd.log_target=journal",
    "systemd.show_status=auto",
    "systemd.unified_cgroup_hierarchy=1",
    "psi=1",
    "net.ifnames=0",
    "mitigations=off",
    "panic=-1",
)


@dataclass(frozen=True)
class Boot:
    """What the machine starts from."""

    kernel: Path
    initrd: Path


def accelerator(layout: Layout, boot: Boot) -> tuple[str, ...]:
    """The processor's own virtualization where it really starts this kernel: on many a machine
    the device is there, and a guest dies of the first instruction that is not known to it."""
    if _trial(layout, boot):
        return ("-accel", "kvm", "-cpu", "host", "-smp", "2")
    step("emulating the processor, as its own virtualization cannot be had: this is slow")
    # One: under emulation by several threads the kernel dies of changing its own code.
    return ("-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "1")


def make_disk(layout: Layout, root: Path) -> Path:
    """Holds what this machine writes; what it starts from is never changed."""
    disk = layout.folder / "disk.qcow2"
    words = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(root), str(disk)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ClusterError(f"`qemu-img create` failed: {done.stderr.strip()}")
    return disk


def arguments(
    layout: Layout, boot: Boot, acceleration: tuple[str, ...], disk: Path, settings: Path
) -> tuple[str, ...]:
    """The console goes to standard output, what systemd's journal gets to a file of its own."""
    drives = (
        ("-drive", f"file={disk},format=qcow2,if=virtio,cache=unsafe"),
        ("-drive", f"file={settings},format=raw,if=virtio,readonly=on"),
    )
    network = f"tap,id=cable,ifname={layout.tap},script=no,downscript=no"
    return (
        *acceleration,
        *_BASICS,
        *("-m", str(_MEMORY_MIB)),
        *("-kernel", str(boot.kernel), "-initrd", str(boot.initrd)),
        *("-append", " ".join(_KERNEL_WORDS)),
        *_SERIAL,
        *("-device", "virtio-serial-pci", "-chardev", f"file,id=journal,path={journal(layout)}"),
        *("-device", "virtconsole,chardev=journal"),
        *(word for drive in drives for word in drive),
        *("-netdev", network, "-device", "virtio-net-pci,netdev=cable,romfile="),
        *("-device", "virtio-rng-pci"),
    )


def journal(layout: Layout) -> Path:
    return layout.logs / "guest-journal.log"


def _trial(layout: Layout, boot: Boot) -> bool:
    if not os.access(_KVM, os.R_OK | os.W_OK):
        return False
    words = [*processes.DIES_WITH_US, QEMU, "-accel", "kvm", "-cpu", "host", "-m", "256"]
    words += [*_BASICS, *_SERIAL]
    words += ["-kernel", str(boot.kernel), "-initrd", str(boot.initrd)]
    words += ["-append", f"console=ttyS0 panic=-1 {TRIAL}"]
    log = layout.logs / "kvm-trial.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        return _said(log, process)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _said(log: Path, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + _TRIAL_SECONDS
    while time.monotonic() < deadline:
        ended = process.poll() is not None
        text = log.read_text(errors="replace")
        if _TRIAL_WORKED in text:
            return True
        # The machine stands still after the second and does not end.
        if ended or "KVM internal error" in text or "emulation failure" in text:
            return False
        time.sleep(0.1)
    return False


def describe_logs(layout: Layout) -> str:
    return f"{tail(layout.logs / f'{QEMU}.log')}\n{tail(journal(layout))}"

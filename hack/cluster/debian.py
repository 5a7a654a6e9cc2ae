"""Installs the Debian packages that the build and the node need."""

import os
import shutil
import subprocess

from console import ClusterError, step

PACKAGES = (
    "bash-completion",
    "busybox-static",
    "conntrack",
    "containernetworking-plugins",
    "gawk",
    "gcc",
    "iproute2",
    "iptables",
    "libc6-dev",
    "libseccomp-dev",
    "openssl",
    "pkg-config",
    "procps",
    "socat",
)

# What makes and runs a node in a virtual machine.
FOR_A_GUEST = ("e2fsprogs", "mmdebstrap", "qemu-system-x86", "qemu-utils")

# Only where CRI-O is the runtime: what watches a container, and what fills the image store.
FOR_CRIO = ("conmon", "skopeo")


def install_missing(more: tuple[str, ...] = ()) -> None:
    if not shutil.which("dpkg-query"):
        raise ClusterError(
            "this build needs Debian or a relative of it; elsewhere use kind, or point "
            "PODX_TEST_KUBECONFIG at a cluster"
        )
    missing = [package for package in (*PACKAGES, *more) if not _installed(package)]
    if not missing:
        return
    if os.geteuid() != 0:
        raise ClusterError(f"run as root: apt-get install {' '.join(missing)}")
    step(f"installing {' '.join(missing)}")
    install = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if _apt(install) == 0:
        return
    # The package lists may be absent or too old to name files that still exist.
    _apt(["apt-get", "update"])
    if _apt(install) != 0:
        raise ClusterError(f"apt-get could not install {' '.join(missing)}: run it by hand to see")


def _installed(package: str) -> bool:
    done = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status}", package],
        capture_output=True,
        check=False,
    )
    return done.stdout == b"installed"


def _apt(arguments: list[str]) -> int:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(
        arguments,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=False,
    ).returncode

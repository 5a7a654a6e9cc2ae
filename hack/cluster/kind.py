"""A cluster by kind, where Docker runs and kind is installed."""

import shutil
import subprocess
from pathlib import Path

import build
import cache
import debian
import images
import versions
from console import ClusterError, step
from kubectl import Kubectl
from layout import of_this_checkout

# The images that a registry has; the node pulls these itself.
_PUBLISHED = ("pause", "busybox", "agnhost")


def usable() -> bool:
    if not shutil.which("kind") or not shutil.which("kubectl") or not shutil.which("docker"):
        return False
    return _run("docker", "info", check=False).returncode == 0


def up() -> None:
    if not problem():
        step(f"reusing kind's cluster {_name()}")
        return
    down()
    step(f"making kind's cluster {_name()}")
    _kubeconfig().parent.mkdir(parents=True, exist_ok=True)
    _run("kind", "create", "cluster", f"--name={_name()}", f"--kubeconfig={_kubeconfig()}")
    _load_own_images()


def down() -> None:
    _run("kind", "delete", "cluster", f"--name={_name()}", f"--kubeconfig={_kubeconfig()}")
    _kubeconfig().unlink(missing_ok=True)


def problem() -> str:
    if not _kubeconfig().exists():
        return "no cluster runs"
    ready = Kubectl(_kubectl(), str(_kubeconfig())).ready()
    return "" if ready else "the API server does not answer"


def environment() -> dict[str, str]:
    return {"KUBECONFIG": str(_kubeconfig()), "PODX_TEST_KUBECTL": _kubectl()}


def load(archive: Path) -> None:
    """Gives the node an image."""
    _run("kind", "load", "image-archive", str(archive), f"--name={_name()}")


def _load_own_images() -> None:
    if not shutil.which("dpkg-query"):
        step("podx.test images can only be made on Debian: tests that use them will fail")
        return
    debian.install_missing()
    references = versions.load().images
    own = {name: ref for name, ref in references.items() if name not in _PUBLISHED}
    artefacts = build.locate()
    for archive in images.build(artefacts.images, own, artefacts.binaries):
        step(f"loading {archive.name}")
        load(archive)


def _name() -> str:
    return of_this_checkout().name


def _kubeconfig() -> Path:
    return cache.cache_root() / "kind" / f"{_name()}.kubeconfig"


def _kubectl() -> str:
    return shutil.which("kubectl") or "kubectl"


def _run(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if check and done.returncode != 0:
        said = "\n".join(done.stderr.splitlines()[-15:])
        raise ClusterError(f"`{' '.join(arguments[:3])}` failed\n{said}")
    return done

"""A cluster that exists already: PODX_TEST_KUBECONFIG says how to reach it."""

import os
import shutil
from pathlib import Path

from console import ClusterError, step
from kubectl import Kubectl

_VARIABLE = "PODX_TEST_KUBECONFIG"


def named() -> bool:
    return bool(os.environ.get(_VARIABLE))


def up() -> None:
    if text := problem():
        raise ClusterError(text)
    step(f"using the cluster of {os.environ[_VARIABLE]}")


def down() -> None:
    step(f"the cluster of {_VARIABLE} is not ours to end")


def problem() -> str:
    kubeconfig = _kubeconfig()
    if not kubeconfig.exists():
        return f"{_VARIABLE}: there is no file {kubeconfig}"
    if not Kubectl(_kubectl(), str(kubeconfig)).ready():
        return f"{_VARIABLE}: the API server of {kubeconfig} does not answer"
    return ""


def environment() -> dict[str, str]:
    return {"KUBECONFIG": str(_kubeconfig()), "PODX_TEST_KUBECTL": _kubectl()}


def _kubeconfig() -> Path:
    return Path(os.environ[_VARIABLE]).absolute()


def _kubectl() -> str:
    found = os.environ.get("PODX_TEST_KUBECTL") or shutil.which("kubectl")
    if not found:
        raise ClusterError("no kubectl on PATH; install one, or name it by PODX_TEST_KUBECTL")
    return found

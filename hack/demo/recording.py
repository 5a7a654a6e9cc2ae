"""Records pods of the real cluster into bundles: what the demo and the goldens are made of."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from e2e.support import Bench, is_ready  # noqa: E402 - after the path

Manifest = dict[str, Any]
# Brings the pod into its state and returns its name, and flags of `capture` where it needs some.
Scene = Callable[[Bench], str]


def record(scenes: Mapping[str, Scene], wanted: Iterable[str], folder: Path, space: str) -> None:
    """Plays the wanted scenes in a namespace of that name; writes `folder/NAME.podx` of each."""
    kubectl = os.environ.get("PODX_TEST_KUBECTL") or shutil.which("kubectl") or "kubectl"
    bench = Bench(kubectl, space)
    bench.kubectl("delete", "namespace", space, "--ignore-not-found", "--timeout=120s")
    bench.kubectl("create", "namespace", space)
    bench.wait_for(lambda: bench.get("serviceaccount", "default"), "the default account")
    folder.mkdir(exist_ok=True)
    for name in wanted:
        print(f"recording {name}", file=sys.stderr)
        target = scenes[name](bench)
        unfinished = folder / f".{name}.{secrets.token_hex(4)}"
        bench.podx("capture", *target.split(), "-O", str(unfinished), "--logs", "20")
        unfinished.chmod(0o644)
        unfinished.rename(folder / f"{name}.podx")
    bench.kubectl("delete", "namespace", space, "--wait=false")


def ready_pod(bench: Bench, selector: str) -> str:
    """The name of the one pod, once it is Ready."""

    def found() -> str:
        pods = bench.kubectl("get", "pods", "-l", selector, "-o", "json").json["items"]
        return next((one["metadata"]["name"] for one in pods if is_ready(one)), "")

    return bench.wait_for(found, f"a ready pod of {selector}")

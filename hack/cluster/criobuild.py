"""What CRI-O needs beside its own program, compiled by the C compiler."""

import subprocess
from pathlib import Path

import cache
import gobuild
from console import ClusterError, step
from gobuild import Recipe

NAME = "cri-o"
RUNTIME = "runc-modest"
_WRAPPER = Path(__file__).with_name("runtime") / f"{RUNTIME}.c"


def digest() -> str:
    return cache.digest(_WRAPPER.read_text())


def build(recipe: Recipe, binaries: Path, work: Path) -> list[Path]:
    """`pinns`, which holds a pod's namespaces, and what stands between CRI-O and runc here."""
    pinns, wrapper = binaries / "pinns", binaries / RUNTIME
    if not pinns.exists():
        step(f"building pinns {recipe.version}")
        _compile(sorted((gobuild.source(recipe, work) / "pinns" / "src").glob("*.c")), pinns)
    if not wrapper.exists():
        _compile([_WRAPPER], wrapper)
    return [pinns, wrapper]


def _compile(sources: list[Path], program: Path) -> None:
    unfinished = program.with_name(f".{program.name}.unfinished")
    words = ["gcc", "-std=gnu99", "-static", "-O2", "-s", "-Wall", "-o", str(unfinished)]
    done = subprocess.run([*words, *map(str, sources)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ClusterError(f"{' '.join(words)} … failed:\n{done.stderr}")
    unfinished.rename(program)

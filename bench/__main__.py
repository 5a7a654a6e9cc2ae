"""How fast is podx? `make bench` prints the table of docs/BENCHMARKS.md.

Every bar is a ratio of two programs that ran in turns on this machine, at this moment, so that it
holds on other machines and on busy ones.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pods
from bars import Bar, bars
from cluster import ClusterError, far, near
from installed import BUILD, ROOT, install
from parts import profile
from processes import Pair, Program, RunError, alternate, output

_ROUND_TRIP = 0.05
# Room for the noise of a machine that does something else as well. Where the other one mostly waits
# for a network, the ratio grows with every slowness of the processor: on a shared machine the same
# loop took 0.7 to 1.15 s within an hour, `describe` 50 ms away 1.8 to 2.4 of `kubectl describe`.
_GUARD = 1.5


def main() -> int:
    """The exit status is 1 where a bar is missed."""
    arguments = _arguments()
    uv = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
    BUILD.mkdir(parents=True, exist_ok=True)
    podx = install(uv)
    with tempfile.TemporaryDirectory(prefix="podx-bench-") as name:
        scratch = Path(name)
        cluster = near(scratch)
        pods.start(cluster.kubectl)
        try:
            bundle = scratch / "two.podx"
            capture = [podx.podx, "capture", "two", "--namespace", pods.NAMESPACE]
            output(Program([*capture, "--output-file", str(bundle)], cluster.variables))
            if arguments.profile:
                rows = profile(podx, cluster, rounds=arguments.rounds, scratch=scratch)
                print("\n".join(rows))
                return 0
            with far(cluster, scratch, _ROUND_TRIP) as distant:
                chosen = [
                    bar
                    for bar in bars(podx, cluster, distant, bundle)
                    if not arguments.only or arguments.only in bar.what
                ]
                return _measure(chosen, arguments, scratch)
        finally:
            pods.stop(cluster.kubectl)


def _measure(chosen: list[Bar], arguments: argparse.Namespace, scratch: Path) -> int:
    room = _GUARD if arguments.guard else 1.0
    print("| what | against | it | the other | ratio | at most | |")
    print("|---|---|--:|--:|--:|--:|---|")
    missed = 0
    for bar in chosen:
        found = _pair(bar, arguments.rounds, scratch)
        if arguments.guard and found.ratio > bar.at_most * room:
            # One bad minute of the machine is no regression.
            found = _pair(bar, 3 * arguments.rounds, scratch)
        kept = found.ratio <= bar.at_most * room
        missed += not kept
        print(
            f"| {bar.what} | {bar.against} | {_shown(bar, found)} | {found.ratio:.2f} "
            f"| {bar.at_most * room:.3g} | {'kept' if kept else '**missed**'} |",
            flush=True,
        )
    return 1 if missed else 0


def _pair(bar: Bar, rounds: int, scratch: Path) -> Pair:
    seconds, memory = alternate(bar.mine, bar.other, rounds=rounds, scratch=scratch)
    return memory if bar.measure == "memory" else seconds


def _shown(bar: Bar, found: Pair) -> str:
    if bar.measure == "memory":
        return " | ".join(f"{kibibytes / 1024:.1f} MiB" for kibibytes in found)
    return " | ".join(f"{seconds * 1000:.0f} ms" for seconds in found)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="runs of each program")
    parser.add_argument("--only", help="only the bars whose name holds this")
    parser.add_argument("--profile", action="store_true", help="where the time of one run goes")
    parser.add_argument(
        "--guard", action="store_true", help=f"fail only beyond {_GUARD} times a bar"
    )
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (RunError, ClusterError) as error:
        sys.exit(f"error: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"error: {error.cmd[0]} failed: {error.stderr or ''}")

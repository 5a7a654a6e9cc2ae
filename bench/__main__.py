"""How fast is podx? `make bench` prints the table of docs/BENCHMARKS.md.

Every bar is a ratio of two programs that ran in turns on this machine, at this moment, so that it
holds on other machines and on busy ones.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pods
from bars import ROADS, Match, Matches, Measure
from cluster import ClusterError, far, near
from installed import BUILD, ROOT, install
from parts import profile
from processes import PATIENCE, Medians, Pair, Program, RunError, alternate, busy_machine, output

# Room for the noise of a machine that does something else as well. Where the other one mostly waits
# for a network, the ratio grows with every slowness of the processor: on a shared machine the same
# loop took 0.7 to 1.15 s within an hour, `describe` 50 ms away 1.8 to 2.4 of `kubectl describe`.
_GUARD = 1.5
# Busy loops for each processor: a machine that somebody else uses, too.
_LOAD = 2


def main() -> int:
    """The exit status is 1 where a bar is missed."""
    arguments = _arguments()
    uv = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
    BUILD.mkdir(parents=True, exist_ok=True)
    podx = install(uv)
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="podx-bench-")))
        cluster = near(scratch)
        stack.callback(pods.stop, cluster.kubectl)
        pods.start(cluster.kubectl)
        bundle = scratch / "two.podx"
        capture = [podx.podx, "capture", "two", "--namespace", pods.NAMESPACE]
        output(Program([*capture, "--output-file", str(bundle)], cluster.variables))
        if arguments.profile:
            rows, problem = profile(podx, cluster, rounds=arguments.rounds, scratch=scratch)
            print("\n".join(rows))
            if problem:
                print(f"error: {problem}", file=sys.stderr)
            return 1 if problem else 0
        roads = {
            road: stack.enter_context(far(cluster, scratch, road.round_trip, road.loss))
            for road in ROADS
        }
        if arguments.loaded:
            stack.enter_context(busy_machine(_LOAD * (os.cpu_count() or 1)))
        return _measure(Matches(podx, cluster, roads, bundle), arguments, scratch)


def _measure(matches: Matches, arguments: argparse.Namespace, scratch: Path) -> int:
    room = _GUARD if arguments.guard else 1.0
    print("| what | against | it | the other | ratio | at most | |")
    print("|---|---|--:|--:|--:|--:|---|")
    missed = 0
    for match in matches:
        if arguments.only and arguments.only not in match.what:
            continue
        found = _medians(match, arguments, scratch)
        if arguments.guard and not _kept(match, found, room):
            # One bad minute of the machine is no regression.
            found = _medians(match, arguments, scratch, times=3)
        for measure, at_most in match.bars.items():
            pair = _pair(found, measure)
            kept = pair.ratio <= at_most * room
            missed += not kept
            what = match.what if measure == "time" else f"{match.what}, {_WORDS[measure]}"
            print(
                f"| {what} | {match.against} | {_shown(measure, pair)} | {pair.ratio:.2f} "
                f"| {at_most * room:.3g} | {'kept' if kept else '**missed**'} |",
                flush=True,
            )
    return 1 if missed else 0


_WORDS: dict[Measure, str] = {"CPU": "CPU", "memory": "peak of memory"}


def _medians(match: Match, arguments: argparse.Namespace, scratch: Path, times: int = 1) -> Medians:
    return alternate(
        match.mine,
        match.other,
        rounds=times * arguments.rounds,
        scratch=scratch,
        patience=0.0 if arguments.loaded else PATIENCE,
    )


def _kept(match: Match, found: Medians, room: float) -> bool:
    return all(_pair(found, what).ratio <= most * room for what, most in match.bars.items())


def _pair(found: Medians, measure: Measure) -> Pair:
    return {"time": found.seconds, "CPU": found.processor, "memory": found.memory}[measure]


def _shown(measure: Measure, found: Pair) -> str:
    if measure == "memory":
        return " | ".join(f"{kibibytes / 1024:.1f} MiB" for kibibytes in found)
    return " | ".join(f"{seconds * 1000:.0f} ms" for seconds in found)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="runs of each program")
    parser.add_argument("--only", help="only the bars whose name holds this")
    parser.add_argument("--profile", action="store_true", help="where the time of one run goes")
    parser.add_argument(
        "--loaded", action="store_true", help=f"beside {_LOAD} busy loops for each processor"
    )
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

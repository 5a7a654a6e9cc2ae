"""How does podx do in a large cluster? `make bench-scale` prints the table of docs/BENCHMARKS.md.

The pods are real objects of the real API server; KWOK keeps their nodes alive. Programs run in
turns, whole processes, as in the other benchmark.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cluster import Cluster, ClusterError, near
from installed import BUILD, Installed, install
from pods import IMAGE
from population import (
    CROWD,
    Api,
    Size,
    change,
    crowd,
    crowd_names,
    is_kept_alive,
    keep_nodes_alive,
    populate,
    remove,
    running,
    surroundings,
)
from processes import Accept, Medians, Pair, Program, RunError, alternate

from pages import served

_OUTAGE = 0.3
_USUAL = 0.03
_HUNDRED = 100
_MOST_MEMORY = 100e6 / 1024
"""KiB."""
# Seconds for an idle machine, before each round: a cluster of this size is never quite idle.
_PATIENCE = 3.0


def main() -> int:
    """The exit status is 1 where a bar is missed."""
    arguments = _arguments()
    uv = shutil.which("uv") or str(BUILD.parent.parent / ".tools" / "bin" / "uv")
    BUILD.mkdir(parents=True, exist_ok=True)
    podx = install(uv)
    with tempfile.TemporaryDirectory(prefix="podx-bench-") as name:
        scratch = Path(name)
        cluster = near(scratch)
        api = Api(cluster.kubectl, {**os.environ, **cluster.variables})
        if arguments.remove:
            remove(api)
            return 0
        kwok = shutil.which("kwok", path=cluster.variables["PATH"])
        if kwok is None:
            raise ClusterError("no kwok beside kubectl: `hack/cluster build --extras` makes it")
        keeper = keep_nodes_alive(kwok, cluster.variables["KUBECONFIG"], scratch)
        try:
            return _Table(podx, cluster, scratch, arguments.rounds).run(api, arguments)
        finally:
            _timed("removed", lambda: remove(api))
            keeper.terminate()
            keeper.wait()


def _timed(what: str, work: Callable[[], object]) -> None:
    """Does it in a process of its own: what ours has held counts as the peak of whoever it starts
    (`exec` hands the largest resident set on).
    """
    begun = time.monotonic()
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join()
    if process.exitcode:
        raise ClusterError(f"it could not be done: {what}")
    print(f"{what}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)


class _Table:
    """The rows, printed as they are measured."""

    def __init__(self, podx: Installed, cluster: Cluster, scratch: Path, rounds: int) -> None:
        self._podx, self._cluster = podx, cluster
        self._scratch, self._rounds = scratch, rounds
        self._missed = 0

    def run(self, api: Api, arguments: argparse.Namespace) -> int:
        print("| what | against | it | the other | ratio | at most | |")
        print("|---|---|--:|--:|--:|--:|---|")
        size = Size(arguments.pods, _USUAL)
        _timed(f"{size.pods} pods made", lambda: populate(api, size, surroundings(api)))
        small = self._against_kubectl(size)
        self._drift(size)
        if arguments.pages:
            self._simulated(api, size, Size(arguments.pages, _USUAL))
        self._crowd(api)
        self._inside(api)
        outage = Size(size.pods, _OUTAGE)
        _timed("an outage made", lambda: change(api, size, outage))
        self._against_kubectl(outage)
        if arguments.large:
            large = Size(arguments.large, _USUAL)
            _timed(
                f"{large.pods} pods made",
                lambda: populate(api, large, surroundings(api), size.pods),
            )
            self._grown(small, size, large)
        return 1 if self._missed else 0

    def _against_kubectl(self, size: Size) -> Pair:
        """Time and memory against both of kubectl's ways; podx's own medians."""
        what = f"`triage -A`, {size.pods:,} pods, {size.sick:.0%} sick"
        plain = Program(["kubectl", "get", "pods", "-A"], self._cluster.variables)
        whole = Program([*plain.words, "-o", "json"], self._cluster.variables)
        mine = self._triage(size)
        for other, words, time_bar, cpu_bar, memory_bar in (
            (whole, "`kubectl get pods -A -o json`", 0.1, 0.1, 0.02),
            (plain, "`kubectl get pods -A`", 0.5, 0.5, 0.15),
        ):
            pair = self._alternate(mine, other)
            self._row(what, words, pair.seconds, time_bar, _milliseconds)
            self._row(f"{what}, CPU", words, pair.processor, cpu_bar, _milliseconds)
            self._row(f"{what}, peak of memory", words, pair.memory, memory_bar, _mebibytes)
        return Pair(pair.seconds.mine, pair.memory.mine)

    def _alternate(self, mine: Program, other: Program, rounds: int = 0) -> Medians:
        """So many rounds; the table's own where none are given."""
        return alternate(
            mine,
            other,
            rounds=rounds or self._rounds,
            scratch=self._scratch,
            patience=_PATIENCE,
        )

    def _triage(self, size: Size, cluster: Cluster | None = None) -> Program:
        def accept(output: str) -> str:
            head = output.partition("\n")[0].replace(",", "")
            count = int(head.split()[0])
            return "" if size.pods <= count <= size.pods + 500 else f"not all pods: {head}"

        where = (cluster or self._cluster).variables
        return Program([self._podx.podx, "triage", "-A"], where, accept)

    def _drift(self, size: Size) -> None:
        """All pods judged against the sources that they use, without a look inside."""

        def accept(output: str) -> str:
            head = output.partition(" pods")[0]
            # Without the pods that have ended.
            count = int(head.split()[-1].replace(",", ""))
            return "" if 0.95 * size.pods <= count <= size.pods + 500 else f"not all pods: {head}"

        mine = Program([self._podx.podx, "drift", "-A"], self._cluster.variables, accept)
        triage = self._triage(size)
        pair = self._alternate(mine, triage)
        what = f"`drift -A`, {size.pods:,} pods"
        self._row(what, "`triage -A`", pair.seconds, 2.5, _milliseconds)
        memory = Pair(pair.memory.mine, _MOST_MEMORY)
        self._row(f"{what}, peak of memory", "100 MB", memory, 1.0, _mebibytes)

    def _simulated(self, api: Api, size: Size, large: Size) -> None:
        """The same list, and one so much longer, from a server that repeats what it has read."""
        found = []
        for each in (size, large):
            with served(api, each.pods, self._scratch) as cluster:
                mine = self._triage(each, cluster)
                found.append(self._alternate(mine, mine, rounds=1))
        what, against = f"`triage -A`, {large.pods:,} pods in pages", f"with {size.pods:,}"
        one, all_of_it = found
        each = Pair(all_of_it.processor.mine / large.pods, one.processor.mine / size.pods)
        self._row(f"{what}, CPU for each", against, each, 1.05, _microseconds)
        memory = Pair(all_of_it.memory.mine, _MOST_MEMORY)
        self._row(f"{what}, peak of memory", "100 MB", memory, 1.0, _mebibytes)

    def _crowd(self, api: Api) -> None:
        """100 pods by a selector, against kubectl once for each."""
        _timed("a crowd made", lambda: crowd(api, _HUNDRED))
        names = crowd_names(_HUNDRED)
        where = ("--namespace", CROWD)
        words = [self._podx.podx, "describe", "-l", "crowd=yes", *where, "--no-exec", "-o", "json"]
        script = "\n".join(f"kubectl describe pod {name} --namespace {CROWD}" for name in names)
        pair = self._alternate(
            Program(words, self._cluster.variables, _reports(_HUNDRED)),
            Program(["sh", "-ec", script], self._cluster.variables),
            rounds=3,
        )
        what = f"`describe -l --no-exec`, {_HUNDRED} pods"
        against = f"{_HUNDRED} times `kubectl describe pod`"
        self._row(what, against, pair.seconds, 0.1, _milliseconds)

    def _inside(self, api: Api) -> None:
        """100 pods that really run, each with a look inside: as many at once as are allowed."""
        nodes = api.send("GET", "/api/v1/nodes")["items"]
        (node,) = [one["metadata"]["name"] for one in nodes if not is_kept_alive(one)]
        _timed("a crowd that runs", lambda: running(api, node, IMAGE, _HUNDRED))
        where = ("--namespace", CROWD)
        words = [self._podx.podx, "describe", "-l", "crowd=real", *where, "-o", "json"]
        script = "\n".join(
            f"kubectl exec real-{number:03} --namespace {CROWD} -- true"
            for number in range(_HUNDRED)
        )
        pair = self._alternate(
            Program(words, self._cluster.variables, _reports(_HUNDRED, inside=True)),
            Program(["sh", "-ec", script], self._cluster.variables),
            rounds=3,
        )
        what = f"`describe -l`, {_HUNDRED} pods, a look into each"
        against = f"{_HUNDRED} times `kubectl exec … -- true`"
        self._row(what, against, pair.seconds, 1.0, _milliseconds)

    def _grown(self, small: Pair, before: Size, large: Size) -> None:
        """What a pod costs in the larger cluster, against the smaller one."""
        mine = self._triage(large)
        pair = self._alternate(mine, mine)
        what, against = f"`triage -A`, {large.pods:,} pods", f"with {before.pods:,}"
        each = Pair(pair.seconds.mine / large.pods, small.mine / before.pods)
        self._row(f"{what}, for each", against, each, 1.1, _microseconds)
        memory = Pair(pair.memory.mine, small.other)
        self._row(f"{what}, peak of memory", against, memory, 1.5, _mebibytes)

    def _row(
        self, what: str, against: str, pair: Pair, bar: float, shown: Callable[[float], str]
    ) -> None:
        kept = pair.ratio <= bar
        self._missed += not kept
        print(
            f"| {what} | {against} | {shown(pair.mine)} | {shown(pair.other)} | {pair.ratio:.3f} "
            f"| {bar:g} | {'kept' if kept else '**missed**'} |",
            flush=True,
        )


def _reports(count: int, *, inside: bool = False) -> Accept:
    """Whether the document holds so many reports, and each was looked `inside`: one exec that the
    kubelet or the server had refused for now (429) would be missing.
    """

    def accept(output: str) -> str:
        items = json.loads(output)["items"]
        states = [one["observation"]["state"] for item in items for one in item["containers"]]
        if inside and states != ["observed"] * count:
            return f"looked inside {states.count('observed')} of {count}"
        return "" if len(items) == count else f"{len(items)} reports of {count}"

    return accept


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _microseconds(seconds: float) -> str:
    return f"{seconds * 1e6:.0f} µs"


def _mebibytes(kibibytes: float) -> str:
    return f"{kibibytes / 1024:.1f} MiB"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/scale.py", description=__doc__)
    parser.add_argument("--pods", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=0, help="grow to so many pods, such as 50000")
    parser.add_argument(
        "--pages", type=int, default=100_000, help="so many pods from a server of recorded pages"
    )
    parser.add_argument("--rounds", type=int, default=3, help="runs of each program")
    parser.add_argument("--remove", action="store_true", help="take away what a run has left")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (RunError, ClusterError) as error:
        sys.exit(f"error: {error}")

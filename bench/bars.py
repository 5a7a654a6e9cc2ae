"""The bars: what may take how many times as long, as much of a processor, or of memory, as what."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from cluster import Cluster
from installed import Installed
from pods import BY_HAND, EXEC_DELAY, NAMESPACE, TEN
from processes import Accept, Program, output

_FOLDER = Path(__file__).resolve().parent
Measure = Literal["time", "CPU", "memory"]


class Match(NamedTuple):
    """Two programs that run in turns, and what is judged of them."""

    what: str
    against: str
    mine: Program
    other: Program
    bars: Mapping[Measure, float]


class Road(NamedTuple):
    """The way to the cluster."""

    round_trip: float
    """Seconds."""
    loss: float
    """The share of the packets that is lost."""
    at_most: float
    """How many times `kubectl describe` `describe` may take over it."""

    def __str__(self) -> str:
        lost = f" and {self.loss:.0%} of the packets lost" if self.loss else ""
        return f"{self.round_trip * 1000:.0f} ms away{lost}"


USUAL = Road(0.05, 0.0, 1.4)
ROADS = (Road(0.025, 0.0, 1.9), USUAL, Road(0.15, 0.0, 1.3), Road(0.05, 0.01, 1.8))


def looked_inside(containers: int) -> Accept:
    """Whether the report's table says of every container that it was looked into."""

    def accept(output: str) -> str:
        _, _, table = output.partition("\nContainers:\n")
        head, *rows = table.partition("\n\n")[0].split("\n")
        at = head.find("LOOK")
        seen = sum(row[at:].startswith("observed") for row in rows) if at > 0 else 0
        return "" if seen == len(rows) == containers else f"looked inside {seen} of {containers}"

    return accept


class Matches:
    """All of them, in the order of the table."""

    def __init__(
        self, podx: Installed, near: Cluster, far: Mapping[Road, Cluster], bundle: Path
    ) -> None:
        """`bundle` holds the capture of the pod `two`."""
        self._podx, self._near, self._far, self._bundle = podx, near, far, bundle

    def __iter__(self) -> Iterator[Match]:
        yield from self._by_hand()
        yield from self._describe()
        yield from self._starts()
        yield from self._large()

    # -- the programs ----------------------------------------------------------------------------

    def _look(self, pod: str, containers: int, cluster: Cluster | None = None) -> Program:
        words = [self._podx.podx, "describe", pod, "--namespace", NAMESPACE]
        return Program(words, (cluster or self._near).variables, looked_inside(containers))

    def _kubectl(self, cluster: Cluster | None = None, pod: str = "two") -> Program:
        words = ["kubectl", "describe", "pod", pod, "--namespace", NAMESPACE]
        return Program(words, (cluster or self._near).variables)

    def _python(self, code: str) -> Program:
        return Program([self._podx.python, "-c", code])

    # -- what they are held against --------------------------------------------------------------

    def _by_hand(self) -> Iterator[Match]:
        """What a person would type, call after call."""
        node = Program(
            ["kubectl", "get", "pod", BY_HAND, "-o", "jsonpath={.spec.nodeName}"],
            self._near.variables,
        )
        words = ["bash", str(_FOLDER / "hand-script.sh"), BY_HAND, output(node)]
        roads = [(self._near, "", 0.36), (self._far[USUAL], f", {USUAL}", 0.17)]
        for cluster, road, at_most in roads:
            mine = Program(
                [self._podx.podx, "describe", BY_HAND], cluster.variables, looked_inside(2)
            )
            # The two logs of an earlier instance that are not there are no failure of the script.
            script = Program(words, cluster.variables)
            what = f"`describe POD`{road}"
            yield Match(what, "ten calls of kubectl", mine, script, {"time": at_most})
        status = shutil.which("kubectl-status", path=self._near.variables["PATH"])
        if status is not None:
            far = self._far[USUAL].variables
            other = Program([status, "pod", "two", "--namespace", NAMESPACE], far)
            look = self._look("two", 2, self._far[USUAL])
            yield Match(f"`describe POD`, {USUAL}", "kubectl-status", look, other, {"time": 0.5})

    def _describe(self) -> Iterator[Match]:
        other = "`kubectl describe pod`"
        bars: dict[Measure, float] = {"CPU": 2.6, "memory": 0.75}
        yield Match("`describe POD`", other, self._look("two", 2), self._kubectl(), bars)
        for road, cluster in self._far.items():
            look = self._look("two", 2, cluster)
            what = f"`describe POD`, {road}"
            yield Match(what, other, look, self._kubectl(cluster), {"time": road.at_most})
        # Over a road, as people have it: on loopback kubectl needs less than Python takes to begin.
        far = self._far[USUAL]
        for pod, late in (("two", ""), ("slow", f", an exec takes {EXEC_DELAY} s")):
            what = f"first line of `describe POD`, {USUAL}{late}"
            words = [self._podx.podx, "describe", pod, "--namespace", NAMESPACE]
            until = r"(OK|INFO|WARNING|CRITICAL|UNKNOWN): "
            mine = Program(words, far.variables, until=until)
            yield Match(what, other, mine, self._kubectl(far, pod), {"time": 1.2})
        words = [self._podx.podx, "describe", "two", "--namespace", NAMESPACE, "--no-exec"]
        blind = Program(words, self._near.variables)
        yield Match(
            "`describe POD --no-exec`", other, blind, self._kubectl(), {"time": 3.0, "CPU": 2.0}
        )

    def _starts(self) -> Iterator[Match]:
        """What talks to no cluster."""
        click, against = self._python("import click"), "`python -c 'import click'`"
        both: dict[Measure, float] = {"time": 1.35, "CPU": 1.25}
        yield Match("`--help`", against, Program([self._podx.podx, "--help"]), click, both)
        wheel = Program([self._podx.wheel, "--help"])
        yield Match("`--help`, from the wheel", against, wheel, click, both)
        for word in ("PRB004", "restarts.cause"):
            mine = Program([self._podx.podx, "explain", word])
            yield Match(f"`explain {word}`", against, mine, click, {"time": 1.35})
        typed = Program(["kubectl", "__complete", "get", "pods", ""], self._near.variables)
        for what, words in (("a command", [""]), ("a flag", ["describe", "--"])):
            tab = Program(["sh", self._podx.tab, *words], self._near.variables)
            bars: dict[Measure, float] = {"time": 0.35, "CPU": 0.35}
            yield Match(f"TAB for {what}", "`kubectl get pods` TAB", tab, typed, bars)
        words = [self._podx.podx, "describe", "--from", str(self._bundle)]
        replay = Program(words, {}, looked_inside(2))
        other = self._python("import click, msgspec")
        yield Match(
            "`describe --from FILE`", "`python -c 'import click, msgspec'`", replay, other,
            {"time": 2.0},
        )  # fmt: skip

    def _large(self) -> Iterator[Match]:
        execs = "".join(
            f"kubectl exec ten --namespace {NAMESPACE} --container c{number} -- true & "
            for number in range(TEN)
        )
        together = Program(["sh", "-c", f"{execs}wait"], self._near.variables)
        yield Match(
            *("`describe POD`, 10 containers", "ten `kubectl exec … -- true` together"),
            *(self._look("ten", TEN), together, {"time": 1.0}),
        )
        yield Match(
            *("`describe POD`, 40 files of 500 KB", "the same with 4 small ones"),
            *(self._look("many-files", 1), self._look("few-files", 1), {"time": 1.15}),
        )

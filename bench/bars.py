"""The bars: what may take how many times as long, or as much memory, as what else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from cluster import Cluster
from installed import Installed
from pods import EXEC_DELAY, NAMESPACE, TEN
from processes import Accept, Program

_FOLDER = Path(__file__).resolve().parent


class Bar(NamedTuple):
    """One row of the table."""

    what: str
    against: str
    at_most: float
    mine: Program
    other: Program
    measure: Literal["time", "memory"] = "time"


def looked_inside(containers: int) -> Accept:
    """Whether the report's table says of every container that it was looked into."""

    def accept(output: str) -> str:
        _, _, table = output.partition("\nContainers:\n")
        head, *rows = table.partition("\n\n")[0].split("\n")
        at = head.find("LOOK")
        seen = sum(row[at:].startswith("observed") for row in rows) if at > 0 else 0
        return "" if seen == len(rows) == containers else f"looked inside {seen} of {containers}"

    return accept


def bars(podx: Installed, near: Cluster, far: Cluster, bundle: Path) -> Iterator[Bar]:
    """Every bar; `bundle` holds the capture of the pod `two`."""
    where = ("--namespace", NAMESPACE)

    def look(pod: str, containers: int, cluster: Cluster = near) -> Program:
        words = [podx.podx, "describe", pod, *where]
        return Program(words, cluster.variables, looked_inside(containers))

    def describe(cluster: Cluster, pod: str = "two") -> Program:
        return Program(["kubectl", "describe", "pod", pod, *where], cluster.variables)

    def first_line(cluster: Cluster, pod: str) -> Program:
        words = [podx.podx, "describe", pod, *where]
        return Program(words, cluster.variables, until=r"(OK|INFO|WARNING|CRITICAL|UNKNOWN): ")

    def collect(cluster: Cluster) -> Program:
        return Program(["sh", str(_FOLDER / "collect.sh"), NAMESPACE, "two"], cluster.variables)

    def python(code: str) -> Program:
        return Program([podx.python, "-c", code])

    execs = "".join(
        f"kubectl exec ten --namespace {NAMESPACE} --container c{number} -- true & "
        for number in range(TEN)
    )
    together = Program(["sh", "-c", f"{execs}wait"], near.variables)
    script, click = "the script of kubectl calls", "`python -c 'import click'`"
    kubectl = "`kubectl describe pod`"
    yield Bar("`describe POD`", script, 0.42, look("two", 2), collect(near))
    yield Bar("`describe POD`, 50 ms away", script, 0.19, look("two", 2, far), collect(far))
    yield Bar("`describe POD`, 50 ms away", kubectl, 1.7, look("two", 2, far), describe(far))
    # Over a road, as people have it: on loopback kubectl needs less than Python takes to begin.
    for pod, late in (("two", ""), ("slow", f", an exec takes {EXEC_DELAY} s")):
        what = f"first line of `describe POD`, 50 ms away{late}"
        yield Bar(what, kubectl, 1.3, first_line(far, pod), describe(far, pod))
    blind = Program([podx.podx, "describe", "two", *where, "--no-exec"], near.variables)
    yield Bar("`describe POD --no-exec`", kubectl, 3.0, blind, describe(near))
    yield Bar("`--help`", click, 1.35, Program([podx.podx, "--help"]), python("import click"))
    frozen = Program([podx.frozen, "--help"])
    yield Bar("`--help`, from the archive", click, 1.8, frozen, python("import click"))
    for word in ("PRB004", "restarts.cause"):
        explain = Program([podx.podx, "explain", word])
        yield Bar(f"`explain {word}`", click, 1.35, explain, python("import click"))
    replay = Program([podx.podx, "describe", "--from", str(bundle)], {}, looked_inside(2))
    both = "`python -c 'import click, msgspec'`"
    yield Bar("`describe --from FILE`", both, 2.0, replay, python("import click, msgspec"))
    yield Bar(
        *("`describe POD`, peak of memory", kubectl, 0.75),
        *(look("two", 2), describe(near), "memory"),
    )
    yield Bar(
        *("`describe POD`, 10 containers", "ten `kubectl exec … -- true` together", 1.0),
        *(look("ten", TEN), together),
    )
    many, few = look("many-files", 1), look("few-files", 1)
    yield Bar("`describe POD`, 40 files of 500 KB", "the same with 4 small ones", 1.15, many, few)

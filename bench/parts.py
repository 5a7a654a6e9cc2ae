"""Where the time of one run goes, part by part, beside the least that each part can take."""

from __future__ import annotations

import json
import statistics
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from cluster import Cluster, far
from installed import Installed
from pods import NAMESPACE
from processes import Program, run

_FOLDER = Path(__file__).resolve().parent
_IMPORTS = "import click, msgspec, ssl"


# Dial, TLS, the pod, and an exec, which takes two: one for the upgrade, and one for the script,
# which can be sent only then. No other may stand in the way.
_ROUND_TRIPS = 5
_NEARER, _FARTHER = 0.1, 0.3


def profile(
    podx: Installed, cluster: Cluster, *, rounds: int, scratch: Path
) -> tuple[list[str], str]:
    """The rows of a table in Markdown: part, milliseconds, floor, what the floor is. And what is
    wrong with it: a round trip too many on the critical path.
    """
    traces = [_trace(podx, cluster) for _ in range(rounds)]

    def at(name: str) -> float:
        return statistics.median(trace["times"][name] for trace in traces)

    def floor(name: str) -> float:
        return statistics.median(trace["floors"][name] for trace in traces)

    def whole(code: str) -> float:
        program = Program([podx.python, "-c", code])
        return statistics.median(run(program, scratch).seconds * 1000 for _ in range(rounds))

    bare = whole("pass")
    imports = whole(_IMPORTS) - bare
    least = list(map(floor, traces[0]["floors"]))
    parts = [
        ("interpreter", at("python begins"), bare, "`python -c pass`, with its end"),
        (
            "words, imports, kubeconfig",
            at("handshake begins") - at("python begins"),
            imports,
            f"`{_IMPORTS}`",
        ),
        (
            "handshake, more imports",
            at("get begins") - at("handshake begins"),
            floor("handshake"),
            "one connection, everything imported",
        ),
        ("get: the pod", at("get ends") - at("get begins"), floor("get"), "one GET"),
        (
            "fan-out: reads and looks; imports of what follows",
            at("fan-out ends") - at("fan-out begins"),
            floor("fan-out"),
            "one exec of `true`",
        ),
        (
            "the pod once more; sealing",
            at("capture ends") - at("again begins"),
            floor("get"),
            "one GET",
        ),
        ("facts and findings", at("facts ends") - at("facts begins"), floor("facts"), "warm"),
        ("render", at("render ends") - at("render begins"), floor("render"), "warm"),
        ("in all, to the last byte", at("ends"), sum(least) + bare + imports, ""),
    ]
    head = ["| part | ms | floor | the floor is |", "|---|--:|--:|---|"]
    rows = [f"| {name} | {ms:.0f} | {best:.0f} | {why} |" for name, ms, best, why in parts]
    trips = _round_trips(podx, cluster, rounds, scratch)
    rows += ["", f"Round trips on the critical path: {trips:.2f} (at most {_ROUND_TRIPS})."]
    # A half: the roads' own noise.
    problem = "one round trip too many stands in the way" if trips > _ROUND_TRIPS + 0.5 else ""
    return head + rows, problem


def _round_trips(podx: Installed, cluster: Cluster, rounds: int, scratch: Path) -> float:
    """By how much a look takes longer over a longer road, for each second of it."""
    seconds = []
    for length in (_NEARER, _FARTHER):
        with far(cluster, scratch, length) as distant:
            words = [podx.podx, "describe", "two", "--namespace", NAMESPACE]
            program = Program(words, distant.variables)
            runs = [run(program, scratch).seconds for _ in range(rounds + 1)]
            seconds.append(statistics.median(runs[1:]))
    return (seconds[1] - seconds[0]) / (_FARTHER - _NEARER)


def _trace(podx: Installed, cluster: Cluster) -> Mapping[str, Mapping[str, float]]:
    words = [podx.python, str(_FOLDER / "traced.py"), str(time.time()), NAMESPACE, "two"]
    done = subprocess.run(
        words, env=dict(cluster.variables), check=True, capture_output=True, text=True
    )
    found: Mapping[str, Mapping[str, float]] = json.loads(done.stdout)
    return found

"""What a running cluster wrote down about itself: enough to reuse it and to end it."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from console import ClusterError, step
from layout import CLUSTERS
from network import Network
from processes import Process

_LOCK = Path("/run/kubectl-podx.lock")


@dataclass
class State:
    checkout: str
    # Names what the cluster was made from; another key means that it is out of date.
    key: str
    binaries: str
    network: Network
    processes: dict[str, Process] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(asdict(self), indent=2) + "\n")
        unfinished.rename(path)


def load(path: Path) -> State | None:
    try:
        document = json.loads(path.read_text())
        document["network"] = Network(**document["network"])
        document["processes"] = {n: Process(**p) for n, p in document["processes"].items()}
        return State(**document)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError):
        # Written by another version of this tool; `down` works without it as far as it can.
        return None


def others(own: Path) -> list[State]:
    found = [load(path) for path in CLUSTERS.glob("*/state.json") if path != own]
    return [state for state in found if state]


@contextmanager
def only_one_change() -> Iterator[None]:
    """One `up` or `down` at a time on this machine: they choose from the same ports and subnets."""
    try:
        # Not in a folder of ours, as the last `down` leaves none.
        lock = _LOCK.open("w")
    except OSError:
        raise ClusterError(
            "making a cluster needs root on Linux; or point PODX_TEST_KUBECONFIG at one that exists"
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            step("waiting for another `up` or `down` on this machine")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield

"""Starts daemons that outlive us, and ends exactly those again."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

# Before the words of a program that must not outlive us, however we end.
DIES_WITH_US = ("setpriv", "--pdeathsig=KILL")
_GONE_AFTER_KILL_SECONDS = 10.0
_FAVOURED = -8


@dataclass(frozen=True)
class Process:
    """A pid with its start time, since the kernel gives the number of a dead process again."""

    pid: int
    started: int

    def alive(self) -> bool:
        return _start_time(self.pid) == self.started

    def send(self, number: signal.Signals) -> None:
        if self.alive():
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return


def of_pid(pid: int) -> Process | None:
    started = _start_time(pid)
    return None if started is None else Process(pid, started)


def start(arguments: list[str], log: Path, environment: dict[str, str], folder: Path) -> Process:
    """Detached from our terminal, session and pipes: a caller that waits for our output to end
    must not wait for the daemon."""
    with log.open("ab") as output:
        child = subprocess.Popen(
            arguments,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return of_pid(child.pid) or Process(child.pid, 0)


def favour(process: Process) -> None:
    """Before others on a busy machine, where we may: what emulates another one falls behind first.
    Threads that it starts from now on inherit it."""
    for thread in Path(f"/proc/{process.pid}/task").iterdir():
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, int(thread.name), _FAVOURED)
    # Where the kernel shares time among sessions first, that counts within the session alone.
    with contextlib.suppress(OSError):
        Path(f"/proc/{process.pid}/autogroup").write_text(str(_FAVOURED))


def kill(processes: Iterable[Process]) -> list[Process]:
    """Nothing that they hold outlives the cluster, so they are not asked first. Returns those that
    are still there."""
    remaining = list(processes)
    for process in remaining:
        process.send(signal.SIGKILL)
    return _wait_until_gone(remaining, _GONE_AFTER_KILL_SECONDS)


def using(folder: Path, programs: Collection[str]) -> list[Process]:
    """Processes of those program names with the folder, or a path in it, on their command line."""
    # The folder's name ends in a digest, so that no other folder's begins with it.
    wanted = str(folder)
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue  # It ended while we were looking.
        if Path(words[0]).name in programs and any(wanted in word for word in words[1:]):
            process = of_pid(int(entry.name))
            if process:
                found.append(process)
    return found


def _wait_until_gone(processes: list[Process], patience: float) -> list[Process]:
    deadline = time.monotonic() + patience
    remaining = [process for process in processes if process.alive()]
    while remaining and time.monotonic() < deadline:
        time.sleep(0.05)
        remaining = [process for process in remaining if process.alive()]
    return remaining


def _start_time(pid: int) -> int | None:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The name in parentheses may hold anything, so count from the last one.
    fields = status.rpartition(")")[2].split()
    if fields[0] in {"Z", "X"}:
        return None
    return int(fields[19])

"""Whole processes, measured from outside: how long one took, of that on a processor, and memory."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import resource
import select
import shutil
import statistics
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

_QUIET = 0.25
PATIENCE = 15.0
"""A machine that does something else as well is waited for so many seconds, before each round."""
_LONGEST = 60.0

Accept = Callable[[str], str]
"""What is wrong with an output; empty for nothing."""


def anything(_output: str) -> str:
    """For programs whose exit status says enough."""
    return ""


@dataclass(frozen=True)
class Program:
    """A command line to be measured. Only runs whose output is accepted count."""

    words: Sequence[str]
    variables: Mapping[str, str] = field(default_factory=dict)
    accept: Accept = anything
    until: str = ""
    """A pattern: it runs on a terminal, and is timed until that is on it."""


class Run(NamedTuple):
    """One run of a program."""

    seconds: float
    processor: float
    """Seconds, in user and system mode, of the process and of what it waited for."""
    memory: int
    """The largest resident set of the process and of what it waited for, in KiB."""


def _run(seconds: float, usage: resource.struct_rusage) -> Run:
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)


class RunError(Exception):
    """A run that does not count."""


def until_seen(program: Program) -> Run:
    """Runs it on a pseudo-terminal until the pattern is there, and ends it then."""
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 100, 0, 0))
    variables = {**os.environ, **program.variables, "TERM": "xterm", "NO_COLOR": "1"}
    variables.pop("PYTHONDONTWRITEBYTECODE", None)
    begun = time.perf_counter()
    child = subprocess.Popen(
        list(program.words), env=variables, stdin=terminal, stdout=terminal, stderr=terminal
    )
    os.close(terminal)
    seen, wanted, seconds = b"", re.compile(program.until.encode()), 0.0
    try:
        while not seconds and time.perf_counter() - begun < _LONGEST:
            if select.select([controller], [], [], 1.0)[0]:
                seen += os.read(controller, 65536)
            if wanted.search(seen):
                seconds = time.perf_counter() - begun
    except OSError:
        # The terminal is closed: it has ended.
        pass
    finally:
        child.kill()
        _, _, usage = os.wait4(child.pid, 0)
        child.returncode = 0
        os.close(controller)
    if not seconds:
        raise RunError(f"{' '.join(program.words)[:200]}: never said {program.until}: {seen!r}")
    return _run(seconds, usage)


def run(program: Program, scratch: Path) -> Run:
    """Runs it once; standard output goes to a file in `scratch`."""
    if program.until:
        return until_seen(program)
    output, errors = scratch / "output", scratch / "errors"
    variables = {**os.environ, **program.variables}
    variables.pop("PYTHONDONTWRITEBYTECODE", None)
    # Not subprocess: it reaps the child itself, and the child's memory with it.
    path = shutil.which(program.words[0], path=variables.get("PATH"))
    if path is None:
        raise RunError(f"{program.words[0]}: not found")
    begun = time.perf_counter()
    child = os.posix_spawn(
        path,
        list(program.words),
        variables,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(output), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
            (os.POSIX_SPAWN_OPEN, 2, str(errors), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
        ],
    )
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - begun
    code = os.waitstatus_to_exitcode(status)
    problem = f"exit status {code}" if code else ""
    # What is read here counts as the peak of whatever is started next: `exec` hands it on.
    if not problem and program.accept is not anything:
        problem = program.accept(output.read_text())
    if problem:
        said = errors.read_text().strip()[-500:]
        raise RunError(f"{' '.join(program.words)[:200]}: {problem}\n{said}")
    return _run(seconds, usage)


def output(program: Program) -> str:
    """The standard output of a run that is not measured."""
    variables = {**os.environ, **program.variables}
    done = subprocess.run(
        list(program.words), env=variables, check=True, capture_output=True, text=True
    )
    return done.stdout


@contextlib.contextmanager
def busy_machine(loops: int) -> Iterator[None]:
    """So many processes that compute and do nothing else, until the end of the block."""
    code = "while True: pass"
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(loops)]
    try:
        yield
    finally:
        for one in running:
            one.kill()
            one.wait()


def wait_for_quiet(patience: float) -> None:
    """Waits until the processors are mostly idle, for at most so many seconds (Linux)."""
    end = time.monotonic() + patience
    while time.monotonic() < end and _busy(0.3) > _QUIET:
        pass


def _busy(seconds: float) -> float:
    """The share of the processors' time that was used while we slept; 0 where nobody counts."""
    before = _ticks()
    time.sleep(seconds)
    used, total = (now - then for now, then in zip(_ticks(), before, strict=True))
    return used / total if total else 0.0


def _ticks() -> tuple[int, int]:
    try:
        first = Path("/proc/stat").read_text().partition("\n")[0]
    except OSError:
        return 0, 0
    counts = [int(word) for word in first.split()[1:9]]
    # The fourth and fifth are idle, and idle for a disk.
    return sum(counts) - counts[3] - counts[4], sum(counts)


class Pair(NamedTuple):
    """The medians of two programs that ran in turns."""

    mine: float
    other: float

    @property
    def ratio(self) -> float:
        """How many times the other."""
        return self.mine / self.other


class Medians(NamedTuple):
    """What was measured of two programs that ran in turns."""

    seconds: Pair
    processor: Pair
    memory: Pair
    """KiB."""


def alternate(
    mine: Program, other: Program, *, rounds: int, scratch: Path, patience: float = PATIENCE
) -> Medians:
    """Of both the medians of `rounds` runs, one after the other in turns.

    One run of each goes before: caches are warm, as they are for whoever asks a second time.
    """
    mine_runs: list[Run] = []
    other_runs: list[Run] = []
    for number in range(rounds + 1):
        wait_for_quiet(patience)
        pair = run(mine, scratch), run(other, scratch)
        if number:
            mine_runs.append(pair[0])
            other_runs.append(pair[1])

    def medians(what: Callable[[Run], float]) -> Pair:
        return Pair(*(statistics.median(map(what, runs)) for runs in (mine_runs, other_runs)))

    return Medians(
        medians(lambda each: each.seconds),
        medians(lambda each: each.processor),
        medians(lambda each: each.memory),
    )

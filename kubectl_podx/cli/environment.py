"""What the process was started with, found once and passed in."""

from __future__ import annotations

import contextlib
import io
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Mapping
from types import FrameType
from typing import TextIO

from kubectl_podx.model.errors import PodxError
from kubectl_podx.model.words import Colors
from kubectl_podx.view.escape import clean
from kubectl_podx.view.layout import Terminal

_AT_ONCE = 1 << 20


class Environment:
    """Streams, variables and the home folder of one run; where not given, the process's own."""

    __slots__ = (
        "_begun",
        "_processor",
        "home",
        "stderr",
        "stdin",
        "stdout",
        "time_limit",
        "variables",
    )

    def __init__(
        self,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
        variables: Mapping[str, str] | None = None,
        home: str | None = None,
        stdin: TextIO | None = None,
    ) -> None:
        self.stdout: TextIO = _standard(sys.stdout) if stdout is None else stdout
        self.stderr: TextIO = _standard(sys.stderr) if stderr is None else stderr
        self.stdin: TextIO = sys.stdin if stdin is None else stdin
        self.variables: Mapping[str, str] = os.environ if variables is None else variables
        self.home: str = _home(os.environ) if home is None else home
        self._begun, self._processor = time.monotonic(), time.process_time()
        self.time_limit: TimeLimit | None = None
        """Set by the funnel, which also ends it."""

    def terminal(self, colors: Colors = "auto", *, headers: bool = True) -> Terminal:
        """The terminal behind standard output; without `headers` tables have none."""
        found = Terminal.of(self.stdout, self.variables, colors)
        return found._replace(headers=headers)

    def rows(self) -> int:
        """The lines of the terminal behind standard output; 0 where none is known."""
        try:
            return os.get_terminal_size(self.stdout.fileno()).lines
        except (OSError, ValueError):
            return 0

    def slowness(self) -> float:
        """Seconds that have passed for each second of the processor since this run began.

        To be asked before anything waits for a network; at least 1.
        """
        return max(1.0, (time.monotonic() - self._begun) / max(0.001, self._used()))

    def _used(self) -> float:
        return time.process_time() - self._processor

    def write(self, text: str) -> None:
        """Writes to standard output; PodxError where that cannot be, BrokenPipeError untouched."""
        if self.time_limit is not None:
            self.time_limit.disarm()
        try:
            # A stream encodes what it is given as a whole: of a large text a second one in memory.
            for start in range(0, len(text), _AT_ONCE):
                self.stdout.write(text[start : start + _AT_ONCE])
            self.stdout.flush()
        except BrokenPipeError:
            raise
        except (OSError, ValueError, AttributeError) as error:
            self.silence()
            reason = (getattr(error, "strerror", None) or "it is closed").lower()
            raise PodxError(f"cannot write the output: {reason}") from None

    def silence(self) -> None:
        """Nothing is written to standard output any more, also not what is still buffered: the
        interpreter's own flush at the exit would fail and change the exit status.
        """
        with contextlib.suppress(OSError, ValueError, AttributeError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self.stdout.fileno())

    def say(self, text: str) -> None:
        """One escaped line on standard error."""
        self.stderr.write(clean(text) + "\n")

    def asks(self) -> bool:
        """Whether a person can be asked: both ends of the talk are a terminal."""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            return self.stdin.isatty() and self.stderr.isatty()
        return False

    def confirm(self, question: str, seconds: float) -> bool:
        """Whether a person answers `y` or `yes` within this time; silence is no."""
        if not self.asks():
            return False
        self.stderr.write(clean(question))
        self.stderr.flush()
        # A typed line waits in the terminal, so nothing of it is in Python's own buffer.
        ready, _, _ = select.select([self.stdin], [], [], seconds)
        if not ready:
            self.say("no answer")
            return False
        return self.stdin.readline().strip().lower() in ("y", "yes")

    def warn(self, text: str) -> None:
        """A warning of the API server, as kubectl shows it."""
        self.say(f"Warning: {text}")


def _standard(stream: TextIO) -> TextIO:
    """A stream of the process, made to take every character.

    On Windows a file or pipe gets UTF-8 and line feeds, as from kubectl; elsewhere the locale's
    encoding stays, and what it does not have is written as an escape.
    """
    if isinstance(stream, io.TextIOWrapper):
        if sys.platform == "win32":
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
        elif stream.encoding.lower() != "utf-8":
            stream.reconfigure(errors="backslashreplace")
    return stream


def _home(variables: Mapping[str, str]) -> str:
    """HOME, else what the user database says; empty where neither tells."""
    if variables.get("HOME"):
        return variables["HOME"]
    from pathlib import Path  # late: nearly everybody has HOME

    try:
        return str(Path.home())
    except (RuntimeError, KeyError):
        return ""


FOR_THE_REPORT = 0.9
"""Seconds: answers come until the deadline, and a report of them takes a moment."""


class OutOfTimeError(PodxError):
    """The run took longer than its deadline."""


class TimeLimit:
    """One alarm for one run. It rings in the main thread, and only on systems that have it (not on
    Windows); elsewhere only what talks to the cluster is bounded.
    """

    __slots__ = ("_armed",)

    def __init__(self) -> None:
        self._armed = False

    def arm(self, seconds: float) -> None:
        """Raises OutOfTimeError in the main thread once the deadline, and a moment, has passed."""
        main = threading.current_thread() is threading.main_thread()
        # Windows has no such timer: there only what is asked of the cluster is bounded.
        if not main or sys.platform == "win32":
            return

        def ring(_number: int, _frame: FrameType | None) -> None:
            raise OutOfTimeError(
                f"gave up after {seconds:g} s (--deadline): the report was not complete; use a "
                "longer --deadline, or ask for less with --section"
            )

        signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, seconds + FOR_THE_REPORT)
        self._armed = True

    def disarm(self) -> None:
        """From here on the reader of the output sets the pace."""
        if sys.platform != "win32" and self._armed:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            self._armed = False

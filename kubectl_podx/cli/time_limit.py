"""`--deadline` bounds the whole run, also what is worked out after the last answer has come."""

from __future__ import annotations

import signal
import threading
from types import FrameType

from kubectl_podx.model.errors import PodxError

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
        if not main or not hasattr(signal, "setitimer"):
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
        if self._armed:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            self._armed = False

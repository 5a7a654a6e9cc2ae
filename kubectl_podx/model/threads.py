"""Threads that nobody waits for: they talk to the server while the main thread computes."""

from __future__ import annotations

import _thread
from collections.abc import Callable


def start(work: Callable[[], None]) -> None:
    """Runs `work`, which raises nothing, on a thread that the end of the process does not wait for.

    `threading.Thread.start` stands still until the new thread has had its first turn: 0.3 ms for
    each of twenty in a look.
    """
    _thread.start_new_thread(work, ())

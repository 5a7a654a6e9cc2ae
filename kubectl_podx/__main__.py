"""The entrance: `kubectl podx …`, `python -m kubectl_podx …`."""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    # 2 ms, half of them for collecting garbage.
    from typing import NoReturn

_INTERRUPTED = 130


def run() -> None:
    """Runs the command line and ends the process with its exit status.

    A run is short: collecting garbage costs more than it frees, 25 ms of it at the exit. Threads
    that talk to the server take turns with one that computes and imports: at Python's 5 ms for a
    turn each of them would wait longer for its turn than for the server. With less than 2 ms they
    pass the turn on more often than they use it.
    """
    _leave_on_interrupt()
    gc.disable()
    sys.setswitchinterval(0.002)
    from kubectl_podx.cli.funnel import main  # noqa: PLC0415 - after the collector is off

    status = main(sys.argv[1:])
    _leave(status)


def _leave_on_interrupt() -> None:
    """Until the funnel has a handler of its own: Ctrl-C in an import would be a traceback."""
    # What `signal` is made of: that module takes 3 ms to import.
    import _signal  # type: ignore[import-not-found]  # noqa: PLC0415

    _signal.signal(_signal.SIGINT, lambda _number, _frame: os._exit(_INTERRUPTED))


def _leave(status: int) -> NoReturn:
    """Ends the process at once.

    An orderly exit tears OpenSSL down under a thread that is inside of it (one that still dials
    ahead, on a busy machine), and the process dies of SIGSEGV after all its work is done.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            continue
    os._exit(status)


if __name__ == "__main__":
    run()

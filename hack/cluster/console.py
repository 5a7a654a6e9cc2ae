"""What the person at the terminal (or the CI log) sees: progress on stderr, errors to act on."""

import sys
import time
from pathlib import Path

_STARTED = time.monotonic()
_LOG_TAIL_LINES = 15


class ClusterError(Exception):
    """Ends the command with its text and exit status 1; never a traceback."""


def step(text: str) -> None:
    print(f"[{time.monotonic() - _STARTED:6.1f}s] {text}", file=sys.stderr, flush=True)


def tail(path: Path) -> str:
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError as error:
        return f"({path}: {error.strerror})"
    shown = "\n".join(f"  | {line[:400]}" for line in lines[-_LOG_TAIL_LINES:])
    return f"end of {path}:\n{shown}" if shown else f"({path} is empty)"

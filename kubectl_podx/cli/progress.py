"""What a terminal shows until the report is there: what is waited for, what is known already."""

from __future__ import annotations

import threading
import time
from typing import Self

from kubectl_podx.cli.environment import Environment
from kubectl_podx.view.escape import clean

_PATIENCE = 1.0
_UP, _CLEAR_BELOW, _CLEAR_LINE = "\x1b[{}A", "\x1b[J", "\r\x1b[K"


class ProgressLine:
    """Lines that are written over, once the work takes longer than a second.

    Only to a terminal: a file of standard error keeps what went wrong.
    """

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._begun = time.monotonic()
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._known: list[str] = []
        """The verdict so far, as lines; stays until the report is there."""
        self._shown: list[str] = []
        self._over = False

    def waits_for(self, address: str) -> None:
        """Says in a second what is waited for, if nothing is known by then."""
        if not self._env.stderr.isatty():
            return
        words = f"waiting for {clean(address)}"
        self._timer = threading.Timer(_PATIENCE, lambda: self._if_silent(words))
        self._timer.daemon = True
        self._timer.start()

    def show(self, text: str) -> None:
        """Shows how far it is, below what is known."""
        if self._known or time.monotonic() - self._begun > _PATIENCE:
            self._write([*self._known, text])

    def know(self, lines: list[str], text: str) -> None:
        """Shows at once what is known already, and keeps it above how far it is."""
        self._known = lines
        self._write([*lines, text])

    def clear(self) -> None:
        """Takes the lines away for something that is said or asked; they may come again."""
        self._write([])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Takes the lines away, so that what follows begins on an empty one."""
        if self._timer is not None:
            self._timer.cancel()
        self._write([])
        self._over = True

    def _if_silent(self, words: str) -> None:
        if not self._shown:
            self._write([words])

    def _write(self, lines: list[str]) -> None:
        with self._lock:
            if self._over or lines == self._shown or not self._env.stderr.isatty():
                return
            above = len(self._shown) - 1
            over = _CLEAR_LINE
            if above > 0:
                over = f"{_UP.format(above)}{_CLEAR_LINE}{_CLEAR_BELOW}"
            self._env.stderr.write(over + "\n".join(lines))
            self._env.stderr.flush()
            self._shown = lines


def bar(done: int, known: int, width: int = 24) -> str:
    """`[######            ] 31 of 120 answers`."""
    filled = width * done // known if known else 0
    return f"[{'#' * filled}{' ' * (width - filled)}] {done} of {known} answers"

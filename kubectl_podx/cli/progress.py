"""How far long work is, in one line of a terminal that is taken away in the end."""

from __future__ import annotations

import time
from typing import Self

from kubectl_podx.cli.environment import Environment

_PATIENCE = 1.0


class ProgressLine:
    """Writes a line over itself, once the work takes longer than a second.

    Only to a terminal: a file of standard error keeps what went wrong.
    """

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._begun = time.monotonic()
        self._shown = False

    def show(self, text: str) -> None:
        """Shows this instead of what was shown before."""
        if time.monotonic() - self._begun > _PATIENCE and self._env.stderr.isatty():
            self._shown = True
            self._env.stderr.write(f"\r\x1b[K{text}")
            self._env.stderr.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Takes the line away, so that what follows begins on an empty one."""
        if self._shown:
            self._shown = False
            self._env.stderr.write("\r\x1b[K")
            self._env.stderr.flush()


def bar(done: int, known: int, width: int = 24) -> str:
    """`[######            ] 31 of 120 answers`."""
    filled = width * done // known if known else 0
    return f"[{'#' * filled}{' ' * (width - filled)}] {done} of {known} answers"

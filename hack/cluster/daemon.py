"""One daemon of the cluster: the name of its program, and its flags."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Daemon:
    name: str
    flags: tuple[str, ...]

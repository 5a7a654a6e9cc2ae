"""What can go wrong, as types; `cli/funnel.py` alone makes messages and exit statuses of them."""

from __future__ import annotations

from collections.abc import Collection
from enum import IntEnum, unique


@unique
class ExitStatus(IntEnum):
    """The exit statuses of every command. A public contract (docs/CLI.md)."""

    OK = 0
    FAILED = 1
    USAGE = 2
    WARNING = 3
    CRITICAL = 4
    UNKNOWN = 5
    INTERRUPTED = 130

    @classmethod
    def of_severities(cls, severities: Collection[str]) -> ExitStatus:
        """The status with `--exit-code`, of the worst: critical before unknown before warning."""
        if "critical" in severities:
            return cls.CRITICAL
        if "unknown" in severities:
            return cls.UNKNOWN
        return cls.WARNING if "warning" in severities else cls.OK


class PodxError(Exception):
    """An error a person can act on. Its text is ours alone and never quotes data it met.

    The text carries its own prefix where kubectl has one (`Error from server (NotFound): …`);
    otherwise the funnel prints `error: ` before it.
    """

    exit_status: ExitStatus = ExitStatus.FAILED


class UsageError(PodxError):
    """The words of the command line are wrong (exit status 2)."""

    exit_status = ExitStatus.USAGE


class InputError(PodxError):
    """A file that was given (kubeconfig, manifest, bundle) cannot be used."""


class BadYamlError(Exception):
    """The text is no YAML within the bounds. Says where, never what stands there."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

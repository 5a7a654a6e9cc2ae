"""Times on the command line, as kubectl writes them, and the option `--deadline`."""

from __future__ import annotations

import re
from collections.abc import Callable

import click

from kubectl_podx.cli.command import option
from kubectl_podx.model.errors import UsageError
from kubectl_podx.model.patterns import lazy
from kubectl_podx.view.escape import quoted

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = lazy(r"(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h))+")
_DURATION_PART = lazy(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")


def seconds_of(text: str) -> float | None:
    """`15`, `15s`, `1m30s`, `500ms` in seconds; None for what is no duration above zero."""
    if re.fullmatch(r"[0-9]{1,9}", text):
        value = float(text)
    elif len(text) <= 40 and _DURATION.fullmatch(text):
        parts = _DURATION_PART.findall(text)
        value = sum(float(amount) * _UNITS[unit] for amount, unit in parts)
    else:
        return None
    return value if 0 < value < 1e6 else None


def duration(examples: str) -> Callable[[click.Context, click.Parameter, str], float]:
    """What a flag that takes a time makes of its value: seconds, or a UsageError with examples."""

    def seconds(_ctx: click.Context, param: click.Parameter, value: str) -> float:
        found = seconds_of(value)
        if found is None:
            raise UsageError(
                f'invalid argument "{quoted(value)}" for "--{param.name}" flag: '
                f"it takes a time such as {examples}"
            )
        return found

    return seconds


deadline = duration("15s or 1m")
"""Of `--deadline`."""

LONG_DEADLINE = option(
    "--deadline",
    default="1m",
    callback=deadline,
    help="Time limit for the whole run (60, 60s, 1m). Anything unanswered by then is reported "
    "as not checked.",
)
"""`--deadline` of a command that reads many pods."""

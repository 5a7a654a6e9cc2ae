"""Go's durations, as `--request-timeout` takes them."""

from __future__ import annotations

import re

from kubectl_podx.model.errors import UsageError

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PIECE = r"(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)"
_DURATION = re.compile(f"[+-]?(?:{_PIECE})+")


def parse_timeout(text: str) -> float | None:
    """`30`, `1m30s` -> seconds; None for `0`, which means no timeout (clientcmd `ParseTimeout`)."""
    seconds = _seconds(text)
    if seconds is None:
        raise UsageError(
            "Invalid timeout value. Timeout must be a single integer in seconds, or an integer "
            "followed by a corresponding time unit (e.g. 1s | 2m | 3h)"
        )
    return seconds if seconds > 0 else None


def _seconds(text: str) -> float | None:
    if len(text) > 40:
        return None
    if re.fullmatch(r"\+?[0-9]+", text):
        return float(text)
    if not _DURATION.fullmatch(text):
        return 0.0 if text in ("-0", "+0") else None
    total = sum(float(number) * _UNITS[unit] for number, unit in re.findall(_PIECE, text))
    return -total if text.startswith("-") else total

"""Numbers and spans as a sentence says them: `9 s`, `5 min`, `3 h`, `once`, `4 times`."""

from __future__ import annotations


def spell_seconds(seconds: float) -> str:
    """A span in its plainest unit: seconds below two minutes, minutes below two hours, …"""
    whole = max(0, int(seconds))
    if whole < 120:
        return f"{whole} s"
    if whole < 7200:
        return f"{whole // 60} min"
    if whole < 172800:
        return f"{whole // 3600} h"
    return f"{whole // 86400} days"


def times(count: int) -> str:
    """`once`, `twice`, `4 times`."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")

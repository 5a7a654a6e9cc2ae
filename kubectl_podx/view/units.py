"""Numbers and spans as tables show them, and as a sentence says them."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

from kubectl_podx.model.clock import human_duration, parse_time

NONE = "<none>"
"""What kubectl prints for a value that is not there."""


def human_size(size: float | None) -> str:
    """Bytes in binary units with at most one decimal: `512`, `1.5Ki`, `12Mi`."""
    if size is None:
        return NONE
    value = float(size)
    for unit in ("", "Ki", "Mi", "Gi", "Ti", "Pi"):
        if abs(value) < 1024 or unit == "Pi":
            break
        value /= 1024
    rounded = f"{value:.1f}".removesuffix(".0")
    return f"{rounded}{unit}"


def amount_text(name: str, value: Fraction) -> str:
    """An amount of a resource as a person writes it: `250m`, `64Mi`, `2`."""
    if name == "cpu":
        return str(value.numerator) if value.denominator == 1 else f"{int(value * 1000)}m"
    bytes_ = name in ("memory", "ephemeral-storage", "storage") or name.startswith("hugepages-")
    return human_size(float(value)) if bytes_ else str(int(value))


def seconds(value: float | None) -> str:
    """A span as `3m20s`; `<none>` where there is none."""
    return NONE if value is None else human_duration(value)


def ago(time: str | None, now: datetime | None) -> str:
    """How long before `now`: `5m`; a future moment is `in 5m`; the time itself without a clock."""
    if not time:
        return NONE
    moment = parse_time(time)
    if moment is None or now is None:
        return time
    passed = (now - moment).total_seconds()
    # Both are cut to whole seconds: what happens now must not read as what is to come.
    return human_duration(max(passed, 0)) if passed >= -1 else f"in {human_duration(-passed)}"


def is_past(time: str, now: datetime | None) -> bool:
    """Whether `ago` speaks of that moment as past: not to come, to the whole second."""
    moment = parse_time(time)
    if moment is None or now is None:
        return True
    return (now - moment).total_seconds() >= -1


def yes_no(value: bool | None) -> str:
    """`yes`, `no`, or `unknown` where it could not be told."""
    return "unknown" if value is None else "yes" if value else "no"


def text_or_none(value: object) -> str:
    """The value as text; `<none>` for null and empty."""
    if value is None or value in ("", []):
        return NONE
    if isinstance(value, list):
        return ",".join(str(each) for each in value)
    return str(value)


def counted(number: int, one: str, many: str = "") -> str:
    """`1 file`, `3 files`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


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

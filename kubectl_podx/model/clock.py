"""Time, durations and quantities, as Kubernetes writes them."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache

from kubectl_podx.model.errors import UsageError
from kubectl_podx.model.patterns import lazy

_RFC3339 = lazy(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|z|[+-]\d\d:\d\d)"
)

_LONGEST = 40

# Kubernetes writes the year 1 for `not set`, certificates 9999 for `never`; beyond these years a
# moment can be neither added to nor drawn.
_FIRST_YEAR, _LAST_YEAR = 1970, 2500
_BEGINNING, _END = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)


class Deadline:
    """One bound on a whole run, counted on the monotonic clock from the moment it is made."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left; never negative."""
        return max(0.0, self._end - time.monotonic())

    def restart(self, seconds: float) -> None:
        """Begins anew, for whoever holds it: a connection that outlives a run."""
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def passed(self) -> bool:
        """Whether nothing is left."""
        return self.remaining() <= 0.0

    def within(self, seconds: float) -> Deadline:
        """A deadline of at most `seconds` from now that does not outlast this one."""
        return Deadline(min(seconds, self.remaining()))


def parse_time(text: object) -> datetime | None:
    """The moment that an RFC 3339 text names, in UTC; None for anything else.

    Also None outside of the years 1970 to 2500: the year 1 means `not set`, 9999 `never`.
    metav1.Time has whole seconds, metav1.MicroTime six digits; nanoseconds are cut.
    """
    return _parsed(text) if isinstance(text, str) and len(text) <= _LONGEST else None


_HTTP_DATE = lazy(r"[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def parse_http_date(text: str | None) -> datetime | None:
    """The moment of a Date header as RFC 9110 has it (and Go writes it); None for anything else."""
    found = _HTTP_DATE.fullmatch(text or "")
    if not found or found[2] not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(found[group]) for group in (1, 3, 4, 5, 6))
    try:
        return datetime(year, _MONTHS.index(found[2]) + 1, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def _parsed(text: str) -> datetime | None:
    """Many fields of a pod have one and the same time."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    micro = int(((fraction or "") + "000000")[:6])
    if not _FIRST_YEAR <= int(year) <= _LAST_YEAR:
        return None
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second), micro, UTC
        )
    except ValueError:
        return None
    if zone in ("Z", "z"):
        return moment
    sign = -1 if zone[0] == "-" else 1
    return moment - sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))


def seconds_after(moment: datetime, seconds: float) -> datetime:
    """The moment so many seconds later (or earlier, below 0), at the latest the end of time.

    A manifest may hold any number: 2**63 - 1 is a usual way to write `for ever`.
    """
    try:
        return moment + timedelta(seconds=seconds)
    except OverflowError:
        return _END if seconds > 0 else _BEGINNING


def format_time(moment: datetime) -> str:
    """RFC 3339 in UTC with whole seconds, as metav1.Time has it."""
    # A fifth of what strftime takes.
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat(timespec="seconds").removesuffix("+00:00") + "Z"


def from_epoch(seconds: float) -> datetime:
    """The moment `seconds` after 1970, in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def human_duration(seconds: float) -> str:
    """A span as kubectl's AGE column writes it (apimachinery `duration.HumanDuration`)."""
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    if whole < 0:
        return "0s"
    minutes, hours = whole // 60, whole // 3600
    days, years = whole // 86400, whole // (86400 * 365)
    if whole < 120:
        return f"{whole}s"
    if minutes < 10:
        rest = whole % 60
        return f"{minutes}m{rest}s" if rest else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        rest = minutes % 60
        return f"{hours}h{rest}m" if rest else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if hours < 192:
        rest = hours % 24
        return f"{days}d{rest}h" if rest else f"{days}d"
    if days < 365 * 2:
        return f"{days}d"
    if days < 365 * 8:
        rest = days % 365
        return f"{years}y{rest}d" if rest else f"{years}y"
    return f"{years}y"


_QUANTITY = lazy(
    r"([+-]?)(\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})([EPTGMK]i|[numkMGTPE]|[eE][+-]?\d{1,2})?"
)

# As many characters as the pattern takes.
_LONGEST_QUANTITY = 66

_BINARY = {
    suffix: 1024**power for power, suffix in enumerate(("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"))
}

_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}


def parse_quantity(text: object) -> Fraction | None:
    """The number that a quantity stands for; None for what is none.

    JSON numbers are taken too: a manifest may say `cpu: 1`.
    """
    if isinstance(text, bool):
        return None
    if isinstance(text, int | float):
        text = str(text)
    bare = text.strip() if isinstance(text, str) else ""
    return _quantity(bare) if len(bare) <= _LONGEST_QUANTITY else None


@lru_cache(maxsize=1024)
def _quantity(text: str) -> Fraction | None:
    """Many containers ask for the same."""
    match = _QUANTITY.fullmatch(text)
    if match is None:
        return None
    sign, digits, suffix = match.groups()
    value = Fraction(f"0{digits}" if digits.startswith(".") else digits.removesuffix("."))
    suffix = suffix or ""
    if suffix in _BINARY:
        value *= _BINARY[suffix]
    elif suffix in _DECIMAL:
        value *= Fraction(10) ** _DECIMAL[suffix]
    else:
        value *= Fraction(10) ** int(suffix[1:])
    return -value if sign == "-" else value


def in_units(text: object, divisor: object) -> int | None:
    """A resource as `resourceFieldRef` gives it: divided by the divisor (default 1), rounded up.

    pkg/api/v1/resource/helpers.go: 250m CPU is 1, and 250 with the divisor 1m. The API server
    writes an absent divisor as `0`.
    """
    value = parse_quantity(text)
    unit = parse_quantity(divisor) if divisor not in (None, "") else Fraction(1)
    if value is None or unit is None:
        return None
    quotient = value / (unit or 1)
    return -((-quotient.numerator) // quotient.denominator)


_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PIECE = r"(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)"
_DURATION = lazy(f"[+-]?(?:{_PIECE})+")


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

"""When a CronJob is due: the schedules that robfig/cron reads, as the controller uses it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo

from msgspec import Struct

_NAMES = {
    name: at
    for names, first in (
        ("jan feb mar apr may jun jul aug sep oct nov dec", 1),
        ("sun mon tue wed thu fri sat", 0),
    )
    for at, name in enumerate(names.split(), first)
}
_SHORT = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_LONGEST_SEARCH = timedelta(days=366 * 5)
_LONGEST = 200


class Cron(Struct, frozen=True):
    """A schedule: the minutes, hours, days, months and weekdays at which it is due."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    """The day of the month is `*`."""
    any_weekday: bool
    zone: tzinfo

    def due(self, moment: datetime) -> bool:
        """Whether it is due in this minute."""
        local = moment.astimezone(self.zone)
        return local.minute in self.minutes and local.hour in self.hours and self._day(local)

    def _day(self, local: datetime) -> bool:
        if local.month not in self.months:
            return False
        day = local.day in self.days
        weekday = (local.weekday() + 1) % 7 in self.weekdays
        # As crontab(5): where both are restricted, one of them is enough.
        return day and weekday if self.any_day or self.any_weekday else day or weekday

    def before(self, moment: datetime) -> datetime | None:
        """The newest time at which it was due, at most five years back."""
        return next(self._times(moment, -1), None)

    def after(self, moment: datetime) -> datetime | None:
        """The next time at which it is due."""
        return next(self._times(moment + timedelta(minutes=1), 1), None)

    def between(self, start: datetime, end: datetime, most: int = 1000) -> int:
        """How often it was due after `start` and until `end`, at most so often."""
        count = 0
        for time in self._times(start + timedelta(minutes=1), 1):
            if time > end or count >= most:
                break
            count += 1
        return count

    def _times(self, moment: datetime, step: int) -> Iterator[datetime]:
        time = moment.astimezone(UTC).replace(second=0, microsecond=0)
        end = time + step * _LONGEST_SEARCH
        while (time < end) if step > 0 else (time > end):
            local = time.astimezone(self.zone)
            if not self._day(local):
                time = _next_day(local, step)
            elif local.hour not in self.hours:
                time = _next_hour(time, local, step)
            else:
                if local.minute in self.minutes:
                    yield time
                time += timedelta(minutes=step)


def _next_day(local: datetime, step: int) -> datetime:
    start = local.replace(hour=0, minute=0)
    found = start + timedelta(days=1) if step > 0 else start - timedelta(minutes=1)
    return found.astimezone(UTC)


def _next_hour(time: datetime, local: datetime, step: int) -> datetime:
    if step > 0:
        return time + timedelta(minutes=60 - local.minute)
    return time - timedelta(minutes=local.minute + 1)


def read(schedule: str, zone: str = "") -> Cron | None:
    """The schedule; None for one that cannot be read, or of a time zone that is not known here."""
    words = schedule.strip()[:_LONGEST]
    for prefix in ("TZ=", "CRON_TZ="):
        if words.startswith(prefix):
            zone, _, words = words.removeprefix(prefix).partition(" ")
    found = zone_of(zone)
    fields = _SHORT.get(words.strip().lower(), words).split()
    if found is None or len(fields) != len(_BOUNDS):
        return None
    sets = [_numbers(field, *bounds) for field, bounds in zip(fields, _BOUNDS, strict=True)]
    if any(each is None for each in sets):
        return None
    minutes, hours, days, months, weekdays = (each or frozenset() for each in sets)
    stars = [field.split("/")[0] in ("*", "?") for field in fields]
    return Cron(minutes, hours, days, months, weekdays, stars[2], stars[4], found)


def zone_of(name: str) -> tzinfo | None:
    """The time zone of that name; UTC, which controller managers have, where there is none."""
    if name in ("", "UTC", "Etc/UTC"):
        return UTC
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - few CronJobs name one

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _numbers(field: str, low: int, high: int) -> frozenset[int] | None:
    found: set[int] = set()
    for part in field.split(","):
        one = _range(part, low, high)
        if one is None:
            return None
        found |= one
    return frozenset(found)


def _range(part: str, low: int, high: int) -> set[int] | None:
    span, slash, every = part.partition("/")
    step = int(every) if every.isdecimal() else 0 if slash else 1
    start, dash, end = span.partition("-")
    if span in ("*", "?"):
        first, last = low, high
    else:
        numbers = [_number(start), _number(end) if dash else None]
        if numbers[0] is None or (dash and numbers[1] is None):
            return None
        first = numbers[0]
        last = numbers[1] if numbers[1] is not None else (high if slash else first)
    if step <= 0 or first < low or last > high or first > last:
        return None
    return set(range(first, last + 1, step))


def _number(word: str) -> int | None:
    if word.isdecimal() and len(word) < 5:
        return int(word)
    return _NAMES.get(word.lower())

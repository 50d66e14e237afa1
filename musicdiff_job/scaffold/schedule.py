"""When the job is started, in cron's notation, and the same in those of systemd, launchd and EventBridge.

Five fields: minute, hour, day of the month, month, day of the week (0 and 7 are Sunday); numbers, the English names of
months and days, lists, ranges and steps; also ``@hourly``, ``@daily``, ``@weekly`` and ``@monthly``. If both days are
restricted, either is enough (crontab(5)), which systemd and launchd say by two entries and EventBridge not at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

MOST_ENTRIES = 100
"""A property list with more dictionaries than this is nothing that a person can check."""

_NAMED = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
}
_DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PART = re.compile(r"(?:(?P<all>\*)|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>[0-9]{1,2}))?")


class NoSchedule(ValueError):
    """The text is not in cron's notation, or cannot be said in another; the message says what is wrong."""


Values = tuple[int, ...] | None
"""The values of a field in rising order; None where it is ``*``."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the notation and the values that it may have."""

    name: str
    lowest: int
    highest: int
    names: tuple[str, ...] = ()

    def read(self, text: str) -> Values:
        """The values that ``text`` means. Raises ``NoSchedule``."""
        if text == "*":
            return None
        values: set[int] = set()
        for part in text.split(","):
            values.update(self._part(part))
        return tuple(sorted(values))

    def _part(self, part: str) -> range:
        found = _PART.fullmatch(part)
        if found is None:
            raise self._wrong(part)
        step = int(found["step"] or 1)
        if step == 0:
            raise self._wrong(part)
        if found["all"]:
            return range(self.lowest, self.highest + 1, step)
        first = self._number(found["first"], part)
        last = self._number(found["last"], part) if found["last"] else self.highest if found["step"] else first
        if last < first:
            raise self._wrong(part)
        return range(first, last + 1, step)

    def _number(self, word: str, part: str) -> int:
        names = [name.lower() for name in self.names]
        if word.lower() in names:
            return self.lowest + names.index(word.lower())
        if not re.fullmatch(r"[0-9]{1,2}", word) or not self.lowest <= int(word) <= self.highest:
            raise self._wrong(part)
        return int(word)

    def _wrong(self, part: str) -> NoSchedule:
        named = f" or {self.names[0]}-{self.names[-1]}" if self.names else ""
        return NoSchedule(f"{part!r} is no {self.name}: {self.lowest}-{self.highest}{named}, lists, ranges or steps")


FIELDS = (
    Field("minute", 0, 59),
    Field("hour", 0, 23),
    Field("day of the month", 1, 31),
    Field("month", 1, 12, _MONTHS),
    Field("day of the week", 0, 7, _DAYS),
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Times of starting. Restricted fields hold their values in rising order; Sunday is 0."""

    cron: str
    minutes: Values
    hours: Values
    days: Values
    months: Values
    weekdays: Values

    def systemd(self) -> tuple[str, ...]:
        """The values of ``OnCalendar=``, each one enough (systemd.time(7))."""
        time = f"{_two(self.hours)}:{_two(self.minutes)}:00"
        return tuple(
            f"{_names(weekdays)}*-{_two(self.months)}-{_two(days)} {time}" for days, weekdays in self._either_day()
        )

    def launchd(self) -> tuple[dict[str, int], ...]:
        """The dictionaries of ``StartCalendarInterval``, each one enough (launchd.plist(5)). Raises ``NoSchedule``
        when they are too many, because a dictionary has one value for each field."""
        entries: list[dict[str, int]] = []
        for days, weekdays in self._either_day():
            fields = (
                ("Month", self.months),
                ("Day", days),
                ("Weekday", weekdays),
                ("Hour", self.hours),
                ("Minute", self.minutes),
            )
            given = [(name, values) for name, values in fields if values is not None]
            entries.extend(
                dict(zip((name for name, _ in given), chosen, strict=True))
                for chosen in product(*(values for _, values in given))
            )
        if len(entries) > MOST_ENTRIES:
            raise NoSchedule(f"{self.cron!r} takes {len(entries)} entries in a property list; choose fewer times")
        return tuple(entries)

    def eventbridge(self) -> str:
        """The expression of EventBridge, which wants a year and ``?`` for one of the days.
        Raises ``NoSchedule`` when both days are restricted."""
        if self.days is not None and self.weekdays is not None:
            raise NoSchedule(f"{self.cron!r} restricts both days, which EventBridge does not know")
        days = _list(self.days) if self.weekdays is None else "?"
        weekdays = "?" if self.weekdays is None else ",".join(_DAYS[day].upper() for day in self.weekdays)
        return f"cron({_list(self.minutes)} {_list(self.hours)} {days} {_list(self.months)} {weekdays} *)"

    def _either_day(self) -> Iterator[tuple[Values, Values]]:
        if self.days is None or self.weekdays is None:
            yield self.days, self.weekdays
        else:
            yield self.days, None
            yield None, self.weekdays


def read_schedule(text: str) -> Schedule:
    """The schedule that ``text`` means. Raises ``NoSchedule``."""
    fields = _NAMED.get(text.strip(), text).split()
    if len(fields) != len(FIELDS):
        raise NoSchedule(f"{text!r} has not the five fields of cron: minute, hour, day, month, day of the week")
    minutes, hours, days, months, weekdays = (field.read(word) for field, word in zip(FIELDS, fields, strict=True))
    if days is not None and weekdays is not None and "*" in fields[2] + fields[4]:
        # Debian's cron wants both then, Kubernetes either.
        raise NoSchedule(f"{text!r}: */N for one day and a list for the other is not the same everywhere; use lists")
    if weekdays is not None:
        weekdays = tuple(sorted({day % 7 for day in weekdays}))
    return Schedule(" ".join(fields), minutes, hours, days, months, weekdays)


def _two(values: Values) -> str:
    return "*" if values is None else ",".join(f"{value:02}" for value in values)


def _list(values: Values) -> str:
    return "*" if values is None else ",".join(str(value) for value in values)


def _names(weekdays: Values) -> str:
    return "" if weekdays is None else ",".join(_DAYS[day] for day in weekdays) + " "

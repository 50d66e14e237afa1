"""Kinds of setting that measure something: numbers, percentages, durations, times of the day.

TOML's ``5000.0`` is read as the whole number that it is, because JSON Schema makes no difference either. ``true`` is
never a number.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from musicdiff_job.settings.kinds import Schema, Wrong

LARGEST = 1_000_000_000_000
"""For whole numbers without a bound of their own; a JSON reader anywhere represents it exactly."""

LONGEST = 100_000_000
"""Seconds in a duration given as a number; about three years."""

_UNITS = (("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
_AMOUNT = r"[0-9]{1,5}(?:\.[0-9]{1,3})?"
_DURATION = r"(?=[0-9])(?:[0-9]{1,8}(?:\.[0-9]{1,3})?|" + "".join(f"(?:{_AMOUNT}{unit})?" for unit, _ in _UNITS) + ")"
_PART = re.compile(rf"({_AMOUNT})([wdhms])")


class Window(NamedTuple):
    """A part of the day, in minutes after midnight; ``end`` may be smaller than ``start`` (over midnight)."""

    start: int
    end: int


class Whole:
    """A whole number within bounds."""

    secret = False

    def __init__(self, minimum: int = 0, maximum: int = LARGEST) -> None:
        self.minimum, self.maximum = minimum, maximum
        self.accepted = f"a whole number of at least {minimum}"
        if maximum < LARGEST:
            self.accepted = f"a whole number from {minimum} to {maximum}"

    def read(self, raw: object) -> int:
        """An integer, or a float without a fraction."""
        if isinstance(raw, float) and raw.is_integer():
            raw = int(raw)
        if isinstance(raw, bool) or not isinstance(raw, int) or not self.minimum <= raw <= self.maximum:
            raise Wrong(self.accepted)
        return raw

    def from_text(self, text: str) -> object:
        """The number in decimal digits."""
        return int(text) if re.fullmatch(r"\s*-?[0-9]{1,18}\s*", text) else text

    def show(self, value: int) -> object:
        """The number itself."""
        return value

    def schema(self) -> Schema:
        """An integer with bounds."""
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}


class Fraction:
    """A number from 0 to 1."""

    secret = False
    accepted = "a number from 0 to 1"

    def read(self, raw: object) -> float:
        """An integer or a float."""
        if isinstance(raw, bool) or not isinstance(raw, int | float) or not 0 <= raw <= 1:
            raise Wrong(self.accepted)
        return float(raw)

    def from_text(self, text: str) -> object:
        """The number in decimal digits."""
        return float(text) if re.fullmatch(r"\s*[0-9]*\.?[0-9]+\s*", text) else text

    def show(self, value: float) -> object:
        """The number itself."""
        return value

    def schema(self) -> Schema:
        """A number with bounds."""
        return {"type": "number", "minimum": 0, "maximum": 1}


class Percent:
    """A percentage such as "30%", read as a fraction. A bare number is refused, because 30 and 0.3 could both be
    meant by it."""

    secret = False
    accepted = 'a percentage such as "30%"'
    _PATTERN = r"^(?:100|[0-9]{1,2}(?:\.[0-9]{1,3})?)%$"

    def read(self, raw: object) -> float:
        """``"30%"`` gives 0.3."""
        if not isinstance(raw, str) or raw.endswith("\n") or not re.search(self._PATTERN, raw):
            raise Wrong(self.accepted)
        return float(raw[:-1]) / 100

    def from_text(self, text: str) -> object:
        """The text itself."""
        return text.strip()

    def show(self, value: float) -> object:
        """The percentage with at most three decimals."""
        return f"{round(value * 100, 3):g}%"

    def schema(self) -> Schema:
        """A string with a pattern."""
        return {"type": "string", "pattern": self._PATTERN}


class Duration:
    """A duration, read as seconds: "1h30m", "7d", or a number of seconds. ``positive`` refuses nought."""

    secret = False

    def __init__(self, *, positive: bool = False) -> None:
        self._positive = positive
        self._pattern = rf"^{'(?=.*[1-9])' if positive else ''}{_DURATION}$"
        self.accepted = 'a duration such as "10m", "1h30m", "26h" or "7d", or a number of seconds'
        if positive:
            self.accepted += ", more than 0"

    def read(self, raw: object) -> float:
        """Seconds."""
        if isinstance(raw, int | float) and not isinstance(raw, bool):
            if not 0 <= raw <= LONGEST or (self._positive and not raw):
                raise Wrong(self.accepted)
            return float(raw)
        if not isinstance(raw, str) or raw.endswith("\n") or not re.search(self._pattern, raw):
            raise Wrong(self.accepted)
        if raw[-1].isdigit():
            return float(raw)
        seconds = dict(_UNITS)
        return math.fsum(float(amount) * seconds[unit] for amount, unit in _PART.findall(raw))

    def from_text(self, text: str) -> object:
        """The text itself; digits alone are seconds anyway."""
        return text.strip()

    def show(self, value: float) -> object:
        """The shortest common form: the largest units first, the rest in seconds."""
        written, rest = "", value
        for unit, size in _UNITS[1:-1]:  # weeks are understood but not written: "7d" is what people say
            amount, rest = divmod(rest, size)
            if amount:
                written += f"{amount:.0f}{unit}"
        return written + (f"{round(rest, 3):g}s" if rest or not written else "")

    def schema(self) -> Schema:
        """A number or a string with a pattern."""
        bound = "exclusiveMinimum" if self._positive else "minimum"
        return {
            "anyOf": [{"type": "number", bound: 0, "maximum": LONGEST}, {"type": "string", "pattern": self._pattern}]
        }


class Hours:
    """A window of the day such as "02:00-06:00" or, over midnight, "22:00-06:00"."""

    secret = False
    accepted = 'a window such as "02:00-06:00", its ends not the same'
    _PATTERN = r"^(?!(.{5})-\1$)(?:[01][0-9]|2[0-3]):[0-5][0-9]-(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"

    def read(self, raw: object) -> Window:
        """Minutes after midnight."""
        if not isinstance(raw, str) or raw.endswith("\n") or not re.search(self._PATTERN, raw):
            raise Wrong(self.accepted)
        start, end = (int(time[:2]) * 60 + int(time[3:]) for time in raw.split("-"))
        return Window(start, end)

    def from_text(self, text: str) -> object:
        """The text itself."""
        return text.strip()

    def show(self, value: Window) -> object:
        """``02:00-06:00``."""
        return "-".join(f"{time // 60:02}:{time % 60:02}" for time in value)

    def schema(self) -> Schema:
        """A string with a pattern."""
        return {"type": "string", "pattern": self._PATTERN}

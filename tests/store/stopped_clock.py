"""A clock that stands still until it is told otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class StoppedClock:
    def __init__(self, moment: datetime = datetime(2026, 11, 21, 12, tzinfo=UTC)) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()

    def wait(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)

"""The real clock, without waiting for it."""

from __future__ import annotations

import threading
from datetime import UTC
from types import SimpleNamespace

import pytest

from musicdiff_job.clock import StopFlag, SystemClock


def test_the_first_signal_is_remembered() -> None:
    stop = StopFlag()
    assert stop.signal is None
    stop.set(15)
    stop.set(2)
    assert stop.signal == 15


def test_the_age_is_that_of_the_first_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([100.0, 103.5])
    monkeypatch.setattr("musicdiff_job.clock.time", SimpleNamespace(monotonic=lambda: next(times)))
    stop = StopFlag()
    assert stop.age() == 0.0
    stop.set(15)
    stop.set(2)
    assert stop.age() == 3.5


def test_a_set_flag_ends_every_wait() -> None:
    stop = StopFlag()
    clock = SystemClock(stop)
    waiting = threading.Thread(target=clock.wait, args=(3600.0,), daemon=True)
    waiting.start()
    stop.set(15)
    waiting.join(timeout=60)
    assert not waiting.is_alive()
    clock.wait(3600.0)


def test_a_wait_of_no_time_is_no_wait() -> None:
    clock = SystemClock(StopFlag())
    clock.wait(0.0)
    clock.wait(-5.0)


def test_time_is_aware_and_in_utc_and_the_other_never_goes_back() -> None:
    clock = SystemClock(StopFlag())
    assert clock.now().tzinfo is UTC
    readings = [clock.monotonic() for _ in range(100)]
    assert readings == sorted(readings)

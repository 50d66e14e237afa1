"""Windows by their own wall clock, on the days that it is changed too, and rests without drift."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musicdiff_job.core.calendar import Hold, held, opens, within
from musicdiff_job.core.policy import Rule, Window
from musicdiff_job.core.timestamps import to_iso

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PARIS = "Europe/Paris"


def minutes(text: str) -> int:
    hours, _, rest = text.partition(":")
    return int(hours) * 60 + int(rest)


def window(text: str, zone: str = PARIS) -> Window:
    start, _, end = text.partition("-")
    return Window(minutes(start), minutes(end), zone)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "clock", "inside"),
    [
        ("02:00", "06:00", "01:59", False),
        ("02:00", "06:00", "02:00", True),
        ("02:00", "06:00", "05:59", True),
        ("02:00", "06:00", "06:00", False),
        ("22:00", "06:00", "21:59", False),
        ("22:00", "06:00", "22:00", True),
        ("22:00", "06:00", "00:00", True),
        ("22:00", "06:00", "05:59", True),
        ("22:00", "06:00", "06:00", False),
        ("00:00", "24:00", "23:59", True),
        ("22:00", "00:00", "23:59", True),
        ("22:00", "00:00", "00:00", False),
    ],
)
def test_windows_within_a_day_and_over_midnight(start: str, end: str, clock: str, inside: bool) -> None:
    now = datetime(2026, 11, 21, minutes(clock) // 60, minutes(clock) % 60, 59, tzinfo=UTC)
    assert within(Window(minutes(start), minutes(end), "UTC"), now) is inside


@pytest.mark.parametrize(
    ("utc", "inside"),
    [
        ("2026-03-29T00:59:00+00:00", False),  # 01:59 in Paris, the last minute of winter time
        ("2026-03-29T01:00:00+00:00", True),  # 03:00: the hour from 2 to 3 does not exist
        ("2026-03-29T03:59:00+00:00", True),
        ("2026-03-29T04:00:00+00:00", False),  # 06:00
        ("2026-10-25T00:00:00+00:00", True),  # 02:00, summer time
        ("2026-10-25T01:00:00+00:00", True),  # 02:00 again, winter time
        ("2026-10-25T04:59:00+00:00", True),
        ("2026-10-25T05:00:00+00:00", False),
        ("2026-07-01T00:00:00+00:00", True),
        ("2026-12-01T00:59:00+00:00", False),
    ],
)
def test_a_window_goes_by_its_own_wall_clock_on_the_days_it_is_changed(utc: str, inside: bool) -> None:
    assert within(Window(2 * 60, 6 * 60, "Europe/Paris"), datetime.fromisoformat(utc)) is inside


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 1439),
    st.integers(0, 1439),
    st.integers(0, 365 * 24 * 60).map(lambda minutes: NOW + timedelta(minutes=minutes)),
)
def test_a_window_and_the_rest_of_the_day_share_no_minute(start: int, end: int, now: datetime) -> None:
    if start != end:
        assert within(Window(start, end, "UTC"), now) is not within(Window(end, start, "UTC"), now)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="only POSIX lets a process change its zone")
def test_a_window_without_a_zone_goes_by_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    late = Window(21 * 60, 22 * 60)
    try:
        for zone, inside in (("Asia/Tokyo", True), ("UTC", False)):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            assert within(late, NOW) is inside
    finally:
        monkeypatch.undo()
        time.tzset()


def spans(which: Window, day: str) -> list[str]:
    """When the window opens and closes, in UTC, from three hours before a day until three before its end."""
    begin = at(day) - timedelta(hours=3)
    minutes = [begin + timedelta(minutes=minute) for minute in range(30 * 60)]
    inside = {moment for moment in minutes if within(which, moment)}
    starts = [one for one in minutes[: 24 * 60 + 1] if one in inside and one - timedelta(minutes=1) not in inside]
    ends = [next(end for end in minutes if end > start and end not in inside) for start in starts]
    return [f"{start:%d %H:%M}-{end:%H:%M}" for start, end in zip(starts, ends, strict=True)]


@pytest.mark.parametrize(
    ("text", "zone", "day", "expected"),
    [
        # The hour from 2 to 3 does not exist: what falls into it is had right after it, for as long.
        ("02:10-02:50", PARIS, "2026-03-29", ["29 01:10-01:50"]),
        ("02:00-03:00", PARIS, "2026-03-29", ["29 01:00-02:00"]),
        ("02:59-03:00", PARIS, "2026-03-29", ["29 01:59-02:00"]),
        # What falls into it in part is shorter.
        ("01:30-02:30", PARIS, "2026-03-29", ["29 00:30-01:00"]),
        ("02:30-03:30", PARIS, "2026-03-29", ["29 01:00-01:30"]),
        ("23:00-02:30", PARIS, "2026-03-29", ["28 22:00-01:00", "29 21:00-00:30"]),
        # The hour from 2 to 3 comes twice.
        ("02:10-02:50", PARIS, "2026-10-25", ["25 00:10-00:50", "25 01:10-01:50"]),
        ("02:00-03:00", PARIS, "2026-10-25", ["25 00:00-02:00"]),
        ("01:30-02:30", PARIS, "2026-10-25", ["24 23:30-00:30", "25 01:00-01:30"]),
        ("02:30-03:30", PARIS, "2026-10-25", ["25 00:30-01:00", "25 01:30-02:30"]),
        # Over midnight, on both.
        ("23:00-01:00", PARIS, "2026-03-29", ["28 22:00-00:00", "29 21:00-23:00"]),
        ("23:00-01:00", PARIS, "2026-10-25", ["24 21:00-23:00"]),
        # Cuba skips the hour after midnight, Lord Howe Island half an hour; south of the equator it is the other way.
        ("00:10-00:40", "America/Havana", "2026-03-08", ["08 05:10-05:40"]),
        ("23:30-00:30", "America/Havana", "2026-03-08", ["08 04:30-05:00"]),
        ("02:05-02:25", "Australia/Lord_Howe", "2026-10-03", ["03 15:35-15:55"]),
        ("02:10-02:50", "Australia/Sydney", "2026-04-04", ["04 15:10-15:50", "04 16:10-16:50"]),
        ("02:10-02:50", "Australia/Sydney", "2026-10-03", ["03 16:10-16:50"]),
        # The sixth of March is a day like any other.
        ("02:10-02:50", PARIS, "2026-03-06", ["06 01:10-01:50"]),
    ],
)
def test_windows_on_the_days_the_clock_is_changed(text: str, zone: str, day: str, expected: list[str]) -> None:
    assert spans(window(text, zone), day) == expected


def test_a_day_that_a_zone_has_skipped_takes_no_window_with_it() -> None:
    # Samoa went from the 29th to the 31st of December 2011.
    night = window("02:00-06:00", "Pacific/Apia")
    found = [span for day in ("2011-12-29", "2011-12-30", "2011-12-31") for span in spans(night, day)]
    assert found == ["29 12:00-16:00", "30 12:00-16:00", "31 12:00-16:00"]


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, 1439),
    st.integers(1, 1440),
    st.sampled_from((PARIS, "UTC", "America/New_York", "America/Havana", "Australia/Lord_Howe", "Asia/Kolkata")),
    st.one_of(
        st.integers(0, 365 * 24 * 60 * 60),
        st.sampled_from(("2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2026-04-04", "2026-10-03")).flatmap(
            lambda day: st.integers(-86_400, 86_400).map(
                lambda seconds: int((at(day) - at("2026-01-01")).total_seconds()) + seconds
            )
        ),
    ),
)
def test_it_opens_at_the_first_minute_that_is_inside_and_within_two_days(
    start: int, end: int, zone: str, seconds: int
) -> None:
    if start == end:
        return
    daily, now = Window(start, end, zone), at("2026-01-01") + timedelta(seconds=seconds)
    opening = opens(daily, now)
    assert now <= opening <= now + timedelta(days=2)
    assert within(daily, opening)
    if opening > now:
        assert opening.second == opening.microsecond == 0
        minute = now.replace(second=0, microsecond=0)
        while minute < opening:
            assert not within(daily, max(now, minute))
            minute += timedelta(minutes=7)
        assert not within(daily, opening - timedelta(minutes=1))


# Rests


@pytest.mark.parametrize(
    ("every", "checked", "hold"),
    [
        (None, "2026-11-21T11:59:00Z", None),
        (3600.0, None, None),
        (3600.0, "2026-11-21T11:00:59Z", None),  # the same minute, an hour later
        (3600.0, "2026-11-21T11:01:00Z", "2026-11-21T12:01:00Z"),
        (86_400.0, "2026-11-20T12:00:30Z", None),
        (90.0, "2026-11-21T11:59:10Z", "2026-11-21T12:00:30Z"),
        (3600.0, "2026-12-24T00:00:00Z", None),  # by a clock that was ahead
    ],
)
def test_a_rest_counts_from_the_minute_of_the_last_round(
    every: float | None, checked: str | None, hold: str | None
) -> None:
    found = held(Rule("*", every=every), checked, NOW)
    assert (to_iso(found.until) if found else None) == hold


def test_after_its_rest_a_collection_waits_for_its_window() -> None:
    rule = Rule("*", every=6 * 3600.0, window=window("02:00-06:00", "UTC"))
    tomorrow = at("2026-11-22T02:00:00")
    assert held(rule, None, NOW) == Hold(tomorrow, "outside its time window, which opens 2026-11-22 02:00 UTC")
    assert held(rule, None, NOW.replace(hour=3)) is None
    # At 3 it rests until 5, at 3:30 until 8, and that is too late for today.
    assert held(rule, "2026-11-20T23:00:00Z", at("2026-11-21T03:00:00")) == Hold(
        at("2026-11-21T05:00:00"), "not before 2026-11-21 05:00 UTC"
    )
    assert held(rule, "2026-11-21T02:00:00Z", at("2026-11-21T03:30:00")) == Hold(
        tomorrow, "not before 2026-11-22 02:00 UTC"
    )


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 59), min_size=2, max_size=40), st.sampled_from((3600, 6 * 3600, 86_400)))
def test_a_clock_that_starts_at_the_same_minute_never_comes_too_early(delays: list[float], every: int) -> None:
    """However late within the minute a run starts, each round is due, and none before its minute."""
    checked: str | None = None
    for number, delay in enumerate(delays):
        minute = NOW + timedelta(seconds=every * number)
        if checked is not None:
            assert held(Rule("*", every=float(every)), checked, minute - timedelta(milliseconds=1)) is not None
        assert held(Rule("*", every=float(every)), checked, minute + timedelta(seconds=delay)) is None
        checked = to_iso(minute + timedelta(seconds=delay))

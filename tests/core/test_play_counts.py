"""Counting a listening history."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.core.play_counts import (
    GAPS_KEPT,
    MonthCount,
    Period,
    TopArtist,
    TopTrack,
    count_plays,
    read_period,
    within,
)
from musicdiff_job.core.plays import Gap, Line, NotALine, Play


def play(at: str, track: str = "a", title: str = "", artists: tuple[str, ...] = (), seconds: int = 60) -> Play:
    return Play(played_at=at, track=track, title=title, artists=artists, duration_ms=seconds * 1000)


DAY = "2026-11-{:02}T12:00:00.000Z"


def test_counts() -> None:
    lines: list[Line | NotALine] = [
        play(DAY.format(3), "a", "Old name", ("X", "Y")),
        Gap(after=None, before=DAY.format(5)),
        play(DAY.format(5), "b", "B", ("Y", "Y")),
        play("2026-12-01T00:00:00.000Z", "a", "New name", ("X", "Y")),
        play(DAY.format(4), "c", "C", ()),
        NotALine("x", 1),
    ]
    found = count_plays(iter(lines), 2)
    assert (found.plays, found.seconds, found.distinct_tracks, found.distinct_artists) == (4, 240, 3, 2)
    assert (found.first, found.last) == (DAY.format(3), "2026-12-01T00:00:00.000Z")
    assert found.months == (MonthCount("2026-11", 3), MonthCount("2026-12", 1))
    assert found.tracks == (TopTrack("a", "New name", ("X", "Y"), 2), TopTrack("b", "B", ("Y",) * 2, 1))
    assert found.artists == (TopArtist("Y", 3), TopArtist("X", 2)), "an artist counts once for each play"
    assert (found.gap_count, found.gaps, found.not_understood) == (1, (lines[1],), 1)


def test_nothing_comes_to_nothing() -> None:
    found = count_plays([], 10)
    assert (found.plays, found.first, found.last, found.tracks, found.artists, found.months) == (
        0, None, None, (), (), (),
    )  # fmt: skip


def test_what_has_no_id_is_told_apart_by_its_name() -> None:
    found = count_plays([play(DAY.format(1), "", "Tape"), play(DAY.format(2), "", "Tape"), play(DAY.format(3), "")], 5)
    assert [(one.id, one.title, one.plays) for one in found.tracks] == [("", "Tape", 2), ("", "", 1)]


def test_only_counters_are_kept() -> None:
    def endless() -> Iterator[Line]:
        for number in range(50_000):
            yield play(DAY.format(1 + number % 28), str(number % 10))
            if number % 100 == 0:
                yield Gap(after=None, before=DAY.format(1))

    found = count_plays(endless(), 3)
    assert (found.plays, found.gap_count, len(found.gaps)) == (50_000, 500, GAPS_KEPT)


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (None, None, ("", "")),
        ("2026", "2026", ("2026-01-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z")),
        ("2026-02", "2026-12", ("2026-02-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z")),
        ("2028-02-29", "2028-02-29", ("2028-02-29T00:00:00.000Z", "2028-03-01T00:00:00.000Z")),
        ("2026-11-21T12:00", "2026-11-21T12:00:00+02:00", (DAY.format(21), "2026-11-21T10:00:00.000Z")),
    ],
)
def test_periods_as_people_write_them(since: str | None, until: str | None, expected: tuple[str, str]) -> None:
    found = read_period(since, until)
    assert (found.since, found.until) == expected


@pytest.mark.parametrize(
    "text", ["yesterday", "2026-13", "2026-00", "2026-11-00", "2026-02-30", "21.11.2026", "26", "0000"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_period(text, None)


def test_a_period_ends_before_the_first_moment_after_it() -> None:
    period = read_period("2026-11-21", "2026-11-21")
    at = (
        "2026-11-20T23:59:59.999Z",
        "2026-11-21T00:00:00.000Z",
        "2026-11-21T23:59:59.999Z",
        "2026-11-22T00:00:00.000Z",
    )
    assert [period.holds(play(one)) for one in at] == [False, True, True, False]


@given(st.integers(1, 28), st.integers(1, 28), st.integers(1, 28))
def test_a_period_holds_its_days_and_touches_their_month(first: int, last: int, day: int) -> None:
    period = read_period(f"2026-11-{first:02}", f"2026-11-{last:02}")
    line = play(DAY.format(day))
    assert period.holds(line) == (first <= day <= last)
    assert list(within([line, NotALine("x", 1)], period)) == ([line] if period.holds(line) else []) + [NotALine("x", 1)]
    assert period.touches("2026-11") and not period.touches("2026-10") and not period.touches("2026-12")
    assert Period().touches("2026-11") and Period().holds(Gap(after=None, before=DAY.format(1)))

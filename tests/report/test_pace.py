"""When a first sync will be done: what is left in calls, against real first syncs in the sandbox."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from checkpoint_sample import GYM, NOW, mirror, part, run_summary
from rig import open_rig
from told_clock import ToldClock

from musicdiff_job.core.checkpoint import MatchRecord, Mirror, Reading
from musicdiff_job.core.match import Match, Method
from musicdiff_job.core.model import LIKED, Entry, SourceId, Track
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.summary import CollectionState, Summary, Totals
from musicdiff_job.core.timestamps import to_iso
from musicdiff_job.report.pace import BATCH, CALLS_A_PLAYLIST, eta, left_of, runs_needed
from musicdiff_job.report.status import progress_of
from musicdiff_job.sandbox.__main__ import library

HOUR = 3600


@pytest.mark.parametrize(("name", "calls"), [("synthetic:4x30+20", 40), ("synthetic:1x20+200", 60)])
def test_the_estimate_is_at_most_one_run_off(name: str, calls: int, tmp_path: Path) -> None:
    clock = ToldClock()
    told: list[tuple[int | None, str | None]] = []
    began = []
    with open_rig(tmp_path, library(name), clock=clock) as rig:
        while True:
            began.append(clock.now())
            outcome = rig.run(max_calls=calls).outcome
            progress = progress_of(rig.checkpoint(), clock.now())
            told.append((progress.eta_runs, progress.eta_at))
            if outcome is not Outcome.MORE_TO_DO:
                break
            clock.advance(HOUR)
    assert len(told) >= 5
    assert told[-1] == (0, None)
    for number, (runs, day) in enumerate(told[:-1], 1):
        assert runs is not None
        assert abs(runs - (len(told) - number)) <= 1, told
        if number > 1:
            assert day is not None
            assert abs((runs * HOUR) - (began[-1] - began[number - 1]).total_seconds()) <= HOUR + 60


def cut_short(lookups: int, writes: int, found: int, added: int, outcome: Outcome = Outcome.MORE_TO_DO) -> Summary:
    return Summary(
        "r", outcome, to_iso(NOW), to_iso(NOW), 600.0, api_calls={"spotify": 0, "deezer": lookups + writes, "auth": 9},
        totals=Totals(added=added), matching={"cache": 1000, "isrc": found}, lookups=lookups, writes=writes,
    )  # fmt: skip


def read(*numbers: int) -> Reading:
    tracks = (Track(id=f"{number:022}", title="t", artists=("a",)) for number in numbers)
    return Reading("s", len(numbers), tuple(Entry(track=track) for track in tracks), complete=True)


def liked(*numbers: int) -> Mirror:
    return mirror(LIKED, "Liked", CollectionState.PENDING, reading=read(*numbers))


def known(*numbers: int) -> dict[SourceId, MatchRecord]:
    tracks = [Track(id=f"{number:022}", title="t", artists=("a",)) for number in numbers]
    return {SourceId(track.id): MatchRecord(track, Match("1", Method.ISRC, 1.0)) for track in tracks}


def test_a_track_costs_its_look_up_and_a_like_costs_one_call() -> None:
    runs = [cut_short(10, 0, found=20, added=0)]  # ten calls a run, half a look-up a track
    assert runs_needed(runs, [liked(*range(100))], {}) == 15
    assert runs_needed(runs, [liked(*range(100))], known(*range(100))) == 10
    assert runs_needed(runs, [liked(*range(100)), liked(*range(100))], {}) == 25, "one track is looked up once"
    assert runs_needed(runs, [liked(*range(100)), liked(*range(100, 200))], {}) == 30


def test_a_playlist_takes_many_tracks_with_one_call() -> None:
    gym = mirror(GYM, "Gym", CollectionState.PENDING, reading=read(*range(100)))
    runs = [cut_short(1, 0, found=1, added=0)]
    assert runs_needed(runs, [gym], known(*range(100))) == CALLS_A_PLAYLIST + 100 // BATCH


def test_what_is_not_read_yet_is_read_and_looked_up() -> None:
    unread = mirror(LIKED, "Liked", CollectionState.PENDING, entries=50)
    runs = [cut_short(10, 1, found=10, added=0)]
    assert runs_needed(runs, [unread], {}) == 10  # (50 look-ups + 50 likes + 1 page) / 11


def test_runs_that_had_nothing_more_to_do_do_not_tell_the_pace() -> None:
    idle = [cut_short(0, 1, 0, 1, Outcome.CHANGED), cut_short(0, 0, 0, 0, Outcome.IN_SYNC)]
    slow = cut_short(0, 10, found=0, added=10)
    assert runs_needed([*idle, slow, *idle], [liked(*range(100))], known(*range(100))) == 10
    assert runs_needed(idle, [liked(*range(100))], {}) is None


def test_runs_that_get_nowhere_tell_no_pace() -> None:
    assert runs_needed([cut_short(10, 0, found=0, added=0)], [liked(1)], {}) is None
    assert runs_needed([], [liked(1)], {}) is None
    assert runs_needed([], [], {}) == 0


def test_nothing_is_left_in_what_is_in_step() -> None:
    assert left_of(mirror(GYM, "Gym", CollectionState.IN_SYNC, entries=9)) == 0
    assert left_of(mirror(GYM, "Gym", CollectionState.PENDING, entries=9, skipped=1, parts=(part("1", "a"),))) == 7


def test_the_day_follows_the_pauses_and_a_closed_service() -> None:
    runs = [run_summary(day, Outcome.MORE_TO_DO, 1) for day in (18, 19, 20, 21)]
    assert eta(runs, 2, NOW) == "2026-11-23T03:00:00Z"
    assert eta(runs, 2, NOW, NOW + timedelta(days=5)) == "2026-11-27T12:00:00Z"
    assert eta(runs, 2, NOW + timedelta(days=90)) == "2027-02-19T12:00:00Z"
    assert eta(runs, 10**9, NOW) is None
    assert eta(runs, 0, NOW) is None
    assert eta(runs[:1], 2, NOW) is None

"""The calendar in real runs, and what one costs in which nothing can be due: calls are counted at the services."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rig import Credential, Rig, open_rig
from told_clock import ToldClock

from musicdiff_job.core.match import Match
from musicdiff_job.core.model import SourceId, TargetId
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.overrides import set_match
from musicdiff_job.core.summary import CollectionState, Summary
from musicdiff_job.core.timestamps import to_iso
from musicdiff_job.sandbox.catalogue import load_catalogue
from musicdiff_job.sandbox.spotify_render import Cohort
from musicdiff_job.sandbox.world import MadeBySpotify, SpotifyAccount

SERVICES = ("spotify", "deezer", "auth")


def world() -> SpotifyAccount:
    account = SpotifyAccount(load_catalogue())
    tracks = sorted(account.catalogue.spotify)
    account.add_playlist("Gym", tracks[:3])
    account.add_playlist("Road", tracks[3:6])
    account.follow_foreign_playlist("Theirs", tracks[:2])
    account.like(tracks[7])
    return account


class Calendar:
    """A rig whose clock is moved, and whose calls are counted run by run."""

    def __init__(self, rig: Rig, clock: ToldClock) -> None:
        self.rig = rig
        self.clock = clock
        self.spotify = rig.sandbox.spotify
        self.tracks = sorted(self.spotify.catalogue.spotify)

    def run(self, rules: str = "[]", **options: Any) -> Summary:
        self.rig.sandbox.log.forget()
        return self.rig.run(env={"MUSICDIFF_PLAYLIST": rules}, **options)

    def calls(self) -> int:
        return sum(self.rig.sandbox.calls(service) for service in SERVICES)

    def wait(self, **span: float) -> None:
        self.clock.advance(timedelta(**span).total_seconds())


@pytest.fixture(params=["arl", "token"])
def calendar(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Calendar]:
    credential: Credential = request.param
    clock = ToldClock()
    with open_rig(tmp_path, world(), credential=credential, clock=clock) as rig:
        yield Calendar(rig, clock)


EVERY_SIX = '[{"match": "*", "every": "6h"}]'


def test_a_run_in_which_nothing_can_be_due_makes_no_call(calendar: Calendar) -> None:
    assert calendar.run(EVERY_SIX).outcome is Outcome.CHANGED
    calendar.spotify.add_track(calendar.spotify.named("Gym").id, calendar.tracks[9])
    for hours in range(1, 6):
        calendar.wait(hours=1)
        rested = calendar.run(EVERY_SIX)
        assert calendar.calls() == 0, hours
        assert sum(rested.api_calls.values()) == 0
        assert rested.outcome is Outcome.IN_SYNC
        assert rested.rests_until == "2026-11-21T18:00:00Z"
        assert {(line.name, line.state) for line in rested.collections} == {
            ("Gym", CollectionState.IN_SYNC), ("Road", CollectionState.IN_SYNC), ("Theirs", CollectionState.SKIPPED),
            ("Liked Songs", CollectionState.IN_SYNC),
        }  # fmt: skip
    calendar.wait(hours=1)
    changed = calendar.run(EVERY_SIX)
    assert (changed.outcome, changed.totals.added, changed.rests_until) == (Outcome.CHANGED, 1, None)


def test_a_look_that_finds_all_in_step_begins_a_new_rest(calendar: Calendar) -> None:
    calendar.run(EVERY_SIX)
    for _ in range(3):
        calendar.wait(hours=6)
        looked = calendar.run(EVERY_SIX)
        assert looked.rests_until is None
        assert 0 < calendar.rig.sandbox.calls("spotify") + calendar.rig.sandbox.calls("deezer") <= 3
        calendar.wait(hours=5, minutes=59)
        assert calendar.run(EVERY_SIX).rests_until is not None
        calendar.wait(minutes=-5 * 60 - 59)


def test_a_person_who_asks_is_answered(calendar: Calendar) -> None:
    calendar.run(EVERY_SIX)
    calendar.wait(hours=1)
    calendar.spotify.add_track(calendar.spotify.named("Gym").id, calendar.tracks[9])
    # A pattern may name what is new; what is known rests all the same.
    asked = calendar.run(EVERY_SIX, only=("Gym",))
    assert calendar.calls() > 0
    assert [(line.state, line.reason) for line in asked.collections] == [
        (CollectionState.IN_SYNC, "not before 2026-11-21 18:00 UTC")
    ]
    forced = calendar.run(EVERY_SIX, only=("Gym",), force=True)
    assert [(line.state, line.added) for line in forced.collections] == [(CollectionState.CHANGED, 1)]
    assert calendar.run("[]").rests_until is None  # other settings


def test_what_a_person_decides_about_a_track_does_not_wait_for_a_rest(calendar: Calendar) -> None:
    calendar.run(EVERY_SIX)
    rig, (first, second, third) = calendar.rig, calendar.rig.playlists()["Gym"]
    source = next(str(key) for key, one in rig.checkpoint().matches.items() if one.decision == _match(rig, first))

    def told(line: str, rules: str = EVERY_SIX) -> Summary:
        (rig.folder / "overrides.toml").write_text(f"[tracks]\n{line}\n")
        calendar.wait(minutes=30)
        return calendar.run(rules)

    assert told('"spotify:track:4uLU6hMCjMI75M1A2tKUQC" = "none"').rests_until, "no list holds it"
    assert calendar.calls() == 0
    changed = told(f'"spotify:track:{source}" = "none"')
    assert rig.playlists()["Gym"] == [second, third]
    assert {line.name for line in changed.collections if line.state is CollectionState.CHANGED} == {"Gym"}
    rested = told(f'"spotify:track:{source}" = "none"')
    assert (rested.rests_until, calendar.calls()) == ("2026-11-21T18:00:00Z", 0)
    with rig.store().lease("by hand", rig.now() + timedelta(minutes=1)) as lease:
        lease.save(set_match(lease.load(), SourceId(source), TargetId(str(first)), to_iso(rig.now())), last=True)
    told("")
    assert rig.playlists()["Gym"] == [first, second, third]
    # A window is another matter: out of it nothing is done.
    night = '[{"match": "*", "window": "02:00-03:00", "timezone": "UTC"}]'
    calendar.run(night)
    assert told(f'"spotify:track:{source}" = "none"', night).rests_until == "2026-11-22T02:00:00Z"
    assert calendar.calls() == 0


def _match(rig: Rig, target: int) -> Match:
    decisions = (one.decision for one in rig.checkpoint().matches.values())
    return next(one for one in decisions if isinstance(one, Match) and one.target == str(target))


def test_a_new_playlist_is_found_within_26_hours(calendar: Calendar) -> None:
    weekly = '[{"match": "*", "every": "7d"}]'
    calendar.run(weekly)
    calendar.spotify.add_playlist("New", calendar.tracks[10:12])
    calendar.wait(hours=25, minutes=59)
    assert calendar.run(weekly).rests_until == "2026-11-22T14:00:00Z"
    assert calendar.calls() == 0
    calendar.wait(minutes=1)
    found = calendar.run(weekly)
    assert found.new_playlists == ("New",)
    assert {line.name: line.added for line in found.collections}["New"] == 2
    # What is known has not been worked on, and rests since its own last round.
    calendar.spotify.add_track(calendar.spotify.named("Gym").id, calendar.tracks[9])
    calendar.wait(hours=26)
    assert {line.name: line.added for line in calendar.run(weekly).collections}["Gym"] == 0


def test_outside_its_window_nothing_is_called_and_in_it_everything_is_done(calendar: Calendar) -> None:
    night = '[{"match": "*", "window": "02:00-06:00", "timezone": "UTC"}]'
    first = calendar.run(night)
    assert (first.totals.added, first.totals.created) == (0, 0)
    assert calendar.rig.sandbox.calls("deezer") <= 2  # its account, and its listing
    calendar.wait(hours=13, minutes=59)
    assert calendar.run(night).rests_until == "2026-11-22T02:00:00Z"
    assert calendar.calls() == 0
    calendar.wait(minutes=1)
    assert calendar.run(night).totals.added == 7
    assert calendar.run(night).rests_until is None  # the window is open


def test_a_list_of_others_is_said_once_and_asked_for_rarely(calendar: Calendar) -> None:
    theirs = calendar.spotify.named("Theirs")

    def told() -> tuple[CollectionState, tuple[str, ...], bool]:
        line = next(line for line in calendar.run().collections if line.name == "Theirs")
        asked = any(call.path.startswith(f"/playlists/{theirs.id}/") for call in calendar.rig.sandbox.log.all())
        return line.state, line.notes, asked

    once = ("left alone; asked for again after 30 days",)
    assert told() == (CollectionState.SKIPPED, once, True)
    for _ in range(3):
        calendar.wait(days=9, hours=23)
        assert told() == (CollectionState.SKIPPED, (), False)
    calendar.wait(hours=3)
    assert told() == (CollectionState.SKIPPED, (), True)  # a month has passed; it is not said again
    # Its owner lets the account work on it.
    calendar.spotify.share(theirs.id)
    assert told()[0] is CollectionState.CHANGED
    assert len(calendar.rig.playlists()["Theirs"]) == 2


@pytest.mark.parametrize("snapshots", ["restless", "stuck"])
def test_a_list_that_spotify_makes_is_compared_by_content(tmp_path: Path, snapshots: MadeBySpotify) -> None:
    clock, account = ToldClock(), SpotifyAccount(load_catalogue(), made_by_spotify=snapshots)
    tracks = sorted(account.catalogue.spotify)
    made = account.follow_spotify_owned("Weekly", tracks[:120])
    with open_rig(tmp_path, account, clock=clock, cohort=Cohort.EXTENDED) as rig:

        def run() -> tuple[Summary, int]:
            rig.sandbox.log.forget()
            # Nothing else is due meanwhile, and Spotify renews the whole list.
            done = rig.run(env={"MUSICDIFF_MATCHING_RETRY_UNMATCHED": "300d", "MUSICDIFF_SYNC_MAX_REMOVALS": "100%"})
            return done, sum(call.path.startswith(f"/playlists/{made}") for call in rig.sandbox.log.all())

        assert run()[0].totals.created == 1
        for _ in range(2):
            clock.advance(3600)
            same, reads = run()
            assert (same.outcome, reads, same.writes) == (Outcome.IN_SYNC, 0, 0)
        clock.advance(86_400)
        same, reads = run()
        assert (same.outcome, same.writes, rig.sandbox.calls("deezer")) == (Outcome.IN_SYNC, 0, 1)
        assert reads > 0
        assert next(line.reason for line in same.collections if line.name == "Weekly") == "the same content"
        assert run()[1] == 0  # it has been read today
        account.remake(made, tracks[100:150])
        clock.advance(3600)
        assert run()[1] == 0
        clock.advance(86_400)
        changed, _ = run()
        assert changed.outcome is Outcome.CHANGED
        counterparts = rig.checkpoint().matches
        wanted = [counterparts[track].decision for track in tracks[100:150]]  # type: ignore[index]
        assert len(rig.playlists()["Weekly"]) == len({one.target for one in wanted if isinstance(one, Match)})

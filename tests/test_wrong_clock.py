"""A clock that is wrong and is set: forwards, backwards, between runs and in the middle of one. Nothing may wait for a
time that the wrong clock dreamt of, and nothing may be given up early."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from mortal import BEGINNING
from rig import Rig, open_rig

from musicdiff_job.core.model import CollectionId
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.timestamps import from_iso
from musicdiff_job.sandbox.faults import ALWAYS, Fault, Status, rate_limited
from musicdiff_job.sandbox.world import SpotifyAccount, synthetic_world

SCALE = int(os.environ.get("MUSICDIFF_TORTURE", "1"))
AHEAD = timedelta(days=3650)
RULES = '[{"match": "*", "every": "6h"}]'


class SettableClock:
    """A clock on which waiting takes no time and whose hands can be set; its monotonic seconds do not notice. With
    ``jump`` it is set by that much at the ``at``-th look at it."""

    def __init__(self, jump: timedelta = timedelta(), at: int = 0) -> None:
        self.ahead = timedelta()
        self._passed = 0.0
        self._jump, self._left = jump, at

    def now(self) -> datetime:
        self._left -= 1
        if self._left == 0:
            self.ahead += self._jump
        return BEGINNING + timedelta(seconds=self.monotonic()) + self.ahead

    def monotonic(self) -> float:
        self._passed += 0.001
        return self._passed

    def wait(self, seconds: float) -> None:
        self._passed += max(0.0, seconds)


@contextmanager
def wrong(
    folder: Path, clock: SettableClock, spotify: SpotifyAccount | None = None, **extra: Any
) -> Iterator[tuple[Rig, SettableClock]]:
    spotify = spotify or synthetic_world(playlists=3, tracks_each=3, liked=2, seed=5)
    with open_rig(folder, spotify, clock=clock, SPOTIFY_AUTHORIZED_AT="", **extra) as rig:
        yield rig, clock


@contextmanager
def once_ahead(folder: Path, **extra: Any) -> Iterator[tuple[Rig, SettableClock]]:
    """A library that was synced ten years from now, and a clock that has been set right since."""
    with wrong(folder, SettableClock(), **extra) as (rig, clock):
        clock.ahead = AHEAD
        assert rig.run().outcome is Outcome.CHANGED
        clock.ahead = timedelta()
        yield rig, clock


def test_what_changes_arrives_at_once_whatever_a_rule_says(tmp_path: Path) -> None:
    with once_ahead(tmp_path, MUSICDIFF_PLAYLIST=RULES) as (rig, clock):
        playlist = rig.sandbox.spotify.named("Synthetic 0001")
        rig.sandbox.spotify.remove_at(playlist.id, 0)
        before = rig.playlists()["Synthetic 0001"]
        assert rig.run().outcome is Outcome.CHANGED
        assert rig.playlists()["Synthetic 0001"] == before[1:]
        # From now on the rule counts again.
        rig.sandbox.spotify.remove_at(playlist.id, 0)
        assert rig.run().outcome is Outcome.IN_SYNC
        clock.wait(6 * 3600)
        assert rig.run().outcome is Outcome.CHANGED


def test_everything_is_verified_once_and_then_on_schedule(tmp_path: Path) -> None:
    with once_ahead(tmp_path) as (rig, clock):
        name = "Synthetic 0002"
        assert rig.run().outcome is Outcome.IN_SYNC
        verified = [one.verified_at or "" for one in rig.checkpoint().mirrors.values()]
        assert all(from_iso(text) < BEGINNING + timedelta(days=1) for text in verified)
        rig.sandbox.log.forget()
        assert rig.run().outcome is Outcome.IN_SYNC
        assert len(rig.sandbox.log.all()) <= 5, "three calls and the sign-ins"
        clock.wait(7 * 86_400)
        rig.sandbox.deezer.remove_by_hand(name, rig.playlists()[name][0])
        rig.run()
        assert rig.checkpoint().mirrors[CollectionId(f"spotify:playlist:{rig.sandbox.spotify.named(name).id}")].left_out


@pytest.mark.parametrize("ahead", [AHEAD, timedelta(hours=2)], ids=["years", "hours"])
def test_a_service_that_asked_to_wait_then_is_asked_now(tmp_path: Path, ahead: timedelta) -> None:
    with wrong(tmp_path, SettableClock()) as (rig, clock):
        clock.ahead = ahead
        rig.sandbox.misbehave(Fault(service="spotify", effect=rate_limited(86_400), count=ALWAYS))
        assert rig.run().outcome is Outcome.RATE_LIMITED
        assert rig.run().retry_at is not None
        rig.sandbox.faults.clear()
        clock.ahead = timedelta()
        assert rig.run().outcome is Outcome.CHANGED
        assert rig.checkpoint().not_before == {}


def test_a_ledger_that_was_spent_then_is_not_spent_now(tmp_path: Path) -> None:
    with wrong(tmp_path, SettableClock(), MUSICDIFF_BUDGET_SPOTIFY_PER_DAY="5") as (rig, clock):
        clock.ahead = AHEAD
        assert rig.run().outcome is Outcome.MORE_TO_DO
        spent = rig.run()
        assert (spent.outcome, spent.api_calls["spotify"]) == (Outcome.MORE_TO_DO, 0)
        clock.ahead = timedelta()
        assert rig.run().api_calls["spotify"] == 5


def test_an_unmatched_track_is_tried_again(tmp_path: Path) -> None:
    unknown, nothing = Status(200, body='{"error": {"code": 800}}'), Status(200, body='{"data": [], "total": 0}')
    spotify = synthetic_world(playlists=1, tracks_each=1, liked=0, seed=5)
    with wrong(tmp_path, SettableClock(), spotify) as (rig, clock):
        clock.ahead = AHEAD
        rig.sandbox.misbehave(Fault(service="deezer", path="/track/isrc:*", effect=unknown, count=ALWAYS))
        rig.sandbox.misbehave(Fault(service="deezer", path="/search*", effect=nothing, count=ALWAYS))
        assert rig.run().totals.unmatched == 1
        rig.sandbox.faults.clear()
        clock.ahead = timedelta()
        assert rig.run().totals.matched == 1
        assert len(rig.playlists()["Synthetic 0001"]) == 1


def test_a_vanished_list_is_given_up_after_a_day_by_the_right_clock(tmp_path: Path) -> None:
    with wrong(tmp_path, SettableClock(), MUSICDIFF_SYNC_ON_SOURCE_DELETED="delete") as (rig, clock):
        rig.run()
        rig.sandbox.spotify.delete_playlist(rig.sandbox.spotify.named("Synthetic 0003").id)
        clock.ahead = AHEAD
        rig.run()
        rig.run()
        clock.ahead = timedelta()
        rig.run()
        rig.run()
        assert "Synthetic 0003" in rig.playlists(), "no day has passed"
        clock.wait(86_400)
        rig.run()
        assert "Synthetic 0003" not in rig.playlists()


@pytest.mark.parametrize("jump", [AHEAD, -AHEAD, timedelta(hours=-1)], ids=["on", "back", "an hour back"])
def test_set_in_the_middle_of_a_run_it_comes_to_rest_all_the_same(tmp_path: Path, jump: timedelta) -> None:
    spotify = synthetic_world(playlists=2, tracks_each=3, liked=2, seed=5)
    for at in range(35, 35 + 10 * SCALE, 10):
        folder = tmp_path / str(at)
        folder.mkdir()
        with wrong(folder, SettableClock(jump, at), spotify) as (rig, clock):
            assert rig.run().outcome is Outcome.CHANGED
            assert clock.ahead == jump
            assert rig.run().outcome is Outcome.IN_SYNC
            assert all(len(tracks) == 3 for tracks in rig.playlists().values())
            assert rig.sandbox.deezer.refused_duplicates() == 0

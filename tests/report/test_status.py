"""``status --json``: its fields, health, phase, progress and pace."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest
from checkpoint_sample import GYM, NOW, mirror, part, run_summary, sample

from musicdiff_job.core.budget import deezer_rule, ledger_add, spotify_rule
from musicdiff_job.core.checkpoint import Checkpoint, NotBefore, Pause, Reading
from musicdiff_job.core.model import LIKED, CollectionId, Service
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.policy import Policy
from musicdiff_job.core.summary import CollectionState
from musicdiff_job.report.status import (
    Expiry,
    Phase,
    Status,
    ailments,
    expiry_of,
    failures_in_a_row,
    phase_of,
    progress_of,
    status_of,
)

RULES = {Service.SPOTIFY: spotify_rule(1000), Service.DEEZER: deezer_rule(30_000)}


def status(checkpoint: Checkpoint) -> Status:
    return status_of(
        checkpoint, None, now=NOW, profile="default", ledgers=RULES, expiry={Service.SPOTIFY: Expiry()},
        policy=Policy(),
    )  # fmt: skip


def test_the_fields_are_those_promised() -> None:
    told = msgspec.to_builtins(status(sample()))
    assert list(told) == [
        "schema", "profile", "paused", "healthy", "phase", "checkpoint", "last_run", "last_success_at",
        "consecutive_failures", "not_before", "progress", "ledger", "credentials", "conflicts", "collections",
    ]  # fmt: skip
    assert list(told["progress"]) == ["collections", "tracks", "percent", "eta_runs", "eta_at"]
    assert list(told["progress"]["collections"]) == ["total", "in_sync"]
    assert list(told["progress"]["tracks"]) == ["total", "matched", "unmatched", "placed"]
    assert list(told["credentials"]["spotify"]) == ["authorized_at", "expires_at", "days_left"]


def test_a_consent_lasts_six_months() -> None:
    assert expiry_of(date(2026, 8, 31), NOW) == {
        Service.SPOTIFY: Expiry("2026-08-31T00:00:00Z", "2027-02-28T00:00:00Z", 98)
    }
    assert expiry_of(None, NOW) == {Service.SPOTIFY: Expiry()}


def test_a_wait_that_is_over_is_not_told() -> None:
    assert status(sample()).not_before == {"spotify": "2026-11-21T18:00:00Z", "deezer": None}


def test_the_ledger_counts_the_rolling_window() -> None:
    slots = ledger_add({}, NOW - timedelta(hours=25), RULES[Service.SPOTIFY], 7)
    slots = ledger_add(slots, NOW - timedelta(hours=2), RULES[Service.SPOTIFY], 5)
    ledger = status(Checkpoint(ledgers={"spotify": slots})).ledger["spotify"]
    assert (ledger.calls, ledger.limit, ledger.seconds, ledger.free_at) == (5, 1000, 86_400, None)


@pytest.mark.parametrize(("outcome", "healthy"), [(o, o not in {
    Outcome.PARTIAL, Outcome.CONFLICT, Outcome.USAGE, Outcome.CONFIG, Outcome.CHECKPOINT_INVALID, Outcome.UNAVAILABLE,
    Outcome.CRASH, Outcome.CHECKPOINT_UNWRITABLE, Outcome.LOST_LEASE, Outcome.AUTH,
}) for o in Outcome])  # fmt: skip
def test_health_follows_the_last_outcome(outcome: Outcome, healthy: bool) -> None:
    assert status(sample(last=outcome)).healthy is healthy


def test_a_run_that_is_too_long_ago_is_not_healthy() -> None:
    late = NOW + timedelta(hours=17, seconds=43)
    assert ailments(sample(), late - timedelta(seconds=2)) == ()
    assert ailments(sample(), late) == ("no run has gone well since 2026-11-21T03:00:42Z",)
    assert ailments(sample(), late, timedelta(days=2)) == ()


def test_a_last_run_that_is_yet_to_come_is_told_and_proves_nothing() -> None:
    early = NOW - timedelta(days=3650)
    told = ailments(sample(), early, timedelta(days=9999))
    assert told == (
        "the last run ended at 2026-11-21T03:00:42Z, which is yet to come: was the clock set back?",
        "no run has gone well in the runs that are remembered",
    )


def test_a_first_sync_of_many_days_is_healthy() -> None:
    runs = (run_summary(20, Outcome.MORE_TO_DO, 3), run_summary(21, Outcome.MORE_TO_DO, 3))
    assert ailments(Checkpoint(runs=runs), NOW) == ()


def test_nothing_has_run_yet() -> None:
    assert ailments(Checkpoint(), NOW) == ("no run has been made yet",)
    assert ailments(Checkpoint(paused=Pause("2026-11-01T00:00:00Z", "")), NOW) == ()


def test_a_pause_explains_age_but_not_failure() -> None:
    paused = Pause("2026-11-01T00:00:00Z", "holiday")
    later = NOW + timedelta(days=30)
    assert ailments(msgspec.structs.replace(sample(), paused=paused), later) == ()
    assert len(ailments(msgspec.structs.replace(sample(last=Outcome.AUTH), paused=paused), later)) == 1


def test_failures_in_a_row() -> None:
    assert failures_in_a_row(sample().runs) == 0
    assert failures_in_a_row(sample(last=Outcome.PARTIAL).runs) == 2
    assert failures_in_a_row(()) == 0


def test_phases() -> None:
    assert phase_of(Checkpoint()) is Phase.INITIAL
    pending = mirror(GYM, "Gym", CollectionState.PENDING)
    assert phase_of(Checkpoint(mirrors={GYM: pending})) is Phase.INITIAL
    done = mirror(LIKED, "Liked", CollectionState.IN_SYNC, synced_at="2026-11-20T00:00:00Z")
    assert phase_of(Checkpoint(mirrors={LIKED: done})) is Phase.INCREMENTAL
    assert phase_of(Checkpoint(mirrors={LIKED: done, GYM: pending})) is Phase.INITIAL
    # A playlist made after the first sync does not throw the library back into it.
    known = Checkpoint(mirrors={LIKED: done, GYM: pending}, last_success_at="2026-11-20T00:00:00Z")
    assert phase_of(known) is Phase.INCREMENTAL


def test_progress_counts_selected_collections_only() -> None:
    progress = progress_of(sample(), NOW)
    assert (progress.collections.total, progress.collections.in_sync) == (3, 1)
    assert msgspec.structs.astuple(progress.tracks) == (14, 8, 1, 4)
    # 12 entries - 1 skipped - 1 duplicate - 1 without counterpart - 1 placed = 8 of 14 are left.
    assert progress.percent == 42.8


def test_the_calls_of_the_last_runs_tell_the_day() -> None:
    progress = progress_of(sample(), NOW)
    # Two runs were cut short, of 1,210 calls each; 8 entries are left, and runs begin once a day, on the 21st at 3.
    assert progress.eta_runs == 1
    # Spotify is closed until 18:00 on the 21st, and the run after that is on the 22nd.
    assert progress.eta_at == "2026-11-22T03:00:00Z"


def test_the_run_after_a_service_opens_is_the_first() -> None:
    closed = msgspec.structs.replace(sample(), not_before={"deezer": NotBefore("2026-11-25T18:00:00Z", "quota")})
    assert progress_of(closed, NOW).eta_at == "2026-11-25T18:00:00Z"


def test_no_guess_without_a_pace() -> None:
    idle = msgspec.structs.replace(sample(), runs=(run_summary(21, Outcome.IN_SYNC, 0),))
    assert (progress_of(idle, NOW).eta_runs, progress_of(idle, NOW).eta_at) == (None, None)
    once = msgspec.structs.replace(sample(), runs=(run_summary(21, Outcome.MORE_TO_DO, 4),))
    assert (progress_of(once, NOW).eta_runs, progress_of(once, NOW).eta_at) == (1, None)
    assert progress_of(Checkpoint(), NOW).percent is None


def test_a_pace_that_would_take_millennia_makes_no_guess() -> None:
    endless = mirror(GYM, "Gym", CollectionState.PENDING, entries=1_000_000_000_000)
    progress = progress_of(sample().with_mirror(endless), NOW)
    assert progress.eta_runs is not None
    assert progress.eta_at is None


def test_a_day_that_is_past_becomes_now() -> None:
    assert progress_of(sample(), NOW + timedelta(days=90)).eta_at == "2027-02-19T12:00:00Z"


def test_all_in_step_is_a_hundred_per_cent_and_needs_no_run() -> None:
    done = mirror(LIKED, "Liked", CollectionState.CHANGED, entries=5, matched=4, parts=(part("1", "a", "b"),))
    progress = progress_of(Checkpoint(mirrors={LIKED: done}), NOW)
    assert (progress.percent, progress.eta_runs, progress.eta_at) == (100.0, 0, None)


def test_almost_done_is_not_done() -> None:
    waiting = mirror(GYM, "Gym", CollectionState.PENDING, entries=100_000, parts=(part("1", *("x",) * 99_999),))
    assert progress_of(Checkpoint(mirrors={GYM: waiting}), NOW).percent == 99.9


def test_a_collection_not_looked_at_yet_keeps_the_end_open() -> None:
    new = mirror(GYM, "Gym", CollectionState.PENDING)
    done = mirror(LIKED, "Liked", CollectionState.IN_SYNC, entries=5)
    progress = progress_of(Checkpoint(mirrors={GYM: new, LIKED: done}), NOW)
    assert progress.eta_runs is None
    assert progress.percent == 99.9
    assert progress_of(Checkpoint(mirrors={GYM: new}), NOW).percent is None


def test_collections_that_no_run_has_come_to_yet_keep_everything_open() -> None:
    done = mirror(LIKED, "Liked", CollectionState.IN_SYNC, entries=5)
    progress = progress_of(Checkpoint(mirrors={LIKED: done}, runs=sample().runs), NOW)
    assert (progress.collections.total, progress.collections.in_sync) == (3, 1)
    assert (progress.percent, progress.eta_runs, progress.eta_at) == (None, None, None)


def test_what_deezer_hides_does_not_hold_progress_back() -> None:
    key = CollectionId("spotify:playlist:a")
    half = mirror(key, "a", CollectionState.PENDING, entries=4, skipped=1, duplicates=1, reading=Reading("s", 6))
    progress = progress_of(Checkpoint(mirrors={key: half}), NOW)
    assert progress.tracks.total == 5
    assert progress.percent == 20.0

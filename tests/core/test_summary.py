"""The summary object: its keys are a promise, its totals add up, its outcome follows from them."""

from __future__ import annotations

import json

import msgspec
import pytest

from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.summary import (
    CollectionResult,
    CollectionState,
    ConflictLine,
    ErrorLine,
    Summary,
    Totals,
    Trigger,
    outcome_of,
    together,
    totals_of,
)

STATE = CollectionState


def line(state: CollectionState, **fields: object) -> CollectionResult:
    return CollectionResult("spotify:playlist:x", "playlist", "Gym", state, "", **fields)  # type: ignore[arg-type]


FULL = Summary(
    run_id="r",
    outcome=Outcome.CHANGED,
    started_at="2026-11-21T12:00:00Z",
    finished_at="2026-11-21T12:00:01Z",
    duration_seconds=1.2,
    collections=(line(STATE.CHANGED),),
    conflicts=(ConflictLine("i", "c", "n", "k", "m", "2026-11-21T12:00:00Z"),),
    errors=(ErrorLine("w", "m"),),
)


def test_its_keys_are_the_documented_ones_and_our_additions() -> None:
    found = json.loads(msgspec.json.encode(FULL))
    documented = {
        "schema", "run_id", "profile", "trigger", "started_at", "finished_at", "duration_seconds", "outcome",
        "exit_code", "retry_at", "api_calls", "totals", "matching", "collections", "new_playlists", "conflicts",
        "errors", "playback",
    }  # fmt: skip
    assert set(found) == documented | {"dry_run", "lookups", "plan", "rests_until", "writes"}
    totals = {
        "collections", "in_sync", "changed", "pending", "failed", "skipped", "added", "removed", "reordered",
        "matched", "unmatched", "duplicates", "conflicts",
    }  # fmt: skip
    assert set(found["totals"]) == totals | {"created"}
    collection = {
        "id", "kind", "name", "state", "reason", "added", "removed", "reordered", "entries", "matched", "unmatched",
        "skipped",
    }  # fmt: skip
    assert set(found["collections"][0]) == collection | {"duplicates", "hand_added", "left_out", "created", "notes"}
    assert set(found["api_calls"]) == {"spotify", "deezer", "auth"}
    assert set(found["matching"]) == {"override", "cache", "isrc", "sweep", "search", "unmatched"}
    assert found["playback"] == {"new_plays": 0, "notes": []}
    assert set(found["conflicts"][0]) == {"id", "collection", "name", "kind", "message", "opened_at"}
    assert set(found["errors"][0]) == {"where", "message", "hint"}


def test_its_values_have_the_documented_kinds() -> None:
    found = json.loads(msgspec.json.encode(FULL))
    assert found["schema"] == 1
    assert found["outcome"] == "changed"
    assert found["retry_at"] is None
    assert found["collections"][0]["state"] == "changed"
    assert found["collections"][0]["reordered"] is False
    assert {str(trigger) for trigger in Trigger} == {"cron", "systemd", "launchd", "k8s", "github", "lambda", "manual"}


def test_it_survives_the_checkpoint() -> None:
    assert msgspec.json.decode(msgspec.json.encode(FULL), type=Summary) == FULL


def test_one_summary_does_not_share_its_counts_with_the_next() -> None:
    FULL.api_calls["spotify"] += 0
    other = msgspec.structs.replace(FULL, api_calls=Summary("x", Outcome.IN_SYNC, "", "", 0).api_calls)
    assert other.api_calls is not FULL.api_calls


def test_the_total_of_several_profiles_is_the_most_urgent_of_them_and_their_sums() -> None:
    def run(outcome: Outcome, added: int) -> Summary:
        return Summary("r", outcome, "", "", 0.0, totals=Totals(collections=2, added=added))

    total = together((run(Outcome.CHANGED, 3), run(Outcome.CONFLICT, 4), run(Outcome.PARTIAL, 0)))
    assert (total.outcome, total.totals) == (Outcome.CONFLICT, Totals(collections=6, added=7))
    assert total.schema == 1 and len(total.profiles) == 3
    assert together(()).outcome is Outcome.IN_SYNC


def test_totals_add_the_lines_up() -> None:
    results = (
        line(STATE.IN_SYNC, entries=3, matched=2, unmatched=1),
        line(STATE.CHANGED, added=3, removed=1, reordered=True, matched=5, duplicates=2, created=1),
        line(STATE.CHANGED, added=1, reordered=True),
        line(STATE.PENDING, unmatched=4),
        line(STATE.FAILED),
        line(STATE.SKIPPED),
        line(STATE.DETACHED),
        line(STATE.CONFLICT),
    )
    assert totals_of(results, 2) == Totals(
        collections=8, in_sync=1, changed=2, pending=1, failed=1, skipped=2, added=4, removed=1, reordered=2,
        matched=7, unmatched=5, duplicates=2, conflicts=2, created=1,
    )  # fmt: skip
    assert totals_of((), 0) == Totals()


NONE: frozenset[Outcome] = frozenset()


@pytest.mark.parametrize(
    ("stops", "totals", "outcome"),
    [
        (NONE, Totals(), Outcome.IN_SYNC),
        (NONE, Totals(collections=3, in_sync=3, matched=100, unmatched=7), Outcome.IN_SYNC),
        (NONE, Totals(changed=1), Outcome.CHANGED),
        (NONE, Totals(added=1), Outcome.CHANGED),
        (NONE, Totals(removed=1), Outcome.CHANGED),
        (NONE, Totals(reordered=1), Outcome.CHANGED),
        (NONE, Totals(created=1), Outcome.CHANGED),
        (NONE, Totals(pending=1, changed=1), Outcome.MORE_TO_DO),
        (frozenset({Outcome.MORE_TO_DO}), Totals(changed=4), Outcome.MORE_TO_DO),
        (frozenset({Outcome.RATE_LIMITED}), Totals(pending=4, changed=1), Outcome.RATE_LIMITED),
        (frozenset({Outcome.UNAVAILABLE}), Totals(pending=4, changed=1), Outcome.UNAVAILABLE),
        (frozenset({Outcome.RATE_LIMITED}), Totals(failed=1), Outcome.PARTIAL),
        (NONE, Totals(failed=1, pending=1, changed=1), Outcome.PARTIAL),
        (NONE, Totals(failed=1, conflicts=1), Outcome.CONFLICT),
        (NONE, Totals(skipped=3), Outcome.IN_SYNC),
        (frozenset({Outcome.AUTH}), Totals(conflicts=1, pending=1), Outcome.AUTH),
        (frozenset({Outcome.INTERRUPTED}), Totals(pending=1, conflicts=1), Outcome.INTERRUPTED),
        (frozenset({Outcome.CRASH}), Totals(failed=1), Outcome.CRASH),
        (frozenset({Outcome.PAUSED}), Totals(), Outcome.PAUSED),
    ],
)
def test_the_outcome_follows_from_what_happened(stops: frozenset[Outcome], totals: Totals, outcome: Outcome) -> None:
    assert outcome_of(stops, totals) is outcome

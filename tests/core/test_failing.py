"""Which runs have failed, and how many may in a row."""

from __future__ import annotations

import msgspec
import pytest
from checkpoint_sample import run_summary

from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.failing import VERDICTS, Verdict, failed, reason_to_stop, row_with, verdict_on
from musicdiff_job.core.outcome import TABLE, Outcome
from musicdiff_job.core.summary import Summary, Totals


def run(outcome: Outcome, **fields: object) -> Summary:
    return msgspec.structs.replace(run_summary(21, outcome, 0), totals=Totals(), **fields)


def test_there_is_a_verdict_on_every_outcome() -> None:
    assert set(VERDICTS) == set(Outcome)


def test_what_the_exit_code_calls_healthy_is_no_failure() -> None:
    for outcome in Outcome:
        assert failed(run(outcome)) == (not TABLE[outcome].healthy and outcome is not Outcome.CONFLICT), outcome


def test_a_conflict_does_not_hide_collections_that_failed() -> None:
    assert verdict_on(run(Outcome.CONFLICT)) is Verdict.WORKS
    hidden = msgspec.structs.replace(run(Outcome.CONFLICT), totals=Totals(failed=1))
    assert verdict_on(hidden) is Verdict.TROUBLED


def test_a_run_that_asked_nothing_proves_nothing() -> None:
    assert verdict_on(run(Outcome.IN_SYNC, rests_until="2026-11-22T00:00:00Z")) is Verdict.SILENT


@pytest.mark.parametrize(
    ("outcomes", "row"),
    [
        ("auth auth auth", 3),
        ("auth in_sync auth", 1),
        ("auth conflict", 0),
        ("auth rate_limited interrupted unavailable", 2),
        ("partial more_to_do", 0),
    ],
)
def test_a_row_of_failures(outcomes: str, row: int) -> None:
    checkpoint = Checkpoint()
    for outcome in outcomes.split():
        checkpoint = checkpoint.with_run(run(Outcome(outcome)))
    assert checkpoint.failed_runs == row


def test_the_row_is_counted_beyond_the_runs_that_are_remembered() -> None:
    row = 0
    for _ in range(70):
        row = row_with(row, run(Outcome.AUTH))
    assert row == 70


@pytest.mark.parametrize(
    ("row", "outcome", "at_most", "said"),
    [
        (3, Outcome.AUTH, 3, "paused after 3 failed runs in a row, the last one with auth"),
        (1, Outcome.CRASH, 1, "paused after 1 failed run, the last one with crash"),
        (2, Outcome.AUTH, 3, ""),
        (99, Outcome.AUTH, 0, ""),
        (3, Outcome.RATE_LIMITED, 3, ""),  # the row goes on, but this run did not fail
    ],
)
def test_when_it_is_enough(row: int, outcome: Outcome, at_most: int, said: str) -> None:
    assert reason_to_stop(row, run(outcome), at_most) == said

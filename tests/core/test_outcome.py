"""Outcomes and exit codes: what schedulers script against."""

from __future__ import annotations

from itertools import chain, combinations

import pytest

from musicdiff_job.core.outcome import TABLE, URGENCY, ExitCode, ExitCodes, Outcome, exit_code, most_urgent

PROMISED = {
    "in_sync": (0, 0),
    "changed": (0, 0),
    "more_to_do": (0, 10),
    "rate_limited": (0, 11),
    "locked": (0, 12),
    "paused": (0, 13),
    "partial": (20, 20),
    "conflict": (21, 21),
    "usage": (64, 64),
    "config": (78, 78),
    "checkpoint_invalid": (65, 65),
    "unavailable": (69, 69),
    "crash": (70, 70),
    "checkpoint_unwritable": (74, 74),
    "lost_lease": (75, 75),
    "auth": (77, 77),
    "interrupted": (143, 143),
}
"""Outcome, simple code, detailed code, as documented for users."""


def test_the_table_is_the_promised_one() -> None:
    assert {str(outcome): (row.simple, row.detailed) for outcome, row in TABLE.items()} == PROMISED
    assert list(TABLE) == list(Outcome)


@pytest.mark.parametrize("codes", list(ExitCodes))
@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_a_status_a_process_can_end_with(outcome: Outcome, codes: ExitCodes) -> None:
    code = exit_code(outcome, codes)
    assert 0 <= code <= 255
    assert code in ExitCode
    assert code == PROMISED[outcome][codes is ExitCodes.DETAILED]


def test_every_code_is_used() -> None:
    used = set(chain.from_iterable((row.simple, row.detailed) for row in TABLE.values()))
    assert used | {ExitCode.INTERRUPTED_INT} == set(ExitCode)


def test_a_signal_is_told_as_shells_do() -> None:
    assert exit_code(Outcome.INTERRUPTED, signal=15) == 128 + 15
    assert exit_code(Outcome.INTERRUPTED, signal=2) == 128 + 2
    assert exit_code(Outcome.IN_SYNC, signal=2) == 0


def test_simple_codes_are_0_only_for_what_nobody_need_look_at() -> None:
    for outcome, row in TABLE.items():
        assert row.healthy or row.simple != 0, outcome
        if row.simple == 0:
            assert row.healthy, outcome


def test_every_outcome_says_what_it_means() -> None:
    meanings = [row.meaning for row in TABLE.values()]
    assert all(meanings)
    assert len(set(meanings)) == len(meanings)


def test_urgency_ranks_every_outcome_once() -> None:
    assert sorted(URGENCY) == sorted(Outcome)


def test_what_needs_a_person_comes_before_what_mends_itself() -> None:
    needs = {outcome for outcome in Outcome if not TABLE[outcome].healthy}
    for urgent, other in combinations(URGENCY, 2):
        if other in needs:
            # An interrupted run ends with its signal's code, whatever else it has found.
            assert urgent in needs or urgent is Outcome.INTERRUPTED


def test_the_most_urgent_of_several_is_told() -> None:
    assert most_urgent(set()) is Outcome.IN_SYNC
    assert most_urgent({Outcome.CHANGED, Outcome.IN_SYNC}) is Outcome.CHANGED
    assert most_urgent({Outcome.CHANGED, Outcome.CONFLICT, Outcome.RATE_LIMITED}) is Outcome.CONFLICT
    assert most_urgent(set(Outcome)) is URGENCY[0]

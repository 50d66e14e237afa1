"""Statuses and times that schedulers are told."""

from __future__ import annotations

import pytest

from musicdiff_job.cli.signals import PATIENCE
from musicdiff_job.core.outcome import TABLE, ExitCode, ExitCodes, Outcome
from musicdiff_job.scaffold.limits import (
    GRACE,
    RETRY,
    START_UP,
    Retry,
    deadline,
    healthy_statuses,
    longest_run,
    statuses,
)
from musicdiff_job.sinks import SECONDS


def test_every_outcome_has_its_row() -> None:
    assert set(RETRY) == set(Outcome)


def test_what_ends_with_0_needs_no_retry_and_nothing_else() -> None:
    for outcome, row in TABLE.items():
        assert (RETRY[outcome] is Retry.NEEDLESS) == (row.simple is ExitCode.OK), outcome


def test_every_status_has_one_answer() -> None:
    for codes in ExitCodes:
        told = [statuses(retry, codes) for retry in Retry]
        assert len(set().union(*told)) == sum(map(len, told))
    simple = [code for retry in Retry for code in statuses(retry)]
    detailed = [code for retry in Retry for code in statuses(retry, ExitCodes.DETAILED)]
    assert set(simple) | set(detailed) == {int(code) for code in ExitCode}


def test_what_a_person_must_mend_is_not_tried_again() -> None:
    assert statuses(Retry.USELESS) == (20, 21, 64, 65, 70, 77, 78)
    assert statuses(Retry.WORTH_IT) == (69, 74, 75, 130, 143)
    assert statuses(Retry.NEEDLESS) == (0,)


def test_the_statuses_that_nobody_need_look_at() -> None:
    assert healthy_statuses() == (10, 11, 12, 13, 130, 143)


@pytest.mark.parametrize("budget", [1, 600.0, 0.5, 86_400])
def test_a_run_is_over_before_it_is_killed(budget: float) -> None:
    assert isinstance(longest_run(budget), int)
    assert longest_run(budget) >= budget + SECONDS + PATIENCE
    assert deadline(budget) == longest_run(budget) + START_UP
    assert deadline(budget, rounds=3) == 3 * deadline(budget)
    assert GRACE > 2 * PATIENCE

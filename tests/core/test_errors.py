"""The error tree: what ends a run says how, and the drawing of the tree shows every error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from musicdiff_job.core import errors
from musicdiff_job.core.errors import (
    AuthError,
    CallFailed,
    ConfigError,
    Interrupted,
    JobError,
    LedgerSpent,
    OutOfBudget,
    RateLimited,
    SkipCollection,
    StopRun,
    Throttled,
    Transient,
    Wait,
    WrongAccount,
)
from musicdiff_job.core.model import Service
from musicdiff_job.core.outcome import Outcome


def below(kind: type[JobError]) -> Iterator[type[JobError]]:
    for one in kind.__subclasses__():
        if one.__module__ == errors.__name__:
            yield one
            yield from below(one)


def test_the_drawing_shows_every_error_and_nothing_else() -> None:
    drawn = (errors.__doc__ or "").split("::")[1].split("Adapters")[0]
    names = set(re.findall(r"\b[A-Z][A-Za-z]+\b", drawn))
    assert names - {"HTTP"} == {"JobError", *(kind.__name__ for kind in below(JobError))}


@pytest.mark.parametrize(
    "kind", [kind for root in (StopRun, Wait, SkipCollection) for kind in below(root)], ids=lambda kind: kind.__name__
)
def test_everything_the_loop_meets_has_an_outcome_of_its_own_kind(kind: type[JobError]) -> None:
    assert kind.outcome is not Outcome.CRASH
    if issubclass(kind, SkipCollection):
        assert kind.outcome is Outcome.PARTIAL


def test_what_adapters_raise_for_the_gate_is_nothing_the_loop_knows() -> None:
    kinds: list[type[JobError]] = [CallFailed, *below(CallFailed)]
    for kind in kinds:
        assert not issubclass(kind, StopRun | Wait | SkipCollection)
        assert kind.outcome is Outcome.CRASH


def test_an_error_says_what_happened_and_what_to_do() -> None:
    assert str(AuthError("refused", "Sign in again")) == "refused. Sign in again"
    assert str(WrongAccount("other account")) == "other account"
    error = ConfigError(["a: wrong", "b: wrong"], "See the manual")
    assert error.problems == ("a: wrong", "b: wrong")
    assert str(error) == "a: wrong; b: wrong. See the manual"


def test_errors_carry_what_the_loop_needs() -> None:
    until = datetime(2026, 1, 1, tzinfo=UTC)
    limited = RateLimited("slow down", service=Service.DEEZER, until=until)
    assert (limited.service, limited.until, limited.outcome) == (Service.DEEZER, until, Outcome.RATE_LIMITED)
    until = datetime(2026, 11, 21, tzinfo=UTC)
    spent = LedgerSpent("spent", service=Service.SPOTIFY, until=until)
    assert (spent.service, spent.until, spent.outcome) == (Service.SPOTIFY, until, OutOfBudget.outcome)
    assert Interrupted(15).signal == 15
    assert (Throttled("no").retry_after, Throttled("no").quota) == (None, False)
    assert Transient("reset").unsent is False

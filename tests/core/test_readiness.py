"""What errors mean for a run, and which of them it would end with."""

from __future__ import annotations

from datetime import UTC, datetime

from musicdiff_job.core import errors
from musicdiff_job.core.model import Service
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.readiness import failed, ok, unreadable, warning, worst


def test_what_each_kind_of_error_means() -> None:
    until = datetime(2026, 11, 21, tzinfo=UTC)
    for error, outcome in (
        (errors.NoWayOut(OSError()), Outcome.CONFIG), (errors.BadAnswer("x"), Outcome.UNAVAILABLE),
        (errors.Forbidden("x"), Outcome.AUTH), (errors.OutOfBudget("x"), Outcome.UNAVAILABLE),
        (errors.RateLimited("x", service=Service.SPOTIFY, until=until), None), (errors.Locked("x"), None),
    ):  # fmt: skip
        assert failed("x", error).outcome is outcome


def test_problems_of_unreadable_settings_are_one_each() -> None:
    found = unreadable(errors.ConfigError(["one", "two"]))
    assert [one.message for one in found] == ["one", "two"]
    assert [bool(one.hint) for one in found] == [False, True]


def test_the_worst_is_what_needs_a_person_first() -> None:
    auth, disk = failed("x", errors.AuthError("x")), failed("x", errors.CheckpointUnwritable("x"))
    assert worst((ok("x", "x"), auth, disk)) is Outcome.CHECKPOINT_UNWRITABLE
    assert worst((auth, warning("x", "x"))) is Outcome.AUTH
    assert worst((ok("x", "x"), warning("x", "x"))) is Outcome.IN_SYNC

"""A job that fails too often in a row pauses itself, and ``resume`` lets it begin anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from rig import Rig, open_rig

from musicdiff_job.core.outcome import Outcome

WRONG = {"DEEZER_ARL": "f" * 192}


def test_failed_runs_in_a_row_pause_the_job(tmp_path: Path) -> None:
    with open_rig(tmp_path, MUSICDIFF_SYNC_STOP_AFTER_FAILURES="2") as rig:
        first = rig.run(env=WRONG)
        assert (first.outcome, rig.checkpoint().paused) == (Outcome.AUTH, None)
        second = rig.run(env=WRONG)
        said = "paused after 2 failed runs in a row, the last one with auth"
        assert second.outcome is Outcome.AUTH
        assert second.errors[-1].message == said
        assert "musicdiff-job resume" in second.errors[-1].hint
        kept = rig.checkpoint()
        assert kept.paused is not None
        assert (kept.paused.reason, kept.failed_runs, len(kept.runs)) == (said, 2, 2)
        assert kept.runs[-1].errors[-1].message == said
        third = rig.run()
        assert (third.outcome, sum(third.api_calls.values())) == (Outcome.PAUSED, 0)


def test_a_good_run_ends_the_row(tmp_path: Path) -> None:
    with open_rig(tmp_path, MUSICDIFF_SYNC_STOP_AFTER_FAILURES="2") as rig:
        rig.run(env=WRONG)
        assert rig.run().outcome is Outcome.IN_SYNC
        rig.run(env=WRONG)
        assert rig.checkpoint().paused is None


@pytest.mark.parametrize("limit", ["0", "3"])
def test_without_reason_nothing_is_paused(tmp_path: Path, limit: str) -> None:
    with open_rig(tmp_path, MUSICDIFF_SYNC_STOP_AFTER_FAILURES=limit) as rig:
        fail_twice(rig)
        assert rig.checkpoint().paused is None


def test_a_dry_run_neither_pauses_nor_says_so(tmp_path: Path) -> None:
    with open_rig(tmp_path, MUSICDIFF_SYNC_STOP_AFTER_FAILURES="2") as rig:
        rig.run(env=WRONG)
        dry = rig.run(env=WRONG, dry_run=True)
        assert not any("paused" in line.message for line in dry.errors)
        assert rig.checkpoint().paused is None


def fail_twice(rig: Rig) -> None:
    for _ in range(2):
        assert rig.run(env=WRONG).outcome is Outcome.AUTH

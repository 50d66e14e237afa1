"""Sinks are told one after the other, and none of them can spoil anything."""

from __future__ import annotations

import logging

import pytest
from checkpoint_sample import NOW

from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.summary import Summary
from musicdiff_job.sinks import SECONDS_STOPPED, Ended, begin_all, end_all, end_all_soon

SUMMARY = Summary("r1", Outcome.CHANGED, "2026-11-21T12:00:00Z", "2026-11-21T12:00:04Z", 4.0)


class Told:
    def __init__(self, name: str = "told", error: Exception | None = None) -> None:
        self.name, self.error, self.heard = name, error, list[object]()

    def begin(self, run_id: str) -> None:
        self._hear(run_id)

    def end(self, ended: Ended) -> None:
        self._hear(ended.summary)

    def _hear(self, what: object) -> None:
        self.heard.append(what)
        if self.error:
            raise self.error


def test_all_are_told_although_one_fails(caplog: pytest.LogCaptureFixture) -> None:
    broken, whole = Told("report.html", OSError("disk full")), Told()
    with caplog.at_level(logging.WARNING):
        begin_all([broken, whole], "r1")
        end_all([broken, whole], Ended(SUMMARY, NOW, lambda: None))
    assert broken.heard == whole.heard == ["r1", SUMMARY]
    assert len(caplog.records) == 2
    assert all("sink.failed" in record.getMessage() for record in caplog.records)


def test_after_a_signal_all_of_them_share_a_moment(caplog: pytest.LogCaptureFixture) -> None:
    now = 100.0

    class Slow(Told):
        def end(self, ended: Ended) -> None:
            nonlocal now
            self.heard.append(ended.seconds)
            now += 1.5

    sinks = [Slow(), Slow(), Slow("late")]
    with caplog.at_level(logging.WARNING):
        end_all_soon(sinks, Ended(SUMMARY, NOW, lambda: None), lambda: now)
    assert [sink.heard for sink in sinks] == [[SECONDS_STOPPED], [pytest.approx(SECONDS_STOPPED - 1.5)], []]
    assert [record.getMessage() for record in caplog.records] == ["sink.failed"]

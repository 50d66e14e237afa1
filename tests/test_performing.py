"""A run with its surroundings: what it is told to, and that the checkpoint is read for sinks once, when asked."""

from __future__ import annotations

import signal
from pathlib import Path

import msgspec
import pytest
from checkpoint_sample import NOW
from test_sinks import Told

from musicdiff_job import bootstrap, telling
from musicdiff_job import settings as settings_loader
from musicdiff_job.clock import StopFlag, SystemClock
from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.errors import ConfigError
from musicdiff_job.core.outcome import ExitCodes, Outcome
from musicdiff_job.core.secret import Redactor
from musicdiff_job.core.summary import Summary
from musicdiff_job.performing import Surroundings, Wish, perform_and_tell, refuse_and_tell
from musicdiff_job.report.silent import Silent
from musicdiff_job.session import Job
from musicdiff_job.sinks import SECONDS, SECONDS_STOPPED, Ended

SUMMARY = Summary("r1", Outcome.MORE_TO_DO, "2026-11-21T12:00:00Z", "2026-11-21T12:00:04Z", 4.0)


class Keeping(Told):
    def end(self, ended: Ended) -> None:
        self.heard.append(ended)


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    loaded = settings_loader.load(env={"HOME": str(tmp_path)}, cwd=tmp_path)
    stop = StopFlag()
    clock = SystemClock(stop)
    return Surroundings(loaded, stop, clock, Redactor(), bootstrap.open_store(loaded.settings, clock), "r1")


def work(_job: Job) -> Summary:
    return SUMMARY


def test_a_sink_gets_the_summary_with_its_exit_code(around: Surroundings) -> None:
    sink = Keeping()
    summary = perform_and_tell(around, Wish(), Silent(), work, codes=ExitCodes.DETAILED, sinks=[sink])
    began, ended = sink.heard
    assert began == "r1"
    assert isinstance(ended, Ended)
    assert ended.summary == summary == msgspec.structs.replace(SUMMARY, exit_code=10)
    assert ended.seconds == SECONDS


def test_a_sink_reads_the_checkpoint_as_the_run_left_it(around: Surroundings) -> None:
    def write(job: Job) -> Summary:
        with job.store.lease("r1", NOW) as lease:
            lease.save(Checkpoint(accounts={}, runs=(SUMMARY,)), last=True)
        return SUMMARY

    sink = Keeping()
    perform_and_tell(around, Wish(), Silent(), write, sinks=[sink])
    ended = sink.heard[-1]
    assert isinstance(ended, Ended)
    seen = ended.look()
    assert seen is not None
    assert seen.runs == (SUMMARY,)
    assert ended.look() is seen


def test_after_a_signal_a_sink_has_little_time(around: Surroundings) -> None:
    sink = Keeping()
    around.stop.set(signal.SIGTERM)
    perform_and_tell(around, Wish(), Silent(), work, sinks=[sink])
    ended = sink.heard[-1]
    assert isinstance(ended, Ended)
    assert 0 < ended.seconds <= SECONDS_STOPPED


def test_a_dry_run_opens_no_sink(around: Surroundings, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = Keeping()
    monkeypatch.setattr(telling, "open_sinks", lambda *_: (sink,))
    perform_and_tell(around, Wish(dry_run=True), Silent(), work)
    assert not sink.heard
    perform_and_tell(around, Wish(), Silent(), work)
    assert len(sink.heard) == 2


def test_settings_that_cannot_be_read_are_told_as_well(around: Surroundings, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = Keeping()
    monkeypatch.setattr(telling, "open_sinks", lambda loaded, _: (sink,) if loaded is None else ())
    refused = refuse_and_tell(ConfigError(["a.b: no"]), around.stop, around.clock, "default", ExitCodes.SIMPLE)
    (ended,) = sink.heard
    assert isinstance(ended, Ended)
    assert ended.summary == refused
    assert (refused.outcome, refused.exit_code) == (Outcome.CONFIG, 78)


def test_sinks_that_cannot_be_opened_end_the_run_before_it_begins(
    around: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_sinks(loaded: object, *_: object) -> tuple[Keeping, ...]:
        if loaded is not None:
            raise ConfigError(["report.html: no boto3"])
        return (sink,)

    sink = Keeping()
    monkeypatch.setattr(telling, "open_sinks", open_sinks)
    summary = perform_and_tell(around, Wish(), Silent(), work)
    assert (summary.outcome, summary.exit_code) == (Outcome.CONFIG, 78)
    (ended,) = sink.heard
    assert isinstance(ended, Ended)
    assert ended.summary == summary

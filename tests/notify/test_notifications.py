"""Runs told by real messages, and remembered in a real checkpoint."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from checkpoint_sample import LOST, NOW, run_summary, sample
from endpoints import Endpoint
from rig import open_rig

from musicdiff_job import bootstrap
from musicdiff_job import settings as settings_loader
from musicdiff_job.clock import StopFlag, SystemClock
from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.core.summary import ErrorLine, Summary, Totals
from musicdiff_job.core.told import NotifyOn
from musicdiff_job.notify import delivery
from musicdiff_job.notify.notifications import Notifications
from musicdiff_job.performing import Surroundings, Wish, perform_and_tell, run_id
from musicdiff_job.report.silent import Silent
from musicdiff_job.settings.recipients import Recipient, recipients
from musicdiff_job.sinks import Ended, end_all
from musicdiff_job.store.file import FileStore

EVERY = tuple(NotifyOn)


class Stage:
    """A checkpoint, and somebody to tell."""

    def __init__(self, folder: Path, *told: Recipient, checkpoint: Checkpoint | None = None) -> None:
        self.path = folder / "checkpoint.json"
        self.recipients = told
        self.count = 0
        if checkpoint is not None:
            self.save(checkpoint, "earlier")

    @property
    def store(self) -> FileStore:
        return FileStore(self.path, clock=SystemClock(StopFlag()), app_version="test")

    def save(self, checkpoint: Checkpoint, run_id: str) -> None:
        with self.store.lease(run_id, NOW + timedelta(minutes=1)) as lease:
            lease.load()
            lease.save(checkpoint)

    def sink(self, ends: date | None = None) -> Notifications:
        env = {"HOME": str(self.path.parent)}
        redactor = Redactor()
        return Notifications(self.recipients, ends, self.store, str(self.path), env, redactor, time.monotonic)

    def then(self, outcome: Outcome, *errors: ErrorLine, saved: bool = True, ends: date | None = None) -> bytes:
        """A run, and what the checkpoint is before it is told."""
        self.count += 1
        summary = run_summary(20, outcome, 0, errors=errors)
        calls = {"spotify": 1, "deezer": 1, "auth": 0}
        summary = msgspec.structs.replace(
            summary, run_id=f"run-{self.count}", new_playlists=(), totals=Totals(), api_calls=calls
        )
        if saved:
            self.save((self.store.peek() or Checkpoint()).with_run(summary), summary.run_id)
        before = self.path.read_bytes() if self.path.exists() else b""
        end_all([self.sink(ends)], Ended(summary, NOW, self.store.peek))
        return before


@pytest.fixture
def one(tmp_path: Path, endpoint: Endpoint) -> Iterator[Stage]:
    yield Stage(tmp_path, *to(endpoint.url))


def to(*urls: str) -> tuple[Recipient, ...]:
    return recipients(tuple(Secret(url.replace("http://", "json://")) for url in urls), EVERY)


def titles(endpoint: Endpoint) -> list[str]:
    return [json.loads(asked.body)["title"] for asked in endpoint.asked]


EXPIRED = ErrorLine("", "token expired", "`musicdiff-job auth spotify`")


def test_ten_failures_are_told_once_and_their_end_once(one: Stage, endpoint: Endpoint) -> None:
    for _ in range(10):
        one.then(Outcome.AUTH, EXPIRED)
    one.then(Outcome.IN_SYNC)
    one.then(Outcome.IN_SYNC)
    assert titles(endpoint) == [
        "musicdiff: auth: credentials refused or expired",
        "musicdiff: works again, and 1 more",  # the first sync is complete as well
    ]
    assert "token expired. `musicdiff-job auth spotify`" in json.loads(endpoint.asked[0].body)["message"]


def test_a_run_that_tells_nothing_writes_nothing_and_loads_nothing(
    one: Stage, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.then(Outcome.AUTH, EXPIRED)
    monkeypatch.setattr(delivery, "_send", None)
    for outcome in (Outcome.AUTH, Outcome.RATE_LIMITED):
        before = one.then(outcome, EXPIRED)
        assert one.path.read_bytes() == before
    assert len(endpoint.asked) == 1


def test_what_was_told_is_in_the_checkpoint_and_the_state_before_the_run_is_kept(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    stage = Stage(tmp_path, *to(endpoint.url), checkpoint=sample())
    stage.then(Outcome.CHANGED)
    kept = stage.store.peek()
    assert kept is not None
    assert kept.told is not None
    assert kept.told.unmatched == (LOST,)
    assert msgspec.structs.replace(kept, told=None, runs=kept.runs[:-1], failed_runs=0) == sample()
    assert stage.store.restore_previous().run_id == "earlier"
    assert stage.store.peek() == sample()


def test_nothing_is_remembered_of_what_did_not_arrive(
    one: Stage, endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.status = lambda number: 500
    with caplog.at_level(logging.WARNING):
        before = one.then(Outcome.AUTH, EXPIRED)
    assert one.path.read_bytes() == before
    (record,) = [record for record in caplog.records if record.getMessage() == "notify.failed"]
    fields: dict[str, Any] = record.__dict__["fields"]
    assert fields["reason"] == "failed"
    assert fields["to"].startswith("json://127.0.0.1")
    endpoint.status = lambda number: 200
    one.then(Outcome.AUTH, EXPIRED)
    one.then(Outcome.AUTH, EXPIRED)
    assert len(endpoint.asked) == 2


def test_each_address_is_told_of_its_own_occasions(tmp_path: Path, endpoint: Endpoint) -> None:
    urls = (f"{endpoint.url}/all", f"conflict={endpoint.url}/ask", f"auth,failure={endpoint.url}/down")
    stage = Stage(tmp_path, *to(*urls), checkpoint=sample())
    stage.then(Outcome.CONFLICT)
    bodies = {asked.path: json.loads(asked.body) for asked in endpoint.asked}
    assert set(bodies) == {"/all", "/ask"}
    assert bodies["/ask"]["title"] == "musicdiff: 1 question for you"
    assert bodies["/all"]["title"] == "musicdiff: 1 question for you, and 2 more"


def test_what_one_of_two_got_is_not_told_again(tmp_path: Path, endpoint: Endpoint) -> None:
    stage = Stage(
        tmp_path, *to(f"conflict={endpoint.url}/ask", "unmatched=http://127.0.0.1:9/lost"), checkpoint=sample()
    )
    stage.then(Outcome.CONFLICT)
    kept = stage.store.peek()
    assert kept is not None
    assert kept.told is not None
    assert len(kept.told.conflicts) == 1
    assert kept.told.unmatched == (), "nobody was told of the track"


@pytest.mark.parametrize("outcome", [Outcome.CHECKPOINT_INVALID, Outcome.CHECKPOINT_UNWRITABLE, Outcome.CONFIG])
def test_where_the_checkpoint_cannot_remember_a_file_does(one: Stage, endpoint: Endpoint, outcome: Outcome) -> None:
    one.path.write_bytes(b"damaged")
    for _ in range(3):
        one.then(outcome, ErrorLine("", "it is broken"), saved=False)
    assert len(endpoint.asked) == 1
    assert one.path.read_bytes() == b"damaged"
    aside = one.path.with_name("checkpoint.json.told")
    assert aside.exists()
    one.path.unlink()
    one.then(Outcome.IN_SYNC)
    assert titles(endpoint)[1] == "musicdiff: works again, and 1 more"
    assert not aside.exists()
    one.then(Outcome.IN_SYNC)
    assert len(endpoint.asked) == 2


def test_while_another_run_holds_the_lease_it_is_told_again(
    one: Stage, endpoint: Endpoint, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = run_summary(20, Outcome.AUTH, 0, errors=(EXPIRED,))
    one.save(Checkpoint().with_run(summary), summary.run_id)
    with one.store.lease("other", NOW + timedelta(minutes=1)), caplog.at_level(logging.WARNING):
        end_all([one.sink()], Ended(summary, NOW, one.store.peek))
    assert [record.getMessage() for record in caplog.records] == ["notify.not_remembered"]
    end_all([one.sink()], Ended(summary, NOW, one.store.peek))
    end_all([one.sink()], Ended(summary, NOW, one.store.peek))
    assert len(endpoint.asked) == 2


def test_the_end_of_the_consent_is_told(one: Stage, endpoint: Endpoint) -> None:
    for _ in range(2):
        one.then(Outcome.RATE_LIMITED, ends=NOW.date() + timedelta(days=14))
    assert titles(endpoint) == ["musicdiff: Spotify's consent ends in 14 days"]


def test_a_secret_in_an_error_is_not_sent(tmp_path: Path, endpoint: Endpoint) -> None:
    stage = Stage(tmp_path, *to(endpoint.url))
    stage.then(Outcome.CRASH, ErrorLine("https://u:hunter22@host/", "GET /?access_token=abcdef failed"))
    (asked,) = endpoint.asked
    assert b"hunter22" not in asked.body
    assert b"abcdef" not in asked.body


def test_a_summary_is_all_it_needs(tmp_path: Path, endpoint: Endpoint) -> None:
    summary = Summary("r1", Outcome.CONFIG, "2026-11-21T12:00:00Z", "2026-11-21T12:00:04Z", 4.0)
    sink = Notifications(to(endpoint.url), None, None, "", {}, Redactor(), time.monotonic)
    for _ in range(2):
        end_all([sink], Ended(summary, NOW, lambda: None))
    assert len(endpoint.asked) == 2, "with no place to remember it in, it is told each time"


def test_real_runs_are_told_pinged_and_measured(tmp_path: Path, endpoint: Endpoint) -> None:
    """Failures of one cause once, their end once; the exit codes are the runs' own."""
    told = {
        "MUSICDIFF_NOTIFY_URLS": f"{endpoint.url.replace('http', 'json')}/told",
        "MUSICDIFF_HEALTH_PING_URL": f"{endpoint.url}/ping",
        "MUSICDIFF_METRICS_TEXTFILE": str(tmp_path / "musicdiff.prom"),
        "HOME": str(tmp_path),
    }
    codes = []
    with open_rig(tmp_path) as rig:
        for arl in ("f" * 192, "f" * 192, "f" * 192, "", ""):
            wrong = {"DEEZER_ARL": arl} if arl else {}
            stop = StopFlag()
            clock = SystemClock(stop)
            known = settings_loader.load(env={**rig.environment(**told), **wrong}, cwd=tmp_path)
            redactor = Redactor()
            redactor.learn(*known.secrets())
            store = bootstrap.open_store(known.settings, clock, stop)
            around = Surroundings(known, stop, clock, redactor, store, run_id(clock.now()))
            codes.append(perform_and_tell(around, Wish(), Silent()).exit_code)
    assert codes == [77, 77, 77, 0, 0]
    messages = [asked for asked in endpoint.asked if asked.path == "/told"]
    assert [json.loads(asked.body)["title"] for asked in messages] == [
        "musicdiff: auth: credentials refused or expired",
        "musicdiff: works again, and 2 more",  # complete, and tracks without a counterpart
    ]
    pings = [asked.path.partition("?")[0] for asked in endpoint.asked if asked.path.startswith("/ping")]
    assert pings == ["/ping/start", "/ping/fail"] * 3 + ["/ping/start", "/ping"] * 2
    assert 'musicdiff_failed_runs_in_a_row{profile="default"} 0.0' in (tmp_path / "musicdiff.prom").read_text()
    kept = rig.checkpoint()
    assert kept.told is not None
    assert kept.told.completed
    assert not kept.told.causes

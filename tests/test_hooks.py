"""The user's own commands around a run, as real processes."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from checkpoint_sample import NOW

from musicdiff_job import bootstrap
from musicdiff_job import settings as settings_loader
from musicdiff_job.clock import StopFlag, SystemClock
from musicdiff_job.core.errors import ConfigError, Interrupted
from musicdiff_job.core.outcome import TABLE, Outcome
from musicdiff_job.core.secret import Redactor
from musicdiff_job.core.summary import ErrorLine, Summary
from musicdiff_job.hooks import AFTER, OUTPUT_AT_MOST, After, AfterHooks, HookFailed, clean_environment, refusal, run
from musicdiff_job.performing import Surroundings, Wish, perform_and_tell
from musicdiff_job.report.silent import Silent
from musicdiff_job.session import Job
from musicdiff_job.settings import Loaded
from musicdiff_job.sinks import Ended

CLOCK = SystemClock(StopFlag())
ENV = {"PATH": os.environ["PATH"]}


def summary(outcome: Outcome = Outcome.CHANGED) -> Summary:
    line = ErrorLine("Gym", "GET /?access_token=abcdef")
    return Summary("r1", outcome, "2026-11-21T12:00:00Z", "2026-11-21T12:00:04Z", 4.0, errors=(line,))


def loaded(folder: Path, **hooks: list[str]) -> Loaded:
    env = {"HOME": str(folder)} | {f"MUSICDIFF_HOOKS_{name.upper()}": json.dumps(argv) for name, argv in hooks.items()}
    return settings_loader.load(env=env, cwd=folder)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def around(folder: Path, stop: StopFlag, **hooks: list[str]) -> Surroundings:
    known, clock = loaded(folder, **hooks), SystemClock(stop)
    return Surroundings(known, stop, clock, Redactor(), bootstrap.open_store(known.settings, clock), "r1")


def forbidden(job: Job) -> Summary:
    raise AssertionError("the run has begun")


class Heard:
    name = "heard"

    def __init__(self) -> None:
        self.said: list[str] = []

    def begin(self, run_id: str) -> None:
        self.said.append("begin")

    def end(self, ended: Ended) -> None:
        self.said.append(ended.summary.outcome.value)


def test_a_run_that_the_hook_does_not_want_does_not_take_place(tmp_path: Path) -> None:
    sink = Heard()
    ended = perform_and_tell(
        around(tmp_path, StopFlag(), before=["sh", "-c", "exit 3"]), Wish(), Silent(), forbidden, sinks=[sink]
    )
    assert (ended.outcome, ended.exit_code, ended.run_id) == (Outcome.PAUSED, 0, "r1")
    assert ended.errors == (ErrorLine("", "hooks.before (sh) said not now (exit status 3)"),)
    assert list(tmp_path.iterdir()) == [], "neither lock nor checkpoint"
    assert sink.said == ["paused"]


def test_a_run_that_it_wants_does_and_a_dry_run_asks_nobody(tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    surroundings = around(tmp_path, StopFlag(), before=["touch", str(asked)])
    perform_and_tell(surroundings, Wish(dry_run=True), Silent(), lambda job: summary(), sinks=[])
    assert not asked.exists()
    ended = perform_and_tell(surroundings, Wish(), Silent(), lambda job: summary(), sinks=[])
    assert ended.outcome is Outcome.CHANGED
    assert asked.exists()


def test_a_hook_that_is_not_there_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("no program")
    for program in ("no-such-program", str(tmp_path / "plain")):
        ended = perform_and_tell(around(tmp_path, StopFlag(), before=[program]), Wish(), Silent(), forbidden, sinks=[])
        assert (ended.outcome, ended.exit_code) == (Outcome.CONFIG, 78)
        assert program in ended.errors[0].message
    with pytest.raises(ConfigError, match=r"hooks\.before"):
        refusal(loaded(tmp_path, before=["no-such-program"]), ENV, CLOCK, StopFlag())


def test_a_signal_ends_the_hook_and_the_run(tmp_path: Path) -> None:
    stop, begun = StopFlag(), tmp_path / "begun"
    hook = ["sh", "-c", f"trap '' TERM; touch {begun}; sleep 60 & wait; sleep 60"]

    def watch() -> None:
        while not begun.exists():
            os.sched_yield()
        stop.set(signal.SIGTERM)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    ended = perform_and_tell(around(tmp_path, stop, before=hook), Wish(), Silent(), forbidden, sinks=[])
    assert (ended.outcome, ended.exit_code) == (Outcome.INTERRUPTED, 143)
    stopped = StopFlag()
    stopped.set(signal.SIGTERM)
    with pytest.raises(Interrupted):
        refusal(loaded(tmp_path, before=["sleep", "60"]), ENV, CLOCK, stopped)


def test_when_its_time_is_over_it_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    child = tmp_path / "child"
    hook = ("sh", "-c", f"sleep 600 & echo $! > {child}; wait")

    class Impatient(SystemClock):
        asked = 0

        def monotonic(self) -> float:
            self.asked += 1
            is_late = self.asked > 1 and child.exists() and child.read_text().strip()
            return super().monotonic() + (1_000.0 if is_late else 0.0)

    assert run(hook, "before", b"", 500.0, ENV, Impatient(StopFlag()), None) is None
    number = int(child.read_text())
    state = Path(f"/proc/{number}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


def test_the_summary_is_on_its_standard_input(tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    hooks = loaded(tmp_path, after_success=["sh", "-c", f"cat > {told}"], after_failure=["sh", "-c", f"echo > {told}"])
    AfterHooks(hooks, ENV, Redactor(), CLOCK).end(Ended(summary(), NOW, lambda: None))
    document = json.loads(told.read_text())
    assert (document["run_id"], document["outcome"]) == ("r1", "changed")
    assert "abcdef" not in told.read_text()
    AfterHooks(hooks, ENV, Redactor(), CLOCK).end(Ended(summary(Outcome.AUTH), NOW, lambda: None))
    assert told.read_text() == "\n"
    AfterHooks(hooks, ENV, Redactor(), CLOCK).end(Ended(summary(Outcome.LOCKED), NOW, lambda: None))
    assert told.read_text() == "\n", "there is nothing to act on"


def test_each_outcome_has_its_hook_or_none() -> None:
    assert set(AFTER) == set(Outcome)
    for outcome, after in AFTER.items():
        assert (after is After.FAILURE) == (not TABLE[outcome].healthy)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["sh", "-c", "exit 4"], "hooks.after_success: sh ended with exit status 4"),
        (["no-such-program"], "hooks.after_success: no-such-program cannot be run (No such file or directory)"),
        (["sleep", "60"], "hooks.after_success: sleep was not done after 0 s and was ended"),
    ],
)
def test_what_goes_wrong_after_a_run_is_said(tmp_path: Path, argv: list[str], said: str) -> None:
    sink = AfterHooks(loaded(tmp_path, after_success=argv), ENV, Redactor(), CLOCK)
    seconds = 0.2 if argv[0] == "sleep" else 30.0
    with pytest.raises(HookFailed) as told:
        sink.end(Ended(summary(), NOW, lambda: None, seconds))
    assert str(told.value) == said


def test_it_sees_no_secret(tmp_path: Path) -> None:
    secrets = {
        "SPOTIFY_CLIENT_ID": "the-id", "SPOTIFY_REFRESH_TOKEN": "refresh-sesame", "DEEZER_ARL": "arl-sesame-12345",
        "MUSICDIFF_NOTIFY_URLS": "json://u:hunter22@h/", "MUSICDIFF_HEALTH_PING_URL": "https://hc.example/key-sesame-1234",
    }  # fmt: skip
    known = settings_loader.load(env={"HOME": str(tmp_path), **secrets}, cwd=tmp_path)
    copied = {"COPY": "xx arl-sesame-12345 xx", "DEEZER_ARL_FILE": "/run/arl"}
    kept = clean_environment(known, {**ENV, **secrets, **copied, "LANG": "C", "MUSICDIFF_PROFILE": "alice"})
    assert kept == {**ENV, "LANG": "C", "MUSICDIFF_PROFILE": "alice", "DEEZER_ARL_FILE": "/run/arl"}


def test_what_it_says_is_logged_in_part_and_holds_nobody_up(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="musicdiff_job"):
        status = run(tuple(python("print('x' * 1_000_000)")), "before", b"unread" * 100_000, 30.0, ENV, CLOCK, None)
    assert status == 0
    (record,) = caplog.records
    fields: dict[str, Any] = record.__dict__["fields"]
    assert fields["output"] == "x" * OUTPUT_AT_MOST
    assert record.levelno == logging.DEBUG

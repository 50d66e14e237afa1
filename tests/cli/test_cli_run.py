"""``run`` end to end against the sandbox: what it prints, writes and exits with."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from checkpoint_sample import NOW, sample
from command_line import CommandLine

from musicdiff_job.cli.session import Session
from musicdiff_job.core.checkpoint import Checkpoint, NotBefore, Pause
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.summary import Summary
from musicdiff_job.core.timestamps import to_iso
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.world import synthetic_world


@pytest.fixture
def sandbox(command: CommandLine) -> Iterator[Sandbox]:
    with Sandbox(synthetic_world(1, 3, 1)) as served:
        command.env |= served.environment() | {"MUSICDIFF_DEEZER_WRITE_INTERVAL": "0s"}
        yield served


def last_line(text: str) -> Summary:
    return msgspec.json.decode(text.rstrip().splitlines()[-1], type=Summary)


def test_the_last_line_on_stdout_is_the_summary(command: CommandLine, sandbox: Sandbox) -> None:
    result = command("run", "--summary-file", "summary.json")
    assert result.exit_code == 0
    summary = last_line(result.stdout)
    assert (summary.outcome, summary.exit_code, summary.totals.added) == ("changed", 0, 4)
    written = command.home / "summary.json"
    assert last_line(written.read_text()) == summary
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert last_line(command("run").stdout).outcome == "in_sync"


def test_quiet_says_nothing_when_all_is_well(command: CommandLine, sandbox: Sandbox) -> None:
    result = command("run", "-q", "--summary-file", "summary.json")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert last_line((command.home / "summary.json").read_text()).outcome == "changed"


def test_quiet_leaves_warnings_out_too(command: CommandLine, sandbox: Sandbox) -> None:
    env_file = command.home / "env"
    env_file.write_text("UNRELATED=1\n")
    env_file.chmod(0o644)
    assert "settings.warning" in command("run", "--env-file", "env").stderr
    assert command("run", "--env-file", "env", "-q").output == ""


def test_a_dry_run_leaves_no_trace(command: CommandLine, sandbox: Sandbox) -> None:
    summary = last_line(command("run", "--dry-run").stdout)
    assert summary.dry_run
    assert summary.totals.added == 4
    assert command.store.peek() is None
    assert not sandbox.deezer.write_counts()


@pytest.mark.parametrize(("codes", "status"), [("simple", 0), ("detailed", 13)])
def test_paused_makes_no_call(codes: str, status: int, command: CommandLine, sandbox: Sandbox) -> None:
    command.keep(Checkpoint(paused=Pause("2026-11-21T00:00:00Z", "holiday")))
    result = command("run", "--exit-codes", codes, "--summary-file", "summary.json")
    assert result.exit_code == status
    summary = last_line(result.stdout)
    assert (summary.outcome, summary.exit_code) == ("paused", status)
    assert last_line((command.home / "summary.json").read_text()) == summary
    assert [sandbox.calls(name) for name in ("spotify", "deezer", "auth")] == [0, 0, 0]


@pytest.mark.parametrize(("codes", "status"), [("simple", 0), ("detailed", 12)])
def test_locked_is_said_in_the_summary(codes: str, status: int, command: CommandLine, sandbox: Sandbox) -> None:
    with command.store.lease("other", NOW + timedelta(hours=1)):
        result = command("run", "--exit-codes", codes, "--summary-file", "summary.json")
    assert result.exit_code == status
    assert last_line((command.home / "summary.json").read_text()).outcome == "locked"


def test_a_wait_says_until_when(command: CommandLine, sandbox: Sandbox) -> None:
    until = to_iso(datetime.now(UTC) + timedelta(days=30))  # noqa: TID251 - the command's clock is the machine's
    command.keep(Checkpoint(not_before={"spotify": NotBefore(until, ""), "deezer": NotBefore(until, "")}))
    result = command("run", "--exit-codes", "detailed")
    assert result.exit_code == 11
    assert last_line(result.stdout).retry_at == until


def test_missing_credentials_are_77_and_say_how_to_get_them(command: CommandLine) -> None:
    result = command("run", "-q", "--summary-file", "summary.json")
    assert result.exit_code == 77
    assert result.stdout == ""
    assert "musicdiff-job auth spotify" in result.stderr
    assert last_line((command.home / "summary.json").read_text()).outcome == "auth"


def test_wrong_settings_are_78_in_the_summary_too(command: CommandLine) -> None:
    command.env |= {"MUSICDIFF_BUDGET_TIME": "soon", "MUSICDIFF_BUDGET_CALLS": "many"}
    result = command("run", "--summary-file", "summary.json")
    assert result.exit_code == 78
    assert "MUSICDIFF_BUDGET_TIME" in result.stderr
    summary = last_line(result.stdout)
    assert (summary.outcome, summary.exit_code) == ("config", 78)
    assert len(summary.errors) == 2
    assert "MUSICDIFF_BUDGET_TIME" in summary.errors[0].message + summary.errors[1].message
    assert last_line((command.home / "summary.json").read_text()) == summary


def test_a_damaged_checkpoint_is_65_and_untouched(command: CommandLine, sandbox: Sandbox) -> None:
    command.path.write_text("{}")
    result = command("run")
    assert (result.exit_code, last_line(result.stdout).outcome) == (65, "checkpoint_invalid")
    assert command.path.read_text() == "{}"


def test_a_summary_that_cannot_be_written_changes_nothing(command: CommandLine, sandbox: Sandbox) -> None:
    result = command("run", "--summary-file", "no/such/folder/summary.json")
    assert result.exit_code == 0
    assert "the summary cannot be written to no/such/folder/summary.json" in result.stderr


def test_no_token_is_in_any_output(command: CommandLine, sandbox: Sandbox) -> None:
    result = command("run", "-vv")
    for name, value in sandbox.environment().items():
        if name in {"SPOTIFY_REFRESH_TOKEN", "SPOTIFY_CLIENT_SECRET", "DEEZER_ARL"}:
            assert value not in result.output


def test_the_trigger_is_in_the_summary(command: CommandLine, sandbox: Sandbox) -> None:
    command.env["GITHUB_ACTIONS"] = "true"
    assert last_line(command("run", "--max-calls", "1").stdout).trigger == "github"


def test_a_signal_ends_a_run_that_hangs_in_a_socket(command: CommandLine, sandbox: Sandbox, tmp_path: Path) -> None:
    """The first call never gets its answer, and nothing but the signal ends the wait."""
    sandbox.latency = 3600.0
    process = subprocess.Popen(
        [sys.executable, "-m", "musicdiff_job", "run", "-v", "--log-format", "json", "--summary-file", "s.json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
        env=command.env | {"PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if '"run.started"' in line:
            break
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 143
    assert json.loads(out.splitlines()[-1])["outcome"] == "interrupted"
    assert last_line((tmp_path / "s.json").read_text()).exit_code == 143


@pytest.mark.parametrize("outcome", [Outcome.INTERRUPTED, Outcome.CHECKPOINT_UNWRITABLE])
def test_after_a_signal_no_thread_is_waited_for(
    command: CommandLine, monkeypatch: pytest.MonkeyPatch, outcome: Outcome
) -> None:
    def stopped(session: Session, *_: object, **__: object) -> Summary:
        session.stop.set(signal.SIGTERM)
        return Summary("r", outcome, "2026-11-21T12:00:00Z", "2026-11-21T12:00:04Z", 4.0)

    left: list[int] = []
    monkeypatch.setattr("musicdiff_job.performing.perform", stopped)
    monkeypatch.setattr("musicdiff_job.cli.run.leave", left.append)
    result = command("run")
    assert left == [result.exit_code]
    assert last_line(result.stdout).outcome == outcome


def test_runs_are_remembered(command: CommandLine, sandbox: Sandbox) -> None:
    command("run")
    (run,) = command.json("history", "--json")["runs"]
    assert run["outcome"] == "changed"
    assert command.json("status", "--json")["last_run"] == run


def test_the_fields_of_the_summary_are_those_promised(command: CommandLine, sandbox: Sandbox) -> None:
    told = json.loads(command("run").stdout.splitlines()[-1])
    promised = {
        "schema", "run_id", "profile", "trigger", "started_at", "finished_at", "duration_seconds", "outcome",
        "exit_code", "retry_at", "api_calls", "totals", "matching", "collections", "new_playlists", "conflicts",
        "errors", "playback",
    }  # fmt: skip
    assert promised <= set(told)
    assert set(told["api_calls"]) == {"spotify", "deezer", "auth"}
    assert set(told["matching"]) == {"override", "cache", "isrc", "sweep", "search", "unmatched"}


def test_other_accounts_checkpoint_is_refused(command: CommandLine, sandbox: Sandbox) -> None:
    command.keep(msgspec.structs.replace(sample(), not_before={}))
    result = command("run", "--exit-codes", "detailed")
    assert (result.exit_code, last_line(result.stdout).outcome) == (77, "auth")

"""``apply`` against the sandbox: what it prints, writes and exits with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from command_line import CommandLine

from musicdiff_job.core.checkpoint import Checkpoint, Pause
from musicdiff_job.core.summary import Summary
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.world import synthetic_world


@pytest.fixture
def sandbox(command: CommandLine) -> Iterator[Sandbox]:
    with Sandbox(synthetic_world(1, 3, 1)) as served:
        command.env |= served.environment() | {"MUSICDIFF_DEEZER_WRITE_INTERVAL": "0s"}
        yield served


def last_line(text: str) -> Summary:
    return msgspec.json.decode(text.rstrip().splitlines()[-1], type=Summary)


def test_a_plan_is_applied_told_and_remembered(command: CommandLine, sandbox: Sandbox) -> None:
    command("plan", "-q", "-o", "plan.json")
    result = command("apply", "plan.json", "--summary-file", "summary.json")
    assert result.exit_code == 0
    summary = last_line(result.stdout)
    assert (summary.outcome, summary.totals.added, summary.lookups) == ("changed", 4, 0)
    assert last_line((command.home / "summary.json").read_text()) == summary
    assert command.kept().runs[-1].plan == summary.plan != ""
    assert command("apply", "plan.json", "-q").output == ""
    assert command("plan", "-q").stdout == "Nothing to change.\n"


def test_a_plan_that_no_longer_fits_exits_with_21_and_names_what_moved(command: CommandLine, sandbox: Sandbox) -> None:
    command("plan", "-q", "-o", "plan.json")
    sandbox.spotify.remove_at(sandbox.spotify.playlists()[0].id, 1)
    result = command("apply", "plan.json", "-q")
    assert (result.exit_code, result.stdout) == (21, "")
    assert "Synthetic 0001: it was edited on Spotify" in result.stderr
    assert "nothing was written" in result.stderr
    assert "Make a new plan" in result.stderr
    assert not sandbox.deezer.writes()


def test_what_a_budget_leaves_undone_the_same_command_goes_on_with(command: CommandLine, sandbox: Sandbox) -> None:
    command("plan", "-q", "-o", "plan.json")
    result = command("apply", "plan.json", "--max-calls", "6", "--exit-codes", "detailed")
    assert (result.exit_code, last_line(result.stdout).outcome) == (10, "more_to_do")
    for _ in range(10):
        result = command("apply", "plan.json", "--max-calls", "6", "--exit-codes", "detailed")
        if result.exit_code != 10:
            break
    assert result.exit_code == 0
    assert sandbox.deezer.refused_duplicates() == 0
    assert len(sandbox.deezer.state().playlists["Synthetic 0001"]) == 3


def test_paused_is_paused(command: CommandLine, sandbox: Sandbox) -> None:
    command("plan", "-q", "-o", "plan.json")
    command.keep(Checkpoint(paused=Pause("2026-11-21T00:00:00Z", "holiday")))
    assert last_line(command("apply", "plan.json").stdout).outcome == "paused"
    assert not sandbox.deezer.writes()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a plan"),
        (b"\x00\xff", "not a plan"),
        (b'{"format": "musicdiff-checkpoint", "schema": 1}', "the file is not a plan"),
        (
            b'{"format": "musicdiff-plan", "schema": 2, "app_version": "9.9"}',
            "schema 2, written by musicdiff_job '9.9'",
        ),
        (b'{"format": "musicdiff-plan", "schema": 1}', "not a plan as it was written"),
    ],
)
def test_a_file_that_is_no_plan_is_a_usage_error(
    content: bytes, said: str, command: CommandLine, sandbox: Sandbox
) -> None:
    Path("plan.json").write_bytes(content)
    result = command("apply", "plan.json", "--summary-file", "summary.json")
    assert result.exit_code == 64
    assert said in result.output
    assert json.loads((command.home / "summary.json").read_text())["outcome"] == "usage"
    assert sandbox.calls("spotify") == 0


def test_a_plan_that_is_not_there_is_a_usage_error(command: CommandLine, sandbox: Sandbox) -> None:
    result = command("apply", "no/plan.json", "-q")
    assert result.exit_code == 64
    assert "cannot be read" in result.stderr

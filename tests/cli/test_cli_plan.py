"""``plan`` against the sandbox."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator

import pytest
from command_line import CommandLine

from musicdiff_job.core.checkpoint import Checkpoint, Pause
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.world import synthetic_world


@pytest.fixture
def sandbox(command: CommandLine) -> Iterator[Sandbox]:
    with Sandbox(synthetic_world(1, 3, 1)) as served:
        command.env |= served.environment() | {"MUSICDIFF_DEEZER_WRITE_INTERVAL": "0s"}
        yield served


def test_a_plan_names_what_would_come_and_writes_nothing(command: CommandLine, sandbox: Sandbox) -> None:
    result = command("plan", "--log-format", "text", "-q", "-o", "plan.json")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert "  + new playlist (private)" in lines
    assert sum(line.startswith("  + ") for line in lines) == 5
    assert all(" - " in line for line in lines if line.startswith("  + ") and "new playlist" not in line)
    document = json.loads((command.home / "plan.json").read_text())
    assert {one["name"] for one in document["collections"]} == {"Synthetic 0001", "Liked Songs"}
    assert all(one["snapshot"] for one in document["collections"])
    assert stat.S_IMODE((command.home / "plan.json").stat().st_mode) == 0o600
    assert command.store.peek() is None
    assert not sandbox.deezer.write_counts()


def test_after_a_run_the_plan_is_empty_until_something_changes(command: CommandLine, sandbox: Sandbox) -> None:
    command("run", "-q")
    assert command("plan", "-q").stdout == "Nothing to change.\n"
    sandbox.spotify.remove_at(sandbox.spotify.playlists()[0].id, 1)
    lines = command("plan", "-q", "-o", "plan.json").stdout.splitlines()
    assert [line[:4] for line in lines[:2]] == ["Synt", "  - "]
    assert " - " in lines[1][4:]
    (collection,) = json.loads((command.home / "plan.json").read_text())["collections"]
    assert [head["fingerprint"] for head in collection["shown"].values()] != [""]
    assert list(collection["names"].values()) == [lines[1][4:]]
    assert collection["changes"][0]["type"] == "remove"


def test_a_plan_that_is_not_whole_says_so(command: CommandLine, sandbox: Sandbox) -> None:
    command.keep(Checkpoint(paused=Pause("2026-11-21T00:00:00Z", "holiday")))
    result = command("plan", "-q")
    assert "paused" in result.stderr
    assert "holiday" in result.stderr


def test_without_a_look_nothing_is_said_to_be_fine(command: CommandLine, sandbox: Sandbox) -> None:
    command("run")
    command("pause")
    told = command("plan", "-o", "plan.json")
    assert "Nothing to change" not in told.stdout
    assert not (command.home / "plan.json").exists()


def test_a_plan_that_cannot_be_written_is_an_error(command: CommandLine, sandbox: Sandbox) -> None:
    result = command("plan", "-q", "-o", "no/such/folder/plan.json")
    assert result.exit_code == 64
    assert "the plan cannot be written" in result.stderr

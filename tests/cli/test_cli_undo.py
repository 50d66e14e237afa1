"""``undo`` against the sandbox: listed, shown, written down, carried out."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from command_line import CommandLine

from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.world import synthetic_world

NAME = "Synthetic 0001"


@pytest.fixture
def sandbox(command: CommandLine) -> Iterator[Sandbox]:
    """A list of which a run has removed the second track."""
    with Sandbox(synthetic_world(1, 4, 1)) as served:
        command.env |= served.environment() | {"MUSICDIFF_DEEZER_WRITE_INTERVAL": "0s"}
        command("run", "-q")
        served.spotify.remove_at(served.spotify.playlists()[0].id, 1)
        yield served


def remove(command: CommandLine, sandbox: Sandbox) -> tuple[str, tuple[int, ...]]:
    """The run that removed it, and the list as it was."""
    before = sandbox.deezer.state().playlists[NAME]
    command("run", "-q")
    assert len(sandbox.deezer.state().playlists[NAME]) == 3
    sandbox.deezer.forget_writes()
    return command.kept().runs[-1].run_id, before


def test_it_is_shown_first_and_nothing_is_written(command: CommandLine, sandbox: Sandbox) -> None:
    run, _ = remove(command, sandbox)
    lines = command("undo", run, "-q").stdout.splitlines()
    assert lines[0] == f"{NAME} (+1)"
    assert lines[1].startswith("  + ")
    assert lines[2:] == ["  ~ new order of 4 tracks"]
    assert not sandbox.deezer.writes()


def test_the_plan_of_an_undo_is_applied(command: CommandLine, sandbox: Sandbox) -> None:
    run, before = remove(command, sandbox)
    command("undo", "last", "-o", "undo.json", "-q")
    assert json.loads((command.home / "undo.json").read_text())["run"] == run
    result = command("apply", "undo.json")
    assert result.exit_code == 0
    assert sandbox.deezer.state().playlists[NAME] == before
    command("run", "-q")
    assert sandbox.deezer.state().playlists[NAME] == before
    assert command("undo", run[:-2], "-q").stdout == "Nothing to change.\n"


def test_it_can_be_put_back_at_once(command: CommandLine, sandbox: Sandbox) -> None:
    _, before = remove(command, sandbox)
    result = command("undo", "last", "--apply", "--summary-file", "summary.json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["collections"][0]["added"] == 1
    assert json.loads((command.home / "summary.json").read_text())["totals"]["added"] == 1
    assert sandbox.deezer.state().playlists[NAME] == before


def test_a_plan_of_an_undo_is_refused_when_the_playlist_has_moved(command: CommandLine, sandbox: Sandbox) -> None:
    remove(command, sandbox)
    command("undo", "last", "-o", "undo.json", "-q")
    sandbox.deezer.remove_by_hand(NAME, sandbox.deezer.state().playlists[NAME][0])
    result = command("apply", "undo.json", "-q")
    assert result.exit_code == 21
    assert f"{NAME}: its playlist '{NAME}' was edited on Deezer" in result.stderr
    assert not sandbox.deezer.writes()


def test_what_can_be_undone_is_listed(command: CommandLine, sandbox: Sandbox) -> None:
    assert command("undo", "--list").stdout == "No run has removed anything lately.\n"
    run, _ = remove(command, sandbox)
    listed = command("undo", "--list").stdout
    assert run in listed
    assert "1 entry" in listed
    assert NAME in listed


@pytest.mark.parametrize("more", [(), ("--apply",)])
def test_a_run_of_which_nothing_is_remembered_is_a_usage_error(
    more: tuple[str, ...], command: CommandLine, sandbox: Sandbox
) -> None:
    result = command("undo", "2026", "-q", *more)
    assert result.exit_code == 64
    assert "undo --list" in result.stderr


@pytest.mark.parametrize(
    "arguments", [(), ("--list", "last"), ("--list", "--apply"), ("last", "--apply", "-o", "undo.json")]
)
def test_arguments_that_make_no_sense_together(arguments: tuple[str, ...], command: CommandLine) -> None:
    assert command("undo", *arguments).exit_code == 64

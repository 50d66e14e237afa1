"""The commands, with files as the target."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import CommandLine

from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.world import synthetic_world


@pytest.fixture
def sandbox(command: CommandLine, tmp_path: Path) -> Iterator[Sandbox]:
    (tmp_path / "musicdiff.toml").write_text('[target]\nkind = "files"\npath = "backup"\n')
    with Sandbox(synthetic_world(1, 4, 2)) as served:
        command.env |= {name: value for name, value in served.environment().items() if not name.startswith("DEEZER_")}
        yield served


def rows(home: Path) -> list[str]:
    text = (home / "backup" / "Synthetic 0001.jspf").read_text()
    return [row["title"] for row in json.loads(text)["playlist"]["track"]]


def test_a_backup_is_planned_applied_and_taken_back(command: CommandLine, sandbox: Sandbox) -> None:
    assert "Deezer: not needed" in command("auth", "status").stdout
    assert "Synthetic 0001 (+4)\n  + new playlist" in command("plan", "-q", "-o", "plan.json").stdout
    assert not (command.home / "backup").exists()
    applied = command("apply", "-q", "plan.json")
    assert applied.exit_code == 0, applied.output
    before = rows(command.home)
    assert len(before) == 4
    sandbox.spotify.remove_at(sandbox.spotify.playlists()[0].id, 1)
    assert command("run", "-q").exit_code == 0
    assert rows(command.home) == [before[0], *before[2:]]
    run = command.kept().runs[-1].run_id
    undone = command("undo", "-q", run, "--apply")
    assert undone.exit_code == 0, undone.output
    assert sorted(rows(command.home)) == sorted(before)
    listed = {one["name"]: one["state"] for one in command.json("playlists", "--json")["collections"]}
    assert listed == {"Synthetic 0001": "in_sync", "Liked Songs": "in_sync"}


def test_explain_does_not_ask_deezer(command: CommandLine, sandbox: Sandbox) -> None:
    command("run", "-q")
    track = next(iter(command.kept().matches))
    sandbox.close()
    told = command("explain", track)
    assert told.exit_code == 0, told.output
    assert "could not be asked" not in told.output

"""``init``: three questions at a terminal, none elsewhere, and a file that is nobody else's business."""

from __future__ import annotations

import os
import pty
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import CommandLine

from musicdiff_job import settings
from musicdiff_job.settings.choices import Entity, HandEdits
from musicdiff_job.settings.model import Settings


def written(command: CommandLine, name: str = "musicdiff.toml") -> Settings:
    file = command.home / name
    return settings.load(config=file, env={"HOME": str(command.home)}, cwd=command.home).settings


def test_without_a_terminal_nothing_is_asked(command: CommandLine) -> None:
    result = command("init", input="")
    assert result.exit_code == 0, result.output
    assert written(command) == settings.load(env={"HOME": str(command.home)}, cwd=command.home).settings
    assert stat.S_IMODE((command.home / "musicdiff.toml").stat().st_mode) == 0o600
    assert result.stdout.splitlines()[1:] == [
        "next: musicdiff-job auth spotify",
        "      musicdiff-job auth deezer",
        "      musicdiff-job check --env-file musicdiff.env",
    ]
    assert [one.name for one in command.home.iterdir()] == ["musicdiff.toml"]


def test_options_are_the_answers(command: CommandLine) -> None:
    result = command(
        "init", "--config", "my own.toml", "--entities", "liked, playlists", "--hand-edits", "ask",
        "--checkpoint", "state/{profile}.json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    found = written(command, "my own.toml")
    assert found.sync.entities == (Entity.LIKED, Entity.PLAYLISTS)
    assert found.sync.hand_edits is HandEdits.ASK
    assert found.checkpoint.url == str(command.home / "state" / "default.json")
    assert "next: musicdiff-job auth spotify --config 'my own.toml'" in result.stdout


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--entities", "liked,songs", '"liked", "artists", "albums" or "playlists"'),
        ("--entities", "liked,liked", "none twice"),
        ("--hand-edits", "perhaps", '"keep", "overwrite" or "ask"'),
        ("--checkpoint", "http://x/y", "s3://bucket/key"),
    ],
)
def test_an_option_that_cannot_be_meant_so_is_64(command: CommandLine, option: str, value: str, told: str) -> None:
    result = command("init", option, value)
    assert (result.exit_code, result.stdout) == (64, "")
    assert told in " ".join(result.stderr.split())
    assert list(command.home.iterdir()) == []


def test_what_is_there_is_replaced_only_when_told(command: CommandLine) -> None:
    file = command.home / "musicdiff.toml"
    file.write_text("[budget]\ncalls = 3\n")
    result = command("init", "--hand-edits", "ask")
    assert (result.exit_code, file.read_text()) == (64, "[budget]\ncalls = 3\n")
    assert "--force" in result.stderr
    assert command("init", "--hand-edits", "ask", "--force").exit_code == 0
    assert written(command).sync.hand_edits is HandEdits.ASK
    file.unlink()
    file.symlink_to("nowhere")
    assert command("init").exit_code == 64


def test_a_place_that_cannot_be_written_is_64_with_a_way_out(command: CommandLine) -> None:
    result = command("init", "--config", "/proc/musicdiff.toml")
    assert (result.exit_code, result.stdout) == (64, "")
    assert "Name another file with --config" in result.stderr


def at_a_terminal(home: Path, typed: bytes) -> tuple[int, str]:
    """Status, and what the terminal showed."""
    terminal, line = pty.openpty()
    try:
        os.write(terminal, typed)
        done = subprocess.run(
            [sys.executable, "-m", "musicdiff_job", "init"],
            stdin=line, capture_output=True, cwd=home, timeout=60, umask=0, check=False,
            env={"HOME": str(home), "PATH": os.defpath, "PYTHONPATH": ":".join(sys.path)},
        )  # fmt: skip
    finally:
        os.close(terminal)
        os.close(line)
    return done.returncode, (done.stdout + done.stderr).decode()


def test_at_a_terminal_it_asks_until_it_understands(command: CommandLine) -> None:
    status, said = at_a_terminal(command.home, b"playlists,songs\nplaylists\n\nmine.json.gz\n")
    assert status == 0, said
    found = written(command)
    assert found.sync.entities == (Entity.PLAYLISTS,)
    assert found.sync.hand_edits is HandEdits.KEEP
    assert found.checkpoint.url == str(command.home / "mine.json.gz")
    assert said.count("What is to be mirrored on Deezer?") == 1
    assert 'It must be a list, each item "liked"' in said
    assert stat.S_IMODE((command.home / "musicdiff.toml").stat().st_mode) == 0o600


def test_whoever_stops_at_a_question_has_no_file(command: CommandLine) -> None:
    status, _ = at_a_terminal(command.home, b"playlists\n\x04")
    assert status == 130
    assert list(command.home.iterdir()) == []

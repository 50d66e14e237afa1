"""``demo``: the same code path as ``run``, against the sandbox, twice."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import CommandLine

from musicdiff_job.cli.demo import FASTER


def test_the_first_run_mirrors_and_the_second_has_nothing_to_do(command: CommandLine) -> None:
    command.env |= {"DEEZER_ARL": "the user's own must not be read", "MUSICDIFF_BUDGET_TIME": "nonsense"}
    result = command("demo", "--library", "synthetic:2x4+3")
    assert result.exit_code == 0, result.output
    first, second = result.stdout.split("Second run")
    assert f"{FASTER} times as wide as Deezer's" in first
    assert "changed: all is in step" in first
    assert "Synthetic 0001" in first
    assert "in sync: all is in step" in second
    assert "Deezer 1 (0 look-ups, 0 writes)" in second
    assert not command.path.exists()
    assert "open musicdiff-demo.html in a browser" in second
    page = (command.home / "musicdiff-demo.html").read_text(encoding="utf-8")
    assert "All is in step" in page
    assert "Synthetic 0001" in page


def test_followed_playlists_are_left_alone_and_said(command: CommandLine) -> None:
    result = command("demo", "--library", "empty", "--cohort", "extended")
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("library", ["nonsense", "synthetic:x"])
def test_a_library_that_does_not_exist_is_64(library: str, command: CommandLine) -> None:
    result = command("demo", "--library", library)
    assert result.exit_code == 64
    assert "--library" in result.stderr


def test_a_served_sandbox_can_be_used_by_other_commands(tmp_path: Path, command: CommandLine) -> None:
    env = command.env | {"PYTHONPATH": ":".join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-m", "musicdiff_job", "demo", "--serve", "--library", "synthetic:1x2"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        lines = [process.stdout.readline() for _ in range(9)]
        exported = dict(re.findall(r"export (\w+)='?(.*?)'?\n", "".join(lines)))
        command.env |= exported | {"MUSICDIFF_CHECKPOINT_URL": str(command.path)}
        result = command("run", "-q")
        assert (result.exit_code, result.output) == (0, "")
        assert len(command.kept().matches) == 2
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_to_sign_in_is_for_a_sandbox_that_stays_up(command: CommandLine) -> None:
    result = command("demo", "--sign-in")
    assert result.exit_code == 64
    assert "--serve" in result.stderr

"""Completion: the script each shell gets, and what it is told at a TAB."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from command_line import CommandLine

from musicdiff_job.cli.completion import SHELLS, VARIABLE
from musicdiff_job.cli.root import COMMANDS

CHECKERS = {"bash": ["bash", "-n"], "zsh": ["zsh", "-n"], "fish": ["fish", "--no-execute"]}


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_one_of_that_shell(command: CommandLine, shell: str) -> None:
    result = command("completion", shell)
    assert result.exit_code == 0
    assert f"{VARIABLE}={shell}_complete" in result.stdout
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    subprocess.run(CHECKERS[shell], input=result.stdout, text=True, check=True, timeout=60)


def test_another_shell_is_64(command: CommandLine) -> None:
    assert command("completion", "powershell").exit_code == 64


def at_tab(line: str, env: dict[str, str]) -> list[str]:
    """What bash is told for a line that ends where TAB is pressed."""
    words = line.split(" ")
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv[0] = 'musicdiff-job'; from musicdiff_job.cli.root import root;"
         "root.main(prog_name='musicdiff-job'); print(sorted(sys.modules), file=sys.stderr)"],
        env={**env, "PYTHONPATH": ":".join(sys.path), VARIABLE: "bash_complete", "COMP_WORDS": line,
             "COMP_CWORD": str(len(words) - 1)},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return [found.removeprefix("plain,") for found in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("musicdiff-job ru", ["run"]),
        ("musicdiff-job ", list(COMMANDS)),
        ("musicdiff-job auth ", ["spotify", "deezer", "status"]),
        ("musicdiff-job checkpoint rest", ["restore-previous"]),
        ("musicdiff-job run --dry", ["--dry-run"]),
        ("musicdiff-job run --exit-codes ", ["simple", "detailed"]),
        ("musicdiff-job completion z", ["zsh"]),
    ],
)
def test_what_is_offered(command: CommandLine, line: str, found: list[str]) -> None:
    assert at_tab(line, command.env) == found


def test_settings_that_cannot_be_read_do_not_matter(command: CommandLine) -> None:
    (command.home / "musicdiff.toml").write_text("nonsense")
    assert at_tab("musicdiff-job stat", {**command.env, "MUSICDIFF_BUDGET_TIME": "soon"}) == ["status"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_a_real_bash_completes(command: CommandLine) -> None:
    script = command("completion", "bash").stdout
    bridge = command.home / "musicdiff-job"
    bridge.write_text(f'#!/bin/sh\nexec {sys.executable} -c "from musicdiff_job.cli.root import root; '
                      'root.main(prog_name=\'musicdiff-job\')"\n')  # fmt: skip
    bridge.chmod(0o700)
    asked = f"{script}\nCOMP_WORDS=(musicdiff-job ru) COMP_CWORD=1\n_musicdiff_job_completion {bridge}\n"
    asked += 'echo "${COMPREPLY[@]}"\n'
    done = subprocess.run(
        ["bash"], input=asked, capture_output=True, text=True, timeout=60, check=True,
        env={**command.env, "PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    assert done.stdout == "run\n"

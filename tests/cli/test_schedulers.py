"""``run`` under schedulers that have a place to be told: GitHub Actions, Kubernetes, systemd's journal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from command_line import CommandLine

from musicdiff_job.core.summary import Summary
from musicdiff_job.report import termination
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.world import synthetic_world


@pytest.fixture
def sandbox(command: CommandLine) -> Iterator[Sandbox]:
    with Sandbox(synthetic_world(1, 3, 1)) as served:
        command.env |= served.environment() | {"MUSICDIFF_DEEZER_WRITE_INTERVAL": "0s"}
        yield served


@pytest.fixture
def github(command: CommandLine) -> Path:
    """The folder with the files that the runner names."""
    command.env |= {
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(command.home / "summary.md"),
        "GITHUB_OUTPUT": str(command.home / "output"),
    }
    return command.home


@pytest.fixture
def kubernetes(command: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The termination log as the kubelet makes it."""
    path = tmp_path / "termination-log"
    path.touch()
    monkeypatch.setattr(termination, "TERMINATION_LOG", path)
    command.env["KUBERNETES_SERVICE_HOST"] = "10.0.0.1"
    return path


def test_github_is_told_and_the_last_line_stays_the_summary(
    command: CommandLine, sandbox: Sandbox, github: Path
) -> None:
    result = command("run")
    assert json.loads(result.stdout.splitlines()[-1])["outcome"] == "changed"
    assert not any(line.startswith("::") for line in result.stdout.splitlines())
    assert "::notice title=musicdiff-job%3A changed::" in result.stderr
    assert "4 tracks added" in (github / "summary.md").read_text()
    assert "outcome=changed\nexit_code=0\nchanged=2\nadded=4\n" in (github / "output").read_text()
    before = len((github / "summary.md").read_text())
    again = command("run")
    assert "::" not in again.stderr, "nothing happened"
    assert "in sync" in (github / "summary.md").read_text()[before:]


def test_github_is_told_of_settings_that_cannot_be_read(command: CommandLine, github: Path) -> None:
    command.env["MUSICDIFF_BUDGET_TIME"] = "soon"
    result = command("run")
    assert result.exit_code == 78
    errors = [line for line in result.stderr.splitlines() if line.startswith("::error ")]
    assert any("MUSICDIFF_BUDGET_TIME" in line for line in errors)
    assert "outcome=config\nexit_code=78\n" in (github / "output").read_text()


def test_a_dry_run_tells_github_nothing(command: CommandLine, sandbox: Sandbox, github: Path) -> None:
    result = command("run", "--dry-run")
    assert "::" not in result.stderr
    assert not (github / "summary.md").exists()
    assert not (github / "output").exists()


def test_files_that_cannot_be_written_change_nothing(command: CommandLine, sandbox: Sandbox, github: Path) -> None:
    command.env["GITHUB_STEP_SUMMARY"] = str(github / "no" / "such" / "folder")
    result = command("run")
    assert result.exit_code == 0
    assert '"sink": "GITHUB_STEP_SUMMARY"' in result.stderr
    assert "outcome=changed" in (github / "output").read_text()


def test_kubernetes_finds_the_summary_in_the_termination_log(
    command: CommandLine, sandbox: Sandbox, kubernetes: Path
) -> None:
    result = command("run", "-q")
    assert (result.exit_code, result.output) == (0, "")
    assert msgspec.json.decode(kubernetes.read_bytes(), type=Summary).outcome == "changed"
    command.env["MUSICDIFF_BUDGET_TIME"] = "soon"
    assert command("run").exit_code == 78
    assert msgspec.json.decode(kubernetes.read_bytes(), type=Summary).exit_code == 78


@pytest.mark.parametrize("format", ["text", "auto"])
def test_text_for_the_journal_has_priorities(command: CommandLine, format: str) -> None:
    """A pipe stands in for the journal's socket: a service knows either only by its device and inode."""
    reads, writes = os.pipe()
    found = os.fstat(writes)
    env = command.env | {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}", "PYTHONPATH": ":".join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-m", "musicdiff_job", "status", "--log-format", format, "--env-file", "env"],
        stdout=subprocess.DEVNULL, stderr=writes, cwd=command.home, env=env,
    )  # fmt: skip
    os.close(writes)
    with os.fdopen(reads) as stream:
        told = stream.read()
    assert process.wait(60) == 0
    assert told.startswith("<4>warning settings.warning " if format == "text" else "{")


@pytest.fixture(autouse=True)
def something_to_warn_of(command: CommandLine) -> None:
    """An env file that others may read."""
    path = command.home / "env"
    path.write_text("UNRELATED=1\n")
    path.chmod(0o644)

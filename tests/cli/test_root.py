"""The command line as a whole: its commands, its help, its errors, its statuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from checkpoint_sample import sample
from command_line import CommandLine

from musicdiff_job import __version__
from musicdiff_job.cli.command import JobCommand, JobGroup, Lazy
from musicdiff_job.cli.root import COMMANDS, root, status_of
from musicdiff_job.core import errors
from musicdiff_job.core.outcome import TABLE


def commands(group: JobGroup, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    context = click.Context(group)
    found: list[tuple[str, ...]] = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        found.append((*path, name))
        if isinstance(command, JobGroup):
            found += commands(command, (*path, name))
    return found


EVERY = commands(root)


def test_the_commands_of_this_version() -> None:
    assert {path[0] for path in EVERY} == {
        "run", "plan", "apply", "undo", "status", "report", "playlists", "history", "unmatched", "matches", "explain",
        "match", "plays", "conflicts", "resolve", "pause", "resume", "reset", "checkpoint", "notify", "auth", "demo",
        "init", "check", "completion", "scaffold",
    }  # fmt: skip


@pytest.mark.parametrize("path", [(), *EVERY], ids=" ".join)
def test_every_help_ends_with_an_example_of_itself(path: tuple[str, ...], command: CommandLine) -> None:
    result = command(*path, "--help")
    assert result.exit_code == 0
    lines = result.output.rstrip().splitlines()
    assert lines[-2] == "Example:"
    assert lines[-1].startswith(f"  musicdiff-job {' '.join(path)}".rstrip())
    for option in ("--config", "--profile", "--env-file", "--log-format", "--verbose", "--quiet"):
        assert option in result.output


def test_the_short_help_in_the_table_is_the_commands_own() -> None:
    context = click.Context(root)
    for name, row in COMMANDS.items():
        command = root.get_command(context, name)
        assert isinstance(command, JobCommand | JobGroup)
        assert command.name == name
        assert command.get_short_help_str(200) == row.short_help


def test_the_help_shows_every_command_once_and_where_to_begin(command: CommandLine) -> None:
    lines = command("--help").output.splitlines()
    shown = [line.split()[0] for line in lines if line.startswith("  ") and line.split()[0] in COMMANDS]
    assert sorted(shown) == sorted(COMMANDS)
    begin = lines.index("To begin, in this order:")
    assert [line.split()[0] for line in lines[begin + 1 : begin + 6]] == ["demo", "init", "auth", "check", "run"]


def test_a_command_that_no_group_has_is_shown_last() -> None:
    lazy = {name: Lazy(name, name, f"Does {name}.") for name in ("one", "two")}
    group = JobGroup("x", lazy=lazy, sections={"First": ("two",)})
    lines = group.get_help(click.Context(group)).splitlines()
    assert lines[lines.index("First:") :][:5] == ["First:", "  two  Does two.", "", "Others:", "  one  Does one."]


@pytest.mark.parametrize("path", [(), *EVERY], ids=" ".join)
def test_help_fits_80_columns(path: tuple[str, ...], command: CommandLine) -> None:
    command.env["COLUMNS"] = "80"
    assert [line for line in command(*path, "--help").output.splitlines() if len(line) > 80] == []


def test_help_and_status_import_no_library_of_the_services() -> None:
    script = (
        "import sys; from musicdiff_job.cli.root import root; root.main(['--help'], standalone_mode=False);"
        "import musicdiff_job.cli.status, musicdiff_job.cli.run;"
        "print(sorted({'rich', 'requests', 'spotipy', 'deezer', 'httpx', 'musicdiff_job.sandbox'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_shared_options_may_stand_before_or_after_the_command(command: CommandLine) -> None:
    (command.home / "a.toml").write_text("[checkpoint]\nurl = 'a.json'\n")
    del command.env["MUSICDIFF_CHECKPOINT_URL"]
    for arguments in (("--config", "a.toml", "checkpoint", "show"), ("checkpoint", "show", "--config", "a.toml")):
        assert str(command.home / "a.json") in command(*arguments).output
    # The nearer one counts.
    (command.home / "b.toml").write_text("[checkpoint]\nurl = 'b.json'\n")
    assert "b.json" in command("--config", "a.toml", "checkpoint", "show", "--config", "b.toml").output


@pytest.mark.parametrize(
    "arguments",
    [(), ("nonsense",), ("run", "--max-calls", "none"), ("run", "--nonsense"), ("match",), ("match", "set", "x"),
     ("resolve", "--take", "spotify"), ("status", "--max-age", "soon"), ("--log-format", "xml", "status"),
     ("run", "--max-seconds", "0"), ("run", "--max-seconds", "nan"), ("run", "--max-seconds", "inf"),
     ("run", "--only", "re:("), ("plan", "--only", ""), ("reset", "--playlist", "owner:you", "--yes")],
    ids=" ".join,
)  # fmt: skip
def test_a_wrong_command_line_is_64_on_stderr(arguments: tuple[str, ...], command: CommandLine) -> None:
    result = command(*arguments)
    assert (result.exit_code, result.stdout) == (64, "")
    assert "Usage:" in result.stderr


def test_what_the_command_line_smuggles_in_is_not_repeated_raw(command: CommandLine) -> None:
    result = command("non\x1b]0;x\x07sense\u202e")
    assert not set(result.stderr) & set("\x1b\x07\u202e")


def test_wrong_settings_are_78_with_every_problem_on_its_own_line(command: CommandLine) -> None:
    command.env |= {"MUSICDIFF_BUDGET_TIME": "soon", "MUSICDIFF_BUDGET_CALLS": "many"}
    result = command("status")
    assert (result.exit_code, result.stdout) == (78, "")
    lines = result.stderr.splitlines()
    assert len(lines) == 2
    assert "MUSICDIFF_BUDGET_TIME" in lines[0] + lines[1]


def test_a_damaged_checkpoint_is_65_with_the_way_back(command: CommandLine) -> None:
    command.path.write_text("{}")
    result = command("status")
    assert (result.exit_code, result.stdout) == (65, "")
    assert str(command.path) in result.stderr


def test_a_bug_is_70_and_its_traceback_is_scrubbed(command: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    command.env["DEEZER_ARL"] = "s3cr3t" * 32

    def broken(*_: object) -> None:
        raise RuntimeError("arl=" + "s3cr3t" * 32)

    monkeypatch.setattr("musicdiff_job.cli.playlists.collection_lines", broken)
    result = command("playlists")
    assert result.exit_code == 70
    assert "RuntimeError" in result.stderr
    assert "Traceback" in result.stderr
    assert "s3cr3ts3cr3t" not in result.stderr


def _every_job_error() -> list[errors.JobError]:
    return [
        errors.Locked("x"), errors.AuthError("x"), errors.CheckpointInvalid("x"), errors.CheckpointUnwritable("x"),
        errors.LostLease("x"), errors.UsageError("x"), errors.ConfigError(["x"]), errors.OutOfBudget("x"),
    ]  # fmt: skip


def test_a_bug_before_any_secret_is_known_shows_places_and_no_words(
    command: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = "DEEZER_ARL=s3cret-of-an-env-file"

    def mistaken(*_: object) -> object:
        try:
            raise KeyError(line)
        except KeyError as error:
            raise ValueError(line) from error

    monkeypatch.setattr("musicdiff_job.cli.session.Reading", mistaken)
    result = command("status")
    assert result.exit_code == 70
    assert "ValueError: this is a bug" in result.output
    assert "in mistaken" in result.output and "cli/session.py" in result.output
    assert "s3cret" not in result.output


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("run", "--profile", "\udcff"), 78),
        (("run", "--config", "/nowhere/\udcff"), 78),
        (("run", "--summary-file", "/nowhere/\udcff"), 77),
        (("pause", "--reason", "\udcff\x1b[2J"), 0),
        (("explain", "\udcff"), 64),
        (("resolve", "\udcff", "--take", "spotify"), 64),
        (("status", "--env-file", "/nowhere/\udcff"), 78),
    ],
)
def test_arguments_that_are_no_text_are_no_bug(arguments: tuple[str, ...], status: int, command: CommandLine) -> None:
    result = command(*arguments)
    assert result.exit_code == status, result.output
    assert not set(result.output) & set("\udcff\x1b")


def test_a_path_that_is_no_text_is_no_bug(command: CommandLine) -> None:
    command.env["MUSICDIFF_CHECKPOINT_URL"] = "/dev/null/\udcff/checkpoint.json"
    result = command("run")
    assert result.exit_code == 74, result.output
    assert json.loads(result.stdout)["outcome"] == "checkpoint_unwritable"


@pytest.mark.parametrize("error", _every_job_error(), ids=lambda error: type(error).__name__)
def test_a_command_that_was_not_carried_out_is_never_0(
    error: errors.JobError, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of(error) == TABLE[error.outcome].detailed != 0
    assert capsys.readouterr().err == "x\n"


def test_the_hint_follows_the_message(capsys: pytest.CaptureFixture[str]) -> None:
    status_of(errors.Locked("another run is at work", "Wait for it"))
    assert capsys.readouterr().err == "another run is at work. Wait for it\n"


def test_version(command: CommandLine) -> None:
    assert command("--version").output == f"musicdiff-job {__version__}\n"


def test_it_can_be_run_as_a_module_and_a_closed_pipe_does_not_matter(tmp_path: Path, command: CommandLine) -> None:
    command.keep(sample())
    process = subprocess.Popen(
        [sys.executable, "-m", "musicdiff_job", "checkpoint", "show", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=command.env | {"PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate()
    assert (process.returncode, err) == (0, b"")

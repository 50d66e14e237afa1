"""``scaffold`` on the command line."""

from __future__ import annotations

import pytest
from command_line import CommandLine

from musicdiff_job.scaffold.kinds import KINDS
from musicdiff_job.scaffold.rendering import render


@pytest.mark.parametrize("kind", KINDS)
def test_the_defaults_are_printed(command: CommandLine, kind: str) -> None:
    result = command("scaffold", kind)
    assert result.exit_code == 0, result.output
    files = render(KINDS[kind])
    for file in files:
        assert file.text in result.stdout
        assert (f"#### {file.path}\n" in result.stdout) == (len(files) > 1)


@pytest.mark.parametrize("kind", KINDS)
def test_they_are_written_and_named(command: CommandLine, kind: str) -> None:
    result = command("scaffold", kind, "-o", "made")
    assert result.exit_code == 0, result.output
    files = render(KINDS[kind])
    assert result.stdout.splitlines() == [f"made/{file.path}" for file in files]
    assert {
        path.relative_to(command.home / "made").as_posix()
        for path in (command.home / "made").rglob("*")
        if path.is_file()
    } == {file.path for file in files}


def test_what_is_there_stays_unless_forced(command: CommandLine) -> None:
    command("scaffold", "systemd", "-o", "made")
    refused = command("scaffold", "systemd", "-o", "made", "--time-budget", "1h")
    assert refused.exit_code == 64
    assert "--force" in refused.stderr
    assert command("scaffold", "systemd", "-o", "made", "--time-budget", "1h", "--force").exit_code == 0
    assert "--max-seconds 3600" in (command.home / "made" / "musicdiff.service").read_text(encoding="utf-8")


def test_values_are_filled_in(command: CommandLine) -> None:
    result = command(
        "scaffold", "cron", "--schedule", "*/30 6-22 * * *", "--program", "/opt/my music/50%/musicdiff-job",
        "--env-file", "/etc/a.env", "--profile", "alice", "--config", "/etc/m.toml", "--mailto", "me@example.org",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert (
        "\n*/30 6-22 * * * MUSICDIFF_LOG_FILE=~/musicdiff/musicdiff.log /opt/my\\ music/50\\%/musicdiff-job -q run "
        "--max-seconds 600 --env-file /etc/a.env --config /etc/m.toml --profile alice\n"
    ) in result.stdout
    assert "\nMAILTO=me@example.org\n" in result.stdout


def test_a_name_that_is_filled_in_names_the_file(command: CommandLine) -> None:
    assert command("scaffold", "launchd", "--label", "org.example.sync", "-o", ".").stdout == "org.example.sync.plist\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("cron", "--schedule", "61 * * * *"), "is no minute"),
        (("k8s", "--image", "musicdiff-job:latest"), "with its digest"),
        (("systemd", "--env-file", "musicdiff.env"), "absolute path"),
        (("k8s", "--env-file", "/etc/a.env"), "k8s has no place for --env-file"),
        (("launchd", "--schedule", "* * * * 1-5"), None),
        (("launchd", "--schedule", "*/5 */2 * * *"), "entries"),
    ],
)
def test_what_cannot_be_filled_in_is_a_usage_error(
    command: CommandLine, words: tuple[str, ...], told: str | None
) -> None:
    result = command("scaffold", *words)
    assert result.exit_code == (0 if told is None else 64)
    assert told is None or told in " ".join(result.stderr.split())
    assert told is None or result.stdout == ""


def test_it_reads_no_settings(command: CommandLine) -> None:
    (command.home / "musicdiff.toml").write_text("this is no TOML", encoding="utf-8")
    assert command("scaffold", "cron").exit_code == 0
